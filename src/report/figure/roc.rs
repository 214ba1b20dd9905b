//! ROC curves: of classifiers a line a seed, of segmentations a line an arm.

use plotters::prelude::*;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::{Look, legend, legend_px};
use crate::metric::Task;
use crate::report::{ArmRow, Document, RocPoint};

const SIDE_PX: u32 = 520;

/// The curves of all arms.
pub(super) struct Curves {
    curves: Vec<(Look, Vec<RocPoint>)>,
    names: Vec<(String, Look)>,
}

impl Curves {
    /// `None` without a curve.
    pub fn of(document: &Document) -> Option<Self> {
        let arms = &document.comparison.arms;
        let look = |name: &str| arms.iter().position(|arm| arm.arm == name).map(Look);
        let of_cases = document.roc.iter().map(|roc| (&roc.arm, &roc.points));
        let of_pixels = document.pixel_roc.iter().map(|roc| (&roc.arm, &roc.points));
        let drawn = of_cases.chain(of_pixels).filter(|(_, points)| !points.is_empty());
        let curves: Vec<_> = drawn.filter_map(|(arm, points)| Some((look(arm)?, points.clone()))).collect();
        let has = |look: Look| curves.iter().any(|(own, _)| *own == look);
        let named = arms.iter().enumerate().map(|(i, arm)| (named(document, arm), Look(i)));
        let names = named.filter(|(_, look)| has(*look)).collect();
        (!curves.is_empty()).then_some(Self { curves, names })
    }

    fn labels(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The arm with the area that its row of the tables has.
fn named(document: &Document, arm: &ArmRow) -> String {
    let area = match document.task {
        Task::Segmentation => document.pixel_roc.iter().find(|roc| roc.arm == arm.arm).and_then(|roc| roc.auc),
        Task::Classification => {
            let auc = document.task.metric("auc");
            auc.and_then(|metric| document.statistics.summary(&arm.arm, metric)?.mean)
        }
    };
    area.map_or_else(|| arm.label(), |area| format!("{}: {area:.3}", arm.label()))
}

impl Draw for Curves {
    fn size(&self) -> (u32, u32) {
        (SIDE_PX, SIDE_PX + legend_px(&self.labels(), SIDE_PX))
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let (upper, lower) = area.split_vertically(SIDE_PX);
        let axis = |label: &str| Axis { label: label.to_owned(), low: 0.0, high: 1.0 };
        let axes = Axes::new(&upper, &axis("1 − specificity"), &axis("Sensitivity"))?;
        let chance = vec![axes.pixel(0.0, 0.0), axes.pixel(1.0, 1.0)];
        upper.draw(&PathElement::new(chance, BLACK.mix(0.4).stroke_width(1)))?;
        for (look, points) in &self.curves {
            let line: Vec<_> = points.iter().map(|point| axes.pixel(point.0, point.1)).collect();
            look.marks(&upper, &line)?;
            look.line(&upper, line)?;
        }
        legend(&lower, &self.names)
    }
}
