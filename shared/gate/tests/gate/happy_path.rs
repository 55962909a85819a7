//! One upload at a time: the straight roads, what they cost in calls, and what is found again.

use std::collections::BTreeMap;

use countersign_gate::{
    admission::{Admission, admit},
    deployment::deploy,
    domain::SigningJobId,
    outcome::Finished,
    records::{Outcome, UploadRecords, UploadState, history},
};

use crate::world::{
    FUNCTION, FunctionState, LAYER, World,
    packages::{CachingExaminer, job_id, slots},
    run::{
        admitted, deploy_job, deploy_settings, deployed, event, hands, patient, run_in,
        sign_settings,
    },
};

/// Good packages of different content, and one of each other nature.
pub(crate) const GOOD: usize = 0;
pub(crate) const OTHER: usize = 1;
pub(crate) const SAME_AS_GOOD: usize = 2;
pub(crate) const SWAPPED: usize = 3;
pub(crate) const UNSIGNABLE: usize = 5;
pub(crate) const BROKEN: usize = 6;

pub(crate) fn world() -> World {
    World::new(slots(), 1)
}

pub(crate) fn go(world: &World, key: &str, slot: usize) -> Outcome {
    let admission = admitted(world, key, slot);
    deployed(world, &deploy_settings(), admission, &patient(world))
        .unwrap()
        .outcome
}

pub(crate) fn change(world: &World, change: impl FnOnce(&mut FunctionState)) {
    change(world.state().functions.get_mut("checkout").unwrap());
}

/// A world in which one function and one layer were deployed.
pub(crate) fn sample_world() -> World {
    let world = world();
    let metadata = [
        ("commit", "1a2b3c4"),
        ("author", "ann"),
        ("compatible-runtimes", "nodejs24.x"),
    ];
    world.state().metadata = metadata
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    go(&world, FUNCTION, GOOD);
    go(&world, LAYER, OTHER);
    world
}

#[test]
fn function_is_deployed() {
    let world = world();
    world.state().metadata = BTreeMap::from([("commit".to_owned(), "1a2b3c".to_owned())]);
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert_eq!(outcome.metadata["commit"], "1a2b3c");
    assert_eq!(outcome.uploaded_by.principal.as_deref(), Some("ann"));
    let state = world.state();
    assert_eq!(
        state.functions["checkout"].code_sha256,
        state.packages[GOOD].code_sha256
    );
    let names: Vec<&str> = state
        .records
        .keys()
        .filter_map(|path| path.rsplit('/').next())
        .collect();
    assert_eq!(
        names,
        [
            "announced.json",
            "outcome.json",
            "received.json",
            "signing.json",
            "verdict.json",
            "live.json"
        ]
    );
    assert_eq!(state.events.len(), 1);
}

/// The table of `docs/api-calls.md` is what the world counted.
#[test]
fn straight_deployment_costs_what_the_document_says() {
    let document = include_str!("../../../../docs/api-calls.md");
    let documented = |heading: &str| -> Vec<String> {
        let section = document
            .split("\n## ")
            .find(|section| section.starts_with(heading));
        let rows = section
            .expect("the section is there")
            .lines()
            .filter(|l| l.starts_with('|'));
        rows.skip(2)
            .map(|row| row.split('|').nth(2).unwrap().trim().replace('`', ""))
            .collect()
    };
    let counted = |world: &World| -> Vec<String> {
        let calls = std::mem::take(&mut world.state().calls);
        calls.iter().map(|call| (*call).to_owned()).collect()
    };
    for (key, heading) in [(FUNCTION, "A function"), (LAYER, "A layer")] {
        let world = world();
        let admission = admitted(&world, key, GOOD);
        let calls = counted(&world);
        assert_eq!(calls, documented(&format!("{heading}: sign")), "{calls:#?}");
        deployed(&world, &deploy_settings(), admission, &patient(&world)).unwrap();
        let calls = counted(&world);
        assert_eq!(
            calls,
            documented(&format!("{heading}: deploy")),
            "{calls:#?}"
        );
    }
}

