//! What a run says over and over, kept small: a screen holds a thousand runs, and a run may have a million steps.

use std::sync::Arc;

use super::EpochScores;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepPoint {
    /// From 1.
    pub step: u64,
    /// `None` if not finite.
    pub loss: Option<f64>,
}

/// Steps, ascending; eight bytes each where they follow one another.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// Step and place of each beginning of consecutive steps.
    starts: Vec<(u64, usize)>,
    /// NaN where a loss is not finite.
    losses: Vec<f64>,
    gaps: usize,
}

impl Steps {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.losses.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// Steps whose loss is not finite.
    pub fn gaps(&self) -> usize {
        self.gaps
    }

    /// The newest.
    pub fn last(&self) -> Option<StepPoint> {
        let (first, place) = self.starts.last()?;
        let step = first + (self.losses.len() - 1 - place) as u64;
        Some(StepPoint { step, loss: finite(*self.losses.last()?) })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = StepPoint> + Clone {
        let ends = self.starts.iter().skip(1).map(|(_, place)| *place).chain([self.losses.len()]);
        self.starts.iter().zip(ends).flat_map(|(&(first, place), end)| {
            let losses = self.losses[place..end].iter().enumerate();
            losses.map(move |(i, &loss)| StepPoint { step: first + i as u64, loss: finite(loss) })
        })
    }

    /// Their losses; NaN, or infinite, where one is not finite.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The step of the loss at `place`.
    pub fn step(&self, place: usize) -> u64 {
        let begun = self.starts.partition_point(|(_, first)| *first <= place);
        let (step, first) = begun.checked_sub(1).and_then(|i| self.starts.get(i)).copied().unwrap_or_default();
        step + (place - first) as u64
    }

    /// Takes the newest; what was known of it and of later ones is void.
    pub(super) fn push(&mut self, step: u64, loss: Option<f64>) {
        if self.last().is_some_and(|last| last.step >= step) {
            match step.checked_sub(1) {
                Some(before) => self.keep(before),
                None => *self = Self::default(),
            }
        }
        if self.last().is_none_or(|last| last.step.checked_add(1) != Some(step)) {
            self.starts.push((step, self.losses.len()));
        }
        let loss = loss.unwrap_or(f64::NAN);
        self.gaps += usize::from(!loss.is_finite());
        self.losses.push(loss);
    }

    /// Forgets what lies past `step`.
    pub(super) fn keep(&mut self, step: u64) {
        while self.starts.last().is_some_and(|(first, _)| *first > step) {
            self.cut(self.starts.last().map_or(0, |(_, place)| *place));
            self.starts.pop();
        }
        if let Some(&(first, place)) = self.starts.last() {
            let kept = usize::try_from((step - first).saturating_add(1)).unwrap_or(usize::MAX);
            self.cut(place.saturating_add(kept));
        }
    }

    /// Gives back what was reserved for steps that will not come.
    pub(super) fn settle(&mut self) {
        self.losses.shrink_to_fit();
    }

    fn cut(&mut self, end: usize) {
        let cut = self.losses.get(end..).unwrap_or_default();
        self.gaps -= cut.iter().filter(|loss| !loss.is_finite()).count();
        self.losses.truncate(end);
    }
}

fn finite(loss: f64) -> Option<f64> {
    Some(loss).filter(|loss| loss.is_finite())
}

/// Equal steps with equal losses; a loss that is not finite equals another.
impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

/// An epoch's scores on one part; epochs of a run share their names.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// Ascending.
    names: Arc<[String]>,
    /// NaN where undefined: half the size of an option, and JSON has no NaN.
    values: Box<[f64]>,
}

impl PartialEq for Scores {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Scores {
    /// `scores`, with the names of `before` where they are the same.
    pub(super) fn of(scores: EpochScores, before: Option<&Scores>) -> Self {
        let values = scores.values().map(|value| value.unwrap_or(f64::NAN)).collect();
        let shared = before.filter(|before| before.names.iter().eq(scores.keys())).map(|before| before.names.clone());
        Self { names: shared.unwrap_or_else(|| scores.into_keys().collect()), values }
    }

    /// With `more`, and the names of `before` where they are the same.
    pub(super) fn with(&self, more: &EpochScores, before: Option<&Scores>) -> Self {
        let mut all: EpochScores = self.iter().map(|(name, value)| (name.clone(), value)).collect();
        all.extend(more.iter().map(|(name, value)| (name.clone(), *value)));
        Self::of(all, before)
    }

