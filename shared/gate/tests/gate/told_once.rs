//! One thing is told once, its repeats are summed up, its end is told, and a planned change is kept quiet.

use std::collections::BTreeSet;

use countersign_gate::{
    alerts::{AlertError, AlertSettings, Alerted, Severity, alert},
    domain::ReasonCode,
    records::{Incident, OpenAlerts, SilenceState},
};
use serde_json::{Map, Value, json};

use crate::{
    pages::{RECORD, body, decided, drift, drifted, outcome, settings},
    world::{
        World,
        packages::slots,
        run::{hands, run},
    },
};

const RUN: &str = r#"{"run": "repeats"}"#;
const SILENCE: &str = "silences/functions/orders.json";

fn told(world: &World, body: &str) -> Result<Alerted, AlertError> {
    told_by(world, &settings(), body)
}

fn told_by(world: &World, settings: &AlertSettings, body: &str) -> Result<Alerted, AlertError> {
    run(alert(&hands(world, "alert"), settings, body))
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
        path.starts_with("alerts/functions/") || path.starts_with("alerts/stack/")
    });
    documents
        .map(|(_, body)| serde_json::from_slice(body).unwrap())
        .collect()
}

#[test]
fn repeats_are_counted_and_summed_up_by_the_clock() {
    let world = world();
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Paged(_))
    ));
    for number in 2..=50 {
        assert!(
            matches!(told(&world, &code_changed(number)), Ok(Alerted::Counted(_))),
            "{number}"
        );
    }
    assert_eq!(states(&world), ["detected"]);
    // Before its time nothing is summed up.
    assert!(matches!(told(&world, RUN), Ok(Alerted::LookedAfter(0))));
    pass(&world, 61);
    assert!(matches!(told(&world, RUN), Ok(Alerted::LookedAfter(1))));
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "repeated");
    assert!(text.starts_with("Again, 49 times: "), "{text}");
    // Nothing more waits.
    pass(&world, 61);
    assert!(matches!(told(&world, RUN), Ok(Alerted::LookedAfter(0))));
    let open: OpenAlerts =
        serde_json::from_slice(&world.state().records["alerts/open.json"]).unwrap();
    assert!(open.repeats.is_empty());
    assert_eq!(incidents(&world)[0].count, 50);
}

#[test]
fn repeat_after_the_interval_is_told_with_what_was_counted() {
    let world = world();
    for number in 1..=3 {
        told(&world, &code_changed(number)).unwrap();
    }
    pass(&world, 61);
    assert!(matches!(
        told(&world, &code_changed(4)),
        Ok(Alerted::Paged(_))
    ));
    let (_, text) = pages(&world).pop().unwrap();
    assert!(text.contains("it also happened 2 more times"), "{text}");
    assert!(matches!(told(&world, RUN), Ok(Alerted::LookedAfter(0))));
}

#[test]
fn another_person_target_or_thing_is_told_at_once() {
    let world = world();
    told(&world, &code_changed(1)).unwrap();
    assert!(matches!(
        told(&world, &by(2, "Intruder")),
        Ok(Alerted::Paged(_))
    ));
    let elsewhere = code_changed(3).replace("orders", "billing");
    assert!(matches!(told(&world, &elsewhere), Ok(Alerted::Paged(_))));
    let tagged = call(
        4,
        "TagResource20170331v2",
        &json!({
            "resource": "arn:aws:lambda:us-east-1:111122223333:function:orders",
            "tags": {"countersign:alias": "x"},
        }),
    );
    assert!(matches!(told(&world, &tagged), Ok(Alerted::Paged(_))));
    assert_eq!(world.state().pages.len(), 4);
}

#[test]
fn event_that_comes_twice_is_one() {
    let world = world();
    told(&world, &code_changed(1)).unwrap();
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Known(_))
    ));
    told(&world, &code_changed(2)).unwrap();
    assert!(matches!(
        told(&world, &code_changed(2)),
        Ok(Alerted::Known(_))
    ));
    assert_eq!(incidents(&world)[0].count, 2);
}

