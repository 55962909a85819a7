//! The real binary of `deploy` over the Runtime API: what becomes of signing jobs, and what is not
//! called.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

mod scene;
mod summaries;

use std::{fs, time::Duration};

use countersign_gate::domain::AttestationFolder;
use countersign_testkit::{
    checkout,
    fake_aws::{exception, json, s3_error},
    package,
    pki::Pki,
    runtime_api::Answer,
    signature::PROFILE_VERSION,
    stage::Stage,
};
use serde_json::{Value, json as value};

use crate::scene::*;

#[test]
fn verified_package_is_deployed() {
    let mut scene = Scene::new();
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end(), ("deployed".to_owned(), String::new()));
    let expected = value!({
        "S3Bucket": SIGNED,
        "S3Key": scene.signed_key(),
        "S3ObjectVersion": "version-2",
        "RevisionId": "r-1",
        "SourceKMSKeyArn": CODE_KEY,
    });
    assert_eq!(
        scene.updates(false),
        [expected],
        "the very version that was read, under the key that the code was under"
    );
    assert_eq!(scene.updates(true).len(), 1, "Lambda is asked first");
    assert_eq!(scene.count("lambda:PublishVersion"), 1);
    assert_eq!(scene.count("events:PutEvents"), 1);
    let outcome = scene.outcome().unwrap();
    assert_eq!(outcome["deployed"]["version"], "7");
    assert_eq!(outcome["deployed"]["code_sha256"], scene.sha256.as_str());

    let key = format!("current/{FUNCTION}.zip");
    assert_eq!(
        scene.stage.aws.object(SIGNED, &key),
        scene.stage.aws.object(SIGNED, &scene.signed_key()),
        "it is the target's current package now"
    );
    let copy = scene.call("s3:CopyObject");
    assert_eq!(copy.header("if-none-match"), Some("*"));
    let source = format!("{SIGNED}/{}?versionId=version-2", scene.signed_key());
    assert_eq!(copy.header("x-amz-copy-source"), Some(source.as_str()));
    assert_eq!(copy.header("x-amz-metadata-directive"), Some("REPLACE"));
    let code = copy.header("x-amz-meta-code-sha256");
    assert_eq!(code, Some(scene.sha256.as_str()));
    let label = format!("20261121T214400Z-{}", scene.version);
    assert_eq!(copy.header("x-amz-meta-upload"), Some(label.as_str()));

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

    let output = scene.stage.end();
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
}

#[test]
fn package_for_a_new_function_is_prepared() {
    let signed = package::sign(&package::sample(), &Pki::new()).build();
    let scene = Scene::with(&signed, &[("COUNTERSIGN_NEW_FUNCTION_CSC_ARN", CSC)]);
    let missing = exception(404, "ResourceNotFoundException", "no such function");
    scene.stage.aws.forget("lambda:GetFunction");
    scene.stage.aws.answers("lambda:GetFunction", missing);
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "prepared");
    let current = scene
        .stage
        .aws
        .object(SIGNED, &format!("current/{FUNCTION}.zip"));
    assert_eq!(current.as_deref(), Some(signed.as_slice()));
    scene.assert_unchanged();
    scene.stage.assert_says(r#""Prepared":1.0"#);
}

#[test]
fn current_package_is_replaced_by_its_entity_tag() {
    let scene = Scene::new();
    let key = format!("current/{FUNCTION}.zip");
    let seen = scene.stage.aws.put(SIGNED, &key, "the one before");
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "deployed");
    let copy = scene.call("s3:CopyObject");
    let etag = format!("\"etag-{seen}\"");
    assert_eq!(copy.header("if-match"), Some(etag.as_str()));
}

#[test]
fn current_package_that_changed_meanwhile_is_read_again() {
    let signed = package::sign(&package::sample(), &Pki::new()).build();
    let scene = Scene::with(&signed, &[("COUNTERSIGN_NEW_FUNCTION_CSC_ARN", CSC)]);
    let missing = exception(404, "ResourceNotFoundException", "no such function");
    scene.stage.aws.forget("lambda:GetFunction");
    scene.stage.aws.answers("lambda:GetFunction", missing);
    for conflict in [412, 409] {
        let answer = s3_error(conflict, "PreconditionFailed");
        scene.stage.aws.answers_once("s3:CopyObject", answer);
    }
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "prepared");
    assert_eq!(scene.count("s3:CopyObject"), 3);
}

