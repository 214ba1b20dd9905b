//! Volumes: NIfTI files and DICOM series as stacks of 8-bit slices with masks. Files are untrusted: sizes are bounded,
//! and memory is taken as data arrive, not as headers promise.
//!
//! A slice is what the file stores: column = first index, row = second index, slice = third index. Nothing is turned to a
//! standard orientation, so that images of one origin agree with each other, and may be upside down on a screen.

mod align;
mod cache;
mod dicom;
mod element;
mod gzip;
mod nifti;
mod scan;
mod window;

use self::align::Affine;
pub use self::align::Align;
pub(super) use self::cache::Stacks;
pub(super) use self::scan::{Format, Pictures, Reading, Scan, is_nifti};
pub use self::window::{grey, percentile};

/// Longest side in voxels.
const SIDE: usize = 16_384;
/// Most voxels of a volume: 512 MiB as 32-bit values.
const VOXELS: usize = 1 << 27;

/// Extent, and where in the patient it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    /// Columns, rows, slices.
    size: [usize; 3],
    /// From indices to millimetres (right, anterior, superior); `None` where the file does not say.
    affine: Option<Affine>,
}

impl Grid {
    fn new(size: [usize; 3], affine: Option<Affine>) -> Result<Self, String> {
        let voxels = size.iter().try_fold(1usize, |product, side| product.checked_mul(*side));
        let bounded = size.iter().all(|side| (1..=SIDE).contains(side)) && voxels.is_some_and(|n| n <= VOXELS);
        if !bounded {
            let [x, y, z] = size;
            return Err(format!("{x} × {y} × {z} voxels: expected 1 to {SIDE} a side and at most {VOXELS} in all"));
        }
        Ok(Self { size, affine })
    }

    fn voxels(&self) -> usize {
        self.size.iter().product()
    }

    fn slice_voxels(&self) -> usize {
        self.size[0] * self.size[1]
    }
}

/// Values in the order of the file: columns, then rows, then slices.
#[derive(Clone, Debug, PartialEq)]
struct Volume {
    grid: Grid,
    values: Vec<f32>,
}
