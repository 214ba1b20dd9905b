//! A run's per-case test scores on disk.

use super::run_dir::read_bounded;
use super::{RunDir, StoreError};
use crate::metric::CaseScore;

impl RunDir {
    /// Per-case test scores, replaced as a whole.
    pub fn write_scores(&self, scores: &[CaseScore]) -> Result<(), StoreError> {
        self.write_cases("scores.json", scores)
    }

    /// Per-case test scores; `None` before the run is scored.
    pub fn scores(&self) -> Result<Option<Vec<CaseScore>>, StoreError> {
        self.cases("scores.json")
    }

    /// The scores before post-processing, for a run that has any.
    pub fn write_raw_scores(&self, scores: &[CaseScore]) -> Result<(), StoreError> {
        self.write_cases("scores-raw.json", scores)
    }

    /// The scores before post-processing; `None` if the run has none or is not scored.
    pub fn raw_scores(&self) -> Result<Option<Vec<CaseScore>>, StoreError> {
        self.cases("scores-raw.json")
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
        let scores = serde_json::from_slice(&read_bounded(&path)?);
        let damaged = |error| format!("damaged ({error}); delete the run's folder, then run its spec again");
        scores.map(Some).map_err(|error| StoreError::new(&path, damaged(error)))
    }
}
