//! placeholder
use crate::{Outcome,cli::StartOptions};
pub(crate) fn run(_: &StartOptions) -> Outcome<()> { Ok(()) }
