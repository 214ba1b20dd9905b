//! A [`Comparison`] as text, Markdown, CSV or JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::grid::Grid;
use super::{ArmRow, Comparison, Unscored};
use crate::dataset::fold::Leak;
use crate::metric::{Aggregate, Metric, Task};
use crate::spec::MARK;

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For a README.
    Markdown,
    /// One row per arm and metric.
    Csv,
    /// The contract: `"schema": 1`.
    Json,
}

impl Comparison {
    /// The comparison in `format`, ending with a newline.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => self.grid().text(usize::MAX),
            Format::Markdown => self.grid().markdown(),
            Format::Csv => self.csv(),
            Format::Json => serde_json::to_string_pretty(self).expect("numbers and strings") + "\n",
        }
    }

    /// The table of means.
    pub fn grid(&self) -> Grid {
        let rows = self.arms.iter().map(|arm| row(self.task, arm)).collect();
        Grid {
            title: self.title(),
            header: self.header(),
            rows,
            left: 2,
            notes: self.leaks() + &self.missing() + &self.footnotes(),
        }
    }

    fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["arm", "model", "loss", "runs", "finished", "params", "metric", "mean", "n", "undefined", "leak"];
        let write = |writer: &mut csv::Writer<Vec<u8>>| -> csv::Result<()> {
            writer.write_record(head)?;
            for arm in &self.arms {
                for metric in self.task.metrics() {
                    let value = arm.value(metric);
                    let (runs, finished, params) =
                        (arm.runs.to_string(), arm.finished.to_string(), arm.params.to_string());
                    let mean = value.mean.map(|m| m.to_string()).unwrap_or_default();
                    let (n, undefined) = (value.n.to_string(), value.undefined.to_string());
                    let fields = [
                        &*arm.arm,
                        &*arm.model,
                        &*arm.loss,
                        &*runs,
                        &*finished,
                        &*params,
                        metric.name,
                        &*mean,
                        &*n,
                        &*undefined,
                        arm.protocol().name(),
                    ];
                    writer.write_record(fields)?;
                }
            }
            Ok(())
        };
        write(&mut writer).expect("a vector takes every byte");
        let bytes = writer.into_inner().expect("a vector takes every byte");
        String::from_utf8(bytes).expect("text in, text out")
    }

    /// What the numbers are of.
    pub fn title(&self) -> String {
        let Self { spec, dataset, input_px, .. } = self;
        match self.task {
            Task::Segmentation => {
                format!("{spec}: per-case means over the test cases of {dataset}, scored at {input_px} px")
            }
            Task::Classification => {
                format!("{spec}: benign or malignant, the test cases of {dataset}, images of {input_px} px")
            }
        }
    }

    fn header(&self) -> Vec<String> {
        let fixed = ["Arm", "Loss", "Runs", "n"].map(str::to_owned);
        fixed.into_iter().chain(self.task.shown().map(head)).collect()
    }

    /// A line for each arm whose protocol leaks; such a line belongs wherever the arm's scores are.
    pub fn leaks(&self) -> String {
        self.arms.iter().filter_map(|arm| Some(arm.leak?.note(&arm.arm))).collect()
    }

    /// A line for each arm of which finished runs do not count, with the first of them and what helps.
    pub fn missing(&self) -> String {
        let line = |arm: &ArmRow| {
            let Unscored { run, reason } = arm.unscored.first()?;
            let (runs, such) = match arm.unscored.len() {
                1 => ("1 finished run does".to_owned(), ""),
                n => (format!("{n} finished runs do"), "e.g. "),
            };
            Some(format!("{}: {runs} not count: {such}{run}: {reason}\n", arm.arm))
        };
        let unreadable = self.unreadable.first().map(|Unscored { run, reason }| {
            let (runs, such) = match self.unreadable.len() {
                1 => ("1 run of an unknown arm does".to_owned(), ""),
                n => (format!("{n} runs of unknown arms do"), "e.g. "),
            };
            format!("{runs} not count: {such}{run}: {reason}\n")
        });
        unreadable.into_iter().chain(self.arms.iter().filter_map(line)).collect()
    }

    /// What made a smaller comparison than the spec's own.
    fn sizes(&self) -> String {
        let profile =
            self.spec.split_once(MARK).map(|(spec, profile)| format!("profile {profile} of {spec}, not its full size"));
        let parts: Vec<String> = profile.into_iter().chain(self.subset.map(|subset| subset.to_string())).collect();
        if parts.is_empty() { String::new() } else { format!("{}\n", parts.join("; ")) }
    }

    /// The same with the images' size, where there is anything smaller than the spec's own.
    pub(super) fn reduced(&self) -> Option<String> {
        let sizes = self.sizes();
        (!sizes.is_empty()).then(|| format!("these arms: {}; images of {} px", sizes.trim_end(), self.input_px))
    }

    /// Where a metric stands on fewer cases than the arm has, and what does not count.
    pub fn footnotes(&self) -> String {
        let mut notes = self.sizes();
        if self.left_out > 0 {
            let (runs, are) = if self.left_out == 1 { ("run", "is") } else { ("runs", "are") };
            let _ =
                writeln!(notes, "{} {runs} of earlier versions of the spec or its data {are} left out", self.left_out);
        }
        for arm in &self.arms {
            if self.task == Task::Classification {
                let _ = writeln!(notes, "{}", arm.classes());
                continue;
            }
            let mut partial: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
            for metric in self.task.shown() {
                let Aggregate { n, undefined, .. } = arm.value(metric);
                if undefined > 0 {
                    partial.entry((n, undefined)).or_default().push(metric.label);
                }
            }
            for ((n, undefined), metrics) in partial {
                let _ = writeln!(notes, "{}: n = {n}, {undefined} undefined: {}", arm.arm, metrics.join(", "));
            }
        }
        notes
    }
}

