//! The chosen run's cases: its scored test cases, and before them its fixed validation case epoch by epoch.

use std::sync::Arc;

use super::cases::Cases;
use super::film::Film;
use super::keys::Direction;
use super::row::{Name, Part};

/// Both, and which is on the screen.
#[derive(Debug)]
pub struct Album {
    tests: Cases,
    epochs: Cases,
    shown: Part,
}

impl Default for Album {
    fn default() -> Self {
        Self { tests: Cases::new(Part::Test), epochs: Cases::new(Part::Valid), shown: Part::Test }
    }
}

impl Album {
    /// What is on the screen.
    pub fn shown(&self) -> &Cases {
        match self.shown {
            Part::Test => &self.tests,
            Part::Valid => &self.epochs,
        }
    }

    /// The same, to be changed.
    pub fn shown_mut(&mut self) -> &mut Cases {
        match self.shown {
            Part::Test => &mut self.tests,
            Part::Valid => &mut self.epochs,
        }
    }

    /// The scored test cases.
    pub fn tests(&mut self) -> &mut Cases {
        &mut self.tests
    }

    /// Takes the validation case of the run `name`, or why there is none.
    pub fn film(&mut self, name: Name, film: Result<Arc<Film>, String>) {
        self.epochs.set_film(name, film);
    }

    /// To the epoch before or after; the test cases follow the last one. What there is to say if there is none.
    pub fn step(&mut self, direction: Direction) -> Option<&'static str> {
        match (self.shown, direction) {
            (Part::Test, Direction::Forward) => {
                return Some("the test cases follow the last epoch; < shows the epochs of the validation case");
            }
            (Part::Test, Direction::Backward) => self.shown = Part::Valid,
            (Part::Valid, _) if self.epochs.step(direction) => {}
            (Part::Valid, Direction::Forward) => self.shown = Part::Test,
            (Part::Valid, Direction::Backward) => return Some("there is no epoch before"),
        }
        None
    }

    /// Closes the filter, or leaves the epochs; whether there was one of them.
    pub fn back(&mut self) -> bool {
        self.shown_mut().back() || std::mem::replace(&mut self.shown, Part::Test) == Part::Valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{CaseScore, Task};
    use crate::plane::Mask;
    use crate::tui::film::tests::filmed;

    fn mask(set: usize) -> Mask {
        Mask::from_fn(8, 1, |x, _| x < set)
    }

    fn film(masks: &[Mask]) -> Arc<Film> {
        let dir = tempfile::tempdir().expect("tempdir");
        Arc::new(Film::read(&filmed(&dir, &mask(4), masks), None).expect("epochs"))
    }

    fn album() -> Album {
        let mut album = Album::default();
        let score = CaseScore::of("a", "a", &mask(1), &mask(1)).expect("same size");
        album.tests().set("s/r".into(), Task::Segmentation, Ok(vec![score]));
        album.film("s/r".into(), Ok(film(&[mask(1), mask(4), mask(2)])));
        album
    }

    #[test]
    fn the_test_cases_follow_the_last_epoch() {
        let mut album = album();
        assert!(album.step(Direction::Forward).is_some_and(|said| said.contains("test cases follow")));
        let mut seen = Vec::new();
        for direction in [Direction::Backward; 4].into_iter().chain([Direction::Forward; 3]) {
            let said = album.step(direction);
            seen.push((album.shown().epoch(), said.is_some()));
        }
        let expected = [3, 2, 1, 1, 2, 3].map(Some).into_iter().chain([None]);
        assert_eq!(seen.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert_eq!(seen.iter().position(|(_, said)| *said), Some(3), "before the first epoch there is none");
        assert_eq!(album.shown().part(), Part::Test);
    }

    #[test]
    fn an_epoch_has_its_own_mask_and_score() {
        let mut album = album();
        album.step(Direction::Backward);
        album.step(Direction::Backward);
        let cases = album.shown();
        assert_eq!(cases.chosen().and_then(|score| score.counts.dsc()), Some(1.0));
        let sight = cases.sight().expect("at hand");
        assert_eq!((sight.index, &sight.prediction), (1, &Ok(mask(4))));
        assert!(album.back() && !album.back());
        assert_eq!(album.shown().part(), Part::Test);
    }

    #[test]
    fn epochs_are_stepped_through_by_number_in_any_order_and_from_run_to_run() {
        let mut album = album();
        album.step(Direction::Backward);
        album.shown_mut().sort();
        assert_eq!(album.shown().epoch(), Some(1), "the worst one");
        album.step(Direction::Forward);
        assert_eq!(album.shown().epoch(), Some(2));
        album.film("s/other".into(), Ok(film(&[mask(1), mask(3)])));
        assert_eq!((album.shown().epoch(), album.shown().name()), (Some(2), "s/other"));
        album.film("s/other".into(), Err("gone".into()));
        assert_eq!((album.shown().error(), album.shown().epoch(), album.shown().sight()), (Some("gone"), None, None));
        album.film("s/other".into(), Ok(film(&[mask(1), mask(3), mask(4)])));
        assert_eq!(album.shown().epoch(), Some(3), "of a run that is read anew, the newest");
    }
}
