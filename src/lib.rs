//! seglab: a terminal lab for training breast-tumour segmentation networks.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod dataset;
pub mod executor;
pub mod loss;
pub mod metric;
pub mod model;
pub mod pixel;
pub mod plan;
pub mod plane;
pub mod score;
pub mod toml_error;
