//! Why an attestation is refused. Each sentence says what is wrong, where, and how it is mended.

use std::fmt;

use jiff::Timestamp;
use thiserror::Error;

/// What is claimed of a build, by a certificate or by a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Who ran the build.
    Builder,
    /// What kind of build it was, which says how its statement is read.
    BuildType,
    /// The repository.
    Source,
    /// The commit.
    Commit,
    /// The branch or tag.
    Ref,
    /// The file that describes the build, and its ref.
    Workflow,
    /// The workflow that signed, which is another one where a build calls a reusable workflow.
    SignerWorkflow,
    /// The event that started the build.
    Trigger,
    /// Who vouched for the signer's identity.
    Issuer,
    /// The key that signed.
    Key,
    /// The build level.
    Level,
}

impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Builder => "builder",
            Self::BuildType => "build type",
            Self::Source => "source repository",
            Self::Commit => "commit",
            Self::Ref => "ref",
            Self::Workflow => "workflow",
            Self::SignerWorkflow => "workflow that signed",
            Self::Trigger => "event that started the build",
            Self::Issuer => "issuer of the identity",
            Self::Key => "key",
            Self::Level => "build level",
        })
    }
}

/// Why bytes are not one attestation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BundleError {
    /// More bytes than [`MAX_BUNDLE_BYTES`](crate::MAX_BUNDLE_BYTES).
    #[error(
        "the attestation has {bytes} bytes, at most {most} are read; store the bundle alone, without the artifact or other bundles"
    )]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// More arrays and objects within each other than [`MAX_NESTING`](crate::MAX_NESTING).
    #[error(
        "the attestation nests arrays and objects more than {most} deep; no known builder does, so sign a flatter statement"
    )]
    TooDeep {
        /// How deep it may be.
        most: usize,
    },
    /// Not JSON.
    #[error(
        "the attestation is not JSON: {fault}; store the `.sigstore.json` file as the builder wrote it"
    )]
    NotJson {
        /// What the parser says, and where.
        fault: String,
    },
    /// A collection of attestations.
    #[error(
        "the file holds {what} rather than one attestation; store each bundle in it as an object of its own"
    )]
    Several {
        /// What it is.
        what: &'static str,
    },
    /// JSON of another kind.
    #[error(
        "the file is JSON, but neither a Sigstore bundle, nor an attestation of PyPI, nor a DSSE envelope; store what the builder's attest step wrote"
    )]
    NotAnAttestation,
    /// A field is missing, or not what the format says.
    #[error(
        "the attestation is not as its format says: {fault}; make it again with a current version of the tool that wrote it"
    )]
    Malformed {
        /// What is wrong, and where.
        fault: String,
    },
    /// More of something than is read.
    #[error(
        "the attestation has {count} {what}, at most {most} are read; no known builder writes more"
    )]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A signature over the artifact, which says nothing about a build.
    #[error(
        "the bundle signs the artifact itself and holds no statement about its build; make one with an attest step (`actions/attest-build-provenance`, `cosign attest-blob`), not with `cosign sign-blob`"
    )]
    NoStatement,
}

/// Why a trust root is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustRootError {
    /// More bytes than [`MAX_TRUST_ROOT_BYTES`](crate::MAX_TRUST_ROOT_BYTES).
    #[error(
        "the trust root has {bytes} bytes, at most {most} are read; hand in one `trusted_root.json`"
    )]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// Not JSON of a trust root.
    #[error(
        "the trust root is not a Sigstore `trusted_root.json`: {fault}; take it from the instance's TUF repository, one root a file"
    )]
    Malformed {
        /// What is wrong, and where.
        fault: String,
    },
    /// Without a certificate authority every certificate would be refused.
    #[error(
        "the trust root names no certificate authority, so no certificate could be verified; hand in the root of an instance that has one"
    )]
    NoAuthority,
    /// Without a log and a timestamp authority no time of signing can be known.
    #[error(
        "the trust root names neither a transparency log nor a timestamp authority, so no time of signing could be proven; hand in a root with one of them"
    )]
    NoTime,
    /// More of something than is read.
    #[error(
        "the trust root names {count} {what}, at most {most} are read; leave out those that no longer count"
    )]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A key or certificate in it cannot be used.
    #[error(
        "the trust root cannot be used: {fault}; take it again from where it comes from, or leave out the entry"
    )]
    Unusable {
        /// What is wrong.
        fault: String,
    },
}

/// Why a public key is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not a public key in PEM.
    #[error(
        "the key is not a public key in PEM: {fault}; export it with `openssl pkey -pubout` or `aws kms get-public-key`"
    )]
    NotPem {
        /// What is wrong.
        fault: String,
    },
    /// Another algorithm, or not a key of it.
    #[error(
        "the key is not ECDSA on P-256 or P-384: {fault}; sign with a key of one of these curves"
    )]
    Unsupported {
        /// What it is.
        fault: String,
    },
}

