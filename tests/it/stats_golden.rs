//! The statistics against SciPy, statsmodels and NumPy; `tests/golden/stats.py` says how the values were made.

use std::collections::BTreeMap;

use seglab::stats::distribution::{normal_cdf, normal_quantile, t_cdf, t_quantile};
use seglab::stats::{
    Best, Bootstrap, CaseValue, CaseValues, Inference, Interval, Level, Null, Paired, Resampling, Sample, Summary,
    against, cases_for_width, holm, rank_stability,
};
use serde::Deserialize;

/// Resamples of each given distribution; as in the script.
const RESAMPLES: usize = 299;

#[derive(Deserialize)]
struct Golden {
    samples: Vec<GoldenSample>,
    holm: Vec<GoldenHolm>,
    normal: Vec<GoldenNormal>,
    normal_quantiles: Vec<GoldenNormalQuantile>,
    t: Vec<GoldenT>,
    t_quantiles: Vec<GoldenTQuantile>,
    widths: Vec<GoldenWidth>,
    rankings: Vec<GoldenRanking>,
    whole_bca: Vec<GoldenWhole>,
}

#[derive(Deserialize)]
struct GoldenSample {
    case: String,
    unit: f64,
    a: Vec<Option<f64>>,
    b: Vec<Option<f64>>,
    subjects: Option<Vec<usize>>,
    level: f64,
    seed: u64,
    undefined: usize,
    a_stats: BTreeMap<String, Option<f64>>,
    t: Option<[f64; 2]>,
    bca: Option<[f64; 2]>,
    n: usize,
    dropped: usize,
    mean_difference: Option<f64>,
    wilcoxon: Option<GoldenWilcoxon>,
    sign_flip: Option<f64>,
    d_z: Option<f64>,
}

#[derive(Deserialize)]
struct GoldenWilcoxon {
    n: usize,
    plus: f64,
    minus: f64,
    p: f64,
    exact: bool,
}

#[derive(Deserialize)]
struct GoldenHolm {
    p: Vec<f64>,
    holm: Vec<f64>,
}

#[derive(Deserialize)]
struct GoldenNormal {
    z: f64,
    cdf: f64,
    below: f64,
}

#[derive(Deserialize)]
struct GoldenNormalQuantile {
    p: f64,
    z: f64,
}

#[derive(Deserialize)]
struct GoldenT {
    df: usize,
    t: f64,
    below: f64,
}

#[derive(Deserialize)]
struct GoldenTQuantile {
    df: usize,
    p: f64,
    t: f64,
}

#[derive(Deserialize)]
struct GoldenWidth {
    sd: f64,
    width: f64,
    level: f64,
    n: usize,
}

#[derive(Deserialize)]
struct GoldenRanking {
    best: String,
    values: Vec<Vec<f64>>,
    rank: Vec<f64>,
    first: Vec<f64>,
    mean_rank: Vec<f64>,
}

#[derive(Deserialize)]
struct GoldenWhole {
    a: Vec<f64>,
    unit: f64,
    bca: [f64; 2],
    error: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/stats.json")).expect("the golden file parses")
}

impl GoldenSample {
    fn arm(&self, values: &[Option<f64>]) -> CaseValues {
        let subject = |case: usize| self.subjects.as_ref().map_or(case, |subjects| subjects[case]);
        arm(values.iter().map(|value| value.map(|v| v / self.unit)), subject)
    }

    fn inference(&self) -> Inference {
        Inference { level: Level::new(self.level).expect("a level"), resampling: Resampling { resamples: 50, seed: 1 } }
    }

    fn paired(&self) -> Paired {
        against(&self.arm(&self.a), &[&self.arm(&self.b)], &self.inference()).expect("one subject a case")[0]
    }

    /// Our estimate and acceleration over the script's resamples.
    fn given_bootstrap(&self) -> Option<Bootstrap> {
        let sample = self.arm(&self.a).sample();
        let own = Bootstrap::of(&sample, self.inference().resampling)?;
        let mut blocks: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (case, value) in self.a.iter().enumerate() {
            let Some(value) = value else { continue };
            let subject = self.subjects.as_ref().map_or(case, |subjects| subjects[case]);
            let block = blocks.entry(subject).or_default();
            *block = (block.0 + value / self.unit, block.1 + 1.0);
        }
        let blocks: Vec<(f64, f64)> = blocks.into_values().collect();
        let mut state = self.seed;
        let mut draw = |_: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            blocks[((state >> 33) % blocks.len() as u64) as usize]
        };
        let mut mean = |_: usize| {
            let drawn = (0..blocks.len()).map(&mut draw).fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
            drawn.0 / drawn.1
        };
        Some(Bootstrap { distribution: (0..RESAMPLES).map(&mut mean).collect(), ..own })
    }
}