#[test]
fn page_that_could_not_be_sent_is_sent_by_the_next_delivery() {
    let world = world();
    world.state().broken.insert("sns:Publish");
    assert!(told(&world, &code_changed(1)).is_err());
    // Another event of the kind meanwhile does not take its place.
    assert!(matches!(
        told(&world, &code_changed(2)),
        Ok(Alerted::Counted(_))
    ));
    world.state().broken.clear();
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Paged(_))
    ));
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Known(_))
    ));
    assert_eq!(states(&world), ["detected"]);
}

#[test]
fn sum_is_sent_although_the_first_page_never_was() {
    let world = world();
    world.state().broken.insert("sns:Publish");
    assert!(told(&world, &code_changed(1)).is_err());
    told(&world, &code_changed(2)).unwrap();
    world.state().broken.clear();
    pass(&world, 61);
    assert!(matches!(told(&world, RUN), Ok(Alerted::LookedAfter(1))));
    assert_eq!(states(&world), ["repeated"]);
}

#[test]
fn stack_that_wants_each_page_gets_each() {
    let world = world();
    let each = AlertSettings {
        repeat_interval: std::time::Duration::ZERO,
        ..settings()
    };
    for number in 1..=3 {
        assert!(matches!(
            told_by(&world, &each, &code_changed(number)),
            Ok(Alerted::Paged(_))
        ));
    }
    assert!(incidents(&world).is_empty());
}

#[test]
fn pipeline_under_warn_is_one_warning_a_day() {
    let world = world();
    let warns = AlertSettings {
        only_warns: true,
        ..settings()
    };
    let mismatch = |number: u32| {
        let mut event: Value = serde_json::from_str(&code_changed(number)).unwrap();
        event["detail"]["additionalEventData"] = json!({"signatureStatus": "MISMATCH"});
        event.to_string()
    };
    let Ok(Alerted::Paged(page)) = told_by(&world, &warns, &mismatch(1)) else {
        panic!("nobody is told");
    };
    assert_eq!(page.severity, Severity::Warning);
    for number in 2..=20 {
        pass(&world, 60);
        assert!(matches!(
            told_by(&world, &warns, &mismatch(number)),
            Ok(Alerted::Counted(_))
        ));
        assert!(matches!(
            told_by(&world, &warns, RUN),
            Ok(Alerted::LookedAfter(0))
        ));
    }
    pass(&world, 6 * 60);
    assert!(matches!(
        told_by(&world, &warns, RUN),
        Ok(Alerted::LookedAfter(1))
    ));
    assert_eq!(states(&world), ["detected", "repeated"]);
    // Under Enforce the same is an alarm.
    let Ok(Alerted::Paged(page)) = told(&world, &mismatch(40)) else {
        panic!("nobody is told that it got worse");
    };
    assert_eq!(page.severity, Severity::Critical);
}

#[test]
fn fifty_bad_uploads_are_two_pages_and_a_good_one_closes() {
    let world = world();
    for number in 0..50 {
        let mut record = outcome("rejected", Some(ReasonCode::PublisherNotAllowed));
        let at = format!("2026-11-21T21:{:02}:00Z", number % 60);
        record["upload"]["at"] = json!(at);
        let label = format!(
            "functions/orders/20261121T21{:02}00Z-v1/outcome.json",
            number % 60
        );
        put(&world, &label, &record);
        let event = decided(&format!("s3://records/{label}"))
            .replace("5e0d7b3c-0000", &format!("5e0d7b3c-{number:04}"));
        told(&world, &event).unwrap();
    }
    assert_eq!(states(&world), ["rejected"]);
    pass(&world, 61);
    told(&world, RUN).unwrap();
    assert_eq!(states(&world), ["rejected", "repeated"]);
    // It is fixed: the one thing is closed, under the same key.
    let deployed = outcome_at("2026-11-21T22:00:00Z", "deployed", None);
    assert!(matches!(ended(&world, &deployed), Alerted::Silent));
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "closed");
    assert!(text.starts_with("No longer so: Upload refused"), "{text}");
    // The next refusal is a new thing.
    assert!(matches!(
        ended(
            &world,
            &outcome("rejected", Some(ReasonCode::PublisherNotAllowed))
        ),
        Alerted::Paged(_)
    ));
}

