//! A run's per-case test scores on disk.

use super::run_dir::read_bounded;
use super::{RunDir, StoreError};
use crate::metric::CaseScore;

const FINAL: &str = "scores.json";
const RAW: &str = "scores-raw.json";

impl RunDir {
    /// Per-case test scores, replaced as a whole.
    pub fn write_scores(&self, scores: &[CaseScore]) -> Result<(), StoreError> {
        self.write_cases(FINAL, scores)
    }

    /// Per-case test scores of a finished run.
    pub fn scores(&self) -> Result<Vec<CaseScore>, StoreError> {
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

    fn write_cases(&self, name: &str, scores: &[CaseScore]) -> Result<(), StoreError> {
        let path = self.path().join(name);
        let json = serde_json::to_vec(scores).map_err(|error| StoreError::new(&path, error))?;
        self.write(&path, &json)
    }

    fn cases(&self, name: &str) -> Result<Option<Vec<CaseScore>>, StoreError> {
        let path = self.path().join(name);
        if !path.exists() {
            return Ok(None);
        }
        let damaged = |error: String| {
            StoreError::new(&path, format!("damaged ({error}); delete the run's folder, then run its spec again"))
        };
        let scores: Vec<CaseScore> =
            serde_json::from_slice(&read_bounded(&path)?).map_err(|error| damaged(error.to_string()))?;
        scores.iter().try_for_each(CaseScore::check).map_err(damaged)?;
        Ok(Some(scores))
    }
}
