//! What an attestation may cost to read. Every quantity that its author controls has a ceiling here.

/// Bytes of an attestation as it is stored. Those of GitHub, npm and `PyPI` have about 10 kB; a v0.2
/// statement with the whole event that started a build has 100 kB.
pub const MAX_BUNDLE_BYTES: usize = 1 << 20;

/// Arrays and objects within each other, in an attestation, in its statement and in a trust root. A
/// bundle has seven, a statement with the event that started the build about ten.
pub const MAX_NESTING: usize = 32;

/// Entries of transparency logs in one attestation, each of which is verified. All known writers make
/// one.
pub const MAX_LOG_ENTRIES: usize = 4;

/// RFC 3161 timestamps in one attestation, each of which is verified against every authority.
pub const MAX_TIMESTAMPS: usize = 4;

/// Certificates in one attestation, the signer's and intermediate ones. The oldest format has three.
pub const MAX_CERTIFICATES: usize = 8;

/// Artifacts that one statement may speak of. GitHub's action stops at 1,024, too.
pub const MAX_SUBJECTS: usize = 1024;

/// Bytes of one claim: a URI, a ref, a commit. Git's own limit for a ref on most systems is 255, GitHub's
/// for the whole of a workflow's URI less than 1,000.
pub const MAX_CLAIM_BYTES: usize = 2048;

/// Bytes of a trust root. GitHub's, with six generations of authorities, has 32 kB.
pub const MAX_TRUST_ROOT_BYTES: usize = 256 << 10;

/// Authorities and logs in a trust root, each kind by itself.
pub(crate) const MAX_AUTHORITIES: usize = 64;

/// Bytes of a public key in PEM: one of P-384 has 215.
pub(crate) const MAX_KEY_BYTES: usize = 4096;

/// Bytes of a pattern, before it is matched.
pub(crate) const MAX_PATTERN_BYTES: usize = 512;
