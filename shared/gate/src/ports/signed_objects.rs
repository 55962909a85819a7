//! The bucket that Signer writes to.

use super::error::PortError;
use crate::{
    domain::{SignedObject, Target},
    verdict::Verified,
};
use std::future::Future;

/// What is known of the object `current/<functions|layers>/<name>.zip` of the signed bucket without
/// reading its bytes. The metadata is a hint that tells where to look; it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentPackage {
    /// The entity tag, by which a replacement is guarded.
    pub etag: String,
    /// The object version.
    pub object: SignedObject,
    /// Metadata `upload`: the label of the upload that it was signed from.
    pub upload: Option<String>,
    /// Metadata `source-sha256`: base64 of the SHA-256 of that upload.
    pub source_sha256: Option<String>,
    /// Metadata `code-sha256`: base64 of the SHA-256 of the object.
    pub code_sha256: Option<String>,
}

/// The bucket that Signer writes to. It also holds, under `current/`, the last verified package of each
/// target, for those who create functions from it.
pub trait SignedObjects: Sync {
    /// `GetObject` of the key's current version, with the version id *of that same answer*, so that
    /// what was read is what is pinned. `None` when there is no such key. An answer without a version
    /// id (a bucket without versioning) is [`PortError::Unexpected`].
    fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<(SignedObject, Vec<u8>)>, PortError>> + Send;

    /// `HeadObject` of `current/<target>.zip`; `None` when there is none.
    fn current_package(
        &self,
        target: &Target,
    ) -> impl Future<Output = Result<Option<CurrentPackage>, PortError>> + Send;

    /// `GetObject` of exactly this version of an object; `None` when it is gone.
    fn read_signed_version(
        &self,
        object: &SignedObject,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>> + Send;

    /// `CopyObject` of the verified package to `current/<target>.zip`, if that key is still as `seen`:
    /// `If-Match` with its entity tag, or `If-None-Match: *` where there was none (both are inputs of
    /// `CopyObject` in the service model, grade A). `None` when it is not. Sets the metadata that
    /// [`CurrentPackage`] tells.
    fn replace_current_package(
        &self,
        verified: &Verified,
        seen: Option<&CurrentPackage>,
    ) -> impl Future<Output = Result<Option<SignedObject>, PortError>> + Send;
}
