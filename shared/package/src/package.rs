//! A package: an archive whose bodies were all read once, and the digests that this gave.

use flate2::Decompress;
use sha2::{Digest as _, Sha256, Sha384};

use thiserror::Error;

use crate::{
    digest::{CodeSha256, ContentDigest, ContentHasher, MaybeThread},
    escape::hex,
    limits::Limits,
    numbers::widen,
    signature::{Certificate, Claims, Signature, SignatureError, TrustRoots, VerifiedSignature},
    signature_entry::SIGNATURE_ENTRY,
    zip::{Archive, Body, Entry, EntryKind, Link, StructureError, Warning, check_links, inflater},
};

/// Why a package is not what a publisher signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IntegrityError {
    /// There is no signature entry.
    #[error("the package is not signed: it has no entry {}", SIGNATURE_ENTRY)]
    Unsigned,
    /// The signature itself is malformed or does not verify.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The signature is sound, but over other contents.
    #[error(
        "the contents are not those that were signed: their digest is {found}, the signed one {signed}"
    )]
    DigestMismatch {
        /// The messageDigest attribute, in hexadecimal.
        signed: String,
        /// SHA-384 of the package's content digest, in hexadecimal.
        found: String,
        /// The content digest itself.
        content: ContentDigest,
    },
}

/// An [`Archive`] of which every body is what its headers declare, with its digests. Whether anyone
/// signed it, only [`Package::verify`] tells.
#[derive(Debug, Clone)]
pub struct Package<'a> {
    archive: Archive<'a>,
    sha256: CodeSha256,
    content_digest: ContentDigest,
    unpacked_bytes: u64,
    signature_entry: Option<Vec<u8>>,
    links: Vec<Link<'a>>,
}

impl<'a> Package<'a> {
    /// Proves the layout, then reads each body exactly once. Memory beyond `bytes` is a constant,
    /// plus what the list of entries takes. Large packages are hashed in threads of their own,
    /// which end before this returns.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, StructureError> {
        let archive = Archive::parse(bytes, limits)?;
        let promised = archive.unpacked_bytes();
        let (sha256, content_digest, reading) = std::thread::scope(|scope| {
            let sha256 = MaybeThread::start(scope, widen(bytes.len()), || Sha256::digest(bytes));
            let mut hasher = ContentHasher::start(scope, promised);
            let mut reading = Reading::default();
            for entry in archive.entries() {
                reading.take(entry, &mut hasher)?;
            }
            Ok((sha256.finish(), hasher.finish(), reading))
        })?;
        check_links(&reading.links)?;
        Ok(Self {
            archive,
            sha256: CodeSha256::new(sha256.into()),
            content_digest: ContentDigest::new(content_digest),
            unpacked_bytes: reading.unpacked,
            signature_entry: reading.signature,
            links: reading.links,
        })
    }

    /// The archive.
    #[must_use]
    pub fn archive(&self) -> &Archive<'a> {
        &self.archive
    }

    /// The symbolic links, in the order of the archive. None leads out of the package, other than
    /// to `/opt/`; what they point to need not exist.
    #[must_use]
    pub fn links(&self) -> &[Link<'a>] {
        &self.links
    }

    /// What is accepted although some programs show it differently.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.archive.warnings()
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.archive.file_bytes()
    }

    /// Sum of the bodies' bytes, the signature's included.
    #[must_use]
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }

    /// SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> CodeSha256 {
        self.sha256
    }

    /// Whether there is a signature entry. It may hold anything.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signature_entry.is_some()
    }

    /// The body of the signature entry, if there is one.
    #[must_use]
    pub fn signature_entry(&self) -> Option<&[u8]> {
        self.signature_entry.as_deref()
    }

    /// The digest of all contents but the signature entry.
    #[must_use]
    pub fn content_digest(&self) -> ContentDigest {
        self.content_digest
    }

    /// Verifies that a signer whom `roots` vouch for signed exactly these contents.
    ///
    /// The signature is checked before the digest: what is wrong with the signer tells more than
    /// what a worthless signature is over. Where the signature stands among the entries is not
    /// checked here, since the format's own digest does not cover it and Signer's habit is known at
    /// second hand only (grade C); [`crate::origin`] does.
    pub fn verify(&self, roots: &TrustRoots) -> Result<VerifiedPackage, IntegrityError> {
        let entry = self.signature_entry().ok_or(IntegrityError::Unsigned)?;
        let signature = Signature::parse(entry)?.verify(roots)?;
        let found = Sha384::digest(self.content_digest.as_bytes());
        if found.as_slice() != signature.message_digest() {
            return Err(IntegrityError::DigestMismatch {
                signed: hex(signature.message_digest()),
                found: hex(&found),
                content: self.content_digest,
            });
        }
        Ok(VerifiedPackage {
            signature,
            sha256: self.sha256,
            bytes: self.bytes(),
            entries: self.archive.entries().len(),
            unpacked_bytes: self.unpacked_bytes,
        })
    }
}

