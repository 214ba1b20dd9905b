//! The spec under the cursor: as its file has it, or at one of its profiles.

use super::{Launcher, Line, Offer};
use crate::spec::MARK;
use crate::tui::row::Row;
use crate::tui::text::clean;

impl Launcher {
    /// The spec under the cursor at its profile, if one is chosen.
    pub fn offer(&self, rows: &[Row]) -> Option<&Offer> {
        let listed = self.listed(rows)?;
        Some(self.sized.as_ref().unwrap_or(listed))
    }

    /// The next profile of the spec under the cursor, its full size after the last; what to say where it has none.
    pub fn turn_profile(&mut self, rows: &[Row]) -> Option<String> {
        let Some(offer) = self.listed(rows) else { return Some("there is no spec here".to_owned()) };
        if offer.spec.is_err() {
            return Some(format!("{} cannot be read, nor can its profiles", offer.name));
        }
        let last = self.sized.as_ref().and_then(|sized| Some(sized.name.rsplit_once(MARK)?.1));
        let sizes = offer.profiles();
        let next = last.map_or(0, |last| sizes.iter().position(|own| own == last).map_or(0, |place| place + 1));
        let sized = sizes.get(next).and_then(|profile| offer.at_profile(profile));
        let refused = sizes.is_empty().then(|| format!("{} has no profile", offer.name));
        self.sized = sized;
        refused
    }

    /// The spec under the cursor as its file has it.
    pub fn listed(&self, rows: &[Row]) -> Option<&Offer> {
        match self.line(rows)? {
            Line::Offer(place) => self.shelf.as_ref()?.offers.get(place),
            Line::Runs(_) => None,
        }
    }
}

impl Offer {
    /// Names of its profiles.
    pub fn profiles(&self) -> Vec<String> {
        self.spec.as_ref().map_or_else(|_| Vec::new(), |spec| spec.profiles.keys().cloned().collect())
    }

    /// It at the sizes of `profile`, with the text that is planned and started; `None` if it cannot be read itself.
    pub fn at_profile(&self, profile: &str) -> Option<Self> {
        let full = self.spec.as_ref().ok()?;
        let sized = full.at_profile(profile).and_then(|spec| {
            toml::to_string(&spec).map(|text| (text, spec)).map_err(|error| clean(&error.to_string()))
        });
        let (text, spec) = match sized {
            Ok((text, spec)) => (text, Ok(spec)),
            Err(error) => (self.text.clone(), Err(error)),
        };
        Some(Self { name: format!("{}{MARK}{profile}", full.name), path: self.path.clone(), text, spec })
    }
}
