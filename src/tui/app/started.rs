//! What comes of a start: the runs that wait or begin now.

use super::{App, Follow, Screen};
use crate::tui::launch::{Started, Starting, Trouble};

impl App {
    pub(super) fn started(&mut self, started: Result<Started, Trouble>) {
        let asked = std::mem::take(&mut self.launch.starting);
        match started {
            Ok(Started { spec, runs, waiting, warnings }) => {
                if asked != Starting::Left {
                    self.show_runs_of(&spec);
                }
                let warning = warnings.first().map_or_else(String::new, |warning| format!("; {warning}"));
                self.notice = Some(match waiting {
                    0 => format!("{spec}: all {runs} runs are finished or running"),
                    _ => format!("{spec}: {waiting} of {runs} runs wait or begin{warning}"),
                });
            }
            Err(trouble) => self.notice = Some(format!("not started: {}", trouble.text())),
        }
    }
    fn show_runs_of(&mut self, spec: &str) {
        self.show(Screen::Runs);
        let filter = format!("spec={spec}");
        self.given_filter = Some(filter.clone());
        self.refilter(|typed| *typed = filter);
        self.follow = Follow::Top;
        self.select();
    }
}
