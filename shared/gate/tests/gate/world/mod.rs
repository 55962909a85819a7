//! A small AWS in memory: S3 with versions, Signer, Lambda with revisions, a bus. Every port call is
//! a point at which the scheduler of a test may do something else first, drop the caller, throttle
//! it, or let the effect happen and lose the answer.

#![expect(
    unreachable_pub,
    reason = "one binary of tests, in which everything may use the world"
)]

pub mod attested;
pub mod invariants;
mod lambda;
mod mistake;
mod others;
pub mod packages;
pub mod people;
pub mod pruning;
pub mod quotas;
pub mod random;
pub mod run;
pub mod simulated_ports;
mod simulated_records;
mod sweeping;
pub mod trail;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use mistake::Mistake;

use countersign_gate::{
    domain::{
        CodeStorage, Csc, CscArn, CscPolicy, FunctionConfiguration, LifecycleRule, PackageVersion,
        ProfileName, ProfileStatus, ReferencedObject, SigningJobId, VersionId,
    },
    ports::{JobRequest, SnsMessage, UpdateStatus, UploadFunction},
};
use jiff::Timestamp;
use packages::{CSC, PROFILE, PROFILE_VERSION, Slot};
use random::Random;
use simulated_ports::CurrentObject;
use trail::Trail;

/// When every world begins.
pub const START: &str = "2026-09-28T12:00:00Z";

pub const UPLOADS: &str = "uploads";
pub const SIGNED: &str = "signed";
pub const RECORDS: &str = "records";
pub const FUNCTION: &str = "functions/checkout.zip";
pub const LAYER: &str = "layers/common.zip";

/// How the world treats its callers.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// Of 1,000 calls, so many are throttled.
    pub throttled: u64,
    /// Of 1,000 calls, so many have their effect and lose their answer.
    pub lost: u64,
}

/// What goes wrong at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultAt {
    Throttled,
    /// It has its effect.
    AnswerLost,
}

/// One version of an upload's key.
#[derive(Clone)]
pub struct StoredVersion {
    pub version: VersionId,
    pub at: Timestamp,
    /// Which package it is; `None` is a delete marker.
    pub slot: Option<usize>,
}

/// One version of a statement; without a body, a delete marker.
#[derive(Clone)]
pub struct StoredStatement {
    pub version: VersionId,
    pub at: Timestamp,
    pub body: Option<Vec<u8>>,
    /// Counts with everything else that happens.
    pub tick: u64,
    /// Who put it there, where a schedule says so.
    pub by: Option<&'static str>,
}

/// One `PutObject` or `DeleteObject` of an upload's key, which stays known when its version is deleted for
/// good.
#[derive(Clone)]
pub struct Put {
    pub key: String,
    pub version: VersionId,
    pub at: Timestamp,
    pub tick: u64,
    /// Which package it is; `None` is a delete marker.
    pub slot: Option<usize>,
    /// When it was deleted for good.
    pub gone_at: Option<u64>,
}

#[derive(Clone)]
pub struct Job {
    pub request: JobRequest,
    /// `None` while in progress.
    pub succeeded: Option<bool>,
    pub completed_at: Option<Timestamp>,
}

/// An alias of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliasState {
    pub version: String,
    pub weights: BTreeMap<String, String>,
    pub revision: u64,
}

impl AliasState {
    pub fn at(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            ..Self::default()
        }
    }
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedVersion {
    pub code_sha256: String,
    pub job_arn: Option<String>,
    pub config: u64,
    pub configuration: FunctionConfiguration,
    pub description: String,
    pub is_deleted: bool,
    /// When it was deleted, if it was.
    pub deleted_at: u64,
}

impl PublishedVersion {
    /// Whether there is no reason to publish the other.
    pub fn is_like(&self, other: &Self) -> bool {
        !self.is_deleted
            && (&self.code_sha256, self.config, &self.configuration)
                == (&other.code_sha256, other.config, &other.configuration)
    }

