//! What runs is compared with the records, and each difference is told once.

use countersign_gate::{
    domain::{ProfileStatus, SigningJobId},
    records::{Deployed, Posture, UploadState},
};

use jiff::SignedDuration;

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, OTHER, SWAPPED, change, go, sample_world, world},
    world::{
        AliasState, FUNCTION, LayerState, World,
        run::{admitted, deploy_settings, deployed, patient},
    },
};

use super::{drift, found, pass, told};

#[test]
fn nothing_is_found_where_all_is_as_it_should_be() {
    let world = sample_world();
    assert_eq!(found(&world), [""; 0]);
    let posture: Posture = world.state().record("posture.json").unwrap();
    assert_eq!(posture.targets.len(), 2);
    assert_eq!(posture.unfinished, 0);
    let function = &posture.targets[0];
    assert_eq!(function.state, Some(UploadState::Deployed));
    assert_eq!(function.deployed, function.current);
    assert!(
        function
            .signing_job
            .as_deref()
            .unwrap()
            .contains("/signing-jobs/")
    );
    assert_eq!(posture.functions[0].name, "checkout");
    assert!(posture.functions[0].code_signing_config.is_some());
    assert_eq!(posture.functions[0].signing_job, function.signing_job);
    assert_eq!(told(&world), 0);
    let writes = world
        .state()
        .records
        .keys()
        .filter(|path| path.starts_with("drift/"))
        .count();
    assert_eq!(writes, 0);
}

#[test]
fn code_that_was_changed_past_the_gate_is_told_once_and_closed_when_it_is_gone() {
    let world = sample_world();
    let ours = world.state().functions["checkout"].clone();
    world.intrude();
    for _ in 0..3 {
        assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    }
    assert_eq!(told(&world), 1);
    let open = drift(&world, "OTHER_CODE_RUNS");
    assert!(open.message.contains("none of the"), "{}", open.message);
    assert_eq!(open.expected, Some(ours.code_sha256.clone()));
    // Other code again is another thing to tell.
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(told(&world), 2);
    change(&world, |function| function.code_sha256 = ours.code_sha256);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "OTHER_CODE_RUNS").is_open());
    assert_eq!(told(&world), 3);
    found(&world);
    assert_eq!(told(&world), 3);
}

#[test]
fn older_package_that_was_put_back_is_named() {
    let world = world();
    let first = go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    let code = first.deployed.unwrap().code_sha256;
    change(&world, |function| function.code_sha256 = code);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    let message = drift(&world, "OTHER_CODE_RUNS").message;
    assert!(message.contains(&first.upload.label()), "{message}");
}

#[test]
fn alias_that_was_moved_or_weighted_past_the_gate_is_told() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    assert_eq!(found(&world), [""; 0]);
    world.weigh(Some("0.5"));
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    world.turn_back_aliases();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    change(&world, |function| function.aliases.clear());
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(told(&world), 3);
}

#[test]
fn alias_is_compared_while_other_code_is_latest() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    let last = go(&world, FUNCTION, OTHER).deployed.unwrap();
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    world.turn_back_aliases();
    for _ in 0..2 {
        assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
        let open = drift(&world, "OTHER_CODE_RUNS");
        let foreign = world.state().functions["checkout"].code_sha256.clone();
        assert_eq!(open.found, Some(format!("{foreign}; 1")));
        assert_eq!(open.expected, Some(format!("{}; 2", last.code_sha256)));
        assert!(open.message.contains("$LATEST of checkout has the code"));
        assert!(open.message.contains("points at version 1, and not at 2"));
    }
    assert_eq!(told(&world), 2, "the code, then code and alias");
    change(&world, |function| function.code_sha256 = last.code_sha256);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(drift(&world, "OTHER_CODE_RUNS").found.as_deref(), Some("1"));
}

