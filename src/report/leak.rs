//! What a protocol that leaks claims, and how much of it is left on images whose subjects the network does not know.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::inference::{Answer, ArmAnswer};
use super::interval::shown_interval;
use super::render::number;
use crate::dataset::fold::Leak;
use crate::metric::Metric;
use crate::stats::Summary;
use crate::store::RunView;

/// How an arm's protocol leaks, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakCount {
    /// What is kept together instead of subjects.
    pub protocol: Leak,
    /// Test images of the arm's runs, the second copies of doubled ones among them.
    pub test: usize,
    /// Those whose subject (patient or group of duplicates) is also in the training part of their run.
    pub in_training: usize,
}

/// The arm's scores on either side of the leak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// How far the protocol leaks.
    #[serde(flatten)]
    pub count: LeakCount,
    /// Test images whose subject is in training.
    pub known: Summary,
    /// The others: what this network can do.
    pub unknown: Summary,
}

impl LeakCount {
    /// Over the runs of one arm; `None` if its protocol is honest.
    pub(super) fn of(runs: &[&RunView]) -> Option<Self> {
        let protocol = runs.iter().map(|run| run.plan.split.leak()).find(|leak| !leak.is_none())?;
        let test: BTreeSet<&str> = runs.iter().flat_map(|run| run.plan.split.test()).collect();
        let known: BTreeSet<&str> = runs.iter().flat_map(|run| run.plan.split.in_training()).collect();
        Some(Self { protocol, test: test.len(), in_training: known.len() })
    }

    /// What is said below every table with the arm.
    pub fn note(&self, arm: &str) -> String {
        format!("{arm}: {}\n", self.protocol.warning(self.in_training, self.test))
    }
}

impl Answer {
    /// Claims of all arms, if one of them leaks.
    pub(super) fn exposures(&self, metric: &Metric, percent: &str) -> Option<Grid> {
        self.arms.iter().find(|arm| arm.leak.is_some())?;
        let header = ["Arm", "Protocol", "Images", "Known", "Claim", "On known", percent, "On unknown", percent];
        let mut notes = "Known: test images whose subject (patient or group of duplicates) is also in training\n\
            Claim: mean over all test images, what a paper would print\n\
            On unknown: what is left of it; the same network, so nothing but the images differs\n\
            intervals: t over subjects, or BCa where t has none or leaves the metric's range\n\
            arms that leak take no part in tests and ranks: theirs is another question\n"
            .to_owned();
        for (arm, Exposure { known, unknown, .. }) in self.arms.iter().filter_map(|arm| Some((&arm.arm, arm.leak?))) {
            let side = |side: Summary| format!("{} images of {} subjects", side.n, side.subjects);
            notes += &format!("{arm}: on known {}, on unknown {}\n", side(known), side(unknown));
        }
        Some(Grid {
            title: format!("{}: what each protocol claims", metric.label),
            header: header.map(str::to_owned).to_vec(),
            rows: self.arms.iter().map(|arm| arm.exposed(metric)).collect(),
            left: 2,
            notes,
        })
    }
}

impl ArmAnswer {
    fn exposed(&self, metric: &Metric) -> Vec<String> {
        let all = &self.summary;
        let honest = LeakCount { protocol: Leak::None, test: all.n + all.undefined, in_training: 0 };
        let count = self.leak.map_or(honest, |exposure| exposure.count);
        let (known, unknown) = self.leak.map_or((None, Some(*all)), |e| (Some(e.known), Some(e.unknown)));
        let mean = |side: Option<Summary>| number(metric, side.and_then(|summary| summary.mean));
        let range = |side: Option<Summary>| {
            super::interval::range(metric, side.and_then(|summary| shown_interval(&summary, metric)))
        };
        let mut cells = vec![self.label(), count.protocol.describe().to_owned()];
        cells.extend([count.test.to_string(), count.in_training.to_string(), number(metric, all.mean)]);
        cells.extend([mean(known), range(known), mean(unknown), range(unknown)]);
        cells
    }

    /// The arm as tables name it.
    pub(super) fn label(&self) -> String {
        self.leak.map_or(Leak::None, |exposure| exposure.count.protocol).label(&self.arm)
    }
}
