//! Functions that the gate does not deploy to, and that are under its code signing configuration.

use countersign_gate::domain::NamePattern;

use super::*;

const OWN: &str = "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";

/// A stack that deploys to functions whose names begin with `shop-`.
fn of_shop() -> AlertSettings {
    AlertSettings {
        functions: Some(NamePattern::parse("shop-*").unwrap()),
        ..settings()
    }
}

/// What the last run of `sweep` saw: `orders` under the stack's configuration, `billing` under another, `reports` under none.
fn seen(world: &World) {
    let function = |name: &str, csc: Option<String>| json!({"name": name, "code_sha256": "eA==", "code_signing_config": csc, "policy": "Enforce"});
    put(
        world,
        "posture.json",
        &json!({
            "schema": 1, "stack": "countersign", "began_at": "2026-11-21T21:00:00Z",
            "ended_at": "2026-11-21T21:01:00Z", "unfinished": 0, "targets": [],
            "functions": [
                function("orders", Some(OWN.to_owned())),
                function("billing", Some(OWN.replace("csc-0", "csc-1"))),
                function("reports", None),
            ],
            "configurations": [], "troubles": [],
        }),
    );
}

/// Each kind of call on a function that the gate speaks of, with its detection.
fn calls(function: &str) -> Vec<(&'static str, &'static str, Value)> {
    let with = |more: Value| {
        let mut request = json!({"functionName": function});
        let fields = request.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        request
    };
    let arn = format!("arn:aws:lambda:us-east-1:111122223333:function:{function}");
    vec![
        (
            "code-changed-past-gate",
            "UpdateFunctionCode20150331v2",
            with(json!({})),
        ),
        (
            "alias-changed-past-gate",
            "UpdateAlias20150331",
            with(json!({"name": "live", "functionVersion": "1"})),
        ),
        (
            "version-published-past-gate",
            "PublishVersion20150331",
            with(json!({})),
        ),
        (
            "configuration-runs-other-code",
            "UpdateFunctionConfiguration20150331v2",
            with(json!({"layers": ["arn:aws:lambda:us-east-1:111122223333:layer:base:1"]})),
        ),
        (
            "function-deleted",
            "DeleteFunction20150331",
            with(json!({})),
        ),
        (
            "csc-detached",
            "DeleteFunctionCodeSigningConfig20200630",
            with(json!({})),
        ),
        (
            "csc-replaced",
            "PutFunctionCodeSigningConfig20200630",
            with(json!({"codeSigningConfigArn": OWN.replace("csc-0", "csc-1")})),
        ),
        (
            "gate-tags-changed",
            "TagResource20170331v2",
            json!({"resource": arn, "tags": {"countersign:alias": "x"}}),
        ),
        (
            "function-open-to-everybody",
            "AddPermission20150331v2",
            with(
                json!({"statementId": "open", "action": "lambda:InvokeFunction", "principal": "*"}),
            ),
        ),
    ]
}

#[test]
fn function_under_the_stacks_configuration_is_watched_whatever_its_name_is() {
    let world = world();
    seen(&world);
    for (number, (detection, name, request)) in (1..).zip(calls("orders")) {
        let told = told_by(&world, &of_shop(), &call(number, name, &request)).unwrap();
        let Alerted::Paged(page) = told else {
            panic!("{name}: {told:?}");
        };
        assert_eq!(page.kind, detection, "{name}");
        assert_eq!(page.subject, "functions/orders", "{name}");
        assert!(
            page.text
                .contains("The gate does not deploy to this function"),
            "{}",
            page.text
        );
        // The gate would refuse an upload for it, and deployed nothing to go back to.
        let steps = page.next_steps.join("\n");
        for impossible in [
            "countersign push",
            "countersign rollback",
            "countersign diff",
            "current/functions/",
        ] {
            assert!(!steps.contains(impossible), "{name}: {steps}");
        }
    }
    // An attempt that was denied is one, too.
    let mut denied: Value = serde_json::from_str(&call(
        90,
        "UpdateFunctionCode20150331v2",
        &json!({"functionName": "orders"}),
    ))
    .unwrap();
    denied["detail"]["errorCode"] = json!("AccessDenied");
    let told = told_by(&world, &of_shop(), &denied.to_string()).unwrap();
    assert!(
        matches!(&told, Alerted::Paged(page) if page.kind == "attempt-denied"),
        "{told:?}"
    );
}

#[test]
fn functions_under_other_configurations_or_none_are_others_affair() {
    let world = world();
    seen(&world);
    for function in ["billing", "reports", "unseen"] {
        for (number, (_, name, request)) in (1..).zip(calls(function)) {
            let told = told_by(&world, &of_shop(), &call(number, name, &request)).unwrap();
            assert!(
                matches!(told, Alerted::Silent),
                "{function} {name}: {told:?}"
            );
        }
    }
}

/// Nothing is known of it before `sweep` looked, and all functions of the account would page otherwise. An answer that
/// S3 owes is waited for.
#[test]
fn without_a_posture_names_alone_count_and_without_an_answer_it_is_tried_again() {
    let changed = call(
        1,
        "UpdateFunctionCode20150331v2",
        &json!({"functionName": "orders"}),
    );
    let world = world();
    assert!(matches!(
        told_by(&world, &of_shop(), &changed),
        Ok(Alerted::Silent)
    ));
    seen(&world);
    world.state().broken.insert("s3:GetObject record");
    assert!(told_by(&world, &of_shop(), &changed).is_err());
    world.state().broken.remove("s3:GetObject record");
    assert!(matches!(
        told_by(&world, &of_shop(), &changed),
        Ok(Alerted::Paged(_))
    ));
}

#[test]
fn putting_it_back_under_the_configuration_closes_what_was_told() {
    let world = world();
    seen(&world);
    let detached = call(
        1,
        "DeleteFunctionCodeSigningConfig20200630",
        &json!({"functionName": "orders"}),
    );
    assert!(matches!(
        told_by(&world, &of_shop(), &detached),
        Ok(Alerted::Paged(_))
    ));
    let back = json!({"functionName": "orders", "codeSigningConfigArn": OWN});
    let back = call(100, "PutFunctionCodeSigningConfig20200630", &back);
    assert!(matches!(
        told_by(&world, &of_shop(), &back),
        Ok(Alerted::Silent)
    ));
    assert_eq!(states(&world), ["detected", "closed"]);
}
