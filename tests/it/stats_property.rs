//! What holds of the statistics for any sample.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use seglab::stats::{
    Best, Bootstrap, CaseValue, CaseValues, Inference, Level, Paired, Resampling, Sample, against, d_z, holm,
    over_runs, rank_stability, sign_flip, t_interval, wilcoxon,
};

const FEW: Resampling = Resampling { resamples: 199, seed: 7 };
const INFERENCE: Inference = Inference { level: Level::P95, resampling: FEW };

/// Subject and both arms' values of each case, as a metric yields them: with ties, zeros and undefined ones.
type Row = (u8, Option<f64>, Option<f64>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let value = || {
        let coarse = (0u8..=8).prop_map(|eighths| f64::from(eighths) / 8.0);
        proptest::option::weighted(0.9, prop_oneof![coarse, 0.0..1.0f64])
    };
    proptest::collection::vec((0u8..30, value(), value()), 0..60)
}

fn arms(rows: &[Row]) -> [CaseValues; 2] {
    let names: Vec<(String, String)> =
        rows.iter().enumerate().map(|(case, row)| (format!("{case:03}"), format!("{:03}", row.0))).collect();
    let arm = |of: fn(&Row) -> Option<f64>| {
        let case = |((case, subject), row)| CaseValue { case, subject, value: of(row) };
        CaseValues::of(names.iter().map(|(c, s)| (c.as_str(), s.as_str())).zip(rows).map(case)).expect("finite")
    };
    [arm(|row| row.1), arm(|row| row.2)]
}

