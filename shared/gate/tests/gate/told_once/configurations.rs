//! A changed code signing configuration is told with what it was.

use super::*;

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

/// A posture whose last run saw these publishers, and the one before it those.
fn posture_of(csc: &str, before: &[String], now: &[String]) -> Value {
    json!({
        "schema": 1, "stack": "countersign", "began_at": "2026-11-21T22:00:00Z",
        "ended_at": "2026-11-21T22:01:00Z", "unfinished": 0, "targets": [],
        "functions": [{"name": "orders", "code_sha256": "eA==", "code_signing_config": csc, "policy": "Enforce"}],
        "configurations": [{"arn": csc, "policy": "Warn", "publishers": now, "since": "2026-11-21T22:01:00Z",
            "earlier": [{"policy": "Enforce", "publishers": before,
                "since": "2026-11-21T20:01:00Z", "until": "2026-11-21T21:01:00Z"}]}],
        "troubles": [],
    })
}

fn publisher(name: &str) -> String {
    format!("arn:aws:signer:us-east-1:111122223333:/signing-profiles/{name}/Ab3dEf6hIj")
}

const OWN_CSC: &str =
    "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";

fn paged(world: &World, event: &str) -> countersign_gate::alerts::Page {
    match told(world, event).unwrap() {
        Alerted::Paged(page) => *page,
        other => panic!("{other:?}"),
    }
}

/// Warn and a publisher by one call, which sweep saw before CloudTrail told of it.
#[test]
fn publishers_that_came_with_warn_are_named_though_sweep_looked_after_the_call() {
    let world = world();
    let (ours, theirs) = (publisher("ours"), publisher("theirs"));
    let both = [ours.clone(), theirs.clone()];
    put(
        &world,
        "posture.json",
        &posture_of(OWN_CSC, &both[..1], &both),
    );
    let request = json!({
        "codeSigningConfigArn": OWN_CSC,
        "codeSigningPolicies": {"untrustedArtifactOnDeployment": "Warn"},
        "allowedPublishers": {"signingProfileVersionArns": both},
    });
    let page = paged(
        &world,
        &call(1, "UpdateCodeSigningConfig20200422", &request),
    );
    assert_eq!(page.kind, "csc-weakened");
    let told = format!("Trusted since then: {theirs}. No longer trusted: nobody.");
    assert!(page.text.contains(&told), "{}", page.text);
    let back = format!(
        "Put it back as it was: aws lambda update-code-signing-config --code-signing-config-arn {OWN_CSC} \
         --allowed-publishers SigningProfileVersionArns={ours} --code-signing-policies \
         UntrustedArtifactOnDeployment=Enforce --region us-east-1"
    );
    assert_eq!(page.next_steps[0], back);
    // Where nobody knows what was before, whom the call set is named all the same.
    let page = paged(
        &self::world(),
        &call(2, "UpdateCodeSigningConfig20200422", &request),
    );
    assert!(page.text.contains("is not known here"), "{}", page.text);
    assert!(page.text.contains(&theirs), "{}", page.text);
}

/// Who was added shortly before is not recommended without a word.
#[test]
fn publisher_that_had_just_been_added_is_said_so() {
    let world = world();
    let (ours, theirs) = (publisher("ours"), publisher("theirs"));
    let both = [ours, theirs.clone()];
    let mut posture = posture_of(OWN_CSC, &both[..1], &both);
    posture["configurations"][0]["since"] = json!("2026-11-21T21:30:00Z");
    posture["configurations"][0]["policy"] = json!("Enforce");
    put(&world, "posture.json", &posture);
    let request = json!({
        "codeSigningConfigArn": OWN_CSC,
        "codeSigningPolicies": {"untrustedArtifactOnDeployment": "Warn"},
        "allowedPublishers": {"signingProfileVersionArns": [both[0], both[1], publisher("third")]},
    });
    let page = paged(
        &world,
        &call(1, "UpdateCodeSigningConfig20200422", &request),
    );
    let doubt = format!("Of those, {theirs} had come to it only before that look");
    assert!(page.text.contains(&doubt), "{}", page.text);
}

