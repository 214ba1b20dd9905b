//! What a run's events say of each quantity, epoch by epoch or step by step, as curves.

use super::dense::Dense;
use super::plot::{Axis, Plot, Smoothing};
use super::point::{Point, smoothed, within};
use crate::metric::{Metric, Task};
use crate::run::{EpochPoint, RunRecord, Scores, Steps};

/// Something that changes from epoch to epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Mean loss on the training part.
    TrainLoss,
    /// Mean loss on the validation part.
    ValidLoss,
    /// Mean of a metric over the validation cases.
    Score {
        /// Key in events.
        name: &'static str,
        /// For people.
        label: &'static str,
        /// Empty for ratios.
        unit: &'static str,
    },
    /// Mean of a metric over the training images as they were trained on; older runs do not say it.
    Trained {
        /// Key in events.
        name: &'static str,
        /// For people.
        label: &'static str,
        /// Empty for ratios.
        unit: &'static str,
    },
    /// Step size.
    LearningRate,
    /// Images a second.
    Throughput,
}

impl Quantity {
    /// Of a row of the registry.
    pub fn score(metric: &'static Metric) -> Self {
        Quantity::Score { name: metric.name, label: metric.label, unit: metric.unit }
    }

    /// Of a row of the registry, over the training images.
    pub fn trained(metric: &'static Metric) -> Self {
        Quantity::Trained { name: metric.name, label: metric.label, unit: metric.unit }
    }

    /// Everything that an epoch of `task` may hold, in the order of the screens.
    pub fn all(task: Task) -> impl Iterator<Item = Self> {
        let loss = [Quantity::TrainLoss, Quantity::ValidLoss];
        let pace = [Quantity::LearningRate, Quantity::Throughput];
        loss.into_iter().chain(task.shown().map(Self::score)).chain(pace)
    }

    /// In a title.
    pub fn label(self) -> &'static str {
        match self {
            Quantity::TrainLoss => "train loss",
            Quantity::ValidLoss => "valid loss",
            Quantity::Score { label, .. } | Quantity::Trained { label, .. } => label,
            Quantity::LearningRate => "learning rate",
            Quantity::Throughput => "images/s",
        }
    }

    /// In a legend beside others of its panel.
    pub fn short(self) -> &'static str {
        match self {
            Quantity::TrainLoss | Quantity::Trained { .. } => "train",
            Quantity::ValidLoss => "valid",
            other => other.label(),
        }
    }

    /// Of its values; empty where they have none.
    pub fn unit(self) -> &'static str {
        if let Quantity::Score { unit, .. } | Quantity::Trained { unit, .. } = self { unit } else { "" }
    }

    /// What its gaps are: a metric has no value where its formula has none, anything else where it is no number.
    pub fn gap(self) -> &'static str {
        if matches!(self, Quantity::Score { .. } | Quantity::Trained { .. }) { "undefined" } else { "not finite" }
    }

    /// Its value in an epoch; `None` if the epoch says nothing of it.
    pub fn of(self, point: &EpochPoint) -> Option<Option<f64>> {
        match self {
            Quantity::TrainLoss => Some(point.train_loss),
            Quantity::ValidLoss => Some(point.valid_loss),
            Quantity::Score { name, .. } => point.valid.get(name),
            Quantity::Trained { name, .. } => point.train.get(name),
            Quantity::LearningRate => Some(Some(point.lr)),
            Quantity::Throughput => Some(Some(point.images_per_s)),
        }
    }
}

/// Reads a quantity of epoch after epoch; where a score is among an epoch's scores is looked up once a run.
pub struct Reader<'r> {
    quantity: Quantity,
    known: Option<(&'r Scores, Option<usize>)>,
}

impl<'r> Reader<'r> {
    /// Of `quantity`.
    pub fn new(quantity: Quantity) -> Self {
        Self { quantity, known: None }
    }

    /// As [`Quantity::of`].
    pub fn of(&mut self, point: &'r EpochPoint) -> Option<Option<f64>> {
        let (scores, name) = match self.quantity {
            Quantity::Score { name, .. } => (&point.valid, name),
            Quantity::Trained { name, .. } => (&point.train, name),
            other => return other.of(point),
        };
        let known = self.known.filter(|(before, _)| before.shares_names(scores));
        let (_, place) = *self.known.insert(known.unwrap_or_else(|| (scores, scores.place(name))));
        place.map(|place| scores.at(place))
    }
}

/// One curve, cut to the window and thinned.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it shows.
    pub quantity: Quantity,
    /// The values.
    pub points: Vec<Point>,
    /// Their moving average; empty if nothing is smoothed.
    pub smooth: Vec<Point>,
    /// Gaps within the window.
    pub gaps: usize,
}

