//! A probe over an AWS that does what it is taken to do, and over one that does one thing otherwise: exactly the fact for it differs.

mod daily;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use countersign_gate::{
    domain::{
        AliasName, CodeIdentity, Csc, CscArn, CscPolicy, FunctionConfiguration, FunctionName,
        JobStatus, NamePattern, ProfileName, Refusal, RevisionId, SignedObject, SigningJob,
        SigningJobId, SigningProfile, Target, UploadId, VersionId,
    },
    ports::{
        Alias, AliasMove, Clock, CodeUpdate, Creation, CurrentPackage, CurrentUpload, Function,
        FunctionCsc, Functions, JobRequest, JobStart, ObjectHead, PortError, RecordWithEtag,
        Records, Replacement, SignedObjects, Signer, StatementObject, Stored, UpdateOptions,
        UpdateStatus, UpdatedCode, UploadHead, UploadStore, UploadVersion, Uploads, Version,
        VersionPublish, VersionRequest,
    },
    probe::{PROBE_FACTS, ProbeError, ProbeReport, ProbeSetup, ProbeWorld, probe},
    verdict::{Approved, Verified},
};
use countersign_package::{
    EntryKind, Limits, Method, Package, TrustRoots,
    format::{FACTS, FormatFact},
};
use countersign_testkit::{
    asn1,
    package::sign_with,
    signature::{EXPIRES_AT, attribute},
    zip::{DEFLATED, EntryForge, STORED, ZipForge},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::{
    packages::{ACCOUNT, CSC, PROFILE, PROFILE_VERSION, job_arn, job_id, pki},
    run::run,
};

/// A second before the forge signs.
const UPLOADED: &str = "2026-09-28T09:19:25Z";
const LONG_BEFORE: &str = "2026-09-28T09:04:25Z";
const JUDGED: &str = "2026-09-28T09:19:29Z";
/// Header and lengths of a DEFLATE block that is not packed.
const BLOCK_HEADER_BYTES: usize = 5;

/// What an AWS does otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Otherwise {
    Nothing,
    ModesDropped,
    NobodyNamed,
    EventLost,
    NeverNotified,
    TokenForgotten,
    ExpiryOfItsOwn,
    ForeignSource,
    AlteredTaken,
    UnsignedTaken,
    ValidRefused,
    DryRunChanges,
    ReadDenied,
    NoSequencer,
    NeverStarted,
    JobPaused,
    OtherKey,
    NothingSigned,
    OtherOwner,
    OtherJobSigned,
    OtherProfileVersion,
    SignedLate,
    Refused,
    NotPrepared,
    NoUpload,
}

/// Everything in memory. What is uploaded is signed and judged at once.
struct Aws {
    otherwise: Otherwise,
    now: Mutex<Timestamp>,
    records: Mutex<BTreeMap<String, Vec<u8>>>,
    signed: Mutex<BTreeMap<String, Vec<u8>>>,
    dry_runs: Mutex<u32>,
    uploaded: Mutex<u32>,
    told: Mutex<Vec<String>>,
    bus_fails: Mutex<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

fn denied(call: &'static str) -> PortError {
    PortError::Denied {
        call,
        source: format!("arn:aws:iam::{ACCOUNT}:user/ann may not").into(),
    }
}

impl Aws {
    fn new(otherwise: Otherwise) -> Self {
        let began = if otherwise == Otherwise::SignedLate {
            LONG_BEFORE
        } else {
            UPLOADED
        };
        Self {
            otherwise,
            now: Mutex::new(began.parse().unwrap()),
            records: Mutex::default(),
            signed: Mutex::default(),
            dry_runs: Mutex::default(),
            uploaded: Mutex::default(),
            told: Mutex::default(),
            bus_fails: Mutex::default(),
        }
    }

    fn is(&self, otherwise: Otherwise) -> bool {
        self.otherwise == otherwise
    }

    fn written_by_sweep(&self, path: &str, body: &[u8]) {
        let is_of_sweep = path.starts_with("drift/")
            || ["probe.json", "posture.json", "sweep.json"].contains(&path);
        assert!(is_of_sweep, "{path}");
        lock(&self.records).insert(path.to_owned(), body.to_vec());
    }

    fn folder() -> String {
        "functions/doctor-probe/20260928T091925Z-v1/".to_owned()
    }

