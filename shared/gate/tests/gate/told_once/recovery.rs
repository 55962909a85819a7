//! What is gone is told under the key of its first page, and nothing is ended by what came before it.

use super::*;

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
    assert!(text.contains("Ended: 2026-11-21T22:00:00Z"), "{text}");
    {
        let state = world.state();
        let texts: Map<String, Value> =
            serde_json::from_str(state.pages.last().unwrap().message()).unwrap();
        let document: Value = serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap();
        // Younger than what it ends, or Security Hub would not take it.
        assert_eq!(document["asff"]["UpdatedAt"], "2026-11-21T22:00:00Z");
        assert_eq!(document["pagerduty"]["event_action"], "resolve");
    }
    // The event of the first refusal comes again; the next refusal is a new thing.
    let refused = |decided_at: &str, event: &str| {
        let code = Some(ReasonCode::PublisherNotAllowed);
        put(&world, RECORD, &outcome_at(decided_at, "rejected", code));
        let body = decided(&format!("s3://records/{RECORD}"));
        told(&world, &body.replace("5e0d7b3c-0000", event)).unwrap()
    };
    let first = refused("2026-11-21T21:44:09Z", "5e0d7b3c-0000");
    assert!(matches!(first, Alerted::Known(_)));
    // Whatever points at it, it is the same end.
    let forged = refused("2026-11-21T21:44:09Z", "5e0d7b3c-1111");
    assert!(matches!(forged, Alerted::Known(_)));
    let path = "functions/orders/20261121T222900Z-v2/outcome.json";
    let code = Some(ReasonCode::PublisherNotAllowed);
    let mut next = outcome_at("2026-11-21T22:30:00Z", "rejected", code);
    next["upload"]["at"] = json!("2026-11-21T22:29:00Z");
    next["upload"]["id"]["version"] = json!("v2");
    put(&world, path, &next);
    let next = told(&world, &decided(&format!("s3://records/{path}")));
    assert!(matches!(next, Ok(Alerted::Paged(_))));
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

/// CloudTrail's events come in any order.
#[test]
fn incident_that_is_over_before_it_is_heard_of_is_told_and_closed() {
    const OWN: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    let world = world();
    let request = json!({"functionName": "orders", "codeSigningConfigArn": OWN});
    let back = call(9, "PutFunctionCodeSigningConfig20200630", &request);
    let request = json!({"functionName": "orders"});
    let taken_off = |number| call(number, "DeleteFunctionCodeSigningConfig20200630", &request);
    told(&world, &back).unwrap();
    assert!(states(&world).is_empty());
    told(&world, &taken_off(1)).unwrap();
    assert_eq!(states(&world), ["detected", "closed"]);
    // What happens after it stays open.
    told(&world, &taken_off(10)).unwrap();
    assert_eq!(states(&world), ["detected", "closed", "detected"]);
}

/// A deployment changes the code of a function, and not its layers.
#[test]
fn deployment_leaves_open_what_was_told_of_a_layer() {
    const BAD: &str = "arn:aws:lambda:us-east-1:444455556666:layer:vendor:12";
    let world = world();
    let configured = |number: u32, layers: &[&str], status: Option<&str>| {
        let request = json!({"functionName": "orders", "layers": layers});
        let event = call(number, "UpdateFunctionConfiguration20150331v2", &request);
        let mut event: Value = serde_json::from_str(&event).unwrap();
        event["detail"]["additionalEventData"] = json!({"signatureStatus": status});
        told(&world, &event.to_string()).unwrap()
    };
    let open = |kind: &str| {
        let is_open = |it: &Incident| it.kind == kind && it.closed_at.is_none();
        incidents(&world).iter().any(is_open)
    };
    configured(1, &[BAD], Some("MISMATCH"));
    let mut code: Value = serde_json::from_str(&code_changed(2)).unwrap();
    code["detail"]["additionalEventData"] = Value::Null;
    told(&world, &code.to_string()).unwrap();
    assert!(open("untrusted-code-live") && open("code-changed-past-gate"));
    ended(
        &world,
        &outcome_at("2026-11-21T22:00:00Z", "deployed", None),
    );
    assert!(open("untrusted-code-live"), "the layer is still attached");
    assert!(!open("code-changed-past-gate"));
    // Another layer beside it takes nothing away; a call that names none leaves all.
    configured(
        3000,
        &["arn:aws:lambda:us-east-1:111122223333:layer:base:1", BAD],
        None,
    );
    told(
        &world,
        &call(
            3001,
            "UpdateFunctionConfiguration20150331v2",
            &json!({"functionName": "orders", "timeout": 3}),
        ),
    )
    .unwrap();
    assert!(open("untrusted-code-live"));
    configured(3002, &[], None);
    assert!(!open("untrusted-code-live"));
    // It is heard of late, and was over before: the event of what ended it came first.
    configured(3001, &[BAD], Some("MISMATCH"));
    assert!(!open("untrusted-code-live"));
}

/// Whoever weakened the configuration may have added a publisher by the same call.
#[test]
fn enforce_alone_does_not_close_while_a_publisher_stays_that_came_with_warn() {
    const CSC: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    const OURS: &str = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/ours/Ab3dEf6hIj";
    const THEIRS: &str =
        "arn:aws:signer:us-east-1:444455556666:/signing-profiles/theirs/Ab3dEf6hIj";
    let update =
        |number: u32, policy: &str, publishers: Option<&[&str]>, after: Option<&[&str]>| {
            let mut request = json!({
                "codeSigningConfigArn": CSC,
                "codeSigningPolicies": {"untrustedArtifactOnDeployment": policy},
            });
            if let Some(publishers) = publishers {
                request["allowedPublishers"] = json!({"signingProfileVersionArns": publishers});
            }
            let event = call(number, "UpdateCodeSigningConfig20200422", &request);
            let mut event: Value = serde_json::from_str(&event).unwrap();
            if let Some(after) = after {
                event["detail"]["responseElements"] = json!({"codeSigningConfig": {
                    "allowedPublishers": {"signingProfileVersionArns": after},
                    "codeSigningPolicies": {"untrustedArtifactOnDeployment": policy},
                }});
            }
            event.to_string()
        };
    let is_open = |world: &World| {
        let is_it = |it: &Incident| it.kind == "csc-weakened" && it.closed_at.is_none();
        incidents(world).iter().any(is_it)
    };
    let weakened = || {
        let world = world();
        told(&world, &update(1, "Warn", Some(&[OURS, THEIRS]), None)).unwrap();
        assert!(is_open(&world));
        world
    };
    // Who is trusted now is not known, or they are.
    let world = weakened();
    told(&world, &update(2, "Enforce", None, None)).unwrap();
    told(&world, &update(3, "Enforce", None, Some(&[OURS, THEIRS]))).unwrap();
    told(&world, &update(4, "Enforce", Some(&[THEIRS]), None)).unwrap();
    assert!(is_open(&world));
    told(&world, &update(5, "Enforce", Some(&["arn:other"]), None)).unwrap();
    assert!(!is_open(&world));
    // By its answer alone.
    let world = weakened();
    told(&world, &update(2, "Enforce", None, Some(&[]))).unwrap();
    assert!(!is_open(&world));
    // The end is heard of first.
    for (after, stays) in [(&[OURS, THEIRS][..], true), (&[][..], false)] {
        let world = self::world();
        told(&world, &update(9, "Enforce", None, Some(after))).unwrap();
        told(&world, &update(1, "Warn", Some(&[OURS, THEIRS]), None)).unwrap();
        assert_eq!(is_open(&world), stays, "{after:?}");
    }
}