#[test]
fn good_deployment_closes_what_was_changed_past_the_gate_of_this_target() {
    let world = world();
    told(&world, &code_changed(1)).unwrap();
    told(&world, &code_changed(2).replace("orders", "billing")).unwrap();
    // A deployment of before, whose event comes late or twice, ends nothing.
    ended(&world, &outcome("deployed", None));
    assert_eq!(states(&world), ["detected", "detected"]);
    // Nor does a package that was only verified.
    let prepared = outcome_at("2026-11-21T22:00:00Z", "prepared", None);
    ended(&world, &prepared);
    assert_eq!(states(&world), ["detected", "detected"]);
    let deployed = outcome_at("2026-11-21T22:00:00Z", "deployed", None);
    ended(&world, &deployed);
    let open: Vec<String> = incidents(&world)
        .into_iter()
        .filter(|incident| incident.closed_at.is_none())
        .map(|incident| incident.subject)
        .collect();
    assert_eq!(open, ["functions/billing"]);
    // Told once.
    ended(&world, &deployed);
    assert_eq!(states(&world), ["detected", "detected", "closed"]);
}

#[test]
fn configuration_that_is_back_closes_what_was_told_of_it() {
    const OWN: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    const OTHER: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef1";
    let world = world();
    let of_stack = AlertSettings {
        csc: Some(OWN.parse().unwrap()),
        ..settings()
    };
    let put_back = |number: u32, csc: &str| {
        let request = json!({"functionName": "orders", "codeSigningConfigArn": csc});
        call(number, "PutFunctionCodeSigningConfig20200630", &request)
    };
    told_by(
        &world,
        &of_stack,
        &call(
            1,
            "DeleteFunctionCodeSigningConfig20200630",
            &json!({"functionName": "orders"}),
        ),
    )
    .unwrap();
    told_by(&world, &of_stack, &put_back(9, OTHER)).unwrap();
    assert_eq!(states(&world), ["detected", "detected"]);
    // One of before that comes late ends nothing.
    told_by(&world, &of_stack, &put_back(0, OWN)).unwrap();
    assert_eq!(states(&world), ["detected", "detected"]);
    told_by(&world, &of_stack, &put_back(10, OWN)).unwrap();
    assert_eq!(states(&world)[2..], ["closed", "closed"]);

    let policy = |number: u32, csc: &str, policy: &str| {
        let request = json!({
            "codeSigningConfigArn": csc,
            "codeSigningPolicies": {"untrustedArtifactOnDeployment": policy},
        });
        call(number, "UpdateCodeSigningConfig20200422", &request)
    };
    told_by(&world, &of_stack, &policy(11, OWN, "Warn")).unwrap();
    told_by(&world, &of_stack, &policy(12, OTHER, "Enforce")).unwrap();
    let open = |world: &World| {
        let is_open =
            |incident: &Incident| incident.kind == "csc-weakened" && incident.closed_at.is_none();
        incidents(world).iter().any(is_open)
    };
    assert!(open(&world), "another configuration closes nothing");
    told_by(&world, &of_stack, &policy(13, OWN, "Enforce")).unwrap();
    assert!(!open(&world));
}

#[test]
fn silence_keeps_a_planned_change_quiet_and_tells_of_its_beginning_and_end() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(
        &world,
        SILENCE,
        &json!({"reason": "migration of the shop", "until": until}),
    );
    for number in 1..=3 {
        assert!(matches!(
            told(&world, &code_changed(number)),
            Ok(Alerted::Silenced(_))
        ));
    }
    let (_, text) = pages(&world).pop().unwrap();
    assert!(text.contains("migration of the shop"), "{text}");
    assert_eq!(states(&world), ["open"]);
    // What is about another target is told, and so is drift that is not silenced.
    assert!(matches!(
        told(&world, &code_changed(4).replace("orders", "billing")),
        Ok(Alerted::Paged(_))
    ));
    pass(&world, 121);
    told(&world, RUN).unwrap();
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "closed");
    assert!(text.contains("code-changed-past-gate: 3"), "{text}");
    assert_eq!(
        silence_keys(&world).len(),
        1,
        "its end closes what its beginning opened"
    );
    assert!(matches!(
        told(&world, &code_changed(5)),
        Ok(Alerted::Paged(_))
    ));
    // Nothing is told twice.
    let before = world.state().pages.len();
    told(&world, RUN).unwrap();
    assert_eq!(world.state().pages.len(), before);
}

