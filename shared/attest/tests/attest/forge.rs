//! A Sigstore instance of our own: a certificate authority like Fulcio, a certificate log, a transparency log
//! like Rekor, a timestamp authority, and a builder. Everything that is signed can be made wrong before it is
//! signed, so that one claim is false and nothing else.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_testkit::{
    asn1,
    pki::{Hash, Key},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What is attested in all tests.
pub(crate) const ARTIFACT: [u8; 32] = [0x5a; 32];
/// When the builder signs: 2024-06-01T12:00:00Z.
pub(crate) const SIGNED: i64 = 1_717_243_200;
pub(crate) const SOURCE: &str = "https://github.com/acme/shop";
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const WORKFLOW: &str =
    "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main";
pub(crate) const GITHUB: &str = "https://token.actions.githubusercontent.com";

const ARC: &str = "1.3.6.1.4.1.57264.1";
const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// Which entry the log makes of the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Dsse,
    Intoto,
    /// Of a log of the second generation, which makes no promises.
    Hashedrekord,
}

/// A builder and its instance, before anything is signed.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one part that may be missing"
)]
pub(crate) struct Forge {
    pub(crate) authority: Key,
    pub(crate) certificate_log: Key,
    pub(crate) log: Key,
    pub(crate) timestamper: Key,
    pub(crate) builder: Key,
    /// The key that signs the certificate log's timestamp, the log's promise, its checkpoint and the token.
    pub(crate) signs_sct: Key,
    pub(crate) signs_promise: Key,
    pub(crate) signs_checkpoint: Key,
    pub(crate) signs_token: Key,
    pub(crate) signs_certificate: Key,
    pub(crate) signs_statement: Key,

    /// Of the builder's certificate, `YYYYMMDDHHMMSSZ`.
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    /// The identity, as a URI or as an e-mail address.
    pub(crate) identity: Result<String, String>,
    /// Fulcio's extensions: the last number of the OID, and the text.
    pub(crate) claims: Vec<(u32, String)>,
    pub(crate) purpose: &'static str,
    pub(crate) has_sct: bool,

    pub(crate) payload_type: String,
    pub(crate) statement: Value,
    /// A text of the statement, and what is written in its place.
    pub(crate) rewritten: Option<(String, String)>,

    pub(crate) entry: Entry,
    /// Changes what the log took.
    pub(crate) logged: fn(&mut Value),
    /// A certificate that was logged in place of the builder's.
    pub(crate) logged_certificate: Option<Vec<u8>>,
    pub(crate) logs: usize,
    pub(crate) has_promise: bool,
    pub(crate) has_proof: bool,
    pub(crate) integrated: i64,

    /// Seconds after [`SIGNED`] of each token.
    pub(crate) tokens: Vec<i64>,
    /// What the token is about, in place of the signature.
    pub(crate) stamped: Option<Vec<u8>>,

    /// What the trust root names.
    pub(crate) trusts_log: bool,
    pub(crate) trusts_certificate_log: bool,
    pub(crate) trusts_timestamper: bool,
}

impl Forge {
    /// A public repository of GitHub, whose workflow attests what it builds.
    pub(crate) fn new() -> Self {
        let [certificate_log, log, timestamper, builder] =
            ["certificate log", "log", "timestamper", "builder"].map(Key::p256);
        let authority = Key::p384("authority");
        let claims = [
            (8, GITHUB),
            (9, WORKFLOW),
            (11, "github-hosted"),
            (12, SOURCE),
            (13, COMMIT),
            (14, "refs/heads/main"),
            (18, WORKFLOW),
            (20, "push"),
        ];
        Self {
            signs_sct: certificate_log.clone(),
            signs_promise: log.clone(),
            signs_checkpoint: log.clone(),
            signs_token: timestamper.clone(),
            signs_certificate: authority.clone(),
            signs_statement: builder.clone(),
            authority,
            certificate_log,
            log,
            timestamper,
            builder,
            not_before: "20240601115900Z".to_owned(),
            not_after: "20240601120900Z".to_owned(),
            identity: Ok(WORKFLOW.to_owned()),
            claims: claims
                .map(|(number, text)| (number, text.to_owned()))
                .into(),
            purpose: CODE_SIGNING,
            has_sct: true,
            payload_type: "application/vnd.in-toto+json".to_owned(),
            statement: statement_v1(),
            rewritten: None,
            entry: Entry::Dsse,
            logged: |_| {},
            logged_certificate: None,
            logs: 1,
            has_promise: true,
            has_proof: true,
            integrated: SIGNED,
            tokens: Vec::new(),
            stamped: None,
            trusts_log: true,
            trusts_certificate_log: true,
            trusts_timestamper: true,
        }
    }

