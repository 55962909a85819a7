//! Another gate of the account deploys its own targets, and other profiles are trusted than the stack's.

use countersign_gate::{alerts::RoleList, domain::ProfileName};

use super::*;

const PEER: &str = "other-DeployRole-7Z";

fn beside_another() -> AlertSettings {
    AlertSettings {
        peer_roles: RoleList::parse(&format!("arn:aws:iam::111122223333:role/{PEER}")).unwrap(),
        ..settings()
    }
}

#[test]
fn other_gates_work_on_its_own_targets_pages_nobody() {
    let world = world();
    let deployed = by(1, PEER);
    let beside = beside_another();
    assert!(matches!(
        told_by(&world, &beside, &deployed),
        Ok(Alerted::Silent)
    ));
    // Whoever is not listed is told, whatever it calls itself, and so is what is no gate's work.
    assert!(matches!(told(&world, &deployed), Ok(Alerted::Paged(_))));
    for role in ["other-DeployRole-7Y", "Developer"] {
        assert!(matches!(
            told_by(&world, &beside, &by(2, role)),
            Ok(Alerted::Paged(_))
        ));
    }
    let removed = call(
        3,
        "DeleteFunctionCodeSigningConfig20200630",
        &json!({"functionName": "orders"}),
    );
    let removed = removed.replace("/Developer/", &format!("/{PEER}/"));
    assert!(matches!(
        told_by(&world, &beside, &removed),
        Ok(Alerted::Paged(_))
    ));
}

/// A gate asks Lambda before it changes anything, and a refusal is its answer: it tells of that itself.
#[test]
fn other_gates_dry_runs_page_nobody_whatever_lambda_answers() {
    let world = world();
    let beside = beside_another();
    let asked = |number: u32, refused: bool| {
        let mut event: Value = serde_json::from_str(&by(number, PEER)).unwrap();
        let detail = &mut event["detail"];
        detail["requestParameters"]["dryRun"] = json!(true);
        if refused {
            detail["errorCode"] = json!("CodeVerificationFailedException");
            detail["responseElements"] = Value::Null;
        }
        event.to_string()
    };
    for (number, refused) in [(1, false), (2, true)] {
        let told = told_by(&world, &beside, &asked(number, refused));
        assert!(matches!(told, Ok(Alerted::Silent)), "{refused}: {told:?}");
    }
    // Of a caller who is nobody's gate, the refused one is an attempt.
    assert!(matches!(
        told(&world, &asked(3, true)),
        Ok(Alerted::Paged(_))
    ));
    assert!(matches!(
        told(&world, &asked(4, false)),
        Ok(Alerted::Silent)
    ));
}

#[test]
fn other_gate_on_a_target_of_this_one_is_told() {
    let world = world();
    let mut record = outcome("deployed", None);
    record["decided_at"] = json!("2026-11-21T20:00:00Z");
    put(&world, RECORD, &record);
    let beside = beside_another();
    assert!(matches!(
        told_by(&world, &beside, &by(1, PEER)),
        Ok(Alerted::Paged(_))
    ));
    // Nor is anything quiet where nobody can see whose it is.
    let unseen = self::world();
    unseen.state().broken.insert("s3:ListObjectsV2");
    let told_of = told_by(&unseen, &beside, &by(2, PEER));
    assert!(matches!(told_of, Ok(Alerted::Paged(_))), "{told_of:?}");
}

#[test]
fn publishers_of_targets_are_watched() {
    const CSC: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    let world = world();
    let publisher = |account: &str, name: &str| {
        format!("arn:aws:signer:us-east-1:{account}:/signing-profiles/{name}/Ab3dEf6hIj")
    };
    put(
        &world,
        "posture.json",
        &json!({
            "schema": 1, "stack": "countersign", "began_at": "2026-11-21T21:00:00Z",
            "ended_at": "2026-11-21T21:01:00Z", "unfinished": 0, "targets": [],
            "functions": [{"name": "orders", "code_sha256": "eA==", "code_signing_config": CSC, "policy": "Enforce"}],
            "configurations": [
                {"arn": CSC, "policy": "Enforce", "publishers": [
                    publisher("111122223333", "vendor"), publisher("444455556666", "far_away"),
                ]},
                {"arn": CSC.replace("csc-0", "csc-1"), "policy": "Enforce", "publishers": [
                    publisher("111122223333", "of_others"),
                ]},
            ],
            "troubles": [],
        }),
    );
    let of_stack = AlertSettings {
        signing_profile: Some(ProfileName::parse("ours").unwrap()),
        ..settings()
    };
    let sign = |number: u32, profile: &str| {
        let request = json!({"profileName": profile});
        let mut event: Value =
            serde_json::from_str(&call(number, "StartSigningJob", &request)).unwrap();
        event["source"] = json!("aws.signer");
        event["detail"]["eventSource"] = json!("signer.amazonaws.com");
        told_by(&world, &of_stack, &event.to_string()).unwrap()
    };
    let Alerted::Paged(page) = sign(1, "vendor") else {
        panic!("a publisher that targets trust is not watched");
    };
    assert_eq!(
        (page.kind.as_str(), page.severity),
        ("signed-past-gate", Severity::Warning)
    );
    assert!(matches!(sign(2, "vendor"), Alerted::Counted(_)));
    for other in ["far_away", "of_others", "nobodys"] {
        assert!(matches!(sign(3, other), Alerted::Silent), "{other}");
    }
    let Alerted::Paged(page) = sign(4, "ours") else {
        panic!("the stack's own profile is not watched");
    };
    assert_eq!(page.severity, Severity::Critical);
}
