//! What a whole network is trained on.

use std::rc::Rc;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{EdgeLossConfig, Loss, LossConfig, ReferenceMap, Smoothness, Truth};
use crate::model::block::resize;
use crate::model::{ModelConfig, Output};

/// `L_seg(S₁, G) + Σ L_seg(up(Sᵢ), G) + L_edge(up(S_e), G_e)`, and the smoothness of a shape-aware loss once; terms whose
/// output a network lacks are left out.
/// Source: P2 eq. 3, 7, 10. Choice: side and edge logits are up-sampled bilinearly.
#[derive(Clone)]
pub struct Objective {
    segmentation: Rc<dyn Loss>,
    edge: Rc<dyn Loss>,
    maps: Vec<ReferenceMap>,
    /// The part with weights of its own, which are trained and saved with the network's.
    pub smoothness: Option<Smoothness>,
}

impl Objective {
    /// From an arm's losses, for its model; what the model lacks is the error.
    pub fn new(loss: &LossConfig, edge: &EdgeLossConfig, model: &ModelConfig, device: &Device) -> Result<Self, String> {
        loss.fits(model)?;
        let smoothness = loss.smoothness().zip(model.features());
        let smoothness = smoothness
            .map(|((config, weight), channels)| Smoothness::new(channels, config.margin, device).weighing(weight));
        Ok(Self { segmentation: loss.build().into(), edge: edge.build().into(), maps: loss.maps(), smoothness })
    }

    /// The maps of the reference that it reads.
    pub fn maps(&self) -> &[ReferenceMap] {
        &self.maps
    }

    /// For a network without gradients.
    #[must_use]
    pub fn valid(&self) -> Self {
        Self { smoothness: self.smoothness.as_ref().map(Module::valid), ..self.clone() }
    }

    /// The arm's loss of each image's mask alone, `[B]`: as if it were the only one of a batch, and without what side
    /// outputs, edges and features add, so that networks compare.
    pub fn of_masks(&self, logits: &Tensor<4>, truth: &Truth) -> Tensor<1> {
        let image = |place| self.segmentation.forward(logits.clone().narrow(0, place, 1), &truth.image(place));
        Tensor::cat((0..logits.dims()[0]).map(image).collect(), 0)
    }

    /// The batch's mean objective, `[1]`.
    pub fn forward(&self, output: Output, truth: &Truth) -> Tensor<1> {
        let [_, _, height, width] = truth.target.dims();
        let mut total = self.segmentation.forward(output.logits, truth);
        for side in output.side {
            total = total + self.segmentation.forward(resize(side, [height, width]), truth) * output.side_weight;
        }
        if let Some(edge) = output.edge {
            let edges = Truth::new(truth.edge.clone(), truth.edge.clone());
            total = total + self.edge.forward(resize(edge, [height, width]), &edges);
        }
        if let Some(smoothness) = &self.smoothness {
            let features = output.features.expect("a model that names its features' channels gives features");
            total = total + smoothness.weighted(features, truth);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::ShapeAware;
    use crate::plane::Mask;

    fn objective(loss: &LossConfig, device: &Device) -> Objective {
        let model = toml::from_str("name = \"unet\"\nwidth = 0.0625").expect("a model");
        Objective::new(loss, &EdgeLossConfig::Bce {}, &model, device).expect("unet has features")
    }

    #[test]
    fn each_output_adds_its_term() {
        // All logits 0, bce everywhere: ln 2 for the mask, for each of two sides and for the edge.
        let device = Device::flex();
        let zeros = |px: usize| Tensor::<4>::zeros([1, 1, px, px], &device);
        let truth = Truth::new(zeros(8), zeros(8));
        let output = Output { side: vec![zeros(4), zeros(2)], edge: Some(zeros(4)), ..Output::plain(zeros(8)) };
        let loss = objective(&LossConfig::Bce {}, &device).forward(output, &truth).into_scalar::<f32>();
        assert!((loss - 4.0 * std::f32::consts::LN_2).abs() < 1e-5, "{loss}");
    }

    #[test]
    fn a_mask_has_the_loss_of_a_batch_of_its_own() {
        let device = Device::flex();
        let logits = Tensor::<4>::from_data([[[[3.0_f32, -1.0], [0.5, -2.0]]], [[[-1.0, 200.0], [1.0, 0.0]]]], &device);
        let references = [Mask::from_fn(2, 2, |x, y| x == y), Mask::from_fn(2, 2, |x, _| x == 1)];
        for (name, loss) in crate::loss::tests::all() {
            let objective = objective(&loss, &device);
            let truth = |masks: &[Mask]| Truth::of(masks, &loss.maps(), &device);
            let of_masks = objective.of_masks(&logits, &truth(&references)).into_data();
            for (place, found) in of_masks.iter::<f32>().enumerate() {
                let (alone, own) = (logits.clone().narrow(0, place, 1), truth(&references[place..=place]));
                let expected = objective.segmentation.forward(alone, &own).into_scalar::<f32>();
                assert!(found.is_finite() && found == expected, "{name}: {found} {expected}");
            }
        }
    }

    #[test]
    fn features_add_the_smoothness_once() {
        let device = Device::flex();
        let config = LossConfig::ShapeAware(ShapeAware { compactness: 0.0, smoothness: 2.0, margin: 1.0 });
        let objective = objective(&config, &device);
        let truth = Truth::of(&[Mask::from_fn(8, 8, |x, y| x < 4 && y < 4)], &config.maps(), &device);
        let logits = Tensor::<4>::zeros([1, 1, 8, 8], &device);
        // The features are the same everywhere: contour and background are as close as can be, 1 short of the margin.
        let output = Output { side: vec![logits.clone()], ..Output::plain(logits) };
        let output = output.with_features(Tensor::ones([1, 4, 8, 8], &device));
        let loss = objective.forward(output, &truth).into_scalar::<f32>();
        assert!((loss - 2.0 * std::f32::consts::LN_2 - 2.0).abs() < 1e-4, "{loss}");
    }
}
