//! One drawing, two files: SVG for pages and paper, PNG for everything else.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;

use super::Figure;

/// Where something is drawn.
pub(super) type Area<B> = DrawingArea<B, Shift>;
/// How drawing ends.
pub(super) type Drawn<B, T = ()> = Result<T, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// The sheet behind a drawing; a page that has its own colours leaves it out.
const SHEET: &str = "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>";
/// Family that readers of an SVG replace by their own, and that is drawn with the built-in font in a PNG.
pub(super) const FAMILY: &str = "sans-serif";

/// Something that can be drawn.
pub(super) trait Draw {
    /// Columns and rows in pixels.
    fn size(&self) -> (u32, u32);
    /// Draws onto a white area of that size.
    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B>;
}

/// The drawing in both formats.
pub(super) fn figure(name: &str, caption: String, drawing: &impl Draw) -> Result<Figure, String> {
    with_font()?;
    let failed = |error: &dyn std::fmt::Display| format!("{name}: {error}");
    let size = drawing.size();
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        drawing.draw(&area).and_then(|()| area.present()).map_err(|error| failed(&error))?;
    }
    let (width, height) = size;
    let mut pixels = vec![255; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        drawing.draw(&area).and_then(|()| area.present()).map_err(|error| failed(&error))?;
    }
    let svg = svg.replacen('>', &format!(">{SHEET}"), 1);
    Ok(Figure { name: name.to_owned(), caption, width, svg: Some(svg), png: png(&pixels, size)? })
}

impl Figure {
    /// Whether it takes the page's whole width.
    pub fn is_wide(&self) -> bool {
        self.width > 900
    }

    /// The drawing for a page that has its own sheet and ink; `None` for pictures of pixels.
    pub fn inline(&self) -> Option<String> {
        let svg = self.svg.as_ref()?.replacen(SHEET, "", 1);
        Some(svg.replace("#000000", "currentColor"))
    }
}

/// RGB pixels as a file.
pub(super) fn png(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgb);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels)?;
        writer.finish()
    });
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Machines without a screen have no fonts: DejaVu Sans comes along, as far as captions need it.
pub(super) fn with_font() -> Result<(), String> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let font = include_bytes!("font/DejaVuSans.ttf");
    let done = DONE.get_or_init(|| register_font(FAMILY, FontStyle::Normal, font).is_ok());
    if *done { Ok(()) } else { Err("the built-in font cannot be read".to_owned()) }
}
