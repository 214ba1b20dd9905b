//! What the scores of one arm say by themselves.

use rayon::prelude::*;

use super::inference::{AnswerError, ArmAnswer, Question};
use super::scores::ArmScores;
use super::{Exposure, per_case};
use crate::metric::{Aggregate, CaseScore, Metric};
use crate::stats::{CaseValue, CaseValues, Inference, Paired, Refused, Sample, Summary, cases_for_width, over_runs};

/// What an arm's scores come to by themselves, for each metric asked for; under one of cases together, no case has a value.
pub(super) struct ArmNumbers {
    /// Name in the spec.
    pub arm: String,
    /// Whether its protocol does.
    pub leaks: bool,
    /// In the question's order; the row is without the other arms.
    pub metrics: Vec<(CaseValues, ArmAnswer)>,
}

impl ArmNumbers {
    /// Of `arm`; cases that `before` has, too, are named once.
    pub fn of(arm: &ArmScores, question: &Question, before: Option<&Self>) -> Result<Self, AnswerError> {
        let of = |metric: &&'static Metric| {
            arm.alone(metric, question).map_err(|source| AnswerError::Refused { metric: metric.name, source })
        };
        let mut metrics = question.metrics.par_iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let names = before.and_then(|before| before.metrics.first()).or(metrics.first()).map(|(own, _)| own.clone());
        if let Some(names) = names {
            metrics = metrics.into_iter().map(|(own, row)| (own.sharing_names(&names), row)).collect();
        }
        Ok(Self { arm: arm.arm.clone(), leaks: arm.leaks(), metrics })
    }
}

impl ArmScores {
    /// Its values and its row without the other arms.
    fn alone(&self, metric: &'static Metric, question: &Question) -> Result<(CaseValues, ArmAnswer), Refused> {
        let inference = &question.inference;
        let values = self.values(metric)?;
        let means = values.sample().subject_means();
        let sd = Sample::independent(&means).and_then(|subjects| subjects.sd());
        let subjects_needed =
            sd.zip(question.width).and_then(|(sd, width)| cases_for_width(sd, width, inference.level));
        let leak = self.exposure(metric, inference)?;
        let row = self.row(metric, Summary::of(&values, inference), None);
        Ok((values, ArmAnswer { subjects_needed, leak, ..row }))
    }

    pub(super) fn row(&self, metric: &Metric, summary: Summary, paired: Option<Paired>) -> ArmAnswer {
        let means: Vec<f64> = self.runs.iter().filter_map(|run| Aggregate::of(metric, &run.scores).mean).collect();
        let pixels = self.runs.iter().flat_map(|run| &run.scores);
        ArmAnswer {
            arm: self.arm.clone(),
            summary,
            runs: over_runs(&means),
            subjects_needed: None,
            pooled: (metric.of)(&CaseScore::pooled(pixels)),
            before: self.before.as_deref().map(|before| per_case(metric, before)),
            paired,
            leak: None,
            exact: None,
        }
    }

    pub(super) fn values(&self, metric: &Metric) -> Result<CaseValues, Refused> {
        case_values(metric, self.runs.iter().flat_map(|run| &run.scores))
    }

    pub(super) fn leaks(&self) -> bool {
        self.leak.is_some()
    }

    fn exposure(&self, metric: &Metric, inference: &Inference) -> Result<Option<Exposure>, Refused> {
        let Some(count) = self.leak else { return Ok(None) };
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.runs.iter().flat_map(|run| &run.scores).partition(|score| self.known.contains(&score.case));
        let summary = |side: &[&CaseScore]| Ok(Summary::of(&case_values(metric, side.iter().copied())?, inference));
        Ok(Some(Exposure { count, known: summary(&known)?, unknown: summary(&unknown)? }))
    }
}

fn case_values<'a>(metric: &Metric, scores: impl Iterator<Item = &'a CaseScore>) -> Result<CaseValues, Refused> {
    CaseValues::of(scores.map(|score| CaseValue {
        case: &score.case,
        subject: &score.subject,
        value: (metric.of)(score),
    }))
}
