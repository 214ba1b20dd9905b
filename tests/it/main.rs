//! One integration binary: what another program would see of the library.

mod metric_golden;
mod score;
