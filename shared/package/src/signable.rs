//! Whether a package keeps its limits once AWS Signer has added its two entries.
//!
//! Signer signs what is within the limits, and what it returns may be beyond them: then the job was
//! wasted. So this is asked before a job is started.

use thiserror::Error;

use crate::{
    limits::Limits,
    origin::is_of_signer,
    signature_entry::SIGNATURE_ENTRIES,
    zip::{Archive, EntryKind},
};

/// Bytes that Signer may add to a package, packed and unpacked. The signature entries that were
/// seen have 5.2 kB (grade A), and are not packed smaller, being Base64 of random bytes for the
/// most part; the headers of the two entries have some 300 (grade C). The rest is room.
pub const SIGNATURE_RESERVE_BYTES: u64 = 8_192;

/// Why a package cannot be signed, or would be refused once it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignableError {
    /// It holds what Signer adds.
    #[error("the package already holds `{name}`; it is signed already or imitates it")]
    AlreadySigned {
        /// The entry.
        name: String,
    },
    /// There is nothing in it that could run: Signer fails a job on an empty zip (grade B).
    #[error("the package holds no file{}", if *folders == 0 { "" } else { ", only folders" })]
    Empty {
        /// How many folders it has.
        folders: u64,
    },
    /// The file would be larger than [`Limits::package_bytes`].
    #[error(
        "the package has {bytes} bytes; with its signature, for which {SIGNATURE_RESERVE_BYTES} are \
         kept, that is more than the {limit} that are allowed"
    )]
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// The limit it would break.
        limit: u64,
    },
    /// It would unpack to more than [`Limits::unpacked_bytes`].
    #[error(
        "the package unpacks to {bytes} bytes; with its signature, for which \
         {SIGNATURE_RESERVE_BYTES} are kept, that is more than the {limit} that are allowed"
    )]
    UnpackedTooLarge {
        /// Sum of its bodies.
        bytes: u64,
        /// The limit it would break.
        limit: u64,
    },
    /// It would have more entries than [`Limits::entries`].
    #[error(
        "the package has {entries} entries; with the two that a signature adds, that is more than the \
         {limit} that are allowed"
    )]
    TooManyEntries {
        /// How many it has.
        entries: u64,
        /// The limit it would break.
        limit: u64,
    },
}

/// Checks that an unsigned package can be signed and will keep `limits` then.
pub fn check_signable(archive: &Archive<'_>, limits: &Limits) -> Result<(), SignableError> {
    let entries = archive.entries();
    if let Some(entry) = entries.iter().find(|entry| is_of_signer(entry)) {
        return Err(SignableError::AlreadySigned {
            name: entry.name().to_owned(),
        });
    }
    if entries
        .iter()
        .all(|entry| entry.kind() == EntryKind::Directory)
    {
        return Err(SignableError::Empty {
            folders: crate::numbers::widen(entries.len()),
        });
    }
    let exceeds = |value: u64, added: u64, limit: u64| value.saturating_add(added) > limit;
    let (bytes, limit) = (archive.file_bytes(), limits.package_bytes);
    if exceeds(bytes, SIGNATURE_RESERVE_BYTES, limit) {
        return Err(SignableError::TooLarge { bytes, limit });
    }
    let (bytes, limit) = (archive.unpacked_bytes(), limits.unpacked_bytes);
    if exceeds(bytes, SIGNATURE_RESERVE_BYTES, limit) {
        return Err(SignableError::UnpackedTooLarge { bytes, limit });
    }
    let (entries, limit) = (crate::numbers::widen(entries.len()), limits.entries);
    if exceeds(entries, u64::from(SIGNATURE_ENTRIES), limit) {
        return Err(SignableError::TooManyEntries { entries, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::sample::{Sample, file, zip};

    fn check(entries: &[Sample<'_>], limits: &Limits) -> Result<(), SignableError> {
        let bytes = zip(entries);
        let archive = Archive::parse(&bytes, &Limits::default()).unwrap();
        check_signable(&archive, limits)
    }

    #[test]
    fn limits_are_kept_with_the_signature() {
        let entries = [file("a", b"one"), file("b", b"two")];
        let bytes = u64::try_from(zip(&entries).len()).unwrap();
        let base = Limits::default();
        let fits = Limits {
            package_bytes: bytes + SIGNATURE_RESERVE_BYTES,
            unpacked_bytes: 6 + SIGNATURE_RESERVE_BYTES,
            entries: 4,
            ..base
        };
        assert_eq!(check(&entries, &fits), Ok(()));
        let limit = fits.package_bytes - 1;
        let small = Limits {
            package_bytes: limit,
            ..fits
        };
        assert_eq!(
            check(&entries, &small),
            Err(SignableError::TooLarge { bytes, limit })
        );
        let limit = fits.unpacked_bytes - 1;
        let flat = Limits {
            unpacked_bytes: limit,
            ..fits
        };
        let error = SignableError::UnpackedTooLarge { bytes: 6, limit };
        assert_eq!(check(&entries, &flat), Err(error));
        let few = Limits { entries: 3, ..fits };
        let error = SignableError::TooManyEntries {
            entries: 2,
            limit: 3,
        };
        assert_eq!(check(&entries, &few), Err(error));
    }

    #[test]
    fn package_without_a_file_is_refused() {
        let folder = Sample {
            name: "src/",
            body: b"",
            mode: 0o040_755,
            deflated: false,
        };
        let link = Sample {
            name: "app.py",
            body: b"/opt/app.py",
            mode: 0o120_777,
            deflated: false,
        };
        let empty = |entries: &[Sample<'_>]| check(entries, &Limits::default());
        let told = empty(&[]).unwrap_err();
        assert_eq!(told.to_string(), "the package holds no file");
        let told = empty(&[folder]).unwrap_err();
        assert_eq!(told.to_string(), "the package holds no file, only folders");
        assert_eq!(empty(&[link]), Ok(()));
        assert_eq!(empty(&[file("a", b"")]), Ok(()));
    }

    #[test]
    fn entries_of_signer_are_refused_however_they_are_spelt() {
        for name in [
            "META_INF/",
            "META_INF/aws_signer_signature_v1.0.SF",
            "./META_INF/aws_signer_signature_v1.0.SF",
        ] {
            let error = check(&[file("a", b""), file(name, b"")], &Limits::default());
            let name = name.to_owned();
            assert_eq!(error, Err(SignableError::AlreadySigned { name }));
        }
        assert_eq!(
            check(&[file("META-INF/a", b"")], &Limits::default()),
            Ok(())
        );
    }
}
