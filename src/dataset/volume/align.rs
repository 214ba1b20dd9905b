//! Where voxels lie in the patient, and a mask brought onto the grid of its image.

use serde::{Deserialize, Serialize};

use super::{Grid, Volume};

/// How a mask's voxels meet those of its image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// By position in the patient: each voxel of the image takes the nearest one of the mask, or none beyond its edge. By
    /// index where neither says where it lies; if only one does, that is an error.
    #[default]
    Geometry,
    /// By index; image and mask must have the same size. For masks that were saved with a wrong position, or none.
    Index,
}

/// From indices to millimetres (right, anterior, superior): three rows of a 4 × 4 matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine([[f64; 4]; 3]);

impl Affine {
    /// `None` unless finite and invertible.
    pub(super) fn new(rows: [[f64; 4]; 3]) -> Option<Self> {
        let affine = Self(rows);
        let finite = rows.iter().flatten().all(|value| value.is_finite());
        (finite && affine.determinant().abs() > 1e-12).then_some(affine)
    }

    fn determinant(&self) -> f64 {
        let [a, b, c] = self.0;
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    }

    fn at(&self, index: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| row[0] * index[0] + row[1] * index[1] + row[2] * index[2] + row[3])
    }

    /// The index that lies at `place`.
    fn index_of(&self, place: [f64; 3]) -> [f64; 3] {
        let determinant = self.determinant();
        let shifted: [f64; 3] = std::array::from_fn(|row| place[row] - self.0[row][3]);
        // Cramer's rule
        std::array::from_fn(|column| {
            let mut replaced = *self;
            for (row, value) in replaced.0.iter_mut().zip(shifted) {
                row[column] = value;
            }
            replaced.determinant() / determinant
        })
    }
}

/// Which voxels of `grid` are set in `mask`: those whose value is in `labels`, or not zero if there are none named.
pub(super) fn onto(grid: &Grid, mask: &Volume, labels: &[i32], align: Align) -> Result<Vec<bool>, String> {
    let set = |value: f32| match labels {
        [] => value.is_finite() && value != 0.0,
        labels => labels.iter().any(|label| value == *label as f32),
    };
    if align == Align::Geometry && grid.affine.is_some() != mask.grid.affine.is_some() {
        let (places, lacks) = if grid.affine.is_some() { ("image", "mask") } else { ("mask", "image") };
        return Err(format!(
            "the {places} says where it lies in the patient, the {lacks} does not; with align = \"index\" they meet voxel \
             by voxel as they are stored"
        ));
    }
    let both = grid.affine.zip(mask.grid.affine).filter(|_| align == Align::Geometry);
    let Some((image, other)) = both.filter(|(image, other)| image != other || grid.size != mask.grid.size) else {
        if grid.size != mask.grid.size {
            let ([x, y, z], [a, b, c]) = (grid.size, mask.grid.size);
            return Err(format!("mask of {a} × {b} × {c} voxels, its image {x} × {y} × {z}"));
        }
        return Ok(mask.values.iter().map(|value| set(*value)).collect());
    };
    let [width, height, _] = grid.size;
    // the composed map is linear: three steps and an origin say it all
    let index = |at: [f64; 3]| other.index_of(image.at(at));
    let origin = index([0.0; 3]);
    let steps = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|unit| {
        let there = index(unit);
        std::array::from_fn::<f64, 3, _>(|axis| there[axis] - origin[axis])
    });
    let voxel = |i: usize| {
        let at = [i % width, i / width % height, i / (width * height)].map(|index| index as f64);
        let nearest = std::array::from_fn::<f64, 3, _>(|axis| {
            (origin[axis] + steps[0][axis] * at[0] + steps[1][axis] * at[1] + steps[2][axis] * at[2] + 0.5).floor()
        });
        let inside = (0..3).all(|axis| nearest[axis] >= 0.0 && nearest[axis] < mask.grid.size[axis] as f64);
        let [x, y, z] = nearest.map(|index| index as usize);
        inside && set(mask.values[(z * mask.grid.size[1] + y) * mask.grid.size[0] + x])
    };
    Ok((0..grid.voxels()).map(voxel).collect())
}
