//! The packages to upload, read and checked before anything is uploaded.

use countersign_gate::{
    domain::{LayerMetadata, ReasonCode, Target},
    verdict::{Unsignable, check_signable, check_size},
};
use countersign_package::Limits;

use std::collections::BTreeMap;

use super::choose::Chosen;
use crate::io::error::CliError;

/// A package that was read.
pub(super) struct Package {
    pub(super) target: Target,
    pub(super) bytes: Vec<u8>,
    /// What the object is to say of it.
    pub(super) metadata: BTreeMap<String, String>,
}

/// Reads the file, or zips the folder. What a project says counts for more than what git says, and what the
/// command line says for most.
pub(super) fn read(
    chosen: Chosen,
    provenance: &BTreeMap<String, String>,
    given: &[(String, String)],
) -> Result<Package, CliError> {
    let mut metadata = provenance.clone();
    metadata.extend(chosen.metadata);
    metadata.extend(given.iter().cloned());
    Ok(Package {
        target: chosen.target,
        bytes: chosen.contents.read()?,
        metadata,
    })
}

/// What the gate would refuse this package for, as far as the package alone tells.
pub(super) fn check(package: &Package) -> Result<(), Unsignable> {
    let limits = Limits::default();
    check_size(package.size(), &limits)?;
    check_signable(&package.bytes, &limits)?;
    if let Target::Layer(_) = package.target {
        LayerMetadata::read(&package.metadata)
            .map_err(|error| Unsignable::new(ReasonCode::LayerMetadata, error.to_string()))?;
    }
    Ok(())
}

impl Package {
    /// Bytes of the zip.
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}