    /// A private repository of GitHub: no log, no certificate log, the time from a token.
    pub(crate) fn private() -> Self {
        Self {
            has_sct: false,
            logs: 0,
            tokens: vec![0],
            trusts_log: false,
            trusts_certificate_log: false,
            ..Self::new()
        }
    }

    /// Replaces a claim of the certificate, or takes it out.
    pub(crate) fn claim(mut self, number: u32, text: Option<&str>) -> Self {
        self.claims.retain(|(found, _)| *found != number);
        self.claims
            .extend(text.map(|text| (number, text.to_owned())));
        self
    }

    /// Replaces a part of the statement.
    pub(crate) fn says(mut self, pointer: &str, value: Value) -> Self {
        *self
            .statement
            .pointer_mut(pointer)
            .expect("a part of the statement") = value;
        self
    }

    /// The trust root of the instance.
    pub(crate) fn root(&self) -> Value {
        let window = json!({ "start": "2020-01-01T00:00:00Z" });
        let log = |key: &Key| {
            let info = key.public_key_info();
            json!([{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": base64(&info),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": window,
                },
                "logId": { "keyId": base64(sha256(&info)) },
            }])
        };
        let chain = |certificates: &[Vec<u8>]| {
            let certificates: Vec<_> = certificates
                .iter()
                .map(|der| json!({ "rawBytes": base64(der) }))
                .collect();
            json!([{
                "subject": { "organization": "example", "commonName": "example" },
                "uri": "https://authority.example",
                "certChain": { "certificates": certificates },
                "validFor": window,
            }])
        };
        let mut root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "certificateAuthorities": chain(&[self.authority_certificate()]),
        });
        if self.trusts_log {
            root["tlogs"] = log(&self.log);
        }
        if self.trusts_certificate_log {
            root["ctlogs"] = log(&self.certificate_log);
        }
        if self.trusts_timestamper {
            let root_of = authority_certificate("stamp root", &Key::p384("stamp root"));
            root["timestampAuthorities"] = chain(&[self.timestamper_certificate(), root_of]);
        }
        root
    }

    /// The attestation, as a bundle of version 0.3.
    pub(crate) fn bundle(&self) -> Value {
        let envelope = self.envelope();
        let certificate = self.certificate();
        let signature = STANDARD
            .decode(envelope["signatures"][0]["sig"].as_str().unwrap())
            .unwrap();
        let mut bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": base64(&certificate) },
                "tlogEntries": vec![self.log_entry(&envelope, &signature, &certificate); self.logs],
            },
            "dsseEnvelope": envelope,
        });
        if !self.tokens.is_empty() {
            let tokens: Vec<_> = self
                .tokens
                .iter()
                .map(|after| json!({ "signedTimestamp": base64(self.token(&signature, *after)) }))
                .collect();
            bundle["verificationMaterial"]["timestampVerificationData"] =
                json!({ "rfc3161Timestamps": tokens });
        }
        bundle
    }

    /// The signed statement alone.
    pub(crate) fn envelope(&self) -> Value {
        let mut payload = self.statement.to_string();
        if let Some((from, to)) = &self.rewritten {
            assert!(payload.contains(from), "{from} in {payload}");
            payload = payload.replacen(from, to, 1);
        }
        let signature = sign(
            &self.signs_statement,
            pae(&self.payload_type, payload.as_bytes()),
        );
        json!({
            "payloadType": self.payload_type,
            "payload": base64(&payload),
            "signatures": [{ "sig": base64(signature) }],
        })
    }

    fn authority_certificate(&self) -> Vec<u8> {
        authority_certificate("authority", &self.authority)
    }

    /// The builder's certificate.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        let name = match &self.identity {
            Ok(uri) => asn1::tlv(0x86, uri.as_bytes()),
            Err(email) => asn1::tlv(0x81, email.as_bytes()),
        };
        let mut extensions = vec![
            extension("2.5.29.15", true, &asn1::tlv(0x03, &[7, 0x80])),
            extension(
                "2.5.29.37",
                false,
                &asn1::sequence([asn1::oid(self.purpose)]),
            ),
            extension("2.5.29.17", true, &asn1::sequence([name])),
        ];
        extensions.extend(
            self.claims.iter().map(|(number, text)| {
                extension(&format!("{ARC}.{number}"), false, &asn1::utf8(text))
            }),
        );
        let write = |extensions: &[Vec<u8>]| {
            let valid = (self.not_before.as_str(), self.not_after.as_str());
            to_be_signed("authority", "", valid, &self.builder, extensions)
        };
        if self.has_sct {
            let sct = self.sct(&write(&extensions));
            extensions.push(extension(SCT_LIST, false, &asn1::octets(&sct)));
        }
        certificate(&write(&extensions), &self.signs_certificate)
    }

    /// The certificate log's word for a certificate (RFC 6962 §3.2), in a list of one.
    fn sct(&self, precertificate: &[u8]) -> Vec<u8> {
        let at = (SIGNED as u64 * 1000).to_be_bytes();
        let issuer = sha256(self.authority.public_key_info());
        let length = &(precertificate.len() as u32).to_be_bytes()[1..];
        let signed = asn1::concat([
            &[0, 0][..],
            &at,
            &[0, 1],
            &issuer,
            length,
            precertificate,
            &[0, 0],
        ]);
        let signature = sign(&self.signs_sct, signed);
        let log = sha256(self.certificate_log.public_key_info());
        let size = (signature.len() as u16).to_be_bytes();
        let sct = asn1::concat([&[0][..], &log, &at, &[0, 0], &[4, 3], &size, &signature]);
        let inner = (sct.len() as u16).to_be_bytes();
        let outer = (sct.len() as u16 + 2).to_be_bytes();
        asn1::concat([&outer[..], &inner, &sct])
    }

    /// The log's entry: what it took, its promise, and the proof in a tree of one leaf.
    fn log_entry(&self, envelope: &Value, signature: &[u8], certificate: &[u8]) -> Value {
        let payload = STANDARD
            .decode(envelope["payload"].as_str().unwrap())
            .unwrap();
        let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": hex(&sha256(bytes)) });
        let envelope_hash = hash(envelope.to_string().as_bytes());
        let logged = self.logged_certificate.as_deref().unwrap_or(certificate);
        let verifier = base64(pem("CERTIFICATE", logged));
        let (kind, version, mut body) = match self.entry {
            Entry::Dsse => (
                "dsse",
                "0.0.1",
                json!({
                    "envelopeHash": envelope_hash,
                    "payloadHash": hash(&payload),
                    "signatures": [{ "signature": base64(signature), "verifier": verifier }],
                }),
            ),
            Entry::Intoto => (
                "intoto",
                "0.0.2",
                json!({ "content": {
                    "envelope": {
                        "payloadType": self.payload_type,
                        "signatures": [{ "sig": base64(base64(signature)), "publicKey": verifier }],
                    },
                    "hash": envelope_hash,
                    "payloadHash": hash(&payload),
                } }),
            ),
            Entry::Hashedrekord => {
                let pae = pae(&self.payload_type, &payload);
                (
                    "hashedrekord",
                    "0.0.2",
                    json!({ "hashedRekordV002": {
                        "data": { "algorithm": "SHA2_256", "digest": base64(sha256(pae)) },
                        "signature": {
                            "content": base64(signature),
                            "verifier": {
                                "x509Certificate": { "rawBytes": base64(logged) },
                                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                            },
                        },
                    } }),
                )
            }
        };
        (self.logged)(&mut body);
        let body = json!({ "apiVersion": version, "kind": kind, "spec": body }).to_string();
        let id = sha256(self.log.public_key_info());
        let mut entry = json!({
            "logIndex": "0",
            "logId": { "keyId": base64(id) },
            "kindVersion": { "kind": kind, "version": version },
            "integratedTime": self.integrated.to_string(),
            "canonicalizedBody": base64(&body),
        });
        if self.has_promise {
            let promised = json!({
                "body": base64(&body),
                "integratedTime": self.integrated,
                "logID": hex(&id),
                "logIndex": 0,
            });
            // Its keys are sorted, as the canonical form wants them.
            let promise = sign(&self.signs_promise, promised.to_string());
            entry["inclusionPromise"] = json!({ "signedEntryTimestamp": base64(promise) });
        }
        if self.has_proof {
            let root = sha256(asn1::concat([&[0][..], body.as_bytes()]));
            let head = format!("log.example\n1\n{}\n", base64(root));
            let signed = asn1::concat([&id[..4], &sign(&self.signs_checkpoint, &head)]);
            let checkpoint = format!("{head}\n\u{2014} log.example {}\n", base64(signed));
            entry["inclusionProof"] = json!({
                "logIndex": "0",
                "rootHash": base64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": { "envelope": checkpoint },
            });
        }
        entry
    }

    fn timestamper_certificate(&self) -> Vec<u8> {
        let extensions = [
            extension("2.5.29.15", true, &asn1::tlv(0x03, &[7, 0x80])),
            extension(
                "2.5.29.37",
                true,
                &asn1::sequence([asn1::oid(TIME_STAMPING)]),
            ),
        ];
        let valid = ("20200101000000Z", "20400101000000Z");
        let signed = to_be_signed("stamp root", "stamp", valid, &self.timestamper, &extensions);
        certificate(&signed, &Key::p384("stamp root"))
    }

    /// A token of RFC 3161 over the signature.
    fn token(&self, signature: &[u8], after: i64) -> Vec<u8> {
        let algorithm = asn1::sequence([asn1::oid(SHA256)]);
        let stamped = self.stamped.as_deref().unwrap_or(signature);
        let time = jiff::Timestamp::from_second(SIGNED + after).unwrap();
        let time = time.strftime("%Y%m%d%H%M%SZ").to_string();
        let info = asn1::sequence([
            asn1::unsigned(&[1]),
            asn1::oid("1.3.6.1.4.1.57264.2"),
            asn1::sequence([algorithm.clone(), asn1::octets(&sha256(stamped))]),
            asn1::unsigned(&[7]),
            asn1::generalized_time(&time),
        ]);
        let tst_info = asn1::oid("1.2.840.113549.1.9.16.1.4");
        let attribute =
            |id: &str, value: Vec<u8>| asn1::sequence([asn1::oid(id), asn1::set([value])]);
        let attributes = asn1::concat([
            attribute("1.2.840.113549.1.9.3", tst_info.clone()),
            attribute("1.2.840.113549.1.9.4", asn1::octets(&sha256(&info))),
        ]);
        let signer_info = asn1::sequence([
            asn1::unsigned(&[1]),
            asn1::sequence([name("stamp root"), asn1::unsigned(&[1])]),
            algorithm.clone(),
            asn1::context(0, &attributes),
            asn1::sequence([asn1::oid(ECDSA_SHA256)]),
            asn1::octets(&sign(&self.signs_token, asn1::tlv(0x31, &attributes))),
        ]);
        let signed = asn1::sequence([
            asn1::unsigned(&[3]),
            asn1::set([algorithm]),
            asn1::sequence([tst_info, asn1::context(0, &asn1::octets(&info))]),
            asn1::set([signer_info]),
        ]);
        let content =
            asn1::sequence([asn1::oid("1.2.840.113549.1.7.2"), asn1::context(0, &signed)]);
        asn1::sequence([asn1::sequence([asn1::unsigned(&[0])]), content])
    }
}

