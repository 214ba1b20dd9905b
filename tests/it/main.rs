//! One integration binary: each further one would link the whole of burn again.

mod audit_golden;
mod classification;
mod classification_golden;
mod cli;
mod dataset_sources;
mod lab;
mod layers;
mod loss_golden;
mod metric_golden;
mod resume;
mod score;
mod shape_golden;
mod stats_coverage;
mod stats_golden;
mod stats_property;
