//! The comparison's further blocks: which arm the others are held against, printed numbers, two plans.

use super::update::moved;
use super::{App, Screen};
use crate::tui::found::Found;
use crate::tui::keys::{Action, Direction, Motion};
use crate::tui::printed;
use crate::tui::row::Row;
use crate::tui::screen;
use crate::tui::text::clean;
use crate::tui::versus::{Block, Intervals, Pair, Versus};

impl App {
    /// Tests, printed numbers and plans.
    pub fn versus(&self) -> &Versus {
        &self.versus
    }

    /// Whether the comparison's keys are for printed numbers.
    pub fn shows_printed(&self) -> bool {
        self.screen() == Screen::Compare && self.versus.block == Block::Printed
    }

    /// Takes what a thread has found.
    pub(super) fn found(&mut self, found: Found) {
        match found {
            Found::Answers(against, answers) => self.versus.set_answers(against, answers),
            Found::Verdicts(verdicts) => {
                self.audit.set_findings(verdicts.clone());
                self.versus.judge(verdicts);
            }
            Found::Differences(found) => {
                if let Some(pair) = &mut self.versus.pair {
                    pair.found = Some(found);
                }
            }
            Found::Facts(facts) => self.audit.set_facts(facts),
            Found::Auditing(progress) => self.audit.set_progress(progress),
            Found::Sight(sight) => self.audit.see(sight),
        }
        if let Some(Ok(comparison)) = self.arms.compared() {
            self.versus.print(comparison);
        }
    }

    /// Scores that were not there before: what was computed of the old ones is dropped.
    pub(super) fn compared_anew(&mut self) {
        self.versus.forget();
        if let Some(Ok(comparison)) = self.arms.compared() {
            self.versus.print(comparison);
        }
    }

    pub(super) fn act_on_blocks(&mut self, action: Action) {
        match action {
            Action::Hold => self.hold(),
            Action::Differ => self.differ(),
            Action::Section(direction) if self.screen() == Screen::Audit => self.audit.turn(direction),
            Action::Section(_) => self.turn_block(),
            _ => self.turn_intervals(),
        }
    }

    /// Holds the others against the arm under the cursor, if a test against it can be honest.
    fn hold(&mut self) {
        let Some(arm) = self.arms.rows().nth(self.scroll) else { return };
        let label = clean(&arm.label());
        if arm.leak.is_some() {
            self.notice = Some(format!("{label} leaks: held against it, honest arms would look worse than they are"));
        } else if arm.finished == 0 {
            self.notice = Some(format!("{label} has no finished run: nothing can be held against it"));
        } else if let Some(spec) = self.spec.clone() {
            let arm = arm.arm.clone();
            self.versus.choose(&spec, &arm);
        }
    }

    /// The other block of the comparison.
    fn turn_block(&mut self) {
        self.versus.scroll = 0;
        self.versus.block = match self.versus.block {
            Block::Arms => Block::Printed,
            Block::Printed => Block::Arms,
        };
    }

    fn turn_intervals(&mut self) {
        self.versus.intervals = match self.versus.intervals {
            Intervals::Hidden => Intervals::Shown,
            Intervals::Shown => Intervals::Hidden,
        };
    }

    /// Two plans side by side: of the two marked runs; on the comparison, of the arm that the others are held against
    /// and the one under the cursor.
    fn differ(&mut self) {
        let pair = if self.screen() == Screen::Compare { self.pair_of_arms() } else { self.pair_of_marked() };
        match pair {
            Ok([left, right]) => {
                self.versus.pair = Some(pair_of(left, right));
                self.scroll = 0;
                self.screens.push(Screen::Difference);
            }
            Err(why) => self.notice = Some(why),
        }
    }

    fn pair_of_marked(&self) -> Result<[&Row; 2], String> {
        let marked: Vec<&Row> = self.rows.iter().filter(|row| self.marked.contains(&row.name)).collect();
        let count = marked.len();
        let pair: Result<[&Row; 2], _> = marked.try_into();
        pair.map_err(|_| format!("{count} marked: mark two runs with Space to hold their plans against each other"))
    }

    /// Of the same fold and seed, if both arms have them.
    pub fn pair_of_arms(&self) -> Result<[&Row; 2], String> {
        let Some(Ok(comparison)) = self.arms.compared() else {
            return Err("no arms to hold against each other".into());
        };
        let first = self.versus.reference(comparison).or(comparison.arms.first());
        let other = self.arms.rows().nth(self.scroll);
        let (Some(first), Some(other)) = (first, other) else {
            return Err("no arms to hold against each other".into());
        };
        if first.arm == other.arm {
            return Err(format!(
                "choose another arm than {}: its plan is held against that one's",
                clean(&first.label())
            ));
        }
        let of = |label: String| {
            self.rows.iter().filter(move |row| Some(&row.spec) == self.spec.as_ref() && row.arm == label)
        };
        let others: Vec<&Row> = of(clean(&other.label())).collect();
        let same = |row: &&Row| others.iter().copied().find(|o| (o.fold, o.seed) == (row.fold, row.seed));
        let firsts: Vec<&Row> = of(clean(&first.label())).collect();
        let found = firsts.iter().copied().find_map(|row| Some([row, same(&row)?]));
        let any = || Some([*firsts.first()?, *others.first()?]);
        found.or_else(any).ok_or_else(|| "no runs of these arms".to_owned())
    }

    /// Scrolls what has lines of its own; whether there is such.
    pub(super) fn scrolls(&mut self, motion: Motion, page: usize) -> bool {
        match self.screen() {
            Screen::Compare if self.shows_printed() => {
                let tables = self.versus.printed().unwrap_or_default();
                let end = printed::lines(tables, self.versus.order, usize::from(self.size.0)).len().saturating_sub(1);
                self.versus.scroll = moved(self.versus.scroll.min(end), motion, page).min(end);
            }
            Screen::Compare => return self.go_notes(motion, page),
            Screen::Difference => {
                let found = self.versus.pair.as_ref().and_then(|pair| pair.found.as_ref()?.as_ref().ok());
                let end = found.map_or(0, |found| found.len().saturating_sub(1));
                self.scroll = moved(self.scroll.min(end), motion, page).min(end);
            }
            Screen::Help => {
                let (page, end) = screen::help_page(self);
                self.scroll = moved(self.scroll.min(end), motion, page).min(end);
            }
            Screen::Audit => self.go_audit(motion, page),
            _ => return false,
        }
        true
    }

    /// From the last arm on into the notes, and back; whether the keys are theirs.
    fn go_notes(&mut self, motion: Motion, page: usize) -> bool {
        let end = screen::unseen_notes(self);
        let (below, forward) = (self.versus.below.min(end), motion.direction() == Direction::Forward);
        let last = self.scroll + 1 >= self.arms.len();
        if !last || (!forward && (below == 0 || matches!(motion, Motion::End(_)))) || (forward && end == 0) {
            self.versus.below = 0;
            return false;
        }
        self.versus.below = moved(below, motion, page).min(end);
        true
    }
}

fn pair_of(left: &Row, right: &Row) -> Pair {
    let of = |row: &Row| match left.spec == right.spec {
        true => format!("{} f{} s{}", row.arm, row.fold, row.seed),
        false => format!("{} {} f{} s{}", row.spec, row.arm, row.fold, row.seed),
    };
    Pair { names: [left.name.clone(), right.name.clone()], labels: [of(left), of(right)], found: None }
}
