//! Vectors that nobody here wrote: what AWS Signer itself signed, and what an independent project
//! signed in its format. They are no part of this repository; without their folder the tests say so
//! and pass.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_package::{
    Archive, Attribute, IntegrityError, Limits, Package, Signature, SignatureError, TrustRoots,
    format::{Answer, FACTS, Observation, observe},
    origin,
};

/// The bytes of a vector, or `None` where the folder is absent.
fn vector(name: &str) -> Option<Vec<u8>> {
    // Read at run time: a test that was copied with its checkout looks beside the copy.
    let beside = || {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
        PathBuf::from(package).join("../../../shared/vectors")
    };
    let folder = std::env::var_os("COUNTERSIGN_VECTORS").map_or_else(beside, PathBuf::from);
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
            {
                eprintln!("skipped: {} cannot be read ({error})", path.display());
            }
            None
        }
    }
}

/// What is inside the armour.
fn unwrap_pem(entry: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(entry.to_vec()).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

fn wrap_pem(bytes: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PKCS7-----\n{}\n-----END PKCS7-----\n",
        lines.join("\n")
    )
    .into_bytes()
}

fn verifies(entry: &[u8], roots: &TrustRoots) -> Result<(), SignatureError> {
    Signature::parse(entry)?.verify(roots).map(drop)
}

#[test]
fn genuine_signatures_verify_at_their_signing_time() {
    let cases = [
        (
            "genuine-2022.SF",
            "2022-02-11T17:45:24.338Z",
            "2033-05-11T17:45:24.338Z",
            5,
        ),
        (
            "genuine-2023.SF",
            "2023-09-20T18:24:14.421Z",
            "2034-12-20T18:24:14.421Z",
            5,
        ),
        (
            "genuine-2024.SF",
            "2024-10-11T15:50:53.701Z",
            "2036-01-11T15:50:53.701Z",
            // The root once.
            4,
        ),
    ];
    for (name, signed_at, expires_at, certificates) in cases {
        let Some(entry) = vector(name) else { return };
        let signature = Signature::parse(&entry).unwrap();
        let verified = signature.verify(&TrustRoots::aws()).unwrap();
        let claims = verified.claims();
        assert_eq!(claims.signed_at().to_string(), signed_at);
        assert_eq!(claims.expires_at().to_string(), expires_at);
        assert_eq!(claims.job().account(), "464622532012");
        assert_eq!(claims.profile_version().account(), "464622532012");
        assert_eq!(claims.profile_version().region(), "us-east-1");
        let subjects: Vec<_> = verified
            .certificates()
            .iter()
            .map(|c| c.subject().to_owned())
            .collect();
        assert_eq!(subjects.len(), 4);
        assert!(subjects[0].contains("CN=signer"), "{subjects:?}");
        assert!(
            subjects[3].contains("CN=Signer us-west-2 ROOT CA"),
            "{subjects:?}"
        );
        assert_eq!(signature.certificates().len(), certificates);
        assert_eq!(signature.signer(), Some(0));
        let names: Vec<_> = signature
            .attributes()
            .iter()
            .filter_map(Attribute::name)
            .collect();
        assert_eq!(
            names,
            [
                "contentType",
                "signatureExpiry",
                "signingTime",
                "CMSAlgorithmProtection",
                "messageDigest",
                "signingJob",
                "signingProfileVersion",
            ]
        );
    }
}

#[test]
fn genuine_signatures_lead_to_no_other_root() {
    let (Some(entry), Some(other)) = (vector("genuine-2023.SF"), vector("third-party-root.pem"))
    else {
        return;
    };
    let roots = TrustRoots::from_pem(&other).unwrap();
    let error = verifies(&entry, &roots).unwrap_err();
    assert!(
        matches!(error, SignatureError::UntrustedIssuer { .. }),
        "{error}"
    );
}

