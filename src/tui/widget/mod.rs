//! What screens are made of.

pub mod chart;
pub mod frame;
pub mod pen;
pub mod picture;
pub mod raster;
pub mod spark;
