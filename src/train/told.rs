//! What a step says of its images, still on the device: reading it waits for all that is computed before.

use burn::tensor::Tensor;

use crate::metric::{CaseScore, Confusion, Task, Verdict};

/// Numbers of one image: true positives, predicted positives, positives of the reference, sum of the logits.
const OF_AN_IMAGE: usize = 4;

/// The loss of a step, and what its images were answered.
#[derive(Clone, Debug)]
pub struct Told {
    /// Mean over the images, `[1]`.
    pub loss: Tensor<1>,
    /// `[4 B]`: each of the numbers for all images, then the next.
    counts: Tensor<1>,
    pixels: u64,
}

/// How much was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    images: usize,
    /// Of an image.
    pixels: u64,
}

impl Told {
    /// From logits and reference `[B, 1, H, W]`, both without autodiff. A pixel is tumour where its logit is above 0.
    pub(super) fn of(loss: Tensor<1>, logits: Tensor<4>, target: Tensor<4>) -> Self {
        let [size, _, height, width] = logits.dims();
        let mask = logits.clone().greater_elem(0.0).float();
        let sums = [mask.clone() * target.clone(), mask, target, logits];
        let sums = sums.map(|pixels| pixels.sum_dims(&[1, 2, 3]).reshape([size]));
        Self { loss, counts: Tensor::cat(sums.to_vec(), 0), pixels: (height * width) as u64 }
    }

    pub(super) fn size(&self) -> Size {
        Size { images: self.counts.dims()[0] / OF_AN_IMAGE, pixels: self.pixels }
    }

    /// So many numbers as its [size](Self::size) says.
    pub(super) fn into_tensors(self) -> [Tensor<1>; 2] {
        [self.loss, self.counts]
    }
}

impl Size {
    /// The loss and what each image adds.
    pub fn numbers(self) -> usize {
        1 + OF_AN_IMAGE * self.images
    }

    /// The images' scores without names and distances, from the numbers after the loss.
    pub fn scores(self, task: Task, numbers: &[f64]) -> Vec<CaseScore> {
        let score = |image: usize| {
            let number = |row: usize| numbers[row * self.images + image];
            let [tp, predicted, actual] = [0, 1, 2].map(|row| number(row) as u64);
            match task {
                Task::Segmentation => {
                    let [fp, fn_] = [predicted, actual].map(|all| all.saturating_sub(tp));
                    let counts = Confusion { tp, fp, fn_, tn: self.pixels.saturating_sub(tp + fp + fn_) };
                    CaseScore { counts, ..CaseScore::default() }
                }
                // the image has one answer: its logit is the sum
                Task::Classification => {
                    let probability = 1.0 / (1.0 + (-number(3)).exp());
                    CaseScore::judged("", "", Verdict { probability, malignant: actual > 0 })
                }
            }
        };
        (0..self.images).map(score).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::metric;
    use burn::tensor::{Device, TensorData};

    fn images(values: Vec<f32>, side: usize) -> Tensor<4> {
        let size = values.len() / (side * side);
        Tensor::from_data(TensorData::new(values, [size, 1, side, side]), &Device::flex())
    }

    fn told(logits: Vec<f32>, target: Vec<f32>, (side, task): (usize, Task)) -> Vec<CaseScore> {
        let loss = Tensor::from_floats([0.5], &Device::flex());
        let told = Told::of(loss, images(logits, side), images(target, side));
        let (size, [_, counts]) = (told.size(), told.into_tensors());
        size.scores(task, &counts.into_data().iter().collect::<Vec<f64>>())
    }

    #[test]
    fn an_image_of_a_batch_is_counted_as_it_would_be_alone() {
        // one found, one missed, one invented, one let be; then nothing there and nothing found
        let logits = vec![2.0, -1.0, 0.5, -3.0, -1.0, -1.0, 0.0, -1.0];
        let target = vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let scores = told(logits, target, (2, Task::Segmentation));
        let counts: Vec<Confusion> = scores.iter().map(|score| score.counts).collect();
        let nothing = Confusion { tn: 4, ..Confusion::default() };
        assert_eq!(counts, [Confusion { tp: 1, fp: 1, fn_: 1, tn: 1 }, nothing]);
        let dsc = metric("dsc").expect("registered");
        assert_eq!(scores.iter().map(dsc.of).collect::<Vec<_>>(), [Some(0.5), None]);
    }

    #[test]
    fn a_class_is_judged_by_its_logit() {
        let scores = told(vec![3.0_f32.ln(), -200.0], vec![1.0, 1.0], (1, Task::Classification));
        let verdicts: Vec<Verdict> = scores.iter().filter_map(|score| score.verdict).collect();
        assert!((verdicts[0].probability - 0.75).abs() < 1e-6 && verdicts[0].malignant);
        assert!(verdicts[1].probability < 1e-80);
        assert_eq!((scores[0].counts.tp, scores[1].counts.fn_), (1, 1));
    }
}
