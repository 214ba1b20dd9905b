//! A document as sections of tables, the same for every format.

use super::{AreaAgreement, Document, Provenance, RunProvenance, Unpaired, recipe};
use crate::metric::Metric;
use crate::report::grid::Grid;
use crate::report::range;
use crate::report::render::number;

/// Heading of what made the numbers.
pub(super) const PROVENANCE: &str = "Provenance";

/// Tables under one heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// Whether paper has it too, or only the page.
    pub reach: Reach,
    /// The tables.
    pub grids: Vec<Grid>,
}

/// Where a section stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In every format.
    Everywhere,
    /// On the page, folded.
    Page,
}

impl Document {
    /// In reading order; none is empty.
    pub fn sections(&self) -> Vec<Section> {
        let [first, second] = self.task.main();
        let of_main = |metric: &Metric| metric.name == first.name || metric.name == second.name;
        let mut sections = vec![everywhere("Means over test cases", vec![self.means()])];
        for metric in self.task.shown().filter(|metric| of_main(metric)) {
            sections.push(everywhere(metric.label, self.answers(metric)));
        }
        sections.push(everywhere("Published numbers beside ours", self.published()));
        sections.push(everywhere("Subjects one by one", self.one_by_one()));
        sections.push(everywhere("Areas", self.agreement()));
        // Legends of curves have the AUC, which the table of means has no room for.
        let unshown = self.task.metric("auc").filter(|auc| self.task.shown().all(|metric| metric.name != auc.name));
        for metric in self.task.shown().filter(|metric| !of_main(metric)).chain(unshown) {
            let grids = self.answers(metric);
            sections.push(Section { title: metric.label.to_owned(), reach: Reach::Page, grids });
        }
        let mut made = recipe::grids(&self.provenance.recipes);
        made.extend([facts(&self.provenance), runs(&self.provenance)]);
        sections.push(everywhere(PROVENANCE, made));
        sections.retain(|section| !section.grids.is_empty());
        sections
    }

    /// What has to be said of the arms wherever their scores are.
    pub fn warnings(&self) -> Vec<String> {
        self.comparison.leaks().lines().map(str::to_owned).collect()
    }

    fn means(&self) -> Grid {
        let base = self.comparison.grid();
        let shown: Vec<&Metric> = self.task.shown().collect();
        let row = |(mut row, arm): (Vec<String>, &crate::report::ArmRow)| {
            row.truncate(row.len() - shown.len());
            row.extend(shown.iter().map(|metric| self.mean(&arm.arm, metric)));
            row
        };
        let level = (1e4 * self.statistics.level).round() / 100.0;
        let notes = format!(
            "in brackets: {level} % t interval over subjects, or BCa where t has none or leaves the metric's range; no \
             brackets where neither has one, as of equal cases\n\
             –: undefined\n"
        );
        let rows = base.rows.into_iter().zip(&self.comparison.arms).map(row).collect();
        let folds = self.provenance.folds_run(self.comparison.folds()).map(|run| run + "\n").unwrap_or_default();
        Grid { rows, notes: base.notes + &folds + &notes + &self.checks.notes(), ..base }
    }

    fn mean(&self, arm: &str, metric: &Metric) -> String {
        let mean = number(metric, self.statistics.summary(arm, metric).and_then(|summary| summary.mean));
        let interval = self.statistics.interval(arm, metric);
        interval.map_or(mean.clone(), |own| format!("{mean} [{}]", range(metric, Some(own))))
    }

    fn answers(&self, metric: &Metric) -> Vec<Grid> {
        let answer = self.statistics.metrics.iter().find(|answer| answer.metric == metric.name);
        answer.map(|answer| self.statistics.grids_of(answer)).unwrap_or_default()
    }

    fn published(&self) -> Vec<Grid> {
        let label = |arm: &str| self.label(arm);
        let checked = |grid: Grid| Grid { notes: grid.notes + &self.checks.notes(), ..grid };
        let mut grids: Vec<Grid> = self.published.iter().map(|table| checked(table.grid(self.task, &label))).collect();
        if let Some(last) = grids.last_mut() {
            let line =
                |own: &Unpaired| format!("not shown: {}, {}: {}\n", own.source, own.title, own.reasons.join("; "));
            last.notes.extend(self.unpaired.iter().map(line));
        }
        grids
    }

