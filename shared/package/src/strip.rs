//! A signed package without its signature: what somebody else signs again.
//!
//! Signer signs nothing that is signed already. Of a package whose signature was verified, its source can be
//! had back: the two entries that Signer appended are left out, and [`origin::prove`](crate::origin::prove) says that
//! nothing else differs.

use thiserror::Error;

use crate::{
    limits::Limits,
    origin::{self, OriginError, OriginProof},
    package::Package,
    signature_entry::SIGNATURE_ENTRIES,
    zip::{Archive, StructureError, first_entries},
};

/// Why the signature cannot be taken off.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StripError {
    /// The two entries at the end are not those of Signer, or something else differs.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// What is left is no sound zip.
    #[error("without its signature the package is not sound: {0}")]
    Structure(#[source] StructureError),
    /// There is nothing before the signature, or more entries than a plain zip counts.
    #[error("the package has {entries} entries, of which two are not to be kept")]
    Entries {
        /// Entries of the signed package.
        entries: usize,
    },
}

/// A package that carries no signature any more. Made only by [`strip`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrippedPackage {
    bytes: Vec<u8>,
    origin: OriginProof,
}

impl StrippedPackage {
    /// The zip, without the two entries.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The zip itself.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// That the signed package is this one plus the signature.
    #[must_use]
    pub fn origin(&self) -> &OriginProof {
        &self.origin
    }
}

/// Leaves out the two entries that Signer appended, and proves that the rest is byte for byte the same.
pub fn strip(signed: &Package<'_>, limits: &Limits) -> Result<StrippedPackage, StripError> {
    let archive = signed.archive();
    let entries = archive.entries().len();
    let bytes = entries
        .checked_sub(usize::from(SIGNATURE_ENTRIES))
        .filter(|kept| *kept > 0)
        .and_then(|kept| first_entries(archive.bytes(), kept, limits))
        .ok_or(StripError::Entries { entries })?;
    let source = Archive::parse(&bytes, limits).map_err(StripError::Structure)?;
    let origin = origin::prove(signed, &source)?;
    Ok(StrippedPackage { bytes, origin })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        signature_entry::{SIGNATURE_DIRECTORY, SIGNATURE_ENTRY},
        zip::sample::{Sample, file, zip},
    };

    const DIRECTORY: Sample<'_> = Sample {
        name: SIGNATURE_DIRECTORY,
        body: b"",
        mode: 0o040_755,
        deflated: false,
    };

    fn stripped(entries: &[Sample<'_>]) -> Result<StrippedPackage, StripError> {
        let limits = Limits::default();
        strip(&Package::read(&zip(entries), &limits).unwrap(), &limits)
    }

    #[test]
    fn source_is_had_back() {
        let source = [file("python/a.py", b"one"), file("python/b.py", b"two")];
        let [a, b] = &source;
        let kept = zip(&source);
        let again = |sample: &Sample<'static>| file(sample.name, sample.body);
        let signed = [again(a), again(b), DIRECTORY, file(SIGNATURE_ENTRY, b"any")];
        let found = stripped(&signed).unwrap();
        assert_eq!(found.bytes(), kept);
        let package = Package::read(&kept, &Limits::default()).unwrap();
        assert_eq!(found.origin().source_sha256(), package.sha256());
        assert!(!package.is_signed());
    }

    #[test]
    fn only_what_signer_appends_is_left_out() {
        let signature = || file(SIGNATURE_ENTRY, b"any");
        for entries in [
            // Something else between them, or in their place.
            vec![file("a", b"1"), DIRECTORY, file("b", b"2"), signature()],
            vec![file("a", b"1"), file("b", b"2"), signature()],
            vec![file("a", b"1"), file("b", b"2"), file("c", b"3")],
            // Before the end.
            vec![DIRECTORY, signature(), file("a", b"1"), file("b", b"2")],
        ] {
            let error = stripped(&entries).unwrap_err();
            assert!(matches!(error, StripError::Origin(_)), "{error}");
        }
        let none = stripped(&[DIRECTORY, signature()]).unwrap_err();
        assert_eq!(none, StripError::Entries { entries: 2 });
        let one = stripped(&[file("a", b"1")]).unwrap_err();
        assert_eq!(one, StripError::Entries { entries: 1 });
    }
}
