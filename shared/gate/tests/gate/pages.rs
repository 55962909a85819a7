//! Pages as a person reads them: the samples of `events/`, and the gate's own outcomes, held against
//! the texts in `pages/`.

use std::{collections::BTreeSet, fs, path::PathBuf};

use countersign_gate::{
    alerts::{
        AlertSettings, Alerted, AwaitedApproval, Event, HttpsPages, LiveUpload, Lookup, Page,
        Severity, alert, classify, formats::render, parse,
    },
    domain::ReasonCode,
    events::EventError,
    records::{Drift, DriftKind},
};
use countersign_testkit::checkout;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    page_samples::{
        RECORD, body, by_gate, cannot_start, decided, drift, drifted, outcome, settings, warned,
    },
    world::{
        World,
        packages::slots,
        run::{hands, run},
    },
};

const PAGES: &str = "shared/gate/tests/gate/pages";

const SAMPLES: [&str; 8] = [
    "alert-cloudtrail-alias-moved",
    "alert-cloudtrail-code-changed",
    "alert-cloudtrail-csc-removed",
    "alert-cloudtrail-csc-weakened",
    "alert-cloudtrail-mismatch",
    "alert-cloudtrail-profile-revoked",
    "alert-cloudtrail-refused",
    "alert-cloudtrail-rule-disabled",
];

/// What the gate deployed last to the target of a sample, as `alert` finds it on record.
fn live() -> Lookup {
    Lookup::Live(Some(LiveUpload {
        label: "20261121T214400Z-v1".to_owned(),
        uploads_bucket: "uploads".to_owned(),
    }))
}

/// The page for a recorded call.
fn page_of(body: &str) -> Result<Option<Page>, EventError> {
    let settings = settings();
    Ok(classify(&settings, &parse(&settings, body)?, &live()))
}

/// The page for an upload's end; the event only points at the record.
fn page_of_outcome(record: &Value) -> Option<Page> {
    page_of_outcome_by(&settings(), record)
}

fn page_of_outcome_by(settings: &AlertSettings, record: &Value) -> Option<Page> {
    let event = parse(settings, &decided(&format!("s3://records/{RECORD}"))).unwrap();
    assert!(matches!(event, Event::Decided(_)));
    classify(
        settings,
        &event,
        &Lookup::Outcome(serde_json::from_value(record.clone()).unwrap()),
    )
}

/// A stack that wants to hear of good deployments, too.
fn noticing() -> AlertSettings {
    AlertSettings {
        success_notices: true,
        ..settings()
    }
}

/// The page for drift; the event only points at the document.
pub(crate) fn page_of_drift(drift: &Drift) -> Option<Page> {
    let settings = settings();
    let event = parse(
        &settings,
        &drifted(&format!("s3://records/{}", drift.path())),
    )
    .unwrap();
    assert!(matches!(event, Event::Drifted(_)));
    classify(&settings, &event, &Lookup::Drift(Box::new(drift.clone())))
}

/// The notice that asks for approvals; the event only points at `waiting.json`.
fn page_that_asks() -> Option<Page> {
    let settings = settings();
    let record = RECORD.replace("outcome.json", "waiting.json");
    let body = decided(&format!("s3://records/{record}"))
        .replace("Countersign Upload Decided", "Countersign Approval Needed");
    let event = parse(&settings, &body).unwrap();
    assert!(matches!(event, Event::ApprovalNeeded(_)));
    let awaited = AwaitedApproval {
        received: serde_json::from_value(json!({
            "schema": 1,
            "upload": {
                "id": {"bucket": "uploads", "key": "functions/orders.zip", "version": "v1"},
                "at": "2026-11-21T21:44:00Z",
            },
            "target": "functions/orders",
            "bytes": 137,
            "source_sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
            "uploaded_by": {"principal": "AWS:AROAEXAMPLEROLEID0000:ann", "source_ip": "203.0.113.7"},
            "metadata": {"commit": "1a2b3c4"},
            "tags": {},
            "received_at": "2026-11-21T21:44:01Z",
        }))
        .unwrap(),
        demand: serde_json::from_value(json!({
            "required": 2,
            "personal_roles": [],
            "lifetime_seconds": 604_800,
            "wait_until": "2026-11-24T21:44:00Z",
        }))
        .unwrap(),
    };
    classify(&settings, &event, &Lookup::Awaited(Some(Box::new(awaited))))
}

