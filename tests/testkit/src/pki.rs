//! A public key infrastructure of the shape AWS Signer has: root, two subordinates, a leaf that
//! lives for three days; every certificate open to being made wrong before it is signed.
//!
//! Keys come from seeds and signatures are deterministic (RFC 6979), so two runs write the same
//! bytes.

use base64::{Engine, engine::general_purpose::STANDARD};
use p384::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest, Sha256, Sha384};

use crate::asn1;

/// `ecdsa-with-SHA384` (RFC 5758 §3.2).
pub const ECDSA_WITH_SHA384: &str = "1.2.840.10045.4.3.3";
/// `ecdsa-with-SHA256` (RFC 5758 §3.2).
pub const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";
/// Extended key usage `codeSigning` (RFC 5280 §4.2.1.12).
pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
/// Extended key usage `serverAuth` (RFC 5280 §4.2.1.12).
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";

const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";

/// A hash that a signature is made over.
#[derive(Clone, Copy, Debug)]
pub enum Hash {
    /// What Signer uses.
    Sha384,
    /// A downgrade.
    Sha256,
}

impl Hash {
    /// The digest of `message`.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
        }
    }
}

/// A private key.
#[derive(Clone)]
pub enum Key {
    /// On P-384, as Signer's are.
    P384(p384::ecdsa::SigningKey),
    /// On P-256: a downgrade.
    P256(p256::ecdsa::SigningKey),
}

impl Key {
    /// The P-384 key that belongs to `seed`.
    #[must_use]
    pub fn p384(seed: &str) -> Self {
        let scalar = Sha384::digest(seed);
        Self::P384(p384::ecdsa::SigningKey::from_slice(&scalar).expect("a digest is a scalar"))
    }

    /// The P-256 key that belongs to `seed`.
    #[must_use]
    pub fn p256(seed: &str) -> Self {
        let scalar = Sha256::digest(seed);
        Self::P256(p256::ecdsa::SigningKey::from_slice(&scalar).expect("a digest is a scalar"))
    }

