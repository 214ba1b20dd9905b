//! NIfTI-1 files, `.nii` and `.nii.gz`, of any byte order and any real data type.
//!
//! Values are `slope · stored + intercept`, without scaling where the slope is 0 or not finite, as nibabel does.
//! Source: nifti1.h, https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h.

use std::io::{Read, copy, sink};
use std::path::Path;

use nifti::{Endianness, NiftiHeader, NiftiType};

use super::align::Affine;
use super::gzip::Stream;
use super::{Grid, Volume};
use crate::dataset::DatasetError;

/// Bytes of a header.
const HEADER: u64 = 348;
/// Furthest start of the voxels.
const OFFSET: u64 = 16 << 20;
/// Most bytes that are read, decompressed, up to the end of the chosen volume.
const PROMISED: u64 = 4 << 30;
/// Bytes that are converted at once.
const CHUNK: usize = 1 << 20;

/// Where the voxels lie, without reading any.
pub(super) fn grid(path: &Path, volume: Option<usize>) -> Result<Grid, DatasetError> {
    let fail = |message| DatasetError::file(path, message);
    let mut stream = Stream::open(path).map_err(|error| DatasetError::file(path, error))?;
    Ok(Header::read(&mut stream, &|_| volume).map_err(fail)?.grid)
}

/// The `volume`th of a 4-D file, counted from 0; a 3-D file has one.
pub(super) fn read(path: &Path, volume: Option<usize>) -> Result<Volume, DatasetError> {
    chosen(path, &|_| volume)
}

/// A mask: the `volume`th of a 4-D file, or the one that there is.
pub(super) fn mask(path: &Path, volume: Option<usize>) -> Result<Volume, DatasetError> {
    chosen(path, &|volumes| volume.filter(|_| volumes > 1))
}

/// Which volume, given how many there are; `None` where there should be one.
type Choice<'a> = &'a dyn Fn(usize) -> Option<usize>;

fn chosen(path: &Path, choice: Choice<'_>) -> Result<Volume, DatasetError> {
    let mut stream = Stream::open(path).map_err(|error| DatasetError::file(path, error))?;
    let read = Header::read(&mut stream, choice).and_then(|header| header.volume(stream));
    read.map_err(|message| DatasetError::file(path, message))
}

struct Header {
    grid: Grid,
    /// Bytes between the header and the first voxel of the chosen volume.
    skip: u64,
    kind: NiftiType,
    order: Endianness,
    slope: f64,
    intercept: f64,
}

impl Header {
    fn read(stream: &mut Stream, choice: Choice<'_>) -> Result<Self, String> {
        let mut bytes = Vec::new();
        stream.take(HEADER).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let header = NiftiHeader::from_reader(bytes.as_slice()).map_err(|error| format!("no NIfTI header: {error}"))?;
        if header.sizeof_hdr != HEADER as i32 || header.magic != *b"n+1\0" {
            return Err("no NIfTI-1 file in one piece (.nii, .nii.gz); pairs of .hdr and .img are not read".to_owned());
        }
        let dim = header.dim().map_err(|error| error.to_string())?;
        let side = |axis: usize| usize::from(dim.get(axis).copied().unwrap_or(1));
        let grid = Grid::new([side(0), side(1), side(2)], affine(&header))?;
        let volumes = dim.iter().skip(3).fold(1usize, |product, side| product.saturating_mul(usize::from(*side)));
        let chosen = match choice(volumes) {
            None if volumes > 1 => return Err(format!("holds {volumes} volumes; choose one, e.g. layout.volume = 0")),
            Some(volume) if volume >= volumes => {
                return Err(format!("layout.volume = {volume}, but it holds {volumes}, counted from 0"));
            }
            chosen => chosen.unwrap_or(0) as u64,
        };
        let kind = header.data_type().map_err(|error| error.to_string())?;
        let bytes = grid.voxels() as u64 * width(kind)? as u64;
        if !(HEADER as f32..=OFFSET as f32).contains(&header.vox_offset) {
            return Err(format!("voxels start at byte {}: expected {HEADER} to {OFFSET}", header.vox_offset));
        }
        let skip = (header.vox_offset as u64 - HEADER).saturating_add(chosen.saturating_mul(bytes));
        if skip.saturating_add(bytes) > PROMISED {
            return Err(format!("promises {} MiB, at most {} are read", (skip + bytes) >> 20, PROMISED >> 20));
        }
        let (slope, intercept) = scaling(&header)?;
        Ok(Self { grid, skip, kind, order: header.endianness, slope, intercept })
    }

