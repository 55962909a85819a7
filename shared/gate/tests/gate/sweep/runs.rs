//! A run: what hinders it, how it goes on where it stopped, what it leaves alone, and what it costs.

use countersign_gate::{
    events::SweepRun,
    outcome::{DeliveryAttempt, RetryableError},
    records::{Drift, Posture, SweepProgress},
    sweep::{SweepTotals, sweep},
};
use std::{pin::pin, task::Poll};

use jiff::SignedDuration;

use crate::{
    happy_path::{GOOD, OTHER, change, sample_world, world},
    world::{
        FUNCTION, LAYER,
        run::{admitted, hands, patient, poll_in, sweep_settings},
    },
};

use super::{FUNCTION_DRIFT, drift, found, pass, swept, told, try_sweep};

/// An upload arrives after the records were listed, and is being deployed while the function is looked at.
#[test]
fn deployment_that_begins_amid_a_look_is_left_alone() {
    let world = sample_world();
    pass(&world, 10);
    world.intrude();
    let mut arrived = false;
    let hands = hands(&world, "sweep");
    let (settings, attempt) = (sweep_settings(), patient(&world));
    let mut run = pin!(sweep(&hands, &settings, SweepRun::Everything, &attempt));
    let swept = loop {
        if let Poll::Ready(swept) = poll_in(&world, run.as_mut()) {
            break swept.unwrap();
        }
        let is_looked_at = world.state().calls.last() == Some(&"lambda:GetFunction");
        if is_looked_at && !arrived {
            arrived = true;
            admitted(&world, FUNCTION, OTHER);
        }
    };
    assert!(arrived);
    assert_eq!(swept.drift, []);
    assert_eq!(told(&world), 0);
    // The posture claims no more than was told.
    let posture: Posture = world.state().record("posture.json").unwrap();
    assert!(posture.targets.iter().all(|of| of.drift.is_empty()));
}

/// A run that was closing a document is overtaken by another, between its event and its last write.
#[test]
fn drift_that_another_run_wrote_meanwhile_stays_as_that_one_wrote_it() {
    let world = sample_world();
    pass(&world, 10);
    world.intrude();
    let path = format!("{FUNCTION_DRIFT}OTHER_CODE_RUNS.json");
    let mut overtaken = false;
    let hands = hands(&world, "sweep");
    let (settings, attempt) = (sweep_settings(), patient(&world));
    let mut run = pin!(sweep(&hands, &settings, SweepRun::Everything, &attempt));
    loop {
        if let Poll::Ready(swept) = poll_in(&world, run.as_mut()) {
            swept.unwrap();
            break;
        }
        let is_told = world.state().calls.last() == Some(&"events:PutEvents");
        if is_told && !overtaken {
            overtaken = true;
            let now = world.state().now;
            let closed = Drift {
                closed_at: Some(now),
                ..drift(&world, "OTHER_CODE_RUNS")
            };
            let body = serde_json::to_vec(&closed).unwrap();
            world.state().records.insert(path.clone(), body);
        }
    }
    assert!(overtaken);
    let after = drift(&world, "OTHER_CODE_RUNS");
    assert_eq!((after.is_open(), after.announced_at), (false, None));
    // What nobody told yet is told by the next run.
    change(&world, |function| {
        function.code_sha256 = after.expected.clone().unwrap();
    });
    found(&world);
    assert!(drift(&world, "OTHER_CODE_RUNS").announced_at.is_some());
}

/// Its records cannot be read in the first attempt of a run; the second one goes on behind it.
#[test]
fn key_whose_look_failed_is_not_taken_for_deleted() {
    let world = sample_world();
    pass(&world, 10);
    let live = "functions/checkout/live.json".to_owned();
    let body = world.state().records.insert(live.clone(), b"{".to_vec());
    let mut attempt = patient(&world);
    attempt.work_until = attempt.since + SignedDuration::from_millis(1_400);
    try_sweep(&world, SweepRun::Everything, &attempt).unwrap_err();
    let progress: SweepProgress = world.state().record("sweep.json").unwrap();
    assert_eq!(progress.troubles.len(), 1, "{:?}", progress.troubles);
    assert_eq!(progress.done_through.as_deref(), Some(LAYER));
    world.state().records.insert(live, body.unwrap());
    let second = DeliveryAttempt {
        work_until: world.state().now + SignedDuration::from_mins(5),
        attempt: 2,
        ..attempt
    };
    try_sweep(&world, SweepRun::Everything, &second).unwrap();
    let posture: Posture = world.state().record("posture.json").unwrap();
    let targets = posture.targets.iter();
    let of_function: Vec<_> = targets.filter(|of| of.target.key() == FUNCTION).collect();
    assert!(
        of_function.iter().all(|of| of.current.is_some()),
        "{of_function:#?}"
    );
    // The next run looks at it.
    world.delete_function();
    assert_eq!(found(&world), ["TARGET_GONE"]);
    let progress: SweepProgress = world.state().record("sweep.json").unwrap();
    assert!(progress.failed.is_empty());
}

