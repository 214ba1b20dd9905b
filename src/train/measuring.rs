//! Distances between an epoch's predictions and references, on CPU threads beside the next epoch.

use std::thread::{Scope, ScopedJoinHandle};

use rayon::prelude::*;

use super::{Journal, Sample, TrainError, score};
use crate::metric::{Aggregate, Metric, Task};
use crate::plane::Plane;
use crate::run::{EpochScores, Event};

/// Distances that are being measured.
pub(super) struct Measuring<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    valid: &'env [Sample],
    task: Task,
    under_way: Option<(u32, ScopedJoinHandle<'scope, EpochScores>)>,
}

impl<'scope, 'env> Measuring<'scope, 'env> {
    /// Of the cases in `valid`.
    pub fn new(scope: &'scope Scope<'scope, 'env>, valid: &'env [Sample], task: Task) -> Self {
        Self { scope, valid, task, under_way: None }
    }

    /// Begins with what the network made of them after `epoch`; nothing where the task has no distances.
    pub fn begin(&mut self, epoch: u32, probabilities: Vec<Plane<f32>>) {
        let (valid, metrics): (_, Vec<&Metric>) = (self.valid, distances(self.task).collect());
        if metrics.is_empty() {
            return;
        }
        let measure = move || {
            let scores: Vec<_> = valid.par_iter().zip(&probabilities).map(|(case, plane)| score(case, plane)).collect();
            metrics.into_iter().map(|m| (m.name.to_owned(), Aggregate::of(m, &scores).mean)).collect()
        };
        self.under_way = Some((epoch, self.scope.spawn(measure)));
    }

    /// Says what has been begun, once it is there.
    pub fn end(&mut self, journal: &mut Journal) -> Result<(), TrainError> {
        let Some((epoch, under_way)) = self.under_way.take() else { return Ok(()) };
        let valid = under_way.join().map_err(|_| TrainError::Refused("measuring distances panicked".to_owned()))?;
        Ok(journal.say(&Event::Distances { epoch, valid })?)
    }
}

/// The task's shown metrics that are distances.
fn distances(task: Task) -> impl Iterator<Item = &'static Metric> {
    task.shown().filter(|metric| metric.is_distance())
}
