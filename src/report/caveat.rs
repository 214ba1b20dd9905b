//! What a table of intervals leaves out, and why.

use super::inference::{Answer, ArmAnswer};
use super::interval::is_inside;
use crate::stats::Summary;

const LOSSES_APART: &str = "losses of different formulas are not compared: there are no tests and no ranks\n";

impl Answer {
    /// Lines about what the table of intervals leaves out.
    pub(super) fn caveats(&self) -> String {
        let apart = if self.row().is_loss() { LOSSES_APART } else { "" };
        self.counts() + &self.beyond() + &self.without() + apart
    }

    /// Arms whose t interval the table leaves out; files have it.
    fn beyond(&self) -> String {
        let metric = self.row();
        let is_beyond = |arm: &&ArmAnswer| arm.summary.t.is_some_and(|own| !is_inside(&own, metric));
        let arms: Vec<&str> = self.arms.iter().filter(is_beyond).map(|arm| arm.arm.as_str()).collect();
        if arms.is_empty() {
            String::new()
        } else {
            format!("t –: leaves the metric's range; see BCa: {}\n", arms.join(", "))
        }
    }

    /// Arms with values and without any interval.
    fn without(&self) -> String {
        let line = |reason: &str, is: &dyn Fn(&Summary) -> bool| {
            let none = |own: &Summary| own.n > 0 && own.t.is_none() && own.bca.is_none();
            let arms = self.arms.iter().filter(|arm| none(&arm.summary) && is(&arm.summary));
            let arms: Vec<&str> = arms.map(|arm| arm.arm.as_str()).collect();
            if arms.is_empty() { String::new() } else { format!("t –, BCa –: {reason}: {}\n", arms.join(", ")) }
        };
        // Of all cases together there is never a t interval, and BCa has no ends where resamples lie to one side.
        let still = if self.row().of_all.is_some() { "no resamples on both sides" } else { "all cases are equal" };
        line(still, &|own| own.subjects > 1) + &line("one subject alone", &|own| own.subjects < 2)
    }

    /// Where n is not the number of subjects, or a case is undefined; arms of the same counts in one line.
    fn counts(&self) -> String {
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for arm in &self.arms {
            let Summary { n, undefined, subjects, .. } = arm.summary;
            if undefined == 0 && subjects >= n {
                continue;
            }
            let line = format!("n = {n} of {subjects} subjects, {undefined} undefined");
            match lines.iter_mut().find(|(known, _)| *known == line) {
                Some((_, arms)) => arms.push(&arm.arm),
                None => lines.push((line, vec![&arm.arm])),
            }
        }
        let all = |arms: &[&str]| arms.len() > 1 && arms.len() == self.arms.len();
        let names = |arms: &[&str]| if all(arms) { "all arms".to_owned() } else { arms.join(", ") };
        lines.iter().map(|(line, arms)| format!("{}: {line}\n", names(arms))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Interval;

    fn arm(name: &str, subjects: usize, t: Option<Interval>) -> ArmAnswer {
        let (mean, none) = (Some(0.5), None);
        let summary =
            Summary { n: 3, undefined: 0, subjects, mean, sd: none, median: none, q1: none, q3: none, t, bca: t };
        ArmAnswer {
            arm: name.to_owned(),
            summary,
            runs: None,
            subjects_needed: None,
            pooled: None,
            before: None,
            paired: None,
            leak: None,
            exact: None,
        }
    }

    #[test]
    fn arms_without_an_interval_are_named_with_the_reason() {
        let t = Some(Interval { low: 0.4, high: 0.6 });
        let arms = vec![arm("same", 3, None), arm("varied", 3, t), arm("alone", 1, None)];
        let answer = Answer { metric: "dsc", arms, ranks: None };
        let lines = answer.caveats();
        let has = |line: &str| lines.lines().any(|own| own == line);
        assert!(has("t –, BCa –: all cases are equal: same") && has("t –, BCa –: one subject alone: alone"), "{lines}");
        assert!(!lines.contains("varied") && !lines.contains("formulas"), "{lines}");
    }

    #[test]
    fn why_losses_have_no_tests_is_said() {
        let t = Some(Interval { low: -0.4, high: 1.6 });
        let answer = Answer { metric: "loss", arms: vec![arm("a", 3, t)], ranks: None };
        assert_eq!(answer.caveats(), LOSSES_APART);
    }
}
