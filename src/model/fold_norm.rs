//! A file's batch-norms, taken over by convolutions of a network that has none behind them.

use std::collections::BTreeMap;

use super::{Import, Slot};

/// PyTorch's.
const EPSILON: f64 = 1e-5;

/// Path of a layer; of each of its `gamma`, `beta`, `running_mean`, `running_var` and `bias` (of the convolution before)
/// the name in the file and the numbers.
pub(super) type Norms = BTreeMap<String, BTreeMap<String, (String, Vec<f32>)>>;

/// `norm(k ∗ x + b) = k′ ∗ x + b′` with `s = γ / √(var + ε)`, `k′ = s·k`, `b′ = s·(b − mean) + β`: exact at evaluation. A
/// convolution whose batch-norm is not whole in the file is not taken at all: without it, its kernels mean something else.
pub(super) fn fold_norms(
    mut norms: Norms,
    slots: &[Slot],
    values: &mut BTreeMap<String, Vec<f32>>,
    import: &mut Import,
) {
    for slot in slots {
        let Some(layer) = slot.path.strip_suffix(".conv.bias") else { continue };
        let mut norm = norms.remove(layer).unwrap_or_default();
        let path = format!("{layer}.conv.weight");
        let Some(kernels) = values.get_mut(&path) else {
            let lost = norm.into_values().map(|(name, _)| (name, "its convolution is not in the file".to_owned()));
            import.skipped.extend(lost);
            continue;
        };
        match fold(kernels, &norm, slot.shape[0]) {
            Ok(bias) => {
                values.insert(slot.path.clone(), bias);
                import.loaded.extend(norm.remove("beta").map(|(name, _)| (name, slot.path.clone())));
                import.folded.extend(norm.into_values().map(|(name, _)| (name, format!("{layer}.conv"))));
            }
            Err(lacking) => {
                values.remove(&path);
                let why = format!("the network has no batch-norm there, and the file's has no {lacking}");
                let kernel = import.loaded.iter().position(|(_, loaded)| *loaded == path);
                let kernel = kernel.map(|at| import.loaded.remove(at).0);
                let names = kernel.into_iter().chain(norm.into_values().map(|(name, _)| name));
                import.skipped.extend(names.map(|name| (name, why.clone())));
            }
        }
    }
}

/// Scales `kernels`; their biases, or which number of the batch-norm is not there for each of the `channels`.
fn fold(
    kernels: &mut [f32],
    norm: &BTreeMap<String, (String, Vec<f32>)>,
    channels: usize,
) -> Result<Vec<f32>, &'static str> {
    let of = |key: &'static str| {
        norm.get(key).map(|(_, numbers)| numbers.as_slice()).filter(|numbers| numbers.len() == channels).ok_or(key)
    };
    let (gamma, beta, mean, var) = (of("gamma")?, of("beta")?, of("running_mean")?, of("running_var")?);
    let none = vec![0.0; channels];
    let bias = if norm.contains_key("bias") { of("bias")? } else { &none };
    let mut biases = Vec::with_capacity(channels);
    for (channel, kernel) in kernels.chunks_mut(kernels.len() / channels).enumerate() {
        let scale = f64::from(gamma[channel]) / (f64::from(var[channel]) + EPSILON).sqrt();
        kernel.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * scale) as f32);
        let centred = f64::from(bias[channel]) - f64::from(mean[channel]);
        biases.push((centred * scale + f64::from(beta[channel])) as f32);
    }
    Ok(biases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::ParamId;

    fn slots() -> [Slot; 2] {
        let slot = |path: &str, shape: Vec<usize>| Slot { path: path.into(), shape, learns: true, id: ParamId::new() };
        [slot("encoder.a.conv.weight", vec![2, 1, 1, 1]), slot("encoder.a.conv.bias", vec![2])]
    }

    fn norm(without: &str) -> Norms {
        let numbers = [
            ("gamma", vec![2.0, 3.0]),
            ("beta", vec![0.5, -1.0]),
            ("running_mean", vec![1.0, 4.0]),
            ("running_var", vec![4.0 - EPSILON as f32, 9.0 - EPSILON as f32]),
            ("bias", vec![0.25, 2.0]),
        ];
        let kept = numbers.into_iter().filter(|(key, _)| *key != without);
        let norm = kept.map(|(key, numbers)| (key.to_owned(), (format!("file.{key}"), numbers))).collect();
        Norms::from([("encoder.a".to_owned(), norm)])
    }

    fn folded(norms: Norms) -> (BTreeMap<String, Vec<f32>>, Import) {
        let mut values = BTreeMap::from([("encoder.a.conv.weight".to_owned(), vec![10.0, -6.0])]);
        let loaded = vec![("file.kernel".to_owned(), "encoder.a.conv.weight".to_owned())];
        let mut import = Import { loaded, ..Import::default() };
        fold_norms(norms, &slots(), &mut values, &mut import);
        (values, import)
    }

    /// By hand: scales 2/√4 = 1 and 3/√9 = 1; kernels stay, biases are 0.25 − 1 + 0.5 and 2 − 4 − 1. Of a first γ of 4 the
    /// scale is 2: kernel 20, bias 2·(0.25 − 1) + 0.5.
    #[test]
    fn two_channels_are_scaled_and_shifted_as_by_hand() {
        let close = |found: &[f32], expected: [f32; 2]| {
            assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5), "{found:?}");
        };
        let (values, import) = folded(norm(""));
        close(&values["encoder.a.conv.weight"], [10.0, -6.0]);
        close(&values["encoder.a.conv.bias"], [-0.25, -3.0]);
        assert_eq!((import.loaded.len(), import.folded.len(), import.skipped.len()), (2, 4, 0));
        let mut twice = norm("");
        let gamma = twice.get_mut("encoder.a").and_then(|norm| norm.get_mut("gamma")).expect("gamma");
        gamma.1 = vec![4.0, 3.0];
        let (values, _) = folded(twice);
        close(&values["encoder.a.conv.weight"], [20.0, -6.0]);
        close(&values["encoder.a.conv.bias"], [-1.0, -3.0]);
        // a convolution without bias before its batch-norm
        close(&folded(norm("bias")).0["encoder.a.conv.bias"], [-0.5, -5.0]);
    }

    #[test]
    fn a_convolution_without_the_whole_of_its_batch_norm_is_not_taken() {
        for lacking in ["gamma", "beta", "running_mean", "running_var"] {
            let (values, import) = folded(norm(lacking));
            assert!(values.is_empty() && import.loaded.is_empty(), "{lacking}");
            assert_eq!(import.skipped.len(), 5, "{lacking}: the kernel and four numbers");
            assert!(import.skipped[0].1.ends_with(&format!("has no {lacking}")), "{:?}", import.skipped[0]);
        }
    }
}
