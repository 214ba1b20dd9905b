//! What the keys of the launch screens do, and what comes back from outside.

use super::{Access, App, Effect, Screen};
use crate::tui::keys::Motion;
use crate::tui::launch::field::Field;
use crate::tui::launch::{Deed, Draft, Errand, Form, Input, Launcher, Line, News, Question, Starting, Unsaved};
use crate::tui::text::clean;

impl App {
    /// What can be started.
    pub fn launch(&self) -> &Launcher {
        &self.launch
    }

    /// Runs at a time: as somebody has said, else as many as run, else one on each GPU that there is.
    pub fn slots(&self) -> usize {
        let running = self.count(crate::run::State::Running);
        self.setup.slots.unwrap_or_else(|| self.launch.target.gpus().max(running)).max(1)
    }

    /// A question of the launch screens.
    pub(super) fn launch_question(&self) -> Option<&str> {
        self.launch.question.as_ref().map(Question::text)
    }

    pub(super) fn launch_answered(&mut self, is_yes: bool) -> Option<Effect> {
        let question = self.launch.question.take()?;
        if !is_yes {
            self.launch.then_start = false;
            self.notice = Some("nothing was changed".to_owned());
            return None;
        }
        self.notice = None;
        match question {
            Question::Discard(_, deed) => self.do_deed(deed),
            Question::Leave(_) => Some(Effect::Quit),
            Question::Replace(_, path) => {
                let text = self.launch.form.as_ref()?.draft.toml().to_owned();
                Some(Effect::Launch(Errand::Save { text, path: Some(path), replace: true }))
            }
        }
    }

    pub(super) fn launch_go(&mut self, motion: Motion, page: usize) {
        match (self.screen(), &mut self.launch.form) {
            (Screen::Form, Some(form)) => form.go(motion, page),
            _ => {
                let lines = self.launch.lines(&self.rows).len();
                let spec = self.launch.offer(&self.rows).and_then(|offer| offer.spec.as_ref().ok());
                // An arm is a line, and what is said of all of them takes some more.
                let below = spec.map_or(0, |spec| spec.arms.len() + 12);
                self.launch.go(motion, (page, lines, below));
            }
        }
    }

    pub(super) fn deed(&mut self, deed: Deed) -> Option<Effect> {
        let in_form = self.screen() == Screen::Form;
        let opens = matches!(deed, Deed::New | Deed::Duplicate | Deed::Edit) || deed == Deed::Editor && !in_form;
        let draft = self.launch.form.as_ref().map(|form| &form.draft).filter(|draft| draft.is_changed());
        if let Some(draft) = draft.filter(|_| opens) {
            let text = format!("discard the draft \"{}\", which is not saved?", clean(&draft.name()));
            self.launch.question = Some(Question::Discard(text, deed));
            return None;
        }
        if deed.writes() && self.setup.access == Access::ReadOnly {
            self.notice = Some("read-only: specs can be looked at here, not written or started".to_owned());
            return None;
        }
        if deed == Deed::RemoveArm
            && let Some((form, arm)) = self.launch.form.as_ref().and_then(|form| Some((form, form.field()?.arm()?)))
        {
            let text = format!("remove the arm \"{}\"?", form.draft.arm_name(arm));
            self.launch.question = Some(Question::Discard(text, deed));
            return None;
        }
        self.do_deed(deed)
    }

    fn do_deed(&mut self, deed: Deed) -> Option<Effect> {
        match deed {
            Deed::New => {
                let draft = Draft::fresh(&self.free_name("new"));
                self.open_form(draft);
            }
            Deed::Duplicate => self.open_chosen(false),
            Deed::Edit => self.open_chosen(true),
            Deed::Editor => {
                if self.screen() != Screen::Form {
                    self.open_chosen(true);
                }
                let form = self.launch.form.as_ref().filter(|_| self.screen() == Screen::Form)?;
                return Some(Effect::Launch(Errand::Edit(form.draft.toml().to_owned())));
            }
            Deed::Start if self.screen() == Screen::Form => return self.start_draft(),
            Deed::Start => return self.start_chosen(),
            Deed::Save => return self.save_draft(),
            Deed::Again => {
                self.launch.forget();
                return Some(Effect::Launch(Errand::Again));
            }
            Deed::Device => self.launch.target.turn(),
            Deed::Profile => self.notice = self.launch.turn_profile(&self.rows),
            Deed::Change => return self.change(),
            Deed::AddArm | Deed::RemoveArm | Deed::Turn(_) => self.change_form(deed),
        }
        None
    }

    fn change_form(&mut self, deed: Deed) {
        let datasets = self.launch.datasets().to_vec();
        let Some(form) = &mut self.launch.form else { return };
        let arm = form.field().and_then(Field::arm);
        match (deed, arm) {
            (Deed::Turn(direction), _) => form.turn(direction, &datasets),
            (Deed::AddArm, arm) => form.add_arm(arm),
            (Deed::RemoveArm, Some(arm)) => form.draft.remove_arm(arm),
            _ => self.notice = Some("no arm under the cursor".to_owned()),
        }
    }

    /// Enter in the form.
    fn change(&mut self) -> Option<Effect> {
        let datasets = self.launch.datasets().to_vec();
        match self.launch.form.as_mut().map(|form| (form.field(), form)) {
            Some((Some(Field::Save), _)) => self.deed(Deed::Save),
            Some((Some(Field::Start), _)) => self.deed(Deed::Start),
            Some((_, form)) => {
                form.open(&datasets);
                None
            }
            None => None,
        }
    }

