//! From a volume's values to 8-bit grey: a window between two percentiles.

/// Grey values of `values`: black at and below the lower of `percentiles`, white at and above the upper, linear between,
/// rounded half up.
///
/// `⌊255 · (v − low) / (high − low) + ½⌋`, the percentiles (0 to 100) over the finite values of the whole volume, so that
/// all slices of a volume share one scale; a value that is not finite is black, as is a volume that is the same
/// everywhere. `None` without a finite value. Choice: MRI has no physical scale, and a few bright voxels would darken a
/// scale from least to greatest.
pub fn grey(values: &[f32], percentiles: [f64; 2]) -> Option<Vec<u8>> {
    let mut finite: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let low = percentile(&mut finite, percentiles[0])?;
    let high = percentile(&mut finite, percentiles[1])?;
    let shade = |value: &f32| match f64::from(*value) {
        value if !value.is_finite() || value <= low => 0,
        value if value >= high => 255,
        value => (255.0 * (value - low) / (high - low) + 0.5) as u8,
    };
    Some(values.iter().map(shade).collect())
}

/// The `percent`th percentile of finite `values`, interpolated linearly between the two nearest ranks, as numpy's default;
/// changes their order. `None` without values.
pub fn percentile(values: &mut [f32], percent: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let rank = percent.clamp(0.0, 100.0) / 100.0 * last as f64;
    let below = (rank as usize).min(last);
    let (_, lower, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    let lower = f64::from(*lower);
    let upper = above.iter().copied().min_by(f32::total_cmp).map_or(lower, f64::from);
    Some(lower + (upper - lower) * (rank - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate_as_numpy_does() {
        // numpy.percentile([3, 1, 2, 10], [0, 25, 50, 90, 100]) = 1, 1.75, 2.5, 7.9, 10
        for (percent, expected) in [(0.0, 1.0), (25.0, 1.75), (50.0, 2.5), (90.0, 7.9), (100.0, 10.0)] {
            let found = percentile(&mut [3.0, 1.0, 2.0, 10.0], percent).expect("four values");
            assert!((found - expected).abs() < 1e-12, "{percent}: {found}");
        }
        assert_eq!(percentile(&mut [], 50.0), None);
    }

    #[test]
    fn the_window_is_linear_between_its_ends_and_black_where_nothing_was_measured() {
        let values = [0.0, 50.0, 100.0, f32::NAN, f32::INFINITY];
        assert_eq!(grey(&values, [0.0, 100.0]), Some(vec![0, 128, 255, 0, 0]));
        assert_eq!(grey(&[7.0; 3], [1.0, 99.0]), Some(vec![0; 3]));
        assert_eq!(grey(&[f32::NAN], [1.0, 99.0]), None);
    }
}