    fn signed_key(&self) -> String {
        let folder = Self::folder();
        if self.is(Otherwise::OtherKey) {
            return format!("{folder}signed.zip");
        }
        format!("{folder}{}.zip", job_id(0))
    }

    /// The records of an upload as docs/records.md shows them, about this one.
    fn judge(&self, key: &str) {
        let page = include_str!("../../../../docs/records.md");
        let blocks = page.split("```json\n").skip(1);
        let samples: Vec<Value> = blocks
            .map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap())
            .collect();
        let upload =
            json!({"id": {"bucket": "uploads", "key": key, "version": "v1"}, "at": UPLOADED});
        let put = |name: &str, document: &Value| {
            let path = format!("{}{name}.json", Self::folder());
            lock(&self.records).insert(path, document.to_string().into_bytes());
        };
        let mut received = samples[0].clone();
        received["upload"] = upload.clone();
        received["target"] = "functions/doctor-probe".into();
        received["received_at"] = "2026-09-28T09:19:26Z".into();
        received["sequencer"] = if self.is(Otherwise::NoSequencer) {
            Value::Null
        } else {
            "0055AED6DCD90281E5".into()
        };
        received["uploaded_by"]["principal"] = if self.is(Otherwise::NobodyNamed) {
            Value::Null
        } else {
            "AWS:AROAEXAMPLE:ann".into()
        };
        if self.is(Otherwise::NeverNotified) {
            return;
        }
        put("received", &received);
        if self.is(Otherwise::NeverStarted) {
            return;
        }
        let mut signing = samples[1].clone();
        signing["job"] = job_id(0).into();
        signing["profile"] = PROFILE.into();
        signing["bucket"] = "signed".into();
        signing["prefix"] = Self::folder().into();
        signing["started_at"] = "2026-09-28T09:19:26Z".into();
        signing["received"] = received;
        put("signing", &signing);
        if self.is(Otherwise::EventLost) {
            return;
        }
        let mut verdict = samples[2].clone();
        verdict["upload"] = upload.clone();
        verdict["target"] = "functions/doctor-probe".into();
        verdict["job"] = job_id(0).into();
        verdict["decision"] = if self.is(Otherwise::Refused) {
            "reject".into()
        } else {
            "accept".into()
        };
        verdict["judged_at"] = JUDGED.into();
        put("verdict", &verdict);
        let mut outcome = samples[3].clone();
        outcome["upload"] = upload;
        outcome["target"] = "functions/doctor-probe".into();
        outcome["state"] = if self.is(Otherwise::NotPrepared) {
            "failed".into()
        } else {
            "prepared".into()
        };
        outcome["code"] = Value::Null;
        put("outcome", &outcome);
    }

    /// The package as Signer returns it.
    fn sign(&self, source: &[u8]) -> Vec<u8> {
        let package = Package::read(source, &Limits::default()).unwrap();
        let entries = package.archive().entries().iter().map(|entry| {
            let mode = u16::try_from(entry.mode().unwrap()).unwrap();
            let packed = entry.packed();
            match entry.kind() {
                EntryKind::Directory => EntryForge::directory(entry.name()).mode(mode),
                _ if entry.method() == Method::Deflated => {
                    let body = &packed[BLOCK_HEADER_BYTES..];
                    EntryForge::raw(entry.name().as_bytes(), body, packed, DEFLATED, mode)
                }
                EntryKind::File if self.is(Otherwise::ModesDropped) => {
                    EntryForge::raw(entry.name().as_bytes(), packed, packed, STORED, 0o100_644)
                }
                _ => EntryForge::raw(entry.name().as_bytes(), packed, packed, STORED, mode),
            }
        });
        let zip = ZipForge::new(entries);
        let signed = sign_with(&zip, pki(), |signature| {
            let signer = signature.signer();
            let job = job_arn(usize::from(self.is(Otherwise::OtherJobSigned)));
            signer.set_attribute(attribute::JOB, asn1::utf8(&job));
            signer.set_attribute(attribute::PROFILE_VERSION, asn1::utf8(PROFILE_VERSION));
            signer.sort_attributes();
        });
        signed.build()
    }
}

impl Clock for Aws {
    fn now(&self) -> Timestamp {
        *lock(&self.now)
    }

