//! How many cases an interval of a wished width needs.

use super::Level;
use super::distribution::{normal_quantile, t_quantile};

/// More than any test set; beyond, the question was mistyped.
const MOST: f64 = 1e7;

/// The smallest number n ≥ 2 of independent cases for which the t interval of the mean is at most `width` wide from end
/// to end, `2·t·sd/√n ≤ width`, with t the quantile at n − 1 degrees of freedom.
///
/// `sd` is that of a case in an earlier experiment, so n is a plan and no promise; cases of one subject count less than
/// one each. `None` unless `sd` and `width` are positive and finite, or if n would exceed 10⁷.
pub fn cases_for_width(sd: f64, width: f64, level: Level) -> Option<usize> {
    // t exceeds the normal quantile, so n is at least what that asks for; each step up is one case
    let least = (2.0 * normal_quantile(level.upper())? * sd / width).powi(2).ceil().max(2.0);
    let answerable = sd > 0.0 && sd.is_finite() && width > 0.0 && width.is_finite() && least <= MOST;
    if !answerable {
        return None;
    }
    let wide = |n: usize| t_quantile(n - 1, level.upper()).map(|t| 2.0 * t * sd / (n as f64).sqrt());
    (least as usize..=MOST as usize + 1).find(|&n| wide(n).is_some_and(|found| found <= width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_of_one_sd_at_95_percent_needs_18_cases() {
        // normal: (2·1.96)² = 15.4; 2·t₁₆·/√17 = 1.0283, 2·t₁₇/√18 = 0.9946
        assert_eq!(cases_for_width(1.0, 1.0, Level::P95), Some(18));
        assert_eq!(cases_for_width(0.2, 0.2, Level::P95), Some(18));
    }

    #[test]
    fn two_cases_are_the_least() {
        assert_eq!(cases_for_width(1e-9, 1.0, Level::P95), Some(2));
    }

    #[test]
    fn half_the_width_needs_four_times_the_cases() {
        let (wide, narrow) = (cases_for_width(0.2, 0.02, Level::P95), cases_for_width(0.2, 0.01, Level::P95));
        let ratio = narrow.expect("few enough") as f64 / wide.expect("few enough") as f64;
        assert!((ratio - 4.0).abs() < 0.01, "{ratio}");
    }

    #[test]
    fn nonsense_is_refused() {
        for (sd, width) in [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY), (1.0, 1e-9)] {
            assert_eq!(cases_for_width(sd, width, Level::P95), None, "{sd} {width}");
        }
    }
}
