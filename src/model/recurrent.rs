//! Networks that read a feature map's columns and rows as sequences: P1's "LSTM" and "Bi-LSTM".

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::cnn::{CnnConfig, PlainDecoder, PlainEncoder};
use super::lstm::{Direction, Lstm};
use super::{Forward, NetworkConfig, Output, scaled};
use crate::config::within;

/// Hidden units of each direction.
const UNITS: usize = 128;

/// Along an axis, which ways the registry's networks read.
pub trait Ways: Clone + Debug + PartialEq {
    /// One LSTM each.
    const DIRECTIONS: &'static [Direction];
}

/// Down the columns, to the right along the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct OneWay;

impl Ways for OneWay {
    const DIRECTIONS: &'static [Direction] = &[Direction::Onward];
}

/// There and back.
#[derive(Clone, Debug, PartialEq)]
pub struct BothWays;

impl Ways for BothWays {
    const DIRECTIONS: &'static [Direction] = &[Direction::Onward, Direction::Back];
}

/// Registry's `lstm`.
pub type LstmNet = Recurrent;
/// Its numbers.
pub type LstmNetConfig = RecurrentConfig<OneWay>;
/// Registry's `bi-lstm`.
pub type BiLstmNet = Recurrent;
/// Its numbers.
pub type BiLstmNetConfig = RecurrentConfig<BothWays>;

/// Numbers of a [`Recurrent`] network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, bound = "W: Ways")]
pub struct RecurrentConfig<W> {
    /// Multiplies the channels (32 … 128) and hidden units (128), 0 < width ≤ 4.
    pub width: f64,
    #[serde(skip)]
    ways: PhantomData<W>,
}

impl<W> Default for RecurrentConfig<W> {
    fn default() -> Self {
        Self { width: 1.0, ways: PhantomData }
    }
}

/// The plain network's encoder and decoder, between them an LSTM along the columns of the map of stride 8, then one along
/// the rows of what it says.
/// Source: ReNet, Visin et al. 2015, arXiv:1505.00393, section 2 (both directions); P1 Table 3 names LSTM and Bi-LSTM and
/// says no more. Choices: all of it, so that both answer with a mask. With one direction, down and right, a place knows
/// only what lies above and to its left.
/// Ours differs from ReNet: convolutions cut the image into patches, and one sweep along each axis.
#[derive(Module, Debug)]
pub struct Recurrent {
    encoder: PlainEncoder,
    columns: Sweep,
    rows: Sweep,
    decoder: PlainDecoder,
}

impl<W: Ways> NetworkConfig for RecurrentConfig<W> {
    type Network = Recurrent;
    const STRIDE: usize = CnnConfig::STRIDE;

    fn check(&self) -> Result<(), String> {
        within("model.width", self.width, 0.015, 4.0)
    }

    fn features(&self) -> Option<usize> {
        CnnConfig { width: self.width }.features()
    }

    fn build(&self, device: &Device) -> Recurrent {
        let directions = W::DIRECTIONS;
        let units = scaled(UNITS, self.width);
        let read = units * directions.len();
        Recurrent {
            encoder: PlainEncoder::new(self.width, device),
            columns: Sweep::new([PlainEncoder::channels(self.width), units], directions, device),
            rows: Sweep::new([read, units], directions, device),
            decoder: PlainDecoder::new(read, self.width, device),
        }
    }
}

impl Forward for Recurrent {
    fn forward(&self, images: Tensor<4>) -> Output {
        let features = self.encoder.forward(images); // [B, C, H/8, W/8]
        let columns = self.columns.forward(features.permute([0, 3, 2, 1])); // [B, W/8, H/8, read]
        let rows = self.rows.forward(columns.swap_dims(1, 2)); // [B, H/8, W/8, read]
        self.decoder.forward(rows.permute([0, 3, 1, 2]))
    }
}

/// One LSTM per direction over the same sequences, their outputs side by side.
#[derive(Module, Debug)]
pub struct Sweep {
    readers: Vec<Lstm>,
}

impl Sweep {
    fn new(channels: [usize; 2], directions: &[Direction], device: &Device) -> Self {
        Self { readers: directions.iter().map(|&direction| Lstm::new(channels, direction, device)).collect() }
    }

    /// Lines `[B, lines, length, in]` to `[B, lines, length, out]`; each line is a sequence.
    fn forward(&self, lines: Tensor<4>) -> Tensor<4> {
        let [batch, count, length, channels] = lines.dims();
        let precision = lines.dtype();
        let sequences: Tensor<3> = lines.reshape([batch * count, length, channels]);
        let read: Vec<Tensor<3>> = self.readers.iter().map(|reader| reader.forward(sequences.clone())).collect();
        let read = Tensor::cat(read, 2);
        let [_, _, channels] = read.dims();
        read.reshape([batch, count, length, channels]).cast(precision)
    }
}