/// What is gathered while the bodies are read.
#[derive(Default)]
struct Reading<'a> {
    unpacked: u64,
    signature: Option<Vec<u8>>,
    links: Vec<Link<'a>>,
    /// Kept from entry to entry.
    inflate: Option<Decompress>,
}

impl<'a> Reading<'a> {
    /// Reads the body of `entry` into the digest, or aside if it is the signature.
    fn take(
        &mut self,
        entry: &Entry<'a>,
        hasher: &mut ContentHasher<'_>,
    ) -> Result<(), StructureError> {
        let is_signature = entry.name() == SIGNATURE_ENTRY;
        // Held in memory: bounded, because their declared sizes were and bodies are held to those.
        let mut kept = (is_signature || entry.kind() == EntryKind::Symlink).then(Vec::new);
        if !is_signature {
            hasher.write(entry.name().as_bytes());
        }
        let mut body = Body::new(entry, self.inflate.take().unwrap_or_else(inflater));
        loop {
            let space = hasher.space();
            let length = body.next(space)?;
            if length == 0 {
                break;
            }
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(space.get(..length).unwrap_or_default());
            }
            // Space that the signature was written to is written to again.
            if !is_signature {
                hasher.wrote(length);
            }
            self.unpacked = self.unpacked.saturating_add(widen(length));
        }
        self.inflate = Some(body.into_inflate());
        match kept {
            Some(body) if is_signature => self.signature = Some(body),
            Some(target) => self.links.push(Link::new(entry.path(), target)),
            None => {}
        }
        Ok(())
    }
}

/// A package whose contents are exactly what the signer signed. Made only by [`Package::verify`].
///
/// It does not say that the signature has not expired, that its publisher is allowed, that it was
/// not revoked, or that it was made from a certain source.
#[derive(Debug, Clone)]
pub struct VerifiedPackage {
    signature: VerifiedSignature,
    sha256: CodeSha256,
    bytes: u64,
    entries: usize,
    unpacked_bytes: u64,
}

impl VerifiedPackage {
    /// What the signer says of the package.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        self.signature.claims()
    }

    /// The chain that was verified, from the signer's certificate to the pinned root.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        self.signature.certificates()
    }

    /// SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> CodeSha256 {
        self.sha256
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many entries the file has, those of the signature included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Sum of the bodies' bytes, the signature's included.
    #[must_use]
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        signature_entry::SIGNATURE_DIRECTORY,
        zip::sample::{Sample, file, zip},
    };

    fn digest(entries: &[Sample<'_>]) -> ContentDigest {
        let bytes = zip(entries);
        Package::read(&bytes, &Limits::default())
            .unwrap()
            .content_digest()
    }

    #[test]
    fn digest_covers_names_and_bodies_not_the_signature() {
        let expected: [u8; 48] = Sha384::digest(b"d/d/aoneMETA_INF/").into();
        let directory = |name| Sample {
            name,
            body: b"",
            mode: 0o040_755,
            deflated: false,
        };
        for deflated in [false, true] {
            let bytes = zip(&[
                directory("d/"),
                Sample {
                    name: "d/a",
                    body: b"one",
                    mode: 0o100_644,
                    deflated,
                },
                directory(SIGNATURE_DIRECTORY),
                file(SIGNATURE_ENTRY, b"anything"),
            ]);
            let package = Package::read(&bytes, &Limits::default()).unwrap();
            assert_eq!(package.content_digest().as_bytes(), &expected);
            assert_eq!(package.signature_entry(), Some(&b"anything"[..]));
            assert_eq!(package.unpacked_bytes(), 11);
            assert_eq!(
                package.sha256().as_bytes().as_slice(),
                Sha256::digest(&bytes).as_slice()
            );
        }
    }

    /// The hole in the format that only [`crate::origin`] closes.
    #[test]
    fn shifted_boundary_has_the_same_digest() {
        assert_eq!(digest(&[file("a", b"bc")]), digest(&[file("ab", b"c")]));
    }
}
