//! One integration binary: each further one would link the whole of burn again.

mod audit_golden;
mod classification;
mod classification_golden;
mod augment;
mod cli;
mod dataset_fuzz;
mod dataset_audit;
mod dataset_sources;
mod contract;
mod encoder_golden;
mod lab;
mod layers;
mod leak;
mod loss_golden;
mod metric_golden;
mod resume;
mod score;
mod stats_coverage;
mod stats_golden;
mod stats_property;
mod transfer;
