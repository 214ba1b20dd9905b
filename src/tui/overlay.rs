//! Runs on top of one another: a curve an arm, the mean of its runs with their range.

use std::collections::BTreeSet;
use std::num::NonZero;

use super::keys::Direction;
use super::plot::{Axis, Ground, Plot};
use super::point::{Point, smoothed, within};
use super::series::{Quantity, Reader, places};
use super::text::clean;
use super::widget::pen::Span;
use crate::metric::Task;
use crate::report::{by_task, current};
use crate::store::RunView;

/// More do not make a key's answer faster.
const MOST_THREADS: usize = 4;

/// What the runs of an arm say together of an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// From 1.
    pub epoch: u32,
    /// Its place on the axis; where that differs between runs, their mean.
    pub x: f64,
    /// Mean, lowest and highest of the runs that have a value; `None` if none has.
    pub value: Option<(f64, f64, f64)>,
    /// Runs that have a value.
    pub n: usize,
    /// Runs that reached the epoch without one.
    pub gaps: usize,
}

/// An arm. Every text is clean.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmCurve {
    /// Its name, with its spec where there are several.
    pub label: String,
    /// Runs that have completed an epoch.
    pub runs: usize,
    /// Every epoch of any of them.
    pub means: Vec<Mean>,
    /// The line: epochs that all runs have reached, smoothed if asked for.
    pub points: Vec<Point>,
    /// The means as they are, with those that stand on fewer runs.
    pub faint: Vec<Point>,
    /// Lowest and highest, where there is more than one run.
    pub band: Vec<Span>,
    /// Values that are none.
    pub gaps: usize,
}

/// Everything that the screen shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlaid {
    /// What is drawn.
    pub quantity: Quantity,
    /// What else could be.
    pub quantities: Vec<Quantity>,
    /// What the curves span.
    pub ground: Ground,
    /// Arms with at least one epoch.
    pub arms: Vec<ArmCurve>,
    /// The last epoch that all runs with an epoch have reached.
    pub common: Option<u32>,
    /// Runs with an epoch, of all that belong together and are read.
    pub runs: (usize, usize),
    /// Runs of earlier versions of their spec, which are in no mean.
    pub left_out: usize,
}

/// What is asked for, and the answer to it once it is read.
#[derive(Debug, Default)]
pub struct Overlay {
    /// How the curves are looked at.
    pub plot: Plot,
    quantity: Option<Quantity>,
    shown: Option<Box<Overlaid>>,
}

impl Overlay {
    /// What shall be drawn; `None` is the task's main metric.
    pub fn quantity(&self) -> Option<Quantity> {
        self.quantity
    }

    /// What is drawn.
    pub fn shown(&self) -> Option<&Overlaid> {
        self.shown.as_deref()
    }

    /// Whether `overlaid` is anything new.
    pub fn set(&mut self, overlaid: Box<Overlaid>) -> bool {
        let changed = self.shown.as_ref() != Some(&overlaid);
        self.shown = Some(overlaid);
        changed
    }

    /// The next quantity.
    pub fn choose(&mut self, direction: Direction) {
        let Some(shown) = &self.shown else { return };
        let place = shown.quantities.iter().position(|q| Some(*q) == self.quantity.or(Some(shown.quantity)));
        let place = match direction {
            Direction::Forward => place.map_or(0, |place| place + 1),
            Direction::Backward => place.unwrap_or(0).saturating_sub(1),
        };
        self.quantity = shown.quantities.get(place).copied().or(self.quantity).or(Some(shown.quantity));
    }
}

/// What has a curve of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// An arm: the mean of its runs.
    Arm,
    /// A run.
    Run,
}