#[test]
fn package_whose_signed_object_is_gone_is_no_conflict() {
    let signed = package::sign(&package::sample(), &Pki::new()).build();
    let scene = Scene::with(&signed, &[("COUNTERSIGN_NEW_FUNCTION_CSC_ARN", CSC)]);
    let missing = exception(404, "ResourceNotFoundException", "no such function");
    scene.stage.aws.forget("lambda:GetFunction");
    scene.stage.aws.answers("lambda:GetFunction", missing);
    scene
        .stage
        .aws
        .answers("s3:CopyObject", s3_error(404, "NoSuchVersion"));
    assert!(scene.goes_back(1));
    assert!(scene.outcome().is_none());
    scene.stage.assert_says("s3:CopyObject gave an answer");
}

#[test]
fn refused_alias_move_ends_the_upload_at_once() {
    let scene = Scene::new();
    let aws = &scene.stage.aws;
    let tags = value!({"countersign:alias": "live"});
    aws.forget("lambda:GetFunction");
    aws.answers_once(
        "lambda:GetFunction",
        tagged_function("b2xk", &value!({}), &tags),
    );
    aws.answers(
        "lambda:GetFunction",
        tagged_function(&scene.sha256, &arns(), &tags),
    );
    let alias = value!({"FunctionVersion": "6", "RevisionId": "a-1"});
    aws.answers("lambda:GetAlias", json(&alias.to_string()));
    let refusal = exception(
        400,
        "InvalidParameterValueException",
        "provisioned concurrency",
    );
    aws.answers("lambda:UpdateAlias", refusal);
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "failed", "Lambda took the code");
    let outcome = scene.outcome().unwrap();
    assert_eq!(outcome["deployed"]["version"], "7");
    let message = outcome["message"].as_str().unwrap();
    assert!(message.contains("provisioned concurrency"), "{message}");
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
    let none = exception(404, "ResourceNotFoundException", "none yet");
    scene.stage.aws.answers("lambda:ListLayerVersions", none);
    scene
}

#[test]
fn layer_is_published_from_the_version_that_was_read() {
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
        "CompatibleArchitectures": ["arm64"],
        "Description": description,
    });
    assert_eq!(sent, expected);
    assert!(scene.updates(false).is_empty() && scene.updates(true).is_empty());
}

#[test]
fn unexpected_layer_content_is_critical() {
    let scene = layer(|_| "b3RoZXI=".to_owned());
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("failed".to_owned(), "DEPLOYED_MISMATCH".to_owned())
    );
    assert_eq!(scene.outcome().unwrap()["critical"], true);
}

