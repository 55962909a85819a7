//! What people are told while an exception lasts: break-glass while it is in use and after its end, and freezes.

use countersign_gate::{
    deployment::DeploySettings,
    domain::ReasonCode,
    events::SweepRun,
    outcome::{DeliveryAttempt, RetryableError},
    records::{Drift, Live, Outcome, Posture, SweepProgress, UploadState, VerdictRecord},
    sweep::{SweepSettings, sweep},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    happy_path::{GOOD, OTHER, go, world},
    people::{
        ANN, BEN, CEM, EMERGENCY, ORDER, allowing, approve, attempt, break_glass, hours, record,
        uploaded_by,
    },
    summaries::summarized,
    sweep::swept,
    world::{
        FUNCTION, LAYER, World,
        run::{hands, patient, run_in, sweep_settings},
    },
};

const IN_USE: &str = "drift/functions/checkout/BREAK_GLASS_IN_USE.json";
const RUNS_ON: &str = "drift/functions/checkout/BREAK_GLASS_RUNS_ON.json";

/// An approval is demanded, and the glass may be broken.
fn demanding_or_broken() -> DeploySettings {
    let mut settings = allowing();
    settings.people.required_approvals = 1;
    settings
}

/// A deployment by break-glass, which ends a day after the world began.
fn deployed_by_break_glass() -> (World, Outcome) {
    let (world, settings) = (world(), demanding_or_broken());
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    break_glass(&world, GOOD, EMERGENCY, BEN);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
    (world, outcome)
}

/// How often each document of drift was told.
fn told(world: &World, path: &str) -> usize {
    let state = world.state();
    state.drift_told.iter().filter(|told| *told == path).count()
}

fn drift(world: &World, path: &str) -> Drift {
    world.state().record(path).expect("it is on record")
}

fn used(outcome: &Outcome) -> bool {
    let mut codes = outcome.findings.iter().filter_map(|found| found.code);
    codes.any(|code| code == ReasonCode::BreakGlassUsed)
}

#[test]
fn break_glass_is_marked_on_record() {
    let (world, outcome) = deployed_by_break_glass();
    assert!(outcome.critical && used(&outcome));
    let verdict: VerdictRecord = record(&world, "/verdict.json");
    let of_verdict = verdict.verdict.unwrap().break_glass.unwrap();
    assert_eq!(
        (of_verdict.by.as_str(), of_verdict.justification.as_str()),
        (BEN, "the shop is down")
    );
    let live: Live = record(&world, "/live.json");
    assert_eq!(live.break_glass, Some(of_verdict));
    swept(&world, SweepRun::Everything);
    let posture: Posture = world.state().record("posture.json").unwrap();
    let kinds: Vec<_> = posture.targets[0]
        .drift
        .iter()
        .map(|kind| kind.as_str())
        .collect();
    assert_eq!(kinds, ["BREAK_GLASS_IN_USE"]);
}

#[test]
fn break_glass_is_told_every_hour_in_use_and_every_day_after_it() {
    let (world, _) = deployed_by_break_glass();
    for hour in 1..=20 {
        swept(&world, SweepRun::Everything);
        // Another run within the hour tells nothing.
        swept(&world, SweepRun::Everything);
        assert_eq!(told(&world, IN_USE), hour, "once an hour");
        hours(&world, 1);
    }
    assert!(drift(&world, IN_USE).is_open());
    assert_eq!(told(&world, RUNS_ON), 0);
    let until: Timestamp = "2026-09-29T12:00:00Z".parse().unwrap();
    world.state().now = until;
    swept(&world, SweepRun::Everything);
    assert!(!drift(&world, IN_USE).is_open(), "it has ended");
    let runs_on = drift(&world, RUNS_ON);
    assert!(runs_on.is_open());
    for words in [BEN, "the shop is down", "it ended at 2026-09-29T12:00:00Z"] {
        assert!(runs_on.message.contains(words), "{}", runs_on.message);
    }
    for _ in 0..47 {
        hours(&world, 1);
        swept(&world, SweepRun::Everything);
    }
    assert_eq!(told(&world, RUNS_ON), 2, "once a day");
    // A later upload that nobody has to break the glass for.
    let job = uploaded_by(&world, FUNCTION, OTHER, ANN);
    approve(&world, OTHER, "cem", CEM);
    attempt(&world, &demanding_or_broken(), &job).unwrap();
    hours(&world, 1);
    swept(&world, SweepRun::Everything);
    assert!(!drift(&world, RUNS_ON).is_open());
    let live: Live = record(&world, "/live.json");
    assert_eq!(live.break_glass, None);
}

