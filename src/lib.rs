//! seglab: a terminal lab for training breast-tumour segmentation networks.
#![forbid(unsafe_code)]

pub mod config;
pub mod dataset;
pub mod executor;
pub mod loss;
pub mod metric;
pub mod model;
pub mod pixel;
pub mod plan;
pub mod plane;
pub mod report;
pub mod run;
pub mod spec;
pub mod store;
pub mod tui;
