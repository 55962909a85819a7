//! What the checks ask.

use jiff::Timestamp;

/// What doctor needs of the world.
#[derive(Debug)]
pub struct DoctorWorld<'a, I, L, S> {
    /// Looks at the parts of the stack.
    pub inspection: &'a I,
    /// Looks at targets.
    pub lambda: &'a L,
    /// Looks at the profile.
    pub signer: &'a S,
    /// The region that is asked; empty where it is not known.
    pub region: &'a str,
    /// The time.
    pub now: Timestamp,
}