/// What GitHub's attest action writes.
pub(crate) fn statement_v1() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "shop.zip", "digest": { "sha256": hex(&ARTIFACT) } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": { "workflow": {
                    "ref": "refs/heads/main",
                    "repository": SOURCE,
                    "path": ".github/workflows/release.yml",
                } },
                "resolvedDependencies": [
                    {
                        "uri": "git+https://github.com/acme/tools@refs/heads/next",
                        "digest": { "gitCommit": "ffffffffffffffffffffffffffffffffffffffff" },
                    },
                    {
                        "uri": format!("git+{SOURCE}@refs/heads/main"),
                        "digest": { "gitCommit": COMMIT },
                    },
                ],
            },
            "runDetails": { "builder": { "id": WORKFLOW } },
        },
    })
}

/// What slsa-github-generator writes.
pub(crate) fn statement_v02() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{ "name": "shop.zip", "digest": { "sha256": hex(&ARTIFACT) } }],
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "predicate": {
            "builder": { "id": WORKFLOW },
            "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
            "invocation": {
                "configSource": {
                    "uri": format!("git+{SOURCE}@refs/heads/main"),
                    "digest": { "sha1": COMMIT },
                    "entryPoint": ".github/workflows/release.yml",
                },
            },
            "materials": [{
                "uri": format!("git+{SOURCE}@refs/heads/main"),
                "digest": { "sha1": COMMIT },
            }],
        },
    })
}

