//! Old versions are deleted after a deployment, and never one that something needs.

use std::num::NonZeroU32;

use countersign_gate::{
    deployment::{DeploySettings, KeptVersions, prune},
    domain::VersionNumber,
    outcome::RetryableError,
    records::{Outcome, Pruned, UploadState},
};

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, OTHER, change, go, world},
    sweep::{found, pass},
    world::{
        AliasState, FUNCTION, LAYER, PublishedVersion, World,
        run::{admitted, deploy_settings, deployed, hands, patient, run_in},
    },
};

pub(crate) fn settings(newest: u32, days: u32) -> DeploySettings {
    DeploySettings {
        kept_versions: Some(KeptVersions {
            newest: NonZeroU32::new(newest).unwrap(),
            days,
        }),
        ..deploy_settings()
    }
}

pub(crate) fn pruned(
    world: &World,
    settings: &DeploySettings,
    outcome: &Outcome,
) -> Result<Option<Pruned>, RetryableError> {
    let hands = hands(world, "deploy");
    run_in(world, prune(&hands, settings, outcome, &patient(world)))
}

/// Deploys the function so often, a day apart; answers with the last outcome.
pub(crate) fn deploy_daily(world: &World, times: usize) -> Outcome {
    let mut last = None;
    for time in 0..times {
        if time > 0 {
            pass(world, 24 * 60);
        }
        let slot = if time % 2 == 0 { GOOD } else { OTHER };
        let outcome = go(world, FUNCTION, slot);
        assert_eq!(outcome.state, UploadState::Deployed);
        last = Some(outcome);
    }
    last.unwrap()
}

/// The versions that are there.
fn versions(world: &World) -> Vec<usize> {
    let state = world.state();
    let all = state.functions["checkout"].versions.iter().enumerate();
    let there = all.filter(|(_, version)| !version.is_deleted);
    there.map(|(at, _)| at + 1).collect()
}

