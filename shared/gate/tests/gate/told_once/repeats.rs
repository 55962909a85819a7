//! What happens again is counted, and summed up by the clock.

use super::*;

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
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 0, left: 0 }))
    ));
    pass(&world, 61);
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 1, left: 0 }))
    ));
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "repeated");
    assert!(text.starts_with("Again, 49 times: "), "{text}");
    assert!(
        text.contains("The same happened 49 more times since"),
        "{text}"
    );
    assert!(text.contains("That is 50 times since"), "{text}");
    for event in ["First event: event-1\n", "Last event: event-50\n"] {
        assert!(text.contains(event), "{text}");
    }
    let by = "By: arn:aws:sts::111122223333:assumed-role/Developer/session-10 (1), ";
    assert!(text.contains(by), "{text}");
    assert!(text.contains("others (44)"), "{text}");
    // Nothing more waits.
    pass(&world, 61);
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 0, left: 0 }))
    ));
    let open: OpenAlerts =
        serde_json::from_slice(&world.state().records["alerts/open.json"]).unwrap();
    assert!(open.repeats.is_empty());
    assert_eq!(incidents(&world)[0].count, 50);
}

#[test]
fn run_of_the_clock_that_is_out_of_time_leaves_the_rest_to_the_next() {
    let world = world();
    told(&world, &code_changed(1)).unwrap();
    told(&world, &code_changed(2)).unwrap();
    pass(&world, 61);
    let hands = hands(&world, "alert");
    let now = world.state().now;
    let out_of_time = run(alert(&hands, &settings(), RUN, now));
    assert!(matches!(
        out_of_time,
        Ok(Alerted::Summaries(RepeatRun { sent: 0, left: 1 }))
    ));
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 1, left: 0 }))
    ));
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
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 0, left: 0 }))
    ));
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
    // The first delivery may be at it yet.
    assert!(told(&world, &code_changed(1)).is_err());
    pass(&world, 2);
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
    assert!(matches!(
        told(&world, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 1, left: 0 }))
    ));
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
    // A second delivery is no more than that, and what ends it is told.
    let again = told_by(&world, &each, &code_changed(3));
    assert!(matches!(again, Ok(Alerted::Known(_))));
    let incidents = incidents(&world);
    assert_eq!((incidents.len(), incidents[0].count), (1, 3));
    ended(
        &world,
        &outcome_at("2026-11-21T23:30:00Z", "deployed", None),
    );
    assert_eq!(states(&world).pop().unwrap(), "closed");
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
            Ok(Alerted::Summaries(RepeatRun { sent: 0, left: 0 }))
        ));
    }
    pass(&world, 6 * 60);
    assert!(matches!(
        told_by(&world, &warns, RUN),
        Ok(Alerted::Summaries(RepeatRun { sent: 1, left: 0 }))
    ));
    assert_eq!(states(&world), ["detected", "repeated"]);
    // Under Enforce the same is an alarm.
    let Ok(Alerted::Paged(page)) = told(&world, &mismatch(40)) else {
        panic!("nobody is told that it got worse");
    };
    assert_eq!(page.severity, Severity::Critical);
}

#[test]
fn drift_is_told_each_time_that_it_is_news() {
    let world = world();
    let mut found = drift(countersign_gate::records::DriftKind::CscMissing);
    let path = found.path();
    let tell = |found: &Drift, event: &str| {
        put(&world, &path, &serde_json::to_value(found).unwrap());
        let body = drifted(&format!("s3://records/{path}")).replace(DRIFT_EVENT, event);
        told(&world, &body).unwrap()
    };
    assert!(matches!(tell(&found, "one"), Alerted::Paged(_)));
    // A second delivery, and a run of sweep that was cut off and sent its event again.
    assert!(matches!(tell(&found, "one"), Alerted::Known(_)));
    assert!(matches!(tell(&found, "two"), Alerted::Known(_)));
    found.closed_at = Some("2026-11-22T09:00:00Z".parse().unwrap());
    assert!(matches!(tell(&found, "three"), Alerted::Paged(_)));
    // The first event comes once more, and the document says by now that it is gone.
    assert!(matches!(tell(&found, "one"), Alerted::Known(_)));
    found.found_at = "2026-11-22T10:00:00Z".parse().unwrap();
    found.closed_at = None;
    assert!(matches!(tell(&found, "four"), Alerted::Paged(_)));
    assert_eq!(states(&world), ["open", "closed", "open"]);
}

