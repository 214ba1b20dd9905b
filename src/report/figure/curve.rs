//! Learning curves: mean over an arm's runs, with the band from the lowest to the highest run.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::{Look, legend, legend_px, short, words};
use crate::metric::Task;
use crate::run::EpochPoint;
use crate::store::RunView;

const PANEL_PX: (u32, u32) = (520, 400);
/// More panels beside one another are too small on paper.
const ACROSS: usize = 2;
/// More points are no finer on paper.
const MOST_POINTS: usize = 1000;

/// What a curve shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quantity {
    /// The loss of the validation cases, and faintly that of the training steps.
    Loss,
    /// A metric's mean over the validation cases, and faintly over the training images as they were trained on.
    Metric(&'static str),
}

impl Quantity {
    fn label(self, task: Task) -> String {
        match self {
            Quantity::Loss => "Loss (thin: training)".to_owned(),
            Quantity::Metric(name) => {
                let label = task.metric(name).map_or(name, |metric| metric.label);
                format!("{label}, validation (thin: training)")
            }
        }
    }

    fn of(self, point: &EpochPoint) -> Option<f64> {
        match self {
            Quantity::Loss => point.valid_loss,
            Quantity::Metric(name) => point.valid.get(name).flatten(),
        }
    }

    fn trained(self, point: &EpochPoint) -> Option<f64> {
        match self {
            Quantity::Loss => point.train_loss,
            Quantity::Metric(name) => point.train.get(name).flatten(),
        }
    }
}

/// Panels side by side, and below one another where they are many.
pub(super) struct Curves {
    panels: Vec<Panel>,
    names: Vec<(String, Look)>,
}

struct Panel {
    label: String,
    ratio: bool,
    lines: Vec<(Look, Vec<Point>)>,
    faint: Vec<(Look, Vec<Point>)>,
}

/// Over the runs of an arm at one epoch; `None` where a run has no value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    epoch: f64,
    value: Option<(f64, f64, f64)>,
}

impl Curves {
    /// Of `arms` with their runs; `None` if no run has an epoch.
    pub fn of(arms: &[(String, Vec<&RunView>)], task: Task, quantities: &[Quantity]) -> Option<Self> {
        let drawn: Vec<(Look, &String, &Vec<&RunView>)> = arms
            .iter()
            .enumerate()
            .filter(|(_, (_, runs))| runs.iter().any(|run| run.record.curve.len() > 1))
            .map(|(i, (name, runs))| (Look(i), name, runs))
            .collect();
        let lines = |of: &dyn Fn(&EpochPoint) -> Option<f64>| {
            drawn.iter().map(|(look, _, runs)| (*look, over_runs(runs, of))).collect::<Vec<_>>()
        };
        let panel = |&quantity: &Quantity| Panel {
            label: quantity.label(task),
            ratio: matches!(quantity, Quantity::Metric(_)),
            lines: lines(&|point| quantity.of(point)),
            faint: lines(&|point| quantity.trained(point)),
        };
        let names = drawn.iter().map(|(look, name, _)| ((*name).clone(), *look)).collect();
        (!drawn.is_empty()).then(|| Self { panels: quantities.iter().map(panel).collect(), names })
    }

    fn labels(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Rows and columns of panels.
    fn grid(&self) -> (usize, usize) {
        let across = self.panels.len().clamp(1, ACROSS);
        (self.panels.len().div_ceil(across), across)
    }
}

/// As far as all runs go: beyond, the mean would jump wherever a run ends.
fn over_runs(runs: &[&RunView], of: &dyn Fn(&EpochPoint) -> Option<f64>) -> Vec<Point> {
    let curves: Vec<&[EpochPoint]> = runs.iter().map(|run| &run.record.curve[..]).collect();
    let epochs = curves.iter().map(|curve| curve.len()).min().unwrap_or(0);
    let at = |i: usize| {
        let values: Option<Vec<f64>> = curves.iter().map(|curve| of(&curve[i])).collect();
        let value = values.filter(|values| values.iter().all(|value| value.is_finite())).map(|values| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (values.iter().sum::<f64>() / values.len() as f64, low, high)
        });
        Point { epoch: f64::from(curves[0][i].epoch), value }
    };
    (0..epochs).step_by(epochs.div_ceil(MOST_POINTS).max(1)).map(at).collect()
}

