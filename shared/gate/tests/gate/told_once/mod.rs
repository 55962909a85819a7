//! One thing is told once, its repeats are summed up, its end is told, and a planned change is kept quiet.

mod configurations;
mod denied;
mod outside;
mod peers;
mod recovery;
mod repeats;
mod silences;
mod texts;

use std::collections::BTreeSet;

use countersign_gate::{
    alerts::{AlertError, AlertSettings, Alerted, RepeatRun, Severity, alert},
    domain::ReasonCode,
    records::{Drift, Incident, OpenAlerts, SilenceState},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    page_samples::{RECORD, body, decided, drift, drifted, outcome, settings},
    world::{
        World,
        packages::slots,
        run::{hands, run},
    },
};

const RUN: &str = r#"{"run": "repeats"}"#;
/// The id of the event that points at drift.
const DRIFT_EVENT: &str = "5e0d7b3c-0000-4000-8000-000000000000";
const SILENCE: &str = "silences/functions/orders.json";

fn told(world: &World, body: &str) -> Result<Alerted, AlertError> {
    told_by(world, &settings(), body)
}

fn told_by(world: &World, settings: &AlertSettings, body: &str) -> Result<Alerted, AlertError> {
    run(alert(
        &hands(world, "alert"),
        settings,
        body,
        Timestamp::MAX,
    ))
}

/// Has such events told, and whatever is summed up.
pub(crate) fn tell_all(world: &World, bodies: &[String]) {
    for body in bodies.iter().map(String::as_str).chain([RUN]) {
        told(world, body).unwrap();
    }
}

fn world() -> World {
    World::new(slots(), 1)
}

fn pass(world: &World, minutes: i64) {
    world.state().tick(minutes * 60);
}

fn put(world: &World, path: &str, document: &Value) {
    let body = serde_json::to_vec(document).unwrap();
    world.state().records.insert(path.to_owned(), body);
}

/// What was published: state and plain text of each page.
fn pages(world: &World) -> Vec<(String, String)> {
    let state = world.state();
    let pages = state.pages.iter().map(|page| {
        let texts: Map<String, Value> = serde_json::from_str(page.message()).unwrap();
        let text = texts["default"].as_str().unwrap().to_owned();
        (page.attributes()["state"].clone(), text)
    });
    pages.collect()
}

fn states(world: &World) -> Vec<String> {
    pages(world).into_iter().map(|(state, _)| state).collect()
}

/// The keys of the pages about silences.
fn silence_keys(world: &World) -> BTreeSet<String> {
    let state = world.state();
    let documents = state.pages.iter().map(|page| -> Value {
        let texts: Map<String, Value> = serde_json::from_str(page.message()).unwrap();
        serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap()
    });
    let text = |page: &Value, field: &str| page[field].as_str().unwrap().to_owned();
    let of_silences = documents.filter(|page| text(page, "detection").starts_with("silence-"));
    of_silences.map(|page| text(&page, "dedup_key")).collect()
}

/// Code of `orders` was changed past the gate, in an event of this number.
fn code_changed(number: u32) -> String {
    by(number, "Developer")
}

fn by(number: u32, role: &str) -> String {
    let mut event: Value = serde_json::from_str(&body("alert-cloudtrail-code-changed")).unwrap();
    event["detail"]["eventID"] = json!(format!("event-{number}"));
    event["detail"]["eventTime"] = json!(later("2026-11-21T21:50:12Z", number));
    event["detail"]["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/session-{number}"),
    });
    event.to_string()
}

/// So many seconds later.
fn later(time: &str, seconds: u32) -> String {
    let time: jiff::Timestamp = time.parse().unwrap();
    let seconds = jiff::SignedDuration::from_secs(seconds.into());
    time.saturating_add(seconds).unwrap().to_string()
}

/// A recorded call on `orders` that was accepted.
fn call(number: u32, name: &str, request: &Value) -> String {
    let mut event: Value = serde_json::from_str(&code_changed(number)).unwrap();
    let detail = &mut event["detail"];
    detail["eventName"] = json!(name);
    detail["requestParameters"] = request.clone();
    detail["responseElements"] = Value::Null;
    detail["additionalEventData"] = Value::Null;
    event.to_string()
}

fn outcome_at(decided_at: &str, state: &str, code: Option<ReasonCode>) -> Value {
    let mut record = outcome(state, code);
    record["decided_at"] = json!(decided_at);
    record
}

fn ended(world: &World, record: &Value) -> Alerted {
    put(world, RECORD, record);
    told(world, &decided(&format!("s3://records/{RECORD}"))).unwrap()
}

fn incidents(world: &World) -> Vec<Incident> {
    let state = world.state();
    let documents = state.records.iter().filter(|(path, _)| {
        let is_of_alert =
            path.starts_with("alerts/functions/") || path.starts_with("alerts/stack/");
        is_of_alert && !path.ends_with("/recovered.json")
    });
    documents
        .map(|(_, body)| serde_json::from_slice(body).unwrap())
        .collect()
}
