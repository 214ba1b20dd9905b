//! What screens are made of.

pub mod chart;
pub mod picture;
pub mod raster;
pub mod spark;
