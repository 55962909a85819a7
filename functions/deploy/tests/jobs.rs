//! The real binary of `deploy` over the Runtime API: what becomes of signing jobs, and what is not
//! called.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

use std::fs;

use countersign_package::{Limits, Package};
use countersign_testkit::{
    fake_aws::{exception, json},
    http::Response,
    package,
    pki::Pki,
    runtime_api::Answer,
    signature::{self, PROFILE_VERSION},
    stage::Stage,
};
use serde_json::{Value, json as value};

const UPLOADS: &str = "gate-uploads";
const SIGNED: &str = "gate-signed";
const RECORDS: &str = "gate-records";
const JOB: &str = "3f0a5c1e-7a3d-4a52-9a77-6f5f0f6f7d11";
const CSC: &str = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-1";

/// What the uploads are for, where nothing else is said.
const FUNCTION: &str = "functions/orders";

/// `deploy`, and a stack in which an upload for the target was just signed.
struct Scene {
    stage: Stage,
    target: &'static str,
    version: String,
    /// `CodeSha256` of the signed package.
    sha256: String,
}

impl Scene {
    fn new() -> Self {
        Self::with(&package::sign(&package::sample(), &Pki::new()).build(), &[])
    }

    /// A scene with this signed package.
    fn with(signed: &[u8], variables: &[(&str, &str)]) -> Self {
        Self::of(FUNCTION, signed, variables)
    }

