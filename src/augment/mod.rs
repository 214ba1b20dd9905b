//! Random changes of training images, and of their masks where they move pixels: flips, turns, shift, scale and elastic
//! deformation; denoising, blur, local and global contrast, sharpness, colour, speckle.
//!
//! [`Augment`] is what a spec says; [`Recipe`] is what one image gets, a pure function of it and a seed; each operation
//! is a file with an `apply` that draws nothing, so that it can be held against other libraries' (tests/golden/augment.py).
//!
//! All movements are composed into one map that is resampled once: bilinear between pixels, edges repeated. The mask goes
//! through the same map and is set where at least half of it arrives (0.5 rounds up), so it stays binary and aligned.
//! Then, in this order (choice; the papers name no order): median, bilateral, blur, CLAHE, sharpness, contrast, brightness,
//! gamma, saturation, hue, speckle. A grey image is computed in one channel, with the result that three would have.
//!
//! Knows pixels; not files, not tensors. Weak spot: values are rounded to 8 bits after each operation but the tones.

pub mod bilateral;
pub mod blur;
pub mod clahe;
pub mod colour;
mod config;
pub mod elastic;
mod geometry;
pub mod median;
mod planes;
mod recipe;
pub mod sharpness;
pub mod speckle;
pub mod tone;
pub mod warp;

pub use config::{Augment, Chance, Elastic, Hue, Preset, Range, Rotate};
pub use recipe::Recipe;