/// Why an attestation proves nothing about the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AttestError {
    /// No certificate to verify.
    #[error(
        "the attestation is signed with a key and has no certificate; name the public key that it is to be verified with"
    )]
    SignedByKey,
    /// A certificate beside the signature, and nothing that proves when it signed.
    #[error(
        "the attestation is an envelope with the signer's certificate, without the proof of a log that it signed in time; attest with a tool that writes Sigstore bundles (slsa-github-generator from v2.1.0 on, `actions/attest-build-provenance`)"
    )]
    NoProof,
    /// A certificate where a key was expected.
    #[error(
        "the attestation is signed with a certificate, not with the key that it is to be verified with; verify it against a trust root, or sign with the key"
    )]
    SignedByCertificate,
    /// Parts that its version of the format demands are missing or do not fit together.
    #[error(
        "the bundle lacks what its format demands: {fault}; make it again with a current version of the tool that wrote it"
    )]
    Incomplete {
        /// What is missing.
        fault: String,
    },
    /// The certificate does not lead to an authority of the trust root, did not count when it was signed, or may
    /// not sign code.
    #[error(
        "the signer's certificate is not good by the trust root at the time of signing: {fault}; verify against the root of the instance that issued it, and sign within the minutes for which it is issued"
    )]
    Certificate {
        /// What is wrong with the chain.
        fault: String,
    },
    /// The certificate is not proven to be in a certificate transparency log.
    #[error(
        "the signer's certificate is not proven to be public: {fault}; use the instance's own authority, whose certificates carry a timestamp of a log that the trust root names"
    )]
    CertificateLog {
        /// What is wrong.
        fault: String,
    },
    /// The signature is not proven to be in a transparency log.
    #[error(
        "the signature is not proven to be in a transparency log of the trust root: {fault}; attest with the upload to the log switched on"
    )]
    Log {
        /// What is wrong.
        fault: String,
    },
    /// The entry in the log is about another signature, certificate or statement.
    #[error(
        "the entry in the transparency log belongs to another attestation: {fault}; store the bundle as the builder wrote it"
    )]
    EntryOfAnother {
        /// What differs.
        fault: String,
    },
    /// A timestamp is there and does not verify.
    #[error(
        "the timestamp on the signature does not verify: {fault}; use a timestamp authority that the trust root names"
    )]
    Timestamp {
        /// What is wrong.
        fault: String,
    },
    /// Nothing proves when it was signed.
    #[error(
        "nothing proves when the attestation was signed: {fault}; attest with a transparency log or a timestamp authority"
    )]
    NoTime {
        /// What is missing.
        fault: String,
    },
    /// A proven time is later than now.
    #[error(
        "the attestation was signed at {time}, which is after now, {now}; one of the clocks is wrong"
    )]
    SignedInFuture {
        /// The proven time of signing.
        time: Timestamp,
        /// The time that was handed in.
        now: Timestamp,
    },
    /// The signature does not fit the statement.
    #[error(
        "the signature does not fit the statement and the signer's key: {fault}; the statement was changed, or another key signed it"
    )]
    Signature {
        /// What the verification says.
        fault: String,
    },
    /// The statement speaks of other artifacts.
    #[error(
        "the statement does not speak of sha256:{wanted}, but of {found}; attest the very file that is uploaded"
    )]
    OtherSubject {
        /// SHA-256 of the artifact, in hexadecimal.
        wanted: String,
        /// What it speaks of.
        found: String,
    },
    /// The statement names its artifacts by digests that are not known of this one.
    #[error(
        "the statement names its artifacts by {found} alone, and the artifact is known by its {known}; attest it by its SHA-256"
    )]
    OtherDigest {
        /// Which digests it has.
        found: String,
        /// Which digests are known.
        known: &'static str,
    },
    /// The signed payload is not an in-toto statement.
    #[error(
        "the signed payload is not an in-toto statement: {fault}; attest with a tool that writes in-toto statements, v0.1 or v1"
    )]
    Statement {
        /// What is wrong.
        fault: String,
    },
    /// A statement about something else than a build.
    #[error(
        "the statement is `{found}`, which says nothing about a build; attest SLSA provenance, `https://slsa.dev/provenance/v1` or `…/v0.2`"
    )]
    NotProvenance {
        /// Its type.
        found: String,
    },
    /// A statement that is no summary of a verification.
    #[error(
        "the statement is `{found}`, which is no summary of a verification; take one of `https://slsa.dev/verification_summary/v1`"
    )]
    NotSummary {
        /// Its type.
        found: String,
    },
    /// The summary lacks what the format demands.
    #[error(
        "the summary is not as SLSA says: {fault}; take it from a verifier that writes SLSA verification summaries v1"
    )]
    Summary {
        /// What is wrong.
        fault: String,
    },
    /// The provenance lacks what the format demands.
    #[error(
        "the provenance is not as SLSA says: {fault}; make it with a builder that writes SLSA provenance v1 or v0.2"
    )]
    Predicate {
        /// What is wrong.
        fault: String,
    },
    /// A certificate of a person or of a service that is no build.
    #[error(
        "the certificate was issued to {identity} (by {issuer}) and names no source repository, so anybody could have written the statement; attest in the workflow that builds"
    )]
    NotABuild {
        /// To whom.
        identity: String,
        /// By whom the identity was vouched for.
        issuer: String,
    },
    /// The certificate says something twice, so that it could be read in two ways.
    #[error(
        "the certificate has the extension {oid} twice, so that it could be read in two ways; no authority should issue it"
    )]
    RepeatedExtension {
        /// Which one.
        oid: String,
    },
    /// The issuer of the identity has no say about repositories of this host.
    #[error(
        "the certificate says that {source_uri} was built, but the identity is vouched for by {issuer}, which has no say about repositories there; build on the platform that hosts the source"
    )]
    ForeignIssuer {
        /// Who vouched.
        issuer: String,
        /// For which repository.
        source_uri: String,
    },
    /// A claim that is no URI, ref, digest or file.
    #[error(
        "the {claim} `{found}` cannot be used: {fault}; have the builder write it in its usual form"
    )]
    UnusableClaim {
        /// Which one.
        claim: Claim,
        /// As it stands there, made safe to print.
        found: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Certificate and statement disagree.
    #[error(
        "the certificate says {claim} `{certificate}`, and the statement says `{statement}`; the statement was not written by the build that signed it"
    )]
    Contradiction {
        /// About what.
        claim: Claim,
        /// What the certificate says.
        certificate: String,
        /// What the statement says.
        statement: String,
    },
}
