//! Looks at data sets and splits in threads of their own: opening a data set may take a moment, an audit minutes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::app::{App, Msg};
use super::audit::{Facts, Known, Progress, Seen, Sight};
use super::found::Found;
use super::job::{Job, apart};
use super::row::Name;
use super::widget::picture::Picture;
use crate::audit::{Finding, findings, published};
use crate::dataset::audit::{audit, whole};
use crate::dataset::curation::Curation;
use crate::dataset::{Dataset, Decoder, Manifest};
use crate::report::DivisionReport;
use crate::store::RunDir;

/// At most one piece of work of each kind.
#[derive(Default)]
pub struct Auditor {
    verdicts: Job<Vec<Finding>>,
    facts: Job<Facts>,
    sight: Job<Sight>,
    audit: Job<Result<(), String>>,
    progress: Arc<Mutex<Option<Progress>>>,
    told: Option<Progress>,
    /// The run whose facts were asked for last.
    asked: Option<Name>,
}

impl Auditor {
    /// What the auditor of tables found, once; asks it if nobody has.
    pub fn poll_verdicts(&mut self, app: &App) -> Option<Msg> {
        if app.versus().lacks_verdicts() && !self.verdicts.is_busy() {
            self.verdicts.start(|| findings(published()));
        }
        let found = self.verdicts.poll()?;
        Some(match found {
            Ok(verdicts) => Msg::Found(Found::Verdicts(Arc::new(verdicts))),
            Err(error) => Msg::Notice(error),
        })
    }

    /// Facts of `run`, and what its opened line shows, as they come.
    pub fn poll(&mut self, app: &App, run: &RunDir) -> Vec<Msg> {
        let name = run.name();
        if self.asked.as_ref() != Some(&name) && !self.facts.is_busy() {
            let run = run.clone();
            self.facts.start(move || look(&run));
            self.asked = Some(name);
        }
        let wanted = app.audit().wanted();
        if !wanted.is_empty() && !self.sight.is_busy() {
            let run = run.clone();
            self.sight.start(move || see(&run, wanted));
        }
        let facts = self.facts.poll().map(|facts| match facts {
            Ok(facts) => Msg::Found(Found::Facts(Box::new(facts))),
            Err(error) => Msg::Notice(error),
        });
        let sight = self.sight.poll().and_then(Result::ok).map(|sight| Msg::Found(Found::Sight(Box::new(sight))));
        facts.into_iter().chain(sight).collect()
    }

    /// The screen is left: when it is shown again, the files may be others.
    pub fn leave(&mut self) {
        self.asked = None;
    }

    /// How far the audit is that is under way, wherever the user looks.
    pub fn poll_audit(&mut self) -> Vec<Msg> {
        if let Some(ended) = self.audit.poll() {
            self.told = None;
            // The report on disk is another one.
            self.asked = None;
            let notice = ended.and_then(|ended| ended).err().map(Msg::Notice);
            return std::iter::once(Msg::Found(Found::Auditing(None))).chain(notice).collect();
        }
        let now = self.progress.lock().map(|progress| progress.clone()).unwrap_or_default();
        if !self.audit.is_busy() || now == self.told {
            return Vec::new();
        }
        self.told.clone_from(&now);
        vec![Msg::Found(Found::Auditing(now))]
    }

    /// Audits the data set of `run`, if no audit is under way, and keeps the report in the store.
    pub fn start(&mut self, run: &RunDir) {
        if self.audit.is_busy() {
            return;
        }
        let (run, progress) = (run.clone(), Arc::clone(&self.progress));
        if let Ok(mut progress) = progress.lock() {
            *progress = None;
        }
        self.audit.start(move || audit_all(&run, &progress));
    }
}

fn audit_all(run: &RunDir, progress: &Mutex<Option<Progress>>) -> Result<(), String> {
    let dataset = open(run)?;
    let whole = whole(&dataset).map_err(|error| error.to_string())?;
    let Manifest { name, classes, .. } = &dataset.origin.manifest;
    let tell = |what: &'static str, done: usize, all: usize| {
        let now = Progress { dataset: name.clone(), what, percent: 100 * done / all.max(1) };
        if let Ok(mut progress) = progress.lock() {
            *progress = Some(now);
        }
    };
    let found = apart(|| audit(&whole, classes, &tell))?;
    run.store().keep_audit(&found).map(|_| ()).map_err(|error| error.to_string())
}

fn open(run: &RunDir) -> Result<Dataset, String> {
    let origin = run.origin().map_err(|error| error.to_string())?;
    Dataset::at(origin).map_err(|error| error.to_string())
}

fn look(run: &RunDir) -> Facts {
    let plan = run.plan().map_err(|error| error.to_string());
    let dataset = open(run);
    let name = plan.as_ref().map(|plan| plan.dataset.clone()).unwrap_or_default();
    let division = match (&plan, &dataset) {
        (Ok(plan), Ok(dataset)) => Ok(DivisionReport::of(plan, dataset)),
        (Err(error), _) | (_, Err(error)) => Err(error.clone()),
    };
    let planned = match (&plan, &dataset) {
        (Ok(plan), Ok(dataset)) if is_whole(dataset) => Some(plan.dataset_digest.clone()),
        _ => None,
    };
    Facts {
        run: run.name(),
        planned,
        curation: dataset.as_ref().ok().and_then(|dataset| curation(&dataset.origin.manifest)),
        known: dataset.as_ref().map_err(Clone::clone).and_then(known),
        division,
        kept: run.store().audit(&name).map_err(|error| error.to_string()),
        dataset: name,
    }
}

/// Whether an audit looks at the very cases that a run takes: only then are their digests about the same.
fn is_whole(dataset: &Dataset) -> bool {
    whole(dataset).is_ok_and(|whole| whole.cases == dataset.cases)
}

fn curation(manifest: &Manifest) -> Option<String> {
    let Some(Curation::Read(corrections)) = &manifest.curation else { return None };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    corrections.iter().for_each(|own| *counts.entry(own.action.name()).or_default() += 1);
    let counts: Vec<String> = counts.into_iter().map(|(action, n)| format!("{n} {action}")).collect();
    Some(format!("{} corrections: {}", corrections.len(), counts.join(", ")))
}

fn known(dataset: &Dataset) -> Result<BTreeMap<String, Known>, String> {
    let subjects: BTreeMap<&str, &str> = dataset.cases.iter().map(|case| (&*case.id, &*case.subject)).collect();
    let whole = whole(dataset).map_err(|error| error.to_string())?;
    let case = |case: &crate::dataset::Case| {
        let subject = subjects.get(&*case.id).map(|subject| (*subject).to_owned());
        (case.id.clone(), Known { class: case.class, subject })
    };
    Ok(whole.cases.iter().map(case).collect())
}

fn see(run: &RunDir, ids: Vec<String>) -> Sight {
    let whole = open(run).and_then(|dataset| whole(&dataset).map_err(|error| error.to_string()));
    let decoder = Decoder::default();
    let seen = |id: String| {
        let seen = whole.as_ref().map_err(Clone::clone).and_then(|whole| {
            let case = whole.case(&id).ok_or("not in the folder any more")?;
            let pixels = decoder.pixels(case).map_err(|error| error.to_string())?;
            Ok(Seen {
                size: pixels.image.dimensions(),
                reference_px: pixels.reference.area_px(),
                picture: Picture::of(&pixels),
            })
        });
        (id, seen)
    };
    Sight { cases: ids.into_iter().map(seen).collect() }
}
