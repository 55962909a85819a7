//! Values of AWS's enumerations that came after this gate: waited for and told as what they are, never taken for
//! success, and never tried for ever.

use countersign_gate::{
    admission::Admission,
    domain::{ReasonCode, SigningJobId},
    events::SweepRun,
    outcome::RetryableError,
    ports::UpdateStatus,
    records::{Outcome, UploadState},
};

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, change, go, world},
    sweep::{found, pass, swept},
    world::{
        FUNCTION, PublishedVersion, World,
        run::{admitted, deploy_job, deploy_settings, last_attempt, patient, why},
    },
};

const STATE: &str = "State is Hibernating";

fn signed(world: &World) -> SigningJobId {
    let Admission::Signing { job, .. } = admitted(world, FUNCTION, GOOD) else {
        panic!()
    };
    world.end_job(&job);
    job
}

fn set_update(world: &World, update: UpdateStatus) {
    change(world, |function| function.update = update);
}

fn unknown_state() -> UpdateStatus {
    UpdateStatus::Unknown {
        what: STATE.to_owned(),
    }
}

/// It is tried again, and says what it waits for.
fn waits_for(world: &World, job: &SigningJobId, words: &str) {
    let answer = deploy_job(world, &deploy_settings(), job, &patient(world));
    let error = answer.unwrap_err();
    let RetryableError::Busy { what } = why(&error) else {
        panic!("{error}")
    };
    assert!(what.contains(words) && what.contains("not known"), "{what}");
    assert!(!error.waits_for_aws(), "its patience runs");
}

/// Its patience is over.
fn ends(world: &World, job: &SigningJobId, words: &str) -> Outcome {
    let answer = deploy_job(world, &deploy_settings(), job, &last_attempt(world));
    let outcome = answer.unwrap().outcome;
    assert!(outcome.message.contains(words), "{}", outcome.message);
    outcome
}

fn standing(outcome: &Outcome) -> (UploadState, Option<ReasonCode>) {
    (outcome.state, outcome.code)
}

#[test]
fn function_in_an_unknown_state_is_waited_for() {
    let world = world();
    let job = signed(&world);
    set_update(&world, unknown_state());
    waits_for(&world, &job, STATE);
    assert!(world.state().applied.is_empty());
    set_update(&world, UpdateStatus::Successful);
    let outcome = deploy_job(&world, &deploy_settings(), &job, &patient(&world));
    assert_eq!(outcome.unwrap().outcome.state, UploadState::Deployed);
}

#[test]
fn function_that_stays_in_an_unknown_state_is_not_deployed_to() {
    let world = world();
    let job = signed(&world);
    set_update(&world, unknown_state());
    let outcome = ends(&world, &job, STATE);
    let refused = (UploadState::Rejected, Some(ReasonCode::Undecided));
    assert_eq!(standing(&outcome), refused);
    assert!(world.state().applied.is_empty());
}

#[test]
fn update_that_ends_unknown_is_no_success() {
    let world = world();
    give_alias(&world, "$LATEST");
    let job = signed(&world);
    world.state().updates_end_unknown = Some("LastUpdateStatus is Odd".to_owned());
    waits_for(&world, &job, "LastUpdateStatus is Odd");
    let outcome = ends(&world, &job, "LastUpdateStatus is Odd");
    let failed = (UploadState::Failed, Some(ReasonCode::NotCompleted));
    assert_eq!(standing(&outcome), failed);
    let function = world.state().functions["checkout"].clone();
    assert_eq!(function.aliases["live"].version, "$LATEST");
    assert!(function.versions.is_empty());
}

#[test]
fn alias_is_not_moved_to_a_version_in_an_unknown_state() {
    let world = world();
    change(&world, |function| {
        function.versions.push(PublishedVersion::of("first"));
    });
    give_alias(&world, "1");
    let job = signed(&world);
    world.state().versions_unknown = Some("Hibernating".to_owned());
    waits_for(&world, &job, "Hibernating");
    let outcome = ends(&world, &job, "Hibernating");
    let failed = (UploadState::Failed, Some(ReasonCode::NotCompleted));
    assert_eq!(standing(&outcome), failed);
    let function = world.state().functions["checkout"].clone();
    assert_eq!(function.aliases["live"].version, "1");
}

#[test]
fn signing_job_with_an_unknown_status_is_waited_for_and_given_up() {
    let world = world();
    world.state().jobs_unknown = Some("Paused".to_owned());
    let job = signed(&world);
    waits_for(&world, &job, "Paused");
    let outcome = ends(&world, &job, "Paused");
    let refused = (UploadState::Rejected, Some(ReasonCode::Undecided));
    assert_eq!(standing(&outcome), refused);
    assert!(world.state().applied.is_empty());
}

#[test]
fn sweep_sends_no_job_again_whose_status_is_unknown() {
    let world = world();
    world.state().jobs_unknown = Some("Paused".to_owned());
    signed(&world);
    pass(&world, 30);
    swept(&world, SweepRun::Unfinished);
    let is_resent = |world: &World| {
        let state = world.state();
        state
            .records
            .keys()
            .any(|path| path.ends_with("/resent.json"))
    };
    assert!(!is_resent(&world));
    world.state().jobs_unknown = None;
    swept(&world, SweepRun::Unfinished);
    assert!(is_resent(&world));
}

#[test]
fn unknown_state_hides_no_other_code_from_sweep() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    set_update(&world, unknown_state());
    assert_eq!(found(&world), [""; 0]);
    world.intrude();
    set_update(&world, unknown_state());
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
}
