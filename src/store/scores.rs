//! A run's per-case test scores on disk: `scores.json`, or `verdicts.json` of a classification.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::run_dir::read_bounded;
use super::{RunDir, StoreError};
use crate::metric::{CaseScore, Probabilities, Verdict};

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

/// How much of a case's score is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    Full,
    /// Without the pixels by logit, which only what is pooled over cases needs.
    Alone,
    /// Without what the probabilities are worth, which is most of it.
    Mask,
}

impl Detail {
    fn of(self, score: CaseScore) -> CaseScore {
        let probabilities = match self {
            Detail::Full => score.probabilities,
            Detail::Alone => score.probabilities.map(|own| Probabilities { ranks: Vec::new(), ..own }),
            Detail::Mask => None,
        };
        CaseScore { probabilities, ..score }
    }
}

/// Reads case by case: what is not kept of one makes room for the next.
impl<'de> Visitor<'de> for Detail {
    type Value = Vec<CaseScore>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of scores")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<CaseScore>, A::Error> {
        let mut cases = Vec::new();
        while let Some(score) = list.next_element::<CaseScore>()? {
            score.check().map_err(A::Error::custom)?;
            cases.push(self.of(score));
        }
        // Of a list that grew, up to half is room for more.
        cases.shrink_to_fit();
        Ok(cases)
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
        self.scores_in(Detail::Full)
    }

    /// The same, with so much of each case.
    pub fn scores_in(&self, detail: Detail) -> Result<Vec<CaseScore>, StoreError> {
        if let Some(scores) = self.verdicts()? {
            return Ok(scores);
        }
        let gone = "missing, though the run is finished; delete the run's folder, then run its spec again";
        self.cases(FINAL, detail)?.ok_or_else(|| StoreError::new(&self.path().join(FINAL), gone))
    }

    /// The scores before post-processing, for a run that has any.
    pub fn write_raw_scores(&self, scores: &[CaseScore]) -> Result<(), StoreError> {
        self.write_cases(RAW, scores)
    }

    /// The scores before post-processing; `None` if the run has none or is not scored.
    pub fn raw_scores(&self, detail: Detail) -> Result<Option<Vec<CaseScore>>, StoreError> {
        self.cases(RAW, detail)
    }

    fn write_cases(&self, name: &str, scores: &[impl Serialize]) -> Result<(), StoreError> {
        let path = self.path().join(name);
        let json = serde_json::to_vec(scores).map_err(|error| StoreError::new(&path, error))?;
        self.write(&path, &json)
    }

    fn verdicts(&self) -> Result<Option<Vec<CaseScore>>, StoreError> {
        let Some(bytes) = self.bytes(VERDICTS)? else { return Ok(None) };
        let judged: Result<Vec<Judged>, String> = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
        let scores = judged.and_then(|judged| judged.into_iter().map(Judged::score).collect());
        scores.map(Some).map_err(|error: String| self.damaged(VERDICTS, &error))
    }

    fn cases(&self, name: &str, detail: Detail) -> Result<Option<Vec<CaseScore>>, StoreError> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let cases = json.deserialize_seq(detail).and_then(|cases| json.end().map(|()| cases));
        cases.map(Some).map_err(|error| self.damaged(name, &error.to_string()))
    }

    fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path().join(name);
        if path.exists() { read_bounded(&path).map(Some) } else { Ok(None) }
    }

    fn damaged(&self, name: &str, error: &str) -> StoreError {
        let message = format!("damaged ({error}); delete the run's folder, then run its spec again");
        StoreError::new(&self.path().join(name), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::{Mask, Plane};
    use crate::store::Store;

    fn run(folder: &tempfile::TempDir) -> RunDir {
        let spec = crate::spec::Spec::built_in("demo").expect("built in").expect("valid");
        let roots = crate::dataset::DataRoots::new(None);
        let dataset = crate::dataset::Dataset::open(&spec.dataset, &roots).expect("built in");
        let plans = crate::plan::plan(&spec, &dataset).expect("a plan");
        Store::new(folder.path()).create(&plans[0]).expect("a run")
    }

    #[test]
    fn as_much_of_a_case_is_kept_as_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run(&folder);
        let mask = Mask::from_fn(4, 4, |x, _| x < 2);
        let probability = Plane::from_fn(4, 4, |x, y| 0.1 + 0.05 * (x + y) as f32);
        let bare = CaseScore::of("a", "s", &mask, &mask).expect("same size");
        let full = bare.clone().with_probabilities(&probability, &mask);
        run.write_scores(std::slice::from_ref(&full)).expect("written");
        assert_eq!(run.scores_in(Detail::Mask).expect("read"), [bare]);
        let alone = run.scores_in(Detail::Alone).expect("read").remove(0).probabilities.expect("kept");
        let worth = full.probabilities.clone().expect("given");
        assert_eq!((alone.auc, alone.ece(), alone.brier()), (worth.auc, worth.ece(), worth.brier()));
        assert!(alone.ranks.is_empty() && !worth.ranks.is_empty());
        assert_eq!(run.scores().expect("read"), [full]);
    }

    #[test]
    fn what_no_masks_yield_is_named_before_it_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run(&folder);
        let mask = Mask::from_fn(4, 4, |x, _| x < 2);
        let score = CaseScore::of("a", "s", &mask, &mask).expect("same size");
        let mut score = score.with_probabilities(&Plane::filled(4, 4, 0.25), &mask);
        score.probabilities.as_mut().expect("given").squared_error = -5.0;
        run.write_scores(&[score]).expect("written");
        let error = run.scores_in(Detail::Mask).expect_err("refused").to_string();
        assert!(error.contains("a: no probabilities of these pixels"), "{error}");
    }
}
