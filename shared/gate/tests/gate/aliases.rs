//! What becomes of a function's alias, and of code that runs already.

use countersign_gate::{
    admission::Admission,
    deployment::{ALIAS_TAG, CanaryPolicy, DeploySettings},
    domain::{ReasonCode, Refusal},
    outcome::RetryableError,
    records::UploadState,
};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    world::{
        AliasState, FUNCTION, PublishedVersion, World,
        packages::slots,
        run::{admitted, deploy_job, deploy_settings, patient, why},
    },
};

/// The function has an alias at this version, and a tag that names it.
pub(crate) fn give_alias(world: &World, version: &str) {
    change(world, |function| {
        let tag = (ALIAS_TAG.to_owned(), "live".to_owned());
        function.tags.extend([tag]);
        let alias = AliasState::at(version);
        function.aliases.insert("live".to_owned(), alias);
    });
}

#[test]
fn alias_is_moved_and_left_where_it_is_when_the_update_fails() {
    let world = world();
    change(&world, |function| {
        function.versions.push(PublishedVersion::of("first"));
    });
    give_alias(&world, "1");
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(outcome.deployed.unwrap().alias.as_deref(), Some("live"));
    assert_eq!(
        world.state().functions["checkout"].aliases["live"].version,
        "2"
    );

    world.state().updates_fail = Some("no network interface".to_owned());
    let outcome = go(&world, FUNCTION, OTHER);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::UpdateFailed))
    );
    assert!(outcome.message.contains("no network interface"));
    assert_eq!(
        world.state().functions["checkout"].aliases["live"].version,
        "2"
    );
}

#[test]
fn alias_waits_for_a_version_that_is_not_ready() {
    let world = world();
    give_alias(&world, "$LATEST");
    let alias = || {
        world.state().functions["checkout"].aliases["live"]
            .version
            .clone()
    };
    world.state().versions_pend = 3;
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Deployed);
    assert_eq!(alias(), "1");

    // It never gets ready: the code runs, but what the alias serves is what it served.
    world.state().versions_fail = Some("the snapshot failed".to_owned());
    let outcome = go(&world, FUNCTION, OTHER);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::UpdateFailed))
    );
    assert!(outcome.message.contains("the snapshot failed"));
    assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some("2"));
    assert_eq!(alias(), "1");
}

#[test]
fn version_that_takes_long_is_found_again() {
    let world = world();
    world.state().versions_pend = 800;
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    let answer = deploy_job(&world, &deploy_settings(), &job, &patient(&world));
    assert!(
        matches!(answer.as_ref().map_err(why), Err(RetryableError::Busy { what }) if what.contains("getting ready")),
        "{answer:?}"
    );
    let outcome = deploy_job(&world, &deploy_settings(), &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(world.state().functions["checkout"].versions.len(), 1);
    assert_eq!(world.state().applied, [GOOD], "it is not updated again");
}

#[test]
fn alias_that_is_not_there_is_said_before_anything_is_changed() {
    for tag in ["live", "42", "not an alias"] {
        let world = world();
        change(&world, |function| {
            function.tags.insert(ALIAS_TAG.to_owned(), tag.to_owned());
        });
        let outcome = go(&world, FUNCTION, GOOD);
        assert_eq!(
            (outcome.state, outcome.code),
            (UploadState::Rejected, Some(ReasonCode::AliasTag))
        );
        assert!(world.state().applied.is_empty());
    }
}

#[test]
fn unchanged_code_is_deployed_without_a_new_version() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    assert_eq!(outcome.state, UploadState::Deployed);
    assert!(outcome.deployed.unwrap().unchanged);
    assert_eq!(world.state().applied, [GOOD]);
    assert_eq!(world.state().functions["checkout"].versions.len(), 1);
    // Somebody changed it meanwhile: the same content is a deployment again.
    world.intrude();
    let world = World::new(slots(), 1);
    go(&world, FUNCTION, GOOD);
    world.intrude();
    assert!(
        !go(&world, FUNCTION, SAME_AS_GOOD)
            .deployed
            .unwrap()
            .unchanged
    );
}

#[test]
fn unchanged_code_gets_its_alias_back() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let alias = || world.state().functions["checkout"].aliases["live"].clone();
    let same_again = || {
        let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
        let deployed = outcome.deployed.unwrap();
        assert!(deployed.unchanged);
        assert_eq!(deployed.alias.as_deref(), Some("live"));
        assert!(outcome.message.ends_with("and live points at it"));
    };
    // The tag and the alias came after the deployment; or the alias was moved since.
    give_alias(&world, "$LATEST");
    same_again();
    let whole = AliasState {
        revision: 1,
        ..AliasState::at("1")
    };
    assert_eq!(alias(), whole);
    // All is as it should be: it is not touched.
    same_again();
    assert_eq!(alias(), whole);
    // Lambda is not ready to have it moved.
    change(&world, |function| {
        function.last_pends = u32::MAX;
        "$LATEST".clone_into(&mut function.aliases.get_mut("live").unwrap().version);
    });
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    let answer = deploy_job(&world, &deploy_settings(), &job, &patient(&world));
    assert!(
        matches!(
            answer.as_ref().map_err(why),
            Err(RetryableError::Busy { .. })
        ),
        "{answer:?}"
    );
    assert_eq!(alias().version, "$LATEST");
}

