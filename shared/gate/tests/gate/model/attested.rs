//! Schedules in which it has to be proven where packages were built: attestations are there, come late or never, or are of another
//! repository or of other bytes.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use countersign_gate::{
    deployment::ProvenanceSettings,
    domain::{AttestationFolder, BUILDER_TAG, SOURCE_TAG},
    verdict::{BuilderTrust, DemandParts},
};
use countersign_testkit::pki::Key;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::schedule::Schedule;
use crate::{
    attest_forge::{Forge, SOURCE, hex, pem},
    world::packages::slots,
};

/// How long an attestation is waited for.
pub(super) const WAIT: Duration = Duration::from_mins(40);
const ELSEWHERE: &str = "https://github.com/evil/shop";

/// One of eight, by the seed alone.
pub(super) fn demands_provenance(seed: u64) -> bool {
    seed % 8 == 1
}

fn key() -> Key {
    Key::p256("the builder of the model")
}

/// The stack demands it of every target.
pub(super) fn demanding_provenance() -> ProvenanceSettings {
    let public = pem("PUBLIC KEY", &key().public_key_info());
    let keys = BuilderTrust::keys_from_pem(&public).unwrap();
    let builder = format!("sha256:{}", hex(&keys[0].sha256()));
    let tags = [
        (SOURCE_TAG, "github.com/acme/shop"),
        (BUILDER_TAG, builder.as_str()),
    ];
    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
    ProvenanceSettings {
        demand: DemandParts::of_tags(&tags.into()).unwrap(),
        trust: BuilderTrust {
            roots: Vec::new(),
            keys,
        },
        wait: WAIT,
    }
}

/// What the builder says of a slot's bytes: signed once.
fn statement(slot: usize, source: &'static str) -> Vec<u8> {
    type Signed = HashMap<(usize, &'static str), Vec<u8>>;
    static SIGNED: LazyLock<Mutex<Signed>> = LazyLock::new(Mutex::default);
    let mut signed = SIGNED.lock().unwrap();
    let made = signed.entry((slot, source)).or_insert_with(|| {
        let sha256 = hex(&Sha256::digest(&slots()[slot].source));
        let workflow = "/predicate/buildDefinition/externalParameters/workflow";
        let mut forge = Forge::new()
            .says("/subject/0/digest/sha256", json!(sha256))
            .says(&format!("{workflow}/repository"), json!(source))
            .says(
                "/predicate/buildDefinition/resolvedDependencies/1/uri",
                json!(format!("git+{source}@refs/heads/main")),
            );
        forge.signs_statement = key();
        forge.envelope().to_string().into_bytes()
    });
    made.clone()
}

/// What proves where the package was built whose attestations have such keys.
pub(super) fn proof_of(key: &str) -> Vec<u8> {
    let is_of = |slot: &usize| {
        let sha256 = Sha256::digest(&slots()[*slot].source).into();
        key.starts_with(AttestationFolder::of(&sha256).as_str())
    };
    let slot = (0..slots().len()).find(is_of);
    slot.map(|slot| statement(slot, SOURCE)).unwrap_or_default()
}

impl Schedule {
    /// A builder says something of an upload, or somebody puts there what was said of another.
    pub(super) fn builder_speaks(&mut self) {
        let puts = self.world.state().puts.len();
        if puts == 0 {
            return;
        }
        let put = self.random.below(puts);
        match self.random.below(10) {
            0..=5 => self.attest(put),
            6..=7 => self.put_attestation(put, "elsewhere.json", |slot| statement(slot, ELSEWHERE)),
            _ => {
                let other = self.random.below(slots().len());
                self.put_attestation(put, "other.json", |_| statement(other, SOURCE));
            }
        }
    }

    /// The one that proves it.
    pub(super) fn attest(&mut self, put: usize) {
        self.put_attestation(put, "build.json", |slot| statement(slot, SOURCE));
    }

    fn put_attestation(&mut self, put: usize, name: &str, body: impl Fn(usize) -> Vec<u8>) {
        let mut state = self.world.state();
        let Some(slot) = state.puts[put].slot else {
            return;
        };
        let source = state.packages[slot].source.clone();
        let folder = AttestationFolder::of(&Sha256::digest(&source).into());
        let (key, body) = (format!("{folder}{name}"), body(slot));
        state.note(|| format!("                {name} is put there for slot {slot}"));
        state.ticks += 1;
        let at = state.ticks;
        // What was said of another may be what is said of this one.
        let proof = statement(slot, SOURCE);
        if body == proof {
            state.attested.entry(source).or_insert(at);
        } else if state.attestations.get(&key) == Some(&proof) {
            state.proof_replaced.insert(source);
        }
        state.attestations.insert(key, body);
    }
}