    async fn sleep(&self, duration: Duration) {
        let mut now = lock(&self.now);
        *now = now.saturating_add(duration).unwrap();
    }
}

impl UploadStore for Aws {
    async fn put_upload(
        &self,
        target: &Target,
        package: &[u8],
        _: &BTreeMap<String, String>,
    ) -> Result<Stored, PortError> {
        if self.is(Otherwise::NoUpload) {
            return Err(denied("s3:PutObject"));
        }
        *lock(&self.uploaded) += 1;
        if !self.is(Otherwise::NothingSigned) {
            lock(&self.signed).insert(self.signed_key(), self.sign(package));
        }
        self.judge(&target.key());
        Ok(Stored::Version(VersionId::parse("v1").unwrap()))
    }

    async fn restore_upload(
        &self,
        _: &Target,
        _: &VersionId,
        _: &BTreeMap<String, String>,
    ) -> Result<Option<Stored>, PortError> {
        panic!("a probe restores nothing")
    }
}

impl Uploads for Aws {
    async fn head_upload(
        &self,
        key: &str,
        version: Option<&VersionId>,
    ) -> Result<UploadHead, PortError> {
        if key != "functions/doctor-probe.zip" && key != "functions/shop.zip" {
            return Ok(UploadHead::Absent);
        }
        Ok(UploadHead::Object(ObjectHead {
            version: version.cloned(),
            last_modified: UPLOADED.parse().unwrap(),
            size: 1,
            metadata: BTreeMap::new(),
            tag_count: 0,
        }))
    }

    async fn read_upload(&self, _: &UploadId) -> Result<Option<Vec<u8>>, PortError> {
        panic!("a probe knows what it uploaded")
    }

    async fn read_if_current(&self, _: &UploadId) -> Result<CurrentUpload, PortError> {
        panic!("a probe knows what it uploaded")
    }

    async fn list_versions(&self, _: &str, _: usize) -> Result<Vec<UploadVersion>, PortError> {
        panic!("a probe lists no versions")
    }

    async fn list_statements(&self, _: &str, _: usize) -> Result<Vec<String>, PortError> {
        panic!("a probe asks nobody")
    }

    async fn read_statement(&self, _: &str, _: u64) -> Result<Option<StatementObject>, PortError> {
        panic!("a probe asks nobody")
    }

    async fn upload_tags(&self, _: &UploadId) -> Result<BTreeMap<String, String>, PortError> {
        panic!("a probe reads no tags")
    }
}

impl Records for Aws {
    async fn read_record(&self, path: &str) -> Result<Option<Vec<u8>>, PortError> {
        Ok(lock(&self.records).get(path).cloned())
    }

    async fn create_record(&self, path: &str, body: &[u8]) -> Result<Creation, PortError> {
        assert!(path.starts_with("doctor/"), "{path}");
        lock(&self.signed).insert(path.to_owned(), body.to_vec());
        Ok(Creation::Created)
    }

    async fn replace_record(&self, path: &str, body: &[u8]) -> Result<(), PortError> {
        self.written_by_sweep(path, body);
        Ok(())
    }

    async fn read_record_with_etag(&self, path: &str) -> Result<Option<RecordWithEtag>, PortError> {
        let found = lock(&self.records).get(path).cloned();
        Ok(found.map(|body| RecordWithEtag {
            etag: format!("{:x}", body.len()),
            body,
        }))
    }

    async fn replace_record_as_seen(
        &self,
        path: &str,
        body: &[u8],
        _: Option<&RecordWithEtag>,
    ) -> Result<Replacement, PortError> {
        self.written_by_sweep(path, body);
        Ok(Replacement::Replaced)
    }

    async fn list_records(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        let records = lock(&self.records);
        let found = records.keys().filter(|path| path.starts_with(prefix));
        Ok(found.cloned().collect())
    }

    async fn list_record_folders(&self, _: &str) -> Result<Vec<String>, PortError> {
        Ok(Vec::new())
    }
}

impl SignedObjects for Aws {
    async fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<(SignedObject, Vec<u8>)>, PortError> {
        if self.is(Otherwise::ReadDenied) {
            return Err(denied("s3:GetObject"));
        }
        let object = SignedObject {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: VersionId::parse("s1").unwrap(),
        };
        let found = lock(&self.signed).get(key).cloned();
        Ok(found.map(|bytes| (object, bytes)))
    }

