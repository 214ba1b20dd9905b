//! One integration binary: each further one would link the whole of burn again.

mod audit_golden;
mod augment;
mod classification;
mod classification_golden;
mod classifier_golden;
mod cli;
mod contract;
mod dataset_audit;
mod dataset_fuzz;
mod dataset_sources;
mod encoder_golden;
mod lab;
mod layers;
mod leak;
mod loss_golden;
mod metric_golden;
mod pix2pix_golden;
mod pixel_golden;
mod resume;
mod score;
mod settings;
mod shape_golden;
mod stats_coverage;
mod stats_golden;
mod stats_property;
mod transfer;
