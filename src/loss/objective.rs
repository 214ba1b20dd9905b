//! What a whole network is trained on.

use burn::tensor::Tensor;

use super::{EdgeLossConfig, Loss, LossConfig, Truth};
use crate::model::Output;
use crate::model::block::resize;

/// `L_seg(S₁, G) + Σ L_seg(up(Sᵢ), G) + L_edge(up(S_e), G_e)`; terms whose output a network lacks are left out.
/// Source: P2 eq. 3, 7, 10. Choice: side and edge logits are up-sampled bilinearly.
pub struct Objective {
    segmentation: Box<dyn Loss>,
    edge: Box<dyn Loss>,
}

impl Objective {
    /// From the arm's losses.
    pub fn new(segmentation: &LossConfig, edge: &EdgeLossConfig) -> Self {
        Self { segmentation: segmentation.build(), edge: edge.build() }
    }

    /// The batch's mean objective, `[1]`.
    pub fn forward(&self, output: Output, truth: &Truth) -> Tensor<1> {
        let [_, _, height, width] = truth.target.dims();
        let mut total = self.segmentation.forward(output.logits, truth);
        for side in output.side {
            total = total + self.segmentation.forward(resize(side, [height, width]), truth);
        }
        if let Some(edge) = output.edge {
            let edges = Truth { target: truth.edge.clone(), ..truth.clone() };
            total = total + self.edge.forward(resize(edge, [height, width]), &edges);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn each_output_adds_its_term() {
        // All logits 0, bce everywhere: ln 2 for the mask, for each of two sides and for the edge.
        let device = Device::flex();
        let zeros = |px: usize| Tensor::<4>::zeros([1, 1, px, px], &device);
        let truth = Truth { target: zeros(8), distance: zeros(8), edge: zeros(8) };
        let output = Output { logits: zeros(8), side: vec![zeros(4), zeros(2)], edge: Some(zeros(4)) };
        let objective = Objective::new(&LossConfig::Bce {}, &EdgeLossConfig::Bce {});
        let loss = objective.forward(output, &truth).into_scalar::<f32>();
        assert!((loss - 4.0 * std::f32::consts::LN_2).abs() < 1e-5, "{loss}");
    }
}