    pub fn of(code_sha256: &str) -> Self {
        Self {
            code_sha256: code_sha256.to_owned(),
            job_arn: None,
            config: 0,
            configuration: FunctionConfiguration::default(),
            description: String::new(),
            is_deleted: false,
            deleted_at: 0,
        }
    }
}

#[derive(Clone)]
pub struct FunctionState {
    pub code_sha256: String,
    pub job_arn: Option<String>,
    pub profile_version_arn: Option<String>,
    pub revision: u64,
    pub update: UpdateStatus,
    pub tags: BTreeMap<String, String>,
    pub is_image: bool,
    pub is_on_managed_instances: bool,
    /// What calls without a qualifier run there.
    pub latest_published: Option<PublishedVersion>,
    pub csc: Option<CscArn>,
    /// Changes with the configuration.
    pub config: u64,
    pub configuration: FunctionConfiguration,
    /// Published versions, from 1.
    pub versions: Vec<PublishedVersion>,
    /// How many more looks the last of them takes to get ready.
    pub last_pends: u32,
    /// Which of them Lambda has called ready.
    pub ready: BTreeSet<String>,
    pub aliases: BTreeMap<String, AliasState>,
    /// The versions that have provisioned concurrency.
    pub provisioned: BTreeSet<String>,
}

impl FunctionState {
    /// A function that nobody has deployed to yet.
    pub fn new() -> Self {
        Self {
            code_sha256: "first".to_owned(),
            job_arn: None,
            profile_version_arn: None,
            revision: 1,
            update: UpdateStatus::Successful,
            tags: BTreeMap::new(),
            is_image: false,
            is_on_managed_instances: false,
            latest_published: None,
            csc: Some(CscArn::parse(CSC).unwrap()),
            config: 0,
            configuration: FunctionConfiguration::default(),
            versions: Vec::new(),
            last_pends: 0,
            ready: BTreeSet::new(),
            aliases: BTreeMap::new(),
            provisioned: BTreeSet::new(),
        }
    }
}