    /// The value of the metric `name`; `None` if the epoch has none, `Some(None)` if it is undefined.
    pub fn get(&self, name: &str) -> Option<Option<f64>> {
        Some(self.at(self.place(name)?))
    }

    /// Where the metric `name` is; the same in all scores that share their names.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|own| own.as_str().cmp(name)).ok()
    }

    /// The value at a [`place`](Self::place); `None` if it is undefined.
    pub fn at(&self, place: usize) -> Option<f64> {
        self.values.get(place).copied().filter(|value| !value.is_nan())
    }

    /// Whether every metric is at the same place in both.
    pub fn shares_names(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.names, &other.names)
    }

    fn iter(&self) -> impl Iterator<Item = (&String, Option<f64>)> {
        self.names.iter().zip(self.values.iter().map(|&value| Some(value).filter(|value| !value.is_nan())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pushed: &[(u64, Option<f64>)]) -> Steps {
        let mut steps = Steps::default();
        pushed.iter().for_each(|(step, loss)| steps.push(*step, *loss));
        steps
    }

    fn listed(steps: &Steps) -> Vec<(u64, Option<f64>)> {
        steps.iter().map(|p| (p.step, p.loss)).collect()
    }

    #[test]
    fn steps_come_back_with_their_holes_and_their_gaps() {
        let pushed = [(1, Some(9.0)), (2, None), (7, Some(8.0)), (8, Some(7.0))];
        let steps = steps(&pushed);
        assert_eq!(listed(&steps), pushed);
        assert_eq!((steps.len(), steps.gaps()), (4, 1));
        assert_eq!(steps.last(), Some(StepPoint { step: 8, loss: Some(7.0) }));
    }

    #[test]
    fn a_repeated_step_voids_what_came_after_it() {
        let again = steps(&[(1, Some(9.0)), (2, None), (3, None), (5, Some(8.0)), (2, Some(1.0))]);
        assert_eq!(listed(&again), [(1, Some(9.0)), (2, Some(1.0))]);
        assert_eq!(again.gaps(), 0);
        let mut none = again.clone();
        none.keep(0);
        assert_eq!((none.len(), none.last()), (0, None));
        assert_eq!(none, Steps::default());
    }

    #[test]
    fn keeping_up_to_a_step_inside_a_hole_keeps_what_lies_before() {
        let mut steps = steps(&[(1, Some(1.0)), (2, Some(2.0)), (9, Some(3.0))]);
        steps.keep(5);
        assert_eq!(listed(&steps), [(1, Some(1.0)), (2, Some(2.0))]);
        steps.keep(u64::MAX);
        assert_eq!(steps.len(), 2);
    }

    #[test]
    fn steps_at_both_ends_of_the_numbers_are_no_panic() {
        let ends = [0, 0, u64::MAX, u64::MAX, 0, 1].map(|step| (step, Some(1.0)));
        assert_eq!(listed(&steps(&ends[..3])), [(0, Some(1.0)), (u64::MAX, Some(1.0))]);
        assert_eq!(listed(&steps(&ends)), [(0, Some(1.0)), (1, Some(1.0))]);
    }

    #[test]
    fn epochs_share_the_names_of_their_scores() {
        let scores = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Some(0.5))).collect::<EpochScores>();
        let first = Scores::of(scores(&["dsc", "iou"]), None);
        let second = Scores::of(scores(&["dsc", "iou"]), Some(&first));
        let other = Scores::of(scores(&["dsc"]), Some(&second));
        assert!(Arc::ptr_eq(&first.names, &second.names));
        assert_eq!((second.get("iou"), other.get("iou")), (Some(Some(0.5)), None));
    }

    #[test]
    fn an_undefined_score_is_there_and_equals_itself() {
        let scores = |value| EpochScores::from([("hd95_px".to_owned(), value)]);
        let undefined = Scores::of(scores(None), None);
        assert_eq!((undefined.get("hd95_px"), undefined.get("dsc")), (Some(None), None));
        assert_eq!(undefined, Scores::of(scores(None), None));
        assert_ne!(undefined, Scores::of(scores(Some(0.0)), None));
        assert_eq!(undefined.with(&scores(Some(3.5)), None).get("hd95_px"), Some(Some(3.5)));
    }
}