#[test]
fn same_package_that_is_accepted_later_needs_no_exception_any_more() {
    let (world, _) = deployed_by_break_glass();
    swept(&world, SweepRun::Everything);
    assert!(drift(&world, IN_USE).is_open());
    approve(&world, GOOD, "cem", CEM);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let outcome = attempt(&world, &demanding_or_broken(), &job).unwrap();
    assert!(outcome.deployed.as_ref().unwrap().unchanged, "{outcome:#?}");
    assert!(!used(&outcome));
    hours(&world, 1);
    swept(&world, SweepRun::Everything);
    assert!(!drift(&world, IN_USE).is_open());
}

/// Lambda took the package, the deployment was cut off, and nobody is asked again: what it passed by stays.
#[test]
fn code_taken_by_break_glass_ends_as_such_even_after_its_end() {
    for (lifts, waits_hours) in [(false, 0), (true, 0), (false, 30)] {
        let (world, settings) = (world(), demanding_or_broken());
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        break_glass(&world, GOOD, EMERGENCY, BEN);
        world.state().broken.insert("lambda:PublishVersion");
        let error = attempt(&world, &settings, &job).unwrap_err();
        assert!(matches!(error, RetryableError::Waiting(_)), "{error:?}");
        assert_eq!(world.state().applied.len(), 1);
        world.state().broken.clear();
        hours(&world, waits_hours);
        if lifts {
            let keys: Vec<String> = world.state().statements.keys().cloned().collect();
            for key in keys {
                world.withdraw(&key);
            }
        }
        let outcome = attempt(&world, &settings, &job).unwrap();
        assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
        assert!(outcome.critical && used(&outcome), "{outcome:#?}");
        assert_eq!(summarized(&world, &outcome).unwrap(), None);
        let version = world.state().functions["checkout"].versions[0].clone();
        assert!(version.description.contains(" BREAK-GLASS"), "{version:?}");
        let live: Live = record(&world, "/live.json");
        assert!(live.break_glass.is_some());
    }
}

/// An update that was not sent, or did not arrive, is none that has to be brought to its end.
#[test]
fn break_glass_that_ended_changes_nothing_any_more() {
    for lifts in [false, true] {
        let (world, settings) = (world(), demanding_or_broken());
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        break_glass(&world, GOOD, EMERGENCY, BEN);
        world.state().broken.insert("lambda:UpdateFunctionCode");
        let error = attempt(&world, &settings, &job).unwrap_err();
        assert!(matches!(error, RetryableError::Waiting(_)), "{error:?}");
        world.state().broken.clear();
        if lifts {
            let keys: Vec<String> = world.state().statements.keys().cloned().collect();
            for key in keys {
                world.withdraw(&key);
            }
        } else {
            hours(&world, 30);
        }
        let _refused = attempt(&world, &settings, &job);
        assert_eq!(world.state().applied.len(), 0, "{lifts}");
    }
}

/// A run that looks for unfinished uploads, as there is one every five minutes, in a stack that heeds freezes.
pub(crate) fn looked(world: &World, heeds_freezes: bool) {
    let settings = SweepSettings {
        heeds_freezes,
        ..sweep_settings()
    };
    let (hands, attempt) = (hands(world, "sweep"), patient(world));
    let run = sweep(&hands, &settings, SweepRun::Unfinished, &attempt);
    let swept = run_in(world, run).unwrap();
    assert_eq!(swept.troubles, [""; 0]);
    assert_eq!(swept.drift, [], "a freeze is no drift");
    world.state().tick(300);
}

