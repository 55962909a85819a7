//! The proof that effects ask for.

use crate::{ports::SignedObject, target::Target};

/// A package that was judged and may be deployed: to this target, from this object version, with
/// these bytes. Made only by `decide`, which asks for everything that the verdict rests on; so an
/// effect that skips a check does not compile.
#[derive(Clone, Debug)]
pub struct Approved {
    target: Target,
    signed: SignedObject,
    code_sha256: String,
}

impl Approved {
    /// What it may be deployed to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The object version that was read and judged: Lambda must be given this one.
    #[must_use]
    pub fn signed(&self) -> &SignedObject {
        &self.signed
    }

    /// What Lambda must report as `CodeSha256` afterwards.
    #[must_use]
    pub fn code_sha256(&self) -> &str {
        &self.code_sha256
    }
}
