//! Ranks of arms over bootstraps of the subjects: mean rank, and the interval of the rank.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::{Look, words};
use crate::metric::Metric;
use crate::report::Document;
use crate::stats::ArmRank;

const WIDTH_PX: u32 = 760;
const ROW_PX: u32 = 40;
/// Half a label, about.
const LABEL_PX: i32 = 70;

/// Rows of arms, the best first.
pub(super) struct Ranks {
    axis: Axis,
    rows: Vec<(String, Look, ArmRank)>,
}

impl Ranks {
    /// `None` with fewer than two arms that are ranked.
    pub fn of(document: &Document, metric: &Metric) -> Option<Self> {
        let answer = document.statistics.metrics.iter().find(|answer| answer.metric == metric.name)?;
        let ranks = answer.ranks.as_ref()?;
        let honest = answer.arms.iter().filter(|arm| arm.leak.is_none());
        let look = |arm: &str| document.comparison.arms.iter().position(|own| own.arm == arm).unwrap_or(0);
        let mut rows: Vec<_> =
            honest.zip(&ranks.arms).map(|(arm, rank)| (arm.arm.clone(), Look(look(&arm.arm)), *rank)).collect();
        rows.sort_by(|a, b| a.2.mean_rank.total_cmp(&b.2.mean_rank));
        let label = format!("Rank by mean {} over {} bootstraps of the subjects", metric.label, ranks.resamples);
        let axis = Axis { label, low: 0.5, high: rows.len() as f64 + 0.5 };
        (rows.len() > 1).then_some(Self { axis, rows })
    }
}

impl Draw for Ranks {
    fn size(&self) -> (u32, u32) {
        (WIDTH_PX, self.rows.len() as u32 * ROW_PX + 70)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let names: Vec<String> = self.rows.iter().map(|(name, ..)| name.clone()).collect();
        let axes = Axes::named(area, &self.axis, &names)?;
        for (i, (_, look, rank)) in self.rows.iter().enumerate() {
            let height = axes.row(i);
            let ends = vec![axes.pixel(rank.interval.low, height), axes.pixel(rank.interval.high, height)];
            area.draw(&PathElement::new(ends, look.colour().stroke_width(3)))?;
            let (x, y) = axes.pixel(rank.mean_rank, height);
            look.mark(area, (x, y), 6)?;
            let first = format!("first in {:.0} %", 100.0 * rank.first);
            let side = if x + LABEL_PX > WIDTH_PX as i32 { HPos::Right } else { HPos::Center };
            area.draw(&Text::new(first, (x, y - 14), words(side)))?;
        }
        Ok(())
    }
}
