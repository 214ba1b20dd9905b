//! One scan: the files of a volume and of its masks, and how they are read.

use std::path::PathBuf;

use image::RgbImage;

use super::align::{Align, onto};
use super::dicom::{Gap, Series};
use super::{Grid, Volume, dicom, grey, nifti};
use crate::dataset::read::mask_from_file;
use crate::dataset::{DatasetError, Pixels};
use crate::plane::{Mask, Plane};

/// Which reader reads the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dataset) enum Format {
    Nifti,
    Dicom,
}

/// How a scan is read.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::dataset) struct Reading {
    pub(in crate::dataset) format: Format,
    /// Of a 4-D file.
    pub(in crate::dataset) volume: Option<usize>,
    /// In percent.
    pub(in crate::dataset) window: [f64; 2],
    /// All but zero if empty.
    pub(in crate::dataset) mask_labels: Vec<i32>,
    pub(in crate::dataset) align: Align,
}

/// How masks that are pictures meet slices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dataset) enum Pictures {
    /// Each belongs to the image's file at its place in the list.
    OfFiles,
    /// The order of their names is that of the slices.
    InOrder,
}

/// The files of one volume.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::dataset) struct Scan {
    /// One NIfTI file, or the files of a DICOM series.
    pub(in crate::dataset) images: Vec<PathBuf>,
    /// NIfTI volumes, which are united, or as many pictures as the volume has slices.
    pub(in crate::dataset) masks: Vec<PathBuf>,
    pub(in crate::dataset) pictures: Pictures,
    pub(in crate::dataset) reading: Reading,
}

/// A decoded scan: 8-bit slices with their masks, two bytes a voxel.
pub(in crate::dataset) struct Stack {
    grid: Grid,
    grey: Vec<u8>,
    mask: Vec<bool>,
}

impl Scan {
    /// Images, then masks.
    pub(in crate::dataset) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.images.iter().chain(&self.masks)
    }

    /// For each slice, whether its mask is set anywhere; decodes masks, and images only where they alone say how large
    /// they are.
    pub(in crate::dataset) fn marked(&self) -> Result<Vec<bool>, DatasetError> {
        let (grid, mask) = match self.reading.format {
            Format::Nifti => {
                let grid = nifti::grid(&self.images[0], self.reading.volume)?;
                (grid, self.mask(&grid, None)?)
            }
            Format::Dicom => {
                let series = dicom::read(&self.images)?;
                (series.volume.grid, self.mask(&series.volume.grid, Some(&series))?)
            }
        };
        Ok(mask.chunks_exact(grid.slice_voxels()).map(|slice| slice.contains(&true)).collect())
    }

    /// Decodes everything.
    pub(in crate::dataset) fn stack(&self) -> Result<Stack, DatasetError> {
        let (Volume { grid, values }, mask) = match self.reading.format {
            Format::Nifti => {
                let volume = nifti::read(&self.images[0], self.reading.volume)?;
                let mask = self.mask(&volume.grid, None)?;
                (volume, mask)
            }
            Format::Dicom => {
                let series = dicom::read(&self.images)?;
                let mask = self.mask(&series.volume.grid, Some(&series))?;
                (series.volume, mask)
            }
        };
        let grey = grey(&values, self.reading.window);
        let grey = grey.ok_or_else(|| DatasetError::file(&self.images[0], "holds no finite value"))?;
        Ok(Stack { grid, grey, mask })
    }

    fn mask(&self, grid: &Grid, series: Option<&Series>) -> Result<Vec<bool>, DatasetError> {
        let volumes = self.masks.iter().filter(|path| is_nifti(path)).count();
        if volumes == 0 && !self.masks.is_empty() {
            return self.drawn(grid, series);
        }
        if let Some(gap) = series.and_then(|series| series.gap.as_ref())
            && volumes > 0
            && self.reading.align == Align::Geometry
        {
            return Err(uneven(gap));
        }
        let mut union = vec![false; grid.voxels()];
        for path in &self.masks {
            let mask = nifti::mask(path, self.reading.volume)?;
            let set = onto(grid, &mask, &self.reading.mask_labels, self.reading.align);
            let set = set.map_err(|message| DatasetError::file(path, message))?;
            union.iter_mut().zip(set).for_each(|(union, set)| *union |= set);
        }
        Ok(union)
    }

    /// The mask that pictures show, slice by slice.
    fn drawn(&self, grid: &Grid, series: Option<&Series>) -> Result<Vec<bool>, DatasetError> {
        let [width, height, depth] = grid.size;
        if self.masks.len() != depth {
            let message = format!("one of {} mask pictures; its volume has {depth} slices", self.masks.len());
            return Err(DatasetError::file(&self.masks[0], message));
        }
        let mut set = Vec::new();
        for index in self.order(series, depth)? {
            let path = &self.masks[index];
            let mask = mask_from_file(path)?;
            if mask.size() != (width, height) {
                let (w, h) = mask.size();
                return Err(DatasetError::file(path, format!("{w} × {h} px, its image {width} × {height}")));
            }
            set.extend_from_slice(mask.values());
        }
        Ok(set)
    }

    /// Which picture belongs to each of `depth` slices.
    fn order(&self, series: Option<&Series>, depth: usize) -> Result<Vec<usize>, DatasetError> {
        let in_order = (0..depth).collect();
        let Some(series) = series else { return Ok(in_order) };
        if self.pictures == Pictures::OfFiles {
            // as many pictures as slices, and a picture for each file: each file is one slice
            return Ok(series.from.clone());
        }
        let swapped = series.from.windows(2).find(|pair| pair[0] > pair[1]);
        match swapped.filter(|_| self.reading.align == Align::Geometry) {
            None => Ok(in_order),
            Some(pair) => Err(DatasetError::file(
                &self.images[pair[0]],
                format!(
                    "lies before {}, but its name comes after, so that the order of names does not tell which of the {} \
                     mask pictures is whose; put {{slice}} into images and masks, or give align = \"index\" if the pictures' \
                     names are in the order of positions",
                    self.images[pair[1]].display(),
                    self.masks.len()
                ),
            )),
        }
    }
}

fn uneven(gap: &Gap) -> DatasetError {
    let message = format!(
        "lies {:.2} mm from {}, expected {:.2} as between the other slices: one is missing, or they are unevenly spaced, \
         and a mask cannot be placed. Complete the series, or give align = \"index\" if its mask has the same slices",
        gap.found_mm,
        gap.before.display(),
        gap.expected_mm
    );
    DatasetError::file(&gap.after, message)
}

/// Whether the name is that of a NIfTI file.
pub(in crate::dataset) fn is_nifti(path: &std::path::Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    name.ends_with(".nii") || name.ends_with(".nii.gz")
}

impl Stack {
    /// Memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.grey.len() + self.mask.len()
    }

    /// The slice at `index`; `None` if there are fewer, as when the file has changed.
    pub(super) fn slice(&self, index: usize) -> Option<Pixels> {
        let [width, height, _] = self.grid.size;
        let range = index * width * height..(index + 1) * width * height;
        let rgb = self.grey.get(range.clone())?.iter().flat_map(|grey| [*grey; 3]).collect();
        let image = RgbImage::from_raw(width as u32, height as u32, rgb)?;
        let reference: Mask = Plane::new(width, height, self.mask.get(range)?.to_vec())?;
        Some(Pixels { image, reference })
    }
}
