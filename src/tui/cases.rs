//! The scored cases of the chosen run as the dashboard shows them: which of them, in which order, and which one. They are
//! its test cases, or the epochs of its fixed validation case.

mod column;

use std::sync::Arc;

pub use column::Column;
use column::columns;

use super::app::moved;
use super::film::Film;
use super::keys::{Direction, Motion};
use super::row::{Name, Part};
use super::sight::{Look, Sight};
use super::text::clean;
use crate::metric::{Better, CaseScore, Task};

/// In which order cases are shown; a value that is undefined counts as the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sorting {
    /// By the chosen column.
    #[default]
    WorstFirst,
    /// The other way round.
    BestFirst,
    /// As they were scored.
    Stored,
}

/// The chosen run's cases.
#[derive(Debug)]
pub struct Cases {
    part: Part,
    name: Name,
    task: Task,
    scores: Option<Result<Vec<CaseScore>, String>>,
    filter: String,
    order: Vec<usize>,
    column: usize,
    sorting: Sorting,
    cursor: usize,
    look: Look,
    sight: Option<Box<Sight>>,
    film: Option<Arc<Film>>,
}

impl Cases {
    /// Test cases, the worst first, or epochs as they came; none are known yet.
    pub fn new(part: Part) -> Self {
        Self {
            part,
            name: Name::default(),
            task: Task::default(),
            scores: None,
            filter: String::new(),
            order: Vec::new(),
            column: 0,
            sorting: if part == Part::Test { Sorting::WorstFirst } else { Sorting::Stored },
            cursor: 0,
            look: Look::default(),
            sight: None,
            film: None,
        }
    }

    /// What its lines are: test cases, or epochs of the validation case.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Takes the epochs of the run `name`, or why there are none; the cursor stays on the same epoch, or goes to the newest.
    pub fn set_film(&mut self, name: Name, film: Result<Arc<Film>, String>) {
        let scores = film.as_ref().map(|film| film.scores().to_vec()).map_err(Clone::clone);
        self.film = film.ok();
        self.set(name, Task::Segmentation, scores);
    }

    /// The validation case whose epochs the lines are.
    pub fn film(&self) -> Option<&Film> {
        self.film.as_deref()
    }

    /// The epoch under the cursor.
    pub fn epoch(&self) -> Option<u32> {
        self.film.as_ref()?.epoch(*self.order.get(self.cursor)?)
    }

    /// To the next shown line that was scored before or after the one under the cursor; whether there is one.
    pub fn step(&mut self, direction: Direction) -> bool {
        let Some(&here) = self.order.get(self.cursor) else { return false };
        let other = |(_, index): &(usize, &usize)| match direction {
            Direction::Forward => **index > here,
            Direction::Backward => **index < here,
        };
        let near = self.order.iter().enumerate().filter(other).min_by_key(|(_, index)| index.abs_diff(here));
        let Some((place, _)) = near else { return false };
        self.cursor = place;
        self.expose();
        true
    }

    /// Takes the scores of the run `name`; the cursor stays on the case of the same name, so that runs can be compared.
    pub fn set(&mut self, name: Name, task: Task, scores: Result<Vec<CaseScore>, String>) {
        let before = self.chosen().map(|score| score.case.clone());
        let light = |score| CaseScore { probabilities: None, ..score };
        self.scores = Some(scores.map(|all| all.into_iter().map(light).collect()).map_err(|error| clean(&error)));
        if task != self.task {
            (self.task, self.column) = (task, 0);
        }
        (self.name, self.sight) = (name, None);
        self.keep(before);
    }

    /// Takes the planes of a case, if it is still the chosen one.
    pub fn see(&mut self, sight: Box<Sight>) {
        if self.wanted() == Some((&sight.name, sight.index)) {
            self.sight = Some(sight);
        }
    }

    /// The run.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why there are no cases, if it is known.
    pub fn error(&self) -> Option<&str> {
        self.scores.as_ref()?.as_ref().err().map(String::as_str)
    }

    /// What the ids of the shown cases contain, as typed.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Changes the filter; the cursor stays on its case, if that is still shown.
    pub fn refilter(&mut self, change: impl FnOnce(&mut String)) {
        change(&mut self.filter);
        self.keep(self.chosen().map(|score| score.case.clone()));
    }

    /// Closes the filter; whether there was one.
    pub fn back(&mut self) -> bool {
        let filtered = !self.filter.is_empty();
        self.refilter(String::clear);
        filtered
    }