fn arm(values: impl Iterator<Item = Option<f64>>, subject: impl Fn(usize) -> usize) -> CaseValues {
    let rows: Vec<(String, String, Option<f64>)> = values
        .enumerate()
        .map(|(case, value)| (format!("{case:04}"), format!("{:04}", subject(case)), value))
        .collect();
    CaseValues::of(rows.iter().map(|(case, subject, value)| CaseValue { case, subject, value: *value }))
        .expect("finite")
}

/// Compares and remembers the worst.
struct Worst {
    what: &'static str,
    compared: usize,
    relative: f64,
}

impl Worst {
    fn of(what: &'static str) -> Self {
        Self { what, compared: 0, relative: 0.0 }
    }

    /// Within `tolerance` of `scale`, both `None` if either is.
    #[track_caller]
    fn see(&mut self, case: &str, ours: Option<f64>, theirs: Option<f64>, tolerance: f64) {
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            assert_eq!(ours, theirs, "{case}: {}", self.what);
            return;
        };
        let relative = if ours == theirs { 0.0 } else { (ours - theirs).abs() / theirs.abs().max(1e-300) };
        assert!(relative <= tolerance, "{case}: {}: ours {ours:e}, theirs {theirs:e}", self.what);
        self.compared += 1;
        self.relative = self.relative.max(relative);
    }

    #[track_caller]
    fn at_least(self, compared: usize) {
        println!("{}: {} compared, worst relative difference {:.1e}", self.what, self.compared, self.relative);
        assert!(self.compared >= compared, "{}: only {} compared", self.what, self.compared);
    }
}

fn ends(interval: Option<Interval>) -> [Option<f64>; 2] {
    [interval.map(|i| i.low), interval.map(|i| i.high)]
}

fn both(interval: Option<[f64; 2]>) -> [Option<f64>; 2] {
    [interval.map(|i| i[0]), interval.map(|i| i[1])]
}

#[test]
fn stats_golden_has_the_hard_samples() {
    let samples = golden().samples;
    assert!(samples.len() >= 200, "{}", samples.len());
    for n in [0, 1, 2, 3, 50, 51, 130] {
        assert!(samples.iter().any(|sample| sample.n == n), "{n} cases");
    }
    assert!(samples.iter().filter(|sample| sample.subjects.is_some()).count() >= 40);
}

#[test]
fn stats_golden_descriptions_are_numpys() {
    let mut worst = Worst::of("mean, sd, quartiles");
    for sample in golden().samples {
        let row = Summary::of(&sample.arm(&sample.a), &sample.inference());
        assert_eq!(row.undefined, sample.undefined, "{}", sample.case);
        let ours = [("mean", row.mean), ("sd", row.sd), ("q1", row.q1), ("median", row.median), ("q3", row.q3)];
        for (name, ours) in ours {
            worst.see(&format!("{} {name}", sample.case), ours, sample.a_stats[name], 1e-13);
        }
    }
    worst.at_least(1000);
}

#[test]
fn stats_golden_t_intervals_are_scipys_and_statsmodels() {
    let mut worst = Worst::of("t interval");
    for sample in golden().samples {
        let row = Summary::of(&sample.arm(&sample.a), &sample.inference());
        for (ours, theirs) in ends(row.t).into_iter().zip(both(sample.t)) {
            worst.see(&sample.case, ours, theirs, 1e-9);
        }
    }
    worst.at_least(400);
}

#[test]
fn stats_golden_bca_of_a_given_distribution_is_scipys() {
    let mut worst = Worst::of("BCa interval");
    for sample in golden().samples {
        let ours = sample.given_bootstrap().and_then(|b| b.bca(sample.inference().level));
        for (ours, theirs) in ends(ours).into_iter().zip(both(sample.bca)) {
            worst.see(&sample.case, ours, theirs, 1e-9);
        }
    }
    worst.at_least(400);
}

#[test]
fn stats_golden_bca_as_a_whole_is_near_scipys() {
    for whole in golden().whole_bca {
        let values: Vec<f64> = whole.a.iter().map(|v| v / whole.unit).collect();
        let sample = Sample::independent(&values).expect("finite");
        let bootstrap = Bootstrap::of(&sample, Resampling { resamples: 200_000, seed: 11 }).expect("varies");
        let ours = bootstrap.bca(Level::P95).expect("two-sided");
        let off = (ours.low - whole.bca[0]).abs().max((ours.high - whole.bca[1]).abs()) / whole.error;
        println!("n = {}: ends within {off:.4} standard errors of SciPy's", values.len());
        // 200 000 resamples fix a 2.5 % quantile to about 0.006 standard errors on either side
        assert!(off < 0.04, "{ours:?} {:?}", whole.bca);
    }
}

