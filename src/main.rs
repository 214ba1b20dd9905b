//! The `seglab` command.
fn main() {}
