//! The graphics protocol of kitty: a PNG in pieces, which the terminal scales to characters.
//! Source: <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.

use ratatui::layout::Rect;

use super::{base64, png};
use crate::tui::widget::raster::Raster;

/// Longest piece that the protocol allows.
const PIECE: usize = 4096;
/// There is never more than one picture.
const ID: u32 = 7301;

/// Draws `raster` at the cursor over as many characters as `place` has; asks for no answer (`q=2`), moves no cursor (`C=1`).
pub fn show(raster: &Raster, place: Rect) -> Vec<u8> {
    let text = base64::encode(&png(raster));
    let mut bytes = Vec::with_capacity(text.len() + 256);
    let pieces = text.chunks(PIECE).count();
    for (index, piece) in text.chunks(PIECE).enumerate() {
        let head = match index {
            0 => format!("a=T,f=100,i={ID},p=1,c={},r={},C=1,q=2,", place.width, place.height),
            _ => String::new(),
        };
        bytes.extend(format!("\x1b_G{head}m={};", u8::from(index + 1 < pieces)).bytes());
        bytes.extend(piece);
        bytes.extend(b"\x1b\\");
    }
    bytes
}

/// Takes the picture away and frees its memory.
pub fn delete() -> Vec<u8> {
    format!("\x1b_Ga=d,d=I,i={ID},q=2\x1b\\").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::raster::{Mark, Pixel};

    #[test]
    fn a_large_picture_comes_in_pieces_and_only_the_last_says_so() {
        let noise = |x: usize, y: usize| (x * 7919 + y * 104_729 + x * y * 31) as u8;
        let raster = Raster::from_fn(120, 120, |x, y| Pixel { grey: noise(x, y), mark: Mark::None });
        let text = String::from_utf8(show(&raster, Rect::new(0, 0, 30, 15))).expect("ASCII");
        let pieces: Vec<&str> = text.split_terminator("\x1b\\").collect();
        assert!(pieces.len() > 1);
        assert!(pieces[0].starts_with("\x1b_Ga=T,f=100,i=7301,p=1,c=30,r=15,C=1,q=2,m=1;iVBOR"), "{}", pieces[0]);
        for (index, piece) in pieces.iter().enumerate() {
            assert_eq!(piece.contains("m=0;"), index + 1 == pieces.len());
            assert!(piece.rsplit(';').next().is_some_and(|payload| payload.len() <= PIECE));
        }
    }
}
