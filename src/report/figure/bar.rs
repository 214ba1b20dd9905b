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
/// Groups that are wider together go on below: on a page their text would become too small to read.
const WIDEST_PX: u32 = 1100;
/// Of the axis beside the bars, and of the bars with their names.
const AXIS_PX: u32 = 100;
const ROW_PX: u32 = 400;
/// Of one of several rows.
const LOWER_ROW_PX: u32 = 280;

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
            let statistics = &document.statistics;
            let bar = |arm: &crate::report::ArmRow| {
                Some((statistics.summary(&arm.arm, metric)?.mean?, statistics.interval(&arm.arm, metric)))
            };
            Group { label: metric.label, bars: arms.iter().map(bar).collect() }
        };
        let metrics = document.task.shown().filter(|metric| metric.unit == unit);
        let groups: Vec<Group> = metrics.map(group).filter(|group| group.bars.iter().any(Option::is_some)).collect();
        let names = arms.iter().enumerate().map(|(i, arm)| (numbered(i, arm.label()), Look(i))).collect();
        (!groups.is_empty()).then_some(Self { names, groups, unit })
    }

    fn labels(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }

    fn group_px(&self) -> u32 {
        (self.names.len() as u32 * BAR_PX + GAP_PX).max(90)
    }

    /// Groups beside each other, the same in every row but the last.
    fn across(&self) -> usize {
        let most = ((WIDEST_PX - AXIS_PX) / self.group_px()).max(1) as usize;
        let rows = self.groups.len().div_ceil(most).max(1);
        self.groups.len().div_ceil(rows)
    }

    fn row_px(&self) -> u32 {
        if self.across() < self.groups.len() { LOWER_ROW_PX } else { ROW_PX }
    }

    fn axis(&self) -> Axis {
        let ends = |bar: &(f64, Option<Interval>)| bar.1.map_or(bar.0, |own| own.high).max(bar.0);
        let all = self.groups.iter().flat_map(|group| group.bars.iter().flatten()).map(ends);
        match self.unit {
            "" => Axis { label: "Mean over test cases".to_owned(), low: 0.0, high: 1.0 },
            unit => Axis { low: 0.0, ..Axis::around(&format!("Mean over test cases ({unit})"), all) },
        }
    }

    fn draw_row<B: DrawingBackend>(&self, area: &Area<B>, groups: &[Group]) -> Drawn<B> {
        let x = Axis { label: String::new(), low: 0.0, high: self.across() as f64 };
        let axes = Axes::groups(area, &x, &self.axis())?;
        for (i, group) in groups.iter().enumerate() {
            let (middle, floor) = axes.pixel(i as f64 + 0.5, 0.0);
            area.draw(&Text::new(short(group.label), (middle, floor + 32), words(HPos::Center)))?;
            let left = middle - (group.bars.len() as u32 * BAR_PX) as i32 / 2;
            for (j, bar) in group.bars.iter().enumerate() {
                let place = left + (j as u32 * BAR_PX) as i32;
                draw_bar(area, &axes, (Look(j), place, *bar))?;
            }
        }
        Ok(())
    }
}

impl Draw for Bars {
    fn size(&self) -> (u32, u32) {
        let width = (self.across() as u32 * self.group_px() + AXIS_PX).max(520);
        let rows = self.groups.len().div_ceil(self.across()) as u32;
        (width, rows * self.row_px() + legend_px(&self.labels(), width))
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let rows = self.groups.chunks(self.across());
        let (upper, lower) = area.split_vertically(rows.len() as u32 * self.row_px());
        for (groups, part) in rows.clone().zip(upper.split_evenly((rows.len(), 1))) {
            self.draw_row(&part, groups)?;
        }
        legend(&lower, &self.names)
    }
}

type Bar = (Look, i32, Option<(f64, Option<Interval>)>);

fn draw_bar<B: DrawingBackend>(area: &Area<B>, axes: &Axes<B>, (look, left, bar): Bar) -> Drawn<B> {
    let (_, floor) = axes.pixel(0.0, 0.0);
    let middle = left + BAR_PX as i32 / 2;
    area.draw(&Text::new((look.0 + 1).to_string(), (middle, floor + 12), words(HPos::Center)))?;
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
    Ok(())
}

/// The name of a bar in the legend: its number below the axis tells it without its colour.
fn numbered(place: usize, name: String) -> String {
    format!("{}  {name}", place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_arms_put_the_groups_into_rows_that_a_page_has_room_for() {
        let bars = |arms: usize, groups: usize| Bars {
            names: (0..arms).map(|i| (format!("arm {i}"), Look(i))).collect(),
            groups: (0..groups).map(|_| Group { label: "DSC", bars: vec![Some((0.5, None)); arms] }).collect(),
            unit: "",
        };
        assert_eq!((bars(4, 7).across(), bars(4, 7).row_px()), (7, ROW_PX));
        // 20 bars and a gap are 436 px: two groups in 1000 px, so that seven take four rows.
        assert_eq!((bars(20, 7).across(), bars(20, 7).size().0), (2, 972));
        assert_eq!(bars(60, 3).across(), 1);
    }
}
