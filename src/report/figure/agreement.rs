//! Bland and Altman's plot of areas: difference over mean, with bias and limits of agreement.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::{Look, short, words};
use crate::report::{AreaAgreement, Document};

const PANEL_PX: (u32, u32) = (430, 360);
const ACROSS: usize = 3;

/// One panel an arm, all with the same axes.
pub(super) struct Agreement {
    panels: Vec<(String, Look, AreaAgreement)>,
    x: Axis,
    y: Axis,
}

impl Agreement {
    /// `None` without areas.
    pub fn of(document: &Document) -> Option<Self> {
        let look = |arm: &str| document.comparison.arms.iter().position(|own| own.arm == arm).unwrap_or(0);
        let drawn = document.areas.iter().filter(|area| !area.cases.is_empty());
        let panels: Vec<_> =
            drawn.map(|area| (document.label(&area.arm), Look(look(&area.arm)), area.clone())).collect();
        let places = || panels.iter().flat_map(|(_, _, area)| &area.cases).map(|case| case.place());
        let limits = panels.iter().flat_map(|(_, _, area)| [area.low_px, area.high_px]).flatten();
        let x = Axis::around("Mean of both areas (px)", places().map(|(mean, _)| mean)).within(0.0, f64::INFINITY);
        let y = Axis::around("Predicted less reference (px)", places().map(|(_, d)| d).chain(limits).chain([0.0]));
        (!panels.is_empty()).then_some(Self { panels, x, y })
    }

    fn across(&self) -> usize {
        self.panels.len().clamp(1, ACROSS)
    }
}

impl Draw for Agreement {
    fn size(&self) -> (u32, u32) {
        let (across, down) = (self.across(), self.panels.len().div_ceil(self.across()));
        (PANEL_PX.0 * across as u32, PANEL_PX.1 * down as u32)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let down = self.panels.len().div_ceil(self.across());
        for ((name, look, agreement), part) in self.panels.iter().zip(area.split_evenly((down, self.across()))) {
            let (title, rest) = part.split_vertically(26);
            title.draw(&Text::new(short(name), (70, 13), words(HPos::Left)))?;
            let axes = Axes::new(&rest, &self.x, &self.y)?;
            for case in &agreement.cases {
                let (mean, difference) = case.place();
                let place = axes.pixel(mean, difference);
                rest.draw(&Circle::new(place, 3, look.colour().mix(0.6).filled()))?;
            }
            self.lines(&rest, &axes, agreement)?;
        }
        Ok(())
    }
}

impl Agreement {
    fn lines<B: DrawingBackend>(&self, area: &Area<B>, axes: &Axes<B>, agreement: &AreaAgreement) -> Drawn<B> {
        let ends = |height: f64| vec![axes.pixel(self.x.low, height), axes.pixel(self.x.high, height)];
        area.draw(&PathElement::new(ends(0.0), BLACK.mix(0.4).stroke_width(1)))?;
        if let Some(bias) = agreement.bias_px {
            area.draw(&PathElement::new(ends(bias), BLACK.stroke_width(2)))?;
        }
        for limit in [agreement.low_px, agreement.high_px].into_iter().flatten() {
            area.draw(&DashedPathElement::new(ends(limit), 8, 5, BLACK.stroke_width(1)))?;
        }
        Ok(())
    }
}
