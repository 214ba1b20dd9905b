//! What the validation loss decides: the best epoch, the learning rate, the end.

use serde::{Deserialize, Serialize};

use crate::spec::TrainConfig;

/// Where the schedule stands; part of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Learning rate of the next epoch.
    pub lr: f64,
    /// Lowest validation loss and its epoch.
    pub best: Option<(f64, u32)>,
    since_best: u32,
    since_drop: u32,
}

/// What one validation loss means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Lowest so far.
    pub best: bool,
    /// Early stopping.
    pub stop: bool,
}

impl Schedule {
    /// Before the first epoch.
    pub fn new(config: &TrainConfig) -> Self {
        Self { lr: config.lr, best: None, since_best: 0, since_drop: 0 }
    }

    /// Takes the validation loss of `epoch` (finite). Any lower loss is an improvement.
    /// Source: P1 §4 ("early-stopping mechanism … to dynamically adjust the learning rate").
    /// Ours differs from PyTorch's `ReduceLROnPlateau`: no threshold; the rate falls at `patience` epochs, not after.
    pub fn update(&mut self, config: &TrainConfig, epoch: u32, valid_loss: f64) -> Verdict {
        let best = self.best.is_none_or(|(lowest, _)| valid_loss < lowest);
        if best {
            self.best = Some((valid_loss, epoch));
            (self.since_best, self.since_drop) = (0, 0);
        } else {
            self.since_best += 1;
            self.since_drop += 1;
        }
        if self.since_drop >= config.plateau.patience.max(1) {
            self.lr = (self.lr * config.plateau.factor).max(config.plateau.min_lr.min(self.lr));
            self.since_drop = 0;
        }
        Verdict { best, stop: self.ended(config, epoch) }
    }

    /// Whether training ends after `epoch`.
    pub fn ended(&self, config: &TrainConfig, epoch: u32) -> bool {
        epoch >= config.epochs || config.early_stop.is_some_and(|patience| self.since_best >= patience.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Normalise;
    use crate::spec::{Augment, Plateau, Precision};

    fn config() -> TrainConfig {
        let plateau = Plateau { patience: 2, factor: 0.5, min_lr: 0.3 };
        TrainConfig {
            epochs: 9,
            batch: 1,
            lr: 1.0,
            weight_decay: 0.0,
            plateau,
            early_stop: Some(4),
            normalise: Normalise::default(),
            augment: Augment::default(),
            precision: Precision::F32,
        }
    }

    #[test]
    fn the_rate_halves_on_a_plateau_down_to_its_floor_and_then_training_stops() {
        let config = config();
        let mut schedule = Schedule::new(&config);
        let losses = [5.0, 4.0, 4.0, 4.5, 4.5, 4.5];
        let seen: Vec<(f64, bool, bool)> = losses
            .iter()
            .zip(1..)
            .map(|(&loss, epoch)| {
                let verdict = schedule.update(&config, epoch, loss);
                (schedule.lr, verdict.best, verdict.stop)
            })
            .collect();
        assert_eq!(
            seen,
            [
                (1.0, true, false),
                (1.0, true, false),
                (1.0, false, false),
                (0.5, false, false),
                (0.5, false, false),
                (0.3, false, true)
            ]
        );
        assert_eq!(schedule.best, Some((4.0, 2)));
    }

    #[test]
    fn the_last_epoch_ends_it() {
        let config = TrainConfig { early_stop: None, epochs: 2, ..config() };
        let mut schedule = Schedule::new(&config);
        assert!(!schedule.update(&config, 1, 1.0).stop);
        assert!(schedule.update(&config, 2, 0.5).stop);
    }
}
