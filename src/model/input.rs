//! Weights that expect another input, made to take ImageNet's normalisation.

use std::collections::BTreeMap;

use super::Slot;

/// torchvision's, of values 0 to 1.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const SD: [f64; 3] = [0.229, 0.224, 0.225];

/// The input that weights expect, from ours `z` (ImageNet's normalisation): channel `c` of theirs, which is our channel
/// `from[c]`, is `scale[c] · z + shift[c]`.
pub(super) struct Input {
    from: [usize; 3],
    scale: [f64; 3],
    shift: [f64; 3],
}

/// TensorFlow's −1 to 1 (torchvision's `transform_input`). Exact: the first convolution has no padding.
pub(super) const INCEPTION: Input = Input {
    from: [0, 1, 2],
    scale: [SD[0] / 0.5, SD[1] / 0.5, SD[2] / 0.5],
    shift: [(MEAN[0] - 0.5) / 0.5, (MEAN[1] - 0.5) / 0.5, (MEAN[2] - 0.5) / 0.5],
};

/// Blue, green, red, 0 to 255 less 103.939, 116.779, 123.68. Exact but at the border: there the shift of 0.5 grey levels
/// and less is not seen by the padding.
pub(super) const CAFFE: Input = Input {
    from: [2, 1, 0],
    scale: [255.0 * SD[2], 255.0 * SD[1], 255.0 * SD[0]],
    shift: [255.0 * MEAN[2] - 103.939, 255.0 * MEAN[1] - 116.779, 255.0 * MEAN[0] - 123.68],
};

impl Input {
    /// Folds it into the encoder's first convolution: kernels scaled and in our order of channels, the constant part
    /// added to the bias, or taken off the running mean behind.
    pub(super) fn fold(&self, slots: &[Slot], values: &mut BTreeMap<String, Vec<f32>>) -> Result<(), String> {
        let is_first = |slot: &&Slot| slot.path.starts_with("encoder.") && slot.shape.get(1) == Some(&3);
        let first = slots.iter().find(is_first).ok_or("the network has no encoder that takes three channels")?;
        let layer = first.path.trim_end_matches("conv.weight");
        let area = first.shape[2..].iter().product::<usize>();
        let Some(kernels) = values.get_mut(&first.path) else { return Ok(()) };
        let constants: Vec<f64> = kernels.chunks_mut(3 * area).map(|kernel| self.fold_kernel(kernel, area)).collect();
        let (bias, mean) = (format!("{layer}conv.bias"), format!("{layer}norm.running_mean"));
        let (path, sign) = if values.contains_key(&bias) { (bias, 1.0) } else { (mean, -1.0) };
        let target =
            values.get_mut(&path).ok_or_else(|| format!("{path} takes the input's shift, but is not there"))?;
        target.iter_mut().zip(constants).for_each(|(value, constant)| *value += (sign * constant) as f32);
        Ok(())
    }

    /// `[3, kh, kw]` of one output; its answer to the shift.
    fn fold_kernel(&self, kernel: &mut [f32], area: usize) -> f64 {
        let theirs = kernel.to_vec();
        let mut constant = 0.0;
        for (c, plane) in theirs.chunks(area).enumerate() {
            constant += self.shift[c] * plane.iter().map(|&weight| f64::from(weight)).sum::<f64>();
            let ours = &mut kernel[self.from[c] * area..][..area];
            ours.iter_mut().zip(plane).for_each(|(to, &weight)| *to = (f64::from(weight) * self.scale[c]) as f32);
        }
        constant
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Normalise;
    use burn::module::ParamId;
    use image::{Rgb, RgbImage};

    /// A 1×1 convolution answers the same to a pixel in either normalisation.
    #[test]
    fn caffes_weights_folded_answer_the_same_to_imagenets_input() {
        let slot = |path: &str, shape: Vec<usize>| Slot { path: path.into(), shape, learns: true, id: ParamId::new() };
        let slots = [slot("encoder.a.conv.weight", vec![1, 3, 1, 1]), slot("encoder.a.conv.bias", vec![1])];
        let (weights, bias) = (vec![0.5f32, -0.25, 0.125], 2.0f32);
        let image = RgbImage::from_pixel(1, 1, Rgb([200, 30, 90]));
        let answer = |weights: &[f32], bias: f32, input: Normalise| {
            let pixel = input.apply(&image);
            weights.iter().zip(pixel).map(|(w, v)| w * v).sum::<f32>() + bias
        };
        let mut values =
            BTreeMap::from([(slots[0].path.clone(), weights.clone()), (slots[1].path.clone(), vec![bias])]);
        CAFFE.fold(&slots, &mut values).expect("folded");
        let folded = answer(&values[&slots[0].path], values[&slots[1].path][0], Normalise::Imagenet);
        let plain = answer(&weights, bias, Normalise::Caffe);
        assert!((folded - plain).abs() < 1e-3, "{folded} {plain}");
    }
}
