//! Telling someone who looks elsewhere that a run has ended: what is news, and how it is said.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::osc::{Multiplexer, osc9, osc777};
use super::row::{Row, Score};
use crate::run::State;

/// How the end of a run is announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Not at all.
    Off,
    /// The terminal's bell.
    #[default]
    Bell,
    /// The notification that iTerm2, WezTerm, Windows Terminal and ghostty show.
    Osc9,
    /// The notification that urxvt, foot and VTE terminals show.
    Osc777,
    /// All of them.
    All,
}

impl Notify {
    /// Every choice.
    pub const ALL: [Self; 5] = [Self::Off, Self::Bell, Self::Osc9, Self::Osc777, Self::All];

    /// As settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Notify::Off => "off",
            Notify::Bell => "bell",
            Notify::Osc9 => "osc9",
            Notify::Osc777 => "osc777",
            Notify::All => "all",
        }
    }

    /// What the terminal is sent to say `text`.
    pub(super) fn code(self, text: &str, multiplexer: Multiplexer) -> String {
        let bell = || "\u{7}".to_owned();
        match self {
            Notify::Off => String::new(),
            Notify::Bell => bell(),
            Notify::Osc9 => osc9(text, multiplexer),
            Notify::Osc777 => osc777(text, multiplexer),
            Notify::All => bell() + &osc9(text, multiplexer) + &osc777(text, multiplexer),
        }
    }
}

/// What ended between two looks at the same runs; `None` if nothing did. A run that nobody saw alive is no news, nor is
/// one that was asked to stop.
pub fn news(before: &[Row], after: &[Row]) -> Option<String> {
    let alive = before.iter().filter(|row| row.can_stop());
    let alive: BTreeMap<&str, &Row> = alive.map(|row| (row.name.as_str(), row)).collect();
    if alive.is_empty() {
        return None;
    }
    let ended: Vec<&Row> =
        after.iter().filter(|row| alive.get(row.name.as_str()).is_some_and(|was| has_ended(was, row))).collect();
    match ended[..] {
        [] => None,
        [row] => Some(format!("{} f{} s{} {}{}", row.arm, row.fold, row.seed, row.word(), score(row))),
        _ => {
            let count = |state: State| ended.iter().filter(|row| row.state == Some(state)).count();
            let states = [State::Finished, State::Failed, State::Lost];
            let parts = states.map(|state| (count(state), state.name())).into_iter().filter(|(n, _)| *n > 0);
            let parts: Vec<String> = parts.map(|(n, name)| format!("{n} {name}")).collect();
            Some(format!("runs ended: {}", parts.join(", ")))
        }
    }
}

fn has_ended(was: &Row, is: &Row) -> bool {
    match (was.state, is.state) {
        (Some(State::Running), Some(State::Finished | State::Failed | State::Lost)) => true,
        // It began and ended between two looks, unless it only left the queue: then its last word is an old one.
        (Some(State::Queued), Some(State::Finished | State::Failed)) => was.ended_s != is.ended_s,
        _ => false,
    }
}

fn score(row: &Row) -> String {
    let Some(Score { task, value, .. }) = row.score.filter(|_| row.state == Some(State::Finished)) else {
        return String::new();
    };
    format!(", {} {value:.3}", task.main()[0].label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, state: State, ended_s: Option<f64>) -> Row {
        Row { name: name.into(), arm: name.into(), state: Some(state), ended_s, ..Row::default() }
    }

    #[test]
    fn only_an_end_that_was_seen_is_news() {
        use State::{Failed, Finished, Lost, Queued, Running, Stopped};
        for (was, is, told) in [
            (Running, Finished, true),
            (Running, Failed, true),
            (Running, Lost, true),
            (Running, Stopped, false),
            (Queued, Running, false),
            (Finished, Finished, false),
            (Lost, Finished, false),
        ] {
            let news = news(&[row("a", was, None)], &[row("a", is, Some(1.0))]);
            assert_eq!(news.is_some(), told, "{was:?} {is:?}: {news:?}");
        }
        assert_eq!(news(&[], &[row("old", Finished, Some(1.0))]), None);
        // Out of the queue again, with its old last word; and started and failed within one look.
        assert_eq!(news(&[row("a", Queued, Some(1.0))], &[row("a", Failed, Some(1.0))]), None);
        assert!(news(&[row("a", Queued, Some(1.0))], &[row("a", Failed, Some(2.0))]).is_some());
    }

    #[test]
    fn many_ends_are_one_message() {
        use State::{Failed, Finished, Running};
        let before: Vec<Row> = (0..9).map(|i| row(&format!("r{i}"), Running, None)).collect();
        let state = |i: usize| if i < 6 { Finished } else { Failed };
        let after: Vec<Row> = (0..9).map(|i| row(&format!("r{i}"), state(i), Some(1.0))).collect();
        assert_eq!(news(&before, &after).as_deref(), Some("runs ended: 6 finished, 3 failed"));
    }

    #[test]
    fn off_says_nothing_and_all_says_everything() {
        assert_eq!(Notify::Off.code("x", Multiplexer::None), "");
        let all = Notify::All.code("x", Multiplexer::None);
        assert_eq!(all, "\u{7}\u{1b}]9;seglab: x\u{7}\u{1b}]777;notify;seglab;x\u{7}");
    }
}