    fn of(target: &'static str, signed: &[u8], variables: &[(&str, &str)]) -> Self {
        let root = Pki::new().root_pem();
        let own = [
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", UPLOADS),
            ("COUNTERSIGN_SIGNED_BUCKET", SIGNED),
            ("COUNTERSIGN_RECORDS_BUCKET", RECORDS),
            ("COUNTERSIGN_MAX_RECEIVES", "5"),
            ("COUNTERSIGN_TRUST_ROOTS", &root),
        ];
        let all: Vec<_> = own.iter().chain(variables).copied().collect();
        let stage = Stage::start(env!("CARGO_BIN_EXE_deploy"), &all).unwrap();
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

    fn key(&self) -> String {
        format!("{}.zip", self.target)
    }

    /// Where the upload's records are, and what is signed.
    fn folder(&self) -> String {
        format!("{}/20261121T214400Z-{}/", self.target, self.version)
    }

    fn signed_key(&self) -> String {
        format!("{}{JOB}.zip", self.folder())
    }

    /// Lays down what AWS answers, and what `sign` has recorded.
    fn lay_down(&self) {
        let folder = self.folder();
        let received = value!({
            "schema": 1,
            "upload": {
                "id": {"bucket": UPLOADS, "key": self.key(), "version": self.version},
                "at": "2026-11-21T21:44:00Z",
            },
            "target": self.target, "bytes": 1, "source_sha256": null,
            "uploaded_by": {"principal": null, "source_ip": null},
            "metadata": {"commit": "6533b80", "compatible-runtimes": "python3.13, nodejs24.x"}, "tags": {}, "received_at": "2026-11-21T21:44:01Z",
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
    fn job(&self, status: &str, more: &Value) {
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
    fn publishers(&self, arns: &[&str]) {
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
    fn goes_back(&self, received: u32) -> bool {
        !self.stage.failures(&[&event(JOB)], received).is_empty()
    }

    fn outcome(&self) -> Option<Value> {
        let keys = self.stage.aws.keys(RECORDS);
        let key = keys.iter().find(|key| key.ends_with("/outcome.json"))?;
        Some(serde_json::from_slice(&self.stage.aws.object(RECORDS, key)?).unwrap())
    }

    /// State and reason code of the end.
    fn end(&self) -> (String, String) {
        let outcome = self.outcome().expect("there is a terminal record");
        let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
        (text("state"), text("code"))
    }

    fn count(&self, call: &str) -> usize {
        self.stage
            .aws
            .called()
            .iter()
            .filter(|name| *name == call)
            .count()
    }

    /// The updates that were asked for, dry or not.
    fn updates(&self, dry: bool) -> Vec<Value> {
        let calls = self.stage.aws.calls();
        let updates = calls
            .iter()
            .filter(|call| call.name == "lambda:UpdateFunctionCode");
        let sent = updates.map(|call| serde_json::from_slice(&call.request.body).unwrap());
        sent.filter(|sent: &Value| (sent["DryRun"] == true) == dry)
            .collect()
    }

    fn assert_unchanged(&self) {
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

fn arns() -> Value {
    value!({"SigningJobArn": signature::JOB, "SigningProfileVersionArn": PROFILE_VERSION})
}

fn merge(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        into[name] = value.clone();
    }
}

fn code(sha256: &str, more: &Value) -> Value {
    let mut code = value!({
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders",
        "PackageType": "Zip", "CodeSha256": sha256, "RevisionId": "r-1", "State": "Active",
        "LastUpdateStatus": "Successful",
    });
    merge(&mut code, more);
    code
}

fn function(sha256: &str, more: &Value) -> Response {
    json(&value!({"Configuration": code(sha256, more), "Tags": {}}).to_string())
}

fn event(job: &str) -> String {
    value!({
        "version": "0", "id": "1", "source": "aws.signer",
        "detail-type": "Signer Job Status Change", "time": "2026-11-21T21:44:04Z",
        "detail": {"job_id": job, "status": "Succeeded"},
    })
    .to_string()
}

#[test]
fn what_is_verified_is_deployed_and_nothing_else() {
    let scene = Scene::new();
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("deployed".to_owned(), String::new()),
        "{}",
        scene.stage.output()
    );
    let expected = value!({
        "S3Bucket": SIGNED,
        "S3Key": scene.signed_key(),
        "S3ObjectVersion": "version-2",
        "RevisionId": "r-1",
    });
    assert_eq!(
        scene.updates(false),
        [expected],
        "the very version that was read"
    );
    assert_eq!(scene.updates(true).len(), 1, "Lambda is asked first");
    assert_eq!(scene.count("lambda:PublishVersion"), 1);
    assert_eq!(scene.count("events:PutEvents"), 1);
    let outcome = scene.outcome().unwrap();
    assert_eq!(outcome["deployed"]["version"], "7");
    assert_eq!(outcome["deployed"]["code_sha256"], scene.sha256.as_str());

    // The verdict was on record before the update.
    let names: Vec<String> = scene
        .stage
        .aws
        .calls()
        .into_iter()
        .filter(|call| call.name == "s3:PutObject" || call.name == "lambda:UpdateFunctionCode")
        .map(|call| {
            format!(
                "{} {}",
                call.name,
                call.request.path.rsplit('/').next().unwrap()
            )
        })
        .collect();
    let verdict = names
        .iter()
        .position(|name| name.ends_with("verdict.json"))
        .unwrap();
    let update = names
        .iter()
        .rposition(|name| name.starts_with("lambda:"))
        .unwrap();
    assert!(verdict < update, "{names:?}");

    let output = scene.stage.output();
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let live = lines
        .iter()
        .find(|line| line["Deployed"] == 1.0)
        .expect("it is counted");
    assert!(
        live["SecondsToLive"].is_f64() && live["Stack"] == "gate",
        "{live}"
    );
    let told = lines
        .iter()
        .find(|line| line["state"] == "deployed")
        .unwrap();
    assert_eq!(
        (&told["target"], &told["job"]),
        (&value!(FUNCTION), &value!(JOB))
    );

    // A second delivery finds the end, and does nothing.
    let before = scene.stage.aws.called().len();
    assert!(!scene.goes_back(2));
    let after = scene.stage.aws.called().split_off(before);
    assert!(
        after
            .iter()
            .all(|call| call.starts_with("s3:") || call.starts_with("signer:")),
        "{after:?}"
    );
    assert!(!after.contains(&"s3:PutObject".to_owned()), "{after:?}");
}

/// An upload for a layer, of which Lambda says that it published code with this SHA-256.
fn layer(published: impl FnOnce(&Scene) -> String) -> Scene {
    let signed = package::sign(&package::sample(), &Pki::new()).build();
    let variables = [("COUNTERSIGN_LAYER_CSC_ARN", CSC)];
    let scene = Scene::of("layers/common", &signed, &variables);
    let mut content = value!({"CodeSha256": published(&scene), "CodeSize": 1});
    merge(&mut content, &arns());
    let arn = "arn:aws:lambda:us-east-1:123456789012:layer:common:3";
    let answer = value!({"LayerVersionArn": arn, "Version": 3, "Content": content});
    let call = "lambda:PublishLayerVersion";
    scene.stage.aws.answers(call, json(&answer.to_string()));
    scene
}

#[test]
fn a_layer_is_published_from_the_very_version_that_was_read() {
    let scene = layer(|scene| scene.sha256.clone());
    assert!(!scene.goes_back(1));
    let outcome = scene.outcome().unwrap();
    assert_eq!(outcome["state"], "deployed", "{outcome:#}");
    assert_eq!(outcome["deployed"]["version"], "3");

    let calls = scene.stage.aws.calls();
    let asked = calls
        .iter()
        .find(|call| call.name == "lambda:PublishLayerVersion")
        .expect("it is published");
    assert!(asked.request.path.ends_with("/layers/common/versions"));
    let sent: Value = serde_json::from_slice(&asked.request.body).unwrap();
    let description = sent["Description"].as_str().unwrap();
    assert!(description.contains("commit=6533b80"), "{description}");
    let expected = value!({
        "Content": {
            "S3Bucket": SIGNED, "S3Key": scene.signed_key(), "S3ObjectVersion": "version-2",
        },
        "CompatibleRuntimes": ["python3.13", "nodejs24.x"],
        "Description": description,
    });
    assert_eq!(sent, expected);
    assert!(scene.updates(false).is_empty() && scene.updates(true).is_empty());
}

#[test]
fn a_layer_that_is_not_what_was_verified_is_critical() {
    let scene = layer(|_| "b3RoZXI=".to_owned());
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("failed".to_owned(), "DEPLOYED_MISMATCH".to_owned())
    );
    assert_eq!(scene.outcome().unwrap()["critical"], true);
}

#[test]
fn an_altered_package_is_refused_for_what_it_is() {
    let signed = package::sign(&package::sample(), &Pki::new());
    let mut altered = signed.clone();
    altered.push(countersign_testkit::zip::EntryForge::file(
        "more.mjs",
        "added after signing",
    ));
    let scene = Scene::with(&altered.build(), &[]);
    let refusal = exception(
        400,
        "CodeVerificationFailedException",
        "not properly signed",
    );
    scene
        .stage
        .aws
        .answers("lambda:UpdateFunctionCode", refusal);
    assert!(!scene.goes_back(1));
    let (state, code) = scene.end();
    assert_eq!(state, "rejected");
    assert!(!code.is_empty());
    scene.assert_unchanged();
}

#[test]
fn a_foreign_publisher_is_refused() {
    let scene = Scene::new();
    scene.publishers(&[&PROFILE_VERSION.replace("orders_service", "another_team")]);
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("rejected".to_owned(), "PUBLISHER_NOT_ALLOWED".to_owned())
    );
    scene.assert_unchanged();
    let output = scene.stage.output();
    assert!(
        output.contains(r#""Reason":"PUBLISHER_NOT_ALLOWED""#),
        "{output}"
    );
}

#[test]
fn a_root_that_is_not_trusted_is_not_trusted() {
    // The signature is sound, under a root that nobody named.
    let other = Pki::forge(|forge| *forge = countersign_testkit::pki::PkiForge::new("another"));
    let scene = Scene::with(&package::sign(&package::sample(), &other).build(), &[]);
    let refusal = exception(
        400,
        "CodeVerificationFailedException",
        "not properly signed",
    );
    scene
        .stage
        .aws
        .answers("lambda:UpdateFunctionCode", refusal);
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "rejected");
    scene.assert_unchanged();
}

#[test]
fn a_target_without_a_configuration_is_refused_unless_it_is_allowed() {
    for (choice, state) in [("reject", "rejected"), ("allow", "deployed")] {
        let signed = package::sign(&package::sample(), &Pki::new()).build();
        let scene = Scene::with(&signed, &[("COUNTERSIGN_TARGET_WITHOUT_CSC", choice)]);
        let none = json(r#"{"FunctionName":"orders"}"#);
        scene
            .stage
            .aws
            .answers("lambda:GetFunctionCodeSigningConfig", none);
        assert!(!scene.goes_back(1));
        assert_eq!(scene.end().0, state, "{choice}");
    }
}

#[test]
fn a_failed_job_ends_the_upload() {
    let scene = Scene::new();
    scene.job(
        "Failed",
        &value!({"statusReason": "the zip is malformed", "signedObject": null}),
    );
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("rejected".to_owned(), "SIGNING_FAILED".to_owned())
    );
    assert!(
        scene.outcome().unwrap()["message"]
            .as_str()
            .unwrap()
            .contains("the zip is malformed")
    );
    scene.assert_unchanged();
}

#[test]
fn a_job_of_somebody_else_is_left_alone() {
    let unknown = Scene::new();
    let missing = exception(404, "ResourceNotFoundException", "no such job");
    unknown
        .stage
        .aws
        .answers("signer:DescribeSigningJob", missing);
    let foreign = Scene::new();
    let source =
        value!({"s3": {"bucketName": "theirs", "key": "functions/orders.zip", "version": "1"}});
    foreign.job("Succeeded", &value!({"source": source}));
    for scene in [unknown, foreign] {
        assert!(!scene.goes_back(1));
        assert_eq!(scene.stage.aws.called(), ["signer:DescribeSigningJob"]);
        assert!(
            scene
                .stage
                .output()
                .contains("the job is not for this stack")
        );
    }
}

#[test]
fn an_upload_that_was_overtaken_is_never_deployed() {
    for last in ["another upload", "a delete marker"] {
        let scene = Scene::new();
        match last {
            "another upload" => drop(scene.stage.aws.put(UPLOADS, &scene.key(), "newer")),
            _ => scene.stage.aws.delete(UPLOADS, &scene.key()),
        }
        assert!(!scene.goes_back(1));
        assert_eq!(scene.end().0, "superseded", "{last}");
        scene.assert_unchanged();
    }
}

#[test]
fn a_target_that_was_deleted_meanwhile_is_said_to_be() {
    // The scene's first answer is the function as it was.
    let scene = Scene::new();
    let gone = exception(404, "ResourceNotFoundException", "no such function");
    scene.stage.aws.answers("lambda:GetFunction", gone.clone());
    scene.stage.aws.answers("lambda:UpdateFunctionCode", gone);
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().1, "TARGET_NOT_FOUND");
    assert_eq!(scene.count("lambda:PublishVersion"), 0);
}

#[test]
fn lambda_that_disagrees_has_the_last_word_and_it_is_critical() {
    let scene = Scene::new();
    let refusal = exception(
        400,
        "CodeVerificationFailedException",
        "not properly signed",
    );
    scene
        .stage
        .aws
        .answers("lambda:UpdateFunctionCode", refusal);
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("rejected".to_owned(), "LAMBDA_DISAGREES".to_owned())
    );
    assert_eq!(scene.outcome().unwrap()["critical"], true);
    scene.assert_unchanged();
}

#[test]
fn what_cannot_be_established_is_tried_again_and_then_refused() {
    let scene = Scene::new();
    let denied = exception(403, "AccessDeniedException", "not allowed");
    scene.stage.aws.answers("signer:GetSigningProfile", denied);
    assert!(scene.goes_back(1));
    assert!(scene.outcome().is_none(), "trouble is no verdict");
    scene.assert_unchanged();
    assert!(
        scene
            .stage
            .output()
            .contains("signer:GetSigningProfile was denied")
    );
    assert!(!scene.goes_back(5), "the queue's patience is at its end");
    assert_eq!(scene.end().0, "rejected");
    scene.assert_unchanged();
}

#[test]
fn what_is_not_understood_goes_back_alone() {
    let scene = Scene::new();
    let good = event(JOB);
    let lacking = good.replace("job_id", "job");
    let unknown = good.replace("aws.signer", "aws.s3");
    let odd = event("../../etc");
    let bodies = ["not JSON", &lacking, &good, &unknown, &odd];
    assert_eq!(scene.stage.failures(&bodies, 1), [0, 1, 3, 4]);
    assert_eq!(scene.end().0, "deployed");
}

#[test]
fn the_samples_in_events_are_understood() {
    for name in [
        "deploy-signer-job",
        "deploy-signer-job-layer",
        "deploy-signer-job-failed",
    ] {
        let scene = Scene::new();
        let missing = exception(404, "ResourceNotFoundException", "no such job");
        scene
            .stage
            .aws
            .answers("signer:DescribeSigningJob", missing);
        let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let answer = scene.stage.invoke(&fs::read_to_string(path).unwrap());
        assert_eq!(
            answer,
            Answer::Response(r#"{"batchItemFailures":[]}"#.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn a_wrong_environment_is_told_whole_at_the_start() {
    let faults = [
        ("COUNTERSIGN_TARGET_WITHOUT_CSC", "alow"),
        ("COUNTERSIGN_TRUST_ROOTS", "x"),
    ];
    let mut stage = Stage::start(env!("CARGO_BIN_EXE_deploy"), &faults).unwrap();
    let (report, failed) = stage.init_failure().unwrap();
    assert!(failed, "the exit status tells of it, too");
    let body = match report {
        Some(Answer::Error { body, .. }) => body,
        other => format!("{other:?}"),
    };
    for name in [
        "COUNTERSIGN_STACK",
        "COUNTERSIGN_UPLOADS_BUCKET",
        "COUNTERSIGN_SIGNED_BUCKET",
        "COUNTERSIGN_RECORDS_BUCKET",
        "COUNTERSIGN_MAX_RECEIVES",
        "COUNTERSIGN_TARGET_WITHOUT_CSC",
        "COUNTERSIGN_TRUST_ROOTS",
    ] {
        assert!(
            body.contains(&format!("{name}: ")),
            "{name} is not in {body}"
        );
    }
    assert!(stage.aws.called().is_empty());
}