    /// An ECDSA signature over the hash of `message`: r and s, each as wide as the curve.
    #[must_use]
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Ecdsa {
        let digest = hash.digest(message);
        match self {
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&digest).expect("a digest can be signed");
                Ecdsa::from_fixed(&signature.to_bytes())
            }
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&digest).expect("a digest can be signed");
                Ecdsa::from_fixed(&signature.to_bytes())
            }
        }
    }

    /// `SubjectPublicKeyInfo` (RFC 5480 §2).
    #[must_use]
    pub fn public_key_info(&self) -> Vec<u8> {
        let curve = match self {
            Self::P384(_) => "1.3.132.0.34",
            Self::P256(_) => "1.2.840.10045.3.1.7",
        };
        let algorithm = asn1::sequence([asn1::oid("1.2.840.10045.2.1"), asn1::oid(curve)]);
        asn1::sequence([algorithm, asn1::bits(&self.public_point())])
    }

    /// The public point, uncompressed (SEC 1 §2.3.3).
    #[must_use]
    pub fn public_point(&self) -> Vec<u8> {
        match self {
            Self::P384(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::P256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    /// What AWS uses as a key identifier is not known; any 20 bytes of the key's digest do.
    fn identifier(&self) -> Vec<u8> {
        Sha256::digest(self.public_point())[..20].to_vec()
    }
}

/// The two numbers of an ECDSA signature, big-endian.
#[derive(Clone)]
pub struct Ecdsa {
    /// r.
    pub r: Vec<u8>,
    /// s.
    pub s: Vec<u8>,
}

impl Ecdsa {
    fn from_fixed(bytes: &[u8]) -> Self {
        let (r, s) = bytes.split_at(bytes.len() / 2);
        Self {
            r: r.to_vec(),
            s: s.to_vec(),
        }
    }

    /// `Ecdsa-Sig-Value` in DER (RFC 5480, appendix A).
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        asn1::sequence([asn1::unsigned(&self.r), asn1::unsigned(&self.s)])
    }
}

/// An X.509 extension.
#[derive(Clone)]
pub struct ExtensionForge {
    /// Dotted OID.
    pub id: String,
    /// The BOOLEAN as it is written: TRUE, or nothing for what is not critical.
    pub critical: Vec<u8>,
    /// What goes into the OCTET STRING.
    pub value: Vec<u8>,
    /// What follows the OCTET STRING in the extension.
    pub appended: Vec<u8>,
}

impl ExtensionForge {
    /// An extension.
    #[must_use]
    pub fn new(id: &str, critical: bool, value: Vec<u8>) -> Self {
        let critical = if critical {
            asn1::boolean_true()
        } else {
            Vec::new()
        };
        Self {
            id: id.to_owned(),
            critical,
            value,
            appended: Vec::new(),
        }
    }

    /// `BasicConstraints`: `None` is "not a CA", written as AWS writes it, with an empty SEQUENCE.
    #[must_use]
    pub fn basic_constraints(ca: Option<Option<u8>>) -> Self {
        let value = match ca {
            None => asn1::sequence::<&[u8]>([]),
            Some(None) => asn1::sequence([asn1::boolean_true()]),
            Some(Some(path)) => asn1::sequence([asn1::boolean_true(), asn1::unsigned(&[path])]),
        };
        Self::new(BASIC_CONSTRAINTS, ca.is_some(), value)
    }

    /// `KeyUsage`, from its one octet of bits (RFC 5280 §4.2.1.3): 0x80 digitalSignature, 0x04
    /// keyCertSign, 0x02 cRLSign.
    #[must_use]
    pub fn key_usage(bits: u8) -> Self {
        let unused = bits.trailing_zeros().min(7) as u8;
        Self::new(KEY_USAGE, true, asn1::tlv(0x03, &[unused, bits]))
    }

    /// `ExtendedKeyUsage`.
    #[must_use]
    pub fn extended_key_usage(purposes: &[&str]) -> Self {
        let value = asn1::sequence(purposes.iter().map(|purpose| asn1::oid(purpose)));
        Self::new(EXTENDED_KEY_USAGE, true, value)
    }

    fn write(&self) -> Vec<u8> {
        asn1::sequence([
            asn1::oid(&self.id),
            self.critical.clone(),
            asn1::octets(&self.value),
            self.appended.clone(),
        ])
    }
}

/// A level of a certificate's encoding, at the end of which something can be put that does not
/// belong there. The levels that [`CertificateForge`] has a field for are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateLevel {
    /// `Certificate` itself, after its signature.
    Certificate,
    /// `TBSCertificate`, after the extensions.
    Signed,
    /// `[0]`, after the version.
    Version,
    /// `Validity`, after notAfter.
    Validity,
    /// `[3]`, after the list of extensions.
    Extensions,
}

/// A certificate before it is signed.
#[derive(Clone)]
pub struct CertificateForge {
    /// `Some(2)` is version 3; `None` leaves the field out, which means version 1.
    pub version: Option<u8>,
    /// Serial number, big-endian.
    pub serial: Vec<u8>,
    /// Algorithm inside the signed part.
    pub inner_algorithm: Vec<u8>,
    /// Issuer, a DER Name.
    pub issuer: Vec<u8>,
    /// Start of validity, a DER time.
    pub not_before: Vec<u8>,
    /// End of validity, a DER time.
    pub not_after: Vec<u8>,
    /// Subject, a DER Name.
    pub subject: Vec<u8>,
    /// `SubjectPublicKeyInfo`.
    pub public_key_info: Vec<u8>,
    /// Extensions, in order.
    pub extensions: Vec<ExtensionForge>,
    /// Algorithm beside the signature.
    pub outer_algorithm: Vec<u8>,
    /// Something at the end of a level, inside of it.
    pub appended: Option<(CertificateLevel, Vec<u8>)>,
}

impl CertificateForge {
    /// The extension with this OID.
    pub fn extension(&mut self, id: &str) -> &mut ExtensionForge {
        self.extensions
            .iter_mut()
            .find(|extension| extension.id == id)
            .expect("an extension")
    }

    /// Replaces the extension with the same OID, or adds one.
    pub fn set_extension(&mut self, new: ExtensionForge) {
        match self
            .extensions
            .iter_mut()
            .find(|extension| extension.id == new.id)
        {
            Some(old) => *old = new,
            None => self.extensions.push(new),
        }
    }

