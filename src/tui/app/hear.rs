//! What the feed tells: of the store, of the machine, of what threads have found.

use std::sync::Arc;

use super::{App, Effect, Msg, Screen};
use crate::run::State;
use crate::tui::notify;
use crate::tui::row::{self, Row};
use crate::tui::text::clean;
use crate::tui::widget::picture::Picture;

/// Seconds that a notice takes the keys' place.
const READ_S: f64 = 12.0;

impl App {
    /// Takes what was told; what shows the same as before is no reason to draw.
    pub(super) fn hear(&mut self, msg: Msg) -> Option<Effect> {
        let before = self.revision - 1;
        match msg {
            Msg::Clock(now_s) => self.revision = before + u64::from(self.tick(now_s)),
            Msg::Rows(rows) => {
                let news = notify::news(&self.rows, &rows);
                self.revision = before + u64::from(self.set_rows(rows));
                return news.map(Effect::Announce);
            }
            Msg::Unread(unread) => {
                self.revision = before + u64::from(unread != self.unread || self.wanted.is_some());
                self.unread = unread;
                self.take_up();
            }
            Msg::Broken(broken) => self.broken = broken.iter().map(|reason| clean(reason)).collect(),
            Msg::Detail(detail) => {
                self.revision = before + u64::from(self.detail.as_deref() != Some(&*detail));
                self.detail = Some(Arc::from(detail));
            }
            Msg::Log(text) => self.take_log(&text),
            Msg::Picture(picture) => self.take_picture(picture),
            Msg::Compared(compared) => {
                self.arms.set(compared);
                self.compared_anew();
            }
            Msg::Found(found) => self.found(found),
            Msg::Overlaid(overlaid) => self.revision = before + u64::from(self.overlay.set(overlaid)),
            Msg::Summarised(name, summary) => {
                self.models.set(name, summary.map(|summary| *summary).map_err(|error| clean(&error)));
            }
            Msg::Scores(name, task, scores) => self.album.tests().set(name, task, scores),
            Msg::Filmed(name, film) => self.album.film(name, film),
            Msg::Seen(sight) => self.album.tests().see(sight),
            Msg::Sampled(sample) => self.system.take(*sample),
            Msg::Launch(news) => return self.launch_news(*news),
            Msg::Exported(exported) => self.exported(exported),
            Msg::Refused(prompt, why) => self.refused(prompt, &why),
            Msg::Notice(text) => self.revision = before + u64::from(self.take_notice(&text)),
            // Keys are taken before.
            _ => {}
        }
        None
    }

    /// The epoch that is looked at stays.
    fn take_picture(&mut self, mut picture: Option<Box<Picture>>) {
        let shown = self.picture.as_ref().and_then(|picture| picture.epoch());
        picture.iter_mut().for_each(|picture| picture.show(shown));
        self.picture = picture;
    }

    /// Whether it says something else.
    fn take_notice(&mut self, text: &str) -> bool {
        let notice = Some(clean(text));
        let changed = notice != self.notice;
        self.noticed_s = None;
        self.notice = notice;
        changed
    }

    /// Whether anything is different.
    fn set_rows(&mut self, mut rows: Vec<Row>) -> bool {
        row::sort(&mut rows);
        if rows == self.rows {
            return false;
        }
        self.rows = rows;
        self.forget_unknown_marks();
        let is_shown = matches!(self.screen(), Screen::Run | Screen::Cases);
        let gone = self.chosen.clone().filter(|name| is_shown && self.rows.iter().all(|row| row.name != *name));
        self.select();
        if let Some(name) = gone {
            // Keys that were meant for it are not for the next one.
            self.show(Screen::Runs);
            self.notice = Some(format!("{}: its folder is gone", clean(&name)));
        }
        if self.spec.as_ref().is_none_or(|spec| self.rows.iter().all(|row| row.spec != *spec)) {
            (self.spec, self.table) = self.rows.first().map(|row| (row.spec.clone(), row.task)).unzip();
        }
        true
    }

    /// Whether a shown duration is different.
    fn tick(&mut self, now_s: f64) -> bool {
        let over = self.end_notice(now_s);
        let changed = now_s.floor() != self.now_s.floor() && self.count(State::Running) > 0;
        self.now_s = now_s;
        changed || over
    }

    /// Whether a notice has been read long enough: the keys have their place again.
    fn end_notice(&mut self, now_s: f64) -> bool {
        if self.notice.is_none() {
            self.noticed_s = None;
            return false;
        }
        let since = *self.noticed_s.get_or_insert(now_s);
        let over = now_s - since > READ_S;
        if over {
            (self.notice, self.noticed_s) = (None, None);
        }
        over
    }
}
