//! What was deployed last, and the package that a target can be created from: both are found where they are missing or old.

use countersign_gate::records::{Live, UploadState};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, SWAPPED, go, sample_world, world},
    world::{
        FUNCTION, LAYER, World,
        run::{admitted, deploy_settings, deployed, patient},
    },
};

use super::{drift, found, pass, told};

const LIVE: &str = "functions/checkout/live.json";

/// Deploys one upload after the other; the `live.json` of each.
fn deploy_each(world: &World, slots: &[usize]) -> Vec<Vec<u8>> {
    let each = slots.iter().map(|slot| {
        pass(world, 1);
        assert_eq!(go(world, FUNCTION, *slot).state, UploadState::Deployed);
        world.state().records[LIVE].clone()
    });
    each.collect()
}

#[test]
fn deleted_live_record_is_told_and_hides_nothing() {
    let world = world();
    deploy_each(&world, &[GOOD, OTHER]);
    world.state().records.remove(LIVE);
    for _ in 0..2 {
        assert_eq!(found(&world), ["LIVE_RECORD_BEHIND"]);
    }
    assert_eq!(told(&world), 1);
    let open = drift(&world, "LIVE_RECORD_BEHIND");
    assert_eq!((open.expected.is_some(), open.found), (true, None));
    world.intrude();
    assert_eq!(found(&world), ["LIVE_RECORD_BEHIND", "OTHER_CODE_RUNS"]);
    // The next deployment writes it anew.
    deploy_each(&world, &[GOOD]);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "LIVE_RECORD_BEHIND").is_open());
}

#[test]
fn older_live_record_that_was_put_back_is_told() {
    let world = world();
    let records = deploy_each(&world, &[GOOD, OTHER]);
    // An upload that was refused since: what is current is not what was deployed last.
    pass(&world, 1);
    assert_eq!(go(&world, FUNCTION, SWAPPED).state, UploadState::Rejected);
    assert_eq!(found(&world), [""; 0]);
    let older = records[0].clone();
    let newest: Live = serde_json::from_slice(&records[1]).unwrap();
    world.state().records.insert(LIVE.to_owned(), older.clone());
    assert_eq!(found(&world), ["LIVE_RECORD_BEHIND"]);
    let open = drift(&world, "LIVE_RECORD_BEHIND");
    assert_eq!(open.expected, Some(newest.upload.label()));
    let older: Live = serde_json::from_slice(&older).unwrap();
    assert_eq!(open.found, Some(older.upload.label()));
}

/// Whoever puts back both the code and the record of it is found by the upload that is current.
#[test]
fn older_live_record_beside_its_code_is_told() {
    let world = world();
    let records = deploy_each(&world, &[GOOD, OTHER]);
    let older: Live = serde_json::from_slice(&records[0]).unwrap();
    let mut state = world.state();
    state.records.insert(LIVE.to_owned(), records[0].clone());
    let function = state.functions.get_mut("checkout").unwrap();
    function.code_sha256 = older.deployed.code_sha256;
    drop(state);
    assert_eq!(found(&world), ["LIVE_RECORD_BEHIND", "OTHER_CODE_RUNS"]);
}

/// An upload that got its turn again because a newer one was deleted for good.
#[test]
fn older_upload_that_was_deployed_later_is_no_older_record() {
    let world = world();
    deploy_each(&world, &[GOOD]);
    pass(&world, 1);
    let waits = admitted(&world, FUNCTION, OTHER);
    pass(&world, 1);
    assert_eq!(
        go(&world, FUNCTION, SAME_AS_GOOD).state,
        UploadState::Deployed
    );
    world.delete_for_good(FUNCTION, 2);
    let end = deployed(&world, &deploy_settings(), waits, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Deployed);
    assert_eq!(found(&world), [""; 0]);
    world.delete(FUNCTION);
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn deployment_that_begins_while_records_are_read_is_left_alone() {
    let world = world();
    deploy_each(&world, &[GOOD]);
    world.state().records.remove(LIVE);
    world.state().current.clear();
    admitted(&world, FUNCTION, OTHER);
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 0);
}

#[test]
fn deleted_package_is_told_of_function_and_layer() {
    let world = sample_world();
    assert_eq!(found(&world), [""; 0]);
    world.state().current.clear();
    for _ in 0..2 {
        assert_eq!(found(&world), ["PACKAGE_BEHIND", "PACKAGE_BEHIND"]);
    }
    assert_eq!(told(&world), 2);
    pass(&world, 1);
    go(&world, FUNCTION, OTHER);
    go(&world, LAYER, GOOD);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "PACKAGE_BEHIND").is_open());
}

#[test]
fn older_package_that_was_put_back_is_told() {
    let world = world();
    deploy_each(&world, &[GOOD, OTHER]);
    let mut state = world.state();
    let versions = state.current.get_mut("functions/checkout").unwrap();
    let mut older = versions[0].clone();
    older.number = versions.len() + 1;
    versions.push(older);
    drop(state);
    assert_eq!(found(&world), ["PACKAGE_BEHIND"]);
    let open = drift(&world, "PACKAGE_BEHIND");
    assert!(open.expected.is_some() && open.found.is_some(), "{open:?}");
    // One without the gate's mark is nobody's.
    let mut state = world.state();
    let versions = state.current.get_mut("functions/checkout").unwrap();
    versions.last_mut().unwrap().upload = "made up".to_owned();
    drop(state);
    assert_eq!(found(&world), ["PACKAGE_BEHIND"]);
    assert_eq!(told(&world), 2);
    // Of a key that was deleted nothing is to be created.
    world.delete(FUNCTION);
    assert_eq!(found(&world), [""; 0]);
}

/// The package of the same source stays, with the label of the upload that it was signed for; that of an upload which failed
/// after it was verified is newer than what runs.
#[test]
fn package_of_the_same_source_or_a_later_upload_is_none_that_is_behind() {
    let world = world();
    deploy_each(&world, &[GOOD, SAME_AS_GOOD]);
    assert_eq!(world.state().current["functions/checkout"].len(), 1);
    assert_eq!(found(&world), [""; 0]);
    pass(&world, 1);
    world.state().updates_fail = Some("no".to_owned());
    assert_eq!(go(&world, FUNCTION, OTHER).state, UploadState::Failed);
    assert_eq!(world.state().current["functions/checkout"].len(), 2);
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn package_that_was_prepared_and_deleted_is_told() {
    let world = world();
    world.state().functions.clear();
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Prepared);
    assert_eq!(found(&world), [""; 0]);
    world.state().current.clear();
    assert_eq!(found(&world), ["PACKAGE_BEHIND"]);
    assert!(drift(&world, "PACKAGE_BEHIND").of_prepared);
    pass(&world, 1);
    assert_eq!(go(&world, FUNCTION, OTHER).state, UploadState::Prepared);
    assert_eq!(found(&world), [""; 0]);
}
