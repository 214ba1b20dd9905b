//! [`Answers`] as tables and as CSV.

use super::grid::Grid;
use super::inference::{Answer, Answers, ArmAnswer};
use super::interval::{is_inside, range};
use super::render::number;
use crate::metric::Metric;
use crate::stats::{Interval, Null, Paired, Summary};

const CSV_HEAD: &str = "\
    metric arm n undefined subjects mean sd median q1 q3 t_low t_high bca_low bca_high pooled runs \
    runs_mean runs_sd before subjects_needed against difference difference_bca_low difference_bca_high \
    wilcoxon_p wilcoxon_holm sign_flip_p sign_flip_holm d_z rank_biserial pairs pair_subjects dropped rank first \
    mean_rank leak known_n known_mean unknown_n unknown_mean";
/// Further columns of a classification.
const CSV_EXACT: &str = "exact_low exact_high exact_p exact_holm";

impl Answers {
    /// For a terminal of `columns`.
    pub fn text(&self, columns: usize) -> String {
        self.grids().map(|grid| format!("\n{}", grid.text(columns))).collect()
    }

    /// For a README.
    pub fn markdown(&self) -> String {
        self.grids().map(|grid| format!("\n{}", grid.markdown())).collect()
    }

    fn grids(&self) -> impl Iterator<Item = Grid> {
        self.metrics.iter().flat_map(|answer| self.grids_of(answer))
    }

    /// One metric's tables; none is empty.
    pub(super) fn grids_of(&self, answer: &Answer) -> Vec<Grid> {
        let metric = answer.row();
        let grids = [
            Some(self.intervals(metric, answer)),
            answer.exposures(metric, &self.percent()),
            self.tests(metric, answer),
            self.ranks(metric, answer),
        ];
        grids.into_iter().flatten().filter(|grid| !grid.rows.is_empty()).collect()
    }

    fn intervals(&self, metric: &Metric, answer: &Answer) -> Grid {
        let percent = self.percent();
        let mut header =
            vec!["Arm".to_owned(), "n".to_owned(), "Mean".to_owned(), format!("{percent} t"), format!("{percent} BCa")];
        header.extend(["Median", "Quartiles", "SD", "Pooled", "Runs", "Mean ± SD over runs"].map(str::to_owned));
        header.extend(self.width.map(|_| "Needed".to_owned()));
        if answer.is_exact() {
            header.push(format!("{percent} {}", if metric.of_all.is_some() { "DeLong" } else { "Wilson" }));
        }
        let before = answer.arms.iter().any(|arm| arm.before.is_some());
        header.extend(before.then(|| "Before".to_owned()));
        let rows = answer.arms.iter().map(|arm| {
            let mut row = arm.cells(metric);
            let needed = || arm.subjects_needed.map_or_else(|| number(metric, None), |n| n.to_string());
            row.extend(self.width.map(|_| needed()));
            row.extend(arm.exact.map(|exact| range(metric, exact.interval())));
            row.extend(before.then(|| arm.before_cell(metric)));
            row
        });
        let title = format!("{} over cases: what other cases could have shown", metric.label);
        Grid { title, header, rows: rows.collect(), left: 1, notes: self.interval_notes(answer, before) }
    }

    fn interval_notes(&self, answer: &Answer, before: bool) -> String {
        let leaks = answer.arms.iter().filter_map(|arm| Some(arm.leak?.count.note(&arm.arm)));
        let mut notes: String = leaks.collect();
        notes += &answer.caveats();
        if let Some(width) = self.width {
            notes += &format!("Needed: subjects for an interval {width} wide\n");
        }
        if answer.is_exact() {
            notes += match answer.row().of_all {
                Some(_) => "DeLong: of the area under the curve, for many cases\n",
                None => "Wilson: of a share of cases, none where subjects or seeds repeat\n",
            };
        }
        if before {
            notes += "Before: without post-processing\n";
        }
        notes
    }

