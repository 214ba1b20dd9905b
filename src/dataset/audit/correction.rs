//! The groups as a curation list: what was found once need not be looked for again.

use super::{Audit, Pair, PairKind};
use crate::dataset::curation::{Action, Correction, Curation};

/// Who says so.
const SOURCE: &str = "seglab dataset audit";

/// Every pair as a same-as row: its later case is tied to its earlier one.
pub fn corrections(audit: &Audit) -> Curation {
    let correction = |(line, pair): (u64, &Pair)| Correction {
        case: pair.other.clone(),
        action: Action::SameAs(pair.first.clone()),
        reason: reason(pair),
        source: SOURCE.to_owned(),
        line,
    };
    // line 1 is the header
    Curation::Read((2..).zip(&audit.pairs).map(correction).collect())
}

fn reason(pair: &Pair) -> String {
    match pair.kind {
        PairKind::Exact => "exact: identical pixels".to_owned(),
        PairKind::SameFrame | PairKind::NeighbourFrame => {
            format!(
                "{}: speckle {:.3}, anatomy {:.3}, overlap {:.2}",
                pair.kind.name(),
                pair.speckle,
                pair.anatomy,
                pair.overlap
            )
        }
    }
}
