//! Curves of a run as TensorBoard reads them: a file of records, each an `Event` of protocol buffers, written by hand.
//!
//! Source: `tensorboard/compat/proto/event.proto` and `summary.proto`; TensorFlow's `lib/io/record_writer.h` for the framing.

use crate::store::RunView;

/// A run's steps beyond are thinned: TensorBoard itself shows a thousand.
const MOST_STEPS: usize = 10_000;

/// The run's file: losses, learning rate, validation and training scores by epoch, and the loss of each step; what is undefined is
/// left out. The step of an epoch is its last one, so that all curves share an axis.
pub(super) fn events(run: &RunView) -> Vec<u8> {
    let began = run.record.first_started_s.unwrap_or(0.0);
    let mut file = record(&Event { wall_time: began, step: 0, what: What::Version }.encoded());
    let mut add = |at: (f64, u64), tag: &str, value: Option<f64>| {
        if let Some(value) = value {
            let event = Event { wall_time: at.0, step: at.1, what: What::Scalar(tag, value as f32) };
            file.extend(record(&event.encoded()));
        }
    };
    let mut wall_time = began;
    for point in &run.record.curve {
        wall_time += point.elapsed_s;
        let at = (wall_time, point.step);
        add(at, "loss/train", point.train_loss);
        add(at, "loss/valid", point.valid_loss);
        add(at, "lr", Some(point.lr));
        for metric in run.plan.task.metrics() {
            for (part, scores) in [("valid", &point.valid), ("train", &point.train)] {
                add(at, &format!("{part}/{}", metric.name), scores.get(metric.name).flatten());
            }
        }
    }
    let steps = &run.record.steps;
    let last = steps.last().map_or(1, |point| point.step.max(1)) as f64;
    for point in steps.iter().step_by(steps.len().div_ceil(MOST_STEPS).max(1)) {
        let at = began + (wall_time - began) * point.step as f64 / last;
        add((at, point.step), "loss/step", point.loss);
    }
    file
}

/// The name that TensorBoard looks for.
pub(super) fn file_name(run: &RunView) -> String {
    format!("events.out.tfevents.{}.seglab", run.record.first_started_s.unwrap_or(0.0).max(0.0) as u64)
}

struct Event<'a> {
    wall_time: f64,
    step: u64,
    what: What<'a>,
}

enum What<'a> {
    Version,
    Scalar(&'a str, f32),
}

impl Event<'_> {
    fn encoded(&self) -> Vec<u8> {
        let mut bytes = vec![0x09]; // field 1, 64 bits: wall_time
        bytes.extend(self.wall_time.to_le_bytes());
        bytes.push(0x10); // field 2, varint: step
        varint(self.step, &mut bytes);
        match self.what {
            What::Version => field(3, b"brain.Event:2", &mut bytes),
            What::Scalar(tag, value) => {
                let mut scalar = Vec::new();
                field(1, tag.as_bytes(), &mut scalar);
                scalar.push(0x15); // field 2, 32 bits: simple_value
                scalar.extend(value.to_le_bytes());
                let mut summary = Vec::new();
                field(1, &scalar, &mut summary);
                field(5, &summary, &mut bytes);
            }
        }
        bytes
    }
}

/// A field of bytes with its length.
fn field(number: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(number << 3 | 2);
    varint(content.len() as u64, bytes);
    bytes.extend(content);
}

fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Length and content, each with its checksum.
fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), content, &masked(content)].concat()
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// Castagnoli's polynomial, reflected.
fn crc32c(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_3720() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        // RFC 3720, B.4
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn a_scalar_is_the_bytes_that_tensorboard_writes() {
        // tensorboard 2.21: Event(wall_time=2.0, step=300, summary=Summary(value=[Value(tag="a", simple_value=0.5)]))
        let event = Event { wall_time: 2.0, step: 300, what: What::Scalar("a", 0.5) };
        let expected = [
            0x09, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a, 0x01, b'a', 0x15, 0, 0, 0,
            0x3f,
        ];
        assert_eq!(event.encoded(), expected);
    }

    #[test]
    fn a_record_says_its_length_first() {
        let bytes = record(b"ab");
        assert_eq!(
            (bytes.len(), &bytes[..8], &bytes[12..14]),
            (8 + 4 + 2 + 4, &[2, 0, 0, 0, 0, 0, 0, 0][..], &b"ab"[..])
        );
    }
}
