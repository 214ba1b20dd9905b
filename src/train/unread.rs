//! What steps said that is still on the device: reading it waits for all that is computed before.

use std::time::{Duration, Instant};

use burn::tensor::Tensor;

use super::Told;
use super::told::Size;
use crate::metric::{CaseScore, Task};

/// A few times a second somebody may want to see them.
const EVERY: Duration = Duration::from_millis(250);

/// One step's answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StepRead {
    /// From 1, over all epochs.
    pub step: u64,
    /// Mean over its images.
    pub loss: f64,
    /// Of its images, without names and distances.
    pub scores: Vec<CaseScore>,
}

/// The steps since the last look.
#[derive(Debug)]
pub(super) struct Unread {
    task: Task,
    steps: Vec<(u64, Told)>,
    looked: Instant,
}

impl Unread {
    /// None yet.
    pub fn new(task: Task) -> Self {
        Self { task, steps: Vec::new(), looked: Instant::now() }
    }

    /// Keeps what `step` has told.
    pub fn push(&mut self, step: u64, told: Told) {
        self.steps.push((step, told));
    }

    /// Whether it is time to look.
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= EVERY
    }

    /// Reads all at once, in the steps' order.
    pub fn read(&mut self) -> Vec<StepRead> {
        self.looked = Instant::now();
        if self.steps.is_empty() {
            return Vec::new();
        }
        let sizes: Vec<(u64, Size)> = self.steps.iter().map(|(step, told)| (*step, told.size())).collect();
        let told = self.steps.drain(..).flat_map(|(_, told)| told.into_tensors()).collect();
        let told: Vec<f64> = Tensor::<1>::cat(told, 0).into_data().iter().collect();
        let mut rest = &told[..];
        let read = |(step, size): (u64, Size)| {
            let own = rest.split_off(..size.numbers()).expect("every step has its numbers");
            StepRead { step, loss: own[0], scores: size.scores(self.task, &own[1..]) }
        };
        sizes.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn told(loss: f64, images: usize) -> Told {
        let device = Device::flex();
        let logits = Tensor::<4>::ones([images, 1, 2, 2], &device);
        Told::of(Tensor::from_floats([loss as f32], &device), logits.clone(), logits)
    }

    #[test]
    fn losses_are_read_once_in_their_order() {
        let mut unread = Unread::new(Task::Segmentation);
        assert_eq!(unread.read(), []);
        for (step, loss, images) in [(7, 0.5, 3), (8, f64::NAN, 3), (9, 0.25, 1)] {
            unread.push(step, told(loss, images));
        }
        let read = unread.read();
        assert_eq!(
            read.iter().map(|read| (read.step, read.scores.len())).collect::<Vec<_>>(),
            [(7, 3), (8, 3), (9, 1)]
        );
        assert!(read.iter().flat_map(|read| &read.scores).all(|score| score.counts.tp == 4));
        assert!(read[0].loss == 0.5 && read[1].loss.is_nan() && read[2].loss == 0.25);
        assert_eq!(unread.read(), []);
    }
}
