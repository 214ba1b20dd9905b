//! Bytes as text, RFC 4648.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `bytes` in base64, filled with `=`.
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let four = |three: &[u8]| {
        let number = (0..3).fold(0, |number, place| number << 8 | usize::from(three.get(place).copied().unwrap_or(0)));
        let letter = |place: usize| match place <= three.len() {
            true => LETTERS[number >> (18 - 6 * place) & 63],
            false => b'=',
        };
        [0, 1, 2, 3].map(letter)
    };
    bytes.chunks(3).flat_map(four).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_are_met() {
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, text) in expected.into_iter().enumerate() {
            assert_eq!(encode(&b"foobar"[..length]), text.as_bytes());
        }
        assert_eq!(encode(&[255, 255, 254]), b"///+");
    }
}
