//! A function's tag moves it to another processor with its next upload.

use countersign_gate::{
    deployment::ARCHITECTURE_TAG,
    domain::{Architecture, ReasonCode},
    records::UploadState,
};

use crate::{
    happy_path::{GOOD, OTHER, SAME_AS_GOOD, change, go, world},
    world::{FUNCTION, World},
};

fn on_x86(tag: Option<&str>) -> World {
    let world = world();
    change(&world, |function| {
        function.configuration.architecture = Some(Architecture::X86_64);
        let tag = tag.map(|tag| (ARCHITECTURE_TAG.to_owned(), tag.to_owned()));
        function.tags.extend(tag);
    });
    world
}

fn architecture(world: &World) -> Option<Architecture> {
    let state = world.state();
    state.functions["checkout"].configuration.architecture
}

#[test]
fn function_moves_to_the_processor_of_its_tag() {
    for (tag, expected) in [
        (None, Architecture::X86_64),
        (Some("x86_64"), Architecture::X86_64),
        (Some("arm64"), Architecture::Arm64),
    ] {
        let world = on_x86(tag);
        assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Deployed);
        assert_eq!(architecture(&world), Some(expected), "{tag:?}");
    }
}

#[test]
fn unknown_processor_is_refused() {
    let world = on_x86(Some("aarch64"));
    let outcome = go(&world, FUNCTION, GOOD);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Rejected, Some(ReasonCode::ArchitectureTag))
    );
    assert!(outcome.message.contains("aarch64"));
    assert!(world.state().applied.is_empty());
}

#[test]
fn same_code_is_deployed_anew_for_another_processor() {
    let world = on_x86(None);
    go(&world, FUNCTION, GOOD);
    change(&world, |function| {
        let tag = (ARCHITECTURE_TAG.to_owned(), "arm64".to_owned());
        function.tags.extend([tag]);
    });
    let outcome = go(&world, FUNCTION, SAME_AS_GOOD);
    assert!(!outcome.deployed.unwrap().unchanged);
    assert_eq!(architecture(&world), Some(Architecture::Arm64));
}

#[test]
fn function_that_stays_on_its_processor_is_not_called_deployed() {
    let world = on_x86(Some("arm64"));
    world.state().keeps_architecture = true;
    let outcome = go(&world, FUNCTION, OTHER);
    assert_eq!(
        (outcome.state, outcome.code),
        (UploadState::Failed, Some(ReasonCode::DeployedMismatch))
    );
    assert!(outcome.message.contains("Architectures is x86_64"));
}
