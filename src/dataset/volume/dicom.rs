//! DICOM series: uncompressed grey files, one slice or several frames each, sorted into a volume.
//!
//! Values are `slope · stored + intercept`; MONOCHROME1, where less is brighter, is negated, so that more is brighter
//! everywhere. Weak spot: rescaling that only the functional groups of a multi-frame file hold is not applied.

use std::path::{Path, PathBuf};

use super::align::Affine;
use super::element::{Element, elements};
use super::{Grid, SIDE, VOXELS, Volume};
use crate::dataset::{DatasetError, read};

/// Largest file.
const FILE_BYTES: u64 = 512 << 20;
/// Most files of a series.
const FILES: usize = 4096;

/// A series as a volume.
pub(super) struct Series {
    pub(super) volume: Volume,
    /// Which of the given files each slice is from.
    pub(super) from: Vec<usize>,
    /// Where the slices are unevenly spaced most, so that no affine map says where they lie.
    pub(super) gap: Option<Gap>,
}

/// Two neighbours that are further apart, or closer, than the others.
pub(super) struct Gap {
    pub(super) before: PathBuf,
    pub(super) after: PathBuf,
    pub(super) found_mm: f64,
    /// Median over all neighbours.
    pub(super) expected_mm: f64,
}

/// The series in `files`: slices sorted by position along their normal, else by instance number, else as given.
pub(super) fn read(files: &[PathBuf]) -> Result<Series, DatasetError> {
    let mut slices = Vec::new();
    let mut voxels = 0usize;
    for (number, path) in files.iter().enumerate() {
        let slice = Slice { number, ..file(path)? };
        voxels = voxels.saturating_add(slice.values.len());
        if voxels > VOXELS || files.len() > FILES {
            return Err(DatasetError::file(path, format!("more than {VOXELS} voxels or {FILES} files in its series")));
        }
        slices.push(slice);
    }
    let first = slices.first().map(|slice| (slice.columns, slice.rows, slice.series.clone()));
    let (columns, rows, series) = first.ok_or_else(|| DatasetError::file(Path::new("series"), "no file"))?;
    let differs = |slice: &&Slice| slice.columns != columns || slice.rows != rows || slice.series != series;
    if let Some(other) = slices.iter().find(differs) {
        let message = "of another size or series than the first file; put {series} into images, or remove it";
        return Err(DatasetError::file(&other.path, message));
    }
    let slices = sorted(slices)?;
    let frames = |slice: &Slice| slice.values.len() / (columns * rows);
    let from: Vec<usize> = slices.iter().flat_map(|slice| vec![slice.number; frames(slice)]).collect();
    let path = slices[0].path.clone();
    let grid = Grid::new([columns, rows, from.len()], affine(&slices))
        .map_err(|message| DatasetError::file(&path, message))?;
    let gap = gap(&slices);
    Ok(Series {
        volume: Volume { grid, values: slices.into_iter().flat_map(|slice| slice.values).collect() },
        from,
        gap,
    })
}

struct Slice {
    path: PathBuf,
    /// Among the files of the series, as they were given.
    number: usize,
    series: String,
    columns: usize,
    rows: usize,
    instance: Option<i64>,
    place: Option<Place>,
    /// All frames, one after the other.
    values: Vec<f32>,
}

/// Millimetres in the patient: to the left, to the back, upwards.
#[derive(Clone, Copy)]
struct Place {
    corner: [f64; 3],
    along_row: [f64; 3],
    along_column: [f64; 3],
    /// Between rows, between columns.
    spacing: [f64; 2],
    thickness: f64,
}

impl Place {
    fn normal(&self) -> [f64; 3] {
        let ([a, b, c], [x, y, z]) = (self.along_row, self.along_column);
        [b * z - c * y, c * x - a * z, a * y - b * x]
    }

    fn depth(&self, normal: [f64; 3]) -> f64 {
        self.corner.iter().zip(normal).map(|(at, along)| at * along).sum()
    }
}

fn file(path: &Path) -> Result<Slice, DatasetError> {
    let content = read::bytes_up_to(path, FILE_BYTES)?;
    slice(path, &content).map_err(|message| DatasetError::file(path, message))
}

