//! A run's per-case test scores on disk: `scores.json`, or `verdicts.json` of a classification.

use serde::{Deserialize, Serialize};

use super::run_dir::read_bounded;
use super::{RunDir, StoreError};
use crate::metric::{CaseScore, Verdict};

const FINAL: &str = "scores.json";
const RAW: &str = "scores-raw.json";
const VERDICTS: &str = "verdicts.json";

/// A line of `verdicts.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Judged {
    case: String,
    subject: String,
    malignant: bool,
    probability: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss: Option<f64>,
}

impl Judged {
    fn of(score: &CaseScore) -> Option<Self> {
        let Verdict { probability, malignant } = score.verdict?;
        let (case, subject) = (score.case.clone(), score.subject.clone());
        Some(Self { case, subject, malignant, probability, loss: score.loss })
    }

    fn score(self) -> Result<CaseScore, String> {
        let Self { case, subject, malignant, probability, loss } = self;
        match (0.0..=1.0).contains(&probability) {
            true => Ok(CaseScore { loss, ..CaseScore::judged(&case, &subject, Verdict { probability, malignant }) }),
            false => Err(format!("{case}: probability {probability}, expected 0 to 1")),
        }
    }
}

impl RunDir {
    /// Per-case test scores, replaced as a whole.
    pub fn write_scores(&self, scores: &[CaseScore]) -> Result<(), StoreError> {
        match scores.iter().map(Judged::of).collect::<Option<Vec<_>>>() {
            Some(judged) if !judged.is_empty() => self.write_cases(VERDICTS, &judged),
            _ => self.write_cases(FINAL, scores),
        }
    }

    /// Per-case test scores of a finished run.
    pub fn scores(&self) -> Result<Vec<CaseScore>, StoreError> {
        if let Some(scores) = self.verdicts()? {
            return Ok(scores);
        }
        let gone = "missing, though the run is finished; delete the run's folder, then run its spec again";
        self.cases(FINAL)?.ok_or_else(|| StoreError::new(&self.path().join(FINAL), gone))
    }

    /// The scores before post-processing, for a run that has any.
    pub fn write_raw_scores(&self, scores: &[CaseScore]) -> Result<(), StoreError> {
        self.write_cases(RAW, scores)
    }

    /// The scores before post-processing; `None` if the run has none or is not scored.
    pub fn raw_scores(&self) -> Result<Option<Vec<CaseScore>>, StoreError> {
        self.cases(RAW)
    }

    fn write_cases(&self, name: &str, scores: &[impl Serialize]) -> Result<(), StoreError> {
        let path = self.path().join(name);
        let json = serde_json::to_vec(scores).map_err(|error| StoreError::new(&path, error))?;
        self.write(&path, &json)
    }

    fn verdicts(&self) -> Result<Option<Vec<CaseScore>>, StoreError> {
        let Some(judged) = self.lines::<Judged>(VERDICTS)? else { return Ok(None) };
        let scores: Result<Vec<_>, String> = judged.into_iter().map(Judged::score).collect();
        scores.map(Some).map_err(|error| self.damaged(VERDICTS, &error))
    }

    fn cases(&self, name: &str) -> Result<Option<Vec<CaseScore>>, StoreError> {
        let Some(scores) = self.lines::<CaseScore>(name)? else { return Ok(None) };
        scores.iter().try_for_each(CaseScore::check).map_err(|error| self.damaged(name, &error))?;
        Ok(Some(scores))
    }

    fn lines<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<Vec<T>>, StoreError> {
        let path = self.path().join(name);
        if !path.exists() {
            return Ok(None);
        }
        let lines = serde_json::from_slice(&read_bounded(&path)?);
        lines.map(Some).map_err(|error| self.damaged(name, &error.to_string()))
    }

    fn damaged(&self, name: &str, error: &str) -> StoreError {
        let message = format!("damaged ({error}); delete the run's folder, then run its spec again");
        StoreError::new(&self.path().join(name), message)
    }
}
