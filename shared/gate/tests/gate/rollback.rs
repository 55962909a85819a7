//! Which upload a rollback goes back to.

use countersign_gate::{
    client::{RollbackError, rollback_source},
    domain::Target,
    records::{Outcome, UploadState, history},
};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, SWAPPED, go, world},
    world::{
        FUNCTION, World,
        run::{hands, run_in},
    },
};

fn goes_back_to(world: &World) -> Result<String, RollbackError> {
    let target = Target::from_key(FUNCTION).unwrap();
    let hands = hands(world, "cli");
    let history = run_in(world, history(&hands, &target, 100)).unwrap();
    rollback_source(&history, None).map(|upload| upload.label.clone())
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
