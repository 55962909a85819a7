//! Pages as a person reads them: the samples of `events/`, and the gate's own outcomes, held against
//! the texts in `pages/`.

use std::{fs, path::PathBuf};

use countersign_gate::{
    alerts::{Page, Severity, alert, classify},
    domain::ReasonCode,
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

use crate::world::{
    World,
    packages::slots,
    run::{hands, run},
};

const EVENTS: &str = "events";
const PAGES: &str = "shared/gate/tests/gate/pages";
const STACK: &str = "countersign";

/// Every page that is held against a text.
fn pages() -> Vec<(String, Page)> {
    let samples = [
        "alert-cloudtrail-csc-removed",
        "alert-cloudtrail-csc-weakened",
        "alert-cloudtrail-mismatch",
        "alert-cloudtrail-profile-revoked",
        "alert-cloudtrail-refused",
    ];
    let of_samples = samples
        .into_iter()
        .map(|name| (name.to_owned(), body(name)));
    let own = [
        (
            "own-rejected",
            outcome("rejected", Some(ReasonCode::PublisherNotAllowed)),
        ),
        (
            "own-critical",
            outcome("rejected", Some(ReasonCode::LambdaDisagrees)),
        ),
        (
            "own-failed",
            outcome("failed", Some(ReasonCode::UpdateFailed)),
        ),
        ("own-warned", warned()),
    ];
    of_samples
        .chain(own.map(|(name, body)| (name.to_owned(), body.to_string())))
        .map(|(name, body)| {
            let page = classify(STACK, &body).unwrap();
            (
                name.clone(),
                page.unwrap_or_else(|| panic!("{name} pages nobody")),
            )
        })
        .collect()
}

/// The file with the text of a page.
fn expected(name: &str) -> PathBuf {
    checkout::path(&format!("{PAGES}/{name}.txt"))
}

#[test]
fn pages_read_as_they_should() {
    for (name, page) in pages() {
        let found = fs::read_to_string(expected(&name)).unwrap_or_default();
        assert!(
            found == text(&page),
            "{name} reads otherwise; look at it and write it anew with \
             `cargo test -p countersign-gate --test gate -- --ignored write_the_pages`:\n{}",
            text(&page)
        );
    }
}

#[test]
#[ignore = "writes the expected pages"]
fn write_the_pages() {
    fs::create_dir_all(checkout::path(PAGES)).unwrap();
    for (name, page) in pages() {
        fs::write(expected(&name), text(&page)).unwrap();
    }
}

#[test]
fn severities_fit() {
    let severity = |name: &str| {
        pages()
            .into_iter()
            .find(|(found, _)| found == name)
            .map(|(_, page)| page.severity)
    };
    for name in [
        "alert-cloudtrail-csc-removed",
        "alert-cloudtrail-csc-weakened",
        "alert-cloudtrail-mismatch",
        "alert-cloudtrail-profile-revoked",
        "alert-cloudtrail-refused",
        "own-critical",
        "own-failed",
    ] {
        assert_eq!(severity(name), Some(Severity::Critical), "{name}");
    }
    assert_eq!(severity("own-rejected"), Some(Severity::Warning));
    assert_eq!(severity("own-warned"), Some(Severity::Warning));
}

#[test]
fn ordinary_events_page_nobody() {
    let quiet = [
        body("alert-cloudtrail-valid"),
        outcome("deployed", None).to_string(),
        outcome("superseded", Some(ReasonCode::Replaced)).to_string(),
        // Not every error is about signatures.
        with(|detail| detail["errorCode"] = json!("ResourceConflictException")),
        // The gate's own question to Lambda; it tells of the answer itself.
        with(|detail| {
            detail["requestParameters"]["dryRun"] = json!(true);
            detail["userIdentity"]["arn"] = json!(
                "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-1X/countersign-deploy"
            );
        }),
    ];
    for body in quiet {
        assert_eq!(classify(STACK, &body).unwrap(), None, "{body}");
    }
}

#[test]
fn code_that_was_only_tried_did_not_go_live() {
    let status = |dry: Value, error: Value| {
        with(move |detail| {
            detail["errorCode"] = error;
            detail["requestParameters"]["dryRun"] = dry;
            detail["additionalEventData"] = json!({ "signatureStatus": "MISMATCH" });
        })
    };
    // Whoever made it: nothing changed.
    let dry = status(json!(true), Value::Null);
    assert_eq!(classify(STACK, &dry).unwrap(), None);
    for not_dry in [json!(false), json!("true"), Value::Null] {
        let page = classify(STACK, &status(not_dry.clone(), Value::Null)).unwrap();
        assert_eq!(page.unwrap().severity, Severity::Critical, "{not_dry}");
    }
    // Someone else's dry run that Lambda refused is still an attempt to be asked about.
    let refused = status(json!(true), json!("CodeVerificationFailedException"));
    assert!(classify(STACK, &refused).unwrap().is_some());
}

#[test]
fn imitations_of_the_gate_do_page() {
    let session = |arn: &'static str| {
        with(move |detail| {
            detail["requestParameters"]["dryRun"] = json!(true);
            detail["userIdentity"]["arn"] = json!(arn);
        })
    };
    for arn in [
        "arn:aws:sts::111122223333:assumed-role/Developer/countersign-deploy",
        "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-1X/someone",
        "arn:aws:iam::111122223333:user/countersign-deploy",
    ] {
        assert!(classify(STACK, &session(arn)).unwrap().is_some(), "{arn}");
    }
    // Under the gate's own role, but not a dry run: the gate does not do that.
    let wet = with(|detail| {
        detail["userIdentity"]["arn"] = json!(
            "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-1X/countersign-deploy"
        );
    });
    assert!(classify(STACK, &wet).unwrap().is_some());
}