    fn volume(self, mut stream: Stream) -> Result<Volume, String> {
        let skipped = copy(&mut (&mut stream).take(self.skip), &mut sink()).map_err(|error| error.to_string())?;
        let voxels = self.grid.voxels();
        let width = width(self.kind)?;
        let mut values = Vec::new();
        let mut chunk = Vec::new();
        while skipped == self.skip && values.len() < voxels {
            chunk.clear();
            let wanted = CHUNK.min((voxels - values.len()) * width) as u64;
            (&mut stream).take(wanted).read_to_end(&mut chunk).map_err(|error| error.to_string())?;
            values.extend(chunk.chunks_exact(width).map(|stored| self.value(stored)));
            if (chunk.len() as u64) < wanted {
                break;
            }
        }
        match values.len() == voxels {
            true => Ok(Volume { grid: self.grid, values }),
            false => Err(format!("ends after {} of {voxels} voxels", values.len())),
        }
    }

    fn value(&self, stored: &[u8]) -> f32 {
        let mut bytes = [0u8; 8];
        let bytes = &mut bytes[..stored.len()];
        bytes.copy_from_slice(stored);
        if self.order == Endianness::Big {
            bytes.reverse();
        }
        (number(self.kind, bytes) * self.slope + self.intercept) as f32
    }
}

/// Bytes of a voxel.
fn width(kind: NiftiType) -> Result<usize, String> {
    use NiftiType::{Float32, Float64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64};
    match kind {
        Uint8 | Int8 => Ok(1),
        Uint16 | Int16 => Ok(2),
        Uint32 | Int32 | Float32 => Ok(4),
        Uint64 | Int64 | Float64 => Ok(8),
        other => Err(format!("voxels are {other:?}: expected whole numbers or floats of 8 to 64 bits")),
    }
}

/// The little-endian number in `bytes`, as many as [`width`] says.
fn number(kind: NiftiType, bytes: &[u8]) -> f64 {
    let unsigned = bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    match kind {
        NiftiType::Int8 => f64::from(unsigned as u8 as i8),
        NiftiType::Int16 => f64::from(unsigned as u16 as i16),
        NiftiType::Int32 => f64::from(unsigned as u32 as i32),
        NiftiType::Int64 => unsigned as i64 as f64,
        NiftiType::Float32 => f64::from(f32::from_bits(unsigned as u32)),
        NiftiType::Float64 => f64::from_bits(unsigned),
        _ => unsigned as f64,
    }
}

fn scaling(header: &NiftiHeader) -> Result<(f64, f64), String> {
    let (slope, intercept) = (f64::from(header.scl_slope), f64::from(header.scl_inter));
    match slope.is_finite() && slope != 0.0 {
        false => Ok((1.0, 0.0)),
        true if intercept.is_finite() => Ok((slope, intercept)),
        true => Err(format!("scl_inter = {intercept}: expected a finite number beside scl_slope = {slope}")),
    }
}

/// The s-form if there is one, else the q-form.
fn affine(header: &NiftiHeader) -> Option<Affine> {
    let rows = if header.sform_code > 0 {
        [header.srow_x, header.srow_y, header.srow_z].map(|row| row.map(f64::from))
    } else if header.qform_code > 0 {
        rotation(header)
    } else {
        return None;
    };
    Affine::new(rows)
}

/// Source: nifti1.h, "METHOD 2".
fn rotation(header: &NiftiHeader) -> [[f64; 4]; 3] {
    let [b, c, d] = [header.quatern_b, header.quatern_c, header.quatern_d].map(f64::from);
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    let turned = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ];
    let handed = if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
    let [x, y, z] = [header.pixdim[1], header.pixdim[2], header.pixdim[3]].map(f64::from);
    let offset = [header.quatern_x, header.quatern_y, header.quatern_z].map(f64::from);
    std::array::from_fn(|row| {
        let [i, j, k] = turned[row];
        [i * x, j * y, k * z * handed, offset[row]]
    })
}
