//! `seglab status --line`: one line for a status bar.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::{Context, print};
use crate::run::State;
use crate::store::RunDir;
use crate::tui::pace::queue_s;
use crate::tui::row::Row;

pub(super) fn line(context: &Context, spec: Option<&str>) -> anyhow::Result<ExitCode> {
    let runs = match spec {
        Some(spec) => context.store.runs_of(spec)?,
        None => context.store.runs()?,
    };
    let mut rows: Vec<Row> = runs.iter().map(row).collect();
    plan_epochs(&mut rows);
    let text = text(&rows);
    let text = if context.ascii { text.replace(" · ", ", ") } else { text };
    print(&(text + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// As far as two ends of its events tell.
fn row(run: &RunDir) -> Row {
    let glance = run.glance();
    let record = &glance.record;
    let recent = &record.curve[record.curve.len().saturating_sub(5)..];
    let pace_s = recent.iter().map(|point| point.elapsed_s).sum::<f64>() / recent.len().max(1) as f64;
    Row {
        spec: run.spec().to_owned(),
        arm: arm(run.id().as_str()).to_owned(),
        state: Some(glance.state),
        epoch: record.epoch(),
        epochs: record.epochs,
        progress: Some(record.progress()).filter(|share| share.is_finite()).unwrap_or(0.0),
        left_s: record.eta_s().filter(|left| left.is_finite()),
        spent_s: Some(pace_s * f64::from(record.epoch())).filter(|spent| spent.is_finite()).unwrap_or(0.0),
        ..Row::default()
    }
}

/// A run that waits has not said how many epochs it has: as many as the others of its spec.
fn plan_epochs(rows: &mut [Row]) {
    let known: BTreeMap<String, u32> =
        rows.iter().filter(|row| row.epochs > 0).map(|row| (row.spec.clone(), row.epochs)).collect();
    for row in rows.iter_mut().filter(|row| row.epochs == 0) {
        row.epochs = known.get(&row.spec).copied().unwrap_or(0);
    }
}

/// `unet` of `unet-f0-s1-3fa9c1d2`: runs of one arm take about as long.
fn arm(id: &str) -> &str {
    id.rsplitn(4, '-').last().unwrap_or(id)
}

/// `2 running 41 % · 3 queued · 1 failed · ETA 12 min`; what has finished only where nothing goes on.
fn text(rows: &[Row]) -> String {
    let count = |state: State| rows.iter().filter(|row| row.state == Some(state)).count();
    let mut parts = Vec::new();
    let mut add = |state: State, more: &str| {
        let n = count(state);
        parts.extend((n > 0).then(|| format!("{n} {}{more}", state.name())));
    };
    let running = count(State::Running);
    let done: f64 = rows.iter().filter(|row| row.state == Some(State::Running)).map(|row| row.progress).sum();
    // 99.6 % is not done.
    add(State::Running, &format!(" {:.0} %", (done * 100.0 / running.max(1) as f64).floor()));
    add(State::Queued, "");
    add(State::Failed, "");
    add(State::Lost, "");
    let alive = running + count(State::Queued) > 0;
    if !alive {
        add(State::Stopped, "");
        add(State::Finished, "");
        add(State::Planned, "");
    }
    let left = queue_s(rows, running.max(1));
    parts.extend(left.map(|left| format!("ETA {}", clock(left))));
    if parts.is_empty() { "no runs".to_owned() } else { parts.join(" · ") }
}

/// `40 s`, `12 min`, `3 h 05 min`, `2 d 7 h`.
fn clock(seconds: f64) -> String {
    match seconds.clamp(0.0, 1e12) as u64 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..5970 => format!("{} min", (s + 30) / 60),
        s @ 5970..172_800 => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
        s => format!("{} d {} h", s / 86_400, s % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: State, progress: f64, left_s: Option<f64>) -> Row {
        let epoch = (100.0 * progress) as u32;
        let spent_s = f64::from(epoch);
        Row { arm: "unet".into(), state: Some(state), epoch, epochs: 100, progress, left_s, spent_s, ..Row::default() }
    }

    #[test]
    fn a_line_says_what_goes_on_and_when_it_ends() {
        let rows = [
            row(State::Running, 0.5, Some(50.0)),
            row(State::Running, 0.329, Some(67.1)),
            row(State::Queued, 0.0, None),
            row(State::Failed, 0.1, None),
            row(State::Finished, 1.0, None),
        ];
        // 50 + 67 + 100 seconds of work on the two slots that are in use.
        assert_eq!(text(&rows), "2 running 41 % · 1 queued · 1 failed · ETA 2 min");
        assert_eq!(text(&rows[3..]), "1 failed · 1 finished");
        assert_eq!(text(&rows[2..3]), "1 queued");
        assert_eq!(text(&[]), "no runs");
    }

    #[test]
    fn clocks_are_short() {
        assert_eq!([40.0, 725.0, 11_100.0, 200_000.0].map(clock), ["40 s", "12 min", "3 h 05 min", "2 d 7 h"]);
    }

    #[test]
    fn an_arm_may_have_hyphens() {
        assert_eq!(arm("att-unet-f0-s1-3fa9c1d2"), "att-unet");
        assert_eq!(arm("odd"), "odd");
    }
}
