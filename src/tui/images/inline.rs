//! Inline images of iTerm2, which WezTerm and mintty know too: a PNG that the terminal scales to characters.
//! Source: <https://iterm2.com/documentation-images.html>.

use ratatui::layout::Rect;

use super::{base64, png};
use crate::tui::widget::raster::Raster;

/// Draws `raster` at the cursor over as many characters as `place` has.
pub fn show(raster: &Raster, place: Rect) -> Vec<u8> {
    let file = png(raster);
    let size = format!("size={};width={};height={}", file.len(), place.width, place.height);
    let mut bytes = format!("\x1b]1337;File=inline=1;{size};preserveAspectRatio=0;doNotMoveCursor=1:").into_bytes();
    bytes.extend(base64::encode(&file));
    bytes.push(7);
    bytes
}
