//! What attestations of a package prove: bytes in, a proof or what is wrong out.

use std::{fmt, sync::Arc};

use countersign_attest::{
    AttestError, Bundle, KeyError, MAX_BUNDLE_BYTES, Provenance, PublicKey, Subject, TrustRoot,
    TrustRootError, shown, verify_by_any, verify_with_key,
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::VersionId;

/// A Sigstore instance that may vouch for builds. It is read when something is to be verified against it, so that it
/// costs nothing where nothing is demanded.
#[derive(Clone)]
pub enum BuilderRoot {
    /// The public good instance.
    PublicGood,
    /// GitHub's own, for its private repositories.
    GitHub,
    /// Another one, by its `trusted_root.json`.
    Json(Arc<[u8]>),
}

/// Whom attestations may lead to: Sigstore instances, and keys of one's own. A key is believed for a demand that names
/// it, and for no other.
#[derive(Clone, Debug)]
pub struct BuilderTrust {
    /// The instances.
    pub roots: Vec<BuilderRoot>,
    /// The keys.
    pub keys: Vec<PublicKey>,
}

/// An object that was found where the attestations of a package lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttestation {
    /// Its key.
    pub key: String,
    /// What was read of it.
    pub content: StoredContent,
}

/// What was read of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredContent {
    /// All of it, and of which version.
    Read {
        /// The version.
        version: VersionId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Nothing: it has this many bytes, more than any attestation.
    TooLarge(u64),
}

/// One of these objects, after it was looked at.
#[derive(Clone, Debug)]
pub(crate) struct ExaminedAttestation {
    pub(crate) key: String,
    /// The version and SHA-256 in hexadecimal of what was read.
    pub(crate) read: Option<(VersionId, String)>,
    /// What it proves of the package, or why it proves nothing.
    pub(crate) proof: Result<Provenance, String>,
}

/// All that was found where the attestations of a package lie.
#[derive(Clone, Debug, Default)]
pub struct FoundAttestations {
    pub(crate) examined: Vec<ExaminedAttestation>,
    /// There is more than was looked at.
    pub(crate) has_more: bool,
}

impl FoundAttestations {
    /// Verifies each object by itself, for the package with this SHA-256. `now` is the time that no proven time may be
    /// after. Whatever is wrong with an object is kept with it.
    pub fn examine(
        stored: Vec<StoredAttestation>,
        has_more: bool,
        sha256: &[u8; 32],
        trust: &BuilderTrust,
        now: Timestamp,
    ) -> Result<Self, TrustRootError> {
        // Without anything to verify, no trust root is read.
        let roots = if stored.is_empty() {
            Vec::new()
        } else {
            let roots = trust.roots.iter().map(BuilderRoot::read);
            roots.collect::<Result<Vec<_>, _>>()?
        };
        let subject = Subject::of_sha256(*sha256);
        let examine = |stored: StoredAttestation| {
            let (read, proof) = match stored.content {
                StoredContent::Read { version, bytes } => {
                    let digest = hex::encode(Sha256::digest(&bytes));
                    let proof = verify(&bytes, &roots, &trust.keys, &subject, now);
                    (Some((version, digest)), proof)
                }
                StoredContent::TooLarge(size) => {
                    let why = format!("it has {size} bytes, at most {MAX_BUNDLE_BYTES} are read");
                    (None, Err(why))
                }
            };
            ExaminedAttestation {
                key: stored.key,
                read,
                proof,
            }
        };
        Ok(Self {
            examined: stored.into_iter().map(examine).collect(),
            has_more,
        })
    }
}

fn verify(
    bytes: &[u8],
    roots: &[TrustRoot],
    keys: &[PublicKey],
    subject: &Subject,
    now: Timestamp,
) -> Result<Provenance, String> {
    let bundle = Bundle::parse(bytes).map_err(|error| error.to_string())?;
    let refusal = match verify_by_any(&bundle, roots, subject, now) {
        Ok(provenance) => return Ok(provenance),
        Err(refusal) => refusal,
    };
    // Signed with a key: which of them, only trying tells.
    let mut told = refusal;
    if told == AttestError::SignedByKey {
        for key in keys {
            match verify_with_key(&bundle, key, subject) {
                Ok(provenance) => return Ok(provenance),
                Err(error) => told = error,
            }
        }
    }
    Err(told.to_string())
}

impl BuilderTrust {
    /// The instances that are built in, and no keys.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            roots: vec![BuilderRoot::PublicGood, BuilderRoot::GitHub],
            keys: Vec::new(),
        }
    }
}

impl BuilderTrust {
    /// Reads public keys in PEM, one after the other.
    pub fn keys_from_pem(pem: &str) -> Result<Vec<PublicKey>, KeyError> {
        const END: &str = "-----END PUBLIC KEY-----";
        let mut keys = Vec::new();
        let mut rest = pem.trim();
        while !rest.is_empty() {
            // Text that is no key is an error of its own.
            let end = rest
                .find(END)
                .map_or(rest.len(), |at| at.saturating_add(END.len()));
            let (key, after) = rest.split_at(end);
            keys.push(PublicKey::from_pem(key.as_bytes())?);
            rest = after.trim_start();
        }
        Ok(keys)
    }
}

impl BuilderRoot {
    fn read(&self) -> Result<TrustRoot, TrustRootError> {
        match self {
            Self::PublicGood => TrustRoot::public_good(),
            Self::GitHub => TrustRoot::github(),
            Self::Json(bytes) => TrustRoot::parse(bytes),
        }
    }
}

impl fmt::Debug for BuilderRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicGood => "PublicGood",
            Self::GitHub => "GitHub",
            Self::Json(_) => "Json",
        })
    }
}

impl ExaminedAttestation {
    /// Its name for people: its key's last part, which may hold anything.
    pub(crate) fn name(&self) -> String {
        let mut parts = self.key.splitn(3, '/').skip(2);
        shown(parts.next().unwrap_or(&self.key))
    }
}
