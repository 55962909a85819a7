//! Pages as a person reads them: the samples of `events/`, and the gate's own outcomes, held against
//! the texts in `pages/`.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

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
fn page_of_drift(drift: &Drift) -> Option<Page> {
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

#[test]
fn page_says_what_the_record_says_and_not_what_the_event_says() {
    let world = World::new(slots(), 1);
    let hands = hands(&world, "alert");
    let record = outcome("rejected", Some(ReasonCode::PublisherNotAllowed));
    let put = |path: &str, body: &[u8]| {
        world.state().records.insert(path.to_owned(), body.to_vec());
    };
    put(RECORD, &serde_json::to_vec(&record).unwrap());
    let mut event: Value =
        serde_json::from_str(&decided(&format!("s3://records/{RECORD}"))).unwrap();
    event["detail"]["message"] = json!("evil");
    event["detail"]["state"] = json!("failed");
    event["detail"]["critical"] = json!(true);
    let alerted = run(alert(
        &hands,
        &settings(),
        &event.to_string(),
        Timestamp::MAX,
    ))
    .unwrap();
    let Alerted::Paged(page) = alerted else {
        panic!("{alerted:?}");
    };
    assert_eq!(page.severity, Severity::Warning);
    assert!(page.text.contains("what happened in detail") && !page.text.contains("evil"));

    // A record of another upload in this place was not written by the gate.
    let other = RECORD.replace("orders", "billing");
    put(&other, &serde_json::to_vec(&record).unwrap());
    let forged = decided(&format!("s3://records/{other}"));
    let alerted = run(alert(&hands, &settings(), &forged, Timestamp::MAX)).unwrap();
    assert!(matches!(alerted, Alerted::Dropped(_)), "{alerted:?}");

    // Nobody but the gate writes records, so one that cannot be read is a fault, and stays in the queue.
    put(RECORD, b"not JSON");
    let pointing = decided(&format!("s3://records/{RECORD}"));
    assert!(run(alert(&hands, &settings(), &pointing, Timestamp::MAX)).is_err());
}

#[test]
fn drift_of_the_account_has_a_page_and_made_up_subjects_have_none() {
    let of = |kind: DriftKind, subject: &str| {
        let mut found = drift(kind);
        subject.clone_into(&mut found.subject);
        found.target = None;
        page_of_drift(&found)
    };
    let csc = "configurations/csc-0123456789abcdef0";
    assert!(of(DriftKind::PublisherQuestionable, csc).is_some());
    let page = of(DriftKind::NotGated, "account/functions").unwrap();
    assert_eq!((page.severity, page.target), (Severity::Warning, None));
    assert!(of(DriftKind::WeakerParameters, "account/parameters").is_some());
    assert!(of(DriftKind::ProbeDiffers, "account/probe").is_some());
    let page = of(DriftKind::SettingsChanged, "account/settings").unwrap();
    assert_eq!(page.severity, Severity::Warning);
    for subject in [
        "account/layers",
        "configurations/csc-1",
        "configurations/other",
        "other/functions",
    ] {
        let event = drifted(&format!("s3://records/drift/{subject}/NOT_GATED.json"));
        let event = parse(&settings(), &event).unwrap();
        assert!(matches!(event, Event::NotOurs(_)), "{subject}");
    }
}

#[test]
fn page_about_drift_says_what_its_document_says() {
    let world = World::new(slots(), 1);
    let hands = hands(&world, "alert");
    let found = drift(DriftKind::CscMissing);
    let put = |path: &str, drift: &Drift| {
        let body = serde_json::to_vec(drift).unwrap();
        world.state().records.insert(path.to_owned(), body);
    };
    put(&found.path(), &found);
    let event = drifted(&format!("s3://records/{}", found.path()));
    let alerted = run(alert(&hands, &settings(), &event, Timestamp::MAX)).unwrap();
    assert!(matches!(alerted, Alerted::Paged(page) if page.kind == "CSC_MISSING"));
    // A document in a place that is not its own, an event about none, and one of another kind.
    let other = "drift/functions/billing/CSC_MISSING.json";
    put(other, &found);
    for path in [
        other,
        "drift/functions/orders/TARGET_GONE.json",
        "drift/functions/orders/NONSENSE.json",
        "drift/functions/../CSC_MISSING.json",
        RECORD,
    ] {
        let event = drifted(&format!("s3://records/{path}"));
        let alerted = run(alert(&hands, &settings(), &event, Timestamp::MAX)).unwrap();
        assert!(matches!(alerted, Alerted::Dropped(_)), "{path}");
    }
}

#[test]
fn page_about_code_says_what_the_records_know() {
    // Each event as if it were the first.
    let each = AlertSettings {
        repeat_interval: Duration::ZERO,
        ..settings()
    };
    let number = std::cell::Cell::new(0);
    let text = |world: &World, body: &str| {
        let hands = hands(world, "alert");
        number.set(number.get() + 1);
        let mut event: Value = serde_json::from_str(body).unwrap();
        event["detail"]["eventID"] = json!(format!("event-{}", number.get()));
        match run(alert(&hands, &each, &event.to_string(), Timestamp::MAX)).unwrap() {
            Alerted::Paged(page) => page.text,
            other => panic!("{other:?}"),
        }
    };
    let changed = body("alert-cloudtrail-code-changed");
    let world = World::new(slots(), 1);
    assert!(text(&world, &changed).contains("Nothing was ever uploaded"));

    // An upload whose code is another: it was deployed with another hash, and has no signing job.
    let mut record = outcome("deployed", None);
    record["deployed"] = json!({
        "code_sha256": "b3RoZXI=",
        "version": "7",
        "layer_version_arn": null,
        "alias": null,
        "unchanged": false,
    });
    let put = |path: &str, record: &Value| {
        let record = serde_json::to_vec(record).unwrap();
        world.state().records.insert(path.to_owned(), record);
    };
    put(RECORD, &record);
    assert!(text(&world, &changed).contains("None of the 1 uploads"));

    // The code of that upload, put back by hand.
    let replayed = {
        let mut event: Value = serde_json::from_str(&changed).unwrap();
        event["detail"]["responseElements"]["codeSha256"] = json!("b3RoZXI=");
        event.to_string()
    };
    let newest = text(&world, &replayed);
    assert!(
        newest.contains("the newest upload of this function: 20261121T214400Z-v1, deployed"),
        "{newest}"
    );

    // A newer one makes it an old package.
    record["upload"]["at"] = json!("2026-11-22T00:00:00Z");
    record["deployed"]["code_sha256"] = json!("bmV3ZXI=");
    put("functions/orders/20261122T000000Z-v2/outcome.json", &record);
    assert!(text(&world, &replayed).contains("an older upload of this function"));

    // Without the records the page is sent all the same.
    world.state().broken.insert("s3:ListObjectsV2");
    assert!(text(&world, &replayed).contains("could not be read"));
}

const LABEL: &str = "20261121T200000Z-v9";
const JOB: &str = "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f";

/// An upload of another function that was deployed, and its outcome.
fn world_of_billing() -> (World, Value) {
    let world = World::new(slots(), 1);
    let mut record = outcome("deployed", None);
    record["target"] = json!("functions/billing");
    record["upload"] = json!({
        "id": {"bucket": "uploads", "key": "functions/billing.zip", "version": "v9"},
        "at": "2026-11-21T20:00:00Z",
    });
    record["deployed"] = json!({
        "code_sha256": "YmlsbGluZw==",
        "version": "3",
        "layer_version_arn": null,
        "alias": null,
        "unchanged": false,
    });
    let signing = json!({
        "schema": 1, "job": JOB, "profile": "countersign", "bucket": "signed",
        "prefix": format!("functions/billing/{LABEL}/"), "token": "t", "started_at": "2026-11-21T20:00:01Z",
        "received": {
            "schema": 1, "upload": record["upload"], "target": "functions/billing", "bytes": 1,
            "source_sha256": "eA==", "uploaded_by": {"principal": null, "source_ip": null},
            "metadata": {}, "tags": {}, "received_at": "2026-11-21T20:00:00Z",
        },
    });
    put_record(
        &world,
        &format!("functions/billing/{LABEL}/outcome.json"),
        &record,
    );
    put_record(
        &world,
        &format!("functions/billing/{LABEL}/signing.json"),
        &signing,
    );
    (world, record)
}

/// A signature is bound to no function. Whose package it is, the records of the other target say; the call, the posture and
/// `live.json` only say where to look.
#[test]
fn page_about_another_targets_package_names_its_upload() {
    let told = |world: &World, change: &dyn Fn(&mut Value)| {
        let mut event: Value =
            serde_json::from_str(&body("alert-cloudtrail-code-changed")).unwrap();
        change(&mut event["detail"]);
        let hands = hands(world, "alert");
        match run(alert(
            &hands,
            &settings(),
            &event.to_string(),
            Timestamp::MAX,
        ))
        .unwrap()
        {
            Alerted::Paged(page) => page,
            other => panic!("{other:?}"),
        }
    };
    let named = format!(
        "It is the package of another target, functions/billing: the upload {LABEL}, deployed."
    );

    // From the signed bucket, by the key that the caller gave.
    let (world, _) = world_of_billing();
    let by_key = told(&world, &|detail| {
        let key = format!("functions/billing/{LABEL}/{JOB}.zip");
        detail["requestParameters"]["s3Bucket"] = json!("signed");
        detail["requestParameters"]["s3Key"] = json!(key);
    });
    assert!(by_key.text.contains(&named), "{}", by_key.text);
    assert_eq!(
        by_key.code_class.as_deref(),
        Some("signed, of another target")
    );

    // A key is the caller's: another target's name in it accuses nobody.
    let (world, _) = world_of_billing();
    let by_other_key = told(&world, &|detail| {
        detail["requestParameters"]["s3Key"] = json!("current/functions/shipping.zip");
        detail["additionalEventData"]["signingJobArn"] =
            json!("arn:aws:signer:us-east-1:111122223333:/signing-jobs/made-elsewhere");
    });
    assert!(
        by_other_key
            .text
            .contains("Nothing was ever uploaded for this function."),
        "{}",
        by_other_key.text
    );

    // As bytes, while the other function runs it.
    let (world, _) = world_of_billing();
    put_record(
        &world,
        "posture.json",
        &json!({
            "schema": 1, "stack": "countersign", "began_at": "2026-11-21T21:00:00Z",
            "ended_at": "2026-11-21T21:01:00Z", "unfinished": 0, "functions": [], "configurations": [],
            "targets": [{
                "target": "functions/billing", "current": LABEL, "state": "deployed", "deployed": LABEL,
                "version": "3", "runs": "YmlsbGluZw==",
                "signing_job": format!("arn:aws:signer:us-east-1:111122223333:/signing-jobs/{JOB}"),
                "signing_profile_version": null, "drift": [],
            }],
            "troubles": [],
        }),
    );
    let by_posture = told(&world, &|_| {});
    assert!(by_posture.text.contains(&named), "{}", by_posture.text);

    // As bytes, before any run of `sweep` saw it there.
    let (world, mut live) = world_of_billing();
    live["source_sha256"] = json!("eA==");
    live["profile_version_arn"] = Value::Null;
    put_record(&world, "functions/billing/live.json", &live);
    let by_live = told(&world, &|detail| {
        detail["responseElements"]["codeSha256"] = json!("YmlsbGluZw==");
    });
    assert!(by_live.text.contains(&named), "{}", by_live.text);
}

fn put_record(world: &World, path: &str, record: &Value) {
    let record = serde_json::to_vec(record).unwrap();
    world.state().records.insert(path.to_owned(), record);
}

/// `rollback` without a label goes back one further, to older code.
#[test]
fn page_goes_back_to_what_was_deployed_last() {
    let each = AlertSettings {
        repeat_interval: Duration::ZERO,
        ..settings()
    };
    let world = World::new(slots(), 1);
    let step = |number: u8, name: &str| {
        let hands = hands(&world, "alert");
        let mut event: Value = serde_json::from_str(&body(name)).unwrap();
        event["detail"]["eventID"] = json!(format!("event-{number}"));
        match run(alert(&hands, &each, &event.to_string(), Timestamp::MAX)).unwrap() {
            Alerted::Paged(page) => page.next_steps.join("\n"),
            other => panic!("{other:?}"),
        }
    };
    let names = [
        "alert-cloudtrail-alias-moved",
        "alert-cloudtrail-code-changed",
    ];
    for (number, name) in (0..).zip(names) {
        let steps = step(number, name);
        let unknown = "--to LABEL --uploads-bucket UPLOADS_BUCKET --records-bucket records --region us-east-1. LABEL is";
        assert!(steps.contains(unknown), "{steps}");
    }
    let record = outcome("deployed", None);
    let live = json!({
        "schema": 1,
        "upload": record["upload"],
        "source_sha256": "c291cmNl",
        "profile_version_arn": null,
        "deployed": {
            "code_sha256": "b3RoZXI=",
            "version": "7",
            "layer_version_arn": null,
            "alias": null,
            "unchanged": false,
        },
    });
    let live = serde_json::to_vec(&live).unwrap();
    let path = "functions/orders/live.json".to_owned();
    world.state().records.insert(path, live);
    for (number, name) in (10..).zip(names) {
        let steps = step(number, name);
        let known = "countersign rollback functions/orders --to 20261121T214400Z-v1 --uploads-bucket uploads ";
        assert!(steps.contains(known), "{steps}");
    }
}

#[test]
fn page_is_sent_once_and_only_if_there_is_one() {
    let world = World::new(slots(), 1);
    let hands = hands(&world, "alert");
    let alerted = |name| run(alert(&hands, &settings(), &body(name), Timestamp::MAX));
    assert!(matches!(
        alerted("alert-cloudtrail-refused"),
        Ok(Alerted::Paged(_))
    ));
    assert!(matches!(
        alerted("alert-cloudtrail-valid"),
        Ok(Alerted::Silent)
    ));
    let is_page = |call: &&&str| **call == "sns:Publish";
    assert_eq!(world.state().calls.iter().filter(is_page).count(), 1);
    world.state().broken.insert("sns:Publish");
    assert!(alerted("alert-cloudtrail-csc-removed").is_err());
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
