//! Which curves of a run share a panel, and which panels share a screen.

use super::plot::{Axis, Ground, Plot};
use super::series::{Quantity, Series, axis, places, series};
use crate::metric::{Metric, Task};
use crate::run::RunRecord;
use crate::store::RunView;

/// Ratios of areas; the others are rates.
const OVERLAP: [&str; 3] = ["dsc", "iou", "miou"];

/// Curves of one unit over the same axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What they measure.
    pub title: &'static str,
    /// The curves; those that stand for the run first.
    pub series: Vec<Series>,
}

impl Panel {
    /// Whether it holds one quantity against itself, on the training and on the validation part.
    pub fn is_pair(&self) -> bool {
        self.series.iter().any(|s| matches!(s.quantity, Quantity::TrainLoss | Quantity::Trained { .. }))
    }
}

/// What the curves of `run` span, and the groups of its panels: loss and main scores, overlap and rates, distances, each
/// metric on both parts where the training part has it, learning rate and throughput. A group without a value is left
/// out, but never the first.
pub fn groups(run: &RunView, plot: &Plot) -> (Ground, Vec<Vec<Panel>>) {
    let (record, task) = (&run.record, run.plan.task);
    let axis = axis(record, plot);
    let places = places(record, axis);
    let panel = |(title, quantities): (&'static str, Vec<Quantity>)| Panel {
        title,
        series: quantities.into_iter().map(|quantity| series(record, quantity, plot, &places)).collect(),
    };
    let has_steps = !run.plan.loss_name().is_empty();
    let panels =
        layout(task, has_steps, &trained(task, record)).into_iter().map(|group| group.into_iter().map(panel).collect());
    let mut groups: Vec<Vec<Panel>> = panels.collect();
    let speaks = |panel: &Panel| panel.series.iter().any(|s| !s.points.is_empty());
    groups[1..].iter_mut().for_each(|panels| panels.retain(speaks));
    groups.retain(|panels| !panels.is_empty());
    (ground(run, (axis, places), &groups), groups)
}

/// Metrics that the newest epoch has of the training part.
fn trained(task: Task, record: &RunRecord) -> Vec<&'static Metric> {
    let has = |metric: &&Metric| record.curve.last().is_some_and(|point| point.train.get(metric.name).is_some());
    task.shown().filter(has).collect()
}

type Layout = Vec<Vec<(&'static str, Vec<Quantity>)>>;

fn layout(task: Task, has_steps: bool, trained: &[&'static Metric]) -> Layout {
    let of = |keep: fn(&&'static Metric) -> bool| task.shown().filter(keep).map(Quantity::score).collect();
    let if_steps = |quantities: &[Quantity]| if has_steps { quantities.to_vec() } else { Vec::new() };
    let pair = |metric: &'static Metric| (metric.label, vec![Quantity::trained(metric), Quantity::score(metric)]);
    let [main, _] = task.main();
    let (first, others): (Vec<_>, Vec<_>) = trained.iter().copied().partition(|metric| metric.name == main.name);
    let scores = || ("validation", task.main().map(Quantity::score).to_vec());
    let mut groups = vec![
        vec![
            ("loss", if_steps(&[Quantity::TrainLoss, Quantity::ValidLoss])),
            first.first().copied().map_or_else(scores, pair),
        ],
        vec![
            ("overlap", of(|metric| OVERLAP.contains(&metric.name))),
            ("rates", of(|metric| metric.unit.is_empty() && !OVERLAP.contains(&metric.name))),
        ],
        vec![("distances", of(|metric| !metric.unit.is_empty()))],
    ];
    groups.extend(others.chunks(2).map(|metrics| metrics.iter().copied().map(pair).collect()));
    groups
        .push(vec![("learning rate", if_steps(&[Quantity::LearningRate])), ("throughput", vec![Quantity::Throughput])]);
    groups
}

/// The whole axis, whatever part of it the panels show.
fn ground(run: &RunView, (axis, places): (Axis, Vec<f64>), groups: &[Vec<Panel>]) -> Ground {
    let record = &run.record;
    let best = record.best().and_then(|best| record.curve.iter().position(|p| p.epoch == best.epoch));
    let best = best.and_then(|place| places.get(place).copied());
    let steps = || [record.steps.iter().next(), record.steps.last()].into_iter().flatten().map(|p| p.step as f64);
    let steps: Vec<f64> = if axis == Axis::Step { steps().collect() } else { Vec::new() };
    let ends = || places.first().into_iter().chain(places.last()).chain(&steps).copied();
    let extent = ends().reduce(f64::min).zip(ends().reduce(f64::max));
    let shown = groups.iter().flatten().flat_map(|panel| &panel.series).flat_map(|s| s.points.iter().map(|p| p.x));
    let mut shown: Vec<f64> = shown.collect();
    shown.sort_unstable_by(f64::total_cmp);
    shown.dedup();
    Ground { axis, extent, places: shown, best }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(layout: &Layout) -> Vec<Vec<&'static str>> {
        layout.iter().map(|group| group.iter().map(|(title, _)| *title).collect()).collect()
    }

    #[test]
    fn a_metric_of_both_parts_is_held_against_itself() {
        let segmentation = |name| Task::Segmentation.metric(name).expect("a row");
        let old = layout(Task::Segmentation, true, &[]);
        assert_eq!(titles(&old)[0], ["loss", "validation"]);
        assert_eq!(old.len(), 4);
        let [dsc, iou, miou, sensitivity] = ["dsc", "iou", "miou", "sensitivity"].map(segmentation);
        let new = layout(Task::Segmentation, true, &[dsc, iou, miou, sensitivity]);
        assert_eq!(titles(&new)[0], ["loss", "DSC"]);
        assert_eq!(new[0][1].1, [Quantity::trained(dsc), Quantity::score(dsc)]);
        assert_eq!(titles(&new)[3..5], [vec!["IoU", "mIoU"], vec!["Sens."]]);
        assert_eq!(titles(&new).last(), titles(&old).last());
    }
}
