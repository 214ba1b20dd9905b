//! What a comparison's spec asks for beyond the runs that there are.

use super::Comparison;
use crate::dataset::fold::Testing;
use crate::spec::{MARK, Spec};

impl Comparison {
    /// Folds that the spec divides the data into, whichever of them are run; `None` for a single split, and for a spec
    /// that is not built in, of which only runs are known.
    pub fn folds(&self) -> Option<usize> {
        let name = self.spec.split_once(MARK).map_or(&*self.spec, |(name, _)| name);
        match Spec::built_in(name)?.ok()?.protocol.split.test {
            Testing::Folds { folds, .. } => Some(folds),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(spec: &str) -> Option<usize> {
        Comparison { spec: spec.to_owned(), ..Comparison::of(spec, &[]) }.folds()
    }

    #[test]
    fn a_spec_says_how_many_folds_there_are_at_every_profile() {
        assert_eq!(["p2-fig14", "p2-fig15@quick", "p2-fig16"].map(folds), [Some(3), Some(6), Some(9)]);
        assert_eq!(["p2-table2", "nobody's"].map(folds), [None; 2]);
    }
}
