//! Masks of new images by finished runs, as files: what somebody takes home from a training.
//! Knows runs and files; not tensors. Weak spot: nobody scores these masks, and an image unlike the training images gets
//! one all the same.

use std::fs;
use std::path::{Path, PathBuf};

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::{Case, Class, DatasetError, Decoder, Unmarked, sheet};
use crate::metric::Shape;
use crate::plane::{Mask, Plane};
use crate::store::{StoreError, write_atomic};
use crate::train::{Ensemble, Views};
use crate::version::VERSION;

/// Images in memory at a time.
const CHUNK: usize = 16;
const SHAPES: &str = "shapes.csv";
const PROVENANCE: &str = "predict.json";
const FOLDERS: [&str; 3] = ["masks", "probabilities", "overlays"];
const HEAD: [&str; 12] = [
    "image",
    "width_px",
    "height_px",
    "largest_probability",
    "area_px",
    "area_share",
    "perimeter_px",
    "solidity",
    "eccentricity",
    "tallness",
    "irregularity",
    "islands_removed_px",
];

/// Bits of a written probability: 0 to 255, or 0 to 65535.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Steps of 0.4 %.
    Eight,
    /// Steps of 0.0015 %.
    #[default]
    Sixteen,
}

/// How images are predicted and written.
#[derive(Clone, Debug)]
pub struct Prediction<'a> {
    /// Networks.
    pub ensemble: &'a Ensemble,
    /// Names of their runs, in their order.
    pub runs: &'a [String],
    /// Views that are averaged.
    pub views: Views,
    /// Of probabilities.
    pub depth: Depth,
}

/// Why images are not predicted.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// A file cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is there already.
    #[error("{}: there are predictions in it already; choose another folder with --out", .0.display())]
    Taken(PathBuf),
}

#[derive(Serialize)]
struct Provenance<'a> {
    schema: u32,
    version: &'static str,
    images: usize,
    mirrored_too: bool,
    probability_bits: u8,
    networks: Vec<Source<'a>>,
    warning: &'static str,
}

#[derive(Serialize)]
struct Source<'a> {
    run: &'a str,
    model: &'static str,
    dataset: &'a str,
    input_px: usize,
    epoch: u32,
    sha256: &'a str,
}

impl Prediction<'_> {
    /// Writes `masks/`, `probabilities/` and `overlays/`, a PNG of each image's own size for each, `shapes.csv` and
    /// `predict.json` into `out`, which must not have them yet; calls `done` after every few images. Returns why images
    /// were left out that cannot be read.
    pub fn write(
        &self,
        images: &Unmarked,
        out: &Path,
        mut done: impl FnMut(usize),
    ) -> Result<Vec<DatasetError>, PredictError> {
        if FOLDERS.iter().chain(&[SHAPES, PROVENANCE]).any(|name| out.join(name).exists()) {
            return Err(PredictError::Taken(out.to_owned()));
        }
        for folder in FOLDERS.map(|name| out.join(name)) {
            fs::create_dir_all(&folder).map_err(|error| StoreError::new(&folder, error))?;
        }
        let (decoder, mut rows) = (Decoder::default(), vec![HEAD.map(str::to_owned).to_vec()]);
        let mut unread = Vec::new();
        for cases in images.cases.chunks(CHUNK) {
            let pixels: Vec<_> = cases.par_iter().map(|case| decoder.pixels(case)).collect();
            let (mut read, mut decoded) = (Vec::new(), Vec::<RgbImage>::new());
            for (case, pixels) in cases.iter().zip(pixels) {
                match pixels {
                    Ok(pixels) => _ = (read.push(case), decoded.push(pixels.image)),
                    Err(error) => unread.push(error),
                }
            }
            let planes =
                if decoded.is_empty() { Vec::new() } else { self.ensemble.probabilities(&decoded, self.views) };
            let all = read.into_par_iter().zip(&decoded).zip(&planes);
            let written = all.map(|((case, image), plane)| self.one((case, image), plane, out));
            rows.extend(written.collect::<Result<Vec<_>, StoreError>>()?);
            done(cases.len());
        }
        write(&out.join(SHAPES), &csv(&rows))?;
        let provenance = serde_json::to_vec_pretty(&self.provenance(rows.len() - 1)).expect("numbers and strings");
        write(&out.join(PROVENANCE), &provenance)?;
        Ok(unread)
    }

    /// Writes one image's files; its row.
    fn one(
        &self,
        (case, image): (&Case, &RgbImage),
        plane: &Plane<f32>,
        out: &Path,
    ) -> Result<Vec<String>, StoreError> {
        let mask = self.ensemble.mask(plane);
        let name = format!("{}.png", file_name(&case.id));
        let size = (image.width(), image.height());
        let grey: Vec<u8> = mask.values().iter().map(|&set| if set { 255 } else { 0 }).collect();
        let (probability, colour) = self.depth.bytes(plane);
        let contour = sheet::outlined(image.clone(), &mask, Class::Unknown);
        let files: [(&[u8], ExtendedColorType); 3] =
            [(&grey, ExtendedColorType::L8), (&probability, colour), (contour.as_raw(), ExtendedColorType::Rgb8)];
        for (folder, (bytes, colour)) in FOLDERS.iter().zip(files) {
            let path = out.join(folder).join(&name);
            write(&path, &png(bytes, size, colour).map_err(|error| StoreError::new(&path, error))?)?;
        }
        Ok(row(&case.id, plane, &mask))
    }

    fn provenance(&self, images: usize) -> Provenance<'_> {
        let networks = self.ensemble.members.iter().zip(self.runs).map(|(member, run)| Source {
            run,
            model: member.plan.model.name(),
            dataset: &member.plan.dataset,
            input_px: member.plan.input_px,
            epoch: member.epoch,
            sha256: &member.sha256,
        });
        Provenance {
            schema: 1,
            version: VERSION,
            images,
            mirrored_too: self.views == Views::Flipped,
            probability_bits: if self.depth == Depth::Eight { 8 } else { 16 },
            networks: networks.collect(),
            warning: "research software, not a medical device",
        }
    }
}

