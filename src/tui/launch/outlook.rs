//! What a spec comes to: its runs, planned without a side effect. Reads a data set, so never where keys wait.

use crate::dataset::DataRoots;
use crate::executor::{EnqueueError, Launch, Prepared, prepare};
use crate::spec::Spec;
use crate::store::Store;
use crate::tui::row::Name;
use crate::tui::text::clean;

/// What a spec comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// In the order in which they would be queued.
    pub runs: Vec<Planned>,
    /// Cases of the data set.
    pub cases: usize,
    /// Where it is; `None` where it is made, not read.
    pub folder: Option<String>,
    /// What to say of a subset of subjects, and of arms whose protocol leaks.
    pub warnings: Vec<String>,
}

/// A run that a spec plans.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// As the store calls it.
    pub name: Name,
    /// Its arm.
    pub arm: String,
    /// Cases of the training, validation and test part.
    pub parts: [usize; 3],
}

/// Why a spec makes no runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its data set is not here, or cannot be read.
    Dataset(String),
    /// Anything else.
    Plan(String),
}

impl Trouble {
    /// In words.
    pub fn text(&self) -> &str {
        match self {
            Trouble::Dataset(text) | Trouble::Plan(text) => text,
        }
    }
}

impl From<EnqueueError> for Trouble {
    fn from(error: EnqueueError) -> Self {
        let text = clean(&error.to_string().replace('\n', " "));
        match error {
            EnqueueError::Dataset(_) => Trouble::Dataset(text),
            _ => Trouble::Plan(text),
        }
    }
}

/// Plans the spec in `text`.
pub fn outlook(text: &str, roots: &DataRoots, store: &Store) -> Result<Outlook, Trouble> {
    let spec = parse(text)?;
    let prepared = prepare(&spec, roots, store)?;
    let runs = prepared.plans.iter().map(|plan| Planned {
        name: format!("{}/{}", plan.spec, plan.id()),
        arm: plan.arm.clone(),
        parts: [plan.split.train().len(), plan.split.valid().len(), plan.split.test().len()],
    });
    Ok(Outlook {
        runs: runs.collect(),
        cases: prepared.dataset.cases.len(),
        folder: prepared.dataset.origin.folder.as_ref().map(|folder| clean(&folder.display().to_string())),
        warnings: warnings(&prepared),
    })
}

/// What was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The spec.
    pub spec: String,
    /// All of its runs.
    pub runs: usize,
    /// Those that wait now.
    pub waiting: usize,
    /// As [`Outlook::warnings`].
    pub warnings: Vec<String>,
}

/// Queues the runs of the spec in `text`, as `seglab run` does, and sees to an executor.
pub fn start(text: &str, (roots, store): (&DataRoots, &Store), launch: &Launch) -> Result<Started, Trouble> {
    let spec = parse(text)?;
    let prepared = prepare(&spec, roots, store)?;
    let enqueued = prepared.enqueue(store, &launch.device)?;
    launch.ensure(store).map_err(EnqueueError::from)?;
    let (runs, waiting) = (enqueued.runs.len(), enqueued.waiting);
    Ok(Started { spec: spec.name, runs, waiting, warnings: warnings(&prepared) })
}

fn parse(text: &str) -> Result<Spec, Trouble> {
    Spec::parse_sized(text, "spec").map_err(|error| Trouble::Plan(clean(&error.to_string().replace('\n', " "))))
}

fn warnings(prepared: &Prepared) -> Vec<String> {
    prepared.warnings().map(|(arm, warning)| clean(&format!("{arm}: {warning}"))).collect()
}
