//! An AWS in memory, for a probe: what is uploaded is signed and judged at once, and one thing may be otherwise.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use countersign_gate::{
    domain::{
        AliasName, CodeIdentity, Csc, CscArn, CscPolicy, FunctionConfiguration, FunctionName,
        JobStatus, ProfileName, Refusal, RevisionId, SignedObject, SigningJob, SigningJobId,
        SigningProfile, Target, UploadId, VersionId,
    },
    ports::{
        Alias, AliasMove, Clock, CodeUpdate, Creation, CurrentPackage, CurrentUpload, Function,
        FunctionCsc, Functions, JobRequest, JobStart, ObjectHead, PortError, RecordWithEtag,
        Records, Replacement, SignedObjects, Signer, StatementObject, StoredVersion, UpdateOptions,
        UpdateStatus, UpdatedCode, UploadHead, UploadStore, UploadVersion, Uploads, Version,
        VersionPublish, VersionRequest,
    },
    verdict::{Approved, Verified},
};
use countersign_package::{EntryKind, Limits, Method, Package, TrustRoots};
use countersign_testkit::{
    asn1,
    package::sign_with,
    signature::{EXPIRES_AT, attribute},
    zip::{DEFLATED, EntryForge, STORED, ZipForge},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::packages::{ACCOUNT, CSC, PROFILE, PROFILE_VERSION, job_arn, job_id, pki};

/// A second before the forge signs.
pub(super) const UPLOADED: &str = "2026-09-28T09:19:25Z";
pub(super) const LONG_BEFORE: &str = "2026-09-28T09:04:25Z";
pub(super) const JUDGED: &str = "2026-09-28T09:19:29Z";
/// Header and lengths of a DEFLATE block that is not packed.
pub(super) const BLOCK_HEADER_BYTES: usize = 5;

/// What an AWS does otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
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
pub(super) struct Aws {
    pub(super) otherwise: Otherwise,
    pub(super) now: Mutex<Timestamp>,
    pub(super) records: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) signed: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) dry_runs: Mutex<u32>,
    pub(super) uploaded: Mutex<u32>,
    pub(super) told: Mutex<Vec<String>>,
    pub(super) bus_fails: Mutex<bool>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(super) fn denied(call: &'static str) -> PortError {
    PortError::Denied {
        call,
        source: format!("arn:aws:iam::{ACCOUNT}:user/ann may not").into(),
    }
}

impl Aws {
    pub(super) fn new(otherwise: Otherwise) -> Self {
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

    pub(super) fn is(&self, otherwise: Otherwise) -> bool {
        self.otherwise == otherwise
    }

    pub(super) fn written_by_sweep(&self, path: &str, body: &[u8]) {
        let is_of_sweep = path.starts_with("drift/")
            || ["probe.json", "posture.json", "sweep.json"].contains(&path);
        assert!(is_of_sweep, "{path}");
        lock(&self.records).insert(path.to_owned(), body.to_vec());
    }

    pub(super) fn folder() -> String {
        "functions/doctor-probe/20260928T091925Z-v1/".to_owned()
    }

    pub(super) fn signed_key(&self) -> String {
        let folder = Self::folder();
        if self.is(Otherwise::OtherKey) {
            return format!("{folder}signed.zip");
        }
        format!("{folder}{}.zip", job_id(0))
    }

    /// The records of an upload as docs/records.md shows them, about this one.
    pub(super) fn judge(&self, key: &str) {
        let page = include_str!("../../../../../docs/records.md");
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
    pub(super) fn sign(&self, source: &[u8]) -> Vec<u8> {
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
    ) -> Result<StoredVersion, PortError> {
        if self.is(Otherwise::NoUpload) {
            return Err(denied("s3:PutObject"));
        }
        *lock(&self.uploaded) += 1;
        if !self.is(Otherwise::NothingSigned) {
            lock(&self.signed).insert(self.signed_key(), self.sign(package));
        }
        self.judge(&target.key());
        Ok(StoredVersion::Version(VersionId::parse("v1").unwrap()))
    }

    async fn restore_upload(
        &self,
        _: &Target,
        _: &VersionId,
        _: &BTreeMap<String, String>,
    ) -> Result<Option<StoredVersion>, PortError> {
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
            configuration: FunctionConfiguration::default(),
            kms_key_arn: None,
            referenced: None,
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