#[test]
fn layer_is_published_with_what_its_upload_says() {
    let world = world();
    let metadata = [
        ("compatible-runtimes", "python3.13"),
        ("compatible-architectures", "arm64, x86_64"),
        ("author", "ann"),
    ];
    world.state().metadata = metadata
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    let outcome = go(&world, LAYER, GOOD);
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert!(
        outcome
            .deployed
            .unwrap()
            .layer_version_arn
            .unwrap()
            .ends_with(":layer:common:1")
    );
    let description = world.state().layers["common"][0].description.clone();
    assert!(description.starts_with("countersign:") && description.contains("author=ann"));
    assert_eq!(
        world.state().layers["common"][0].runs_on,
        [vec!["python3.13"], vec!["arm64", "x86_64"]]
    );
    // The same content again publishes nothing.
    assert!(go(&world, LAYER, SAME_AS_GOOD).deployed.unwrap().unchanged);
    assert_eq!(world.state().layers["common"].len(), 1);
}

#[test]
fn event_without_a_version_is_about_the_current_one() {
    let world = world();
    world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, None);
    let admission = run_in(
        &world,
        admit(
            &hands(&world, "sign"),
            &sign_settings(),
            &event,
            &patient(&world),
        ),
    )
    .unwrap();
    assert!(matches!(admission, Admission::Signing { is_new: true, .. }));
}

#[test]
fn redelivery_finds_its_place() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, Some(version));
    let again = || {
        run_in(
            &world,
            admit(
                &hands(&world, "sign"),
                &sign_settings(),
                &event,
                &patient(&world),
            ),
        )
        .unwrap()
    };
    let Admission::Signing {
        job, is_new: true, ..
    } = again()
    else {
        panic!()
    };
    let Admission::Signing {
        job: same,
        is_new: false,
        ..
    } = again()
    else {
        panic!()
    };
    assert_eq!(job, same);
    world.end_job(&job);
    let first = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    let second = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert!(first.is_new && !second.is_new);
    assert_eq!(first.outcome, second.outcome);
    assert!(matches!(again(), Admission::Finished(finished) if !finished.is_new));
    assert_eq!(world.state().events.len(), 1);
}

/// What is counted, logged and pruned after is what is new: once, also when the bus failed in between.
#[test]
fn outcome_whose_event_failed_is_new_for_the_delivery_that_sends_it() {
    let world = world();
    admitted(&world, FUNCTION, GOOD);
    let job = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    world.state().broken.insert("events:PutEvents");
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap_err();
    world.state().broken.clear();
    let deliver = || deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert!(deliver().is_new);
    assert!(!deliver().is_new);
    assert_eq!(world.state().events.len(), 1);
}

#[test]
fn history_of_a_target_is_in_its_records() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, SWAPPED);
    admitted(&world, FUNCTION, OTHER);
    let target = countersign_gate::domain::Target::from_key(FUNCTION).unwrap();
    let chapters = |most| run_in(&world, history(&hands(&world, "cli"), &target, most)).unwrap();
    let standings: Vec<&str> = chapters(10).iter().map(UploadRecords::status).collect();
    assert_eq!(standings, ["signing", "rejected", "deployed"]);
    assert_eq!(chapters(2).len(), 2);
    let deployed = &chapters(10)[2];
    assert!(deployed.verdict.is_some() && deployed.received.is_some());
}

/// The shell spawns nothing, but it may: futures of the use cases can be sent between threads.
#[test]
fn use_cases_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let world = world();
    let (hands, examiner) = (hands(&world, "x"), CachingExaminer::new());
    let (sign, settings) = (sign_settings(), deploy_settings());
    let event = event(&world, FUNCTION, None);
    let job = SigningJobId::parse(job_id(0)).unwrap();
    is_send(&admit(&hands, &sign, &event, &patient(&world)));
    is_send(&deploy(
        &hands,
        &examiner,
        &settings,
        &job,
        &patient(&world),
        &|_, _| {},
    ));
    is_send::<Option<Finished>>(&None);
}
