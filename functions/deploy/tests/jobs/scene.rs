//! `deploy` and a stack in which an upload was just signed, with what AWS answers laid down.

use countersign_package::{Limits, Package};
use countersign_testkit::{
    fake_aws::json,
    http::{Request, Response},
    package,
    pki::Pki,
    signature::{self, PROFILE_VERSION},
    stage::Stage,
};
use serde_json::{Value, json as value};

pub(crate) const CODE_KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/7c9b";
pub(crate) const UPLOADS: &str = "gate-uploads";
pub(crate) const SIGNED: &str = "gate-signed";
pub(crate) const RECORDS: &str = "gate-records";
pub(crate) const JOB: &str = "3f0a5c1e-7a3d-4a52-9a77-6f5f0f6f7d11";
pub(crate) const CSC: &str = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-1";

/// What the uploads are for, where nothing else is said.
pub(crate) const FUNCTION: &str = "functions/orders";

/// `deploy`, and a stack in which an upload for the target was just signed.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) target: &'static str,
    pub(crate) version: String,
    /// `CodeSha256` of the signed package.
    pub(crate) sha256: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(&package::sign(&package::sample(), &Pki::new()).build(), &[])
    }

    /// A scene with this signed package.
    pub(crate) fn with(signed: &[u8], variables: &[(&str, &str)]) -> Self {
        Self::of(FUNCTION, signed, variables)
    }

    pub(crate) fn of(target: &'static str, signed: &[u8], variables: &[(&str, &str)]) -> Self {
        let root = Pki::new().root_pem();
        let own = [
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", UPLOADS),
            ("COUNTERSIGN_SIGNED_BUCKET", SIGNED),
            ("COUNTERSIGN_RECORDS_BUCKET", RECORDS),
            ("COUNTERSIGN_EVENT_BUS", "gate"),
            ("COUNTERSIGN_TRUST_ROOTS", &root),
        ];
        let all: Vec<_> = own.iter().chain(variables).copied().collect();
        let stage = Stage::start("deploy", &all).unwrap();
        let source = package::sample().build();
        let version = stage.aws.put(UPLOADS, &format!("{target}.zip"), source);
        let limits = Limits::default();
        let sha256 = Package::read(signed, &limits).unwrap().sha256().to_string();
        let scene = Self {
            stage,
            target,
            version,
            sha256,
        };
        scene.stage.aws.put(SIGNED, &scene.signed_key(), signed);
        scene.lay_down();
        scene
    }

    pub(crate) fn key(&self) -> String {
        format!("{}.zip", self.target)
    }

    /// Where the upload's records are, and what is signed.
    pub(crate) fn folder(&self) -> String {
        format!("{}/20261121T214400Z-{}/", self.target, self.version)
    }

    pub(crate) fn signed_key(&self) -> String {
        format!("{}{JOB}.zip", self.folder())
    }

    /// Lays down what AWS answers, and what `sign` has recorded.
    pub(crate) fn lay_down(&self) {
        let folder = self.folder();
        let received = value!({
            "schema": 1,
            "upload": {
                "id": {"bucket": UPLOADS, "key": self.key(), "version": self.version},
                "at": "2026-11-21T21:44:00Z",
            },
            "target": self.target, "bytes": 1, "source_sha256": null,
            "uploaded_by": {"principal": null, "source_ip": null},
            "metadata": {"commit": "6533b80", "compatible-runtimes": "python3.13, nodejs24.x", "compatible-architectures": "arm64"}, "tags": {}, "received_at": "2026-11-21T21:44:01Z",
        });
        let signing = value!({
            "schema": 1, "job": JOB, "profile": "orders_service", "bucket": SIGNED,
            "prefix": folder, "token": "t", "started_at": "2026-11-21T21:44:02Z",
            "received": received,
        });
        self.stage.aws.put(
            RECORDS,
            &format!("{folder}signing.json"),
            signing.to_string(),
        );
        self.job("Succeeded", &value!({}));
        let aws = &self.stage.aws;
        aws.answers(
            "signer:GetSigningProfile",
            json(&value!({"status": "Active", "profileVersionArn": PROFILE_VERSION}).to_string()),
        );
        aws.answers_once("lambda:GetFunction", function("b2xk", &value!({})));
        aws.answers("lambda:GetFunction", function(&self.sha256, &arns()));
        aws.answers(
            "lambda:UpdateFunctionCode",
            json(&code(&self.sha256, &arns()).to_string()),
        );
        aws.answers("lambda:PublishVersion", json(r#"{"Version":"7"}"#));
        aws.answers(
            "lambda:GetFunctionCodeSigningConfig",
            json(&value!({"CodeSigningConfigArn": CSC, "FunctionName": "orders"}).to_string()),
        );
        self.publishers(&[PROFILE_VERSION]);
        aws.answers(
            "events:PutEvents",
            json(r#"{"FailedEntryCount":0,"Entries":[{}]}"#),
        );
    }

    /// How the job stands, with `more` fields.
    pub(crate) fn job(&self, status: &str, more: &Value) {
        let mut job = value!({
            "jobId": JOB, "status": status, "profileName": "orders_service",
            "profileVersion": "a1B2c3D4e5", "jobOwner": "123456789012",
            "signatureExpiresAt": 2_145_604_766,
            "source": {"s3": {"bucketName": UPLOADS, "key": self.key(), "version": self.version}},
            "signedObject": {"s3": {"bucketName": SIGNED, "key": self.signed_key()}},
        });
        merge(&mut job, more);
        self.stage
            .aws
            .answers("signer:DescribeSigningJob", json(&job.to_string()));
    }

    /// A configuration that enforces, with these publishers.
    pub(crate) fn publishers(&self, arns: &[&str]) {
        let csc = value!({"CodeSigningConfig": {
            "CodeSigningConfigId": "csc-1", "CodeSigningConfigArn": CSC, "LastModified": "",
            "AllowedPublishers": {"SigningProfileVersionArns": arns},
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
        }});
        self.stage
            .aws
            .answers("lambda:GetCodeSigningConfig", json(&csc.to_string()));
    }

    /// Hands the job's event over; whether it goes back.
    pub(crate) fn goes_back(&self, received: u32) -> bool {
        !self.stage.failures(&[&event(JOB)], received).is_empty()
    }

    /// Hands the job's event over for the last time; whether it goes back.
    pub(crate) fn goes_back_at_last(&self) -> bool {
        !self.stage.last_failures(&[&event(JOB)]).is_empty()
    }

    pub(crate) fn outcome(&self) -> Option<Value> {
        let keys = self.stage.aws.keys(RECORDS);
        let key = keys.iter().find(|key| key.ends_with("/outcome.json"))?;
        Some(serde_json::from_slice(&self.stage.aws.object(RECORDS, key)?).unwrap())
    }

    /// State and reason code of the end.
    pub(crate) fn end(&self) -> (String, String) {
        let outcome = self.outcome();
        let said = self.stage.output();
        let outcome = outcome.unwrap_or_else(|| panic!("no terminal record:\n{said}"));
        let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
        (text("state"), text("code"))
    }

    /// The line of the log with this message, once it is written.
    pub(crate) fn line(&self, message: &str) -> Value {
        let text = format!(r#""message":"{message}""#);
        self.stage.assert_says(&text);
        let output = self.stage.output();
        let line = output.lines().find(|line| line.contains(&text)).unwrap();
        serde_json::from_str(line).unwrap()
    }

    /// The one call of this name.
    pub(crate) fn call(&self, name: &str) -> Request {
        let mut calls = self.stage.aws.calls();
        calls.retain(|call| call.name == name);
        assert_eq!(calls.len(), 1, "{name} is called once");
        calls.remove(0).request
    }

    pub(crate) fn count(&self, call: &str) -> usize {
        self.stage
            .aws
            .called()
            .iter()
            .filter(|name| *name == call)
            .count()
    }

    /// The updates that were asked for, dry or not.
    pub(crate) fn updates(&self, dry: bool) -> Vec<Value> {
        let calls = self.stage.aws.calls();
        let updates = calls
            .iter()
            .filter(|call| call.name == "lambda:UpdateFunctionCode");
        let sent = updates.map(|call| serde_json::from_slice(&call.request.body).unwrap());
        sent.filter(|sent: &Value| (sent["DryRun"] == true) == dry)
            .collect()
    }

    pub(crate) fn assert_unchanged(&self) {
        assert!(self.updates(false).is_empty(), "no code is updated");
        for call in [
            "lambda:PublishVersion",
            "lambda:UpdateAlias",
            "lambda:PublishLayerVersion",
        ] {
            assert_eq!(self.count(call), 0, "{call}");
        }
    }
}

pub(crate) fn arns() -> Value {
    value!({"SigningJobArn": signature::JOB, "SigningProfileVersionArn": PROFILE_VERSION})
}

pub(crate) fn merge(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        into[name] = value.clone();
    }
}

pub(crate) fn code(sha256: &str, more: &Value) -> Value {
    let mut code = value!({
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders",
        "PackageType": "Zip", "CodeSha256": sha256, "RevisionId": "r-1", "State": "Active",
        "LastModified": "2026-11-20T08:00:00.000+0000",
        "LastUpdateStatus": "Successful",
    });
    merge(&mut code, more);
    code
}

pub(crate) fn function(sha256: &str, more: &Value) -> Response {
    tagged_function(sha256, more, &value!({}))
}

pub(crate) fn tagged_function(sha256: &str, more: &Value, tags: &Value) -> Response {
    let location = value!({"RepositoryType": "S3", "SourceKMSKeyArn": CODE_KEY});
    let answer = value!({"Configuration": code(sha256, more), "Code": location, "Tags": tags});
    json(&answer.to_string())
}

pub(crate) fn event(job: &str) -> String {
    value!({
        "version": "0", "id": "1", "source": "aws.signer",
        "detail-type": "Signer Job Status Change", "time": "2026-11-21T21:44:04Z",
        "detail": {"job_id": job, "status": "Succeeded"},
    })
    .to_string()
}
