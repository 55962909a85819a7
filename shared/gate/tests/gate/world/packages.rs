//! The packages that the tests upload: forged once, verified for real, and remembered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use base64::Engine;
use countersign_gate::verdict::{Examine, Examined, Fact, PackageExaminer};
use countersign_package::{Limits, TrustRoots};
use countersign_testkit::{
    asn1,
    package::sign_with,
    pki::Pki,
    signature::attribute,
    zip::{EntryForge, ZipForge},
};
use sha2::{Digest, Sha256};

pub const ACCOUNT: &str = "111122223333";
pub const PROFILE: &str = "team_profile";
pub const PROFILE_VERSION: &str =
    "arn:aws:signer:us-east-1:111122223333:/signing-profiles/team_profile/AbCdEfGh12";
pub const STACK: &str =
    "arn:aws:cloudformation:us-east-1:111122223333:stack/gate/5d1e0000-0000-4000";
pub const SUMMARY_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/7c9b0000-0000-4000";
pub const CSC: &str =
    "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";

/// What comes of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It can be deployed.
    Good,
    /// What comes back is not what was sent.
    Swapped,
    /// The job fails.
    Unsignable,
    /// It is no zip.
    Broken,
}

/// One upload with what Signer makes of it.
pub struct Slot {
    pub nature: Nature,
    pub source: Vec<u8>,
    pub signed: Option<Vec<u8>>,
    pub code_sha256: String,
}

/// The id of the signing job that an upload's slot gets.
pub fn job_id(slot: usize) -> String {
    format!("cf0489c1-3eb6-4ff0-989e-{slot:012x}")
}

/// The ARN of that job.
pub fn job_arn(slot: usize) -> String {
    format!(
        "arn:aws:signer:us-east-1:{ACCOUNT}:/signing-jobs/{}",
        job_id(slot)
    )
}

pub fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(Pki::new)
}

/// A package with this content, unsigned.
pub fn zip(content: &str) -> ZipForge {
    ZipForge::new([EntryForge::file("index.mjs", content).stored()])
}

/// The same, signed by the job of `slot`.
pub fn signed(zip: &ZipForge, slot: usize) -> ZipForge {
    sign_with(zip, pki(), |signature| {
        let job = job_arn(slot);
        signature
            .signer()
            .set_attribute(attribute::JOB, asn1::utf8(&job));
        signature
            .signer()
            .set_attribute(attribute::PROFILE_VERSION, asn1::utf8(PROFILE_VERSION));
        signature.signer().sort_attributes();
    })
}

pub fn sha256(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

/// The uploads of the model: good ones (two with the same content), and one of each other nature.
pub fn slots() -> Arc<Vec<Slot>> {
    static SLOTS: OnceLock<Arc<Vec<Slot>>> = OnceLock::new();
    SLOTS
        .get_or_init(|| {
            let natures = [
                (Nature::Good, "export const one = 1;"),
                (Nature::Good, "export const two = 2;"),
                (Nature::Good, "export const one = 1;"),
                (Nature::Swapped, "export const four = 4;"),
                (Nature::Good, "export const five = 5;"),
                (Nature::Unsignable, "export const six = 6;"),
                (Nature::Broken, ""),
                (Nature::Good, "export const eight = 8;"),
            ];
            let make = |(at, (nature, content)): (usize, &(Nature, &str))| {
                let unsigned = zip(content);
                let source = match nature {
                    Nature::Broken => b"not a zip".to_vec(),
                    _ => unsigned.build(),
                };
                let signed = match nature {
                    Nature::Good => Some(signed(&unsigned, at).build()),
                    Nature::Swapped => Some(signed(&zip("something else"), at).build()),
                    Nature::Unsignable | Nature::Broken => None,
                };
                let code_sha256 = signed
                    .as_deref()
                    .map_or_else(|| format!("none {at}"), sha256);
                Slot {
                    nature: *nature,
                    source,
                    signed,
                    code_sha256,
                }
            };
            Arc::new(natures.iter().enumerate().map(make).collect())
        })
        .clone()
}

/// A package and its source.
type Pair = (Vec<u8>, Vec<u8>);

/// The real core over the forge's root, asked once for each pair of bytes.
pub struct CachingExaminer {
    core: PackageExaminer,
    known: Mutex<HashMap<Pair, Examined>>,
}

impl CachingExaminer {
    pub fn new() -> Self {
        let roots = TrustRoots::from_pem(pki().root_pem().as_bytes()).unwrap();
        Self {
            core: PackageExaminer::new(Limits::default(), Some(roots)),
            known: Mutex::default(),
        }
    }

    pub fn core(&self) -> &PackageExaminer {
        &self.core
    }
}

impl Examine for CachingExaminer {
    fn examine(&self, package: &[u8], source: Fact<Option<&[u8]>>) -> Examined {
        let Fact::Known(Some(bytes)) = source else {
            return self.core.examine(package, source);
        };
        let key = (package.to_vec(), bytes.to_vec());
        let known = self.known.lock().unwrap().get(&key).cloned();
        known.unwrap_or_else(|| {
            let examined = self.core.examine(package, source);
            self.known.lock().unwrap().insert(key, examined.clone());
            examined
        })
    }
}
