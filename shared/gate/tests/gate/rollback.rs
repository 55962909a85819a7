//! Which upload a rollback goes back to.

use countersign_gate::{
    client::{RollbackError, live_upload, rollback_source},
    domain::Target,
    records::{Live, Outcome, UploadRecords, UploadState, history, live},
};
use jiff::SignedDuration;

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, SWAPPED, go, world},
    order::{interrupted, signed},
    world::{
        FUNCTION, World,
        run::{hands, run_in},
    },
};

/// A good package of content that no other one has.
const UNRELATED: usize = 4;

fn records_of(world: &World) -> (Vec<UploadRecords>, Option<Live>) {
    let target = Target::from_key(FUNCTION).unwrap();
    let hands = hands(world, "cli");
    let uploads = run_in(world, history(&hands, &target, 100)).unwrap();
    (uploads, run_in(world, live(&hands, &target)).unwrap())
}

fn goes_back_to(world: &World) -> Result<String, RollbackError> {
    let (uploads, live) = records_of(world);
    rollback_source(&uploads, live.as_ref(), None).map(|upload| upload.label.clone())
}

fn runs(world: &World) -> Option<String> {
    let (uploads, live) = records_of(world);
    live_upload(&uploads, live.as_ref()).map(|upload| upload.label.clone())
}

/// Lambda takes the code, and the version that is published of it does not get ready.
fn fails_half_way(world: &World, slot: usize) -> Outcome {
    world.state().versions_fail = Some("it is too slow".to_owned());
    let outcome = go(world, FUNCTION, slot);
    world.state().versions_fail = None;
    assert_eq!(outcome.state, UploadState::Failed);
    assert!(outcome.deployed.is_some());
    outcome
}

#[test]
fn after_a_deployment_it_is_the_one_before() {
    let world = world();
    assert_eq!(goes_back_to(&world), Err(RollbackError::NothingDeployed));
    let first = go(&world, FUNCTION, GOOD);
    let last = first.upload.label();
    let nothing = RollbackError::NothingBefore {
        label: last.clone(),
    };
    assert_eq!(goes_back_to(&world), Err(nothing));
    go(&world, FUNCTION, OTHER);
    assert_eq!(goes_back_to(&world), Ok(last.clone()));
    // What was refused changed nothing.
    go(&world, FUNCTION, SWAPPED);
    assert_eq!(goes_back_to(&world), Ok(last));
}

#[test]
fn after_a_failure_half_way_it_is_what_was_deployed_last() {
    let world = world();
    fails_half_way(&world, SAME_AS_GOOD);
    assert_eq!(goes_back_to(&world), Err(RollbackError::NothingDeployed));
    go(&world, FUNCTION, GOOD);
    let last = go(&world, FUNCTION, OTHER);
    fails_half_way(&world, SAME_AS_GOOD);
    assert_eq!(goes_back_to(&world), Ok(last.upload.label()));
    // Once it was rolled back, the next goes one further.
    let again = go(&world, FUNCTION, OTHER);
    assert_eq!(again.state, UploadState::Deployed);
    let before = goes_back_to(&world).unwrap();
    assert_ne!(before, last.upload.label());
    assert_ne!(before, again.upload.label());
}

/// The older upload waits for its version to get ready, and the newer one goes live meanwhile.
#[test]
fn upload_that_is_decided_last_is_not_what_runs() {
    let world = world();
    let older = signed(&world, FUNCTION, GOOD);
    let mut newer = None;
    let older = interrupted(
        &world,
        &older,
        |calls| calls.contains(&"lambda:GetFunction version"),
        || {
            newer = Some(go(&world, FUNCTION, OTHER));
            world.state().now += SignedDuration::from_secs(5);
        },
    );
    let newer = newer.unwrap();
    assert!(older.decided_at > newer.decided_at);
    assert_eq!(runs(&world), Some(newer.upload.label()));
    assert_eq!(goes_back_to(&world), Ok(older.upload.label()));
}

/// The version of the older upload turns out to be broken, when the newer one is live.
#[test]
fn failure_of_an_older_upload_is_no_reason_to_stay() {
    let world = world();
    let first = go(&world, FUNCTION, GOOD);
    let older = signed(&world, FUNCTION, OTHER);
    world.state().versions_unknown = Some("Thawing".to_owned());
    let mut newer = None;
    let older = interrupted(
        &world,
        &older,
        |calls| calls.contains(&"lambda:GetFunction version"),
        || {
            world.state().versions_unknown = None;
            newer = Some(go(&world, FUNCTION, UNRELATED));
            world.state().versions_fail = Some("it is too slow".to_owned());
            world.state().now += SignedDuration::from_secs(5);
        },
    );
    assert_eq!(older.state, UploadState::Failed);
    assert!(older.deployed.is_some());
    let newer = newer.unwrap();
    assert!(older.decided_at > newer.decided_at);
    assert_eq!(runs(&world), Some(newer.upload.label()));
    assert_eq!(goes_back_to(&world), Ok(first.upload.label()));
}

#[test]
fn live_upload_beyond_the_history_is_no_other_one() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let last = go(&world, FUNCTION, OTHER);
    go(&world, FUNCTION, SWAPPED);
    let (uploads, live) = records_of(&world);
    let newest = &uploads[..1];
    assert_eq!(live_upload(newest, live.as_ref()), None);
    let nothing = RollbackError::NothingBefore {
        label: last.upload.label(),
    };
    assert_eq!(rollback_source(newest, live.as_ref(), None), Err(nothing));
    // Stacks that wrote no such document yet.
    assert_eq!(live_upload(&uploads, None), Some(&uploads[1]));
}
