//! The paired permutation test: under the null hypothesis each subject's difference might as well have the other sign.

use rand_chacha::rand_core::Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::stream_of;
use super::{Null, Resampling, Sample, finite};

/// Up to here all 2ⁿ signs are counted, by halves of at most 2¹⁵ sums.
const EXACT: usize = 30;

/// Two-sided, with what it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SignFlip {
    /// Subjects whose differences do not sum to zero; the sign of others changes nothing.
    pub n: usize,
    /// Mean difference over cases.
    pub mean: f64,
    /// Two-sided p value.
    pub p: f64,
    /// Exact up to 30 subjects, else Monte Carlo.
    #[serde(rename = "method")]
    pub null: Null,
}

/// Is the mean difference zero? `p = P(|Σ ±s_g| ≥ |Σ s_g|)` over independent signs, one a subject, where s_g is the sum
/// of the subject's differences: a subject with several cases flips as a whole.
///
/// All signs are counted up to 30 subjects. Beyond, of m random ones (`resampling.resamples`) b reach the observed sum,
/// and `p = (b + 1)/(m + 1)`, which is never zero and never too small on average. `None` without subjects.
///
/// Assumes that differences are symmetric about zero if the arms are alike; so of Wilcoxon's assumptions the same, but
/// it asks about the mean that tables show.
///
/// Source: Fisher 1935; Phipson & Smyth 2010, arXiv:1603.05766 (the +1); Horowitz & Sahni 1974 (counting by halves).
pub fn sign_flip(differences: &Sample, resampling: Resampling) -> Option<SignFlip> {
    let mean = differences.mean()?;
    let sums: Vec<f64> = differences.totals().iter().map(|total| total.sum).filter(|sum| *sum != 0.0).collect();
    // sums that are equal on paper differ by rounding; those count as reached
    let rounding = f64::EPSILON * sums.len() as f64 * sums.iter().map(|sum| sum.abs()).sum::<f64>();
    let reach = finite(sums.iter().sum::<f64>().abs() - rounding)?;
    let exact = sums.len() <= EXACT;
    let p = if exact { exact_p(&sums, reach) } else { monte_carlo_p(&sums, reach, resampling) };
    let null = if exact { Null::Exact } else { Null::MonteCarlo };
    Some(SignFlip { n: sums.len(), mean, p, null })
}

/// Each half's signed sums are listed; for each of the one, those of the other that make up the rest are counted.
fn exact_p(sums: &[f64], reach: f64) -> f64 {
    if reach <= 0.0 {
        return 1.0;
    }
    let (left, right) = sums.split_at(sums.len() / 2);
    let (left, mut right) = (signed_sums(left), signed_sums(right));
    right.sort_by(f64::total_cmp);
    let reached = |sum: &f64| right.len() - right.partition_point(|other| *other < reach - sum);
    let upper: usize = left.iter().map(reached).sum();
    // every pattern that reaches up has its mirror image that reaches down
    2.0 * upper as f64 / f64::powi(2.0, sums.len() as i32)
}

fn signed_sums(sums: &[f64]) -> Vec<f64> {
    sums.iter().fold(vec![0.0], |all, sum| all.iter().flat_map(|partial| [partial - sum, partial + sum]).collect())
}

fn monte_carlo_p(sums: &[f64], reach: f64, resampling: Resampling) -> f64 {
    let reaches = |stream: &usize| {
        let mut rng = stream_of(resampling.seed, *stream);
        let flipped = |part: &[f64]| {
            let signs = rng.next_u64();
            part.iter().enumerate().map(|(i, sum)| if signs >> i & 1 == 1 { -sum } else { *sum }).sum::<f64>()
        };
        sums.chunks(64).map(flipped).sum::<f64>().abs() >= reach
    };
    let reached = (0..resampling.resamples).into_par_iter().with_min_len(64).filter(reaches).count();
    (reached + 1) as f64 / (resampling.resamples as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: Resampling = Resampling { resamples: 9_999, seed: 5 };

    fn of(differences: &[f64]) -> SignFlip {
        sign_flip(&Sample::independent(differences).expect("finite"), MANY).expect("subjects")
    }

    #[test]
    fn three_differences_of_one_sign_have_p_1_in_4() {
        assert_eq!(of(&[0.1, 0.7, 0.2]), SignFlip { n: 3, mean: 1.0 / 3.0, p: 0.25, null: Null::Exact });
    }

    #[test]
    fn sums_that_are_equal_on_paper_are_equal() {
        // 0.1 + 0.2 − 0.3 is zero on paper only; so no sum reaches less, and p is 1
        assert_eq!(of(&[0.1, 0.2, -0.3]).p, 1.0);
        // ±0.1 ± 0.2 ± 0.3 reaches 0.4 by 0.6 and by 0.4: 4 of 8
        assert_eq!(of(&[-0.1, 0.2, 0.3]).p, 0.5);
    }

    #[test]
    fn equal_arms_have_p_1() {
        assert_eq!(of(&[0.0; 40]), SignFlip { n: 0, mean: 0.0, p: 1.0, null: Null::Exact });
        assert_eq!(sign_flip(&Sample::default(), MANY), None);
    }

    #[test]
    fn a_subject_flips_as_a_whole() {
        let cases = Sample::of([("a", 0.5), ("a", 0.5), ("a", 0.5), ("b", 0.25)]).expect("finite");
        assert_eq!(sign_flip(&cases, MANY).expect("subjects").p, 0.5, "2 subjects, 4 signs");
    }

    #[test]
    fn random_signs_approach_the_exact_p() {
        let differences: Vec<f64> = (0..30).map(|i| (f64::from(i) * 0.7).sin() + 0.2).collect();
        let exact = of(&differences);
        assert_eq!(exact.null, Null::Exact);
        let random = monte_carlo_p(&differences, differences.iter().sum::<f64>().abs(), MANY);
        assert!(exact.p > 0.05 && (exact.p - random).abs() < 0.02, "{} {random}", exact.p);
    }

    #[test]
    fn no_random_p_is_zero() {
        let test = of(&[1.0; 40]);
        assert_eq!((test.p, test.null), (1e-4, Null::MonteCarlo));
    }
}