    /// How many cases there are without the filter.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// Place among the scores and score, in the shown order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (usize, &CaseScore)> {
        let scores = self.all();
        self.order.iter().map(move |&index| (index, &scores[index]))
    }

    /// Numbers of a case.
    pub fn columns(&self) -> &'static [Column] {
        columns(self.task)
    }

    /// Place of the chosen column.
    pub fn column(&self) -> usize {
        self.column.min(self.columns().len() - 1)
    }

    /// The order.
    pub fn sorting(&self) -> Sorting {
        self.sorting
    }

    /// The line under the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The case under the cursor.
    pub fn chosen(&self) -> Option<&CaseScore> {
        self.all().get(*self.order.get(self.cursor)?)
    }

    /// Run and place of the case whose planes are to be read.
    pub fn wanted(&self) -> Option<(&Name, usize)> {
        self.order.get(self.cursor).map(|&index| (&self.name, index))
    }

    /// What is drawn.
    pub fn look(&self) -> Look {
        self.look
    }

    /// The planes of the chosen case, once they are read.
    pub fn sight(&self) -> Option<&Sight> {
        self.sight.as_deref().filter(|sight| self.wanted() == Some((&sight.name, sight.index)))
    }

    /// Moves the cursor to `place`.
    pub fn go(&mut self, motion: Motion, page: usize) {
        let last = self.order.len().saturating_sub(1);
        self.cursor = moved(self.cursor, motion, page).min(last);
        self.expose();
    }

    /// Chooses the column after or before, and sorts by it.
    pub fn choose(&mut self, direction: Direction) {
        let count = self.columns().len();
        let step = if direction == Direction::Forward { 1 } else { count - 1 };
        self.column = (self.column() + step) % count;
        self.sort_by(if self.sorting == Sorting::Stored { Sorting::WorstFirst } else { self.sorting });
    }

    /// The next order.
    pub fn sort(&mut self) {
        self.sort_by(match self.sorting {
            Sorting::WorstFirst => Sorting::BestFirst,
            Sorting::BestFirst => Sorting::Stored,
            Sorting::Stored => Sorting::WorstFirst,
        });
    }

    /// The next way to draw a case.
    pub fn turn(&mut self) {
        self.look = match self.look {
            Look::Overlay => Look::Image,
            Look::Image => Look::Reference,
            Look::Reference => Look::Prediction,
            Look::Prediction => Look::Overlay,
        };
    }

    fn all(&self) -> &[CaseScore] {
        match &self.scores {
            Some(Ok(scores)) => scores,
            _ => &[],
        }
    }

    /// The worst is what a new order is asked for: the cursor goes to it.
    fn sort_by(&mut self, sorting: Sorting) {
        (self.sorting, self.cursor) = (sorting, 0);
        self.arrange();
        self.expose();
    }

    /// Arranges anew; the cursor goes to `case`, or to the first one, or to the newest epoch.
    fn keep(&mut self, case: Option<String>) {
        self.arrange();
        let same = case.and_then(|case| self.rows().position(|(_, score)| score.case == case));
        let newest = || (0..self.order.len()).max_by_key(|&place| self.order[place]);
        self.cursor = same.or_else(|| newest().filter(|_| self.part == Part::Valid)).unwrap_or(0);
        self.expose();
    }

    /// Planes of an epoch are at hand; those of a test case are read when they are wanted.
    fn expose(&mut self) {
        if let (Some(film), Some((name, index))) = (&self.film, self.wanted()) {
            self.sight = Some(Box::new(film.sight(name, index)));
        }
    }

    fn arrange(&mut self) {
        let column = &self.columns()[self.column()];
        let values: Vec<Option<f64>> = self.all().iter().map(column.of).collect();
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let has = |score: &CaseScore| {
            let id = clean(&score.case).to_lowercase();
            words.iter().all(|word| id.contains(word.as_str()))
        };
        let mut order: Vec<usize> = (0..values.len()).filter(|&i| has(&self.all()[i])).collect();
        let ascending = (column.better == Better::Higher) == (self.sorting == Sorting::WorstFirst);
        if self.sorting != Sorting::Stored {
            order.sort_by(|&a, &b| match (values[a], values[b]) {
                (Some(a), Some(b)) if ascending => a.total_cmp(&b),
                (Some(a), Some(b)) => b.total_cmp(&a),
                (a, b) if self.sorting == Sorting::WorstFirst => a.is_some().cmp(&b.is_some()),
                (a, b) => a.is_none().cmp(&b.is_none()),
            });
        }
        self.order = order;
    }
}

