//! Several tests at once.

/// Holm's adjusted p values, in the order given: with p₍₁₎ ≤ … ≤ p₍ₘ₎, `p̃₍ᵢ₎ = max_{j ≤ i} min(1, (m − j + 1)·p₍ⱼ₎)`.
/// Rejecting where `p̃ ≤ α` wrongly rejects anything with probability at most α, however the tests depend on each
/// other. `None` if a p value is outside 0..=1.
///
/// The family is what is given: who picks the best of five metrics must give all five times the arms.
///
/// Source: Holm 1979; equals `multipletests(method="holm")` of statsmodels.
pub fn holm(p_values: &[f64]) -> Option<Vec<f64>> {
    if !p_values.iter().all(|p| (0.0..=1.0).contains(p)) {
        return None;
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (before, &place) in order.iter().enumerate() {
        largest = largest.max((p_values.len() - before) as f64 * p_values[place]).min(1.0);
        adjusted[place] = largest;
    }
    Some(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_p_values_by_hand() {
        let adjusted = holm(&[0.0625, 0.03125, 0.5, 0.04]).expect("p values");
        assert_eq!(
            adjusted,
            [0.125, 0.125, 0.5, 0.125],
            "4 · 0.03125 is more than 3 · 0.04 and no less than 2 · 0.0625"
        );
        assert_eq!(holm(&[0.75, 0.75]), Some(vec![1.0, 1.0]));
    }

    #[test]
    fn one_test_needs_no_correction_and_none_is_no_error() {
        assert_eq!(holm(&[0.03]), Some(vec![0.03]));
        assert_eq!(holm(&[]), Some(vec![]));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for wrong in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert_eq!(holm(&[0.5, wrong]), None);
        }
    }
}