#[test]
fn stats_golden_wilcoxon_is_scipys() {
    let mut worst = Worst::of("Wilcoxon p");
    for sample in golden().samples {
        let row = sample.paired();
        assert_eq!((row.n, row.dropped), (sample.n, sample.dropped), "{}", sample.case);
        let (ours, theirs) = (row.wilcoxon, sample.wilcoxon);
        worst.see(&sample.case, ours.map(|test| test.p), theirs.as_ref().map(|test| test.p), 1e-9);
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            let exact = ours.null == Null::Exact;
            let found = (ours.n, ours.w_plus, ours.w_minus, exact);
            assert_eq!(found, (theirs.n, theirs.plus, theirs.minus, theirs.exact), "{}", sample.case);
            let total = theirs.plus + theirs.minus;
            let biserial = (total > 0.0).then(|| (theirs.plus - theirs.minus) / total);
            assert_eq!(row.rank_biserial, biserial, "{}", sample.case);
        }
    }
    worst.at_least(200);
}

#[test]
fn stats_golden_exact_sign_flip_is_scipys() {
    let mut worst = Worst::of("sign-flip p");
    for sample in golden().samples {
        let Some(theirs) = sample.sign_flip else { continue };
        let test = sample.paired().sign_flip.expect("subjects");
        assert_eq!(test.null, Null::Exact, "{}", sample.case);
        worst.see(&sample.case, Some(test.p), Some(theirs), 1e-9);
    }
    worst.at_least(120);
}

#[test]
fn stats_golden_differences_are_numpys() {
    let mut worst = Worst::of("mean difference and d_z");
    for sample in golden().samples {
        let row = sample.paired();
        worst.see(&sample.case, row.mean_difference, sample.mean_difference, 1e-12);
        worst.see(&sample.case, row.d_z, sample.d_z, 1e-9);
    }
    worst.at_least(400);
}

#[test]
fn stats_golden_holm_is_statsmodels() {
    let mut worst = Worst::of("Holm");
    for family in golden().holm {
        let ours = holm(&family.p).expect("probabilities");
        assert_eq!(ours.len(), family.holm.len());
        for (ours, theirs) in ours.into_iter().zip(family.holm) {
            worst.see("holm", Some(ours), Some(theirs), 1e-14);
        }
    }
    worst.at_least(150);
}

#[test]
fn stats_golden_distributions_are_scipys() {
    let golden = golden();
    let mut worst = Worst::of("Φ, t and their quantiles");
    for row in golden.normal {
        worst.see("Φ(z)", normal_cdf(row.z), Some(row.cdf), 1e-12);
        worst.see("Φ(−z)", normal_cdf(-row.z), Some(row.below), 1e-12);
    }
    for row in golden.normal_quantiles {
        worst.see(&format!("z({:e})", row.p), normal_quantile(row.p), Some(row.z), 1e-12);
    }
    for row in golden.t {
        let name = format!("t({}) at {}", row.df, row.t);
        worst.see(&name, t_cdf(row.df, -row.t), Some(row.below), 1e-12);
        worst.see(&name, t_cdf(row.df, row.t), Some(1.0 - row.below), 1e-12);
    }
    for row in golden.t_quantiles {
        worst.see(&format!("t({}, {})", row.df, row.p), t_quantile(row.df, row.p), Some(row.t), 1e-12);
    }
    worst.at_least(400);
}

#[test]
fn stats_golden_widths_are_found_by_trial() {
    let widths = golden().widths;
    assert!(widths.len() >= 25, "{}", widths.len());
    for row in widths {
        let level = Level::new(row.level).expect("a level");
        assert_eq!(cases_for_width(row.sd, row.width, level), Some(row.n), "{} {} {}", row.sd, row.width, row.level);
    }
}

#[test]
fn stats_golden_rankings_are_near_all_resamples() {
    let inference = Inference { resampling: Resampling { resamples: 20_000, seed: 2 }, ..Inference::default() };
    for row in golden().rankings {
        let best = if row.best == "highest" { Best::Highest } else { Best::Lowest };
        let arms: Vec<CaseValues> =
            row.values.iter().map(|values| arm(values.iter().map(|v| Some(*v)), |case| case)).collect();
        let arms: Vec<&CaseValues> = arms.iter().collect();
        let ours = rank_stability(&arms, best, &inference).expect("one subject a case").expect("enough cases");
        for (arm, ours) in ours.arms.iter().enumerate() {
            assert_eq!(ours.rank, row.rank[arm]);
            // four standard errors of a share and of a mean rank over 20 000 resamples
            assert!((ours.first - row.first[arm]).abs() < 0.015, "{ours:?} {:?}", row.first);
            assert!((ours.mean_rank - row.mean_rank[arm]).abs() < 0.03 * arms.len() as f64 / 2.0, "{ours:?}");
        }
    }
}
