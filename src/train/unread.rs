//! Losses that are still on the device: reading one waits for all that is computed before it.

use std::time::{Duration, Instant};

use burn::tensor::Tensor;

/// A few times a second somebody may want to see them.
const EVERY: Duration = Duration::from_millis(250);

/// One step's loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StepLoss {
    /// From 1, over all epochs.
    pub step: u64,
    /// Images of its batch.
    pub images: usize,
    /// Mean over them.
    pub loss: f64,
}

/// The losses since the last look.
#[derive(Debug)]
pub(super) struct Unread {
    steps: Vec<(u64, usize)>,
    losses: Vec<Tensor<1>>,
    looked: Instant,
}

impl Unread {
    /// None yet.
    pub fn new() -> Self {
        Self { steps: Vec::new(), losses: Vec::new(), looked: Instant::now() }
    }

    /// Keeps the loss `[1]` of `step` over so many `images`.
    pub fn push(&mut self, step: u64, images: usize, loss: Tensor<1>) {
        self.steps.push((step, images));
        self.losses.push(loss);
    }

    /// Whether it is time to look.
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= EVERY
    }

    /// Reads all at once, in the steps' order.
    pub fn read(&mut self) -> Vec<StepLoss> {
        self.looked = Instant::now();
        if self.steps.is_empty() {
            return Vec::new();
        }
        let losses = Tensor::cat(std::mem::take(&mut self.losses), 0).into_data();
        let steps = self.steps.drain(..).zip(losses.iter::<f64>());
        steps.map(|((step, images), loss)| StepLoss { step, images, loss }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn losses_are_read_once_in_their_order() {
        let mut unread = Unread::new();
        assert_eq!(unread.read(), []);
        for (step, loss) in [(7, 0.5), (8, f64::NAN), (9, 0.25)] {
            unread.push(step, 3, Tensor::from_floats([loss as f32], &Device::flex()));
        }
        let read = unread.read();
        assert_eq!(read.iter().map(|loss| (loss.step, loss.images)).collect::<Vec<_>>(), [(7, 3), (8, 3), (9, 3)]);
        assert!(read[0].loss == 0.5 && read[1].loss.is_nan() && read[2].loss == 0.25);
        assert_eq!(unread.read(), []);
    }
}