/// An upload that Lambda takes, and whose alias it refuses to move; how far it came.
fn fail_at_alias(world: &World) -> Deployed {
    let admission = admitted(world, FUNCTION, OTHER);
    let refusal = countersign_gate::domain::Refusal {
        exception: "InvalidParameterValueException".to_owned(),
        message: "no".to_owned(),
    };
    world.state().alias_refuses = Some(refusal);
    let end = deployed(world, &deploy_settings(), admission, &patient(world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Failed);
    end.outcome.deployed.unwrap()
}

/// The page of the failure said how far it came: $LATEST, a version, and the alias at it.
#[test]
fn alias_that_a_failed_deployment_moved_is_not_told_again() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    let version = fail_at_alias(&world).version.unwrap();
    assert_eq!(found(&world), [""; 0]);
    change(&world, |function| {
        function
            .aliases
            .insert("live".to_owned(), AliasState::at(&version));
    });
    assert_eq!(found(&world), [""; 0]);
    // Weights beside that version are of somebody else.
    world.weigh(Some("0.5"));
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    change(&world, |function| {
        function
            .aliases
            .insert("live".to_owned(), AliasState::at("$LATEST"));
    });
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
}

#[test]
fn older_version_that_became_current_is_told() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    world.delete_for_good(FUNCTION, 1);
    assert_eq!(found(&world), ["OTHER_VERSION_CURRENT"]);
    assert_eq!(found(&world), ["OTHER_VERSION_CURRENT"]);
    assert_eq!(told(&world), 1);
    // What was uploaded again had its turn.
    go(&world, FUNCTION, GOOD);
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn refused_upload_is_no_drift() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    assert_eq!(go(&world, FUNCTION, SWAPPED).state, UploadState::Rejected);
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn missing_csc_and_missing_function_are_told() {
    let world = sample_world();
    change(&world, |function| function.csc = None);
    assert_eq!(found(&world), ["CSC_MISSING"]);
    world.delete_function();
    assert_eq!(found(&world), ["TARGET_GONE"]);
    assert!(!drift(&world, "CSC_MISSING").is_open());
    // The key is deleted, too: it was meant.
    world.delete(FUNCTION);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "TARGET_GONE").is_open());
}

#[test]
fn revocation_of_what_runs_is_told() {
    let world = sample_world();
    let now = world.state().now;
    world.state().jobs_revoked_at = Some(now);
    assert_eq!(found(&world), ["SIGNATURE_REVOKED", "SIGNATURE_REVOKED"]);
    assert_eq!(told(&world), 2, "the function and the layer");
    world.state().jobs_revoked_at = None;
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 4);
    // A profile's revocation has a time from which it counts.
    pass(&world, 60);
    let now = world.state().now;
    let revoke = |effective_from| {
        world.state().profile = ProfileStatus::Revoked { effective_from };
    };
    revoke(now);
    assert_eq!(found(&world), ["PUBLISHER_QUESTIONABLE"]);
    revoke(now - SignedDuration::from_hours(24));
    assert_eq!(
        found(&world),
        [
            "SIGNATURE_REVOKED",
            "SIGNATURE_REVOKED",
            "PUBLISHER_QUESTIONABLE"
        ]
    );
    world.state().profile = ProfileStatus::Canceled;
    assert_eq!(found(&world), ["PUBLISHER_QUESTIONABLE"]);
}

/// Callers of an alias run what it points at, whatever `$LATEST` is.
#[test]
fn revocation_of_what_an_alias_points_at_is_told() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    let asked = |world: &World, call: &str| {
        let state = world.state();
        state.calls.iter().filter(|it| **it == call).count()
    };
    let of_first = world.state().functions["checkout"].versions[0]
        .job_arn
        .clone();
    let id = of_first.as_deref().and_then(|arn| arn.rsplit('/').next());
    let id = SigningJobId::parse(id.unwrap()).unwrap();
    world.state().job_revoked = Some(id.clone());
    // Nobody points at the first version.
    let before = asked(&world, "signer:DescribeSigningJob");
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(asked(&world, "signer:DescribeSigningJob") - before, 1);
    change(&world, |function| {
        let mut beta = AliasState::at("2");
        beta.weights.insert("1".to_owned(), "0.1".to_owned());
        function.aliases.insert("beta".to_owned(), beta);
    });
    for _ in 0..2 {
        assert_eq!(found(&world), ["SIGNATURE_REVOKED"]);
    }
    assert_eq!(told(&world), 1);
    let open = drift(&world, "SIGNATURE_REVOKED");
    assert!(
        open.message
            .starts_with("of version 1, which an alias points at: the job"),
        "{open:?}"
    );
    assert_eq!(open.found.as_deref(), Some(id.as_str()));
    change(&world, |function| {
        function
            .aliases
            .insert("beta".to_owned(), AliasState::at("2"));
    });
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "SIGNATURE_REVOKED").is_open());
}