fn numbers(numbers: &[VersionNumber]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_deleted_unless_the_stack_says_so() {
    let world = world();
    let last = deploy_daily(&world, 6);
    let before = world.state().calls.len();
    assert_eq!(pruned(&world, &deploy_settings(), &last).unwrap(), None);
    assert_eq!(world.state().calls.len(), before, "nor asked for");
    assert_eq!(versions(&world).len(), 6);
}

#[test]
fn newest_versions_stay_and_older_ones_go() {
    let world = world();
    give_alias(&world, "$LATEST");
    let last = deploy_daily(&world, 6);
    let done = pruned(&world, &settings(2, 1), &last).unwrap().unwrap();
    assert_eq!(numbers(&done.deleted), ["1", "2", "3", "4"]);
    assert_eq!(versions(&world), [5, 6]);
    let on_record: Pruned = world
        .state()
        .record("functions/checkout/pruned.json")
        .unwrap();
    assert_eq!(on_record, done);
    // And no more.
    assert_eq!(pruned(&world, &settings(2, 1), &last).unwrap(), None);
    assert_eq!(found(&world), [""; 0], "sweep finds nothing amiss");
}

#[test]
fn versions_that_records_of_some_days_name_stay() {
    let world = world();
    let last = deploy_daily(&world, 6);
    // The third was deployed a little more than three days ago.
    let done = pruned(&world, &settings(1, 3), &last).unwrap().unwrap();
    assert_eq!(numbers(&done.deleted), ["1", "2", "3"]);
    assert_eq!(versions(&world), [4, 5, 6]);
}

#[test]
fn versions_in_use_stay_however_old() {
    let world = world();
    give_alias(&world, "$LATEST");
    let last = deploy_daily(&world, 8);
    change(&world, |function| {
        function
            .aliases
            .insert("before".to_owned(), AliasState::at("1"));
        let mut weighted = AliasState::at("8");
        weighted.weights.insert("2".to_owned(), "0.0".to_owned());
        function.aliases.insert("canary".to_owned(), weighted);
        function.provisioned.insert("3".to_owned());
    });
    let done = pruned(&world, &settings(1, 1), &last).unwrap().unwrap();
    assert_eq!(numbers(&done.deleted), ["4", "5", "6", "7"]);
    assert_eq!(versions(&world), [1, 2, 3, 8]);
}

#[test]
fn versions_of_others_are_left_alone() {
    let world = world();
    let last = deploy_daily(&world, 3);
    // Who may publish could otherwise push the gate's own versions out of the newest.
    change(&world, |function| {
        for n in 0..50 {
            function
                .versions
                .push(PublishedVersion::of(&format!("foreign {n}")));
        }
    });
    assert_eq!(pruned(&world, &settings(3, 1), &last).unwrap(), None);
    let done = pruned(&world, &settings(2, 1), &last).unwrap().unwrap();
    assert_eq!(numbers(&done.deleted), ["1"]);
    assert_eq!(versions(&world).len(), 52);
}

/// Versions with a forged mark push the gate's own out of the newest: what is live stays all the same.
#[test]
fn forged_marks_cost_no_version_that_records_name() {
    let world = world();
    let last = deploy_daily(&world, 3);
    change(&world, |function| {
        for n in 0..50 {
            function.versions.push(PublishedVersion {
                description: "countersign:0000000000000000".to_owned(),
                ..PublishedVersion::of(&format!("foreign {n}"))
            });
        }
    });
    let done = pruned(&world, &settings(1, 1), &last).unwrap().unwrap();
    assert_eq!(done.deleted.len(), 20, "not all at once");
    assert_eq!(versions(&world)[0], 3);
}

/// An alias moves to a version between the listing and the deletion.
#[test]
fn version_that_an_alias_moved_to_meanwhile_stays() {
    let world = world();
    let last = deploy_daily(&world, 3);
    let hands = hands(&world, "deploy");
    let (settings, attempt) = (settings(1, 1), patient(&world));
    let mut work = std::pin::pin!(prune(&hands, &settings, &last, &attempt));
    let done = loop {
        if let std::task::Poll::Ready(done) = crate::world::run::poll_in(&world, work.as_mut()) {
            break done.unwrap().unwrap();
        }
        let last = world.state().calls.last().copied();
        if last == Some("lambda:ListProvisionedConcurrencyConfigs") {
            change(&world, |function| {
                function
                    .aliases
                    .insert("back".to_owned(), AliasState::at("1"));
            });
        }
    };
    assert_eq!(numbers(&done.deleted), ["2"]);
    assert_eq!(numbers(&done.in_use), ["1"]);
    assert_eq!(versions(&world), [1, 3]);
}

/// It may have published a version that is on no record yet.
#[test]
fn nothing_is_deleted_while_another_upload_is_on_its_way() {
    let world = world();
    let last = deploy_daily(&world, 4);
    let admission = admitted(&world, FUNCTION, GOOD);
    assert_eq!(pruned(&world, &settings(1, 1), &last).unwrap(), None);
    assert_eq!(versions(&world), [1, 2, 3, 4]);
    let end = deployed(&world, &deploy_settings(), admission, &patient(&world)).unwrap();
    let done = pruned(&world, &settings(1, 1), &end.outcome).unwrap();
    assert_eq!(numbers(&done.unwrap().deleted), ["1", "2", "3"]);
}

#[test]
fn without_an_answer_nothing_is_deleted() {
    for call in [
        "lambda:ListVersionsByFunction",
        "lambda:ListAliases",
        "lambda:ListProvisionedConcurrencyConfigs",
        "s3:ListObjectsV2",
        "s3:GetObject record",
        "s3:PutObject record",
    ] {
        let world = world();
        let last = deploy_daily(&world, 4);
        world.state().broken.insert(call);
        let error = pruned(&world, &settings(1, 1), &last).unwrap_err();
        assert!(error.to_string().contains("throttled"), "{call}: {error}");
        assert_eq!(versions(&world), [1, 2, 3, 4], "{call}");
    }
    // Nor where a record cannot be read.
    let world = world();
    let last = deploy_daily(&world, 4);
    let live = "functions/checkout/live.json".to_owned();
    world.state().records.insert(live, b"{".to_vec());
    pruned(&world, &settings(1, 1), &last).unwrap_err();
    assert_eq!(versions(&world), [1, 2, 3, 4]);
}

#[test]
fn only_a_deployment_of_a_function_prunes() {
    let world = world();
    let last = deploy_daily(&world, 4);
    let layer = go(&world, LAYER, OTHER);
    assert_eq!(pruned(&world, &settings(1, 1), &layer).unwrap(), None);
    let failed = Outcome {
        state: UploadState::Failed,
        ..last.clone()
    };
    assert_eq!(pruned(&world, &settings(1, 1), &failed).unwrap(), None);
    let mut unchanged = last;
    unchanged.deployed.as_mut().unwrap().unchanged = true;
    assert_eq!(pruned(&world, &settings(1, 1), &unchanged).unwrap(), None);
    assert_eq!(versions(&world).len(), 4);
}
