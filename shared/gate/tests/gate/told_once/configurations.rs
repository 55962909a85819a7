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
