//! A spec's plan in lines of text: data set, runs, arms with what they cost, time and what it rests on.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::Kind;
use crate::spec::Spec;
use crate::tui::app::App;
use crate::tui::launch::{Basis, CostKey, Estimate, Outlook, Tally, Total, tally, total};
use crate::tui::text::{clean, count, duration, fit, flow, pad, pad_left, width};
use crate::tui::theme::{VERMILLION, bold, dim};

/// Width of a number's column.
const NUMBER: usize = 9;
/// Said where no run tells.
const UNKNOWN: &str = "unknown until one epoch has run";

/// A spec whose plan is shown.
pub(super) struct Plan<'a> {
    pub app: &'a App,
    pub spec: &'a Spec,
    /// By which its outlook is known.
    pub text: &'a str,
}

impl Plan<'_> {
    /// All of it, in `columns`.
    pub fn lines(&self, columns: usize) -> Vec<Line<'static>> {
        let mut lines = flow(&self.facts(), columns, dim());
        let (launch, vermillion) = (self.app.launch(), self.app.theme().text(VERMILLION));
        match launch.outlook(self.text) {
            None => lines.push(Line::styled("planning: the data set is read …", dim())),
            Some(Err(trouble)) => lines.extend(wrapped(trouble.text(), columns, vermillion)),
            Some(Ok(outlook)) => {
                lines.extend(wrapped(&self.runs(outlook), columns, bold()));
                for warning in &outlook.warnings {
                    lines.extend(wrapped(warning, columns, vermillion));
                }
            }
        }
        lines.push(Line::default());
        lines.extend(self.arms(columns));
        if let Some(Ok(outlook)) = launch.outlook(self.text) {
            lines.push(Line::default());
            lines.extend(wrapped(&self.time(outlook), columns, bold()));
            for basis in self.bases(outlook) {
                lines.extend(wrapped(&basis, columns, Style::new()));
            }
        }
        lines
    }

    /// Runs and time in one line, for below a form.
    pub fn brief(&self) -> String {
        match self.app.launch().outlook(self.text) {
            None => "planning: the data set is read …".to_owned(),
            Some(Err(trouble)) => trouble.text().to_owned(),
            Some(Ok(outlook)) => {
                format!("{}; {}; on {}", self.runs(outlook), self.time(outlook), self.app.launch().target.on())
            }
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let Spec { dataset, protocol, train, .. } = self.spec;
        let outlook = self.app.launch().outlook(self.text).and_then(|outlook| outlook.as_ref().ok());
        let place = outlook.map_or_else(String::new, |outlook| {
            let folder = outlook.folder.as_ref().map_or_else(|| "made, not read".to_owned(), Clone::clone);
            format!(", {} cases, {folder}", outlook.cases)
        });
        let mut facts = vec![
            ("data set", clean(dataset) + &place),
            ("split", clean(&protocol.split.describe())),
            ("train", format!("{} epochs at most, batch {}, lr {}", train.epochs, train.batch, train.lr)),
            ("input", format!("{0}×{0} px", protocol.input_px)),
            ("device", self.app.launch().target.on()),
        ];
        if let Some(run) = outlook.and_then(|outlook| outlook.runs.first()) {
            let [train, valid, test] = run.parts;
            facts.push(("cases", format!("train {train}, valid {valid}, test {test}")));
        }
        facts
    }

    fn runs(&self, outlook: &Outlook) -> String {
        let tally = tally(&self.spec.name, outlook, self.app.rows());
        let to_do = tally.to_do();
        let Tally { runs, finished, running, queued, unread, others } = tally;
        let (arms, seeds) = (self.spec.arms.len(), self.spec.protocol.seeds.len());
        let folds = runs / (arms * seeds).max(1);
        let of = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let [runs, folds, seeds, arms] =
            [(runs, "run"), (folds, "fold"), (seeds, "seed"), (arms, "arm")].map(|(n, what)| of(n, what));
        let mut text = format!("{runs} = {folds} × {seeds} × {arms}: {to_do} to do");
        for (number, word) in [(queued, "queued"), (running, "running"), (finished, "finished"), (unread, "being read")]
        {
            if number > 0 {
                text += &format!(", {number} {word}");
            }
        }
        if others > 0 {
            text += &format!("; {others} more in the store, of another version");
        }
        text
    }

    fn time(&self, outlook: &Outlook) -> String {
        let slots = self.app.slots();
        let Total { left_s, unknown } = total(self.app.launch(), (self.spec, outlook), (self.app.rows(), slots));
        let slots = format!("{slots} at a time");
        match unknown.len() {
            0 if left_s == 0.0 => "nothing left to do".to_owned(),
            0 => format!("about {} for what is left, {slots}", duration(left_s)),
            _ if left_s == 0.0 => format!("time: {UNKNOWN}"),
            _ => format!("about {} at least, {slots}; {}: {UNKNOWN}", duration(left_s), unknown.join(", ")),
        }
    }

    /// What the times rest on, each run once.
    fn bases(&self, outlook: &Outlook) -> Vec<String> {
        let mut bases: Vec<String> = Vec::new();
        for place in 0..self.spec.arms.len() {
            let Some(Estimate { basis, from: Some((run, device)), .. }) =
                self.app.launch().estimate(self.spec, place, outlook)
            else {
                continue;
            };
            let (run, device) = (clean(&run), clean(&device));
            let text = match basis {
                Basis::Same => format!("= the pace of {run} on {device}"),
                Basis::Scaled => format!("~ scaled by operations from {run} on {device}"),
                Basis::Counting(_) => format!("operations are being counted, to scale from {run}"),
                Basis::Nothing => continue,
            };
            if !bases.contains(&text) {
                bases.push(text);
            }
        }
        if !bases.is_empty() {
            let sooner = if self.spec.train.early_stop.is_some() { "; early stopping may end sooner" } else { "" };
            bases.push(format!("without the final scoring{sooner}"));
        }
        bases
    }

    fn arms(&self, columns: usize) -> Vec<Line<'static>> {
        let widest = self.spec.arms.iter().map(|arm| width(&arm.leak.label(&arm.name))).max().unwrap_or(0).max(4);
        let name = (widest + 1).min(columns.saturating_sub(2 * NUMBER).max(12));
        let room = columns.saturating_sub(name);
        // The time of a run stays longest.
        let wide = room >= 38 + 4 * NUMBER;
        let (texts, numbers) = if wide { (18, 5) } else { (0, (room / NUMBER).clamp(1, 5)) };
        let head = ["a run", "params", "step MiB", "MACs", "images/s"].map(str::to_owned);
        let line = |arm: &str, [model, loss]: [&str; 2], values: &[String]| {
            let values: String = values.iter().take(numbers).map(|value| pad_left(value, NUMBER)).collect();
            let column = |text: &str| if texts > 0 { pad(text, texts) + " " } else { String::new() };
            pad(arm, name) + &column(model) + &column(loss) + &values
        };
        let mut lines = vec![Line::styled(line("arm", ["model", "loss"], &head), dim())];
        for (place, arm) in self.spec.arms.iter().enumerate() {
            let loss = arm.loss();
            let loss = if arm.model.row().kind == Kind::Network { loss.name() } else { "" };
            let text = line(&arm.leak.label(&arm.name), [arm.model.name(), loss], &self.values(place));
            lines.push(Line::raw(text));
        }
        lines
    }

    /// Time of a run, parameters, memory, operations, images a second.
    fn values(&self, place: usize) -> [String; 5] {
        let (launch, arm) = (self.app.launch(), &self.spec.arms[place]);
        let outlook = launch.outlook(self.text).and_then(|outlook| outlook.as_ref().ok());
        let estimate = outlook.and_then(|outlook| launch.estimate(self.spec, place, outlook));
        let sign = |basis: &Basis| if *basis == Basis::Scaled { "~" } else { "=" };
        let run = estimate.as_ref().and_then(|of| Some(format!("{}{}", sign(&of.basis), duration(of.run_s?))));
        let pace = estimate.and_then(|of| of.images_per_s).map(pace);
        let of_pixels = arm.model.row().kind == Kind::Pixels;
        let key = CostKey::of(&arm.model, self.spec.protocol.input_px);
        let [params, memory, macs] = match launch.cost(&key) {
            _ if of_pixels => ["", "", ""].map(str::to_owned),
            None => ["…", "…", "…"].map(str::to_owned),
            Some(Err(_)) => ["?", "?", "?"].map(str::to_owned),
            Some(Ok(summary)) => [
                count(summary.params as u64),
                format!("{:.0}", summary.step_mib(self.spec.train.batch)),
                operations(summary.macs as f64),
            ],
        };
        [run.unwrap_or_else(|| "?".to_owned()), params, memory, macs, pace.unwrap_or_default()]
    }
}

