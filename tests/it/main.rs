//! One integration binary: each further one would link the whole of burn again.

mod cli;
mod lab;
mod layers;
mod resume;
