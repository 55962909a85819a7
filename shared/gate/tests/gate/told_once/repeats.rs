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
    assert!(matches!(told(&world, RUN), Ok(Alerted::SummariesSent(0))));
    pass(&world, 61);
    assert!(matches!(told(&world, RUN), Ok(Alerted::SummariesSent(1))));
    let (state, text) = pages(&world).pop().unwrap();
    assert_eq!(state, "repeated");
    assert!(text.starts_with("Again, 49 times: "), "{text}");
    // Nothing more waits.
    pass(&world, 61);
    assert!(matches!(told(&world, RUN), Ok(Alerted::SummariesSent(0))));
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
    assert!(matches!(told(&world, RUN), Ok(Alerted::SummariesSent(0))));
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
    assert!(matches!(told(&world, RUN), Ok(Alerted::SummariesSent(1))));
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
            Ok(Alerted::SummariesSent(0))
        ));
    }
    pass(&world, 6 * 60);
    assert!(matches!(
        told_by(&world, &warns, RUN),
        Ok(Alerted::SummariesSent(1))
    ));
    assert_eq!(states(&world), ["detected", "repeated"]);
    // Under Enforce the same is an alarm.
    let Ok(Alerted::Paged(page)) = told(&world, &mismatch(40)) else {
        panic!("nobody is told that it got worse");
    };
    assert_eq!(page.severity, Severity::Critical);
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
