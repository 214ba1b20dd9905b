//! What the palette's chosen line does.

use super::{App, Effect, Screen};
use crate::tui::keys::Direction;
use crate::tui::palette::{Does, Palette, sorted};

impl App {
    /// The palette, while it is open.
    pub fn palette(&self) -> Option<&Palette> {
        self.palette.as_ref()
    }

    pub(super) fn pick(&mut self, direction: Direction) {
        let screen = self.screen();
        if let Some(palette) = &mut self.palette {
            palette.pick(direction, screen);
        }
    }

    /// Does what the chosen line says, on a screen where it can be done.
    pub(super) fn run_entry(&mut self, palette: Palette) -> Option<Effect> {
        let entry = palette.entries(self.screen()).into_iter().nth(palette.cursor())?;
        let screens = match entry.does {
            Does::Act(_, screens) => screens,
            _ => &[Screen::Runs],
        };
        if !screens.contains(&self.screen()) {
            let screen = *screens.first()?;
            self.show(screen);
            if self.screen() != screen {
                return None;
            }
        }
        match entry.does {
            Does::Act(action, _) => return self.act(action),
            // Without a text it is typed where one always does.
            Does::Filter(filter) if filter.is_empty() => self.begin_filter(),
            Does::Filter(filter) => {
                self.refilter(|text| *text = filter);
                self.name_faults();
            }
            Does::Sort(field) => {
                let before = self.list.sort();
                self.list.set_sort(field.map(|field| sorted(field, before)));
            }
            Does::Group(group) => self.list.set_group(group),
        }
        self.select();
        None
    }
}