/// `950`, `31.0 k`, `2.4 M`, `65.30 G`.
fn operations(macs: f64) -> String {
    match macs {
        ..1e3 => format!("{macs:.0}"),
        1e3..1e6 => format!("{:.1} k", macs / 1e3),
        1e6..1e9 => format!("{:.1} M", macs / 1e6),
        _ => format!("{:.2} G", macs / 1e9),
    }
}

/// Images a second, as exactly as anyone can know them.
fn pace(images_per_s: f64) -> String {
    format!("{images_per_s:.*}", if images_per_s < 10.0 { 1 } else { 0 })
}

/// `text` in lines of at most `columns`, broken between words where there are some.
pub(super) fn wrapped(text: &str, columns: usize, style: Style) -> Vec<Line<'static>> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        let line = lines.last_mut().expect("never empty");
        if !line.is_empty() && width(line) + 1 + width(&word) <= columns {
            line.push(' ');
            line.push_str(&word);
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        // A path is longer than a line.
        while width(&word) > columns && columns > 1 {
            let head = fit(&word, columns);
            let kept = head.trim_end_matches('…').len();
            if kept == 0 {
                break;
            }
            *lines.last_mut().expect("never empty") = word[..kept].to_owned();
            word = word[kept..].to_owned();
            lines.push(String::new());
        }
        *lines.last_mut().expect("never empty") = word;
    }
    lines.into_iter().filter(|line| !line.is_empty()).map(|line| Line::from(Span::styled(line, style))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_small_and_large_networks_are_told_apart() {
        let said = [950.0, 31_000.0, 2.4e6, 65.3e9].map(operations);
        assert_eq!(said, ["950", "31.0 k", "2.4 M", "65.30 G"]);
    }
}
