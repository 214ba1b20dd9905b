//! Training against a discriminator.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Device, Tensor};

use crate::model::{AdversaryConfig, PatchDiscriminator};

/// A discriminator that learns to tell the reference from the prediction, while the network learns to deceive it:
/// one step of the one, then one of the other.
///
/// Network: `BCE(D(x, ŷ), 1) + λ · loss(ŷ, y)`; discriminator: `½ [BCE(D(x, y), 1) + BCE(D(x, ŷ), 0)]`, with image x,
/// reference y and predicted probability ŷ.
/// Source: Isola et al. 2017, arXiv:1611.07004, eq. 4 and §3.3.
/// Choice: the arm's loss is what λ weighs, and alone what is validated, so that arms compare; the paper's is `l1`.
pub struct Adversary {
    /// Its weights are trained and saved with the network's.
    pub discriminator: PatchDiscriminator,
    lambda: f64,
}

/// What the discriminator is shown.
pub struct Scene {
    /// `[B, 3, H, W]`.
    pub images: Tensor<4>,
    /// Predicted probability of tumour `[B, 1, H, W]`.
    pub prediction: Tensor<4>,
    /// 0 or 1, `[B, 1, H, W]`.
    pub reference: Tensor<4>,
}

impl Adversary {
    /// With random weights from the device's seed.
    pub fn new(config: AdversaryConfig, device: &Device) -> Self {
        Self { discriminator: config.build(device).materialize(), lambda: config.lambda }
    }

    /// One step of the discriminator, then what the network is to make small beside its own `loss`.
    pub fn step(&mut self, scene: Scene, loss: Tensor<1>, optimizer: &mut ModuleOptimizer, lr: f64) -> Tensor<1> {
        let own = self.discriminator_loss(&scene);
        let gradients = GradientsParams::from_grads(own.backward(), &self.discriminator);
        self.discriminator = optimizer.step(lr, self.discriminator.clone(), gradients);
        self.network_loss(scene, loss)
    }

    /// `½ [BCE(D(x, y), 1) + BCE(D(x, ŷ), 0)]`; no gradient reaches the network.
    pub fn discriminator_loss(&self, scene: &Scene) -> Tensor<1> {
        let judge = |masks: Tensor<4>| self.discriminator.forward(scene.images.clone(), masks);
        let real = log_sigmoid(judge(scene.reference.clone())).mean();
        let fake = log_sigmoid(-judge(scene.prediction.clone().detach())).mean();
        (real + fake) * -0.5
    }

    /// `BCE(D(x, ŷ), 1) + λ · loss`.
    pub fn network_loss(&self, scene: Scene, loss: Tensor<1>) -> Tensor<1> {
        let deceived = log_sigmoid(self.discriminator.forward(scene.images, scene.prediction)).mean();
        loss * self.lambda - deceived
    }
}