/// Beyond a number, troubles are counted and not kept: what they were about must not be closed.
#[test]
fn trouble_with_many_targets_closes_nothing() {
    let world = sample_world();
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    pass(&world, 10);
    for n in 0..30 {
        let key = format!("functions/a{n:02}.zip");
        let version = world.upload(&key, GOOD);
        let at = world.state().now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let path = format!("functions/a{n:02}/{at}-{version}/resent.json");
        world.state().records.insert(path, b"{".to_vec());
    }
    let live = "functions/checkout/live.json".to_owned();
    let body = world.state().records.insert(live.clone(), b"{".to_vec());
    pass(&world, 10);
    let run = swept(&world, SweepRun::Everything);
    assert_eq!(run.troubles.len(), 31);
    assert!(drift(&world, "OTHER_CODE_RUNS").is_open());
    world.state().records.insert(live, body.unwrap());
    swept(&world, SweepRun::Everything);
    assert!(drift(&world, "OTHER_CODE_RUNS").is_open());
}

#[test]
fn trouble_with_one_target_hinders_no_other() {
    let world = sample_world();
    world.intrude();
    let path = world
        .state()
        .records
        .keys()
        .find(|path| path.starts_with("layers/common/") && path.ends_with("/outcome.json"))
        .cloned();
    world.state().records.insert(path.unwrap(), b"{".to_vec());
    pass(&world, 10);
    let run = swept(&world, SweepRun::Everything);
    assert_eq!(run.troubles.len(), 1, "{:?}", run.troubles);
    assert!(run.troubles[0].starts_with(LAYER));
    assert_eq!(run.drift.len(), 1);
    let posture: Posture = world.state().record("posture.json").unwrap();
    assert_eq!(posture.troubles, run.troubles);
}

#[test]
fn many_troubles_hide_neither_what_is_gone_nor_what_is_outside() {
    let world = sample_world();
    for number in 0..30 {
        let name = format!("f{number}");
        admitted(&world, &format!("functions/{name}.zip"), GOOD);
        let live = format!("functions/{name}/live.json");
        world.state().records.insert(live, b"{".to_vec());
    }
    world.intrude();
    let mut outside = world.state().functions["checkout"].clone();
    outside.csc = None;
    world
        .state()
        .functions
        .insert("outside".to_owned(), outside);
    pass(&world, 10);
    swept(&world, SweepRun::Everything);
    let of_checkout = drift(&world, "OTHER_CODE_RUNS");
    // One that is gone, one of a target in trouble, and one whose name only begins like that of one.
    for subject in ["layers/gone", "functions/f1", "functions/f"] {
        let other = Drift {
            subject: subject.to_owned(),
            target: None,
            ..of_checkout.clone()
        };
        let body = serde_json::to_vec(&other).unwrap();
        world.state().records.insert(other.path(), body);
    }
    let run = swept(&world, SweepRun::Everything);
    assert_eq!(run.troubles.len(), 30, "{:?}", run.troubles);
    let is_open = |subject: &str| {
        let path = format!("drift/{subject}/OTHER_CODE_RUNS.json");
        world.state().record::<Drift>(&path).unwrap().is_open()
    };
    assert!(!is_open("layers/gone"));
    assert!(!is_open("functions/f"));
    assert!(is_open("functions/f1"), "it could not be looked at");
    let outside: Drift = world
        .state()
        .record("drift/account/functions/NOT_GATED.json")
        .unwrap();
    assert_eq!(outside.functions, ["outside"]);
}

#[test]
fn listing_of_the_account_ends_when_its_time_is_up() {
    let world = sample_world();
    pass(&world, 10);
    let mut attempt = patient(&world);
    attempt.work_until = attempt.since + SignedDuration::from_millis(700);
    let stopped = try_sweep(&world, SweepRun::Everything, &attempt).unwrap_err();
    let what = stopped.error.to_string();
    assert!(what.contains("listing the account"), "{what}");
}

