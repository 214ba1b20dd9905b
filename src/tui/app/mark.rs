//! Marked runs, and the question that comes before something is done to all of them.

use std::collections::BTreeSet;

use super::{App, Effect};
use crate::run::State;
use crate::tui::keys::{Action, Direction, Motion};
use crate::tui::row::{Name, Row};

/// What is asked for, and of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    action: Action,
    names: Vec<Name>,
    question: String,
}

impl App {
    /// Runs that the next stop or resume is for.
    pub fn marked(&self) -> &BTreeSet<Name> {
        &self.marked
    }

    /// A question that waits for yes or no.
    pub fn question(&self) -> Option<&str> {
        self.asked.as_ref().map(|asked| asked.question.as_str()).or_else(|| self.launch_question())
    }

    /// Marks the run under the cursor and goes on to the next line; on a head, all of its group. What is marked already
    /// is not any more.
    pub(super) fn mark(&mut self) {
        let places: Vec<usize> = match self.list.head_at(self.cursor) {
            Some(head) => head.runs.clone(),
            None => self.list.run_at(self.cursor).into_iter().collect(),
        };
        let names: Vec<Name> = places.iter().map(|&i| self.rows[i].name.clone()).collect();
        match names.iter().all(|name| self.marked.contains(name)) {
            true => names.iter().for_each(|name| _ = self.marked.remove(name)),
            false => self.marked.extend(names),
        }
        self.go(Motion::Line(Direction::Forward));
    }

    pub(super) fn unmark(&mut self) {
        self.notice = Some(match self.marked.len() {
            0 => "nothing is marked".to_owned(),
            n => format!("{n} not marked any more"),
        });
        self.marked.clear();
    }

    /// A run that is gone cannot be acted on.
    pub(super) fn forget_unknown_marks(&mut self) {
        if !self.marked.is_empty() {
            let known: BTreeSet<&Name> = self.rows.iter().map(|row| &row.name).collect();
            self.marked.retain(|name| known.contains(name));
        }
    }

    /// Names how many runs `action` is for, and waits for an answer.
    pub(super) fn ask(&mut self, action: Action) {
        let (verb, can): (_, fn(&Row) -> bool) = match action {
            Action::Stop => ("stop", Row::can_stop),
            _ => ("resume", Row::can_resume),
        };
        let marked = || self.rows.iter().filter(|row| self.marked.contains(&row.name));
        let names: Vec<Name> = marked().filter(|row| can(row)).map(|row| row.name.clone()).collect();
        let all = self.marked.len();
        if names.is_empty() {
            self.notice = Some(format!("{all} marked: nothing to {verb} among them; u unmarks"));
            return;
        }
        let shown: BTreeSet<&Name> = self.shown().map(|row| &row.name).collect();
        let hidden = names.iter().filter(|name| !shown.contains(name)).count();
        let hidden = if hidden > 0 { format!(", {hidden} hidden by the filter") } else { String::new() };
        let runs = if all == 1 { "run" } else { "runs" };
        let question = format!("{verb} {} of {all} marked {runs}{hidden}?", names.len());
        self.asked = Some(Asked { action, names, question });
    }

    pub(super) fn confirmed(&mut self) -> Option<Effect> {
        let Some(Asked { action, names, .. }) = self.asked.take() else { return self.launch_answered(true) };
        let effect = |row: &Row| match (action, row.state) {
            (Action::Stop, Some(State::Running)) => Some(Effect::Stop(row.name.clone())),
            (Action::Stop, Some(State::Queued)) => Some(Effect::Dequeue(row.name.clone())),
            (Action::Resume, _) if row.can_resume() => Some(Effect::Enqueue(row.name.clone())),
            // It has ended, or has begun, since the question was asked.
            _ => None,
        };
        let asked = names.iter().filter_map(|name| self.rows.iter().find(|row| row.name == *name));
        let effects: Vec<Effect> = asked.filter_map(effect).collect();
        let done = if action == Action::Stop { "asked to stop, or out of the queue" } else { "in the queue" };
        self.notice = Some(format!("{} {done}", effects.len()));
        self.marked.clear();
        Some(Effect::All(effects))
    }

    pub(super) fn declined(&mut self) {
        self.launch_answered(false);
        self.asked = None;
        self.notice = Some("nothing was changed".to_owned());
    }
}
