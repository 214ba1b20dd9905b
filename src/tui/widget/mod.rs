//! What screens are made of.

pub mod chart;
pub mod picture;
