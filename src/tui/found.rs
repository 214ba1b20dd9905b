//! What threads have found for the screens that compare and audit.

use std::sync::Arc;

use super::audit::{Facts, Progress, Sight};
use crate::audit::Finding;
use crate::report::{Answers, Difference};

/// A result of the background.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The arms of the shown comparison held against the named one.
    Answers(String, Result<Arc<Answers>, String>),
    /// What the auditor says of the published tables.
    Verdicts(Arc<Vec<Finding>>),
    /// What the two chosen plans do not have in common.
    Differences(Result<Vec<Difference>, String>),
    /// Data set and split of a run.
    Facts(Box<Facts>),
    /// How far an audit is; `None` once it has ended.
    Auditing(Option<Progress>),
    /// Both cases of a pair.
    Sight(Box<Sight>),
}