#[test]
fn altered_package_is_refused() {
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
fn foreign_publisher_is_refused() {
    let scene = Scene::new();
    scene.publishers(&[&PROFILE_VERSION.replace("orders_service", "another_team")]);
    assert!(!scene.goes_back(1));
    assert_eq!(
        scene.end(),
        ("rejected".to_owned(), "PUBLISHER_NOT_ALLOWED".to_owned())
    );
    scene.assert_unchanged();
    scene
        .stage
        .assert_says(r#""Reason":"PUBLISHER_NOT_ALLOWED""#);
}

#[test]
fn untrusted_root_is_rejected() {
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
fn target_without_a_configuration_is_refused_unless_it_is_allowed() {
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
fn provenance_is_demanded_as_the_environment_says() {
    let demand = [("COUNTERSIGN_PROVENANCE_SOURCE", "github.com/acme/shop")];
    for (attestation, code) in [
        (None, "PROVENANCE_MISSING"),
        (Some("{}"), "PROVENANCE_INVALID"),
    ] {
        let signed = package::sign(&package::sample(), &Pki::new()).build();
        let scene = Scene::with(&signed, &demand);
        let folder = AttestationFolder::of_package(&package::sample().build());
        if let Some(body) = attestation {
            let key = format!("{folder}build.json");
            scene.stage.aws.put(UPLOADS, &key, body);
        }
        assert!(!scene.goes_back(1));
        assert_eq!(scene.end().0, "rejected");
        let outcome = scene.outcome().unwrap();
        assert_eq!(outcome["code"], code, "{outcome}");
        scene.assert_unchanged();
    }
}

#[test]
fn failed_job_ends_the_upload() {
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

/// What no upload of this stack is the source of.
fn theirs() -> Value {
    value!({"s3": {"bucketName": "theirs", "key": "functions/orders.zip", "version": "1"}})
}

#[test]
fn foreign_job_is_left_alone() {
    let scene = Scene::new();
    scene.job("Succeeded", &value!({"source": theirs()}));
    assert!(!scene.goes_back(1));
    assert_eq!(scene.stage.aws.called(), ["signer:DescribeSigningJob"]);
    scene.stage.assert_says("the job is not for this stack");
}

#[test]
fn unknown_job_is_retried_before_it_is_left_alone() {
    let scene = Scene::new();
    let missing = exception(404, "ResourceNotFoundException", "no such job");
    scene
        .stage
        .aws
        .answers("signer:DescribeSigningJob", missing);
    // It may become known within the invocation, which is waited for.
    scene.stage.set_timeout(Duration::from_secs(5));
    assert!(scene.goes_back(4));
    assert!(scene.count("signer:DescribeSigningJob") > 4);
    assert!(!scene.goes_back_at_last());
    assert!(scene.stage.dead_letters().is_empty());
    scene.stage.assert_says("the job is not for this stack");
    assert_eq!(scene.outcome(), None);
}

#[test]
fn outdated_upload_is_never_deployed() {
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
fn deleted_target_is_reported() {
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
fn disagreement_of_lambda_is_critical() {
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
fn inconclusive_upload_is_retried_then_rejected() {
    let scene = Scene::new();
    let denied = exception(403, "AccessDeniedException", "not allowed");
    scene.stage.aws.answers("signer:GetSigningProfile", denied);
    assert!(scene.goes_back(1));
    assert!(scene.outcome().is_none(), "trouble is no verdict");
    scene.assert_unchanged();
    scene
        .stage
        .assert_says("signer:GetSigningProfile was denied");
    assert!(
        scene.goes_back_at_last(),
        "the message is old, and not the upload"
    );
    assert!(scene.outcome().is_none());
    scene.stage.use_patience_up(scene::RECORDS);
    assert!(!scene.goes_back_at_last(), "the patience is at its end");
    assert_eq!(scene.end().0, "rejected");
    scene.assert_unchanged();
}

/// Lines that the saved queries of Logs Insights are to find: by the upload's version, the target and the job.
fn assert_told_of_upload(scene: &Scene, message: &str) {
    let line = scene.line(message);
    let upload = format!("s3://{UPLOADS}/{}?versionId={}", scene.key(), scene.version);
    assert_eq!(
        (&line["upload"], &line["target"], &line["job"]),
        (&value!(upload), &value!(FUNCTION), &value!(JOB)),
        "{line}"
    );
}

#[test]
fn retried_upload_is_named_in_the_log() {
    let scene = Scene::new();
    let throttled = exception(429, "ThrottlingException", "slow down");
    scene
        .stage
        .aws
        .answers("signer:GetSigningProfile", throttled);
    assert!(scene.goes_back(1));
    assert_told_of_upload(&scene, "the message goes back to the queue");
}

#[test]
fn upload_whose_message_dies_is_named_in_the_log() {
    let scene = Scene::new();
    // Its records do not say that it ended, so that it stays with its message.
    scene
        .stage
        .aws
        .answers("s3:ListObjectsV2", s3_error(403, "AccessDenied"));
    assert!(!scene.goes_back_at_last());
    assert_eq!(scene.stage.dead_letters().len(), 1);
    assert_told_of_upload(&scene, "the message was put into the dead-letter queue");
}

#[test]
fn unparseable_message_is_set_aside_alone() {
    let scene = Scene::new();
    let good = event(JOB);
    let lacking = good.replace("job_id", "job");
    let unknown = good.replace("aws.signer", "aws.s3");
    let odd = event("../../etc");
    let bodies = ["not JSON", &lacking, &good, &unknown, &odd];
    assert!(scene.stage.failures(&bodies, 1).is_empty());
    assert_eq!(scene.end().0, "deployed");
    let letters = scene.stage.dead_letters();
    let set_aside: Vec<_> = letters
        .iter()
        .map(|letter| &letter["MessageBody"])
        .collect();
    assert_eq!(set_aside, ["not JSON", &lacking, &unknown, &odd]);
}

#[test]
fn samples_in_events_are_understood() {
    for name in [
        "deploy-signer-job",
        "deploy-signer-job-layer",
        "deploy-signer-job-failed",
    ] {
        let scene = Scene::new();
        scene.job("Succeeded", &value!({"source": theirs()}));
        let path = checkout::path(&format!("events/{name}.json"));
        let answer = scene.stage.invoke(&fs::read_to_string(path).unwrap());
        assert_eq!(
            answer,
            Answer::Response(r#"{"batchItemFailures":[]}"#.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn wrong_environment_is_told_whole_at_the_start() {
    let faults = [
        ("COUNTERSIGN_TARGET_WITHOUT_CSC", "alow"),
        ("COUNTERSIGN_TRUST_ROOTS", "x"),
        ("COUNTERSIGN_DEAD_LETTER_QUEUE", ""),
    ];
    let mut stage = Stage::start("deploy", &faults).unwrap();
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
        "COUNTERSIGN_EVENT_BUS",
        "COUNTERSIGN_DEAD_LETTER_QUEUE",
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
