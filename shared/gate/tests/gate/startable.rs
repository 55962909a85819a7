//! Packages that are signed and verified, and cannot start: each was deployed without a word once.

use countersign_gate::{
    domain::{Architecture, ExecWrapper, ReasonCode},
    records::{Outcome, UploadState},
    verdict::{Action, Check, UnstartablePolicy},
};
use countersign_testkit::zip::{EntryForge, ZipForge};

use crate::{
    happy_path::change,
    world::{
        FUNCTION, FunctionState, World,
        packages::{Nature, Slot, sha256, signed},
        run::{admitted, deploy_settings, deployed, patient},
    },
};

/// A world in which this is the one package there is.
fn world_of(entries: impl IntoIterator<Item = EntryForge>) -> World {
    let unsigned = ZipForge::new(entries);
    let package = signed(&unsigned, 0).build();
    let slot = Slot {
        nature: Nature::Good,
        source: unsigned.build(),
        code_sha256: sha256(&package),
        signed: Some(package),
    };
    World::new(vec![slot].into(), 1)
}

fn runs(runtime: &str, handler: &str) -> impl Fn(&mut FunctionState) {
    let (runtime, handler) = (runtime.to_owned(), handler.to_owned());
    move |function| {
        function.configuration.runtime = Some(runtime.clone());
        function.configuration.handler = Some(handler.clone());
        function.configuration.architecture = Some(Architecture::X86_64);
    }
}

fn end(world: &World, unstartable: UnstartablePolicy) -> Outcome {
    let mut settings = deploy_settings();
    settings.policy.unstartable = unstartable;
    let admission = admitted(world, FUNCTION, 0);
    let finished = deployed(world, &settings, admission, &patient(world));
    finished.unwrap().outcome
}

/// It is deployed with this warning, or, where the stack says so, refused for it; never critical.
fn assert_told(
    entries: impl Fn() -> Vec<EntryForge>,
    configure: impl Fn(&mut FunctionState),
    code: ReasonCode,
    words: [&str; 2],
) {
    let world = world_of(entries());
    change(&world, &configure);
    let outcome = end(&world, UnstartablePolicy::Warn);
    assert_eq!((outcome.state, outcome.code), (UploadState::Deployed, None));
    assert!(!outcome.critical);
    let finding = &outcome.findings[0];
    assert_eq!(
        (finding.check, finding.code),
        (Check::Startable, Some(code))
    );
    assert_eq!(finding.action, Action::Warn);
    assert!(finding.message.contains(words[0]), "{finding:?}");
    let fix = finding.fix.as_deref().unwrap();
    assert!(fix.contains(words[1]), "{finding:?}");

    let world = world_of(entries());
    change(&world, &configure);
    let outcome = end(&world, UnstartablePolicy::Refuse);
    let ended = (outcome.state, outcome.code);
    assert_eq!(ended, (UploadState::Rejected, Some(code)));
    assert!(outcome.message.contains(words[0]), "{outcome:?}");
    assert_eq!(outcome.fix.as_deref(), Some(fix));
    assert!(!outcome.critical);
    let state = world.state();
    assert!(state.applied.is_empty());
    assert!(!state.calls.contains(&"lambda:UpdateFunctionCode DryRun"));
}

#[test]
fn folder_zipped_instead_of_its_content_is_told() {
    assert_told(
        || vec![EntryForge::file("shop/app.py", "def handler(*_): pass")],
        runs("python3.13", "app.handler"),
        ReasonCode::EntryPointMissing,
        ["app.py", "the folder \"shop\""],
    );
}

#[test]
fn bootstrap_for_another_processor_is_told() {
    let mut program = [0_u8; 64];
    program[..6].copy_from_slice(b"\x7fELF\x02\x01");
    program[18] = 183;
    let entry = EntryForge::file("bootstrap", program).mode(0o100_755);
    assert_told(
        || vec![entry.clone()],
        runs("provided.al2023", "bootstrap"),
        ReasonCode::WrongArchitecture,
        ["built for arm64", "Build it for x86_64."],
    );
}

#[test]
fn bootstrap_without_execute_bits_is_told() {
    assert_told(
        || vec![EntryForge::file("bootstrap", "#!/bin/sh\n")],
        runs("provided.al2023", "bootstrap"),
        ReasonCode::BootstrapUnusable,
        ["mode 644", "chmod 755 bootstrap"],
    );
}

#[test]
fn files_that_nobody_can_read_are_told() {
    assert_told(
        || vec![EntryForge::file("app.py", "x").mode(0o100_600)],
        runs("python3.13", "app.handler"),
        ReasonCode::FilesUnreadable,
        ["app.py is not readable", "chmod -R"],
    );
}

#[test]
fn nothing_is_said_where_a_wrapper_starts_it() {
    let world = world_of([EntryForge::file("other.py", "x")]);
    change(&world, |function| {
        runs("python3.13", "app.handler")(function);
        function.configuration.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
    });
    let outcome = end(&world, UnstartablePolicy::Refuse);
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    assert!(outcome.findings.is_empty());
}

/// A function that is repaired takes the package that it refused: each upload is judged anew.
#[test]
fn configuration_is_read_anew_for_each_upload() {
    let world = world_of([EntryForge::file("main.py", "x")]);
    change(&world, runs("python3.13", "app.handler"));
    assert_eq!(
        end(&world, UnstartablePolicy::Refuse).state,
        UploadState::Rejected
    );
    change(&world, runs("python3.13", "main.handler"));
    assert_eq!(
        end(&world, UnstartablePolicy::Refuse).state,
        UploadState::Deployed
    );
}
