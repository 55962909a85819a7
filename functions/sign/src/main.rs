//! Placeholder until the function exists.
fn main() {}
