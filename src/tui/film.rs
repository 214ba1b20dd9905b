//! The fixed validation case of a run as it was predicted after every epoch, each mask scored as a test case is. The
//! masks are those that the validation scores are of: nothing is done to them after the network.

use rayon::prelude::*;

use super::sight::Sight;
use super::text::clean;
use super::widget::picture::Picture;
use crate::metric::CaseScore;
use crate::plane::{Mask, Plane};
use crate::store::{EpochMask, RunDir};

/// Of more epochs the newest ones.
const EPOCHS: usize = 2000;
/// Bytes of a case's id that are read.
const ID_BYTES: usize = 300;

/// A case and its masks by epoch; no two of an epoch, and as many scores as masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    case: String,
    image: Plane<u8>,
    reference: Mask,
    masks: Vec<EpochMask>,
    scores: Vec<CaseScore>,
}

impl Film {
    /// What `run` has kept; what was scored `before` is not scored again.
    pub fn read(run: &RunDir, before: Option<&Self>) -> Result<Self, String> {
        let (image, reference) = (run.preview("image.png"), run.preview("reference.png"));
        let image = image.ok_or("the image of the validation case is not kept")?;
        let picture = Picture::decode(&image, [reference.as_deref(), None], run.epoch_masks());
        let planes = picture.and_then(Picture::into_planes);
        let (image, reference, mut masks) =
            planes.ok_or("image and reference of the validation case are unreadable")?;
        masks.retain(|mask| mask.mask(image.size()).is_some());
        masks.drain(..masks.len().saturating_sub(EPOCHS));
        let case = run.preview("case.txt").unwrap_or_default();
        let case = clean(&String::from_utf8_lossy(&case[..case.len().min(ID_BYTES)]));
        let mut film = Self { case, image, reference, masks, scores: Vec::new() };
        film.scores = film.scored(before);
        match film.masks.is_empty() {
            true => Err("no mask of any epoch fits the image of the validation case".to_owned()),
            false => Ok(film),
        }
    }

    /// The case; its id is known of runs of this version on.
    pub fn label(&self) -> String {
        if self.case.is_empty() { "valid case".to_owned() } else { format!("valid {}", self.case) }
    }

    /// The epoch at `place`, from 1.
    pub fn epoch(&self, place: usize) -> Option<u32> {
        self.masks.get(place).map(|mask| mask.epoch)
    }

    /// A score an epoch.
    pub fn scores(&self) -> &[CaseScore] {
        &self.scores
    }

    /// What the run `name` made of the case in the epoch at `place`.
    pub fn sight(&self, name: &str, place: usize) -> Sight {
        let mask = self.masks.get(place).and_then(|mask| mask.mask(self.image.size()));
        Sight {
            name: name.to_owned(),
            index: place,
            image: Ok((self.image.clone(), self.reference.clone())),
            prediction: mask.ok_or_else(|| "no mask of this epoch".to_owned()),
        }
    }

    fn scored(&self, before: Option<&Self>) -> Vec<CaseScore> {
        let before = before.filter(|before| (&before.case, &before.reference) == (&self.case, &self.reference));
        let known = |place: usize| {
            let before = before.filter(|before| before.masks.get(place) == self.masks.get(place))?;
            before.scores.get(place).cloned()
        };
        let score = |(place, mask): (usize, &EpochMask)| {
            known(place).or_else(|| {
                let predicted = mask.mask(self.image.size())?;
                CaseScore::of(&format!("epoch {}", mask.epoch), &self.case, &predicted, &self.reference)
            })
        };
        self.masks.par_iter().enumerate().filter_map(score).collect()
    }
}

#[cfg(test)]
pub(in crate::tui) mod tests {
    use std::io::Cursor;

    use super::*;
    /// A row of eight pixels, of which so many from the left are set.
    fn row(set: usize) -> Mask {
        Mask::from_fn(8, 1, |x, _| x < set)
    }

    /// A run with an epoch for each of so many of four pixels.
    fn found(dir: &tempfile::TempDir, counts: &[usize]) -> RunDir {
        let masks: Vec<Mask> = counts.iter().map(|&count| row(count)).collect();
        filmed(dir, &row(4), &masks)
    }

    /// As a picture in black and white.
    pub fn png(mask: &Mask) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let values = mask.values().iter().map(|&set| if set { 255 } else { 0 }).collect();
        let image =
            image::GrayImage::from_raw(mask.width() as u32, mask.height() as u32, values).expect("a byte a pixel");
        image.write_to(&mut bytes, image::ImageFormat::Png).expect("encode");
        bytes.into_inner()
    }

    /// A run with an epoch for each of `masks`.
    pub fn filmed(dir: &tempfile::TempDir, reference: &Mask, masks: &[Mask]) -> RunDir {
        std::fs::create_dir_all(dir.path().join("s/r")).expect("folders");
        let run = RunDir::at(&dir.path().join("s/r")).expect("a run");
        for name in ["image.png", "reference.png"] {
            run.write_preview(name, &png(reference)).expect("written");
        }
        for (place, mask) in masks.iter().enumerate() {
            run.append_epoch_mask(&EpochMask::of(place as u32 + 1, mask)).expect("written");
        }
        run
    }

    #[test]
    fn every_epoch_is_scored_against_the_one_reference() {
        let dir = tempfile::tempdir().expect("tempdir");
        let run = found(&dir, &[0, 2, 4]);
        let film = Film::read(&run, None).expect("three epochs");
        // 2·2 / (2·2 + 2): two of four pixels are found.
        let dsc: Vec<_> = film.scores().iter().map(|score| score.counts.dsc()).collect();
        assert_eq!(dsc, [Some(0.0), Some(2.0 / 3.0), Some(1.0)]);
        assert_eq!((film.epoch(2), film.epoch(3), film.label().as_str()), (Some(3), None, "valid case"));
        assert_eq!(film.sight("s/r", 1).prediction, Ok(row(2)));
        run.write_preview("case.txt", "b\u{1b}[2J (3)".as_bytes()).expect("written");
        run.append_epoch_mask(&EpochMask::of(4, &row(8))).expect("written");
        let more = Film::read(&run, Some(&film)).expect("four epochs");
        assert_eq!((more.label().as_str(), more.scores().len()), ("valid b·[2J (3)", 4));
        let again = Film::read(&run, Some(&more)).expect("four epochs");
        assert_eq!(again, more);
    }

    #[test]
    fn a_mask_of_another_size_is_left_out_and_without_any_it_says_so() {
        let dir = tempfile::tempdir().expect("tempdir");
        let run = found(&dir, &[4]);
        run.append_epoch_mask(&EpochMask { epoch: 2, runs: vec![u32::MAX; 9] }).expect("written");
        assert_eq!(Film::read(&run, None).map(|film| film.scores().len()), Ok(1));
        run.write_preview("image.png", &png(&Mask::filled(3, 3, true))).expect("written");
        assert!(
            Film::read(&run, None).is_err_and(|why| why.contains("unreadable")),
            "the reference is of 8 × 1 pixels"
        );
        run.write_preview("reference.png", &png(&Mask::filled(3, 3, true))).expect("written");
        assert!(Film::read(&run, None).is_err_and(|why| why.starts_with("no mask of any epoch")));
    }
}