/// What was uploaded before the time from which a revocation counts, and signed after it.
#[test]
fn revocation_counts_from_when_it_was_signed() {
    let world = world();
    let uploaded_at = world.state().now;
    let admission = admitted(&world, FUNCTION, GOOD);
    pass(&world, 30);
    let end = deployed(&world, &deploy_settings(), admission, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Deployed);
    let signed_at = world.state().now;
    let revoke = |effective_from| {
        world.state().profile = ProfileStatus::Revoked { effective_from };
        let mut kinds = found(&world);
        kinds.retain(|kind| kind != "PUBLISHER_QUESTIONABLE");
        kinds
    };
    let minutes = SignedDuration::from_mins;
    assert_eq!(revoke(uploaded_at + minutes(10)), ["SIGNATURE_REVOKED"]);
    assert_eq!(revoke(signed_at + minutes(10)), [""; 0]);
}

#[test]
fn expiry_of_what_runs_is_told_ninety_thirty_and_seven_days_before_and_after() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let now = world.state().now;
    for (days, is_told, pages) in [
        (91, false, 0),
        (89, true, 1),
        (31, true, 1),
        (29, true, 2),
        (6, true, 3),
        (1, true, 3),
        (-1, true, 4),
    ] {
        world.state().signatures_expire_at = Some(now + SignedDuration::from_hours(24 * days));
        assert_eq!(found(&world).len(), usize::from(is_told), "{days} days");
        assert_eq!(told(&world), pages, "{days} days");
    }
    assert!(
        drift(&world, "SIGNATURE_EXPIRES")
            .message
            .contains("expired")
    );
}

#[test]
fn layer_that_was_published_past_the_gate_is_told() {
    let world = sample_world();
    let foreign = LayerState {
        description: String::new(),
        code_sha256: "foreign".to_owned(),
        storage: countersign_gate::domain::CodeStorage::Copied,
        slot: GOOD,
        runs_on: [const { Vec::new() }; 2],
    };
    world
        .state()
        .layers
        .get_mut("common")
        .unwrap()
        .push(foreign);
    assert_eq!(found(&world), ["OTHER_LAYER_VERSION"]);
    world.state().layers.get_mut("common").unwrap().clear();
    assert_eq!(found(&world), ["TARGET_GONE"]);
}

#[test]
fn deleted_key_does_not_hide_what_runs() {
    let world = sample_world();
    world.delete(FUNCTION);
    assert_eq!(found(&world), [""; 0]);
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    // Not even if nothing is left of the key.
    world.state().uploads.remove(FUNCTION);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(told(&world), 1);
}

#[test]
fn deployment_at_work_is_left_alone() {
    let world = sample_world();
    world.intrude();
    admitted(&world, FUNCTION, OTHER);
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 0);
}

/// An upload that never ends would hide for ever what no deployment explains.
#[test]
fn missing_csc_is_told_while_an_upload_is_on_its_way() {
    let world = sample_world();
    world.intrude();
    change(&world, |function| function.csc = None);
    admitted(&world, FUNCTION, OTHER);
    for _ in 0..2 {
        assert_eq!(found(&world), ["CSC_MISSING"]);
        let posture: Posture = world.state().record("posture.json").unwrap();
        let told: Vec<&str> = posture.targets[0]
            .drift
            .iter()
            .map(|kind| kind.as_str())
            .collect();
        assert_eq!(told, ["CSC_MISSING"]);
    }
    assert_eq!(told(&world), 1);
}

/// An upload that failed explains what runs only as long as nothing was deployed after it.
#[test]
fn code_of_an_overtaken_failure_that_comes_back_is_told() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    let failed = fail_at_alias(&world);
    assert_eq!(found(&world), [""; 0]);
    world.state().alias_refuses = None;
    pass(&world, 1);
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Deployed);
    assert_eq!(found(&world), [""; 0]);
    let newest = world.state().functions["checkout"].code_sha256.clone();
    change(&world, |function| function.code_sha256 = failed.code_sha256);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    let version = failed.version.unwrap();
    change(&world, |function| {
        function.code_sha256 = newest;
        let alias = AliasState::at(&version);
        function.aliases.insert("live".to_owned(), alias);
    });
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
}