impl Series {
    /// `points` as `plot` asks for them.
    pub fn of(quantity: Quantity, points: impl Iterator<Item = Point> + Clone, plot: &Plot) -> Self {
        let smooth = |weight| within(smoothed(points.clone(), weight), plot.window).0;
        let smooth = plot.smoothing.weight().map(smooth).unwrap_or_default();
        let (points, gaps) = within(points, plot.window);
        Self { quantity, points, smooth, gaps }
    }

    /// The losses of `steps` as `plot` asks for them.
    fn of_steps(steps: &Steps, plot: &Plot) -> Self {
        let thinned = |losses: &[f64]| {
            let (x, y) = (|i| steps.step(i) as f64, |i: usize| losses.get(i).copied());
            Dense { len: losses.len(), x, y }.within(plot.window)
        };
        let smooth = |weight| {
            // Only the losses are averaged; where they are is looked up for the few that are drawn.
            let losses = steps.losses().iter().map(|&loss| Point { x: 0.0, y: Some(loss) });
            thinned(&smoothed(losses, weight).map(|point| point.y.unwrap_or(f64::NAN)).collect::<Vec<_>>()).0
        };
        let (points, gaps) = thinned(steps.losses());
        Self {
            quantity: Quantity::TrainLoss,
            points,
            smooth: plot.smoothing.weight().map(smooth).unwrap_or_default(),
            gaps,
        }
    }

    /// The value at `x`, or else the newest before it, with its place.
    pub fn at(&self, x: f64) -> Option<&Point> {
        self.points[..self.points.partition_point(|p| p.x <= x)].last()
    }
}

/// Places of a run's epochs on `axis`.
pub fn places(record: &RunRecord, axis: Axis) -> Vec<f64> {
    let mut elapsed = 0.0;
    let place = |p: &EpochPoint| match axis {
        Axis::Epoch => f64::from(p.epoch),
        Axis::Step => p.step as f64,
        Axis::Time => {
            elapsed += Some(p.elapsed_s).filter(|s| s.is_finite() && *s >= 0.0).unwrap_or(0.0);
            elapsed
        }
    };
    record.curve.iter().map(place).collect()
}

/// The axis that `plot` asks for, or the one that shows something.
pub fn axis(record: &RunRecord, plot: &Plot) -> Axis {
    plot.axis.unwrap_or(if record.curve.len() < 2 && !record.steps.is_empty() { Axis::Step } else { Axis::Epoch })
}

/// A curve of `record` whose epochs are at `places`; on the axis of steps, the training loss of every step.
pub fn series(record: &RunRecord, quantity: Quantity, plot: &Plot, places: &[f64]) -> Series {
    if quantity == Quantity::TrainLoss && axis(record, plot) == Axis::Step {
        return Series::of_steps(&record.steps, plot);
    }
    let epochs = record.curve.iter().zip(places);
    let points = epochs.filter_map(move |(p, &x)| quantity.of(p).map(|y| Point { x, y }));
    Series::of(quantity, points, plot)
}

/// ` (px, log, EMA 0.9, 2 not finite)`: the unit of a panel, and what was done to its curves.
pub fn remarks(plot: &Plot, series: &[Series]) -> String {
    let unit = series.first().map_or("", |s| s.quantity.unit());
    let gaps = |word: &str| series.iter().filter(|s| s.quantity.gap() == word).map(|s| s.gaps).sum::<usize>();
    notes(plot, unit, [("undefined", gaps("undefined")), ("not finite", gaps("not finite"))])
}

