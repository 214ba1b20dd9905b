//! ROC curves of classifiers, a line a seed.

use plotters::prelude::*;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::{Look, legend, legend_px};
use crate::report::{Document, Roc};

const SIDE_PX: u32 = 520;

/// The curves of all arms.
pub(super) struct Curves {
    curves: Vec<(Look, Roc)>,
    names: Vec<(String, Look)>,
}

impl Curves {
    /// `None` without a curve.
    pub fn of(document: &Document) -> Option<Self> {
        let arms = &document.comparison.arms;
        let look = |roc: &Roc| arms.iter().position(|arm| arm.arm == roc.arm).map(Look);
        let drawn = document.roc.iter().filter(|roc| !roc.points.is_empty());
        let curves: Vec<(Look, Roc)> = drawn.filter_map(|roc| Some((look(roc)?, roc.clone()))).collect();
        let has = |look: Look| curves.iter().any(|(own, _)| *own == look);
        let names = arms.iter().enumerate().map(|(i, arm)| (arm.label(), Look(i))).filter(|(_, look)| has(*look));
        let names = names.collect();
        (!curves.is_empty()).then_some(Self { curves, names })
    }

    fn labels(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }
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
        for (look, roc) in &self.curves {
            look.line(&upper, roc.points.iter().map(|point| axes.pixel(point.0, point.1)).collect())?;
        }
        legend(&lower, &self.names)
    }
}