/// A listing that was cut would look like a bucket in which nothing more is unfinished.
#[test]
fn listing_of_uploads_that_does_not_end_stops_the_run() {
    let world = sample_world();
    world.state().versions_go_round = true;
    for run in [SweepRun::Unfinished, SweepRun::Everything] {
        let stopped = try_sweep(&world, run, &patient(&world)).unwrap_err();
        let why = stopped.error.error_chain();
        assert!(why.contains("the listing does not end"), "{why}");
    }
}

#[test]
fn run_that_is_out_of_time_goes_on_where_it_stopped() {
    let world = sample_world();
    pass(&world, 10);
    let mut attempt = patient(&world);
    // Time enough for the listings and the first key.
    attempt.work_until = attempt.since + SignedDuration::from_millis(1_400);
    let stopped = try_sweep(&world, SweepRun::Everything, &attempt).unwrap_err();
    let (report, error) = (stopped.report, stopped.error);
    assert!(matches!(error, RetryableError::TimeUp { .. }), "{error}");
    assert_eq!(report.targets, 1, "what it did is told");
    let progress: SweepProgress = world.state().record("sweep.json").unwrap();
    assert_eq!(progress.done_through.as_deref(), Some(FUNCTION));
    assert_eq!(progress.ended_at, None);
    // Another run gives way, while this one is alive.
    let other = swept(&world, SweepRun::Everything);
    assert!(other.skipped_for_other_run);
    let second = DeliveryAttempt {
        work_until: world.state().now + SignedDuration::from_mins(5),
        attempt: 2,
        ..attempt
    };
    let run = try_sweep(&world, SweepRun::Everything, &second).unwrap();
    assert_eq!(run.targets, 1, "the other was done");
    let posture: Posture = world.state().record("posture.json").unwrap();
    assert_eq!(posture.targets.len(), 2);
    // And then another one has its turn.
    assert!(!swept(&world, SweepRun::Everything).skipped_for_other_run);
}

/// Each attempt does a part of a run. What the run found is one number, told at its end.
#[test]
fn run_in_two_attempts_is_counted_once_and_whole() {
    let world = sample_world();
    world.intrude();
    pass(&world, 10);
    let live = "layers/common/live.json".to_owned();
    world.state().records.insert(live, b"{".to_vec());
    let mut attempt = patient(&world);
    attempt.work_until = attempt.since + SignedDuration::from_millis(1_400);
    let first = try_sweep(&world, SweepRun::Everything, &attempt).unwrap_err();
    assert_eq!((first.report.drift.len(), first.report.ended), (1, None));
    let second = DeliveryAttempt {
        work_until: world.state().now + SignedDuration::from_mins(5),
        attempt: 2,
        ..attempt
    };
    let run = try_sweep(&world, SweepRun::Everything, &second).unwrap();
    assert!(run.drift.is_empty(), "{:?}", run.drift);
    let whole = SweepTotals {
        drift: 1,
        troubles: 1,
    };
    assert_eq!(run.ended, Some(whole));
    // The next run begins anew.
    pass(&world, 10);
    let next = swept(&world, SweepRun::Everything);
    assert_eq!(next.ended, Some(whole));
    assert_eq!(next.drift.len(), 1);
}

#[test]
fn run_that_was_cut_off_holds_nobody_up_for_long() {
    let world = sample_world();
    pass(&world, 10);
    let mut attempt = patient(&world);
    attempt.work_until = attempt.since;
    try_sweep(&world, SweepRun::Everything, &attempt).unwrap_err();
    pass(&world, 19);
    assert!(swept(&world, SweepRun::Everything).skipped_for_other_run);
    pass(&world, 2);
    assert!(!swept(&world, SweepRun::Everything).skipped_for_other_run);
}

#[test]
fn quiet_account_costs_a_handful_of_calls() {
    let world = world();
    world.state().calls.clear();
    swept(&world, SweepRun::Unfinished);
    assert_eq!(
        world.state().calls,
        ["s3:ListObjectsV2", "s3:ListObjectVersions"]
    );
    world.state().calls.clear();
    swept(&world, SweepRun::Everything);
    let calls = world.state().calls.clone();
    assert_eq!(calls.len(), 13, "{calls:?}");
}
