//! What a page says of an event beyond the event: by the record that it points at, and by what the records know of code.

use std::time::Duration;

use countersign_gate::{
    alerts::{AlertSettings, Alerted, Event, Severity, alert, parse},
    domain::ReasonCode,
    records::{Drift, DriftKind},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    page_samples::{RECORD, body, decided, drift, drifted, outcome, settings},
    pages::page_of_drift,
    world::{
        World,
        packages::slots,
        run::{hands, run},
    },
};

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