/// Every page that is held against a text.
fn pages() -> Vec<(String, Page)> {
    let of_samples = SAMPLES
        .into_iter()
        .map(|name| (name.to_owned(), page_of(&body(name)).unwrap()));
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
        (
            "own-overtaken",
            outcome("failed", Some(ReasonCode::Replaced)),
        ),
        ("own-warned", warned("deployed")),
        ("own-prepared", warned("prepared")),
        ("own-cannot-start", cannot_start()),
    ];
    let of_drift = DriftKind::ALL.into_iter().map(|kind| {
        let name = kind.as_str().to_ascii_lowercase().replace('_', "-");
        (format!("drift-{name}"), page_of_drift(&drift(kind)))
    });
    let closed = Drift {
        closed_at: Some("2026-11-22T09:00:00Z".parse().unwrap()),
        ..drift(DriftKind::OtherCodeRuns)
    };
    let of_prepared = Drift {
        of_prepared: true,
        ..drift(DriftKind::OtherCodeRuns)
    };
    of_samples
        .chain(own.map(|(name, record)| (name.to_owned(), page_of_outcome(&record))))
        .chain(of_drift)
        .chain([
            ("drift-closed".to_owned(), page_of_drift(&closed)),
            ("drift-of-prepared".to_owned(), page_of_drift(&of_prepared)),
            ("own-approval-needed".to_owned(), page_that_asks()),
            (
                "own-deployed".to_owned(),
                page_of_outcome_by(&noticing(), &outcome("deployed", None)),
            ),
        ])
        .map(|(name, page)| {
            let page = page.unwrap_or_else(|| panic!("{name} pages nobody"));
            (name, page)
        })
        .collect()
}

/// The file with the document that programs get.
fn expected_document(name: &str) -> PathBuf {
    checkout::path(&format!("{PAGES}/{name}.json"))
}

fn document(page: &Page) -> String {
    let message = render(page, &settings());
    let texts: Value = serde_json::from_str(message.message()).unwrap();
    let document: Value = serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap();
    format!("{document:#}\n")
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
fn page_in_the_readme_is_the_one_that_is_sent() {
    const README: &str = include_str!("../../../../README.md");
    let page = page_of(&body("alert-cloudtrail-refused")).unwrap().unwrap();
    let sent = text(&page);
    let (sent, _) = sent.split_once("\n\n--- sms").unwrap();
    // Whoever reads the README has no runbook yet.
    let (sent, _) = sent.split_once("\nRunbook: ").unwrap();
    assert!(README.contains(&format!("```\n{sent}\n```")), "{sent}");
}

/// `tests/local-aws/tests/test_page_formats.py` holds these against the schemas of those who take them.
#[test]
fn documents_for_programs_are_as_they_should_be() {
    for (name, page) in pages() {
        let found = fs::read_to_string(expected_document(&name)).unwrap_or_default();
        assert_eq!(found, document(&page), "{name}");
    }
}

/// What each format carries is in `docs/pages.md`, field by field, and nothing else is.
#[test]
fn fields_of_every_format_are_documented_and_no_others() {
    const PAGES_DOC: &str = include_str!("../../../../docs/pages.md");
    let documented = |begins: &str| -> BTreeSet<String> {
        let (_, section) = PAGES_DOC.split_once(begins).unwrap();
        let (_, table) = section.split_once("|---|---|\n").unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let cells = rows.map(|row| row.split('|').nth(1).unwrap());
        let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        names.map(str::to_owned).collect()
    };
    let all = pages();
    let carried = |protocol: &str, part: &str, as_they_are: &[&str]| -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (_, page) in &all {
            let message = render(page, &settings());
            let texts: Value = serde_json::from_str(message.message()).unwrap();
            let document: Value = serde_json::from_str(texts[protocol].as_str().unwrap()).unwrap();
            leaves(document.pointer(part).unwrap(), "", as_they_are, &mut found);
        }
        found
    };
    for (begins, protocol, part, as_they_are) in [
        (
            "PagerDuty, below",
            "sqs",
            "/pagerduty",
            "payload.custom_details",
        ),
        ("OCSF, below", "sqs", "/ocsf", "-"),
        ("ASFF, below", "sqs", "/asff", "-"),
        (
            "Amazon Q Developer, the text",
            "https",
            "",
            "metadata.additionalContext",
        ),
    ] {
        assert_eq!(
            documented(begins),
            carried(protocol, part, &[as_they_are]),
            "{begins}"
        );
    }
}

/// The places of all values that are no objects; `[]` is any element of a list.
fn leaves(value: &Value, place: &str, as_they_are: &[&str], found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !as_they_are.contains(&place) => {
            for (name, field) in fields {
                let dot = if place.is_empty() { "" } else { "." };
                leaves(field, &format!("{place}{dot}{name}"), as_they_are, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                leaves(element, &format!("{place}[]"), as_they_are, found);
            }
        }
        Value::Null => {}
        _ => drop(found.insert(place.to_owned())),
    }
}