#[test]
fn silence_that_is_taken_away_ends_and_one_of_certain_detections_is_only_of_those() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(
        &world,
        SILENCE,
        &json!({"reason": "x", "until": until, "detections": ["alias-changed-past-gate"]}),
    );
    told(&world, RUN).unwrap();
    assert_eq!(
        states(&world),
        ["open"],
        "its beginning is told before anything happens"
    );
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Paged(_))
    ));
    world.state().records.remove(SILENCE);
    told(&world, RUN).unwrap();
    assert_eq!(states(&world).pop().unwrap(), "closed");
}

#[test]
fn silence_that_is_not_understood_or_too_long_keeps_nothing_quiet_and_is_told() {
    let world = world();
    let later = |hours| world.state().now + jiff::SignedDuration::from_hours(hours);
    for (number, wrong) in [
        json!("quiet!"),
        json!({"reason": "", "until": later(2)}),
        json!({"reason": "holidays", "until": later(24 * 8)}),
        json!({"reason": "yesterday", "until": later(-2)}),
        json!({"reason": "x", "until": later(2), "targets": "*"}),
    ]
    .iter()
    .enumerate()
    {
        put(&world, SILENCE, wrong);
        let number = u32::try_from(number).unwrap();
        let told_of = told(&world, &by(number, &format!("role-{number}")));
        assert!(matches!(told_of, Ok(Alerted::Paged(_))), "{wrong}");
        let (_, text) = pages(&world).iter().rev().nth(1).unwrap().clone();
        assert!(text.contains("is not in force"), "{wrong}: {text}");
    }
}

#[test]
fn beginning_of_a_silence_is_told_before_it_keeps_anything_quiet() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    put(&world, SILENCE, &json!({"reason": "x", "until": until}));
    world.state().broken.insert("sns:Publish");
    assert!(told(&world, &code_changed(1)).is_err());
    let state: SilenceState =
        serde_json::from_slice(&world.state().records["alerts/silences/functions/orders.json"])
            .unwrap();
    assert!(!state.began_told && state.kept_quiet.is_empty());
}

#[test]
fn what_is_about_the_gate_cannot_be_silenced() {
    let world = world();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    for path in [
        "silences/stack.json",
        "silences/everything.json",
        "silences/functions/countersign-sign.json",
    ] {
        put(&world, path, &json!({"reason": "x", "until": until}));
    }
    let disabled = body("alert-cloudtrail-rule-disabled");
    assert!(matches!(told(&world, &disabled), Ok(Alerted::Paged(_))));
    let own = call(
        2,
        "UpdateFunctionConfiguration20150331v2",
        &json!({"functionName": "countersign-sign"}),
    );
    let Ok(Alerted::Paged(page)) = told(&world, &own) else {
        panic!("the gate's own function was silenced");
    };
    assert_eq!(page.kind, "gate-changed");
}

#[test]
fn drift_is_told_each_time_because_sweep_counts() {
    let world = world();
    let found = drift(countersign_gate::records::DriftKind::CscMissing);
    put(
        &world,
        &found.path(),
        &serde_json::to_value(&found).unwrap(),
    );
    let event = drifted(&format!("s3://records/{}", found.path()));
    for _ in 0..2 {
        assert!(matches!(told(&world, &event), Ok(Alerted::Paged(_))));
    }
    let keys: Vec<String> = world
        .state()
        .pages
        .iter()
        .map(|page| page.attributes()["detection"].clone())
        .collect();
    assert_eq!(keys, ["CSC_MISSING", "CSC_MISSING"]);
}