    /// Takes out the extension that `like` names.
    pub fn remove_extension(&mut self, like: &ExtensionForge) {
        self.extensions.retain(|extension| extension.id != like.id);
    }

    /// What was put at the end of this level.
    fn appended_to(&self, level: CertificateLevel) -> &[u8] {
        match &self.appended {
            Some((found, bytes)) if *found == level => bytes,
            _ => &[],
        }
    }

    fn sign(&self, key: &Key) -> Vec<u8> {
        let end_of = |level| self.appended_to(level);
        let version = self.version.map(|version| {
            let version = asn1::unsigned(&[version]);
            asn1::context(
                0,
                &asn1::concat([&version, end_of(CertificateLevel::Version)]),
            )
        });
        let extensions = asn1::sequence(self.extensions.iter().map(ExtensionForge::write));
        let extensions = asn1::concat([&extensions, end_of(CertificateLevel::Extensions)]);
        let signed = asn1::sequence([
            version.unwrap_or_default(),
            asn1::unsigned(&self.serial),
            self.inner_algorithm.clone(),
            self.issuer.clone(),
            asn1::sequence([
                &self.not_before,
                &self.not_after,
                end_of(CertificateLevel::Validity),
            ]),
            self.subject.clone(),
            self.public_key_info.clone(),
            if self.extensions.is_empty() {
                Vec::new()
            } else {
                asn1::context(3, &extensions)
            },
            end_of(CertificateLevel::Signed).to_vec(),
        ]);
        let signature = asn1::bits(&key.sign(Hash::Sha384, &signed).der());
        asn1::sequence([
            &signed,
            &self.outer_algorithm,
            &signature,
            end_of(CertificateLevel::Certificate),
        ])
    }
}

/// A certificate to be, its key, and the key that will sign it.
#[derive(Clone)]
pub struct Level {
    /// What the certificate will say.
    pub certificate: CertificateForge,
    /// Its own private key.
    pub key: Key,
    /// The private key that signs it: its issuer's, unless a test lies.
    pub signed_by: Key,
}

/// The four levels before they are signed.
#[derive(Clone)]
pub struct PkiForge {
    /// Self-signed, valid for a century.
    pub root: Level,
    /// Subordinate CA under the root, path length 1.
    pub upper: Level,
    /// Subordinate CA under `upper`, path length 0.
    pub lower: Level,
    /// Signs packages; valid 2026-09-27 to 2026-09-30.
    pub leaf: Level,
}

impl PkiForge {
    /// What AWS has, with keys from `seed`. Other seeds give other keys under the same names.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        let key = |role: &str| Key::p384(&format!("{seed} {role}"));
        let (root, upper, lower, leaf) = (key("root"), key("upper"), key("lower"), key("leaf"));
        let names = [
            "Test us-west-2 ROOT CA",
            "Test us-west-2 SUBORDINATE CA",
            "Test us-east-1 SUBORDINATE CA",
            "signer",
        ];
        let [root_name, upper_name, lower_name, leaf_name] = names.map(name);
        let centuries = (
            asn1::utc_time("200716182147Z"),
            asn1::generalized_time("21200716192147Z"),
        );
        let years = (
            asn1::utc_time("210712195037Z"),
            asn1::utc_time("310712205037Z"),
        );
        let months = (
            asn1::utc_time("260406141736Z"),
            asn1::utc_time("270206151736Z"),
        );
        let days = (
            asn1::utc_time("260927142942Z"),
            asn1::utc_time("260930152942Z"),
        );
        let level =
            |subject: &[u8], own: &Key, issuer: &[u8], by: &Key, valid: (Vec<u8>, Vec<u8>)| Level {
                certificate: certificate(subject, own, issuer, by, valid),
                key: own.clone(),
                signed_by: by.clone(),
            };
        let mut forge = Self {
            root: level(&root_name, &root, &root_name, &root, centuries),
            upper: level(&upper_name, &upper, &root_name, &root, years),
            lower: level(&lower_name, &lower, &upper_name, &upper, months),
            leaf: level(&leaf_name, &leaf, &lower_name, &lower, days),
        };
        let extend = |level: &mut Level, extensions: &[ExtensionForge]| {
            level.certificate.extensions.extend_from_slice(extensions);
        };
        let usage = ExtensionForge::key_usage(0x86);
        extend(
            &mut forge.root,
            &[ExtensionForge::basic_constraints(Some(None)), usage.clone()],
        );
        extend(
            &mut forge.upper,
            &[
                ExtensionForge::basic_constraints(Some(Some(1))),
                usage.clone(),
            ],
        );
        extend(
            &mut forge.lower,
            &[ExtensionForge::basic_constraints(Some(Some(0))), usage],
        );
        extend(
            &mut forge.leaf,
            &[
                ExtensionForge::basic_constraints(None),
                ExtensionForge::key_usage(0x80),
                ExtensionForge::extended_key_usage(&[CODE_SIGNING]),
            ],
        );
        forge
    }

    /// Signs the four certificates.
    #[must_use]
    pub fn mint(&self) -> Pki {
        let mint = |level: &Level| level.certificate.sign(&level.signed_by);
        Pki {
            root: mint(&self.root),
            upper: mint(&self.upper),
            lower: mint(&self.lower),
            leaf: mint(&self.leaf),
            leaf_issuer: self.leaf.certificate.issuer.clone(),
            leaf_serial: self.leaf.certificate.serial.clone(),
            leaf_key: self.leaf.key.clone(),
        }
    }
}

