//! A function on Managed Instances: deployed means that a call without a qualifier runs the new code.

use countersign_gate::{
    admission::Admission, domain::ReasonCode, outcome::RetryableError, records::UploadState,
};

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, OTHER, change, go, world},
    sweep::found,
    world::{
        FUNCTION, PublishedVersion, World,
        run::{admitted, deploy_job, deploy_settings, patient, why},
    },
};

fn on_instances() -> World {
    let world = world();
    change(&world, |function| function.is_on_managed_instances = true);
    world
}

/// The slot that a call without a qualifier runs.
fn runs_unqualified(world: &World) -> Option<usize> {
    let state = world.state();
    let published = state.functions["checkout"].latest_published.as_ref()?;
    let mut packages = state.packages.iter();
    packages.position(|package| package.code_sha256 == published.code_sha256)
}

#[test]
fn calls_without_a_qualifier_run_what_was_deployed() {
    let world = on_instances();
    for (slot, version) in [(GOOD, "1"), (OTHER, "2")] {
        let outcome = go(&world, FUNCTION, slot);
        assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
        assert_eq!(outcome.deployed.unwrap().version.as_deref(), Some(version));
        assert!(outcome.message.contains("calls without a qualifier run it"));
        assert_eq!(runs_unqualified(&world), Some(slot));
    }
}

#[test]
fn nothing_is_published_to_latest_elsewhere() {
    let world = world();
    let outcome = go(&world, FUNCTION, GOOD);
    assert!(!outcome.message.contains("qualifier"));
    assert_eq!(runs_unqualified(&world), None);
}

#[test]
fn managed_instance_is_deployed_once_latest_can_be_invoked() {
    let world = on_instances();
    world.state().latest_published_pends = 800;
    let Admission::Signing { job, .. } = admitted(&world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    let deploy = || deploy_job(&world, &deploy_settings(), &job, &patient(&world));
    let answer = deploy();
    assert!(
        matches!(answer.as_ref().map_err(why), Err(RetryableError::Busy { what }) if what.contains("without a qualifier")),
        "{answer:?}"
    );
    world.state().latest_published_pends = 3;
    let outcome = deploy().unwrap().outcome;
    assert_eq!(outcome.state, UploadState::Deployed);
    assert_eq!(world.state().applied, [GOOD], "it is not updated again");
}

#[test]
fn alias_stays_where_calls_without_a_qualifier_cannot_run_the_code() {
    let world = on_instances();
    change(&world, |function| {
        function.versions.push(PublishedVersion::of("first"));
    });
    give_alias(&world, "1");
    world.state().latest_published_fails = Some("no capacity".to_owned());
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::UpdateFailed))
    );
    assert!(
        outcome.message.contains("no capacity"),
        "{}",
        outcome.message
    );
    let alias = world.state().functions["checkout"].aliases["live"].clone();
    assert_eq!(alias.version, "1");
}

#[test]
fn sweep_compares_what_calls_without_a_qualifier_run() {
    let world = on_instances();
    go(&world, FUNCTION, GOOD);
    assert_eq!(found(&world), [""; 0]);
    let ours = world.state().functions["checkout"].latest_published.clone();
    for theirs in [Some(PublishedVersion::of("theirs")), None] {
        change(&world, |function| function.latest_published = theirs);
        assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    }
    change(&world, |function| function.latest_published = ours);
    assert_eq!(found(&world), [""; 0]);
}
