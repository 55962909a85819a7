//! The gate: what an upload is, what is decided about it and on what grounds, and what is done then.
//!
//! No AWS SDK, no clock, no files: the use cases speak to the world through [`ports`], and every
//! decision is a pure function over evidence.

pub mod alert;
pub mod announce;
pub mod code;
pub mod csc;
pub mod decide;
pub mod deploy;
pub mod evidence;
pub mod finish;
pub mod function;
mod gather;
pub mod history;
mod layer;
pub mod layer_metadata;
pub mod names;
pub mod page;
pub mod ports;
pub mod proof;
pub mod reasons;
pub mod records;
pub mod retry;
pub mod settings;
pub mod sign;
pub mod target;
mod trail;
pub mod triggers;
pub mod trouble;
pub mod upload;
pub mod verdict;
