//! The stack end to end: the real template and binaries on a local AWS that enforces IAM, used
//! through the AWS command line and through boto3, neither of which shares code with the gate.
//!
//! What is deployed is what the last `sam build` made. All tests share one stack and run side by
//! side, each with functions of its own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, a panic is the report"
)]

mod attacks;
#[expect(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the tests of `countersign-attest` use the rest of it, and have these, too"
)]
#[path = "../../../../shared/attest/tests/attest/forge.rs"]
mod attest_forge;
mod command_line;
mod dead_letters;
mod detections;
mod doctor;
mod documented_commands;
mod doors;
mod every_command;
mod faults;
mod happy_path;
mod pages;
mod people;
mod provenance;
mod refusals;
mod summaries;
mod sweep;
mod true_records;
mod variants;
mod who_may_write;

use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use countersign_e2e::{
    HarnessError,
    cloud::{self, Cloud, Stack},
    local_stack::{ADMINISTRATOR, LocalStack},
    observer::Nobody,
    session::Session,
    tools::Tools,
};
use countersign_testkit::checkout;
use serde_json::Value;

/// Held for writing by a test that changes what all others use.
static SHARED: RwLock<()> = RwLock::new(());

fn beside_others() -> RwLockReadGuard<'static, ()> {
    SHARED.read().unwrap_or_else(PoisonError::into_inner)
}

fn alone() -> RwLockWriteGuard<'static, ()> {
    SHARED.write().unwrap_or_else(PoisonError::into_inner)
}

/// The stack that all tests share. Nobody drops it: its processes end when this one does.
fn local_stack() -> &'static LocalStack<'static> {
    static CLOUD: OnceLock<Result<(Cloud, Stack), HarnessError>> = OnceLock::new();
    static STACK: OnceLock<LocalStack<'static>> = OnceLock::new();
    STACK.get_or_init(|| {
        // What went wrong once is told by each test, and not tried again by each.
        let (cloud, stack) = CLOUD.get_or_init(deployed).as_ref().unwrap();
        LocalStack::populate(cloud, stack).unwrap()
    })
}

fn deployed() -> Result<(Cloud, Stack), HarnessError> {
    let tools = Tools::prepare(&checkout::root(), &Nobody)?;
    let cloud = Cloud::start(&tools, cloud::free_port()?, &Nobody)?;
    let administrators = format!("AdministratorRoles={ADMINISTRATOR}");
    let keys = format!("ProvenanceKeys=\"{}\"", provenance::public_key());
    let parameters = [
        "TargetFunctions=demo*",
        "AttestationWaitSeconds=30",
        "SummaryKey=create",
        &administrators,
        &keys,
    ];
    let stack = cloud.deploy("countersign", &parameters, &Nobody)?;
    Ok((cloud, stack))
}

#[track_caller]
fn assert_denied(session: &Session, service: &str, operation: &str, arguments: &Value) {
    match session.call(service, operation, arguments.clone()) {
        Err(HarnessError::Refused { code, .. })
            if code.starts_with("AccessDenied") || code == "AuthorizationError" => {}
        other => panic!("{service} {operation} was not denied: {other:?}"),
    }
}