/// A run over everything that takes two attempts looks at freezes in its first.
#[test]
fn freeze_stays_told_while_a_run_goes_on_in_a_second_attempt() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    go(&world, LAYER, OTHER);
    hours(&world, 1);
    world.state_that("freeze/friday.json", ORDER);
    looked(&world, true);
    let settings = SweepSettings {
        heeds_freezes: true,
        ..sweep_settings()
    };
    let everything = |attempt: &DeliveryAttempt| {
        let hands = hands(&world, "sweep");
        let run = sweep(&hands, &settings, SweepRun::Everything, attempt);
        run_in(&world, run).is_ok()
    };
    let mut attempt = patient(&world);
    // Time enough for the listings and the first keys.
    attempt.work_until = attempt.since + SignedDuration::from_millis(1_400);
    assert!(!everything(&attempt));
    let progress: SweepProgress = world.state().record("sweep.json").unwrap();
    assert_eq!(progress.done_through.as_deref(), Some(FUNCTION));
    attempt.attempt = 2;
    attempt.work_until = world.state().now + SignedDuration::from_mins(5);
    assert!(everything(&attempt));
    assert!(drift(&world, FRIDAY).is_open());
    assert_eq!(told(&world, FRIDAY), 1);
}

const FRIDAY: &str = "drift/freeze/friday/FREEZE_IN_FORCE.json";

#[test]
fn freeze_is_told_when_it_begins_and_when_it_ends() {
    let world = world();
    world.state_that("freeze/friday.json", ORDER);
    looked(&world, false);
    assert_eq!(told(&world, FRIDAY), 0, "the stack heeds none");
    looked(&world, true);
    looked(&world, true);
    assert_eq!(told(&world, FRIDAY), 1);
    let freeze = drift(&world, FRIDAY);
    for words in ["functions/check*", "Black Friday", "2026-09-29T12:00:00Z"] {
        assert!(freeze.message.contains(words), "{}", freeze.message);
    }
    // It is made longer.
    world.state_that("freeze/friday.json", &ORDER.replace("09-29", "09-30"));
    looked(&world, true);
    assert_eq!(told(&world, FRIDAY), 2);
    let end: Timestamp = "2026-09-30T12:00:00Z".parse().unwrap();
    world.state().now = end - SignedDuration::from_secs(1);
    looked(&world, true);
    assert!(drift(&world, FRIDAY).is_open());
    looked(&world, true);
    assert!(!drift(&world, FRIDAY).is_open());
    assert_eq!(told(&world, FRIDAY), 3);
    looked(&world, true);
    assert_eq!(told(&world, FRIDAY), 3);
}

#[test]
fn freeze_that_is_lifted_or_cannot_be_read_is_told() {
    let world = world();
    world.state_that("freeze/", "");
    world.state_that("freeze/friday.json", "{");
    looked(&world, true);
    let freeze = drift(&world, FRIDAY);
    assert!(freeze.message.contains("everything"), "{}", freeze.message);
    world.withdraw("freeze/friday.json");
    looked(&world, true);
    assert!(!drift(&world, FRIDAY).is_open());
    // A key that is none freezes, too.
    world.state_that("freeze/a b.json", ORDER);
    looked(&world, true);
    let state = world.state();
    let mut paths = state
        .records
        .keys()
        .filter(|path| path.starts_with("drift/freeze/"));
    let odd = paths.find(|path| *path != FRIDAY).unwrap();
    let drift: Drift = state.record(odd).unwrap();
    assert!(
        drift.is_open() && drift.message.contains("freeze/a b.json"),
        "{drift:?}"
    );
}

#[test]
fn freeze_whose_object_is_gone_for_good_ends_with_the_next_run_over_everything() {
    let world = world();
    world.state_that("freeze/friday.json", ORDER);
    looked(&world, true);
    world.state().statements.clear();
    looked(&world, true);
    assert!(drift(&world, FRIDAY).is_open(), "its key is listed no more");
    let settings = SweepSettings {
        heeds_freezes: true,
        ..sweep_settings()
    };
    let (hands, attempt) = (hands(&world, "sweep"), patient(&world));
    run_in(
        &world,
        sweep(&hands, &settings, SweepRun::Everything, &attempt),
    )
    .unwrap();
    assert!(!drift(&world, FRIDAY).is_open());
}