    async fn current_package(&self, _: &Target) -> Result<Option<CurrentPackage>, PortError> {
        panic!("a probe leaves current packages alone")
    }

    async fn read_signed_version(&self, _: &SignedObject) -> Result<Option<Vec<u8>>, PortError> {
        panic!("a probe reads what is there")
    }

    async fn replace_current_package(
        &self,
        _: &Verified,
        _: Option<&CurrentPackage>,
    ) -> Result<Option<SignedObject>, PortError> {
        panic!("a probe leaves current packages alone")
    }
}

impl Signer for Aws {
    async fn start_job(&self, _: &JobRequest) -> Result<JobStart, PortError> {
        let slot = usize::from(self.is(Otherwise::TokenForgotten));
        Ok(JobStart::Job(SigningJobId::parse(job_id(slot)).unwrap()))
    }

    async fn describe_job(&self, id: &SigningJobId) -> Result<Option<SigningJob>, PortError> {
        let version = if self.is(Otherwise::ForeignSource) {
            "v2"
        } else {
            "v1"
        };
        let expires_at = if self.is(Otherwise::ExpiryOfItsOwn) {
            "2027-01-01T00:00:00Z"
        } else {
            EXPIRES_AT
        };
        Ok(Some(SigningJob {
            id: id.clone(),
            status: if self.is(Otherwise::JobPaused) {
                JobStatus::Unknown {
                    status: "Paused".to_owned(),
                }
            } else {
                JobStatus::Succeeded
            },
            source: Some(UploadId {
                bucket: "uploads".to_owned(),
                key: "functions/doctor-probe.zip".to_owned(),
                version: VersionId::parse(version).unwrap(),
            }),
            signed: Some(("signed".to_owned(), self.signed_key())),
            profile: ProfileName::parse(PROFILE).unwrap(),
            profile_version: if self.is(Otherwise::OtherProfileVersion) {
                "ZzCdEfGh12".to_owned()
            } else {
                "AbCdEfGh12".to_owned()
            },
            owner: if self.is(Otherwise::OtherOwner) {
                "444455556666".to_owned()
            } else {
                ACCOUNT.to_owned()
            },
            expires_at: Some(expires_at.parse().unwrap()),
            completed_at: None,
            revocation: None,
        }))
    }

    async fn profile(&self, _: &ProfileName, _: &str) -> Result<Option<SigningProfile>, PortError> {
        panic!("a probe takes the profile from the job")
    }
}

impl Functions for Aws {
    async fn function(&self, name: &FunctionName) -> Result<Option<Function>, PortError> {
        if !["judged", "shop"].contains(&name.as_str()) {
            return Ok(None);
        }
        let changes = if self.is(Otherwise::DryRunChanges) {
            *lock(&self.dry_runs)
        } else {
            0
        };
        Ok(Some(Function {
            arn: format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"),
            is_image: false,
            code: CodeIdentity {
                sha256: "c2hh".to_owned(),
                job_arn: None,
                profile_version_arn: None,
            },
            config_sha256: None,
            configuration: FunctionConfiguration::default(),
            last_modified: Timestamp::UNIX_EPOCH,
            kms_key_arn: None,
            is_on_managed_instances: false,
            revision: RevisionId::parse(format!("r-{changes}")).unwrap(),
            update: UpdateStatus::Successful,
            tags: BTreeMap::new(),
        }))
    }

    async fn function_csc(&self, _: &FunctionName) -> Result<FunctionCsc, PortError> {
        Ok(FunctionCsc::Attached(CscArn::parse(CSC).unwrap()))
    }

    async fn csc(&self, arn: &CscArn) -> Result<Option<Csc>, PortError> {
        let publishers = [PROFILE_VERSION.to_owned()];
        Ok(Some(Csc::new(
            Some(arn.clone()),
            CscPolicy::Enforce,
            publishers,
        )))
    }