/// What a DSSE signature covers.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    asn1::concat([head.as_bytes(), payload])
}

fn sign(key: &Key, message: impl AsRef<[u8]>) -> Vec<u8> {
    let hash = match key {
        Key::P384(_) => Hash::Sha384,
        Key::P256(_) => Hash::Sha256,
    };
    key.sign(hash, message.as_ref()).der()
}

/// A name of one part, or of none.
fn name(common: &str) -> Vec<u8> {
    if common.is_empty() {
        return asn1::sequence::<&[u8]>([]);
    }
    let part = asn1::sequence([asn1::oid("2.5.4.3"), asn1::utf8(common)]);
    asn1::sequence([asn1::set([part])])
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        asn1::boolean_true()
    } else {
        Vec::new()
    };
    asn1::sequence([asn1::oid(id), critical, asn1::octets(value)])
}

fn to_be_signed(
    issuer: &str,
    subject: &str,
    (from, to): (&str, &str),
    key: &Key,
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    asn1::sequence([
        asn1::context(0, &asn1::unsigned(&[2])),
        asn1::unsigned(&[1]),
        asn1::sequence([asn1::oid(ECDSA_SHA384)]),
        name(issuer),
        // DER wants UTCTime for these years (RFC 5280 §4.1.2.5).
        asn1::sequence([asn1::utc_time(&from[2..]), asn1::utc_time(&to[2..])]),
        name(subject),
        key.public_key_info(),
        asn1::context(3, &asn1::sequence(extensions)),
    ])
}

fn certificate(signed: &[u8], key: &Key) -> Vec<u8> {
    asn1::sequence([
        signed.to_vec(),
        asn1::sequence([asn1::oid(ECDSA_SHA384)]),
        asn1::bits(&key.sign(Hash::Sha384, signed).der()),
    ])
}

fn authority_certificate(common: &str, key: &Key) -> Vec<u8> {
    let extensions = [
        extension("2.5.29.19", true, &asn1::sequence([asn1::boolean_true()])),
        extension("2.5.29.15", true, &asn1::tlv(0x03, &[1, 0x06])),
    ];
    let valid = ("20200101000000Z", "20400101000000Z");
    certificate(&to_be_signed(common, common, valid, key, &extensions), key)
}