impl Overlaid {
    /// `runs` as `plot` asks for them.
    pub fn of(runs: &[&RunView], (by, quantity): (By, Option<Quantity>), plot: &Plot) -> Self {
        let task = runs.first().map_or(Task::default(), |run| run.plan.task);
        let quantity = quantity.unwrap_or_else(|| Quantity::score(task.main()[0]));
        let axis = plot.axis.unwrap_or_default();
        let all_together = if by == By::Arm { of_one_version(runs) } else { runs.to_vec() };
        let left_out = runs.len() - all_together.len();
        // What is not read yet is no run without an epoch.
        let together: Vec<&RunView> = all_together.into_iter().filter(|run| run.read).collect();
        let all = together.len();
        let begun: Vec<&RunView> = together.into_iter().filter(|run| !run.record.curve.is_empty()).collect();
        let arm = |(label, runs): (String, Vec<&RunView>)| ArmCurve::of(label, &runs, (quantity, axis));
        let arms: Vec<ArmCurve> = each(groups(&begun, by), arm);
        let places = arms.iter().flat_map(|arm| arm.means.iter().map(|mean| mean.x)).collect();
        Self {
            quantity,
            quantities: Quantity::all(task).collect(),
            ground: ground(axis, places),
            arms,
            common: last_common(&begun),
            runs: (begun.len(), all),
            left_out,
        }
        .through(plot)
    }

    /// The same means, zoomed and smoothed as `plot` says.
    pub fn through(mut self, plot: &Plot) -> Self {
        // A part of the axis where nothing is shows all, as the chart does.
        let plot = Plot { window: plot.window.and(plot.shown(&self.ground)), ..*plot };
        self.arms = self.arms.into_iter().map(|arm| arm.through(&plot)).collect();
        self
    }
}

/// A pixel classifier has no epochs but one: it says nothing of how far the networks have come.
fn last_common(begun: &[&RunView]) -> Option<u32> {
    let trains = |run: &&&RunView| !run.plan.loss_name().is_empty();
    let of = |runs: Vec<&&RunView>| runs.into_iter().map(|run| run.record.epoch()).min();
    of(begun.iter().filter(trains).collect()).or_else(|| of(begun.iter().collect()))
}

impl ArmCurve {
    /// The means of `runs`; nothing is drawn of them yet.
    fn of(label: String, runs: &[&RunView], (quantity, axis): (Quantity, Axis)) -> Self {
        let mut epochs: Vec<(u32, Sum)> = Vec::new();
        for run in runs {
            let (mut place, mut reader) = (0, Reader::new(quantity));
            for (point, x) in run.record.curve.iter().zip(places(&run.record, axis)) {
                let Some(y) = reader.of(point) else { continue };
                // Epochs ascend, and most runs have the same ones.
                while epochs.get(place).is_some_and(|(epoch, _)| *epoch < point.epoch) {
                    place += 1;
                }
                if epochs.get(place).is_none_or(|(epoch, _)| *epoch > point.epoch) {
                    epochs.insert(place, (point.epoch, Sum::default()));
                }
                epochs[place].1.add(x, y.filter(|y| y.is_finite()));
            }
        }
        let means: Vec<Mean> = epochs.iter().map(|(epoch, sum)| sum.mean(*epoch)).collect();
        let several = means.iter().filter(|mean| mean.n > 1);
        let span = |mean: &Mean| mean.value.map(|(_, low, high)| Span { x: mean.x, low, high });
        let band = several.filter_map(span).collect();
        Self { label, runs: runs.len(), points: Vec::new(), faint: Vec::new(), band, gaps: 0, means }
    }

    /// Its lines as `plot` asks for them.
    fn through(mut self, plot: &Plot) -> Self {
        let raw = |mean: &Mean| Point { x: mean.x, y: mean.value.map(|(mean, ..)| mean) };
        // A mean over fewer runs than before jumps without any run having changed: it is not part of the line.
        let complete = self.means.iter().filter(|mean| mean.n + mean.gaps == self.runs);
        let line = complete.map(|mean| if mean.gaps > 0 { Point { x: mean.x, y: None } } else { raw(mean) });
        let (points, gaps) = within(line.clone(), plot.window);
        let smooth = plot.smoothing.weight().map(|weight| within(smoothed(line, weight), plot.window).0);
        let partial = self.means.iter().any(|mean| mean.n < self.runs);
        let all = || within(self.means.iter().map(raw), plot.window).0;
        let faint = if partial || smooth.is_some() { all() } else { Vec::new() };
        (self.points, self.faint, self.gaps) = (smooth.unwrap_or(points), faint, gaps);
        self
    }