    async fn dry_run_update(
        &self,
        name: &FunctionName,
        signed: &SignedObject,
        _: &Function,
        _: UpdateOptions,
    ) -> Result<CodeUpdate<()>, PortError> {
        assert_eq!(name.as_str(), "judged");
        *lock(&self.dry_runs) += 1;
        let refused = |exception: &str| {
            Ok(CodeUpdate::Refused(Refusal {
                exception: exception.to_owned(),
                message: format!("of {ACCOUNT}"),
            }))
        };
        if signed.bucket == "uploads" {
            if self.is(Otherwise::UnsignedTaken) {
                return Ok(CodeUpdate::Accepted(()));
            }
            return refused("InvalidCodeSignatureException");
        }
        let signed = lock(&self.signed).get(&signed.key).cloned().unwrap();
        let roots = TrustRoots::from_pem(pki().root_pem().as_bytes()).unwrap();
        let package = Package::read(&signed, &Limits::default()).unwrap();
        let is_sound = package.verify(&roots).is_ok();
        match (is_sound, self.otherwise) {
            (true, Otherwise::ValidRefused) => refused("InvalidCodeSignatureException"),
            (true, _) | (false, Otherwise::AlteredTaken) => Ok(CodeUpdate::Accepted(())),
            (false, _) => refused("CodeVerificationFailedException"),
        }
    }

    async fn update_code(
        &self,
        _: &FunctionName,
        _: &Approved,
        _: &Function,
        _: UpdateOptions,
    ) -> Result<CodeUpdate<UpdatedCode>, PortError> {
        panic!("a probe updates nothing")
    }

    async fn publish_version(&self, _: &VersionRequest) -> Result<VersionPublish, PortError> {
        panic!("a probe publishes nothing")
    }

    async fn version(&self, _: &FunctionName, _: &str) -> Result<Option<Version>, PortError> {
        panic!("a probe looks at no version")
    }

    async fn alias(&self, _: &FunctionName, _: &AliasName) -> Result<Option<Alias>, PortError> {
        panic!("a probe looks at no alias")
    }

    async fn move_alias(
        &self,
        _: &FunctionName,
        _: &AliasName,
        _: &str,
        _: &RevisionId,
    ) -> Result<AliasMove, PortError> {
        panic!("a probe moves nothing")
    }
}

fn ask(
    otherwise: Otherwise,
    function: &str,
    dry_run: Option<&str>,
) -> Result<ProbeReport, ProbeError> {
    let aws = Aws::new(otherwise);
    let world = ProbeWorld {
        uploads: &aws,
        records: &aws,
        signed: &aws,
        signer: &aws,
        lambda: &aws,
        clock: &aws,
    };
    let name = |text: &str| FunctionName::parse(text).unwrap();
    let (function, dry_run) = (name(function), dry_run.map(name));
    let scope = NamePattern::parse("*o*").unwrap();
    let roots = TrustRoots::from_pem(pki().root_pem().as_bytes()).unwrap();
    let setup = ProbeSetup {
        function: &function,
        scope: Some(&scope),
        dry_run_function: dry_run.as_ref(),
        uploads_bucket: "uploads",
        records_bucket: "records",
        region: "us-east-1",
        account: ACCOUNT,
        roots: &roots,
        timeout: Duration::from_secs(150),
    };
    run(probe(&world, &setup))
}

fn answered(report: &ProbeReport, answer: &str) -> Vec<&'static str> {
    let facts = report.facts.iter().filter(|fact| fact.answer == answer);
    facts.map(|fact| fact.id).collect()
}

#[test]
fn facts_are_confirmed_where_aws_does_what_it_is_taken_to_do() {
    let report = ask(Otherwise::Nothing, "doctor-probe", Some("judged")).unwrap();
    assert_eq!(answered(&report, "differs"), [""; 0], "{report:#?}");
    assert_eq!(answered(&report, "unknown"), [""; 0], "{report:#?}");
    assert_eq!(answered(&report, "not_asked"), [""; 0], "{report:#?}");
    let told: BTreeSet<&str> = report.facts.iter().map(|fact| fact.id).collect();
    let all = FACTS.iter().map(FormatFact::id);
    let all: BTreeSet<&str> = all.chain(PROBE_FACTS.iter().map(|fact| fact.id)).collect();
    assert_eq!(told, all);
    assert!(report.summary.confirmed >= 30);
}

