//! Which parameters learn in an epoch, and how fast.

use burn::module::{Module, ParamGroup, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Gradients;

use crate::model::{Network, Slot, slots};
use crate::spec::Transfer;

/// The parameters that learn at one factor of the learning rate.
#[derive(Clone, Debug)]
struct Group {
    scale: f64,
    ids: Vec<ParamId>,
}

/// What a [`Transfer`] means for one epoch of a network.
#[derive(Clone, Debug, Default)]
pub struct Groups(Vec<Group>);

impl Groups {
    /// Freezes and thaws `network` for `epoch`, from 1. Without a `transfer` it stays as it is.
    ///
    /// A frozen stage is used as at evaluation: no gradients, batch-norm by its running statistics, which do not
    /// move, no dropout. Choice: burn's `freeze`; PyTorch's `requires_grad = False` alone would leave the statistics
    /// moving. Adam's moments of a stage begin when it thaws.
    pub fn enter(transfer: &Transfer, network: Network, epoch: u32) -> (Network, Self) {
        if transfer.freeze.is_empty() && transfer.lr_scale.is_empty() {
            return (network, Self::default());
        }
        let slots = slots(&network);
        let ever = |slot: &&Slot| transfer.freeze.iter().any(|freeze| crate::spec::begins(&slot.path, &freeze.stage));
        let (frozen, thawed): (Vec<&Slot>, Vec<&Slot>) =
            slots.iter().filter(ever).partition(|slot| transfer.freezes(&slot.path, epoch));
        let of = |slots: Vec<&Slot>| ParamGroup::from_ids(slots.into_iter().map(|slot| slot.id).collect());
        let network = network.unfreeze_group(of(thawed)).freeze_group(of(frozen));
        let mut groups: Vec<Group> = Vec::new();
        for slot in slots.iter().filter(|slot| slot.learns && !transfer.freezes(&slot.path, epoch)) {
            let scale = transfer.scale(&slot.path);
            match groups.iter_mut().find(|group| group.scale == scale) {
                Some(group) => group.ids.push(slot.id),
                None => groups.push(Group { scale, ids: vec![slot.id] }),
            }
        }
        (network, Self(groups))
    }

    /// The gradients of `network` by factor of the learning rate.
    pub fn split(&self, gradients: &mut Gradients, network: &Network) -> Vec<(f64, GradientsParams)> {
        match self.0.is_empty() {
            true => vec![(1.0, GradientsParams::from_module(gradients, network))],
            false => {
                let of = |group: &Group| (group.scale, GradientsParams::from_params(gradients, network, &group.ids));
                self.0.iter().map(of).collect()
            }
        }
    }
}