#[test]
fn drift_that_could_not_be_told_is_told_by_the_next_delivery() {
    let world = world();
    let found = drift(countersign_gate::records::DriftKind::CscMissing);
    put(
        &world,
        &found.path(),
        &serde_json::to_value(&found).unwrap(),
    );
    let event = drifted(&format!("s3://records/{}", found.path()));
    world.state().broken.insert("sns:Publish");
    assert!(told(&world, &event).is_err());
    world.state().broken.clear();
    assert!(told(&world, &event).is_err());
    pass(&world, 2);
    assert!(matches!(told(&world, &event), Ok(Alerted::Paged(_))));
    assert!(matches!(told(&world, &event), Ok(Alerted::Known(_))));
}

#[test]
fn good_deployment_is_told_once_if_it_is_to_be_told() {
    let world = world();
    let notices = AlertSettings {
        success_notices: true,
        ..settings()
    };
    let tell = |decided_at: &str| {
        put(&world, RECORD, &outcome_at(decided_at, "deployed", None));
        let event = decided(&format!("s3://records/{RECORD}"));
        told_by(&world, &notices, &event).unwrap()
    };
    assert!(matches!(tell("2026-11-21T22:00:00Z"), Alerted::Paged(_)));
    assert!(matches!(tell("2026-11-21T22:00:00Z"), Alerted::Known(_)));
    let state = world.state();
    let texts: Map<String, Value> = serde_json::from_str(state.pages[0].message()).unwrap();
    let document: Value = serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap();
    // Nothing is wrong: no incident, no finding.
    for part in ["pagerduty", "ocsf", "asff"] {
        assert_eq!(document[part], Value::Null, "{part}");
    }
    assert_eq!(document["severity"], "notice");
}

#[test]
fn one_more_is_once_more() {
    let world = world();
    for number in 1..=2 {
        told(&world, &code_changed(number)).unwrap();
    }
    pass(&world, 61);
    told(&world, RUN).unwrap();
    let (_, text) = pages(&world).pop().unwrap();
    assert!(text.starts_with("Again, once: "), "{text}");
    assert!(
        text.contains("happened once more since") && text.contains("That is twice since"),
        "{text}"
    );
    ended(
        &world,
        &outcome_at("2026-11-21T23:00:00Z", "deployed", None),
    );
    let (_, text) = pages(&world).pop().unwrap();
    assert!(text.contains("It happened twice since"), "{text}");
    assert!(!text.contains(" 1 "), "{text}");
}

/// So many events of before are remembered, and the time of the end for all others.
#[test]
fn event_of_before_the_end_does_not_open_it_again() {
    let world = world();
    for number in 1..=60 {
        told(&world, &code_changed(number)).unwrap();
    }
    ended(
        &world,
        &outcome_at("2026-11-21T21:55:00Z", "deployed", None),
    );
    assert_eq!(states(&world), ["detected", "closed"]);
    for number in [60, 59, 1, 2] {
        assert!(
            matches!(told(&world, &code_changed(number)), Ok(Alerted::Known(_))),
            "{number}"
        );
    }
    // One of before that was never seen is on record, and nobody is called for what is over.
    assert!(matches!(
        told(&world, &code_changed(61)),
        Ok(Alerted::Known(_))
    ));
    assert!(incidents(&world)[0].closed_at.is_some());
    assert_eq!(states(&world), ["detected", "closed"]);
    // What happens after it is told.
    assert!(matches!(
        told(&world, &code_changed(600)),
        Ok(Alerted::Paged(_))
    ));
    assert!(incidents(&world)[0].closed_at.is_none());
    assert_eq!(incidents(&world)[0].count, 1);
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
    // Neither a change set that names no stack nor the stack's policy makes anything quiet.
    for (number, name, request) in [
        (
            5,
            "ExecuteChangeSet",
            json!({"changeSetName": "arn:aws:cloudformation:us-east-1:111122223333:changeSet/x/1"}),
        ),
        (6, "SetStackPolicy", json!({"stackName": "countersign"})),
    ] {
        let loud = world();
        let mut event: Value = serde_json::from_str(&call(number, name, &request)).unwrap();
        event["source"] = json!("aws.cloudformation");
        event["detail"]["eventSource"] = json!("cloudformation.amazonaws.com");
        event["detail"]["eventTime"] = json!(loud.state().now.to_string());
        assert!(
            matches!(told(&loud, &event.to_string()), Ok(Alerted::Paged(_))),
            "{name}"
        );
        assert!(
            matches!(told(&loud, &by_cloudformation(7)), Ok(Alerted::Paged(_))),
            "{name}"
        );
    }
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
    let weighted = |number: u32, weight: f64| {
        let request = json!({
            "functionName": "orders", "name": "prod", "functionVersion": "66",
            "routingConfig": {"additionalVersionWeights": {"4": weight}},
        });
        told(&world, &call(number, "UpdateAlias20150331", &request))
    };
    assert!(matches!(weighted(5, 0.01), Ok(Alerted::Paged(_))));
    assert!(matches!(weighted(6, 0.99), Ok(Alerted::Paged(_))));
}