#[derive(Clone)]
pub struct LayerState {
    pub description: String,
    pub code_sha256: String,
    pub storage: CodeStorage,
    pub slot: usize,
    /// Its `CompatibleRuntimes` and `CompatibleArchitectures`.
    pub runs_on: [Vec<String>; 2],
}

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct WorldState {
    pub now: Timestamp,
    pub random: Random,
    pub faults: Faults,
    pub packages: Arc<Vec<Slot>>,
    pub uploads: BTreeMap<String, Vec<StoredVersion>>,
    /// What people put into the uploads bucket beside uploads, by key.
    pub statements: BTreeMap<String, Vec<StoredStatement>>,
    pub metadata: BTreeMap<String, String>,
    /// The tags of every upload.
    pub upload_tags: BTreeMap<String, String>,
    /// Below `attestations/` of the uploads bucket, by key.
    pub attestations: BTreeMap<String, Vec<u8>>,
    /// Attestations that are deleted after they were listed.
    pub attestations_vanish: bool,
    pub signed: BTreeMap<String, Vec<u8>>,
    /// What Lambda reads the code of a target from, by the target.
    pub referenced: BTreeMap<String, ReferencedObject>,
    /// The listing of the uploads bucket names the same next page for ever.
    pub versions_go_round: bool,
    /// The lifecycle rules of the signed bucket.
    pub lifecycle: Vec<LifecycleRule>,
    /// The versions of each key of the signed bucket, the newest first, where they are not as Signer wrote them.
    pub package_versions: BTreeMap<String, Vec<PackageVersion>>,
    /// The versions of each target's object under `current/`.
    pub current: BTreeMap<String, Vec<CurrentObject>>,
    pub records: BTreeMap<String, Vec<u8>>,
    pub jobs: BTreeMap<SigningJobId, Job>,
    pub tokens: BTreeMap<String, SigningJobId>,
    pub profile: ProfileStatus,
    pub functions: BTreeMap<String, FunctionState>,
    pub layers: BTreeMap<String, Vec<LayerState>>,
    pub cscs: BTreeMap<String, Csc>,
    /// Outcomes that were announced: detail of each event.
    pub events: Vec<String>,
    /// Approvals that were asked for: detail of each event.
    pub approvals_asked: Vec<String>,
    /// What was published to the topic.
    pub pages: Vec<SnsMessage>,
    /// Port calls, as AWS names them.
    pub calls: Vec<&'static str>,
    /// What goes wrong at one of them, counted from 0.
    pub fault_at: Option<(usize, FaultAt)>,
    /// What AWS allows in a second; without them, everything.
    pub quotas: Option<quotas::Quotas>,
    /// Calls that are always in trouble.
    pub broken: BTreeSet<&'static str>,
    /// What Lambda answers to a dry run, if it is not to be asked.
    pub dry_run_refuses: Option<countersign_gate::domain::Refusal>,
    /// Updates end so, with this reason.
    pub updates_fail: Option<String>,
    /// Updates never end.
    pub updates_never_end: bool,
    /// How often a version that was just published is looked at before it is ready.
    pub versions_pend: u32,
    /// How many more looks what was published to latest takes to get ready.
    pub latest_published_pends: u32,
    /// It never gets ready, for this reason.
    pub latest_published_fails: Option<String>,
    /// Versions never get ready, for this reason.
    pub versions_fail: Option<String>,
    /// Updates end in this, which the gate does not know.
    pub updates_end_unknown: Option<String>,
    /// Versions are in this state, which the gate does not know.
    pub versions_unknown: Option<String>,
    /// Signing jobs have this status, which the gate does not know.
    pub jobs_unknown: Option<String>,
    /// Lambda reports another signing job than the package's.
    pub reports_another_job: bool,
    /// Lambda does not change a function's processor, whatever it was told.
    pub keeps_architecture: bool,
    /// The uploads bucket has no versions.
    pub is_unversioned: bool,
    /// Uploads claim this size.
    pub claimed_size: Option<u64>,
    /// Lambda refuses to move an alias, for this reason.
    pub alias_refuses: Option<countersign_gate::domain::Refusal>,
    /// Turns given to the scheduler.
    pub turns: u64,
    /// Until when tasks sleep that were polled since this was last cleared.
    pub sleepers: Vec<Timestamp>,
    /// What happened, for a person to read.
    pub trace: Vec<String>,
    pub tracing: bool,
    /// Gate's own effects on code: the slot of each, in order.
    pub applied: Vec<usize>,
    /// When someone else last changed the function's code.
    pub foreign_at: Option<u64>,
    /// When someone else last moved the function's alias.
    pub alias_moved_at: Option<u64>,
    /// When Lambda last told a caller that the alias points at this version.
    pub alias_confirmed_at: BTreeMap<String, u64>,
    /// When Lambda last told a caller that the function runs this code.
    pub confirmed_at: BTreeMap<String, u64>,
    /// Counts whatever happens.
    pub ticks: u64,
    /// What the gate does wrong, if anything.
    pub mistake: Option<Mistake>,
    /// Everything that was ever put under a key, in order. Its place is its name here.
    pub puts: Vec<Put>,
    /// The uploads whose code Lambda took from the gate.
    pub took: BTreeSet<usize>,
    /// The slots that somebody created the function from.
    pub given: BTreeSet<usize>,
    /// The uploads whose code landed on the function, in order.
    pub landed: Vec<usize>,
    /// The upload that each alias was last moved for.
    pub moved: BTreeMap<String, usize>,
    /// The upload that each target's current package was last replaced with.
    pub offered: BTreeMap<String, usize>,
    /// Functions that were deleted, and when.
    pub former: Vec<(FunctionState, u64)>,
    /// Somebody changed the function's tags.
    pub tags_changed: bool,
    /// When somebody forged a target's `live.json`.
    pub live_forged: BTreeMap<String, u64>,
    /// The uploads for which somebody forged a verdict.
    pub verdicts_forged: BTreeSet<usize>,
    /// The uploads under whose token somebody else started a job.
    pub hijacked: BTreeSet<usize>,
    /// A canary is not to be ended by the gate.
    pub canaries_are_safe: bool,
    /// A call takes up to so many milliseconds.
    pub slowness_ms: usize,
    /// Of 1,000 waits, so many end with Lambda done with what is under way.
    pub settles: u64,
    /// Signer does not know a job for so many looks.
    pub jobs_hide: u32,
    /// What a job signed is not there for so many looks.
    pub objects_hide: u32,
    /// How often each job and object was looked for.
    pub looks: BTreeMap<String, u32>,
    /// When the signature of every job expires.
    pub signatures_expire_at: Option<Timestamp>,
    /// When the signature of every job was revoked.
    pub jobs_revoked_at: Option<Timestamp>,
    /// This job alone was revoked.
    pub job_revoked: Option<SigningJobId>,
    /// The function was without a code signing configuration, for a while at least.
    pub was_unsigned: bool,
    /// Signatures were revoked, for a while at least.
    pub was_revoked: bool,
    /// Whether it has to be proven where uploads were built.
    pub demands_provenance: bool,
    /// What would prove it, by the key of an attestation: for mistakes.
    pub proves: fn(&str) -> Vec<u8>,
    /// Since when that is proven of these bytes.
    pub attested: BTreeMap<Vec<u8>, u64>,
    /// Bytes of which somebody put something else over a proof.
    pub proof_replaced: BTreeSet<Vec<u8>>,
    /// Whether uploads take an approval, or a broken glass.
    pub asks_people: bool,
    /// The uploads whose code Lambda took from the gate because the glass was broken, and nobody had approved them.
    pub by_glass: BTreeSet<usize>,
    /// When each statement went on record.
    pub statements_recorded: BTreeMap<String, u64>,
    /// What `sweep` sent again, and was not delivered yet.
    pub resent: Vec<(UploadFunction, String)>,
    /// The documents of drift that were told.
    pub drift_told: Vec<String>,
    /// How many old versions the gate deleted.
    pub pruned: u64,
    /// Whether the event of a job was dropped because Signer did not know the job in all attempts.
    pub job_stayed_unknown: bool,
    /// The uploads whose event was lost.
    pub events_lost: BTreeSet<VersionId>,
    /// What `alert` is told, and what it is to tell.
    pub trail: Trail,
}

