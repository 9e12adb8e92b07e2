//! Sanad.
fn main() {}
