//! Two plans key by key: what the runs do not have in common.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use crate::dataset::fold::Parts;
use crate::plan::RunPlan;

/// Stands for a key that a plan does not have.
const ABSENT: &str = "–";

/// A key with two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Dotted path in `plan.toml`.
    pub key: String,
    /// The first plan's value.
    pub left: String,
    /// The second plan's value.
    pub right: String,
}

/// Every key of which the plans say different things, sorted; the parts of the split as counts.
pub fn differences(left: &RunPlan, right: &RunPlan) -> Vec<Difference> {
    let mut found = of_keys(&keys(left), &keys(right));
    found.extend(of_parts(&left.split.clone().into(), &right.split.clone().into()));
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// All keys but those of the split.
pub(super) fn keys(plan: &RunPlan) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Table(mut table)) = Value::try_from(plan) {
        table.remove("split");
        flatten("", &Value::Table(table), &mut found);
    }
    found
}

fn flatten(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, found);
            }
        }
        Value::String(text) => _ = found.insert(path.to_owned(), text.clone()),
        other => _ = found.insert(path.to_owned(), other.to_string()),
    }
}

fn of_keys(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) -> Vec<Difference> {
    let all: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let apart = all.into_iter().filter(|key| left.get(*key) != right.get(*key));
    let value = |of: &BTreeMap<String, String>, key| of.get(key).map_or(ABSENT, String::as_str).to_owned();
    apart.map(|key| Difference { key: key.clone(), left: value(left, key), right: value(right, key) }).collect()
}

fn of_parts(left: &Parts, right: &Parts) -> Vec<Difference> {
    let mut found = Vec::new();
    if left.leak != right.leak {
        let (left, right) = (left.leak.describe().to_owned(), right.leak.describe().to_owned());
        found.push(Difference { key: "split.leak".to_owned(), left, right });
    }
    let parts =
        [("train", &left.train, &right.train), ("valid", &left.valid, &right.valid), ("test", &left.test, &right.test)];
    found.extend(parts.into_iter().filter_map(|(name, left, right)| of_part(name, left, right)));
    found
}

fn of_part(name: &str, left: &[(String, String)], right: &[(String, String)]) -> Option<Difference> {
    if left == right {
        return None;
    }
    let cases = |part: &[(String, String)]| match part.len() {
        1 => "1 case".to_owned(),
        n => format!("{n} cases"),
    };
    let ids = |part: &[(String, String)]| part.iter().map(|(case, _)| case.clone()).collect::<BTreeSet<_>>();
    let (own, other) = (ids(left), ids(right));
    let remark = match own == other {
        false => format!("{} in common", own.intersection(&other).count()),
        true if left.iter().map(|(case, _)| case).eq(right.iter().map(|(case, _)| case)) => "other subjects".to_owned(),
        true => "the same in another order".to_owned(),
    };
    let (left, right) = (cases(left), format!("{}, {remark}", cases(right)));
    Some(Difference { key: format!("split.{name}"), left, right })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fold::Leak;
    use crate::dataset::{DataRoots, Dataset};
    use crate::spec::Spec;

    fn plan() -> RunPlan {
        let spec = Spec::built_in("demo").expect("built in").expect("valid");
        let dataset = Dataset::open(&spec.dataset, &DataRoots::new(None)).expect("built in");
        crate::plan::plan(&spec, &dataset).expect("a plan").swap_remove(0)
    }

    fn shown(left: &RunPlan, right: &RunPlan) -> Vec<String> {
        let line = |d: Difference| format!("{} {} | {}", d.key, d.left, d.right);
        differences(left, right).into_iter().map(line).collect()
    }

    #[test]
    fn only_what_differs_is_named_by_its_key() {
        let left = plan();
        let mut right = left.clone();
        assert_eq!(shown(&left, &right), [""; 0]);
        right.train.epochs = left.train.epochs + 1;
        right.seed = left.seed + 6;
        let seeds = format!("seed {} | {}", left.seed, right.seed);
        let epochs = format!("train.epochs {} | {}", left.train.epochs, right.train.epochs);
        assert_eq!(shown(&left, &right), [seeds, epochs]);
    }

    #[test]
    fn cases_are_counted_not_listed() {
        let ids = |names: &[&str]| names.iter().map(|n| ((*n).to_owned(), (*n).to_owned())).collect::<Vec<_>>();
        let left = Parts { train: ids(&["a", "b"]), valid: ids(&["c"]), test: ids(&["d"]), leak: Leak::None };
        let right = Parts { train: ids(&["b", "e", "f"]), valid: ids(&["c"]), test: ids(&["d"]), leak: Leak::Images };
        let lines: Vec<String> =
            of_parts(&left, &right).into_iter().map(|d| format!("{}: {} | {}", d.key, d.left, d.right)).collect();
        assert_eq!(
            lines,
            ["split.leak: split by subject | split by image", "split.train: 2 cases | 3 cases, 1 in common"]
        );
        let turned = of_part("train", &ids(&["a", "b"]), &ids(&["b", "a"])).expect("another order");
        assert_eq!(turned.right, "2 cases, the same in another order");
    }

    #[test]
    fn a_key_that_one_plan_lacks_is_a_dash() {
        let left = BTreeMap::from([("model.width".to_owned(), "0.25".to_owned())]);
        let found = of_keys(&left, &BTreeMap::new());
        assert_eq!((found[0].left.as_str(), found[0].right.as_str()), ("0.25", "–"));
    }
}
