//! Means of metrics as bars with intervals, arms side by side.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::{Axes, Axis};
use super::canvas::{Area, Draw, Drawn};
use super::style::{Look, legend, legend_px, short, words};
use crate::metric::Metric;
use crate::report::Document;
use crate::stats::Interval;

/// Of a bar, and between groups.
const BAR_PX: u32 = 20;
const GAP_PX: u32 = 36;

/// Groups of bars.
pub(super) struct Bars {
    names: Vec<(String, Look)>,
    groups: Vec<Group>,
    unit: &'static str,
}

struct Group {
    label: &'static str,
    bars: Vec<Option<(f64, Option<Interval>)>>,
}

impl Bars {
    /// Metrics that tables show in `unit`; `None` if there is none.
    pub fn of(document: &Document, unit: &'static str) -> Option<Self> {
        let arms = &document.comparison.arms;
        let group = |metric: &'static Metric| {
            let answer = document.statistics.metrics.iter().find(|answer| answer.metric == metric.name)?;
            let bar = |arm: &crate::report::ArmRow| {
                let own = answer.arms.iter().find(|own| own.arm == arm.arm)?;
                Some((own.summary.mean?, own.shown_interval(metric)))
            };
            Some(Group { label: metric.label, bars: arms.iter().map(bar).collect() })
        };
        let metrics = document.task.shown().filter(|metric| metric.unit == unit);
        let groups: Vec<Group> =
            metrics.filter_map(group).filter(|group| group.bars.iter().any(Option::is_some)).collect();
        let names = arms.iter().enumerate().map(|(i, arm)| (arm.label(), Look(i))).collect();
        (!groups.is_empty()).then_some(Self { names, groups, unit })
    }

    fn labels(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Draw for Bars {
    fn size(&self) -> (u32, u32) {
        let group = self.names.len() as u32 * BAR_PX + GAP_PX;
        let width = (self.groups.len() as u32 * group.max(90) + 100).max(520);
        (width, 400 + legend_px(&self.labels(), width))
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let (upper, lower) = area.split_vertically(400);
        let ends = |bar: &(f64, Option<Interval>)| bar.1.map_or(bar.0, |own| own.high).max(bar.0);
        let all = self.groups.iter().flat_map(|group| group.bars.iter().flatten()).map(ends);
        let y = match self.unit {
            "" => Axis { label: "Mean over test cases".to_owned(), low: 0.0, high: 1.0 },
            unit => Axis { low: 0.0, ..Axis::around(&format!("Mean over test cases ({unit})"), all) },
        };
        let x = Axis { label: String::new(), low: 0.0, high: self.groups.len() as f64 };
        let axes = Axes::groups(&upper, &x, &y)?;
        for (i, group) in self.groups.iter().enumerate() {
            let (middle, floor) = axes.pixel(i as f64 + 0.5, y.low);
            upper.draw(&Text::new(short(group.label), (middle, floor + 16), words(HPos::Center)))?;
            let left = middle - (group.bars.len() as u32 * BAR_PX) as i32 / 2;
            for (j, bar) in group.bars.iter().enumerate() {
                let place = left + (j as u32 * BAR_PX) as i32;
                draw_bar(&upper, &axes, (Look(j), place, *bar))?;
            }
        }
        legend(&lower, &self.names)
    }
}

type Bar = (Look, i32, Option<(f64, Option<Interval>)>);

fn draw_bar<B: DrawingBackend>(area: &Area<B>, axes: &Axes<B>, (look, left, bar): Bar) -> Drawn<B> {
    let (_, floor) = axes.pixel(0.0, 0.0);
    let middle = left + BAR_PX as i32 / 2;
    let Some((mean, interval)) = bar else {
        return area.draw(&Text::new("–", (middle, floor - 8), words(HPos::Center)));
    };
    let (_, top) = axes.pixel(0.0, mean);
    area.draw(&Rectangle::new([(left + 2, top), (left + BAR_PX as i32 - 2, floor)], look.colour().mix(0.75).filled()))?;
    if let Some(Interval { low, high }) = interval {
        let ((_, low), (_, high)) = (axes.pixel(0.0, low), axes.pixel(0.0, high));
        for path in [
            vec![(middle, low), (middle, high)],
            vec![(middle - 4, low), (middle + 4, low)],
            vec![(middle - 4, high), (middle + 4, high)],
        ] {
            area.draw(&PathElement::new(path, BLACK.stroke_width(1)))?;
        }
    }
    look.mark(area, (middle, floor - 7), 3)
}
