//! What probabilities are worth beyond the mask they give: ranking and calibration.

use serde::{Deserialize, Serialize};

use crate::plane::{Mask, Plane};

/// Bins of the calibration error, of equal width. Source: Guo et al. 2017, arXiv:1706.04599, who use 15.
const CALIBRATION_BINS: usize = 15;
/// Bins of the ranking, 1/8 wide in logits.
const RANKS_PER_LOGIT: f64 = 8.0;
/// Logits beyond ±16 share the outermost bins; single precision tells no probability above it from 1.
const LOGIT_LIMIT: f64 = 16.0;

/// Additive summary of a case's probabilities against its reference; every number is recomputed from it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Probabilities {
    /// Area under the ROC curve of this case's pixels, ties counted half; `None` if the reference is empty or full.
    /// For several cases together, from [`ranks`](Self::ranks).
    pub auc: Option<f64>,
    /// Σ (p − y)² over pixels.
    pub squared_error: f64,
    /// Pixels by probability, in bins of equal width.
    pub bins: Vec<Bin>,
    /// Pixels by logit: those bins that hold any, ascending.
    pub ranks: Vec<Rank>,
}

/// `(pixels, tumour pixels, Σp)` of one bin of probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin(pub u64, pub u64, pub f64);

/// `(bin, tumour pixels, background pixels)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank(pub i16, pub u64, pub u64);

impl Probabilities {
    /// Of one case; `None` if the sizes differ or a value is no probability.
    pub fn of(probability: &Plane<f32>, reference: &Mask) -> Option<Self> {
        let valid = probability.values().iter().all(|p| (0.0..=1.0).contains(p));
        if probability.size() != reference.size() || !valid {
            return None;
        }
        let pixels = || probability.values().iter().zip(reference.values()).map(|(&p, &y)| (p, y));
        let mut bins = vec![Bin::default(); CALIBRATION_BINS];
        let mut squared_error = 0.0;
        for (p, tumour) in pixels() {
            let (p, y) = (f64::from(p), f64::from(u8::from(tumour)));
            squared_error += (p - y).powi(2);
            // (0, 1/15], (1/15, 2/15], …; 0 belongs to the first
            let bin = &mut bins[((p * CALIBRATION_BINS as f64).ceil() as usize).saturating_sub(1)];
            *bin = Bin(bin.0 + 1, bin.1 + u64::from(tumour), bin.2 + p);
        }
        Some(Self { auc: auc(pixels()), squared_error, bins, ranks: ranks(pixels()) })
    }

    /// Whether these can be the probabilities of one case with `pixels` pixels.
    pub(super) fn are_of(&self, pixels: u64) -> bool {
        let bin = |&Bin(n, tumour, sum): &Bin| tumour <= n && (0.0..=n as f64 + 1e-6).contains(&sum);
        let counted = |n: u64| n == pixels;
        self.auc.is_none_or(|auc| (0.0..=1.0).contains(&auc))
            && (0.0..=pixels as f64).contains(&self.squared_error)
            && self.bins.len() == CALIBRATION_BINS
            && self.bins.iter().all(bin)
            && counted(self.bins.iter().fold(0, |sum, bin| bin.0.saturating_add(sum)))
            && counted(self.ranks.iter().fold(0, |sum, rank| rank.1.saturating_add(rank.2).saturating_add(sum)))
    }

    /// Of all pixels of several cases together. The area under the curve is then that of the binned logits: within
    /// half the share of tumour–background pairs that fall into one bin of the exact one.
    pub fn pooled<'a>(cases: impl Iterator<Item = &'a Self>) -> Self {
        let mut pool = Self { bins: vec![Bin::default(); CALIBRATION_BINS], ..Self::default() };
        let mut ranks = std::collections::BTreeMap::new();
        for case in cases {
            pool.squared_error += case.squared_error;
            for (own, add) in pool.bins.iter_mut().zip(&case.bins) {
                *own = Bin(own.0.saturating_add(add.0), own.1.saturating_add(add.1), own.2 + add.2);
            }
            for &Rank(bin, tumour, background) in &case.ranks {
                let (own_tumour, own_background) = ranks.entry(bin).or_insert((0, 0));
                *own_tumour = tumour.saturating_add(*own_tumour);
                *own_background = background.saturating_add(*own_background);
            }
        }
        pool.ranks = ranks.into_iter().map(|(bin, (tumour, background))| Rank(bin, tumour, background)).collect();
        pool.auc = auc_of(pool.ranks.iter().map(|&Rank(_, tumour, background)| (tumour, background)));
        pool
    }

    /// Brier score: mean `(p − y)²` over pixels; `None` without pixels.
    pub fn brier(&self) -> Option<f64> {
        let pixels = self.pixels();
        (pixels > 0.0).then(|| self.squared_error / pixels)
    }

    /// Expected calibration error: mean over pixels of `|mean p − share of tumour|` of the pixel's bin.
    /// Source: Guo et al. 2017 eq. 3, over the probability of tumour.
    /// Ours differs: theirs bins the probability of the predicted class, which is above one half.
    pub fn ece(&self) -> Option<f64> {
        let pixels = self.pixels();
        let gaps: f64 = self.bins.iter().map(|&Bin(_, tumour, sum)| (sum - tumour as f64).abs()).sum();
        (pixels > 0.0).then(|| gaps / pixels)
    }

    fn pixels(&self) -> f64 {
        self.bins.iter().map(|bin| bin.0 as f64).sum()
    }
}