#[test]
fn stack_chooses_what_https_carries() {
    let json = AlertSettings {
        https_pages: HttpsPages::Json,
        ..settings()
    };
    let (_, page) = pages().into_iter().next().unwrap();
    let of = |settings: &AlertSettings, protocol: &str| {
        let message = render(&page, settings);
        let texts: Value = serde_json::from_str(message.message()).unwrap();
        texts[protocol].clone()
    };
    assert_ne!(of(&settings(), "https"), of(&settings(), "sqs"));
    assert_eq!(of(&json, "https"), of(&json, "sqs"));
}

#[test]
#[ignore = "writes the expected pages"]
fn write_the_pages() {
    fs::create_dir_all(checkout::path(PAGES)).unwrap();
    for (name, page) in pages() {
        fs::write(expected(&name), text(&page)).unwrap();
        fs::write(expected_document(&name), document(&page)).unwrap();
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
    for name in SAMPLES.into_iter().chain(["own-critical", "own-failed"]) {
        assert_eq!(severity(name), Some(Severity::Critical), "{name}");
    }
    for name in [
        "own-rejected",
        "own-overtaken",
        "own-warned",
        "own-prepared",
        "own-cannot-start",
        "drift-target-gone",
        "drift-signature-expires",
        "drift-other-version-current",
        "drift-not-gated",
        "drift-configuration-changed",
    ] {
        assert_eq!(severity(name), Some(Severity::Warning), "{name}");
    }
    assert_eq!(severity("drift-other-code-runs"), Some(Severity::Critical));
    assert_eq!(severity("drift-closed"), Some(Severity::Notice));
}

#[test]
fn ordinary_events_page_nobody() {
    let quiet = [
        body("alert-cloudtrail-valid"),
        // Not every error is about signatures.
        with(|detail| detail["errorCode"] = json!("ResourceConflictException")),
        // The gate's own question to Lambda; it tells of the answer itself.
        with(|detail| {
            detail["requestParameters"]["dryRun"] = json!(true);
            by_gate(detail);
        }),
        // Its own deployment under Warn.
        with(|detail| {
            detail["errorCode"] = Value::Null;
            detail["additionalEventData"] = json!({ "signatureStatus": "MISMATCH" });
            by_gate(detail);
        }),
    ];
    for body in quiet {
        assert_eq!(page_of(&body).unwrap(), None, "{body}");
    }
    for record in [
        outcome("deployed", None),
        outcome("prepared", None),
        outcome("superseded", Some(ReasonCode::Replaced)),
    ] {
        assert_eq!(page_of_outcome(&record), None, "{record}");
    }
}

#[test]
fn good_deployment_is_told_only_if_the_stack_says_so() {
    let told = |record: &Value| page_of_outcome_by(&noticing(), record);
    for (state, title) in [
        ("deployed", "Deployed: functions/orders"),
        ("prepared", "Prepared: functions/orders"),
    ] {
        let page = told(&outcome(state, None)).unwrap();
        assert_eq!(
            (page.title.as_str(), page.severity),
            (title, Severity::Notice)
        );
        assert_eq!(page.kind, "UPLOAD");
    }
    assert_eq!(
        told(&outcome("superseded", Some(ReasonCode::Replaced))),
        None
    );
    // A warning stays one.
    assert_eq!(
        told(&warned("deployed")).unwrap().severity,
        Severity::Warning
    );
}

#[test]
fn imitations_of_the_gate_page() {
    for arn in [
        "arn:aws:sts::111122223333:assumed-role/Developer/countersign-deploy",
        "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-2X/countersign-deploy",
        "arn:aws:sts::444455556666:assumed-role/countersign-DeployRole-1X/countersign-deploy",
        "arn:aws:iam::111122223333:user/countersign-deploy",
    ] {
        let body = with(|detail| {
            detail["requestParameters"]["dryRun"] = json!(true);
            detail["userIdentity"]["arn"] = json!(arn);
        });
        assert!(page_of(&body).unwrap().is_some(), "{arn}");
    }
}

#[test]
fn arn_of_a_function_opens_no_other_thread() {
    let named = |name: &'static str| {
        let body = with(|detail| detail["requestParameters"]["functionName"] = json!(name));
        page_of(&body).unwrap().unwrap()
    };
    let page = named("orders");
    for name in [
        "arn:aws:lambda:us-east-1:111122223333:function:orders",
        "111122223333:function:orders:live",
        "orders:$LATEST",
    ] {
        let other = named(name);
        assert_eq!(
            (other.subject, other.title),
            (page.subject.clone(), page.title.clone())
        );
    }
}