/// Why numbers of a case are undefined, if any is.
pub fn undefined(score: &CaseScore) -> Option<&'static str> {
    let counts = score.counts;
    match (counts.tp + counts.fn_ == 0, counts.tp + counts.fp == 0) {
        _ if score.verdict.is_some() => None,
        (true, true) => Some("both masks are empty: no overlap and no distance is defined"),
        (true, false) => Some("the reference is empty: no distance is defined"),
        (false, true) => Some("the prediction is empty: no distance is defined"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Mask;

    /// A row of ten pixels each, of which the reference and the prediction have so many from the left.
    fn score(case: &str, reference: usize, prediction: usize) -> CaseScore {
        let mask = |set: usize| Mask::from_fn(10, 1, |x, _| x < set);
        CaseScore::of(case, case, &mask(prediction), &mask(reference)).expect("same size")
    }

    fn cases() -> Cases {
        let mut cases = Cases::new(Part::Test);
        let scores = vec![score("good", 4, 4), score("empty", 0, 0), score("poor", 8, 1), score("missed", 4, 0)];
        cases.set("s/a".into(), Task::Segmentation, Ok(scores));
        cases
    }

    fn shown(cases: &Cases) -> Vec<&str> {
        cases.rows().map(|(_, score)| score.case.as_str()).collect()
    }

    #[test]
    fn what_is_undefined_is_the_worst() {
        let mut cases = cases();
        assert_eq!(shown(&cases), ["empty", "missed", "poor", "good"]);
        cases.sort();
        assert_eq!(shown(&cases), ["good", "poor", "missed", "empty"]);
        cases.sort();
        assert_eq!(shown(&cases), ["good", "empty", "poor", "missed"]);
        cases.choose(Direction::Backward);
        assert_eq!(cases.columns()[cases.column()].label, "ASSD px");
        assert_eq!(shown(&cases), ["empty", "missed", "poor", "good"], "the largest distance is the worst of them");
        cases.sort();
        assert_eq!(shown(&cases)[..2], ["good", "poor"]);
    }

    #[test]
    fn the_cursor_stays_on_a_case_from_run_to_run() {
        let mut cases = cases();
        cases.go(Motion::Page(Direction::Forward), 2);
        assert_eq!(cases.chosen().map(|score| score.case.as_str()), Some("poor"));
        cases.set("s/b".into(), Task::Segmentation, Ok(vec![score("worse", 5, 0), score("poor", 8, 8)]));
        assert_eq!((cases.chosen().map(|score| score.case.as_str()), cases.cursor()), (Some("poor"), 1));
        cases.set("s/c".into(), Task::Segmentation, Err("gone\u{1b}[2J".into()));
        assert_eq!((cases.error(), cases.chosen()), (Some("gone·[2J"), None));
    }

    #[test]
    fn a_filter_leaves_the_cases_whose_ids_have_all_its_words() {
        let mut cases = cases();
        cases.go(Motion::End(Direction::Forward), 1);
        cases.refilter(|filter| filter.push_str("OO"));
        assert_eq!((shown(&cases), cases.count()), (vec!["poor", "good"], 4));
        assert_eq!(cases.chosen().map(|score| score.case.as_str()), Some("good"), "the cursor stays on its case");
        cases.refilter(|filter| filter.push_str(" p"));
        assert_eq!((shown(&cases), cases.cursor()), (vec!["poor"], 0));
        cases.set("s/b".into(), Task::Segmentation, Ok(vec![score("good", 5, 0), score("poor", 8, 8)]));
        assert_eq!(shown(&cases), ["poor"], "from run to run");
        cases.refilter(|filter| filter.push('x'));
        assert_eq!((cases.chosen(), cases.wanted()), (None, None));
        assert!(cases.back() && !cases.back());
        assert_eq!(cases.rows().len(), 2);
    }

    #[test]
    fn planes_of_another_case_are_not_drawn() {
        let mut cases = cases();
        let sight = |index| {
            Box::new(Sight { name: "s/a".into(), index, image: Err(String::new()), prediction: Err(String::new()) })
        };
        cases.see(sight(0));
        assert_eq!(cases.sight(), None);
        cases.see(sight(1));
        assert!(cases.sight().is_some());
        cases.go(Motion::End(Direction::Forward), 1);
        assert_eq!(cases.sight(), None);
    }

    #[test]
    fn what_is_undefined_has_a_reason() {
        assert_eq!(undefined(&score("a", 4, 4)), None);
        assert!(undefined(&score("a", 0, 0)).is_some_and(|why| why.starts_with("both masks")));
        assert!(undefined(&score("a", 0, 3)).is_some_and(|why| why.starts_with("the reference")));
        assert!(undefined(&score("a", 3, 0)).is_some_and(|why| why.starts_with("the prediction")));
    }
}