#[derive(Clone)]
pub struct World(Arc<Mutex<WorldState>>);

impl World {
    pub fn new(packages: Arc<Vec<Slot>>, seed: u64) -> Self {
        let csc = CscArn::parse(CSC).unwrap();
        let allowed = [PROFILE_VERSION.to_owned()];
        let state = WorldState {
            now: START.parse().unwrap(),
            random: Random::new(seed),
            faults: Faults::default(),
            packages,
            uploads: BTreeMap::new(),
            statements: BTreeMap::new(),
            metadata: BTreeMap::new(),
            upload_tags: BTreeMap::new(),
            attestations: BTreeMap::new(),
            attestations_vanish: false,
            signed: BTreeMap::new(),
            referenced: BTreeMap::new(),
            versions_go_round: false,
            lifecycle: Vec::new(),
            package_versions: BTreeMap::new(),
            current: BTreeMap::new(),
            records: BTreeMap::new(),
            jobs: BTreeMap::new(),
            tokens: BTreeMap::new(),
            profile: ProfileStatus::Active,
            functions: BTreeMap::from([("checkout".to_owned(), FunctionState::new())]),
            layers: BTreeMap::new(),
            cscs: BTreeMap::from([(
                CSC.to_owned(),
                Csc::new(Some(csc), CscPolicy::Enforce, allowed),
            )]),
            events: Vec::new(),
            approvals_asked: Vec::new(),
            pages: Vec::new(),
            calls: Vec::new(),
            fault_at: None,
            quotas: None,
            broken: BTreeSet::new(),
            dry_run_refuses: None,
            updates_fail: None,
            updates_never_end: false,
            versions_pend: 0,
            latest_published_pends: 0,
            latest_published_fails: None,
            versions_fail: None,
            updates_end_unknown: None,
            versions_unknown: None,
            jobs_unknown: None,
            reports_another_job: false,
            keeps_architecture: false,
            is_unversioned: false,
            claimed_size: None,
            alias_refuses: None,
            turns: 0,
            sleepers: Vec::new(),
            trace: Vec::new(),
            tracing: false,
            applied: Vec::new(),
            foreign_at: None,
            alias_moved_at: None,
            alias_confirmed_at: BTreeMap::new(),
            confirmed_at: BTreeMap::new(),
            ticks: 0,
            mistake: None,
            puts: Vec::new(),
            took: BTreeSet::new(),
            given: BTreeSet::new(),
            landed: Vec::new(),
            moved: BTreeMap::new(),
            offered: BTreeMap::new(),
            former: Vec::new(),
            tags_changed: false,
            live_forged: BTreeMap::new(),
            verdicts_forged: BTreeSet::new(),
            hijacked: BTreeSet::new(),
            canaries_are_safe: false,
            slowness_ms: 0,
            settles: 1000,
            jobs_hide: 0,
            objects_hide: 0,
            looks: BTreeMap::new(),
            signatures_expire_at: None,
            jobs_revoked_at: None,
            job_revoked: None,
            was_unsigned: false,
            was_revoked: false,
            demands_provenance: false,
            proves: |_| Vec::new(),
            attested: BTreeMap::new(),
            proof_replaced: BTreeSet::new(),
            asks_people: false,
            by_glass: BTreeSet::new(),
            statements_recorded: BTreeMap::new(),
            resent: Vec::new(),
            drift_told: Vec::new(),
            pruned: 0,
            job_stayed_unknown: false,
            events_lost: BTreeSet::new(),
            trail: Trail::default(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn state(&self) -> MutexGuard<'_, WorldState> {
        self.0.lock().unwrap()
    }

    /// The state, even after an assertion failed inside it.
    pub fn lock_anyway(&self) -> MutexGuard<'_, WorldState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a package under a key, as its new current version.
    pub fn upload(&self, key: &str, slot: usize) -> VersionId {
        self.put(key, Some(slot))
    }

    /// Deletes a key: a delete marker becomes current.
    pub fn delete(&self, key: &str) {
        self.put(key, None);
    }

    /// Puts a statement under a key, as its new current version.
    pub fn state_that(&self, key: &str, body: &str) -> VersionId {
        self.put_statement(key, Some(body.as_bytes().to_vec()), None)
    }

    /// The same, by somebody.
    pub fn state_by(&self, key: &str, body: &str, by: &'static str) -> VersionId {
        self.put_statement(key, Some(body.as_bytes().to_vec()), Some(by))
    }

    /// Deletes a statement: a delete marker becomes current.
    pub fn withdraw(&self, key: &str) {
        self.put_statement(key, None, None);
    }

    fn put_statement(
        &self,
        key: &str,
        body: Option<Vec<u8>>,
        by: Option<&'static str>,
    ) -> VersionId {
        let mut state = self.state();
        state.tick(1);
        state.ticks += 1;
        let count: usize = state.statements.values().map(Vec::len).sum();
        let version = VersionId::parse(format!("w{count}")).unwrap();
        let stored = StoredStatement {
            version: version.clone(),
            at: state.now,
            body,
            tick: state.ticks,
            by,
        };
        state
            .statements
            .entry(key.to_owned())
            .or_default()
            .push(stored);
        version
    }

    fn put(&self, key: &str, slot: Option<usize>) -> VersionId {
        let mut state = self.state();
        state.tick(1);
        state.ticks += 1;
        let version = VersionId::parse(format!("v{}", state.puts.len())).unwrap();
        let (at, tick) = (state.now, state.ticks);
        let nature = slot.map(|slot| state.packages[slot].nature);
        state.note(|| match nature {
            Some(nature) => format!("                someone uploads {key} {version}: {nature:?}"),
            None => format!("                someone deletes {key}: marker {version}"),
        });
        state.puts.push(Put {
            key: key.to_owned(),
            version: version.clone(),
            at,
            tick,
            slot,
            gone_at: None,
        });
        let stored = StoredVersion {
            version: version.clone(),
            at,
            slot,
        };
        state
            .uploads
            .entry(key.to_owned())
            .or_default()
            .push(stored);
        version
    }

    /// Ends a job, and writes what it signed.
    pub fn end_job(&self, id: &SigningJobId) {
        let mut state = self.state();
        let job = state.jobs[id].clone();
        if job.succeeded.is_some() {
            return;
        }
        let slot = state.slot_of(&job.request.source.key, &job.request.source.version);
        let package = slot.and_then(|slot| state.packages[slot].signed.clone());
        state.note(|| {
            format!(
                "                job {id} ends, signed: {}",
                package.is_some()
            )
        });
        let now = state.now;
        let ended = state.jobs.get_mut(id).unwrap();
        ended.succeeded = Some(package.is_some());
        ended.completed_at = Some(now);
        if let Some(package) = package {
            state
                .signed
                .insert(format!("{}{id}.zip", job.request.prefix), package);
        }
    }

    /// Moves the clock to when the first of the sleeping tasks wakes, and lets Lambda finish what is
    /// under way.
    pub fn wake_the_next(&self) {
        {
            let mut state = self.state();
            let Some(next) = state.sleepers.iter().min().copied() else {
                return;
            };
            state.now = state.now.max(next);
            let settles = state.settles;
            if !state.random.in_1000(settles) {
                return;
            }
        }
        self.settle();
    }

    pub fn profile_name() -> ProfileName {
        ProfileName::parse(PROFILE).unwrap()
    }
}

impl WorldState {
    pub fn tick(&mut self, seconds: i64) {
        self.now += jiff::SignedDuration::from_secs(seconds);
    }

    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if self.tracing {
            let seconds = self
                .now
                .duration_since(START.parse().unwrap())
                .as_secs_f64();
            let text = text();
            self.trace.push(format!("{seconds:>9.2} s  {text}"));
        }
    }

    /// The package behind a version; `None` when there is no such version, or it is a marker.
    pub fn slot_of(&self, key: &str, version: &VersionId) -> Option<usize> {
        let versions = self.uploads.get(key)?;
        versions
            .iter()
            .find(|stored| stored.version == *version)?
            .slot
    }

    /// The slot whose signed package has this hash.
    pub fn slot_of_code(&self, code_sha256: &str) -> Option<usize> {
        self.packages
            .iter()
            .position(|slot| slot.code_sha256 == code_sha256)
    }

    /// Whether a thing that is there is not to be seen yet, for so many looks.
    pub fn is_hidden(&mut self, name: &str, looks: u32) -> bool {
        if looks == 0 {
            return false;
        }
        let count = self.looks.entry(name.to_owned()).or_default();
        *count += 1;
        *count <= looks
    }

    /// Remembers that a caller was told what the function runs.
    pub fn confirm(&mut self, code_sha256: &str) {
        self.confirmed_at.insert(code_sha256.to_owned(), self.ticks);
    }

    /// Remembers that a caller was told where the alias points.
    pub fn confirm_alias(&mut self, version: &str) {
        self.alias_confirmed_at
            .insert(version.to_owned(), self.ticks);
    }

    /// A document of the records, parsed.
    pub fn record<T: for<'de> serde::Deserialize<'de>>(&self, path: &str) -> Option<T> {
        self.records
            .get(path)
            .map(|body| serde_json::from_slice(body).unwrap())
    }

    /// The outcomes on record, by path.
    pub fn outcomes(&self) -> BTreeMap<String, countersign_gate::records::Outcome> {
        let is_outcome = |path: &&String| path.ends_with("/outcome.json");
        self.records
            .keys()
            .filter(is_outcome)
            .map(|path| (path.clone(), self.record(path).unwrap()))
            .collect()
    }
}
