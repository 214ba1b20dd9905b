//! What a run's split does with the data set: sizes and classes of its parts, and who is in more than one of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::dataset::audit::SplitParts;
use crate::dataset::fold::{Leak, Parts, original};
use crate::dataset::{Class, Dataset};
use crate::plan::RunPlan;

/// A split, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DivisionReport {
    /// What it keeps together.
    pub leak: Leak,
    /// What to say wherever its scores are said; `None` for an honest one.
    pub warning: Option<String>,
    /// Train, valid, test.
    pub parts: Vec<Part>,
    /// Subjects in more than one part, by name; none unless it leaks.
    pub shared: Vec<Shared>,
    /// Part of each name in the split.
    pub part_of: BTreeMap<String, &'static str>,
}

/// One part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// train, valid or test.
    pub name: &'static str,
    /// Images, second copies of doubled ones among them.
    pub cases: usize,
    /// Patients, or groups of duplicates.
    pub subjects: usize,
    /// Images of each class.
    pub classes: BTreeMap<Class, usize>,
    /// Images that the data set does not have any more.
    pub gone: usize,
}

/// A subject in more than one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// Its name.
    pub subject: String,
    /// Its images, with their parts.
    pub cases: Vec<(String, &'static str)>,
}

impl DivisionReport {
    /// Of `plan`'s split over `dataset`.
    pub fn of(plan: &RunPlan, dataset: &Dataset) -> Self {
        let classes: HashMap<&str, Class> = dataset.cases.iter().map(|case| (case.id.as_str(), case.class)).collect();
        let parts: Parts = plan.split.clone().into();
        let named = [("train", &parts.train), ("valid", &parts.valid), ("test", &parts.test)];
        let mut of_subject: BTreeMap<&str, Vec<(String, &'static str)>> = BTreeMap::new();
        let mut part_of = BTreeMap::new();
        for (name, part) in named {
            for (case, subject) in part {
                of_subject.entry(subject).or_default().push((case.clone(), name));
                part_of.insert(case.clone(), name);
            }
        }
        let is_apart = |cases: &Vec<(String, &str)>| cases.iter().any(|(_, part)| *part != cases[0].1);
        let shared = of_subject.into_iter().filter(|(_, cases)| is_apart(cases));
        Self {
            leak: parts.leak,
            warning: plan.split.warning(),
            parts: named
                .map(|(name, part)| Part::of(name, part, &|id| classes.get(original(id, parts.leak)).copied()))
                .into(),
            shared: shared.map(|(subject, cases)| Shared { subject: subject.to_owned(), cases }).collect(),
            part_of,
        }
    }

    /// The parts as [`straddles`](crate::dataset::audit::straddles) takes them.
    pub fn split_parts(&self) -> SplitParts {
        let of = |part: &str| {
            self.part_of.iter().filter(|(_, own)| **own == part).map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        SplitParts { train: of("train"), valid: of("valid"), test: of("test") }
    }
}

impl Part {
    fn of(name: &'static str, part: &[(String, String)], class: &dyn Fn(&str) -> Option<Class>) -> Self {
        let mut classes = BTreeMap::new();
        let known = part.iter().filter_map(|(id, _)| class(id));
        known.for_each(|class| *classes.entry(class).or_default() += 1);
        let subjects: BTreeSet<&String> = part.iter().map(|(_, subject)| subject).collect();
        let gone = part.len() - classes.values().sum::<usize>();
        Self { name, cases: part.len(), subjects: subjects.len(), classes, gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::DataRoots;
    use crate::dataset::fold::Split;
    use crate::spec::Spec;

    fn report(parts: Parts) -> DivisionReport {
        let spec = Spec::built_in("demo").expect("built in").expect("valid");
        let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
        let mut plan = crate::plan::plan(&spec, &dataset).expect("a plan").swap_remove(0);
        plan.split = Split::try_from(parts).expect("a split");
        DivisionReport::of(&plan, &dataset)
    }

    fn part(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(case, subject)| ((*case).to_owned(), (*subject).to_owned())).collect()
    }

    #[test]
    fn second_copies_have_the_class_of_the_first_and_their_subject_is_in_two_parts() {
        let found = report(Parts {
            leak: Leak::Doubled,
            train: part(&[("us-000-0", "us-000"), ("us-001-0", "us-001")]),
            valid: part(&[("nobody", "nobody")]),
            test: part(&[("us-000-0 #2", "us-000")]),
        });
        let sizes: Vec<_> = found.parts.iter().map(|p| (p.name, p.cases, p.subjects, p.gone)).collect();
        assert_eq!(sizes, [("train", 2, 2, 0), ("valid", 1, 1, 1), ("test", 1, 1, 0)]);
        assert_eq!(found.parts[2].classes.values().sum::<usize>(), 1);
        assert_eq!(found.shared.len(), 1);
        assert_eq!(found.shared[0].cases, [("us-000-0".to_owned(), "train"), ("us-000-0 #2".to_owned(), "test")]);
        assert!(found.warning.is_some_and(|warning| warning.contains("1 of 1 test images")));
    }

    #[test]
    fn an_honest_split_shares_nobody() {
        let spec = Spec::built_in("demo").expect("built in").expect("valid");
        let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
        let plan = crate::plan::plan(&spec, &dataset).expect("a plan").swap_remove(0);
        let found = DivisionReport::of(&plan, &dataset);
        assert_eq!((found.shared.len(), found.warning), (0, None));
        assert_eq!(found.parts.iter().map(|part| part.cases).sum::<usize>(), dataset.cases.len());
        assert!(found.parts.iter().all(|part| part.gone == 0));
    }
}
