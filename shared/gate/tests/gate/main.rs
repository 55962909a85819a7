//! The gate over a small AWS in memory. One binary, so that the world is compiled once.

mod documents;
mod model;
mod straight;
mod verdicts;
mod world;