    /// What it has, if that is of one epoch alone.
    pub fn only(&self) -> Option<&Mean> {
        self.means.first().filter(|_| self.means.len() == 1)
    }

    /// What its runs say of `epoch`.
    pub fn at(&self, epoch: u32) -> Option<&Mean> {
        self.means.binary_search_by_key(&epoch, |mean| mean.epoch).ok().map(|place| &self.means[place])
    }

    /// What its runs said last up to the place `x`.
    pub fn before(&self, x: f64) -> Option<&Mean> {
        self.means[..self.means.partition_point(|mean| mean.x <= x)].last()
    }
}

fn ground(axis: Axis, mut places: Vec<f64>) -> Ground {
    places.sort_unstable_by(f64::total_cmp);
    places.dedup();
    let extent = places.first().copied().zip(places.last().copied());
    Ground { axis, extent, places, best: None }
}

/// Without runs of earlier versions of their spec, as the tables: their mean would be of nothing.
fn of_one_version<'r>(runs: &[&'r RunView]) -> Vec<&'r RunView> {
    let specs: BTreeSet<&str> = runs.iter().map(|run| run.dir.spec()).collect();
    let of = |spec: &&str| runs.iter().copied().filter(|run| run.dir.spec() == *spec).collect::<Vec<_>>();
    let tables = specs.iter().map(of).flat_map(|runs| by_task(&runs));
    tables.flat_map(|(_, runs)| current(&runs).0).collect()
}

/// Runs by arm, or one by one, in their order.
fn groups<'r>(runs: &[&'r RunView], by: By) -> Vec<(String, Vec<&'r RunView>)> {
    let specs: BTreeSet<&str> = runs.iter().map(|run| run.dir.spec()).collect();
    let mut groups: Vec<(String, Vec<&RunView>)> = Vec::new();
    for run in runs {
        let arm = match by {
            By::Arm => run.plan.label(),
            By::Run => format!("{} f{} s{}", run.plan.label(), run.plan.fold, run.plan.seed),
        };
        let label = clean(&if specs.len() > 1 { format!("{}/{arm}", run.dir.spec()) } else { arm });
        match groups.iter_mut().find(|(known, _)| by == By::Arm && *known == label) {
            Some((_, group)) => group.push(run),
            None => groups.push((label, vec![run])),
        }
    }
    groups
}

/// `of` each, in order, by threads that begin now: those of a pool may sleep, or do what nobody waits for.
fn each<T: Send, R: Send>(mut all: Vec<T>, of: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let part = all.len().div_ceil(threads).max(1);
    let of = &of;
    std::thread::scope(|scope| {
        let mut others = Vec::new();
        while all.len() > part {
            let last = all.split_off((all.len() - 1) / part * part);
            others.push(scope.spawn(move || last.into_iter().map(of).collect::<Vec<R>>()));
        }
        let mut done: Vec<R> = all.into_iter().map(of).collect();
        for other in others.into_iter().rev() {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

/// What runs say of one epoch.
#[derive(Default)]
struct Sum {
    runs: usize,
    x: f64,
    defined: usize,
    y: f64,
    range: Option<(f64, f64)>,
}

impl Sum {
    fn add(&mut self, x: f64, y: Option<f64>) {
        (self.runs, self.x) = (self.runs + 1, self.x + x);
        let Some(y) = y else { return };
        (self.defined, self.y) = (self.defined + 1, self.y + y);
        self.range = Some(self.range.map_or((y, y), |(low, high)| (low.min(y), high.max(y))));
    }

    fn mean(&self, epoch: u32) -> Mean {
        Mean {
            epoch,
            x: self.x / self.runs as f64,
            value: self.range.map(|(low, high)| (self.y / self.defined as f64, low, high)),
            n: self.defined,
            gaps: self.runs - self.defined,
        }
    }
}

#[cfg(test)]
mod tests;
