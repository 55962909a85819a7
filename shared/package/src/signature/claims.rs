//! What a signature says of its package.

use jiff::Timestamp;

use crate::arn::{ProfileVersionArn, SigningJobArn};

/// The claims in the signed attributes. Inside a [`crate::Signature`] they are only what somebody
/// wrote; inside a [`crate::VerifiedPackage`] or [`crate::VerifiedSignature`] the signer stands for
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub(crate) profile_version: ProfileVersionArn,
    pub(crate) job: SigningJobArn,
    pub(crate) signed_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Claims {
    /// The version of the signing profile: the publisher.
    #[must_use]
    pub fn profile_version(&self) -> &ProfileVersionArn {
        &self.profile_version
    }

    /// The signing job.
    #[must_use]
    pub fn job(&self) -> &SigningJobArn {
        &self.job
    }

    /// When it was signed: the time at which the chain is checked.
    #[must_use]
    pub fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// When the signature stops being valid by itself. Comparing it with now is policy.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}