    fn tests(&self, metric: &Metric, answer: &Answer) -> Option<Grid> {
        let rows: Vec<Vec<String>> =
            answer.arms.iter().filter_map(|arm| Some(tested(metric, arm, arm.paired.as_ref()?))).collect();
        let percent = self.percent();
        let header =
            ["Arm", "Difference", &format!("{percent} BCa"), "Wilcoxon p", "W. Holm", "Sign-flip p", "S. Holm"];
        let (exact, note) = match (answer.is_exact(), metric.of_all.is_some()) {
            (false, _) => (&[][..], ""),
            (true, true) => (&["DeLong p", "D. Holm"][..], "DeLong's test: of the areas, for many cases\n"),
            (true, false) => (&["McNemar p", "M. Holm"][..], "McNemar's test: exact, of a share of cases\n"),
        };
        let header =
            header.into_iter().chain(["d_z", "r", "Pairs", "Subjects", "Dropped"]).chain(exact.iter().copied());
        let header = header.map(str::to_owned).collect();
        let title = format!("{}: each arm less {}, the same cases", metric.label, self.against);
        let notes = "two-sided; Holm over the arms of this table\n\
            difference, its interval and sign flips: every case counts the same, subjects are drawn and flipped whole\n\
            Wilcoxon, d_z (mean/SD) and r (rank-biserial): of the mean differences of the subjects\n\
            a p value speaks of other cases, not of training again\n";
        let notes = self.hopeless(answer) + notes + note;
        (!rows.is_empty()).then_some(Grid { title, header, rows, left: 1, notes })
    }

    /// That no p value of the table can be low enough, whatever the arms had scored.
    fn hopeless(&self, answer: &Answer) -> String {
        let least = answer.least_holm().filter(|least| *least >= 1.0 - self.level);
        let least = least.map(|least| {
            format!(
                "with so few subjects no sign flips can tell any two apart: their least p after Holm is {least:.3}\n"
            )
        });
        least.unwrap_or_default()
    }

    fn ranks(&self, metric: &Metric, answer: &Answer) -> Option<Grid> {
        let ranks = answer.ranks.as_ref().filter(|ranks| ranks.arms.len() > 1)?;
        let honest = answer.arms.iter().filter(|arm| arm.leak.is_none());
        let rows = honest.zip(&ranks.arms).map(|(arm, rank)| {
            let interval = format!("{:.1} … {:.1}", rank.interval.low, rank.interval.high);
            let first = format!("{:.1} %", 100.0 * rank.first);
            vec![arm.arm.clone(), format!("{:.1}", rank.rank), first, format!("{:.2}", rank.mean_rank), interval]
        });
        let header = ["Arm", "Rank", "First", "Mean rank", &self.percent()].map(str::to_owned).to_vec();
        let title = format!(
            "{}: ranks over {} bootstraps of {} subjects with their {} cases ({} cases left out)",
            metric.label, ranks.resamples, ranks.subjects, ranks.n, ranks.dropped
        );
        Some(Grid { title, header, rows: rows.collect(), left: 1, notes: String::new() })
    }

    fn percent(&self) -> String {
        format!("{} %", (1e4 * self.level).round() / 100.0)
    }

    /// One row per metric and arm; an empty field is undefined.
    pub fn csv(&self) -> Vec<Vec<String>> {
        let exact = if self.metrics.iter().any(Answer::is_exact) { CSV_EXACT } else { "" };
        let head = CSV_HEAD.split_whitespace().chain(exact.split_whitespace());
        let mut rows = vec![head.map(str::to_owned).collect::<Vec<_>>()];
        for answer in &self.metrics {
            let mut ranks = answer.ranks.iter().flat_map(|ranks| &ranks.arms);
            for arm in &answer.arms {
                let rank = arm.leak.map_or_else(|| ranks.next(), |_| None);
                let mut row = vec![answer.metric.to_owned(), arm.arm.clone()];
                row.extend(arm.summary_fields());
                row.extend(self.paired_fields(arm.paired.as_ref()));
                let rank = [rank.map(|r| r.rank), rank.map(|r| r.first), rank.map(|r| r.mean_rank)];
                row.extend(rank.map(field));
                row.extend(arm.leak_fields());
                row.extend(arm.exact.into_iter().flat_map(|exact| exact.fields()));
                rows.push(row);
            }
        }
        rows
    }

    fn paired_fields(&self, paired: Option<&Paired>) -> Vec<String> {
        let Some(paired) = paired else { return vec![String::new(); 13] };
        let numbers = [
            paired.mean_difference,
            paired.bca.map(|interval| interval.low),
            paired.bca.map(|interval| interval.high),
            paired.wilcoxon.map(|test| test.p),
            paired.wilcoxon_holm,
            paired.sign_flip.map(|test| test.p),
            paired.sign_flip_holm,
            paired.d_z,
            paired.rank_biserial,
        ];
        let counts = [paired.n, paired.subjects, paired.dropped].map(|n| n.to_string());
        std::iter::once(self.against.clone()).chain(numbers.map(field)).chain(counts).collect()
    }
}

