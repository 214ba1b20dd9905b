//! Which curves of a run share a panel, and which panels share a screen.

use super::plot::{Axis, Ground, Plot};
use super::series::{Quantity, Series, axis, places, series};
use crate::metric::{Metric, Task};
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

/// What the curves of `run` span, and the groups of its panels: loss and main scores, overlap and rates, distances,
/// learning rate and throughput. A group without a value is left out, but never the first.
pub fn groups(run: &RunView, plot: &Plot) -> (Ground, Vec<Vec<Panel>>) {
    let (record, task) = (&run.record, run.plan.task);
    let axis = axis(record, plot);
    let places = places(record, axis);
    let panel = |(title, quantities): (&'static str, Vec<Quantity>)| Panel {
        title,
        series: quantities.into_iter().map(|quantity| series(record, quantity, plot, &places)).collect(),
    };
    let has_steps = !run.plan.loss_name().is_empty();
    let panels = layout(task, has_steps).into_iter().map(|group| group.into_iter().map(panel).collect());
    let mut groups: Vec<Vec<Panel>> = panels.collect();
    let speaks = |panel: &Panel| panel.series.iter().any(|s| !s.points.is_empty());
    groups[1..].iter_mut().for_each(|panels| panels.retain(speaks));
    groups.retain(|panels| !panels.is_empty());
    (ground(run, (axis, places), &groups), groups)
}

fn layout(task: Task, has_steps: bool) -> Vec<Vec<(&'static str, Vec<Quantity>)>> {
    let of = |keep: fn(&&'static Metric) -> bool| task.shown().filter(keep).map(Quantity::score).collect();
    let if_steps = |quantities: &[Quantity]| if has_steps { quantities.to_vec() } else { Vec::new() };
    vec![
        vec![
            ("loss", if_steps(&[Quantity::TrainLoss, Quantity::ValidLoss])),
            ("validation", task.main().map(Quantity::score).to_vec()),
        ],
        vec![
            ("overlap", of(|metric| OVERLAP.contains(&metric.name))),
            ("rates", of(|metric| metric.unit.is_empty() && !OVERLAP.contains(&metric.name))),
        ],
        vec![("distances", of(|metric| !metric.unit.is_empty()))],
        vec![("learning rate", if_steps(&[Quantity::LearningRate])), ("throughput", vec![Quantity::Throughput])],
    ]
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