/// Every single byte inside the armour counts: envelope, certificates, attributes and signature
/// value. The one thing that may change unnoticed is what has two spellings by design, the NULL
/// parameters of an algorithm, and those take more than one byte.
fn stops_verifying_when_any_byte_changes(name: &str) {
    let roots = TrustRoots::aws();
    let Some(entry) = vector(name) else { return };
    let bytes = unwrap_pem(&entry);
    assert_eq!(wrap_pem(&bytes), entry);
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 1 << (position % 8);
        let result = verifies(&wrap_pem(&changed), &roots);
        assert!(result.is_err(), "{name}: byte {position} goes unnoticed");
    }
}

#[test]
fn signature_of_2022_stops_verifying_when_any_byte_changes() {
    stops_verifying_when_any_byte_changes("genuine-2022.SF");
}

#[test]
fn signature_of_2023_stops_verifying_when_any_byte_changes() {
    stops_verifying_when_any_byte_changes("genuine-2023.SF");
}

#[test]
fn genuine_armour_has_one_spelling() {
    let roots = TrustRoots::aws();
    let Some(entry) = vector("genuine-2023.SF") else {
        return;
    };
    // What the armour holds is changed byte by byte elsewhere; here it is its form that changes.
    for position in 0..entry.len() {
        let mut shorter = entry.clone();
        shorter.remove(position);
        assert!(
            verifies(&shorter, &roots).is_err(),
            "without byte {position}"
        );
        assert!(
            verifies(&entry[..position], &roots).is_err(),
            "first {position} bytes"
        );
        let mut longer = entry.clone();
        longer.insert(position, b'\n');
        assert!(
            verifies(&longer, &roots).is_err(),
            "a line feed at {position}"
        );
    }
}

#[test]
fn package_of_another_signer_verifies() {
    let (Some(signed), Some(source), Some(root)) = (
        vector("third-party-signed.zip"),
        vector("third-party-unsigned.zip"),
        vector("third-party-root.pem"),
    ) else {
        return;
    };
    let limits = Limits::default();
    let package = Package::read(&signed, &limits).unwrap();
    let roots = TrustRoots::from_pem(&root).unwrap();
    let verified = package.verify(&roots).unwrap();
    let claims = verified.claims();
    assert_eq!(
        claims.job().job_id(),
        "cf0489c1-3eb6-4ff0-989e-f651a4275d78"
    );
    let profile = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/\
                   stackd_next_lambda_signing_d9ae1a72f10c/UqFTRcZGNs";
    assert_eq!(claims.profile_version().to_string(), profile);
    assert_eq!(claims.signed_at().to_string(), "2026-09-28T09:19:26.806Z");
    assert_eq!(claims.expires_at().to_string(), "2037-12-28T09:19:26.806Z");
    assert_eq!((verified.entries(), verified.bytes()), (3, 2465));
    assert_eq!(verified.sha256(), package.sha256());

    let source = Archive::parse(&source, &limits).unwrap();
    let proof = origin::prove(&package, &source).unwrap();
    assert_eq!(proof.signed_sha256(), package.sha256());

    let error = package.verify(&TrustRoots::aws()).unwrap_err();
    let untrusted = matches!(
        error,
        IntegrityError::Signature(SignatureError::UntrustedIssuer { .. })
    );
    assert!(untrusted, "{error}");
}

#[test]
fn unsigned_package_is_reported_as_unsigned() {
    let Some(source) = vector("third-party-unsigned.zip") else {
        return;
    };
    let package = Package::read(&source, &Limits::default()).unwrap();
    assert!(!package.is_signed());
    assert_eq!(
        package.verify(&TrustRoots::aws()).unwrap_err(),
        IntegrityError::Unsigned
    );
}

