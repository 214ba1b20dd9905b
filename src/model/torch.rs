//! A network's tensors as PyTorch's layers name and lay them out.

use super::{Named, Network, slots, values};

/// Every tensor, in order of definition: kernels as they are, batch-norms with `weight` and `bias`, linear layers
/// transposed, an LSTM's as `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and a `bias_hh_l0` of zeros.
pub fn torch_tensors(network: &Network) -> Vec<Named> {
    let slots = slots(network).into_iter().filter(|slot| !slot.shape.is_empty());
    let slots: Vec<_> = slots.collect();
    let gates: Vec<String> = slots.iter().filter_map(|slot| Some(lstm(&slot.path, &slot.shape)?.to_owned())).collect();
    let mut tensors = Vec::with_capacity(slots.len());
    for (slot, numbers) in slots.into_iter().zip(values(network)) {
        let of_lstm = gates.iter().find_map(|layer| Some((layer, slot.path.strip_prefix(layer.as_str())?)));
        let path = match of_lstm {
            Some((layer, ".input.weight")) => format!("{layer}.weight_ih_l0"),
            Some((layer, ".input.bias")) => format!("{layer}.bias_ih_l0"),
            Some((layer, ".hidden.weight")) => {
                let zeros = (format!("{layer}.bias_hh_l0"), vec![slot.shape[1]], vec![0.0; slot.shape[1]]);
                tensors.push(zeros);
                format!("{layer}.weight_hh_l0")
            }
            _ => renamed(&slot.path),
        };
        let named = match slot.shape[..] {
            [rows, columns] => (path, vec![columns, rows], transposed(&numbers, columns)),
            _ => (path, slot.shape, numbers),
        };
        tensors.push(named);
    }
    tensors
}

/// The path of the LSTM whose recurrent weights these are.
fn lstm<'a>(path: &'a str, shape: &[usize]) -> Option<&'a str> {
    path.strip_suffix(".hidden.weight").filter(|_| matches!(shape, [units, gates] if *gates == 4 * units))
}

fn renamed(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((layer, "gamma")) => format!("{layer}.weight"),
        Some((layer, "beta")) => format!("{layer}.bias"),
        _ => path.to_owned(),
    }
}

fn transposed(numbers: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| numbers.iter().skip(column).step_by(columns.max(1)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use burn::tensor::Device;

    use super::*;
    use crate::model::{Kind, MODELS, ModelConfig};

    fn tensors(name: &str) -> Vec<Named> {
        let downs = if name == "pix2pix" { "downs = 4" } else { "" };
        let config: ModelConfig =
            toml::from_str(&format!("name = \"{name}\"\nwidth = 0.0625\n{downs}")).expect("a network");
        torch_tensors(&config.build(&Device::flex()).expect("a network"))
    }

    #[test]
    fn no_number_is_lost_and_no_name_is_burns_in_any_network() {
        for row in MODELS.iter().filter(|row| row.kind == Kind::Network) {
            let tensors = tensors(row.name);
            let names: BTreeSet<&str> = tensors.iter().map(|(name, ..)| name.as_str()).collect();
            assert_eq!(names.len(), tensors.len(), "{}", row.name);
            assert!(!names.iter().any(|name| name.ends_with("gamma") || name.ends_with("beta")), "{names:?}");
            for (name, shape, numbers) in &tensors {
                assert_eq!(shape.iter().product::<usize>(), numbers.len(), "{name}");
            }
        }
    }

    #[test]
    fn an_lstm_has_the_shapes_of_pytorchs() {
        // width 1/16: 8 channels to 8 units, 32 gates
        let tensors = tensors("lstm");
        let shape =
            |end: &str| tensors.iter().find(|(name, ..)| name.ends_with(end)).map(|(_, shape, _)| shape.clone());
        assert_eq!(shape("weight_ih_l0"), Some(vec![32, 8]));
        assert_eq!(shape("weight_hh_l0"), Some(vec![32, 8]));
        assert_eq!([shape("bias_ih_l0"), shape("bias_hh_l0")], [Some(vec![32]), Some(vec![32])]);
    }

    #[test]
    fn a_table_is_transposed() {
        // rows 1 2 3 and 4 5 6
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
