//! The real binary of `deploy` over the Runtime API: what becomes of signing jobs, and what is not
//! called.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

mod scene;

use std::fs;

use countersign_testkit::{
    checkout,
    fake_aws::{exception, json},
    package,
    pki::Pki,
    runtime_api::Answer,
    signature::PROFILE_VERSION,
    stage::Stage,
};
use serde_json::{Value, json as value};

use crate::scene::*;

#[test]
fn what_is_verified_is_deployed_and_nothing_else() {
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
    scene
        .stage
        .assert_says(r#""Reason":"PUBLISHER_NOT_ALLOWED""#);
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

/// What no upload of this stack is the source of.
fn theirs() -> Value {
    value!({"s3": {"bucketName": "theirs", "key": "functions/orders.zip", "version": "1"}})
}

#[test]
fn a_job_of_somebody_else_is_left_alone() {
    let scene = Scene::new();
    scene.job("Succeeded", &value!({"source": theirs()}));
    assert!(!scene.goes_back(1));
    assert_eq!(scene.stage.aws.called(), ["signer:DescribeSigningJob"]);
    scene.stage.assert_says("the job is not for this stack");
}

#[test]
fn a_job_that_signer_does_not_know_is_asked_for_again_before_it_is_left_alone() {
    let scene = Scene::new();
    let missing = exception(404, "ResourceNotFoundException", "no such job");
    scene
        .stage
        .aws
        .answers("signer:DescribeSigningJob", missing);
    assert!(scene.goes_back(4));
    assert!(!scene.goes_back(5));
    scene.stage.assert_says("the job is not for this stack");
    assert_eq!(scene.outcome(), None);
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
    scene
        .stage
        .assert_says("signer:GetSigningProfile was denied");
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
fn a_wrong_environment_is_told_whole_at_the_start() {
    let faults = [
        ("COUNTERSIGN_TARGET_WITHOUT_CSC", "alow"),
        ("COUNTERSIGN_TRUST_ROOTS", "x"),
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
