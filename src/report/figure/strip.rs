//! Every case of every arm as a point, with the quartiles as a box.

use plotters::prelude::*;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::Look;
use crate::metric::Metric;
use crate::report::Document;
use crate::report::document::ArmCases;
use crate::stats::Summary;

const ROW_PX: u32 = 54;
/// More points hide each other.
const MOST_POINTS: usize = 2000;

/// Rows of points.
pub(super) struct Strips {
    axis: Axis,
    rows: Vec<Strip>,
}

struct Strip {
    name: String,
    look: Look,
    values: Vec<f64>,
    summary: Summary,
}

impl Strips {
    /// Of a metric that every case has by itself; `None` if it has no values.
    pub fn of(document: &Document, metric: &Metric) -> Option<Self> {
        let row = |(i, arm): (usize, &crate::report::ArmRow)| {
            let cases = document.cases.iter().find(|own| own.arm == arm.arm)?;
            let summary = *document.statistics.summary(&arm.arm, metric)?;
            let values = ArmCases::values(cases, metric.name).to_vec();
            Some(Strip { name: arm.label(), look: Look(i), values, summary })
        };
        let rows: Vec<Strip> = document.comparison.arms.iter().enumerate().filter_map(row).collect();
        let all = || rows.iter().flat_map(|row| row.values.iter().copied());
        let label = format!("{} per case{}", metric.label, if metric.unit.is_empty() { "" } else { " (px)" });
        let axis = Axis::around(&label, all());
        let axis = if metric.unit.is_empty() { axis.within(0.0, 1.0) } else { axis.within(0.0, f64::INFINITY) };
        (metric.of_all.is_none() && all().next().is_some()).then_some(Self { axis, rows })
    }
}

impl Draw for Strips {
    fn size(&self) -> (u32, u32) {
        (760, self.rows.len() as u32 * ROW_PX + 70)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let names: Vec<String> = self.rows.iter().map(|row| row.name.clone()).collect();
        let axes = Axes::named(area, &self.axis, &names)?;
        for (i, row) in self.rows.iter().enumerate() {
            let height = axes.row(i);
            for (j, value) in row.values.iter().take(MOST_POINTS).enumerate() {
                // Golden section: neighbours in the list are far apart, and the same in every drawing.
                let off = (j as f64 * 0.618_033_988_749_895).fract() - 0.5;
                let place = axes.pixel(*value, height + 0.55 * off);
                area.draw(&Circle::new(place, 2, row.look.colour().mix(0.55).filled()))?;
            }
            row.draw_box(area, &axes, height)?;
        }
        Ok(())
    }
}

impl Strip {
    fn draw_box<B: DrawingBackend>(&self, area: &Area<B>, axes: &Axes<B>, height: f64) -> Drawn<B> {
        let (Some(low), Some(middle), Some(high)) = (self.summary.q1, self.summary.median, self.summary.q3) else {
            return Ok(());
        };
        let corners = [axes.pixel(low, height + 0.36), axes.pixel(high, height - 0.36)];
        area.draw(&Rectangle::new(corners, BLACK.stroke_width(1)))?;
        let median = vec![axes.pixel(middle, height + 0.36), axes.pixel(middle, height - 0.36)];
        area.draw(&PathElement::new(median, BLACK.stroke_width(2)))?;
        match self.summary.mean {
            Some(mean) => {
                let (x, y) = axes.pixel(mean, height);
                self.look.mark(area, (x, y), 5)
            }
            None => Ok(()),
        }
    }
}
