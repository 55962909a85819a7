//! Whether an unsigned package can be signed at all: known from its bytes alone, before anything is spent
//! on it.

use countersign_package::{Limits, Package, SIGNATURE_DIRECTORY};

use super::reasons;
use crate::domain::ReasonCode;

/// Why a package will never be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unsignable {
    /// The reason.
    pub code: ReasonCode,
    /// What is wrong with this package.
    pub message: String,
}

/// Whether Signer would take a package of this size, in bytes.
pub fn check_size(bytes: u64, limits: &Limits) -> Result<(), Unsignable> {
    let limit = limits.package_bytes;
    if bytes <= limit {
        return Ok(());
    }
    Err(Unsignable {
        code: ReasonCode::PackageTooLarge,
        message: format!("the package has {bytes} bytes; at most {limit} are allowed"),
    })
}

/// Whether Signer would take this, and nobody could read it in two ways.
pub fn check_signable(bytes: &[u8], limits: &Limits) -> Result<(), Unsignable> {
    let package = Package::read(bytes, limits).map_err(|error| Unsignable {
        code: reasons::of_structure(&error),
        message: error.to_string(),
    })?;
    let is_reserved = |name: &str| name.starts_with(SIGNATURE_DIRECTORY);
    let mut entries = package.archive().entries().iter();
    if package.is_signed() || entries.any(|entry| is_reserved(entry.name())) {
        return Err(Unsignable {
            code: ReasonCode::AlreadySigned,
            message: format!("the package holds {SIGNATURE_DIRECTORY}, where a signature goes"),
        });
    }
    Ok(())
}