/// Version 2 gets a tenth of the alias's traffic.
fn begin_canary(world: &World) {
    change(world, |function| {
        let alias = function.aliases.get_mut("live").unwrap();
        alias.weights.insert("2".to_owned(), "0.1".to_owned());
    });
}

#[test]
fn canary_is_waited_for_refused_or_taken_over_as_the_stack_says() {
    let deploy_beside_canary = |canary| {
        let world = world();
        give_alias(&world, "$LATEST");
        begin_canary(&world);
        let settings = DeploySettings {
            canary,
            ..deploy_settings()
        };
        let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
            panic!()
        };
        world.end_job(&job);
        let answer = deploy_job(&world, &settings, &job, &patient(&world));
        (world, settings, job, answer)
    };

    let (world, settings, job, answer) = deploy_beside_canary(CanaryPolicy::Wait);
    let error = answer.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a canary runs on the alias live"),
        "{error}"
    );
    assert!(
        world.state().applied.is_empty(),
        "nothing is changed meanwhile"
    );
    change(&world, |function| {
        function.aliases.get_mut("live").unwrap().weights.clear();
    });
    let outcome = deploy_job(&world, &settings, &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(outcome.state, UploadState::Deployed);

    let (world, .., answer) = deploy_beside_canary(CanaryPolicy::Refuse);
    let outcome = answer.unwrap().outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::CanaryRunning))
    );
    assert!(world.state().applied.is_empty());

    let (world, .., answer) = deploy_beside_canary(CanaryPolicy::TakeOver);
    assert_eq!(answer.unwrap().outcome.state, UploadState::Deployed);
    let alias = world.state().functions["checkout"].aliases["live"].clone();
    assert_eq!((alias.version.as_str(), alias.weights.len()), ("1", 0));
}

#[test]
fn canary_that_begins_after_the_update_is_a_failure_that_says_how_far_it_came() {
    let world = world();
    give_alias(&world, "$LATEST");
    let settings = DeploySettings {
        canary: CanaryPolicy::Refuse,
        ..deploy_settings()
    };
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    world.state().broken.insert("lambda:PublishVersion");
    deploy_job(&world, &settings, &job, &patient(&world)).unwrap_err();
    world.state().broken.clear();
    begin_canary(&world);
    let outcome = deploy_job(&world, &settings, &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::CanaryRunning))
    );
    assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some("1"));
}

#[test]
fn unchanged_code_whose_version_was_deleted_gets_a_new_version() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    give_alias(&world, "$LATEST");
    change(&world, |function| function.versions[0].is_deleted = true);
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    assert_eq!(outcome.state, UploadState::Deployed);
    let deployed = outcome.deployed.unwrap();
    assert!(deployed.unchanged);
    assert_eq!(deployed.version.as_deref(), Some("2"));
    assert_eq!(
        world.state().functions["checkout"].aliases["live"].version,
        "2"
    );
}

#[test]
fn unchanged_code_under_a_changed_configuration_gets_a_new_version() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    world.reconfigure();
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    let deployed = outcome.deployed.unwrap();
    assert!(deployed.unchanged);
    assert_eq!(deployed.version.as_deref(), Some("2"));
    assert_eq!(world.state().applied, [GOOD], "the code is left alone");
    assert_eq!(
        world.state().functions["checkout"].aliases["live"].version,
        "2"
    );
}

#[test]
fn update_alias_that_lambda_refuses_is_a_failure_at_once() {
    let world = world();
    give_alias(&world, "$LATEST");
    world.state().alias_refuses = Some(Refusal {
        exception: "InvalidParameterValueException".to_owned(),
        message: "provisioned concurrency".to_owned(),
    });
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::AliasRefused))
    );
    assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some("1"));
    assert!(outcome.message.contains("provisioned concurrency"));
}

#[test]
fn alias_tag_that_becomes_invalid_after_the_update_changes_nothing() {
    let world = world();
    give_alias(&world, "$LATEST");
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    world.state().broken.insert("lambda:PublishVersion");
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
    world.state().broken.clear();
    change(&world, |function| {
        function
            .tags
            .insert(ALIAS_TAG.to_owned(), "v1.0".to_owned());
    });
    let outcome = deploy_job(&world, &deploy_settings(), &job, &patient(&world))
        .unwrap()
        .outcome;
    assert_eq!(
        outcome.state,
        UploadState::Deployed,
        "what was judged before the update counts"
    );
    assert_eq!(outcome.deployed.unwrap().alias.as_deref(), Some("live"));
}