/// Chance that a tumour pixel has a higher probability than a background pixel, ties counted half (Mann and Whitney).
fn auc(pixels: impl Iterator<Item = (f32, bool)>) -> Option<f64> {
    // the bits of floats from 0 to 1 sort as the floats do; −0 is 0
    let mut keys: Vec<u32> = pixels.map(|(p, tumour)| (p + 0.0).to_bits() << 1 | u32::from(tumour)).collect();
    keys.sort_unstable();
    auc_of(keys.chunk_by(|a, b| a >> 1 == b >> 1).map(|ties| {
        let tumour = ties.iter().filter(|&key| key & 1 == 1).count() as u64;
        (tumour, ties.len() as u64 - tumour)
    }))
}

/// From `(tumour, background)` pixels of equal rank, lowest rank first.
fn auc_of(ties: impl Iterator<Item = (u64, u64)>) -> Option<f64> {
    // doubles hold the counts of any image exactly, and those of a damaged file without overflow
    let (mut won, mut tumours, mut backgrounds) = (0.0, 0.0, 0.0);
    for (tumour, background) in ties {
        let (tumour, background) = (tumour as f64, background as f64);
        won += tumour * (backgrounds + background / 2.0);
        tumours += tumour;
        backgrounds += background;
    }
    let pairs = tumours * backgrounds;
    (pairs > 0.0).then(|| won / pairs)
}

fn ranks(pixels: impl Iterator<Item = (f32, bool)>) -> Vec<Rank> {
    let bins = (2.0 * LOGIT_LIMIT * RANKS_PER_LOGIT) as usize;
    let mut counts = vec![(0, 0); bins];
    for (p, tumour) in pixels {
        let p = f64::from(p);
        let logit = (p / (1.0 - p)).ln().clamp(-LOGIT_LIMIT, LOGIT_LIMIT);
        let place = (((logit + LOGIT_LIMIT) * RANKS_PER_LOGIT) as usize).min(bins - 1);
        let (tumours, backgrounds) = &mut counts[place];
        *(if tumour { tumours } else { backgrounds }) += 1;
    }
    let used = counts.into_iter().enumerate().filter(|&(_, counts)| counts != (0, 0));
    used.map(|(place, (tumour, background))| Rank(place as i16 - (bins / 2) as i16, tumour, background)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(probabilities: &[f32], reference: &[bool]) -> Probabilities {
        let plane = Plane::new(probabilities.len(), 1, probabilities.to_vec()).expect("one row");
        let mask = Mask::new(reference.len(), 1, reference.to_vec()).expect("one row");
        Probabilities::of(&plane, &mask).expect("probabilities")
    }

    #[test]
    fn four_pixels_by_hand() {
        // pairs won: (.9, .2) (.9, .6) (.6, .2), tied: (.6, .6) → 3.5 of 4
        let score = row(&[0.9, 0.6, 0.6, 0.2], &[true, true, false, false]);
        assert_eq!(score.auc, Some(3.5 / 4.0));
        assert!((score.brier().expect("pixels") - (0.01 + 0.16 + 0.36 + 0.04) / 4.0).abs() < 1e-7);
        // bins of 1/15: .9 → .1 off, both .6 together → .2 off, .2 → .2 off
        assert!((score.ece().expect("pixels") - (0.1 + 0.2 + 0.2) / 4.0).abs() < 1e-7);
    }

    #[test]
    fn one_class_alone_has_no_ranking() {
        assert_eq!(row(&[0.3, 0.7], &[true, true]).auc, None);
        assert_eq!(row(&[0.3, 0.7], &[false, false]).auc, None);
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for wrong in [f32::NAN, -0.1, 1.1, f32::INFINITY] {
            let plane = Plane::filled(1, 1, wrong);
            assert!(Probabilities::of(&plane, &Mask::filled(1, 1, true)).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_pool_of_one_case_is_the_case_up_to_its_ties(
            pixels in proptest::collection::vec((0.0_f32..=1.0, any::<bool>()), 1..200),
        ) {
            let (probabilities, reference): (Vec<f32>, Vec<bool>) = pixels.into_iter().unzip();
            let case = row(&probabilities, &reference);
            let pool = Probabilities::pooled([&case].into_iter());
            prop_assert_eq!((pool.brier(), pool.ece()), (case.brier(), case.ece()));
            prop_assert_eq!(pool.auc.is_some(), case.auc.is_some());
            if let Some((pooled, exact)) = pool.auc.zip(case.auc) {
                let sum = |of: fn(&Rank) -> u64| case.ranks.iter().map(of).sum::<u64>() as f64;
                let ties: u64 = case.ranks.iter().map(|rank| rank.1 * rank.2).sum();
                let bound = 0.5 * ties as f64 / (sum(|rank| rank.1) * sum(|rank| rank.2));
                prop_assert!((pooled - exact).abs() <= bound + 1e-12, "{pooled} {exact} ± {bound}");
            }
        }
    }
}
