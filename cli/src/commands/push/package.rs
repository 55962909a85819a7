//! The packages to upload, read and checked before anything is uploaded.

use countersign_gate::{
    domain::{LayerMetadata, ReasonCode, Target},
    verdict::{Unsignable, check_signable, check_size},
};
use countersign_package::Limits;

use std::collections::BTreeMap;

use super::args::PackageArgument;
use crate::io::{error::CliError, input};

/// A package that was read.
pub(super) struct Package {
    pub(super) target: Target,
    pub(super) bytes: Vec<u8>,
}

/// Reads the file.
pub(super) fn read(argument: &PackageArgument) -> Result<Package, CliError> {
    Ok(Package {
        target: argument.target.clone(),
        bytes: input::read(&argument.path, "the package")?,
    })
}

/// What the gate would refuse this package for, as far as the package alone tells.
pub(super) fn check(
    package: &Package,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Unsignable> {
    let limits = Limits::default();
    check_size(package.size(), &limits)?;
    check_signable(&package.bytes, &limits)?;
    if let Target::Layer(_) = package.target {
        LayerMetadata::read(metadata).map_err(|error| Unsignable {
            code: ReasonCode::LayerMetadata,
            message: error.to_string(),
        })?;
    }
    Ok(())
}

impl Package {
    /// Bytes of the zip.
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}
