//! Attestations that builders published; `tests/genuine/README.md` says where each is from.

use countersign_attest::{
    AttestError, Bundle, Level, Provenance, Subject, TrustRoot, verify, verify_by_any,
};

use crate::{assert_refused, now};

const PYPI: &[u8] = include_bytes!("../genuine/pypi-attestations-0.0.19.slsa.attestation.json");
const NPM: &[u8] = include_bytes!("../genuine/npm-sigstore-2.0.0.sigstore.json");
const STAGING: &[u8] = include_bytes!("../genuine/staging-rekor-v2.sigstore.json");
const STAGING_ROOT: &[u8] = include_bytes!("../genuine/staging.trusted_root.json");
const PERSON: &[u8] = include_bytes!("../genuine/person-slsa-v0.2.sigstore.json");
const PRIVATE: &[u8] = include_bytes!("../genuine/github-private-release.sigstore.json");
const CONDA: &[u8] = include_bytes!("../genuine/conda-publish.sigstore.json");
const GITLAB: &[u8] = include_bytes!("../genuine/gitlab-publish.attestation.json");

fn digest<const N: usize>(hex: &str) -> [u8; N] {
    std::array::from_fn(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap())
}

fn by_sha256(hex: &str) -> Subject {
    Subject::of_sha256(digest(hex))
}

fn verified(bytes: &[u8], root: &TrustRoot, subject: &Subject) -> Result<Provenance, AttestError> {
    verify(&Bundle::parse(bytes).unwrap(), root, subject, now())
}

/// What each of them is verified with, for the flips.
pub(crate) fn all() -> Vec<(&'static [u8], TrustRoot, Subject)> {
    let npm = Subject::of_sha256([0; 32]).with_sha512(digest("46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"));
    vec![
        (
            PYPI,
            TrustRoot::public_good().unwrap(),
            by_sha256("9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"),
        ),
        (NPM, TrustRoot::public_good().unwrap(), npm),
        (
            STAGING,
            TrustRoot::parse(STAGING_ROOT).unwrap(),
            by_sha256("a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"),
        ),
    ]
}

#[test]
fn provenance_of_pypi_is_proven() {
    let (bytes, root, subject) = &all()[0];
    let provenance = verified(bytes, root, subject).unwrap();
    let workflow = "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19";
    assert_eq!(provenance.builder_id(), workflow);
    assert_eq!(
        provenance.source().unwrap().as_str(),
        "https://github.com/trailofbits/pypi-attestations"
    );
    assert_eq!(
        provenance.commit(),
        Some("08802efe1f8e5fec4ad842d6b8ce97656092ee72")
    );
    assert_eq!(provenance.git_ref(), Some("refs/tags/v0.0.19"));
    assert_eq!(
        provenance.workflow(),
        Some(".github/workflows/release.yml@refs/tags/v0.0.19")
    );
    assert_eq!(provenance.level(), Level::L2);
    assert_eq!(provenance.subject_name(), "pypi_attestations-0.0.19.tar.gz");
    assert_eq!(
        provenance.signed_at().unwrap().to_string(),
        "2024-12-04T23:13:46Z"
    );
}

/// npm names a package by its SHA-512 alone.
#[test]
fn provenance_of_npm_is_proven_by_its_sha512() {
    let (bytes, root, subject) = &all()[1];
    let provenance = verified(bytes, root, subject).unwrap();
    assert_eq!(
        provenance.source().unwrap().as_str(),
        "https://github.com/sigstore/sigstore-js"
    );
    assert_eq!(
        provenance.builder_id(),
        "https://github.com/actions/runner/github-hosted"
    );
    assert_eq!(provenance.level(), Level::L2);
    let unknown = verified(bytes, root, &Subject::of_sha256([0; 32])).unwrap_err();
    assert_refused!(unknown, AttestError::OtherDigest { .. });
}

/// A log of the second generation, whose time comes from a timestamp authority.
#[test]
fn entry_of_the_newer_log_is_proven() {
    let (bytes, root, subject) = &all()[2];
    let provenance = verified(bytes, root, subject).unwrap();
    assert_eq!(
        provenance.source().unwrap().as_str(),
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"
    );
    // Its builder is one of its own, which no certificate vouches for.
    assert_eq!(provenance.level(), Level::L1);
}

#[test]
fn each_is_refused_for_another_artifact_and_by_another_root() {
    for (index, (bytes, root, _)) in all().iter().enumerate() {
        let other = Subject::of_sha256([1; 32]).with_sha512([1; 64]);
        let refusal = verified(bytes, root, &other).unwrap_err();
        assert_refused!(refusal, AttestError::OtherSubject { .. });
        let (_, _, subject) = &all()[index];
        let github = TrustRoot::github().unwrap();
        assert!(verified(bytes, &github, subject).is_err());
    }
}

#[test]
fn built_in_roots_are_told_apart() {
    let roots = [
        TrustRoot::github().unwrap(),
        TrustRoot::public_good().unwrap(),
    ];
    for (bytes, root, subject) in all().iter().take(2) {
        let bundle = Bundle::parse(bytes).unwrap();
        let found = verify_by_any(&bundle, &roots, subject, now()).unwrap();
        assert_eq!(found, verified(bytes, root, subject).unwrap());
    }
}

/// A bundle of the first version, with no more than the promise of the log. (A person signed it, which would be no proof either.)
#[test]
fn promise_of_a_log_is_no_proof() {
    let subject = Subject::of_sha256([0; 32]).with_sha512(digest("bbfd372fc9beeb777fe35d05bb10c0c70a9733d366a75fed7dd18866c7391de3ee7e88ba74dd47abf3e15c845e547fcf0e5c3da80854c751554224d3a6d4e55f"));
    let refusal = verified(PERSON, &TrustRoot::public_good().unwrap(), &subject).unwrap_err();
    assert_refused!(refusal, AttestError::Incomplete { .. });
}

/// They verify up to what they say, and that is not where something was built.
#[test]
fn attestations_about_something_else_are_told_by_their_type() {
    for (bytes, root, sha256, predicate_type) in [
        (
            PRIVATE,
            TrustRoot::github().unwrap(),
            "76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428",
            "https://in-toto.io/attestation/release/v0.2",
        ),
        (
            CONDA,
            TrustRoot::public_good().unwrap(),
            "54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f",
            "https://schemas.conda.org/attestations-publish-1.schema.json",
        ),
        (
            GITLAB,
            TrustRoot::public_good().unwrap(),
            "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
            "https://docs.pypi.org/attestations/publish/v1",
        ),
    ] {
        match verified(bytes, &root, &by_sha256(sha256)).unwrap_err() {
            AttestError::NotProvenance { found } => assert_eq!(found, predicate_type),
            other => panic!("{other}"),
        }
    }
}