#[test]
fn whatever_lambda_calls_it_a_refusal_pages() {
    for error in [
        "CodeVerificationFailedException",
        "InvalidCodeSignatureException",
        "CodeSigningConfigNotFoundException",
        "CodeVerificationFailed",
    ] {
        let page = classify(STACK, &with(|detail| detail["errorCode"] = json!(error))).unwrap();
        assert_eq!(page.unwrap().severity, Severity::Critical, "{error}");
    }
    for status in ["MISMATCH", "EXPIRED", "REVOKED", "CORRUPT", "valid"] {
        let body = with(|detail| {
            detail["errorCode"] = Value::Null;
            detail["additionalEventData"] = json!({ "signatureStatus": status });
        });
        assert!(classify(STACK, &body).unwrap().is_some(), "{status}");
    }
    let denied = with(|detail| {
        detail["errorCode"] = json!("AccessDeniedException");
        detail["eventName"] = json!("DeleteFunctionCodeSigningConfig");
    });
    assert_eq!(
        classify(STACK, &denied).unwrap().unwrap().severity,
        Severity::Warning
    );
}

#[test]
fn what_is_not_understood_is_an_error() {
    for body in [
        "",
        "{}",
        r#"{"source":"aws.ec2","detail-type":"x","time":"2026-11-21T21:44:00Z","detail":{}}"#,
        r#"{"source":"aws.lambda","detail-type":"AWS API Call via CloudTrail","time":"2026-11-21T21:44:00Z","detail":{}}"#,
        r#"{"source":"countersign","detail-type":"Countersign Upload Decided","time":"2026-11-21T21:44:00Z","detail":{}}"#,
    ] {
        assert!(classify(STACK, body).is_err(), "{body}");
    }
}

#[test]
fn a_page_is_sent_once_and_only_if_there_is_one() {
    let world = World::new(slots(), 1);
    let hands = hands(&world, "alert");
    assert!(
        run(alert(&hands, STACK, &body("alert-cloudtrail-refused")))
            .unwrap()
            .is_some()
    );
    assert!(
        run(alert(&hands, STACK, &body("alert-cloudtrail-valid")))
            .unwrap()
            .is_none()
    );
    assert_eq!(world.state().calls, ["sns:Publish"]);
    world.state().broken.insert("sns:Publish");
    assert!(run(alert(&hands, STACK, &body("alert-cloudtrail-refused"))).is_err());
}

fn text(page: &Page) -> String {
    let message = page.render();
    let texts: Value = serde_json::from_str(message.message()).unwrap();
    let chat: Value = serde_json::from_str(texts["https"].as_str().unwrap()).unwrap();
    format!(
        "Subject: {}\n\n{}\n\n--- sms\n{}\n--- https\n{chat:#}\n",
        message.subject(),
        texts["email"].as_str().unwrap(),
        texts["sms"].as_str().unwrap(),
    )
}

/// The body of the first message of a sample.
fn body(name: &str) -> String {
    let sample = fs::read_to_string(checkout::path(&format!("{EVENTS}/{name}.json"))).unwrap();
    let sample: Value = serde_json::from_str(&sample).unwrap();
    sample["Records"][0]["body"].as_str().unwrap().to_owned()
}

/// A refused call with something changed.
fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut event: Value = serde_json::from_str(&body("alert-cloudtrail-refused")).unwrap();
    change(&mut event["detail"]);
    event.to_string()
}

/// The gate's own event.
fn outcome(state: &str, code: Option<ReasonCode>) -> Value {
    json!({
        "id": "5e0d7b3c-0000-4000-8000-000000000000",
        "source": "countersign",
        "detail-type": "Countersign Upload Decided",
        "time": "2026-11-21T21:44:09Z",
        "detail": {
            "stack": "countersign",
            "record": "s3://records/functions/orders/20261121T214400Z-v1/outcome.json",
            "schema": 1,
            "upload": {
                "id": {"bucket": "uploads", "key": "functions/orders.zip", "version": "v1"},
                "at": "2026-11-21T21:44:00Z",
            },
            "target": "functions/orders",
            "state": state,
            "code": code,
            "message": "what happened in detail",
            "fix": code.map(|code| code.about().fix),
            "critical": code.is_some_and(ReasonCode::is_critical),
            "findings": [],
            "deployed": null,
            "job": "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f",
            "uploaded_by": {"principal": "111122223333", "source_ip": "203.0.113.7"},
            "metadata": {"commit": "1a2b3c4"},
            "tags": {},
            "decided_at": "2026-11-21T21:44:09Z",
            "took_ms": 9000,
        },
    })
}

/// A deployment under Warn.
fn warned() -> Value {
    let mut event = outcome("deployed", None);
    event["detail"]["message"] = json!("version 7 is live");
    event["detail"]["findings"] = json!([{
        "check": "expiry",
        "status": "fail",
        "action": "warn",
        "code": "SIGNATURE_EXPIRED",
        "message": "the signature expired at 2026-11-20T00:00:00Z",
        "fix": ReasonCode::SignatureExpired.about().fix,
    }]);
    event
}