impl Draw for Curves {
    fn size(&self) -> (u32, u32) {
        let (down, across) = self.grid();
        let width = PANEL_PX.0 * across as u32;
        (width, PANEL_PX.1 * down as u32 + legend_px(&self.labels(), width))
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let (upper, lower) = area.split_vertically(PANEL_PX.1 * self.grid().0 as u32);
        for (panel, part) in self.panels.iter().zip(upper.split_evenly(self.grid())) {
            panel.draw(&part)?;
        }
        legend(&lower, &self.names)
    }
}

impl Panel {
    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let all = || self.lines.iter().chain(&self.faint).flat_map(|(_, points)| points);
        let epochs = Axis::around("Epoch", all().map(|point| point.epoch));
        let values = all().filter_map(|point| point.value).flat_map(|(mean, low, high)| [mean, low, high]);
        let y = Axis::around("", values);
        let y = if self.ratio { y.within(0.0, 1.0) } else { y };
        let title_px = 26;
        let (title, rest) = area.split_vertically(title_px);
        title.draw(&Text::new(short(&self.label), (70, title_px / 2), words(HPos::Left)))?;
        let axes = Axes::new(&rest, &epochs, &y)?;
        for (look, points) in &self.lines {
            for part in unbroken(points) {
                band(&rest, &axes, (*look, part))?;
            }
        }
        for (look, points) in &self.faint {
            for part in unbroken(points) {
                let line = part.iter().map(|(epoch, (mean, ..))| axes.pixel(*epoch, *mean)).collect::<Vec<_>>();
                look.thin_line(&rest, line)?;
            }
        }
        for (look, points) in &self.lines {
            for part in unbroken(points) {
                let line: Vec<_> = part.iter().map(|(epoch, (mean, ..))| axes.pixel(*epoch, *mean)).collect();
                look.marks(&rest, &line)?;
                look.line(&rest, line)?;
            }
        }
        Ok(())
    }
}

type Defined = (f64, (f64, f64, f64));

/// The stretches without a hole.
fn unbroken(points: &[Point]) -> Vec<Vec<Defined>> {
    let stretches = points.split(|point| point.value.is_none()).filter(|stretch| !stretch.is_empty());
    stretches.map(|own| own.iter().filter_map(|point| Some((point.epoch, point.value?))).collect()).collect()
}

fn band<B: DrawingBackend>(area: &Area<B>, axes: &Axes<B>, (look, part): (Look, Vec<Defined>)) -> Drawn<B> {
    if part.iter().all(|(_, (_, low, high))| low == high) {
        return Ok(());
    }
    let upper = part.iter().map(|(epoch, (_, _, high))| axes.pixel(*epoch, *high));
    let lower = part.iter().rev().map(|(epoch, (_, low, _))| axes.pixel(*epoch, *low));
    area.draw(&Polygon::new(upper.chain(lower).collect::<Vec<_>>(), look.colour().mix(0.18).filled()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_in_a_curve_is_not_drawn_over() {
        let point = |epoch: f64, value: Option<f64>| Point { epoch, value: value.map(|v| (v, v, v)) };
        let points = [point(1.0, Some(0.1)), point(2.0, None), point(3.0, Some(0.3)), point(4.0, Some(0.4))];
        let parts: Vec<Vec<f64>> =
            unbroken(&points).iter().map(|part| part.iter().map(|(epoch, _)| *epoch).collect()).collect();
        assert_eq!(parts, [vec![1.0], vec![3.0, 4.0]]);
    }
}
