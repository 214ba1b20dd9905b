//! The audit screen's keys.

use super::{App, Effect, Screen};
use crate::tui::audit::Audit;
use crate::tui::evidence;
use crate::tui::keys::Motion;
use crate::tui::row::Row;

impl App {
    /// What is wrong with data, split and printed tables.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The run whose data set and split are looked at: the chosen one, or any.
    pub fn audited(&self) -> Option<&Row> {
        self.chosen().or_else(|| self.rows.first())
    }

    /// Audits the data set of the run that is looked at.
    pub(super) fn start_audit(&mut self) -> Option<Effect> {
        let Some(name) = self.audited().map(|row| row.name.clone()) else { return self.no_run() };
        if let Some(progress) = self.audit.progress() {
            self.notice = Some(format!("{} is being audited: one data set at a time", progress.dataset));
            return None;
        }
        self.notice =
            Some("audit started: it goes on while you look elsewhere, until the dashboard is left".to_owned());
        Some(Effect::Audit(name))
    }

    pub(super) fn go_audit(&mut self, motion: Motion, page: usize) {
        let columns = usize::from(self.size.0);
        let text = self.audit.chosen().map(|entry| evidence::lines(&self.audit, entry.item, columns).len());
        self.audit.go(motion, (page, text.unwrap_or(0).saturating_sub(1)));
    }

    /// Whether `Back` closed something of the screen itself.
    pub(super) fn backs_out(&mut self) -> bool {
        match self.screen() {
            Screen::Audit => self.audit.back(),
            Screen::Cases => self.album.back(),
            _ => false,
        }
    }
}
