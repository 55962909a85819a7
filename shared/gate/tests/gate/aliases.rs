//! What becomes of a function's alias, and of code that runs already.

use countersign_gate::{
    admission::Admission, deployment::ALIAS_TAG, domain::ReasonCode, outcome::RetryableError,
    records::UploadState,
};

use crate::{
    straight::{GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    world::{
        AliasState, FUNCTION, World,
        packages::slots,
        run::{admitted, deploy_job, deploy_settings, patient},
    },
};

/// The function has an alias at this version, and a tag that names it.
fn give_alias(world: &World, version: &str) {
    change(world, |function| {
        let tag = (ALIAS_TAG.to_owned(), "live".to_owned());
        function.tags.extend([tag]);
        let alias = AliasState::at(version);
        function.aliases.insert("live".to_owned(), alias);
    });
}

#[test]
fn an_alias_is_moved_and_left_where_it_is_when_the_update_fails() {
    let world = world();
    change(&world, |function| {
        function.versions.push("first".to_owned());
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
fn an_alias_waits_for_a_version_that_is_not_ready() {
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
fn a_version_that_takes_long_is_found_again() {
    let world = world();
    world.state().versions_pend = 50;
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    let answer = deploy_job(&world, &deploy_settings(), &job, patient());
    assert!(
        matches!(&answer, Err(RetryableError::Busy { what }) if what.contains("getting ready")),
        "{answer:?}"
    );
    let outcome = deploy_job(&world, &deploy_settings(), &job, patient())
        .unwrap()
        .outcome;
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(world.state().functions["checkout"].versions.len(), 1);
    assert_eq!(world.state().applied, [GOOD], "it is not updated again");
}

#[test]
fn an_alias_that_is_not_there_is_said_before_anything_is_changed() {
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
    // It points there, but some of its traffic goes elsewhere.
    change(&world, |function| {
        function.aliases.get_mut("live").unwrap().splits_traffic = true;
    });
    same_again();
    assert_eq!(
        (alias().version, alias().splits_traffic),
        ("1".to_owned(), false)
    );
    // Lambda is not ready to have it moved.
    change(&world, |function| {
        function.last_pends = u32::MAX;
        function.aliases.get_mut("live").unwrap().splits_traffic = true;
    });
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    let answer = deploy_job(&world, &deploy_settings(), &job, patient());
    assert!(
        matches!(answer, Err(RetryableError::Busy { .. })),
        "{answer:?}"
    );
    assert!(alias().splits_traffic);
}

#[test]
fn unchanged_code_whose_version_is_gone_says_how_far_it_came() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    give_alias(&world, "$LATEST");
    // Somebody deletes the version.
    change(&world, |function| function.versions.clear());
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::AliasTag))
    );
    let deployed = outcome.deployed.unwrap();
    assert!(deployed.unchanged);
    assert_eq!(
        (deployed.version.as_deref(), deployed.alias),
        (Some("1"), None)
    );
}