/// Four certificates in DER, and the key of the leaf.
#[derive(Clone)]
pub struct Pki {
    /// The root.
    pub root: Vec<u8>,
    /// The subordinate under the root.
    pub upper: Vec<u8>,
    /// The subordinate that issued the leaf.
    pub lower: Vec<u8>,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// The leaf's issuer, a DER Name.
    pub leaf_issuer: Vec<u8>,
    /// The leaf's serial number, big-endian.
    pub leaf_serial: Vec<u8>,
    /// The leaf's private key.
    pub leaf_key: Key,
}

impl Pki {
    /// The ordinary PKI of the tests.
    #[must_use]
    pub fn new() -> Self {
        PkiForge::new("countersign").mint()
    }

    /// A PKI with one thing changed before it is signed.
    #[must_use]
    pub fn forge(change: impl FnOnce(&mut PkiForge)) -> Self {
        let mut forge = PkiForge::new("countersign");
        change(&mut forge);
        forge.mint()
    }

    /// The root in PEM, as `--trust-root` takes it.
    #[must_use]
    pub fn root_pem(&self) -> String {
        pem(&self.root)
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}

/// A certificate in PEM (RFC 7468 §5).
#[must_use]
pub fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// An `AlgorithmIdentifier` without parameters.
#[must_use]
pub fn algorithm(id: &str) -> Vec<u8> {
    asn1::sequence([asn1::oid(id)])
}

/// A Name with the attributes AWS uses.
#[must_use]
pub fn name(common_name: &str) -> Vec<u8> {
    let attribute = |id: &str, value: Vec<u8>| asn1::set([asn1::sequence([asn1::oid(id), value])]);
    asn1::sequence([
        attribute("2.5.4.6", asn1::tlv(0x13, b"US")),
        attribute("2.5.4.10", asn1::utf8("Countersign tests")),
        attribute("2.5.4.3", asn1::utf8(common_name)),
    ])
}

fn certificate(
    subject: &[u8],
    own: &Key,
    issuer: &[u8],
    by: &Key,
    (not_before, not_after): (Vec<u8>, Vec<u8>),
) -> CertificateForge {
    let authority = asn1::sequence([asn1::tlv(0x80, &by.identifier())]);
    let mut extensions = vec![ExtensionForge::new(
        SUBJECT_KEY_IDENTIFIER,
        false,
        asn1::octets(&own.identifier()),
    )];
    if subject != issuer {
        extensions.insert(
            0,
            ExtensionForge::new(AUTHORITY_KEY_IDENTIFIER, false, authority),
        );
    }
    CertificateForge {
        version: Some(2),
        serial: Sha256::digest(subject)[..16].to_vec(),
        inner_algorithm: algorithm(ECDSA_WITH_SHA384),
        issuer: issuer.to_vec(),
        not_before,
        not_after,
        subject: subject.to_vec(),
        public_key_info: own.public_key_info(),
        extensions,
        outer_algorithm: algorithm(ECDSA_WITH_SHA384),
        appended: None,
    }
}
