//! seglab: a terminal lab for training breast-tumour segmentation networks.
#![forbid(unsafe_code)]

pub mod dataset;
pub mod metric;
pub mod plane;
pub mod score;
pub mod toml_error;