/// Whoever takes the configuration off may have put it there before.
#[test]
fn no_page_leads_back_to_a_configuration_that_the_gate_does_not_know() {
    const THEIRS: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0000000000000000a";
    const FOLDER: &str = "functions/orders/20261121T200000Z-v1/";
    let request = json!({"functionName": "orders"});
    let event = call(1, "DeleteFunctionCodeSigningConfig20200630", &request);
    let seen_under = |csc: &str| {
        let world = world();
        let mut posture = posture_of(csc, &[], &[]);
        posture["began_at"] = json!("2026-11-21T21:00:00Z");
        posture["ended_at"] = json!("2026-11-21T21:01:00Z");
        put(&world, "posture.json", &posture);
        world
    };
    let back = |csc: &str| {
        format!(
            "Put it back as it was: aws lambda put-function-code-signing-config --function-name orders \
             --code-signing-config-arn {csc} --region us-east-1"
        )
    };
    assert_eq!(
        paged(&seen_under(OWN_CSC), &event).next_steps[0],
        back(OWN_CSC)
    );
    let page = paged(&seen_under(THEIRS), &event);
    assert!(
        page.next_steps.iter().all(|step| !step.contains(THEIRS)),
        "{page:?}"
    );
    assert!(page.next_steps[0].contains(OWN_CSC), "{page:?}");
    assert!(
        page.text.contains("the gate deployed nothing under it"),
        "{}",
        page.text
    );
    // Unless the gate judged under it what it deployed last.
    let world = seen_under(THEIRS);
    let upload = outcome("deployed", None)["upload"].clone();
    let mut upload = upload;
    upload["at"] = json!("2026-11-21T20:00:00Z");
    let deployed = json!({"code_sha256": "eA==", "version": "7", "unchanged": false});
    put(
        &world,
        "functions/orders/live.json",
        &json!({"schema": 1, "upload": upload, "deployed": deployed,
        "source_sha256": "eA==", "profile_version_arn": null}),
    );
    put(
        &world,
        &format!("{FOLDER}verdict.json"),
        &json!({"schema": 1, "upload": upload, "target": "functions/orders",
        "job": "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f", "signed": null, "source_sha256": null, "decision": "accept",
        "verdict": null, "lambda": {"answer": "not_asked"}, "judged_at": "2026-11-21T20:00:08Z",
        "code_signing_config": {"arn": THEIRS, "policy": "Enforce", "publishers": []}}),
    );
    assert_eq!(paged(&world, &event).next_steps[0], back(THEIRS));
}

/// Half a command is another command, or none.
#[test]
fn command_of_many_publishers_is_whole_or_gives_way_to_where_it_is() {
    let request = |publishers: &[String]| {
        let mut with = publishers.to_vec();
        with.push(publisher("theirs"));
        let request = json!({
            "codeSigningConfigArn": OWN_CSC,
            "allowedPublishers": {"signingProfileVersionArns": with},
        });
        call(1, "UpdateCodeSigningConfig20200422", &request)
    };
    for count in [2, 8, 9, 19] {
        let world = world();
        let known: Vec<String> = (0..count)
            .map(|at| publisher(&format!("team_number_{at:02}")))
            .collect();
        put(&world, "posture.json", &posture_of(OWN_CSC, &known, &known));
        let page = paged(&world, &request(&known));
        let (_, text) = pages(&world).pop().unwrap();
        let step = text.lines().find(|line| line.starts_with("1. ")).unwrap();
        let whole = format!("1. {}", page.next_steps[0]);
        if count < 8 {
            assert_eq!(step, whole);
            continue;
        }
        assert!(step == whole || !step.contains("aws lambda"), "{step}");
        assert!(!step.ends_with('…'), "{step}");
        if count == 19 {
            let (_, record) = step.split_once("aws s3 cp 's3://records/").unwrap();
            let record = record.strip_suffix("' -").unwrap();
            let kept: Incident = serde_json::from_slice(&world.state().records[record]).unwrap();
            assert_eq!(kept.next_steps[0], page.next_steps[0]);
        }
    }
}