#[test]
fn thousand_good_deployments_page_nobody() {
    let world = world();
    for number in 0..1_000_u32 {
        let name = format!("shop-{}", number % 50);
        let mut record = outcome("deployed", None);
        record["target"] = json!(format!("functions/{name}"));
        record["upload"]["id"]["key"] = json!(format!("functions/{name}.zip"));
        record["upload"]["id"]["version"] = json!(format!("v{number}"));
        let path = format!("functions/{name}/20261121T214400Z-v{number}/outcome.json");
        put(&world, &path, &record);
        let event = decided(&format!("s3://records/{path}"));
        assert!(matches!(told(&world, &event), Ok(Alerted::Silent)));
        // What CloudTrail records of it.
        let gate = "countersign-DeployRole-1X";
        for call_name in [
            "UpdateFunctionCode20150331v2",
            "PublishVersion20150331",
            "UpdateAlias20150331",
        ] {
            let event = by(number, gate)
                .replace("orders", &name)
                .replace("UpdateFunctionCode20150331v2", call_name);
            assert!(
                matches!(told(&world, &event), Ok(Alerted::Silent)),
                "{event}"
            );
        }
    }
    assert!(world.state().pages.is_empty());
}

#[test]
fn changed_configuration_is_told_with_what_it_was_and_the_way_back() {
    const CSC: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    const OURS: &str = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/ours/Ab3dEf6hIj";
    const THEIRS: &str =
        "arn:aws:signer:us-east-1:444455556666:/signing-profiles/theirs/Ab3dEf6hIj";
    let change = |number: u32, name: &str, request: &Value| {
        let world = world();
        put(
            &world,
            "posture.json",
            &json!({
                "schema": 1, "stack": "countersign", "began_at": "2026-11-21T21:00:00Z",
                "ended_at": "2026-11-21T21:01:00Z", "unfinished": 0, "targets": [],
                "functions": [{"name": "orders", "code_sha256": "eA==", "code_signing_config": CSC, "policy": "Enforce"}],
                "configurations": [{"arn": CSC, "policy": "Enforce", "publishers": [OURS]}],
                "troubles": [],
            }),
        );
        match told(&world, &call(number, name, request)).unwrap() {
            Alerted::Paged(page) => page,
            other => panic!("{other:?}"),
        }
    };
    let page = change(
        1,
        "UpdateCodeSigningConfig20200422",
        &json!({
            "codeSigningConfigArn": CSC,
            "allowedPublishers": {"signingProfileVersionArns": [OURS, THEIRS]},
        }),
    );
    assert!(
        page.text.contains(&format!(
            "Trusted since then: {THEIRS}. No longer trusted: nobody."
        )),
        "{}",
        page.text
    );
    let back = format!(
        "Put it back as it was: aws lambda update-code-signing-config --code-signing-config-arn {CSC} \
         --allowed-publishers SigningProfileVersionArns={OURS} --region us-east-1"
    );
    assert_eq!(page.next_steps[0], back);
    assert!(
        !page.next_steps[1..]
            .iter()
            .any(|step| step.starts_with("Put it back"))
    );

    let weaker = json!({
        "codeSigningConfigArn": CSC,
        "codeSigningPolicies": {"untrustedArtifactOnDeployment": "Warn"},
    });
    assert_eq!(
        change(2, "UpdateCodeSigningConfig20200422", &weaker).next_steps[0],
        format!(
            "Put it back as it was: aws lambda update-code-signing-config --code-signing-config-arn {CSC} \
             --code-signing-policies UntrustedArtifactOnDeployment=Enforce --region us-east-1"
        )
    );
    // Somebody repairs what was worse before: nobody is told to undo that.
    let repair = json!({
        "codeSigningConfigArn": CSC,
        "allowedPublishers": {"signingProfileVersionArns": []},
        "codeSigningPolicies": {"untrustedArtifactOnDeployment": "Enforce"},
    });
    let page = change(5, "UpdateCodeSigningConfig20200422", &repair);
    assert!(
        !page.next_steps[0].starts_with("Put it back as it was"),
        "{page:?}"
    );
    let deleted = change(
        3,
        "DeleteCodeSigningConfig20200422",
        &json!({"codeSigningConfigArn": CSC}),
    );
    assert!(
        deleted.next_steps[0]
            .contains("aws lambda create-code-signing-config --allowed-publishers")
    );
    let detached = change(
        4,
        "DeleteFunctionCodeSigningConfig20200630",
        &json!({"functionName": "orders"}),
    );
    let back = format!(
        "Put it back as it was: aws lambda put-function-code-signing-config --function-name orders \
         --code-signing-config-arn {CSC} --region us-east-1"
    );
    assert_eq!(detached.next_steps[0], back);

    // What sweep did not see is said not to be known, and the general way back stays.
    let other = change(
        5,
        "DeleteFunctionCodeSigningConfig20200630",
        &json!({"functionName": "billing"}),
    );
    assert!(other.text.contains("is not known here"), "{}", other.text);
    assert!(
        other.next_steps[0].starts_with("Put it back: "),
        "{:?}",
        other.next_steps
    );
}

