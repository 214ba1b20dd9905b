//! One resampling for all movements.

use pulp::Arch;

use super::elastic::Displacement;
use super::planes::level;
use crate::plane::Plane;

/// Where the pixel at column x, row y comes from: `matrix · ((x, y) + displacement(x, y)) + offset`, each of (x, y).
/// Outside, edges are repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Warp<'a> {
    /// Rows of the matrix: first that of the column.
    pub matrix: [[f64; 2]; 2],
    /// In px.
    pub offset: [f64; 2],
    /// Before the matrix.
    pub displacement: Option<&'a Displacement>,
}

impl Warp<'_> {
    /// The moved `planes`, which have one size, bilinear between pixels.
    ///
    /// Source: `scipy.ndimage.map_coordinates(order=1, mode="nearest")`.
    pub fn apply(&self, planes: &[Plane<u8>]) -> Vec<Plane<u8>> {
        let (width, height) = planes[0].size();
        let sources: Vec<Padded> = planes.iter().map(Padded::of).collect();
        let mut moved: Vec<Plane<u8>> = planes.to_vec();
        let mut row = Row::new(width);
        for y in 0..height {
            row.locate(self, y, height);
            for (source, target) in sources.iter().zip(&mut moved) {
                row.sample(source, &mut target.values_mut()[y * width..][..width]);
            }
        }
        moved
    }
}

/// A plane with its last column and row twice, so that every pixel has a neighbour to the right and below.
struct Padded {
    stride: usize,
    values: Vec<u8>,
}

impl Padded {
    fn of(plane: &Plane<u8>) -> Self {
        let (width, height) = plane.size();
        let mut values = Vec::with_capacity((width + 1) * (height + 1));
        for y in 0..=height {
            let row = &plane.values()[y.min(height - 1) * width..][..width];
            values.extend_from_slice(row);
            values.push(row[width - 1]);
        }
        Self { stride: width + 1, values }
    }
}

/// Where one row comes from.
struct Row {
    dx: Vec<f32>,
    dy: Vec<f32>,
    /// Upper left of four source pixels, in a [`Padded`] plane.
    at: Vec<u32>,
    right: Vec<f32>,
    down: Vec<f32>,
}

impl Row {
    fn new(width: usize) -> Self {
        let zeros = vec![0.0; width];
        Self { dx: zeros.clone(), dy: zeros.clone(), at: vec![0; width], right: zeros.clone(), down: zeros }
    }

    fn locate(&mut self, warp: &Warp, y: usize, height: usize) {
        if let Some(displacement) = warp.displacement {
            displacement.row(y, [&mut self.dx, &mut self.dy]);
        }
        Arch::new().dispatch(|| self.place(warp, y as f32, height));
    }

    #[inline(always)]
    fn place(&mut self, warp: &Warp, y: f32, height: usize) {
        let n = self.at.len();
        let [[xx, xy], [yx, yy]] = warp.matrix.map(|row| row.map(|v| v as f32));
        let [x0, y0] = warp.offset.map(|v| v as f32);
        let (last_x, last_y, stride) = ((n - 1) as f32, (height - 1) as f32, (n + 1) as u32);
        let (dx, dy, at) = (&self.dx[..n], &self.dy[..n], &mut self.at[..n]);
        let (right, down) = (&mut self.right[..n], &mut self.down[..n]);
        for x in 0..n {
            let (from_x, from_y) = (x as f32 + dx[x], y + dy[x]);
            let column = (xx * from_x + xy * from_y + x0).clamp(0.0, last_x);
            let row = (yx * from_x + yy * from_y + y0).clamp(0.0, last_y);
            // Not negative: truncation is the floor.
            let (left, upper) = (column as i32, row as i32);
            at[x] = upper as u32 * stride + left as u32;
            right[x] = column - left as f32;
            down[x] = row - upper as f32;
        }
    }

    fn sample(&self, source: &Padded, target: &mut [u8]) {
        let places = self.at.iter().zip(&self.right).zip(&self.down);
        for (value, ((&at, &right), &down)) in target.iter_mut().zip(places) {
            let four = &source.values[at as usize..][..source.stride + 2];
            let [a, b] = [four[0], four[1]].map(f32::from);
            let [c, d] = [four[source.stride], four[source.stride + 1]].map(f32::from);
            let (upper, lower) = (a + right * (b - a), c + right * (d - c));
            *value = level(upper + down * (lower - upper));
        }
    }
}
