//! What a row's numbers may mean, and whether they can be true together under one such reading.

use super::measure::{Interval, Measure};
use super::published::{Aggregation, F1, Miou, Row, Table, Unit};
use super::search::{Answer, search};
use super::shape::Ranges;

/// One way to read a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Where the numbers come from.
    pub aggregation: Aggregation,
    /// Absent if no mIoU is looked at.
    pub miou: Option<Miou>,
    /// Absent if no F1 is looked at.
    pub f1: Option<F1>,
}

/// Columns of a row under a reading.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The table.
    pub table: &'a Table,
    /// One of its rows.
    pub row: &'a Row,
    /// How it is read.
    pub reading: Reading,
    /// Indices of columns that were measured on the same cases.
    pub columns: &'a [usize],
}

/// A tumour is the smaller part of its image: the only assumption that makes a row "implausible".
pub const SMALLER_PART: Interval = Interval { low: 0.0, high: 0.5 };

impl Reading {
    /// All readings of `row` that its table lists, for the columns looked at.
    pub fn all(table: &Table, row: &Row, columns: &[usize]) -> Vec<Self> {
        let has = |measure| columns.iter().any(|&i| table.columns[i].measure == measure);
        let mious = options(&table.miou, has(Measure::Miou));
        let f1s = options(&table.f1, has(Measure::F1));
        let is_mean = table.mean_row.as_ref() == Some(&row.name);
        let aggregations = if is_mean { vec![Aggregation::Mean] } else { table.aggregation.clone() };
        let mut all = Vec::new();
        for aggregation in aggregations {
            for &miou in &mious {
                all.extend(f1s.iter().map(|&f1| Self { aggregation, miou, f1 }));
            }
        }
        all
    }

    /// For people, e.g. `mean over images, mIoU of tumour and background`.
    pub fn name(&self, unit: Unit) -> String {
        let from = match (self.aggregation, unit) {
            (Aggregation::Pooled, _) => "one confusion matrix",
            (Aggregation::Mean, Unit::Pixel) => "mean over images",
            (Aggregation::Mean, Unit::Case) => "mean over folds",
        };
        let miou = match self.miou {
            Some(Miou::Tumour) => ", mIoU of the tumour",
            Some(Miou::TwoClass) => ", mIoU of tumour and background",
            None => "",
        };
        let f1 = match self.f1 {
            Some(F1::Tumour) => ", F1 of the positive class",
            Some(F1::ClassAverage) => ", F1 averaged over classes",
            None => "",
        };
        format!("{from}{miou}{f1}")
    }

    /// The coordinate that a column bounds; `None` if it says nothing.
    fn coordinate(&self, measure: Measure) -> Option<usize> {
        match (measure, self.miou, self.f1) {
            (Measure::Miou, Some(Miou::Tumour), _) => Some(Measure::Iou as usize),
            (Measure::F1, _, Some(F1::Tumour)) => Some(Measure::Dsc as usize),
            (measure, _, _) if measure == Measure::F1 || !measure.is_counted() => None,
            (measure, _, _) => Some(measure as usize),
        }
    }
}

fn options<T: Copy>(listed: &[T], present: bool) -> Vec<Option<T>> {
    if present { listed.iter().copied().map(Some).collect() } else { vec![None] }
}

impl<'a> Question<'a> {
    /// The same about fewer columns; readings of columns that are not asked about fall away.
    pub fn about<'b>(&self, columns: &'b [usize]) -> Question<'b>
    where
        'a: 'b,
    {
        let has = |measure| columns.iter().any(|&i| self.table.columns[i].measure == measure);
        let miou = self.reading.miou.filter(|_| has(Measure::Miou));
        let f1 = self.reading.f1.filter(|_| has(Measure::F1));
        let reading = Reading { aggregation: self.reading.aggregation, miou, f1 };
        Question { table: self.table, row: self.row, reading, columns }
    }

    /// Whether the numbers can be true together, in images whose tumours' shares are within `prevalence`.
    pub fn answer(&self, prevalence: Interval) -> Answer {
        self.solve(None, prevalence)
    }

    /// Whether it is proven that they cannot.
    pub fn fails(&self, prevalence: Interval) -> bool {
        self.answer(prevalence) == Answer::No
    }

    /// All that column `i` can be, given the other columns; never too narrow.
    pub fn range_of(&self, i: usize) -> Interval {
        let fails = |interval| self.solve(Some((i, interval)), Interval::RATIO) == Answer::No;
        range(fails)
    }

    /// All that the prevalence can be; never too narrow.
    pub fn prevalence(&self) -> Interval {
        range(|interval| self.fails(interval))
    }

    /// Columns that bound something.
    pub fn informative(&self) -> usize {
        let bounds = |&&i: &&usize| self.reading.coordinate(self.table.columns[i].measure).is_some();
        self.columns.iter().filter(bounds).count()
    }

    fn solve(&self, instead: Option<(usize, Interval)>, prevalence: Interval) -> Answer {
        let mut ranges: Ranges = [Interval::RATIO; _];
        ranges[Measure::Prevalence as usize] = prevalence;
        for &i in self.columns {
            let Some(at) = self.reading.coordinate(self.table.columns[i].measure) else { continue };
            let own = match instead {
                Some((column, interval)) if column == i => interval,
                _ => self.row.interval(i),
            };
            let both = Interval { low: ranges[at].low.max(own.low), high: ranges[at].high.min(own.high) };
            if both.low > both.high {
                return Answer::No;
            }
            ranges[at] = both;
        }
        search(&ranges, self.reading.aggregation, self.table.images)
    }
}

/// What is left of `0..=1` after cutting off, at both ends, all that `fails`.
fn range(fails: impl Fn(Interval) -> bool) -> Interval {
    let cut = |piece: &dyn Fn(f64) -> Interval| {
        let (mut fails_up_to, mut open_from) = (0.0, 1.0);
        for _ in 0..14 {
            let middle = 0.5 * (fails_up_to + open_from);
            *(if fails(piece(middle)) { &mut fails_up_to } else { &mut open_from }) = middle;
        }
        fails_up_to
    };
    let low = cut(&|t| Interval { low: 0.0, high: t });
    let high = 1.0 - cut(&|t| Interval { low: 1.0 - t, high: 1.0 });
    Interval { low, high }
}
