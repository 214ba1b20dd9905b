//! A rectangle of values: masks, probability maps, distance maps.
//! Knows nothing of files, tensors or colours.

/// Row-major values of a `height × width` grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane<T> {
    width: usize,
    height: usize,
    values: Vec<T>,
}

/// `true` where the tumour is.
pub type Mask = Plane<bool>;

impl<T: Clone> Plane<T> {
    /// A plane with the same value everywhere.
    pub fn filled(width: usize, height: usize, value: T) -> Self {
        Self { width, height, values: vec![value; width * height] }
    }
}

impl<T> Plane<T> {
    /// Row-major `values`; `None` unless there are exactly `width · height` of them.
    pub fn new(width: usize, height: usize, values: Vec<T>) -> Option<Self> {
        (width.checked_mul(height) == Some(values.len())).then_some(Self { width, height, values })
    }

    /// A plane whose value at (`x`, `y`) is `of(x, y)`.
    pub fn from_fn(width: usize, height: usize, mut of: impl FnMut(usize, usize) -> T) -> Self {
        let values = (0..width * height).map(|i| of(i % width, i / width)).collect();
        Self { width, height, values }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// `(width, height)`.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Row-major values.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Row-major values.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The value at column `x`, row `y`, or `None` outside.
    pub fn get(&self, x: usize, y: usize) -> Option<&T> {
        if x < self.width && y < self.height { self.values.get(y * self.width + x) } else { None }
    }

    /// The same grid with every value mapped.
    pub fn map<U>(&self, of: impl FnMut(&T) -> U) -> Plane<U> {
        Plane { width: self.width, height: self.height, values: self.values.iter().map(of).collect() }
    }
}

impl Mask {
    /// How many pixels are set.
    pub fn area_px(&self) -> usize {
        self.values.iter().filter(|&&set| set).count()
    }

    /// 1 where it is set, 0 elsewhere.
    pub fn indicator(&self) -> Plane<f32> {
        self.map(|&set| f32::from(u8::from(set)))
    }

    /// Sets every pixel that `other` sets; `false` (and unchanged) if the sizes differ.
    #[must_use]
    pub fn union(&mut self, other: &Mask) -> bool {
        if self.size() != other.size() {
            return false;
        }
        for (own, &add) in self.values.iter_mut().zip(&other.values) {
            *own |= add;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_refuses_a_wrong_number_of_values() {
        assert!(Plane::new(2, 2, vec![0; 3]).is_none());
        assert!(Plane::new(usize::MAX, 2, vec![0; 3]).is_none());
    }

    #[test]
    fn the_union_of_two_masks_covers_both() {
        let mut left = Mask::from_fn(3, 1, |x, _| x == 0);
        assert!(left.union(&Mask::from_fn(3, 1, |x, _| x == 2)));
        assert_eq!(left.values(), [true, false, true]);
        assert!(!left.union(&Mask::filled(2, 1, true)));
    }
}
