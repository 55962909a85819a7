//! The two digests of a package, and how they are computed beside the inflater.
//!
//! Lives here: the types [`CodeSha256`] (the file, as Lambda reports it) and [`ContentDigest`] (the
//! contents, as Signer signs them), and the threads that compute them.
//!
//! May use: `escape`.
//!
//! Data passes through like this: `package.rs` starts a [`ContentHasher`], writes every name and
//! body to it in archive order, and gets the digest at the end; SHA-256 of the file runs in a
//! [`MaybeThread`] at the same time.

mod content_hasher;
#[expect(
    clippy::module_inception,
    reason = "the room's first file is its subject"
)]
mod digest;

pub(crate) use content_hasher::{ContentHasher, MaybeThread};
pub use digest::{CodeSha256, ContentDigest};