/// Each single bit of a signed package, changed: it is refused, or what it unpacks to is the same.
#[test]
fn changed_bit_never_gives_other_contents() {
    let (Some(signed), Some(root)) = (
        vector("third-party-signed.zip"),
        vector("third-party-root.pem"),
    ) else {
        return;
    };
    let limits = Limits::default();
    let roots = TrustRoots::from_pem(&root).unwrap();
    let original = Package::read(&signed, &limits).unwrap();
    for position in 0..signed.len() {
        for bit in 0..8 {
            let mut changed = signed.clone();
            changed[position] ^= 1 << bit;
            let Ok(package) = Package::read(&changed, &limits) else {
                continue;
            };
            if package.verify(&roots).is_err() {
                continue;
            }
            assert_eq!(package.content_digest(), original.content_digest());
            let names = |package: &Package<'_>| -> Vec<String> {
                package
                    .archive()
                    .entries()
                    .iter()
                    .map(|e| e.name().to_owned())
                    .collect()
            };
            assert_eq!(
                names(&package),
                names(&original),
                "byte {position}, bit {bit}"
            );
        }
    }
}

/// The names of the facts that were answered so.
fn answered(seen: &[Observation], answer: Answer) -> Vec<&'static str> {
    let of = seen.iter().filter(|one| one.answer() == answer);
    of.map(|one| one.fact().id()).collect()
}

#[test]
fn genuine_signatures_confirm_the_format() {
    for (name, parameters, roots_in_set) in [
        (
            "genuine-2022.SF",
            "digest NULL, signature absent",
            "root: 2 times",
        ),
        (
            "genuine-2023.SF",
            "digest absent, signature absent",
            "root: 2 times",
        ),
        (
            "genuine-2024.SF",
            "digest absent, signature absent",
            "root: 1 times",
        ),
    ] {
        let Some(entry) = vector(name) else { return };
        let seen = observe(&entry, None, &Limits::default(), &TrustRoots::aws());
        assert_eq!(
            answered(&seen, Answer::Differs),
            [""; 0],
            "{name}: {seen:#?}"
        );
        assert_eq!(answered(&seen, Answer::Unknown), [""; 0], "{name}");
        assert_eq!(answered(&seen, Answer::Seen), [""; 0], "{name}");
        assert_eq!(answered(&seen, Answer::Confirmed).len(), 19, "{name}");
        let of = |id: &str| seen.iter().find(|one| one.fact().id() == id).unwrap();
        assert_eq!(of("algorithm-parameters").seen(), parameters, "{name}");
        assert!(
            of("certificate-set").seen().ends_with(roots_in_set),
            "{name}"
        );
        for one in &seen {
            assert!(!one.seen().contains("464622532012"), "{name}: {one:?}");
        }
    }
}

#[test]
fn package_of_another_signer_is_told_fact_by_fact() {
    let (Some(signed), Some(source), Some(root)) = (
        vector("third-party-signed.zip"),
        vector("third-party-unsigned.zip"),
        vector("third-party-root.pem"),
    ) else {
        return;
    };
    let roots = TrustRoots::from_pem(&root).unwrap();
    let seen = observe(&signed, Some(&source), &Limits::default(), &roots);
    let facts: Vec<_> = seen.iter().map(Observation::fact).collect();
    assert_eq!(facts, FACTS);
    let different: Vec<_> = seen
        .iter()
        .filter(|one| one.answer() == Answer::Differs)
        .map(|one| (one.fact().id(), one.seen()))
        .collect();
    // It is not AWS's signer, and shows where it departs from it.
    assert_eq!(
        different,
        [
            (
                "outer-levels-indefinite",
                "indefinite: ContentInfo, content; definite: SignedData, digestAlgorithms, encapContentInfo, \
                 certificates, signerInfos, SignerInfo"
            ),
            (
                "signer-certificate",
                "CN=stackd public fixture Signer leaf, for code signing, for 72 hours"
            ),
        ]
    );
    assert_eq!(answered(&seen, Answer::Unknown), [""; 0]);
    assert_eq!(answered(&seen, Answer::NotAsked), [""; 0]);
}
