//! What the shown screen puts on the clipboard.

use super::{App, Effect, Screen};
use crate::tui::copy::{self, Copied};
use crate::tui::field::Field;
use crate::tui::keys::Copy;
use crate::tui::printed;
use crate::tui::versus::Block;

impl App {
    pub(super) fn copy(&mut self, what: Copy) -> Option<Effect> {
        let copied = match self.screen() {
            Screen::Compare => self.copied_of_arms(what),
            Screen::Cases => self.copied_of_cases(what),
            Screen::Audit if what == Copy::Table => copy::findings(&self.audit),
            Screen::Audit => copy::finding(&self.audit),
            Screen::Difference => self.versus.pair.as_ref().and_then(|pair| match what {
                Copy::Table => copy::differences(pair),
                Copy::Row | Copy::Cell => copy::difference(pair, self.scroll),
            }),
            _ => self.copied_of_runs(what),
        };
        let Some(copied) = copied else {
            self.notice = Some("nothing here to copy".to_owned());
            return None;
        };
        self.notice = Some(copied.notice);
        Some(Effect::Copy(copied.text))
    }

    fn copied_of_runs(&self, what: Copy) -> Option<Copied> {
        let field = || self.list.sort().map(|sort| sort.field).or_else(|| Field::named("run"));
        match what {
            Copy::Cell => copy::run_cell(self.chosen()?, field()?),
            Copy::Row => self.chosen().map(copy::run),
            Copy::Table => copy::runs(self.shown()),
        }
    }

    /// Where the printed block has the screen, there is no arm under the cursor.
    fn copied_of_arms(&self, what: Copy) -> Option<Copied> {
        let comparison = self.arms.compared().and_then(Result::ok);
        let answers = comparison.and_then(|comparison| self.versus.answers(comparison)?.ok());
        match what {
            Copy::Table if self.versus.block == Block::Printed => {
                copy::block(printed::lines(self.versus.printed()?, self.versus.order, usize::from(self.size.0)))
            }
            _ if self.versus.block == Block::Printed => None,
            Copy::Cell => copy::arm_cell(&self.arms, self.scroll),
            Copy::Row => copy::arm(&self.arms, self.scroll, answers),
            Copy::Table => copy::arms(&self.arms, answers),
        }
    }

    fn copied_of_cases(&self, what: Copy) -> Option<Copied> {
        // Until its own are read, those of the run before are still there.
        let cases = Some(self.cases()).filter(|cases| self.chosen().is_some_and(|row| row.name == cases.name()))?;
        match what {
            Copy::Cell => copy::case_cell(cases),
            Copy::Row => copy::case(cases),
            Copy::Table => copy::cases(cases),
        }
    }
}