/// The same caller with code of another kind is no repeat.
#[test]
fn other_code_by_the_same_caller_is_told_at_once() {
    let world = world();
    let upload = |hour: u32, code: &str| {
        let label = format!("20261121T{hour}0000Z-v{hour}");
        let mut record = outcome("deployed", None);
        record["upload"]["at"] = json!(format!("2026-11-21T{hour}:00:00Z"));
        let of_upload = record["upload"].clone();
        record["deployed"] = json!({"code_sha256": code, "version": "7", "unchanged": false});
        put(
            &world,
            &format!("functions/orders/{label}/outcome.json"),
            &record,
        );
        let received = json!({"schema": 1, "upload": of_upload, "target": "functions/orders", "bytes": 1,
            "source_sha256": null, "uploaded_by": {"principal": null, "source_ip": null}, "metadata": {}, "tags": {},
            "received_at": "2026-11-21T20:00:01Z"});
        put(
            &world,
            &format!("functions/orders/{label}/received.json"),
            &received,
        );
    };
    upload(20, "older");
    upload(21, "newest");
    let change = |number: u32, code: &str, publisher: Option<&str>| {
        let mut event: Value = serde_json::from_str(&code_changed(number)).unwrap();
        event["detail"]["responseElements"] = json!({"codeSha256": code});
        event["detail"]["additionalEventData"] = json!({"signingProfileVersionArn": publisher});
        told(&world, &event.to_string()).unwrap()
    };
    let is_paged = |alerted: &Alerted| matches!(alerted, Alerted::Paged(_));
    let is_counted = |alerted: &Alerted| matches!(alerted, Alerted::Counted(_));
    assert!(is_paged(&change(1, "newest", None)));
    assert!(is_counted(&change(2, "newest", None)));
    assert!(is_paged(&change(3, "unknown", None)));
    assert!(is_paged(&change(4, "older", None)));
    // A second delivery, and each of the others once more, is no news.
    assert!(matches!(change(3, "unknown", None), Alerted::Known(_)));
    for (number, code) in [(5, "newest"), (6, "unknown"), (7, "other"), (8, "older")] {
        assert!(is_counted(&change(number, code, None)), "{code}");
    }
    let ours = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/ours/Ab3dEf6hIj";
    assert!(is_paged(&change(9, "unknown", Some(ours))));
    let foreign = ours.replace("111122223333", "444455556666");
    assert!(is_paged(&change(10, "unknown", Some(&foreign))));
    assert_eq!(incidents(&world).len(), 1, "one thing");
    // All that was counted was told with the pages, so there is nothing to sum up, and the next is due by its time.
    pass(&world, 61);
    told(&world, RUN).unwrap();
    assert!(is_paged(&change(12, "older", None)));
    // What was idle for an interval is news again.
    pass(&world, 61);
    assert!(is_paged(&change(13, "newest", None)));
    assert!(is_counted(&change(14, "older", None)));
    assert!(is_paged(&change(15, "unknown", None)));
    // What is uploaded since makes nothing of what was put there before it.
    upload(23, "later");
    assert!(is_counted(&change(11, "newest", None)));
}

/// A team's pipeline under Warn deploys code that was never uploaded, each time.
#[test]
fn pipeline_under_warn_is_one_page_a_day_and_one_more_for_other_code() {
    let world = world();
    let of_stack = AlertSettings {
        only_warns: true,
        ..settings()
    };
    let deploy = |number: u32, code: &str| {
        let mut event: Value = serde_json::from_str(&code_changed(number)).unwrap();
        event["detail"]["responseElements"] = json!({"codeSha256": code});
        event["detail"]["additionalEventData"] = json!({"signatureStatus": "MISMATCH"});
        matches!(
            told_by(&world, &of_stack, &event.to_string()),
            Ok(Alerted::Paged(_))
        )
    };
    let paged = (0..100).filter(|number| {
        pass(&world, 10);
        deploy(*number, &format!("build-{number}"))
    });
    assert_eq!(paged.count(), 1);
}
