//! Origin: that a signed package is its source plus what Signer appends, and nothing else.
//!
//! The signature alone cannot tell this. Its digest runs over names and bodies without framing, so
//! that `a` holding `bc` and `ab` holding `c` have one digest, and it covers neither modes nor
//! links. Whoever can write between the signing and the deployment could use that; who holds the
//! source can see it.
//!
//! All of it rests on two things that were not seen on bytes of AWS's own: that Signer appends
//! exactly the directory and the signature, in this order (grade C), and that it leaves kinds, modes and the
//! marks of names in UTF-8 as they were (grade D). If it does otherwise, every package is refused here, and none is
//! let through.

use flate2::Decompress;
use sha2::{Digest as _, Sha256};

use thiserror::Error;

use crate::{
    digest::CodeSha256,
    package::Package,
    signature_entry::{SIGNATURE_DIRECTORY, SIGNATURE_ENTRY},
    zip::{Archive, Body, Entry, EntryKind, StructureError, inflater, new_reading},
};

/// Why a signed package is not its source plus a signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OriginError {
    /// The source already holds a signature, or the directory for it.
    #[error("the source already holds `{name}`; it is signed already or imitates it")]
    SourceSigned {
        /// The entry.
        name: String,
    },
    /// The signed package does not end in the directory and the signature that Signer appends.
    #[error(
        "the signed package does not end in the two entries that Signer appends, exactly as Signer writes them"
    )]
    NotAppended,
    /// An entry of the source is missing in the signed package, or stands elsewhere.
    #[error(
        "entry {index} is `{source_name}` in the source and `{signed_name}` in the signed package"
    )]
    Name {
        /// Position in the directory, from 0.
        index: usize,
        /// Name in the source.
        source_name: String,
        /// Name in the signed package.
        signed_name: String,
    },
    /// The signed package has other than two entries more than the source.
    #[error(
        "entries of the source: {source_entries}, of the signed package: {signed_entries}; Signer adds exactly two"
    )]
    Count {
        /// Entries of the source.
        source_entries: usize,
        /// Entries of the signed package.
        signed_entries: usize,
    },
    /// An entry has another body.
    #[error("`{name}` has another body than in the source")]
    Body {
        /// The entry.
        name: String,
    },
    /// The name of an entry is written so that some program reads it otherwise, which it does not in the source.
    #[error("the name of `{name}` is another one than in the source for a program that {reader}")]
    NameReading {
        /// The entry.
        name: String,
        /// What such a program does.
        reader: &'static str,
    },
    /// An entry is of another kind.
    #[error("`{name}` is of another kind than in the source")]
    Kind {
        /// The entry.
        name: String,
    },
    /// An entry has another Unix mode.
    #[error("`{name}` has another mode than in the source")]
    Mode {
        /// The entry.
        name: String,
        /// Mode in the source.
        source_mode: Option<u32>,
        /// Mode in the signed package.
        signed_mode: Option<u32>,
    },
    /// The source's own bodies are not sound, so that nothing can be compared with them.
    #[error("the source cannot be read: {0}")]
    Source(#[source] StructureError),
    /// The signed package's bodies are not sound.
    #[error("the signed package cannot be read: {0}")]
    Signed(#[source] StructureError),
}

/// Proof that a signed package is its source plus the two entries that Signer appends. Made only by
/// [`prove`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginProof {
    signed_sha256: CodeSha256,
    source_sha256: CodeSha256,
}

impl OriginProof {
    /// SHA-256 of the signed package.
    #[must_use]
    pub fn signed_sha256(&self) -> CodeSha256 {
        self.signed_sha256
    }

    /// SHA-256 of the source.
    #[must_use]
    pub fn source_sha256(&self) -> CodeSha256 {
        self.source_sha256
    }
}