fn compared(chosen: &CaseValues, arm: &CaseValues) -> Paired {
    against(chosen, &[arm], &INFERENCE).expect("one subject a case")[0]
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, rng_seed: RngSeed::Fixed(20240611), ..ProptestConfig::default() })]

    #[test]
    fn stats_property_swapping_arms_flips_effects_and_keeps_p(rows in rows()) {
        let [a, b] = arms(&rows);
        let (forth, back) = (compared(&a, &b), compared(&b, &a));
        prop_assert_eq!((forth.n, forth.subjects, forth.dropped), (back.n, back.subjects, back.dropped));
        prop_assert!(near(forth.mean_difference, back.mean_difference.map(|d| -d)));
        prop_assert!(near(forth.d_z, back.d_z.map(|d| -d)));
        prop_assert!(near(forth.rank_biserial, back.rank_biserial.map(|r| -r)));
        prop_assert!(near(forth.wilcoxon.map(|t| t.p), back.wilcoxon.map(|t| t.p)));
        prop_assert!(near(forth.sign_flip.map(|t| t.p), back.sign_flip.map(|t| t.p)));
        prop_assert!(near(forth.t.map(|t| t.low), back.t.map(|t| -t.high)));
    }

    #[test]
    fn stats_property_every_number_is_in_its_range(rows in rows()) {
        let [a, b] = arms(&rows);
        let row = compared(&a, &b);
        prop_assert_eq!(row.n + row.dropped, rows.len());
        let p_values = [row.wilcoxon.map(|t| t.p), row.sign_flip.map(|t| t.p), row.wilcoxon_holm, row.sign_flip_holm];
        prop_assert!(p_values.iter().flatten().all(|p| *p > 0.0 && *p <= 1.0), "{:?}", p_values);
        prop_assert!(row.rank_biserial.is_none_or(|r| r.abs() <= 1.0));
        prop_assert!(row.t.is_none_or(|t| t.low < row.mean_difference.unwrap() && row.mean_difference.unwrap() < t.high));
        prop_assert!(row.bca.is_none_or(|i| -1.0 <= i.low && i.low <= i.high && i.high <= 1.0));
    }

    #[test]
    fn stats_property_the_order_of_cases_changes_nothing(rows in rows(), turn in 0usize..60) {
        let values = |rows: &[(usize, &Row)]| {
            let names: Vec<_> = rows.iter().map(|(i, row)| (format!("{i:03}"), format!("{:03}", row.0))).collect();
            let cases = names.iter().zip(rows).map(|((case, subject), (_, row))| CaseValue { case, subject, value: row.1 });
            CaseValues::of(cases).expect("finite")
        };
        let mut numbered: Vec<_> = rows.iter().enumerate().collect();
        let before = values(&numbered);
        let turn = turn % numbered.len().max(1);
        numbered.rotate_left(turn);
        prop_assert_eq!(before, values(&numbered));
    }

    #[test]
    fn stats_property_intervals_hold_the_mean_and_widen_with_the_level(values in proptest::collection::vec(0.0..1.0f64, 5..40)) {
        let sample = Sample::independent(&values).expect("finite");
        let mean = sample.mean().expect("cases");
        let (narrow, wide) = (Level::new(0.8).expect("a level"), Level::new(0.99).expect("a level"));
        let bootstrap = Bootstrap::of(&sample, FEW).expect("varies");
        for (inner, outer) in [
            (t_interval(&sample, narrow), t_interval(&sample, wide)),
            (bootstrap.bca(narrow), bootstrap.bca(wide)),
        ] {
            let (inner, outer) = (inner.expect("varies"), outer.expect("varies"));
            prop_assert!(inner.low < mean && mean < inner.high, "{:?} {}", inner, mean);
            prop_assert!(outer.low < inner.low && inner.high < outer.high, "{:?} {:?}", inner, outer);
        }
    }

    #[test]
    fn stats_property_holm_keeps_order_and_lies_between_raw_and_bonferroni(p in proptest::collection::vec(0.0..=1.0f64, 0..20)) {
        let adjusted = holm(&p).expect("probabilities");
        for (i, own) in p.iter().enumerate() {
            prop_assert!(*own <= adjusted[i] && adjusted[i] <= (own * p.len() as f64).min(1.0));
            prop_assert!(p.iter().zip(&adjusted).all(|(other, other_adjusted)| own > other || adjusted[i] <= *other_adjusted));
        }
    }

    #[test]
    fn stats_property_first_places_sum_to_1(rows in rows()) {
        let [a, b] = arms(&rows);
        if let Some(ranking) = rank_stability(&[&a, &b, &a], Best::Lowest, &INFERENCE).expect("one subject a case") {
            prop_assert!((ranking.arms.iter().map(|arm| arm.first).sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!((ranking.arms.iter().map(|arm| arm.mean_rank).sum::<f64>() - 6.0).abs() < 1e-9);
            prop_assert!(ranking.arms.iter().all(|arm| arm.interval.low <= arm.mean_rank && arm.mean_rank <= arm.interval.high || ranking.resamples < 200));
        }
    }

    #[test]
    fn stats_property_no_input_panics_or_yields_nan(values in proptest::collection::vec(any::<f64>(), 0..12)) {
        let defined = values.iter().all(|v| v.is_finite());
        let sample = Sample::independent(&values);
        prop_assert_eq!(sample.is_some(), defined);
        let Some(sample) = sample else { return Ok(()) };
        let mut found = vec![sample.mean(), sample.sd(), sample.quantile(0.3), d_z(&sample)];
        found.push(t_interval(&sample, Level::P95).map(|i| i.low));
        found.push(Bootstrap::of(&sample, FEW).and_then(|b| b.bca(Level::P95)).map(|i| i.high));
        found.extend([wilcoxon(&sample).map(|t| t.p), sign_flip(&sample, FEW).map(|t| t.p), over_runs(&values).map(|r| r.mean)]);
        prop_assert!(found.iter().flatten().all(|v| v.is_finite()), "{:?}", found);
    }
}

/// Largest distance of the empirical distribution of `p_values` from the uniform one.
fn distance_from_uniform(mut p_values: Vec<f64>) -> f64 {
    p_values.sort_by(f64::total_cmp);
    let n = p_values.len() as f64;
    let off = |(i, p): (usize, &f64)| (p - i as f64 / n).abs().max((p - (i + 1) as f64 / n).abs());
    p_values.iter().enumerate().map(off).fold(0.0, f64::max)
}

/// p values of 2000 samples of `n` differences without effect.
fn under_the_null(n: usize, p: impl Fn(&Sample) -> f64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
    let mut difference = || {
        let unit = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        (2.0 * unit - 1.0).powi(3) // symmetric, heavier at 0 than normal
    };
    let mut sample = || Sample::independent(&(0..n).map(|_| difference()).collect::<Vec<_>>()).expect("finite");
    (0..2000).map(|_| p(&sample())).collect()
}

/// The Kolmogorov–Smirnov bound that 2000 uniform values pass with probability 99.9 %; seeds are fixed.
const KS_BOUND: f64 = 1.95 / 44.7;

#[test]
fn stats_property_p_is_uniform_under_the_null() {
    let resampling = Resampling { resamples: 999, seed: 1 };
    let exact = under_the_null(14, |sample| sign_flip(sample, resampling).expect("subjects").p);
    let random = under_the_null(35, |sample| sign_flip(sample, resampling).expect("subjects").p);
    let ranked = under_the_null(40, |sample| wilcoxon(sample).expect("subjects").p);
    let normal = under_the_null(80, |sample| wilcoxon(sample).expect("subjects").p);
    for (name, p_values) in [("exact", exact), ("Monte Carlo", random), ("Wilcoxon", ranked), ("normal", normal)] {
        let distance = distance_from_uniform(p_values);
        println!("{name}: Kolmogorov–Smirnov distance {distance:.4}, bound {KS_BOUND:.4}");
        assert!(distance < KS_BOUND, "{name}: {distance}");
    }
}

#[test]
fn stats_property_an_effect_is_found() {
    let shifted =
        |sample: &Sample| Sample::independent(&sample.subject_means().iter().map(|d| d + 0.2).collect::<Vec<_>>());
    let found = under_the_null(40, |sample| wilcoxon(&shifted(sample).expect("finite")).expect("subjects").p);
    let power = found.iter().filter(|p| **p <= 0.05).count();
    assert!(power > 1600, "{power} of 2000");
    assert!(distance_from_uniform(found) > 0.5, "the distance can fail");
}

#[test]
fn stats_property_cases_of_one_subject_are_no_further_evidence() {
    let copies = |sample: &Sample| {
        let names: Vec<String> = (0..12).map(|i| format!("{i:02}")).collect();
        let cases = sample.subject_means().into_iter().zip(&names).flat_map(|(d, name)| [(name.as_str(), d); 5]);
        Sample::of(cases).expect("finite")
    };
    let torn = |sample: &Sample| {
        let all: Vec<f64> = sample.subject_means().into_iter().flat_map(|d| [d; 5]).collect();
        Sample::independent(&all).expect("finite")
    };
    let rejected = |p_values: Vec<f64>| p_values.iter().filter(|p| **p <= 0.05).count();
    let blocks = rejected(under_the_null(12, |sample| sign_flip(&copies(sample), FEW).expect("subjects").p));
    let pooled = rejected(under_the_null(12, |sample| sign_flip(&torn(sample), FEW).expect("subjects").p));
    println!("of 2000 nulls rejected at 5 %: by subject {blocks}, pooled {pooled}");
    assert!((60..=140).contains(&blocks) && pooled > 600, "{blocks} {pooled}");
}
