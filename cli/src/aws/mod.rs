//! The way to AWS for every command that asks it something.
//!
//! [`buckets`] names the stack's buckets. [`session`] finds region and credentials as every AWS tool does, and complains before the first
//! call about a profile or a region that does not exist. [`listing`] lists code signing configurations and their functions. [`diagnosis`] makes an error of a port into
//! one for people: what failed, and how to fix it, down to the login that has run out. May use `io`.

pub(crate) mod buckets;
pub(crate) mod diagnosis;
pub(crate) mod listing;
pub(crate) mod session;
