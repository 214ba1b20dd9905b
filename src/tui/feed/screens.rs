//! What only one screen asks for: read, or asked of a thread, while that screen is shown.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use super::{Feed, tell};
use crate::report::{by_task, differences};
use crate::store::RunView;
use crate::tui::app::{App, Effect, Msg, Prompt, Screen};
use crate::tui::found::Found;
use crate::tui::launch::{Errand, News};
use crate::tui::overlay::Overlaid;
use crate::tui::text::clean;

impl Feed<'_> {
    /// Tells what the shown screen lacks, and what threads have found meanwhile.
    pub(super) fn show_screen(&mut self, app: &mut App) {
        match app.screen() {
            Screen::Compare => self.compare(app),
            Screen::Overlay => self.overlay(app),
            Screen::Difference => self.differ(app),
            Screen::Models => self.summarise(app),
            Screen::Cases => self.look_at_cases(app),
            Screen::System => self.measure(app),
            _ => {}
        }
        self.look_into(app);
        self.look_at_specs(app);
        if let Some(exported) = self.exporter.poll() {
            tell(app, Msg::Exported(exported));
        }
    }

    pub(super) fn export(&mut self, spec: &str, out: &str, app: &mut App) {
        // A folder may have a name that is shown otherwise.
        let named = self.watch.runs().map(|run| run.dir.spec()).find(|name| clean(name) == spec);
        let started = named.ok_or_else(|| "its runs are gone".to_owned());
        if let Err(error) = started.and_then(|spec| self.exporter.start(self.watch.store(), spec, out)) {
            let prompt = Prompt { spec: spec.to_owned(), text: out.to_owned() };
            tell(app, Msg::Refused(prompt, error));
        }
    }

    fn compare(&mut self, app: &mut App) {
        let Some(spec) = app.spec().map(str::to_owned) else { return };
        let runs: Vec<&RunView> = self.watch.runs().filter(|run| clean(run.dir.spec()) == spec).collect();
        // Of a spec whose arms answer both questions, the one that was asked for.
        let asked = app.table();
        let mut tables = by_task(&runs).into_iter();
        let table = asked.and_then(|task| tables.clone().find(|(of, _)| *of == task)).or_else(|| tables.next());
        let runs = table.map(|(_, runs)| runs).unwrap_or_default();
        self.tester.poll(app, &spec, (&runs, &self.watch.broken)).into_iter().for_each(|msg| tell(app, msg));
    }

    fn differ(&self, app: &mut App) {
        let Some(pair) = app.versus().pair.as_ref().filter(|pair| pair.found.is_none()) else { return };
        let found = match pair.names.each_ref().map(|name| self.view(name)) {
            [Some(left), Some(right)] => Ok(differences(&left.plan, &right.plan)),
            _ => Err("one of the runs is gone".to_owned()),
        };
        tell(app, Msg::Found(Found::Differences(found)));
    }

    /// An audit goes on wherever the user looks; facts and printed tables only where they are shown.
    fn look_into(&mut self, app: &mut App) {
        let mut told = self.auditor.poll_audit();
        if matches!(app.screen(), Screen::Audit | Screen::Compare) {
            told.extend(self.auditor.poll_verdicts(app));
        }
        let shown = app.audited().filter(|_| app.screen() == Screen::Audit);
        match shown.and_then(|row| self.watch.run(&row.name)) {
            Some(run) => told.extend(self.auditor.poll(app, &run.dir)),
            None => self.auditor.leave(),
        }
        told.into_iter().for_each(|msg| tell(app, msg));
    }

    /// Nothing is added up again before a run that is shown has said more, or another quantity is asked for; zoomed and
    /// smoothed is what was added up.
    fn overlay(&mut self, app: &mut App) {
        let (by, names) = app.overlaid();
        let runs: Vec<&RunView> = self.watch.runs().filter(|run| names.contains(run.dir.name().as_str())).collect();
        let (quantity, plot) = (app.overlay().quantity(), app.overlay().plot);
        let mut hash = DefaultHasher::new();
        runs.iter().for_each(|run| (run.dir.spec(), run.dir.id(), run.revision).hash(&mut hash));
        let (axis, smoothing, window) = plot.asked();
        (by, quantity, axis).hash(&mut hash);
        let print = hash.finish();
        window.map(|(low, high)| (low.to_bits(), high.to_bits())).hash(&mut hash);
        smoothing.hash(&mut hash);
        let look = hash.finish();
        if self.overlaid == Some((print, look)) {
            return;
        }
        let known = self.overlaid.filter(|(known, _)| *known == print).and_then(|_| app.overlay().shown().cloned());
        self.overlaid = Some((print, look));
        let overlaid = known.map_or_else(|| Overlaid::of(&runs, (by, quantity), &plot), |known| known.through(&plot));
        tell(app, Msg::Overlaid(Box::new(overlaid)));
    }

    fn summarise(&mut self, app: &mut App) {
        if let Some((name, summary)) = self.summaries.poll() {
            tell(app, Msg::Summarised(name, summary.map(Box::new)));
        }
        let name = app.models().chosen().name;
        if app.models().summary(name).is_none() {
            self.summaries.ask(name);
        }
    }

    fn look_at_cases(&mut self, app: &mut App) {
        let Some(name) = app.chosen().map(|row| &row.name) else { return };
        let Some(run) = self.watch.run(name) else { return };
        if let Some(msg) = self.gallery.poll(run, app.cases()) {
            tell(app, msg);
        }
    }

    fn measure(&mut self, app: &mut App) {
        if let Some(sample) = self.monitor.poll(self.watch.store().root(), self.watch.runs()) {
            tell(app, Msg::Sampled(Box::new(sample)));
        }
    }

    fn look_at_specs(&mut self, app: &mut App) {
        for news in self.desk.news() {
            self.tell_launch(app, news);
        }
        let screen = app.screen();
        if matches!(screen, Screen::Launch | Screen::Form) {
            let shown = (screen == Screen::Form, app.rows());
            if let Some(news) = self.desk.look(app.launch(), shown, &self.watch) {
                self.tell_launch(app, news);
            }
        }
    }

    pub(super) fn do_errand(&mut self, errand: &Errand, app: &mut App) {
        if matches!(errand, Errand::Start { .. }) {
            self.called = Some(Instant::now());
        }
        if let Some(news) = self.desk.do_errand(errand, &mut self.watch, self.launch) {
            self.tell_launch(app, news);
        }
    }

    /// A spec that was saved may have to be started.
    fn tell_launch(&mut self, app: &mut App, news: News) {
        if let Some(Effect::Launch(errand)) = app.update(Msg::Launch(Box::new(news))) {
            self.do_errand(&errand, app);
        }
    }
}