impl ArmRow {
    /// The metric's aggregate; nothing over no case if it is missing.
    pub fn value(&self, metric: &Metric) -> Aggregate {
        self.metrics.get(metric.name).copied().unwrap_or_default()
    }

    /// How many cases of either class sensitivity and specificity stand on.
    fn classes(&self) -> String {
        let n = |name: &str| self.metrics.get(name).map_or(0, |value| value.n);
        format!("{}: {} malignant, {} benign", self.arm, n("sensitivity"), n("specificity"))
    }

    /// How its protocol deals cases to the parts.
    pub fn protocol(&self) -> Leak {
        self.leak.map_or(Leak::None, |leak| leak.protocol)
    }

    /// The arm as tables name it.
    pub fn label(&self) -> String {
        self.protocol().label(&self.arm)
    }

    /// Test cases.
    pub fn cases(&self) -> usize {
        self.metrics.values().next().map_or(0, |v| v.n + v.undefined)
    }
}

/// The metric with its unit.
pub(super) fn head(metric: &Metric) -> String {
    if metric.unit.is_empty() { metric.label.to_owned() } else { format!("{} ({})", metric.label, metric.unit) }
}

fn row(task: Task, arm: &ArmRow) -> Vec<String> {
    let runs = format!("{}/{}", arm.finished, arm.runs);
    let loss = if arm.loss.is_empty() { "–".to_owned() } else { arm.loss.clone() };
    let fixed = [arm.label(), loss, runs, arm.cases().to_string()];
    fixed.into_iter().chain(task.shown().map(|m| number(m, arm.value(m).mean))).collect()
}

/// Three decimals for ratios, one for pixels, a dash where undefined.
pub fn number(metric: &Metric, value: Option<f64>) -> String {
    match value {
        Some(value) if metric.unit.is_empty() => format!("{value:.3}"),
        Some(value) => format!("{value:.1}"),
        None => "–".to_owned(),
    }
}