impl Depth {
    /// Bytes as PNG encoders take them: 16-bit samples in the machine's order.
    fn bytes(self, plane: &Plane<f32>) -> (Vec<u8>, ExtendedColorType) {
        let values = plane.values().iter().map(|p| p.clamp(0.0, 1.0));
        match self {
            Depth::Eight => (values.map(|p| (p * 255.0).round() as u8).collect(), ExtendedColorType::L8),
            Depth::Sixteen => {
                let steps = values.flat_map(|p| ((p * 65535.0).round() as u16).to_ne_bytes());
                (steps.collect(), ExtendedColorType::L16)
            }
        }
    }
}

/// Without what a folder or a terminal would take for something else.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c == '/' || c == '\\' || c.is_control() { '_' } else { c }).collect()
}

/// Empty fields where there is no tumour.
fn row(id: &str, plane: &Plane<f32>, mask: &Mask) -> Vec<String> {
    let (width, height) = mask.size();
    let largest = plane.values().iter().copied().fold(0.0f32, f32::max);
    let raw_px = plane.values().iter().filter(|&&p| p > 0.5).count();
    let area_px = mask.area_px();
    let mut row = vec![file_name(id), width.to_string(), height.to_string(), format!("{largest:.4}")];
    row.extend([area_px.to_string(), format!("{:.6}", area_px as f64 / (width * height).max(1) as f64)]);
    row.extend(match Shape::of(mask) {
        Some(Shape { perimeter_px, solidity, eccentricity, tallness, irregularity, .. }) => {
            [perimeter_px, solidity, eccentricity, tallness, irregularity].map(|value| format!("{value:.4}"))
        }
        None => Default::default(),
    });
    row.push(raw_px.saturating_sub(area_px).to_string());
    row
}

fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.write_record(row)).expect("a vector takes every byte");
    writer.into_inner().expect("a vector takes every byte")
}

fn png(bytes: &[u8], (width, height): (u32, u32), colour: ExtendedColorType) -> image::ImageResult<Vec<u8>> {
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(bytes, width, height, colour)?;
    Ok(png)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_atomic(path, bytes).map_err(|error| StoreError::new(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_head_and_none_of_a_shape_that_is_not_there() {
        let plane = Plane::new(4, 2, vec![0.9, 0.8, 0.2, 0.0, 0.7, 0.6, 0.4, 0.9]).expect("eight values");
        let mask = Mask::from_fn(4, 2, |x, _| x < 2);
        let full = row("a/slice 001", &plane, &mask);
        assert_eq!(full.len(), HEAD.len());
        assert_eq!(full[..6], ["a_slice 001", "4", "2", "0.9000", "4", "0.500000"]);
        assert_eq!(full[11], "1", "the pixel at the right is above one half and not in the mask");
        let empty = row("b", &plane.map(|_| 0.1), &Mask::filled(4, 2, false));
        assert_eq!(empty[3..], ["0.1000", "0", "0.000000", "", "", "", "", "", "0"]);
    }

    #[test]
    fn probabilities_are_written_in_their_steps() {
        let plane = Plane::new(3, 1, vec![0.0, 0.5, 1.0]).expect("three values");
        assert_eq!(Depth::Eight.bytes(&plane).0, [0, 128, 255]);
        let (bytes, colour) = Depth::Sixteen.bytes(&plane);
        let png = png(&bytes, (3, 1), colour).expect("encoded");
        let read = image::load_from_memory(&png).expect("decoded").into_luma16();
        assert_eq!(read.into_raw(), [0, 32768, 65535]);
    }

    #[test]
    fn no_name_leaves_its_folder() {
        assert_eq!(file_name("../a\\b/c\u{1b}[2J"), ".._a_b_c_[2J");
    }
}
