//! Where Lambda keeps code: a reference is never turned into a copy without a word.

use countersign_gate::{
    deployment::DeploySettings,
    domain::{CodeStorage, ReasonCode},
    records::{Outcome, UploadState},
};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    world::{
        FUNCTION, LAYER, World,
        run::{admitted, deploy_settings, deployed, patient},
    },
};

/// By a stack whose parameter `CodeStorage` is `reference`.
fn go_by_reference(world: &World, key: &str, slot: usize) -> Outcome {
    let settings = DeploySettings {
        storage: CodeStorage::Referenced,
        ..deploy_settings()
    };
    let admission = admitted(world, key, slot);
    let finished = deployed(world, &settings, admission, &patient(world));
    finished.unwrap().outcome
}

fn storage(world: &World) -> CodeStorage {
    world.state().functions["checkout"].configuration.storage
}

fn layer_storage(world: &World) -> Vec<CodeStorage> {
    let state = world.state();
    let versions = state.layers.get("common").into_iter().flatten();
    versions.map(|version| version.storage).collect()
}

#[test]
fn referenced_function_is_not_turned_into_a_copy() {
    let world = world();
    change(&world, |function| {
        function.configuration.storage = CodeStorage::Referenced;
    });
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::StorageReferenced))
    );
    assert!(outcome.message.contains("functions/checkout"));
    let state = world.state();
    assert!(state.applied.is_empty());
    let updates = |call: &&&str| call.starts_with("lambda:UpdateFunctionCode");
    assert_eq!(state.calls.iter().find(updates), None, "not even a dry run");
}

#[test]
fn function_is_deployed_by_reference() {
    for before in [CodeStorage::Copied, CodeStorage::Referenced] {
        let world = world();
        change(&world, |function| function.configuration.storage = before);
        let outcome = go_by_reference(&world, FUNCTION, GOOD);
        assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
        assert_eq!(storage(&world), CodeStorage::Referenced);
        let published = world.state().functions["checkout"].versions[0].clone();
        assert_eq!(published.configuration.storage, CodeStorage::Referenced);
    }
}

#[test]
fn same_code_is_deployed_anew_where_it_was_a_copy() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    assert_eq!(storage(&world), CodeStorage::Copied);
    let outcome = go_by_reference(&world, FUNCTION, SAME_AS_GOOD);
    assert!(!outcome.deployed.unwrap().unchanged);
    assert_eq!(storage(&world), CodeStorage::Referenced);
    assert_eq!(world.state().applied, [GOOD, SAME_AS_GOOD]);

    let outcome = go_by_reference(&world, FUNCTION, GOOD);
    assert!(outcome.deployed.unwrap().unchanged);
    assert_eq!(world.state().applied, [GOOD, SAME_AS_GOOD]);
}

#[test]
fn referenced_layer_is_not_followed_by_a_copy() {
    let world = world();
    let outcome = go_by_reference(&world, LAYER, GOOD);
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert_eq!(layer_storage(&world), [CodeStorage::Referenced]);

    let outcome = go(&world, LAYER, OTHER);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::StorageReferenced))
    );
    assert_eq!(layer_storage(&world), [CodeStorage::Referenced]);

    let outcome = go_by_reference(&world, LAYER, SAME_AS_GOOD);
    assert!(outcome.deployed.unwrap().unchanged);
}

#[test]
fn copied_layer_may_be_followed_by_a_reference() {
    let world = world();
    go(&world, LAYER, GOOD);
    let outcome = go_by_reference(&world, LAYER, SAME_AS_GOOD);
    assert!(!outcome.deployed.unwrap().unchanged);
    let both = [CodeStorage::Copied, CodeStorage::Referenced];
    assert_eq!(layer_storage(&world), both);
}
