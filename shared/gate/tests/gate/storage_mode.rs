//! Where Lambda keeps code: a reference is never turned into a copy without a word, and what is referenced must not go.

use countersign_gate::{
    deployment::DeploySettings,
    domain::{
        CodeStorage, CurrentExpiry, LifecycleRule, NoncurrentExpiry, PackageVersion, ReasonCode,
        ReferencedObject, VersionId,
    },
    records::{Drift, Outcome, UploadState},
};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    sweep::{found, pass, told},
    world::{
        FUNCTION, FunctionState, LAYER, SIGNED, World,
        packages::job_arn,
        run::{admitted, deploy_settings, deployed, patient},
    },
};

/// By a stack whose parameter `CodeStorage` is `reference`.
pub(crate) fn go_by_reference(world: &World, key: &str, slot: usize) -> Outcome {
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

/// The rules of the stack's signed bucket, as they are once `CodeStorage` is `copy` again.
fn turn_on_rules(world: &World) {
    let rule = |prefix: &str, days: Option<u32>, noncurrent: Option<u32>| LifecycleRule {
        prefix: prefix.to_owned(),
        current: days.map(CurrentExpiry::AfterDays),
        noncurrent: noncurrent.map(|days| NoncurrentExpiry { days, kept: 0 }),
    };
    world.state().lifecycle = vec![
        rule("functions/", Some(30), None),
        rule("layers/", Some(30), None),
        rule("", None, Some(7)),
    ];
}

fn drift(world: &World, subject: &str) -> Drift {
    let path = format!("drift/{subject}/PACKAGE_EXPIRES.json");
    world.state().record(&path).expect("it is on record")
}

#[test]
fn referenced_package_that_a_rule_deletes_is_told_ahead_of_time() {
    let world = world();
    go_by_reference(&world, FUNCTION, GOOD);
    go_by_reference(&world, LAYER, OTHER);
    assert_eq!(found(&world), [""; 0], "no rule is on");
    turn_on_rules(&world);
    assert_eq!(found(&world), [""; 0], "it is 37 days away");
    for (days, pages) in [(8, 2), (20, 2), (3, 4), (5, 6)] {
        pass(&world, days * 24 * 60);
        assert_eq!(found(&world), ["PACKAGE_EXPIRES", "PACKAGE_EXPIRES"]);
        assert_eq!(told(&world), pages, "after {days} more days");
    }
    for subject in ["functions/checkout", "layers/common"] {
        let open = drift(&world, subject);
        assert_eq!(open.found.as_deref(), Some("1 days"));
        assert!(open.message.contains("is deleted by a lifecycle rule"));
    }
    // Everything by reference again: nothing expires any more.
    world.state().lifecycle.clear();
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 8);
}

#[test]
fn referenced_package_that_is_gone_is_told() {
    let world = world();
    go_by_reference(&world, FUNCTION, GOOD);
    let key = world.state().referenced["functions/checkout"].key.clone();
    world.state().package_versions.insert(key, Vec::new());
    assert_eq!(found(&world), ["PACKAGE_EXPIRES"]);
    let open = drift(&world, "functions/checkout");
    assert_eq!(open.found.as_deref(), Some("it is gone"));
    // A copy is what makes it good.
    world.state().referenced.clear();
    assert_eq!(found(&world), [""; 0]);
}

/// `CloudFormation` may create a function by reference from `current/`, whose older versions go a week after the next upload.
#[test]
fn version_of_a_prepared_package_that_was_replaced_is_told() {
    let world = world();
    world.state().functions.clear();
    turn_on_rules(&world);
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Prepared);
    let version = |name: &str| VersionId::parse(name).unwrap();
    let stored = |name: &str, at| PackageVersion {
        version: Some(version(name)),
        last_modified: at,
        is_delete_marker: false,
    };
    let mut state = world.state();
    let mut function = FunctionState::new();
    function.code_sha256 = state.packages[GOOD].code_sha256.clone();
    function.job_arn = Some(job_arn(GOOD));
    function.configuration.storage = CodeStorage::Referenced;
    state.functions.insert("checkout".to_owned(), function);
    let object = ReferencedObject {
        bucket: SIGNED.to_owned(),
        key: "current/functions/checkout.zip".to_owned(),
        version: Some(version("c1")),
    };
    let (key, now) = (object.key.clone(), state.now);
    state
        .referenced
        .insert("functions/checkout".to_owned(), object);
    state
        .package_versions
        .insert(key.clone(), vec![stored("c1", now)]);
    drop(state);
    assert_eq!(found(&world), [""; 0]);
    let versions = vec![stored("c2", now), stored("c1", now)];
    world.state().package_versions.insert(key, versions);
    assert_eq!(found(&world), ["PACKAGE_EXPIRES"]);
    assert!(drift(&world, "functions/checkout").of_prepared);
}

/// Nobody here may look into it: what was told stays as it is.
#[test]
fn package_in_another_bucket_is_not_judged() {
    let world = world();
    go_by_reference(&world, FUNCTION, GOOD);
    turn_on_rules(&world);
    pass(&world, 10 * 24 * 60);
    assert_eq!(found(&world), ["PACKAGE_EXPIRES"]);
    let mut state = world.state();
    let object = state.referenced.get_mut("functions/checkout").unwrap();
    "elsewhere".clone_into(&mut object.bucket);
    drop(state);
    assert_eq!(found(&world), [""; 0]);
    assert!(drift(&world, "functions/checkout").is_open());
}

#[test]
fn functions_with_copies_cost_no_look_at_the_bucket() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    world.state().calls.clear();
    assert_eq!(found(&world), [""; 0]);
    let calls = world.state().calls.clone();
    let looks = |call: &&&str| call.contains("Lifecycle") || call.ends_with("Versions signed");
    assert_eq!(calls.iter().find(looks), None);
}