/// Unit, scale, smoothing and gaps in parentheses; nothing if there is none of them.
pub fn notes(plot: &Plot, unit: &str, gaps: [(&str, usize); 2]) -> String {
    let mut notes = Vec::new();
    notes.extend(Some(unit.to_owned()).filter(|unit| !unit.is_empty()));
    notes.extend((plot.scale == super::plot::Scale::Log).then(|| "log".to_owned()));
    notes.extend(plot.smoothing.weight().filter(|_| plot.smoothing != Smoothing::Off).map(|w| format!("EMA {w}")));
    notes.extend(gaps.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")));
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{EpochScores, Event};
    use crate::tui::plot::Scale;

    fn record() -> RunRecord {
        let mut record = RunRecord::default();
        for epoch in 1..=3u32 {
            for step in [epoch * 2 - 1, epoch * 2] {
                let loss = (step != 4).then(|| 1.0 / f64::from(step));
                record.apply(&Event::Step { step: step.into(), loss });
            }
            let dsc = (epoch > 1).then(|| f64::from(epoch) / 10.0);
            record.apply(&Event::Epoch {
                epoch,
                step: u64::from(epoch) * 2,
                lr: 0.1,
                train_loss: Some(0.5),
                valid_loss: None,
                train: Default::default(),
                valid: EpochScores::from([("dsc".to_owned(), dsc)]),
                elapsed_s: 10.0,
                images_per_s: 3.0,
                waited_s: None,
            });
        }
        record
    }

    fn score(name: &str) -> Quantity {
        Quantity::score(Task::Segmentation.metric(name).expect("a row"))
    }

    #[test]
    fn what_is_looked_up_once_is_what_is_looked_up_each_time() {
        let epoch = |(epoch, names): (u32, &[&str])| Event::Epoch {
            epoch,
            step: u64::from(epoch),
            lr: 0.1,
            train_loss: Some(0.5),
            valid_loss: None,
            train: Default::default(),
            valid: names.iter().map(|name| ((*name).to_owned(), (epoch != 2).then_some(f64::from(epoch)))).collect(),
            elapsed_s: 1.0,
            images_per_s: 3.0,
            waited_s: None,
        };
        let mut record = RunRecord::default();
        let names: [&[&str]; 5] = [&["dsc"], &["dsc"], &["auc", "dsc"], &["auc"], &["dsc", "iou"]];
        (1..).zip(names).map(epoch).for_each(|event| record.apply(&event));
        for quantity in Quantity::all(Task::Segmentation) {
            let mut reader = Reader::new(quantity);
            record.curve.iter().for_each(|point| assert_eq!(reader.of(point), quantity.of(point)));
        }
    }

    #[test]
    fn each_axis_has_its_places() {
        let of = |axis| places(&record(), axis);
        assert_eq!(of(Axis::Epoch), [1.0, 2.0, 3.0]);
        assert_eq!(of(Axis::Step), [2.0, 4.0, 6.0]);
        assert_eq!(of(Axis::Time), [10.0, 20.0, 30.0]);
    }

    #[test]
    fn steps_are_shown_on_their_own_axis_with_their_gap() {
        let plot = Plot { axis: Some(Axis::Step), ..Plot::default() };
        let loss = series(&record(), Quantity::TrainLoss, &plot, &places(&record(), Axis::Step));
        assert_eq!((loss.points.len(), loss.gaps, loss.points[3].y), (6, 1, None));
        assert_eq!(remarks(&Plot { scale: Scale::Log, ..plot }, &[loss]), " (log, 1 not finite)");
    }

    #[test]
    fn an_undefined_score_is_a_gap_and_one_that_is_not_there_is_nothing() {
        let places = places(&record(), Axis::Epoch);
        let [dsc, hd95] = ["dsc", "hd95_px"].map(|name| series(&record(), score(name), &Plot::default(), &places));
        assert_eq!((dsc.points.len(), dsc.gaps, hd95.points.len(), hd95.gaps), (3, 1, 0, 0));
        let plot = Plot { smoothing: Smoothing::Strong, ..Plot::default() };
        assert_eq!(remarks(&plot, &[dsc]), " (EMA 0.9, 1 undefined)");
    }

    #[test]
    fn what_was_trained_on_has_a_curve_of_its_own() {
        let mut record = record();
        let train = EpochScores::from([("dsc".to_owned(), Some(0.75))]);
        record.apply(&Event::Epoch {
            epoch: 4,
            step: 8,
            lr: 0.1,
            train_loss: Some(0.5),
            valid_loss: None,
            train,
            valid: EpochScores::new(),
            elapsed_s: 10.0,
            images_per_s: 3.0,
            waited_s: None,
        });
        let dsc = Quantity::trained(Task::Segmentation.metric("dsc").expect("a row"));
        let places = places(&record, Axis::Epoch);
        // Of the epochs before it nothing is said.
        assert_eq!(series(&record, dsc, &Plot::default(), &places).points, [Point { x: 4.0, y: Some(0.75) }]);
        assert_eq!((dsc.short(), dsc.label(), dsc.gap()), ("train", "DSC", "undefined"));
    }

    #[test]
    fn before_the_second_epoch_steps_move() {
        let mut young = RunRecord::default();
        young.apply(&Event::Step { step: 1, loss: Some(1.0) });
        assert_eq!(axis(&young, &Plot::default()), Axis::Step);
        assert_eq!(axis(&record(), &Plot::default()), Axis::Epoch);
        assert_eq!(axis(&RunRecord::default(), &Plot::default()), Axis::Epoch);
    }
}