fn slice(path: &Path, content: &[u8]) -> Result<Slice, String> {
    let (elements, big) = elements(content)?;
    let tags = Tags { elements, big };
    let (rows, columns) = (tags.whole(0x0028_0010, "Rows")?, tags.whole(0x0028_0011, "Columns")?);
    let frames =
        tags.text(0x0028_0008).map_or(Some(1), |text| text.parse().ok()).ok_or("NumberOfFrames is no number")?;
    Grid::new([columns, rows, frames], None)?;
    let values = tags.values(rows * columns * frames)?;
    Ok(Slice {
        path: path.to_owned(),
        number: 0,
        series: tags.text(0x0020_000e).unwrap_or_default(),
        columns,
        rows,
        instance: tags.text(0x0020_0013).and_then(|text| text.parse().ok()),
        place: if frames == 1 { tags.place() } else { None },
        values,
    })
}

struct Tags<'a> {
    elements: Vec<Element<'a>>,
    big: bool,
}

impl Tags<'_> {
    fn value(&self, tag: u32) -> Option<&[u8]> {
        self.elements.iter().find(|element| element.tag == tag).map(|element| element.value)
    }

    fn short(&self, tag: u32) -> Option<u16> {
        let bytes: [u8; 2] = self.value(tag)?.get(..2)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn whole(&self, tag: u32, name: &str) -> Result<usize, String> {
        let side = self.short(tag).map(usize::from).ok_or_else(|| format!("no {name}"))?;
        if (1..=SIDE).contains(&side) { Ok(side) } else { Err(format!("{name} = {side}: expected 1 to {SIDE}")) }
    }

    fn text(&self, tag: u32) -> Option<String> {
        let text = String::from_utf8_lossy(self.value(tag)?).trim_matches(['\0', ' ']).to_owned();
        (!text.is_empty() && text.len() <= 1024).then_some(text)
    }

    /// The first `N` of the numbers in a text, which `\` separates.
    fn numbers<const N: usize>(&self, tag: u32) -> Option<[f64; N]> {
        let text = self.text(tag)?;
        let mut numbers = text.split('\\').map(|number| number.trim().parse::<f64>().ok().filter(|n| n.is_finite()));
        let mut found = [0.0; N];
        for number in &mut found {
            *number = numbers.next()??;
        }
        Some(found)
    }

    fn place(&self) -> Option<Place> {
        let [a, b, c, x, y, z] = self.numbers(0x0020_0037)?;
        Some(Place {
            corner: self.numbers(0x0020_0032)?,
            along_row: [a, b, c],
            along_column: [x, y, z],
            spacing: self.numbers(0x0028_0030)?,
            thickness: self.numbers::<1>(0x0018_0050).map_or(1.0, |[thickness]| thickness),
        })
    }

    fn values(&self, voxels: usize) -> Result<Vec<f32>, String> {
        let photometric = self.text(0x0028_0004).unwrap_or_default();
        let sign = match photometric.as_str() {
            "MONOCHROME2" => 1.0,
            "MONOCHROME1" => -1.0,
            other => return Err(format!("PhotometricInterpretation {other:?}: expected MONOCHROME2 or MONOCHROME1")),
        };
        let allocated = u32::from(self.short(0x0028_0100).ok_or("no BitsAllocated")?);
        let stored = self.short(0x0028_0101).map_or(allocated, u32::from);
        let high = self.short(0x0028_0102).map_or(stored, |high| u32::from(high) + 1);
        if !matches!(allocated, 8 | 16 | 32) || !(1..=allocated).contains(&stored) || high != stored {
            return Err(format!(
                "{stored} bits of {allocated}, the highest {high}: expected 8, 16 or 32, right-aligned"
            ));
        }
        let one = |tag| self.numbers::<1>(tag).map(|[number]| number);
        let (slope, intercept) = (one(0x0028_1053).unwrap_or(1.0), one(0x0028_1052).unwrap_or(0.0));
        let signed = self.short(0x0028_0103) == Some(1);
        let width = allocated as usize / 8;
        let pixels = self.value(0x7fe0_0010).ok_or("no PixelData")?;
        let pixels = pixels.get(..voxels * width).ok_or_else(|| {
            format!("PixelData hold {} bytes, expected {} (one sample a pixel)", pixels.len(), voxels * width)
        })?;
        let number = |bytes: &[u8]| {
            let wide = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            let number = if self.big { bytes.iter().fold(0, wide) } else { bytes.iter().rev().fold(0, wide) };
            // bits above the stored ones may hold overlays
            let shift = 64 - stored;
            let number =
                if signed { ((number << shift) as i64 >> shift) as f64 } else { (number << shift >> shift) as f64 };
            (sign * (slope * number + intercept)) as f32
        };
        Ok(pixels.chunks_exact(width).map(number).collect())
    }
}

