//! What no event told is found: an upload whose event was lost, and whatever runs past the gate.

mod last_deployment;
mod runs;
mod unfinished;
mod what_runs;

use countersign_gate::{
    admission::{Admission, admit},
    events::{SweepRun, UploadEvent},
    outcome::{DeliveryAttempt, RetryableError},
    records::Drift,
    sweep::{SweepReport, SweepSettings, SweepStopped, sweep},
};

use crate::world::{
    World,
    run::{hands, patient, run_in, sign_settings, sweep_settings},
};

pub(super) const FUNCTION_DRIFT: &str = "drift/functions/checkout/";

pub(super) fn try_sweep(
    world: &World,
    run: SweepRun,
    attempt: &DeliveryAttempt,
) -> Result<SweepReport, SweepStopped> {
    let settings = sweep_settings();
    run_in(
        world,
        sweep(&hands(world, "sweep"), &settings, run, attempt),
    )
}

pub(crate) fn swept(world: &World, run: SweepRun) -> SweepReport {
    try_sweep(world, run, &patient(world)).unwrap()
}

/// The event of an upload, as `sign` takes it.
pub(crate) fn take_in(world: &World, event: &UploadEvent) -> Result<Admission, RetryableError> {
    let (hands, settings) = (hands(world, "sign"), sign_settings());
    run_in(world, admit(&hands, &settings, event, &patient(world)))
}

pub(crate) fn pass(world: &World, minutes: i64) {
    world.state().tick(minutes * 60);
}

/// What a run over everything finds of a function, after some time.
pub(crate) fn found(world: &World) -> Vec<String> {
    found_with(world, &sweep_settings())
}

pub(crate) fn found_with(world: &World, settings: &SweepSettings) -> Vec<String> {
    pass(world, 10);
    let attempt = patient(world);
    let run = SweepRun::Everything;
    let swept = run_in(
        world,
        sweep(&hands(world, "sweep"), settings, run, &attempt),
    );
    let swept = swept.unwrap();
    assert_eq!(swept.troubles, [""; 0]);
    let kinds = swept.drift.iter().map(|(subject, kind)| {
        assert!(subject.contains('/'), "{subject}");
        kind.to_string()
    });
    kinds.collect()
}

pub(super) fn drift(world: &World, kind: &str) -> Drift {
    let path = format!("{FUNCTION_DRIFT}{kind}.json");
    world.state().record(&path).expect("it is on record")
}

pub(crate) fn told(world: &World) -> usize {
    world.state().drift_told.len()
}