#[test]
fn what_aws_does_otherwise_is_exactly_what_differs() {
    let cases: [(Otherwise, &[&str]); 21] = [
        (Otherwise::ModesDropped, &["kinds-and-modes-kept"]),
        (Otherwise::NobodyNamed, &["notification-principal"]),
        (Otherwise::EventLost, &["job-event"]),
        (Otherwise::TokenForgotten, &["job-token"]),
        (Otherwise::ExpiryOfItsOwn, &["signed-expiry"]),
        (Otherwise::ForeignSource, &["job-source"]),
        (Otherwise::AlteredTaken, &["dry-run-altered"]),
        (Otherwise::UnsignedTaken, &["dry-run-unsigned"]),
        (Otherwise::ValidRefused, &["dry-run-valid"]),
        (Otherwise::DryRunChanges, &["dry-run-changes-nothing"]),
        (Otherwise::NoSequencer, &["notification-sequencer"]),
        (Otherwise::NeverStarted, &["job-started"]),
        (Otherwise::JobPaused, &["job-known"]),
        (Otherwise::OtherKey, &["signed-key"]),
        (Otherwise::NothingSigned, &["signed-version"]),
        (Otherwise::OtherOwner, &["job-owner"]),
        (Otherwise::OtherJobSigned, &["signed-job"]),
        (Otherwise::OtherProfileVersion, &["signed-profile"]),
        (Otherwise::SignedLate, &["signed-time"]),
        (Otherwise::Refused, &["gate-verdict"]),
        (Otherwise::NotPrepared, &["gate-prepared"]),
    ];
    let mut provoked = BTreeSet::from(["upload-notified"]);
    for (otherwise, expected) in cases {
        let report = ask(otherwise, "doctor-probe", Some("judged")).unwrap();
        assert_eq!(
            answered(&report, "differs"),
            expected,
            "{otherwise:?}: {report:#?}"
        );
        provoked.extend(expected);
    }
    // Without a notification nothing comes after it: the next test. Facts of the format have their own, in `tests/cases`.
    let of_format: BTreeSet<&str> = FACTS.iter().map(FormatFact::id).collect();
    let provoked: BTreeSet<&str> = provoked.difference(&of_format).copied().collect();
    let all: BTreeSet<&str> = PROBE_FACTS.iter().map(|fact| fact.id).collect();
    assert_eq!(provoked, all, "every fact is provoked");
}

#[test]
fn silence_and_denial_are_no_confirmation() {
    let report = ask(Otherwise::NeverNotified, "doctor-probe", None).unwrap();
    assert_eq!(
        answered(&report, "differs"),
        ["upload-notified", "job-started"]
    );
    assert_eq!(answered(&report, "confirmed"), [""; 0], "{report:#?}");
    assert!(report.took_seconds >= 150, "{}", report.took_seconds);
    let report = ask(Otherwise::ReadDenied, "doctor-probe", Some("judged")).unwrap();
    assert_eq!(answered(&report, "differs"), [""; 0], "{report:#?}");
    let unknown = answered(&report, "unknown");
    for id in [
        "signed-version",
        "digest-formula",
        "signed-job",
        "dry-run-valid",
    ] {
        assert!(unknown.contains(&id), "{id}: {report:#?}");
    }
}

#[test]
fn report_names_nobody() {
    for otherwise in [
        Otherwise::Nothing,
        Otherwise::ReadDenied,
        Otherwise::ValidRefused,
    ] {
        let report = ask(otherwise, "doctor-probe", Some("judged")).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        for secret in [
            ACCOUNT,
            PROFILE,
            "doctor-probe",
            "judged\"",
            "uploads\"",
            "AROAEXAMPLE",
            "cf0489c1",
            "user/ann",
        ] {
            assert!(!text.contains(secret), "{secret}: {report:#?}");
        }
    }
}

#[test]
fn targets_are_never_probed() {
    let exists = ask(Otherwise::Nothing, "shop", None).unwrap_err();
    assert!(matches!(exists, ProbeError::FunctionExists(_)), "{exists}");
    let outside = ask(Otherwise::Nothing, "bank", None).unwrap_err();
    assert!(
        matches!(outside, ProbeError::OutOfScope { .. }),
        "{outside}"
    );
    let target = ask(Otherwise::Nothing, "doctor-probe", Some("shop")).unwrap_err();
    assert!(matches!(target, ProbeError::IsTarget(_)), "{target}");
    for error in [exists, outside, target] {
        assert!(error.fix().starts_with("give another"), "{error}");
    }
}