#[test]
fn nobody_is_asked_to_trust_a_revoked_profile() {
    let finding = |code: ReasonCode| {
        json!({
            "check": "publisher",
            "status": "fail",
            "action": "block",
            "code": code,
            "message": "in detail",
            "fix": code.about().fix,
        })
    };
    let mut record = outcome("rejected", Some(ReasonCode::PublisherNotAllowed));
    let steps = |record: &Value| page_of_outcome(record).unwrap().next_steps.join(" ");
    assert!(steps(&record).contains("Add the profile version"));
    record["findings"] = json!([
        finding(ReasonCode::PublisherNotAllowed),
        finding(ReasonCode::ProfileRevoked)
    ]);
    assert!(!steps(&record).contains("Add the profile version"));
    assert!(steps(&record).contains(ReasonCode::ProfileRevoked.about().fix));
}

#[test]
fn nothing_runs_on_where_there_is_no_target() {
    let text = |record: &Value| page_of_outcome(record).unwrap().text;
    let refused = outcome("rejected", Some(ReasonCode::PublisherNotAllowed));
    assert!(text(&refused).contains("runs on"));
    let missing = outcome("rejected", Some(ReasonCode::TargetNotFound));
    assert!(!text(&missing).contains("runs on"));
}

/// Lambda refuses to create a function from unsigned code, and the gate refuses an upload for a function that is not there:
/// both name the way out of that circle.
#[test]
fn function_that_cannot_be_created_yet_is_no_circle() {
    const WAY_OUT: &str = "CodeSigningConfigForNewFunctions";
    let refused = with(|detail| {
        detail["eventName"] = json!("CreateFunction20150331");
        detail["requestParameters"] = json!({"functionName": "orders"});
    });
    let missing = outcome("rejected", Some(ReasonCode::TargetNotFound));
    for page in [
        page_of(&refused).unwrap().unwrap(),
        page_of_outcome(&missing).unwrap(),
    ] {
        let steps = page.next_steps.join(" ");
        assert!(steps.contains(WAY_OUT), "{}: {steps}", page.title);
    }
}

#[test]
fn event_of_aws_that_is_not_understood_is_an_error() {
    for body in [
        "",
        "{}",
        r#"{"source":"aws.ec2","detail-type":"x","time":"2026-11-21T21:44:00Z","detail":{}}"#,
        r#"{"source":"aws.lambda","detail-type":"AWS API Call via CloudTrail","time":"2026-11-21T21:44:00Z","detail":{}}"#,
    ] {
        assert!(page_of(body).is_err(), "{body}");
    }
}

#[test]
fn forged_event_of_the_gate_is_dropped_without_a_page() {
    let world = World::new(slots(), 1);
    let hands = hands(&world, "alert");
    let mut odd: Vec<String> = [
        // No record, or no outcome, or not in this bucket.
        format!("s3://records/{RECORD}"),
        "s3://evil/functions/orders/20261121T214400Z-v1/outcome.json".to_owned(),
        "s3://records/functions/orders/live.json".to_owned(),
        "s3://records/functions/orders/20261121T214400Z-v1/verdict.json".to_owned(),
        "s3://records/functions/../20261121T214400Z-v1/outcome.json".to_owned(),
        "s3://records/functions/orders/yesterday/outcome.json".to_owned(),
        "s3://records/x/functions/orders/20261121T214400Z-v1/outcome.json".to_owned(),
        "s3://records/drift/functions/orders/OTHER_CODE_RUNS.json".to_owned(),
        "Your account is at risk, see evil.example".to_owned(),
        String::new(),
    ]
    .iter()
    .map(|record| decided(record))
    .collect();
    odd.push(
        decided(&format!("s3://records/{RECORD}"))
            .replace(r#""stack":"countersign""#, r#""stack":"another""#),
    );
    odd.push(r#"{"source":"countersign","detail-type":"Countersign Upload Decided","time":"2026-11-21T21:44:00Z","detail":{}}"#.to_owned());
    odd.push(r#"{"source":"countersign","detail-type":"Pay up","time":"2026-11-21T21:44:00Z","detail":7}"#.to_owned());
    for body in odd {
        let alerted = run(alert(&hands, &settings(), &body, Timestamp::MAX));
        assert!(
            !matches!(alerted, Ok(Alerted::Paged(_) | Alerted::Silent) | Err(_)),
            "{body}"
        );
    }
    assert!(!world.state().calls.contains(&"sns:Publish"));
}

fn text(page: &Page) -> String {
    let message = render(page, &settings());
    let texts: Value = serde_json::from_str(message.message()).unwrap();
    let chat: Value = serde_json::from_str(texts["https"].as_str().unwrap()).unwrap();
    format!(
        "Subject: {}\n\n{}\n\n--- sms\n{}\n--- https\n{chat:#}\n",
        message.subject(),
        texts["email"].as_str().unwrap(),
        texts["sms"].as_str().unwrap(),
    )
}

/// A refused call with something changed.
fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut event: Value = serde_json::from_str(&body("alert-cloudtrail-refused")).unwrap();
    change(&mut event["detail"]);
    event.to_string()
}