    pub(super) fn launch_input(&mut self, input: Input) {
        let datasets = self.launch.datasets().to_vec();
        let Some(form) = &mut self.launch.form else { return };
        match input {
            Input::Typed(c) => form.typed(c),
            Input::Erased => form.erased(),
            Input::Cleared => form.cleared(),
            Input::Entered => form.entered(&datasets),
            Input::Picked(direction) => form.picked(direction, &datasets),
            Input::Dismissed => form.dismissed(),
        }
    }

    fn free_name(&self, name: &str) -> String {
        let taken = |name: &str| self.rows.iter().any(|row| row.spec == name);
        self.launch.shelf.as_ref().map_or_else(|| name.to_owned(), |shelf| shelf.free_name(name, &taken))
    }

    /// The chosen spec in the form: itself, or a copy of it; of a built-in one always a copy.
    fn open_chosen(&mut self, itself: bool) {
        let Some(offer) = self.launch.listed(&self.rows) else {
            let only_runs = matches!(self.launch.line(&self.rows), Some(Line::Runs(_)));
            let text = if only_runs { "only its runs are known: there is no spec to open" } else { "no spec chosen" };
            self.notice = Some(text.to_owned());
            return;
        };
        let (draft, name) = (Draft::parse(&offer.text), offer.name.clone());
        match offer.path.clone().filter(|_| itself) {
            Some(path) => self.open_form(draft.opened_from(&path)),
            None => {
                if itself {
                    self.notice = Some(format!("{name} is built in: this is a copy"));
                }
                self.open_form(draft.called_anew(&self.free_name(&name)));
            }
        }
    }

    fn open_form(&mut self, draft: Draft) {
        self.launch.form = Some(Form::new(draft));
        self.show(Screen::Form);
    }

    fn start_chosen(&mut self) -> Option<Effect> {
        let Some(offer) = self.launch.offer(&self.rows) else {
            self.notice = Some("there is no spec here; on Runs, r resumes runs".to_owned());
            return None;
        };
        let text = offer.text.clone();
        let refused = match (&offer.spec, self.launch.outlook(&text)) {
            (Err(error), _) => Some(error.clone()),
            (_, Some(Err(trouble))) => Some(trouble.text().to_owned()),
            _ => None,
        };
        self.start(text, refused)
    }

    /// Saves what is not saved yet, and starts it once that is done.
    fn start_draft(&mut self) -> Option<Effect> {
        let draft = &self.launch.form.as_ref()?.draft;
        let text = draft.toml().to_owned();
        let refused = draft.faults().first().map(|fault| fault.text.clone());
        if refused.is_none() && (draft.is_changed() || draft.file().is_none()) {
            self.launch.then_start = true;
            return self.save_draft();
        }
        self.start(text, refused)
    }

    fn start(&mut self, text: String, refused: Option<String>) -> Option<Effect> {
        self.launch.then_start = false;
        if self.launch.starting != Starting::Idle || refused.is_some() {
            if refused.is_none() {
                self.launch.starting = Starting::Awaited;
            }
            self.notice = refused.or_else(|| Some("it is being started".to_owned()));
            return None;
        }
        self.launch.starting = Starting::Awaited;
        self.notice = Some("starting: reading the data set …".to_owned());
        Some(Effect::Launch(Errand::Start { text, device: self.launch.target.device.clone() }))
    }

    fn save_draft(&mut self) -> Option<Effect> {
        let draft = &self.launch.form.as_ref()?.draft;
        if let Some(fault) = draft.faults().first() {
            self.launch.then_start = false;
            self.notice = Some(format!("not saved: {}", fault.text));
            return None;
        }
        let path = draft.file().map(std::path::Path::to_owned);
        Some(Effect::Launch(Errand::Save { text: draft.toml().to_owned(), path, replace: false }))
    }

    pub(super) fn launch_news(&mut self, news: News) -> Option<Effect> {
        match news {
            News::Shelf(shelf) => self.launch.set_shelf(shelf),
            News::Devices(devices) => self.launch.target.devices = Some(devices),
            News::Outlook(text, outlook) => self.launch.learn(text, outlook),
            News::Measured(measured) => self.launch.measured = measured,
            News::Cost(key, summary) => self.launch.count(key, summary.map_err(|error| clean(&error))),
            News::Saved(saved) => return self.saved(saved),
            News::Edited(edited) => self.edited(edited),
            News::Started(started) => self.started(started),
        }
        None
    }

    fn saved(&mut self, saved: Result<std::path::PathBuf, Unsaved>) -> Option<Effect> {
        let form = self.launch.form.as_mut()?;
        match saved {
            Ok(path) => {
                form.draft.saved(&path);
                let (text, name) = (form.draft.toml().to_owned(), form.draft.name());
                self.launch.seek(name);
                self.notice = Some(format!("saved: {}", clean(&path.display().to_string())));
                return if self.launch.then_start { self.start(text, None) } else { None };
            }
            Err(Unsaved::Exists(path)) => {
                let text = format!("{} is there: replace it?", clean(&path.display().to_string()));
                self.launch.question = Some(Question::Replace(text, path));
            }
            Err(Unsaved::Refused(text)) => {
                self.launch.then_start = false;
                self.notice = Some(format!("not saved: {text}"));
            }
        }
        None
    }

    fn edited(&mut self, edited: Result<String, String>) {
        let Some(form) = &mut self.launch.form else { return };
        match edited {
            Ok(text) => {
                let draft = form.draft.edited(&text);
                self.notice = draft.faults().first().map(|fault| fault.text.clone());
                *form = Form::new(draft);
            }
            Err(error) => self.notice = Some(clean(&error)),
        }
    }
}
