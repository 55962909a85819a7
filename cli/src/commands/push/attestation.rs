//! The attestations that go with a package: read before anything is uploaded, and uploaded before the package.

use std::path::{Path, PathBuf};

use countersign_gate::{
    domain::AttestationFolder, ports::AttestationStore as _, verdict::MAX_BUNDLE_BYTES,
};

use super::package::Package;
use crate::{
    aws::session::Session,
    io::{error::CliError, input},
};

/// An attestation that was read.
pub(super) struct Attestation {
    /// The name of the object.
    name: String,
    bytes: Vec<u8>,
}

/// Reads the files, for the one package that they are about.
pub(super) fn read(files: &[PathBuf], packages: usize) -> Result<Vec<Attestation>, CliError> {
    if !files.is_empty() && packages != 1 {
        return Err(CliError::new(
            format!("--attestation is for one package, and there are {packages}"),
            "push each package that has attestations by itself",
        ));
    }
    let mut read: Vec<Attestation> = Vec::new();
    for file in files {
        let attestation = read_one(file)?;
        if read.iter().any(|other| other.name == attestation.name) {
            return Err(CliError::new(
                format!("two attestations are called {}", attestation.name),
                "give each file a name of its own",
            ));
        }
        read.push(attestation);
    }
    Ok(read)
}

fn read_one(file: &Path) -> Result<Attestation, CliError> {
    let bytes = input::read(file, "the attestation")?;
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(CliError::new(
            format!(
                "the attestation {} has {} bytes, and the gate reads at most {MAX_BUNDLE_BYTES}",
                file.display(),
                bytes.len()
            ),
            "give the bundle alone, as the builder wrote it",
        ));
    }
    let is_plain = |name: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        (1..=200).contains(&name.len()) && name.chars().all(plain)
    };
    let name = file.file_name().and_then(|name| name.to_str());
    let Some(name) = name.filter(is_plain) else {
        return Err(CliError::new(
            format!(
                "the name of the attestation {} is no name for an object",
                file.display()
            ),
            "name it with letters, digits, dots, hyphens and underscores, such as build.sigstore.json",
        ));
    };
    let name = name.to_owned();
    Ok(Attestation { name, bytes })
}

/// Uploads the attestations of a package.
pub(super) async fn upload(
    session: &Session,
    package: &Package,
    attestations: &[Attestation],
) -> Result<(), CliError> {
    let folder = AttestationFolder::of_package(&package.bytes);
    for Attestation { name, bytes } in attestations {
        let written = session.uploads.put_attestation(&folder, name, bytes).await;
        written.map_err(|error| {
            let key = format!("{folder}{name}");
            session.failed_object("write", &key, "s3:PutObject", &error)
        })?;
    }
    Ok(())
}
