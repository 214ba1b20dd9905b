//! `seglab dataset preview`: what augmentation does to a data set's images, before anything is trained on them.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use image::{Rgb, RgbImage, imageops};
use rayon::prelude::*;

use super::{Context, print};
use crate::augment::{Augment, Preset, Recipe};
use crate::dataset::fold::shuffle;
use crate::dataset::read::{resize_image, resize_mask};
use crate::dataset::sheet::colour;
use crate::dataset::{Case, Dataset};
use crate::plane::Mask;
use crate::spec::Spec;
use crate::train::mix;

/// Columns of the sheet: the case as it is, then so many less one variants.
const COLUMNS: usize = 6;
/// Between tiles.
const GAP_PX: u32 = 2;
const GAP: Rgb<u8> = Rgb([48, 48, 48]);

/// Which augmentation, and of which cases.
#[derive(Debug, Args)]
pub struct PreviewArgs {
    /// Manifest name.
    name: String,
    /// "p1", "p2", a spec's file, or a built-in spec's name.
    #[arg(long, value_name = "SPEC")]
    augment: String,
    /// Rows: cases drawn at random.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    cases: u8,
    /// Of the cases and of their variants.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Columns and rows of each tile, the network's input; a spec's own if absent, else 256.
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u16).range(16..=512))]
    px: Option<u16>,
    /// The contact sheet's file [default: NAME-augmented.png].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn preview(context: &Context, args: &PreviewArgs) -> anyhow::Result<ExitCode> {
    let (augment, spec_px) = asked(&args.augment)?;
    let side = args.px.map_or(spec_px, usize::from).clamp(16, 512);
    let dataset = Dataset::open(&args.name, &context.roots)?;
    let mut order: Vec<&Case> = dataset.cases.iter().collect();
    shuffle(&mut order, args.seed);
    order.truncate(usize::from(args.cases));
    let variants = |i: usize, case: &Case| {
        row(case, side, |variant| Recipe::draw(&augment, side, mix(&[args.seed, i as u64, variant])))
    };
    let rows = order.par_iter().enumerate().map(|(i, case)| variants(i, case));
    let rows: Vec<Vec<RgbImage>> = rows.collect::<anyhow::Result<_>>()?;
    let sheet = sheet(&rows, side as u32);
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}-augmented.png", args.name)));
    sheet.save(&path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    show(&sheet)?;
    let named: Vec<&str> = order.iter().map(|case| case.id.as_str()).collect();
    print(&super::printable(&format!("rows: {}\n", named.join(", "))))?;
    print(&format!("left the case as it is, then {} variants; outline: the mask\n", COLUMNS - 1))?;
    print(&format!("contact sheet: {}\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// A preset, or what a spec trains with and at which size.
fn asked(name: &str) -> anyhow::Result<(Augment, usize)> {
    if let Some(preset) = Preset::named(name) {
        return Ok((preset, 256));
    }
    let spec = Spec::load(Path::new(name))
        .map_err(|error| anyhow::anyhow!("--augment {name}: no preset (p1, p2) and no spec: {error}"))?;
    Ok((spec.train.augment, spec.protocol.input_px))
}

fn row(case: &Case, side: usize, recipe: impl Fn(u64) -> Recipe) -> anyhow::Result<Vec<RgbImage>> {
    let pixels = case.pixels()?;
    let (image, mask) = (resize_image(&pixels.image, side as u32), resize_mask(&pixels.reference, side));
    let tile = |variant: usize| {
        let recipe = if variant == 0 { Recipe::NONE } else { recipe(variant as u64) };
        let (image, mask) = recipe.apply(&image, &mask);
        outlined(image, &mask, colour(case.class))
    };
    Ok((0..COLUMNS).map(tile).collect())
}

/// Colours the pixels of `mask` that have a neighbour outside it.
fn outlined(mut image: RgbImage, mask: &Mask, colour: Rgb<u8>) -> RgbImage {
    let set = |x: u32, y: u32| mask.get(x as usize, y as usize).copied().unwrap_or(false);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let inside = set(x.wrapping_sub(1), y) && set(x + 1, y) && set(x, y.wrapping_sub(1)) && set(x, y + 1);
        if set(x, y) && !inside {
            *pixel = colour;
        }
    }
    image
}

fn sheet(rows: &[Vec<RgbImage>], side: u32) -> RgbImage {
    let extent = |tiles: usize| tiles as u32 * (side + GAP_PX) - GAP_PX;
    let mut sheet = RgbImage::from_pixel(extent(COLUMNS), extent(rows.len()), GAP);
    for (y, row) in rows.iter().enumerate() {
        for (x, tile) in row.iter().enumerate() {
            let at = |i: usize| i as i64 * i64::from(side + GAP_PX);
            imageops::replace(&mut sheet, tile, at(x), at(y));
        }
    }
    sheet
}

/// Two pixels a character, as wide as the terminal; nothing without one, or where colours are unwanted.
fn show(sheet: &RgbImage) -> anyhow::Result<()> {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if unwanted || !std::io::stdout().is_terminal() {
        return Ok(());
    }
    let columns = ratatui::crossterm::terminal::size().map_or(80, |(columns, _)| u32::from(columns)).clamp(20, 200);
    let rows = (sheet.height() * columns / sheet.width()).max(2) & !1;
    let small = imageops::resize(sheet, columns, rows, imageops::FilterType::Triangle);
    print(&half_blocks(&small))
}

/// `▀` with the upper pixel as its colour and the lower one as its ground.
fn half_blocks(image: &RgbImage) -> String {
    let mut text = String::new();
    for y in 0..image.height() / 2 {
        for x in 0..image.width() {
            let [r, g, b] = image.get_pixel(x, 2 * y).0;
            let [lower_r, lower_g, lower_b] = image.get_pixel(x, 2 * y + 1).0;
            text += &format!("\x1b[38;2;{r};{g};{b};48;2;{lower_r};{lower_g};{lower_b}m▀");
        }
        text += "\x1b[0m\n";
    }
    text
}