fn sorted(mut slices: Vec<Slice>) -> Result<Vec<Slice>, DatasetError> {
    let normal = slices[0].place.map(|place| place.normal());
    let depths: Option<Vec<f64>> = slices.iter().map(|slice| Some(slice.place?.depth(normal?))).collect();
    let Some(depths) = depths else {
        if slices.iter().all(|slice| slice.instance.is_some()) {
            slices.sort_by_key(|slice| slice.instance);
        }
        return Ok(slices);
    };
    let mut placed: Vec<(f64, Slice)> = depths.into_iter().zip(slices).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some(pair) = placed.windows(2).find(|pair| pair[1].0 - pair[0].0 < 1e-4) {
        let message = format!("lies where {} lies; expected one time point a series", pair[0].1.path.display());
        return Err(DatasetError::file(&pair[1].1.path, message));
    }
    Ok(placed.into_iter().map(|(_, slice)| slice).collect())
}

/// The most uneven step between neighbours, if a slice lies further than 0.1 mm and 1 % of a step from where equal steps
/// between the first and the last would put it.
fn gap(slices: &[Slice]) -> Option<Gap> {
    let corners: Vec<[f64; 3]> = slices.iter().map(|slice| Some(slice.place?.corner)).collect::<Option<_>>()?;
    let (first, last) = (*corners.first()?, *corners.last()?);
    let share = |index: usize| index as f64 / (corners.len() - 1).max(1) as f64;
    let even = |index: usize| std::array::from_fn(|axis| first[axis] + (last[axis] - first[axis]) * share(index));
    let tolerance_mm = (0.01 * length(first, last) * share(1)).max(0.1);
    if corners.iter().enumerate().all(|(index, corner)| length(*corner, even(index)) <= tolerance_mm) {
        return None;
    }
    let steps_mm: Vec<f64> = corners.windows(2).map(|pair| length(pair[0], pair[1])).collect();
    let mut sorted_mm = steps_mm.clone();
    sorted_mm.sort_by(f64::total_cmp);
    let expected_mm = sorted_mm[sorted_mm.len() / 2];
    let off = |step: &f64| (step - expected_mm).abs();
    let (worst, found_mm) = steps_mm.iter().copied().enumerate().max_by(|a, b| off(&a.1).total_cmp(&off(&b.1)))?;
    let path = |index: usize| slices[index].path.clone();
    Some(Gap { before: path(worst), after: path(worst + 1), found_mm, expected_mm })
}

fn length(from: [f64; 3], to: [f64; 3]) -> f64 {
    from.iter().zip(to).map(|(a, b)| (b - a) * (b - a)).sum::<f64>().sqrt()
}

/// From column, row and slice to millimetres; `None` where a slice does not say where it lies.
fn affine(slices: &[Slice]) -> Option<Affine> {
    let (first, last) = (slices.first()?.place?, slices.last()?.place?);
    let steps = slices.len() - 1;
    let step: [f64; 3] = std::array::from_fn(|axis| match steps {
        0 => first.normal()[axis] * first.thickness,
        _ => (last.corner[axis] - first.corner[axis]) / steps as f64,
    });
    let row = |axis: usize| {
        // DICOM counts to the left and to the back, NIfTI to the right and to the front
        let sign = if axis < 2 { -1.0 } else { 1.0 };
        let columns = first.along_row[axis] * first.spacing[1];
        [columns, first.along_column[axis] * first.spacing[0], step[axis], first.corner[axis]].map(|value| sign * value)
    };
    Affine::new([row(0), row(1), row(2)])
}