    fn agreement(&self) -> Vec<Grid> {
        let rows: Vec<Vec<String>> = self.areas.iter().map(|own| area(own, self.label(&own.arm))).collect();
        let header = ["Arm", "n", "Bias (px)", "SD (px)", "Limits of agreement (px)"].map(str::to_owned).to_vec();
        let title = format!("Predicted less reference area, at {0} × {0} px", self.comparison.input_px);
        let notes = "limits: bias ± 1.96 SD over cases (Bland and Altman)\n".to_owned();
        if rows.is_empty() { Vec::new() } else { vec![Grid { title, header, rows, left: 1, notes }] }
    }
}

fn everywhere(title: &str, grids: Vec<Grid>) -> Section {
    Section { title: title.to_owned(), reach: Reach::Everywhere, grids }
}

fn area(area: &AreaAgreement, arm: String) -> Vec<String> {
    let px = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |px| format!("{px:+.1}"));
    let sd = area.sd_px.map_or_else(|| "–".to_owned(), |px| format!("{px:.1}"));
    let limits = match (area.low_px, area.high_px) {
        (Some(low), Some(high)) => format!("{low:+.1} … {high:+.1}"),
        _ => "–".to_owned(),
    };
    vec![arm, area.n.to_string(), px(area.bias_px), sd, limits]
}

fn facts(of: &Provenance) -> Grid {
    let listed = |values: &[String]| if values.is_empty() { "–".to_owned() } else { values.join("; ") };
    let numbers = |values: Vec<String>| values.join(", ");
    let finished = of.runs.iter().filter(|run| run.state == "finished").count();
    let facts = [
        ("Data set", of.dataset.clone()),
        ("SHA-256 of its cases and files", of.dataset_digest.clone()),
        ("SHA-256 of the plans", of.plans_sha256.clone()),
        ("Trained by seglab", listed(&of.versions)),
        ("Devices", listed(&of.devices)),
        ("Seeds", numbers(of.seeds.iter().map(u64::to_string).collect())),
        ("Folds", numbers(of.folds.iter().map(usize::to_string).collect())),
        ("Runs", format!("{finished} finished of {}, {} left out", of.runs.len(), of.left_out.len())),
        ("Training, all runs", duration(of.training_s)),
    ];
    Grid {
        title: "What made the numbers".to_owned(),
        header: ["Fact", "Value"].map(str::to_owned).to_vec(),
        rows: facts.map(|(name, value)| vec![name.to_owned(), plain(&value)]).to_vec(),
        left: 2,
        notes: String::new(),
    }
}

fn runs(of: &Provenance) -> Grid {
    let header = ["Run", "State", "Device", "Fold", "Seed", "Epochs", "Best epoch", "Training", "Plan"];
    let row = |run: &RunProvenance| {
        vec![
            plain(&run.id),
            plain(&run.state),
            plain(&run.device),
            run.fold.to_string(),
            run.seed.to_string(),
            run.epochs.to_string(),
            run.best_epoch.map_or_else(|| "–".to_owned(), |epoch| epoch.to_string()),
            duration(run.training_s),
            run.plan_sha256.chars().take(12).collect(),
        ]
    };
    Grid {
        title: "Runs".to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: of.runs.iter().map(row).collect(),
        left: 3,
        notes: "training: the epochs with their validation; plan: the first digits of its SHA-256\n".to_owned(),
    }
}

/// What a worker or a folder says of itself is untrusted: no control characters, no endless lines.
pub(in crate::report) fn plain(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `1 h 02 min`, `3 min 20 s`, `12 s`.
pub fn duration(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// What [`duration`] was made of, to the minute from an hour on; `None` of another text.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |text: &str| text.parse::<u64>().ok();
    match words.as_slice() {
        [s, "s"] => number(s),
        [m, "min", s, "s"] => number(m)?.checked_mul(60)?.checked_add(number(s)?),
        [h, "h", m, "min"] => number(h)?.checked_mul(60)?.checked_add(number(m)?)?.checked_mul(60),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sorted_by_their_seconds() {
        for s in [0, 59, 133, 3600, 90_060] {
            assert_eq!(seconds(&duration(s as f64)), Some(s));
        }
        assert!(["", "3", "s", "3 px", "x s", "99999999999999999999 s"].iter().all(|text| seconds(text).is_none()));
    }

    #[test]
    fn durations_read_like_a_clock() {
        assert_eq!(duration(3720.0), "1 h 02 min");
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(-1.0), "0 s");
    }

    #[test]
    fn what_a_device_calls_itself_is_one_short_line() {
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(plain(&"x".repeat(5000)).len(), 200);
    }
}