/// The documented command, by an administrator, for each of them.
#[test]
fn fifty_functions_are_put_under_the_configuration_and_nobody_is_paged() {
    const OWN: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    let world = world();
    let of_stack = AlertSettings {
        csc: Some(OWN.parse().unwrap()),
        ..settings()
    };
    let put = |number: u32, csc: &str| {
        let name = format!("shop-{number}");
        let request = json!({"functionName": name, "codeSigningConfigArn": csc});
        let event = call(number, "PutFunctionCodeSigningConfig20200630", &request);
        told_by(&world, &of_stack, &event)
    };
    for number in 0..50 {
        assert!(matches!(put(number, OWN), Ok(Alerted::Silent)));
    }
    assert!(world.state().pages.is_empty());
    let foreign = OWN.replace("csc-0", "csc-1");
    assert!(matches!(put(50, &foreign), Ok(Alerted::Paged(_))));
}

/// Whoever writes a silence that nobody can read keeps no page back, of its target or of others.
#[test]
fn silence_that_cannot_be_read_keeps_nothing_quiet() {
    let world = world();
    put(&world, SILENCE, &json!({"reason": "x"}));
    world.state().broken.insert("s3:GetObject record");
    assert!(matches!(
        told(&world, &code_changed(1)),
        Ok(Alerted::Paged(_))
    ));
}

/// What an update of the gate's own stack does is told once, by the call that begins it; what CloudFormation does
/// for another stack is told.
#[test]
fn cloudformation_changes_the_gate_in_silence_only_while_its_stack_is_updated() {
    let by_cloudformation = |number: u32| {
        let request =
            json!({"functionName": "countersign-alert", "reservedConcurrentExecutions": 0});
        let mut event: Value =
            serde_json::from_str(&call(number, "PutFunctionConcurrency20171031", &request))
                .unwrap();
        event["detail"]["userIdentity"]["invokedBy"] = json!("cloudformation.amazonaws.com");
        event.to_string()
    };
    let quiet = world();
    let update = json!({"stackName": "countersign"});
    let mut update: Value = serde_json::from_str(&call(1, "UpdateStack", &update)).unwrap();
    update["source"] = json!("aws.cloudformation");
    update["detail"]["eventSource"] = json!("cloudformation.amazonaws.com");
    let at = quiet.state().now;
    update["detail"]["eventTime"] = json!(at.to_string());
    assert!(matches!(
        told(&quiet, &update.to_string()),
        Ok(Alerted::Paged(_))
    ));
    assert!(matches!(
        told(&quiet, &by_cloudformation(2)),
        Ok(Alerted::Silent)
    ));
    pass(&quiet, 121);
    assert!(matches!(
        told(&quiet, &by_cloudformation(3)),
        Ok(Alerted::Paged(_))
    ));
    assert!(matches!(
        told(&world(), &by_cloudformation(4)),
        Ok(Alerted::Paged(_))
    ));
}

/// The same caller does something else by the same call.
#[test]
fn other_alias_version_or_publisher_is_another_thing() {
    let world = world();
    let alias = |number: u32, name: &str, version: &str| {
        let request = json!({"functionName": "orders", "name": name, "functionVersion": version});
        told(&world, &call(number, "UpdateAlias20150331", &request))
    };
    assert!(matches!(alias(1, "canary", "4"), Ok(Alerted::Paged(_))));
    assert!(matches!(alias(2, "canary", "4"), Ok(Alerted::Counted(_))));
    assert!(matches!(alias(3, "prod", "4"), Ok(Alerted::Paged(_))));
    assert!(matches!(alias(4, "prod", "66"), Ok(Alerted::Paged(_))));
}