/// Proves that `signed` is `source` plus the directory and the signature entry at its end: the same
/// names in the same order, which no program reads otherwise than in the source, the same bodies, kinds and
/// modes.
///
/// What is appended is recorded by one independent project (grade C); that modes stay as they were
/// is inferred (grade D).
///
/// Times, comments, extra fields and compression may differ: they do not change what runs. A body
/// that is packed in the same bytes is not inflated again; one that Signer packed anew is inflated
/// from both and compared.
pub fn prove(signed: &Package<'_>, source: &Archive<'_>) -> Result<OriginProof, OriginError> {
    if let Some(entry) = source.entries().iter().find(|entry| is_of_signer(entry)) {
        return Err(OriginError::SourceSigned {
            name: entry.name().to_owned(),
        });
    }
    let entries = signed.archive().entries();
    // Names first: where one is missing, the counts say less.
    for (index, (source, signed)) in source.entries().iter().zip(entries).enumerate() {
        if source.name() != signed.name() {
            return Err(OriginError::Name {
                index,
                source_name: source.name().to_owned(),
                signed_name: signed.name().to_owned(),
            });
        }
    }
    let (source_entries, signed_entries) = (source.entries().len(), entries.len());
    let Some(appended) = entries
        .get(source_entries..)
        .filter(|appended| appended.len() == 2)
    else {
        return Err(OriginError::Count {
            source_entries,
            signed_entries,
        });
    };
    match appended {
        [directory, signature]
            if directory.name() == SIGNATURE_DIRECTORY
                && directory.kind() == EntryKind::Directory
                && signature.name() == SIGNATURE_ENTRY
                && signature.kind() == EntryKind::File => {}
        _ => return Err(OriginError::NotAppended),
    }
    let mut comparison = Comparison::default();
    for (source, signed) in source.entries().iter().zip(entries) {
        compare(source, signed, &mut comparison)?;
    }
    Ok(OriginProof {
        signed_sha256: signed.sha256(),
        source_sha256: CodeSha256::new(Sha256::digest(source.bytes()).into()),
    })
}

/// Whether Signer writes an entry of this name (the directory: grade C; the signature: grade A). A
/// source that has one cannot be told from a signed package.
pub(crate) fn is_of_signer(entry: &Entry<'_>) -> bool {
    // By its path: `./META_INF/` is unpacked to the same place.
    let path = entry.path();
    path == SIGNATURE_DIRECTORY.trim_end_matches('/') || path == SIGNATURE_ENTRY
}

fn compare(
    source: &Entry<'_>,
    signed: &Entry<'_>,
    comparison: &mut Comparison,
) -> Result<(), OriginError> {
    let name = || signed.name().to_owned();
    if source.kind() != signed.kind() {
        return Err(OriginError::Kind { name: name() });
    }
    if let Some(reader) = new_reading(source, signed) {
        let name = name();
        return Err(OriginError::NameReading { name, reader });
    }
    // Readers differ in the systems whose modes they apply, so that the same mode on another system
    // is another one, too. Those of FAT and Darwin count as those of Unix do.
    let (source_mode, signed_mode) = (source.applied_mode(), signed.applied_mode());
    if source_mode != signed_mode {
        return Err(OriginError::Mode {
            name: name(),
            source_mode: source_mode.1,
            signed_mode: signed_mode.1,
        });
    }
    // The CRC is compared too, because nobody has held the source's against its body.
    let declared = |entry: &Entry<'_>| (entry.size(), entry.crc32());
    if declared(source) != declared(signed) {
        return Err(OriginError::Body { name: name() });
    }
    let is_packed_alike = source.method() == signed.method() && source.packed() == signed.packed();
    if !is_packed_alike && !comparison.unpacks_alike(source, signed)? {
        return Err(OriginError::Body { name: name() });
    }
    Ok(())
}

/// Bytes of each side that are compared at a time.
const PART_BYTES: usize = 64 << 10;

/// The buffers for comparing bodies that are packed differently, kept from entry to entry.
#[derive(Default)]
struct Comparison {
    source: BodyReader,
    signed: BodyReader,
}

#[derive(Default)]
struct BodyReader {
    inflate: Option<Decompress>,
    part: Vec<u8>,
}

impl Comparison {
    /// Reads both bodies side by side. Each is held to its headers, too.
    fn unpacks_alike(
        &mut self,
        source: &Entry<'_>,
        signed: &Entry<'_>,
    ) -> Result<bool, OriginError> {
        let mut source_body = self.source.open(source);
        let mut signed_body = self.signed.open(signed);
        let alike = loop {
            let source_part = self
                .source
                .fill(&mut source_body)
                .map_err(OriginError::Source)?;
            let signed_part = self
                .signed
                .fill(&mut signed_body)
                .map_err(OriginError::Signed)?;
            if source_part != signed_part {
                break false;
            }
            if source_part.is_empty() {
                break true;
            }
        };
        self.source.inflate = Some(source_body.into_inflate());
        self.signed.inflate = Some(signed_body.into_inflate());
        Ok(alike)
    }
}