impl ArmAnswer {
    fn cells(&self, metric: &Metric) -> Vec<String> {
        let (summary, number) = (&self.summary, |value| number(metric, value));
        let quartiles = summary.q1.zip(summary.q3).map(|(low, high)| Interval { low, high });
        let runs = self.runs.map_or(0, |runs| runs.runs);
        let over_runs = match self.runs {
            Some(runs) if runs.runs > 1 => format!("{} ± {}", number(Some(runs.mean)), number(runs.sd)),
            _ => number(None),
        };
        let range = |interval| range(metric, interval);
        let t = summary.t.filter(|own| is_inside(own, metric));
        let numbers = [number(summary.mean), range(t), range(summary.bca), number(summary.median)];
        let mut cells = vec![self.label(), summary.n.to_string()];
        cells.extend(numbers);
        cells.extend([range(quartiles), number(summary.sd), number(self.pooled), runs.to_string(), over_runs]);
        cells
    }

    /// With its n, where it is another one than after post-processing.
    fn before_cell(&self, metric: &Metric) -> String {
        let Some(before) = self.before else { return number(metric, None) };
        let mean = number(metric, before.mean);
        if before.n == self.summary.n { mean } else { format!("{mean} ({})", before.n) }
    }

    fn summary_fields(&self) -> Vec<String> {
        let summary = &self.summary;
        let counts = [summary.n, summary.undefined, summary.subjects].map(|n| n.to_string());
        let numbers = [
            summary.mean,
            summary.sd,
            summary.median,
            summary.q1,
            summary.q3,
            summary.t.map(|interval| interval.low),
            summary.t.map(|interval| interval.high),
            summary.bca.map(|interval| interval.low),
            summary.bca.map(|interval| interval.high),
            self.pooled,
        ];
        let runs = self.runs.map_or(0, |runs| runs.runs).to_string();
        let over_runs = [self.runs.map(|runs| runs.mean), self.runs.and_then(|runs| runs.sd)];
        let before = self.before.and_then(|aggregate| aggregate.mean);
        let mut fields: Vec<String> = counts.into_iter().chain(numbers.map(field)).collect();
        fields.push(runs);
        fields.extend(over_runs.map(field));
        fields.push(field(before));
        fields.push(self.subjects_needed.map(|n| n.to_string()).unwrap_or_default());
        fields
    }
}

impl ArmAnswer {
    fn leak_fields(&self) -> Vec<String> {
        let Some(leak) = &self.leak else { return ["none", "", "", "", ""].map(str::to_owned).to_vec() };
        let side = |summary: &Summary| [summary.n.to_string(), field(summary.mean)];
        let protocol = [leak.count.protocol.name().to_owned()];
        protocol.into_iter().chain(side(&leak.known)).chain(side(&leak.unknown)).collect()
    }
}

fn tested(metric: &Metric, arm: &ArmAnswer, paired: &Paired) -> Vec<String> {
    let difference = paired.mean_difference.map_or_else(|| number(metric, None), |d| signed(metric, d));
    let wilcoxon = paired.wilcoxon.map(|test| p_value(test.p, test.null));
    let sign_flip = paired.sign_flip.map(|test| p_value(test.p, test.null));
    let holm = |p: Option<f64>| p.map(probability);
    let effect = |value: Option<f64>| value.map(|value| format!("{value:+.2}"));
    let dash = |cell: Option<String>| cell.unwrap_or_else(|| number(metric, None));
    let mut cells = vec![arm.arm.clone(), difference, range(metric, paired.bca)];
    let tests = [wilcoxon, holm(paired.wilcoxon_holm), sign_flip, holm(paired.sign_flip_holm)];
    cells.extend(tests.into_iter().chain([effect(paired.d_z), effect(paired.rank_biserial)]).map(dash));
    cells.extend([paired.n, paired.subjects, paired.dropped].map(|n| n.to_string()));
    cells.extend(arm.exact.into_iter().flat_map(|exact| [holm(exact.p()), holm(exact.holm)].map(dash)));
    cells
}

/// With a mark where the p value is not exact.
fn p_value(p: f64, null: Null) -> String {
    match null {
        Null::Normal | Null::MonteCarlo if p >= 1e-4 => format!("≈{}", probability(p)),
        _ => probability(p),
    }
}

/// Four decimals.
pub fn probability(p: f64) -> String {
    if p < 1e-4 { "<0.0001".to_owned() } else { format!("{p:.4}") }
}

/// With its sign.
pub fn signed(metric: &Metric, value: f64) -> String {
    format!("{}{}", if value < 0.0 { "" } else { "+" }, number(metric, Some(value)))
}

fn field(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