impl BodyReader {
    fn open<'a>(&mut self, entry: &Entry<'a>) -> Body<'a> {
        self.part.resize(PART_BYTES, 0);
        Body::new(entry, self.inflate.take().unwrap_or_else(inflater))
    }

    /// The next part of the body, as long as the buffer unless the body ends: so that both sides
    /// have parts of the same length.
    fn fill(&mut self, body: &mut Body<'_>) -> Result<&[u8], StructureError> {
        let mut filled: usize = 0;
        while let Some(space) = self
            .part
            .get_mut(filled..)
            .filter(|space| !space.is_empty())
        {
            match body.next(space)? {
                0 => break,
                written => filled = filled.saturating_add(written),
            }
        }
        Ok(self.part.get(..filled).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limits::Limits,
        zip::sample::{Sample, file, zip},
    };

    const DIRECTORY: Sample<'_> = Sample {
        name: SIGNATURE_DIRECTORY,
        body: b"",
        mode: 0o040_755,
        deflated: false,
    };

    fn check(source: &[Sample<'_>], signed: Vec<Sample<'_>>) -> Result<OriginProof, OriginError> {
        check_bytes(source, &zip(&with_signature(signed)))
    }

    fn check_bytes(source: &[Sample<'_>], signed: &[u8]) -> Result<OriginProof, OriginError> {
        let limits = Limits::default();
        let source = zip(source);
        let source = Archive::parse(&source, &limits).unwrap();
        prove(&Package::read(signed, &limits).unwrap(), &source)
    }

    fn with_signature(mut entries: Vec<Sample<'_>>) -> Vec<Sample<'_>> {
        entries.extend([DIRECTORY, file(SIGNATURE_ENTRY, b"anything")]);
        entries
    }

    #[test]
    fn packing_may_differ_from_the_source() {
        let body = b"a body that can be packed, packed, packed".repeat(9_000);
        let packed = |deflated| Sample {
            name: "a",
            body: &body,
            mode: 0o100_755,
            deflated,
        };
        for (source, signed) in [(true, true), (true, false), (false, true), (false, false)] {
            assert!(check(&[packed(source)], vec![packed(signed)]).is_ok());
        }
    }

    #[test]
    fn each_difference_has_its_own_error() {
        let source = [file("a", b"one"), file("b", b"two")];
        let moved = check(&source, vec![file("b", b"two"), file("a", b"one")]).unwrap_err();
        assert!(matches!(moved, OriginError::Name { index: 0, .. }));
        let shifted = check(&source, vec![file("ao", b"ne"), file("b", b"two")]).unwrap_err();
        assert!(matches!(shifted, OriginError::Name { index: 0, .. }));
        let changed = check(&source, vec![file("a", b"one"), file("b", b"owt")]).unwrap_err();
        assert_eq!(
            changed,
            OriginError::Body {
                name: "b".to_owned()
            }
        );
        let missing = check(&source, vec![file("a", b"one")]).unwrap_err();
        assert!(matches!(missing, OriginError::Name { index: 1, .. }));
        let added = vec![file("a", b"one"), file("b", b"two"), file("c", b"")];
        assert!(matches!(
            check(&source, added),
            Err(OriginError::Count { .. })
        ));
        let other = |mode| Sample {
            name: "b",
            body: b"two",
            mode,
            deflated: false,
        };
        let runs = check(&source, vec![file("a", b"one"), other(0o100_755)]).unwrap_err();
        assert!(matches!(
            runs,
            OriginError::Mode {
                source_mode: Some(0o100_644),
                ..
            }
        ));
        let links = check(&source, vec![file("a", b"one"), other(0o120_777)]).unwrap_err();
        assert_eq!(
            links,
            OriginError::Kind {
                name: "b".to_owned()
            }
        );
    }

    #[test]
    fn signature_is_last_after_its_directory() {
        let source = [file("a", b"one")];
        let swapped = [file("a", b"one"), file(SIGNATURE_ENTRY, b""), DIRECTORY];
        assert_eq!(
            check_bytes(&source, &zip(&swapped)),
            Err(OriginError::NotAppended)
        );
        let alone = [file("a", b"one"), file(SIGNATURE_ENTRY, b"")];
        assert!(matches!(
            check_bytes(&source, &zip(&alone)),
            Err(OriginError::Count { .. })
        ));
    }

    #[test]
    fn signed_source_is_refused() {
        let signed = with_signature(vec![file("a", b"one")]);
        let error = check(&signed, vec![file("a", b"one")]).unwrap_err();
        assert_eq!(
            error,
            OriginError::SourceSigned {
                name: SIGNATURE_DIRECTORY.to_owned()
            }
        );
    }
}
