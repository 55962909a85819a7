//! What no event told is found: an upload whose event was lost, and whatever runs past the gate.

use countersign_gate::{
    admission::{Admission, admit},
    domain::{ProfileStatus, SigningJobId},
    events::{JobEvent, SweepRun, UploadEvent},
    outcome::{DeliveryAttempt, RetryableError},
    ports::Receiver,
    records::{Deployed, Drift, Posture, Resent, SweepProgress, UploadState},
    sweep::{SweepReport, SweepSettings, SweepStopped, SweepTotals, sweep},
};
use std::{pin::pin, task::Poll};

use jiff::SignedDuration;

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, OTHER, SWAPPED, change, go, sample_world, world},
    world::{
        AliasState, FUNCTION, LAYER, LayerState, World,
        run::{
            admitted, deploy_job, deploy_settings, deployed, event, hands, patient, poll_in,
            run_in, sign_settings, sweep_settings,
        },
    },
};

const FUNCTION_DRIFT: &str = "drift/functions/checkout/";

fn try_sweep(
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
fn take_in(world: &World, event: &UploadEvent) -> Result<Admission, RetryableError> {
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

fn drift(world: &World, kind: &str) -> Drift {
    let path = format!("{FUNCTION_DRIFT}{kind}.json");
    world.state().record(&path).expect("it is on record")
}

pub(crate) fn told(world: &World) -> usize {
    world.state().drift_told.len()
}

#[test]
fn upload_whose_event_was_lost_is_sent_again() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    // It may still be on its way.
    assert_eq!(swept(&world, SweepRun::Unfinished).resent, []);
    pass(&world, 6);
    let run = swept(&world, SweepRun::Unfinished);
    assert_eq!(run.resent.len(), 1);
    assert_eq!(run.resent[0].id.version, version);
    let resent = world.take_resent();
    let [(Receiver::Sign, body)] = resent.as_slice() else {
        panic!("{resent:?}")
    };
    let events = UploadEvent::parse(body).unwrap();
    assert_eq!(events[0].version.as_ref(), Some(&version));
    // Once is enough for as long as sign tries.
    pass(&world, 30);
    assert_eq!(swept(&world, SweepRun::Everything).resent, []);
    // And it leads on.
    take_in(&world, &events[0]).unwrap();
    assert_eq!(world.state().jobs.len(), 1);
}

#[test]
fn job_whose_event_was_lost_is_sent_again() {
    let world = world();
    admitted(&world, FUNCTION, GOOD);
    pass(&world, 6);
    let run = swept(&world, SweepRun::Unfinished);
    assert_eq!(
        (run.unfinished, run.resent.len()),
        (1, 0),
        "it is in progress"
    );
    let job: SigningJobId = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    swept(&world, SweepRun::Unfinished);
    let resent = world.take_resent();
    let [(Receiver::Deploy, body)] = resent.as_slice() else {
        panic!("{resent:?}")
    };
    assert_eq!(JobEvent::parse(body).unwrap().job, job);
    let end = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Deployed);
    pass(&world, 90);
    let run = swept(&world, SweepRun::Everything);
    assert_eq!((run.unfinished, run.resent.len()), (0, 0));
}

#[test]
fn outcome_that_was_not_announced_is() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    world
        .state()
        .records
        .retain(|path, _| !path.ends_with("/announced.json"));
    pass(&world, 6);
    assert_eq!(swept(&world, SweepRun::Unfinished).resent.len(), 1);
    let (_, body) = world.take_resent().remove(0);
    let before = world.state().events.len();
    let job = JobEvent::parse(&body).unwrap().job;
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert_eq!(world.state().events.len(), before + 1);
}

#[test]
fn upload_that_waits_for_its_next_attempt_is_left_alone() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    world.state().broken.insert("signer:StartSigningJob");
    let event = event(&world, FUNCTION, Some(version));
    pass(&world, 60);
    take_in(&world, &event).unwrap_err();
    assert_eq!(swept(&world, SweepRun::Unfinished).resent, []);
    // Its attempt was due long ago.
    pass(&world, 5);
    assert_eq!(swept(&world, SweepRun::Unfinished).resent.len(), 1);
}

#[test]
fn upload_that_never_ends_is_told_until_it_does() {
    let world = world();
    world.upload(FUNCTION, GOOD);
    for times in 1..=3 {
        pass(&world, 90);
        let run = swept(&world, SweepRun::Everything);
        assert_eq!(run.resent.len(), 1);
        assert_eq!(run.drift.len(), usize::from(times == 3));
    }
    let stuck = drift(&world, "UPLOAD_STUCK");
    assert!(stuck.is_open() && stuck.announced_at.is_some(), "{stuck:?}");
    let paths = world.state().records.clone();
    let path = paths
        .keys()
        .find(|path| path.ends_with("resent.json"))
        .unwrap();
    let resent: Resent = world.state().record(path).unwrap();
    assert_eq!((resent.times, resent.to.as_str()), (3, "sign"));
    // A run that does not send it again does not close it.
    pass(&world, 10);
    swept(&world, SweepRun::Everything);
    assert!(drift(&world, "UPLOAD_STUCK").is_open());
    for (_, body) in world.take_resent() {
        let event = UploadEvent::parse(&body).unwrap().remove(0);
        take_in(&world, &event).unwrap();
    }
    let job = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    found(&world);
    assert!(!drift(&world, "UPLOAD_STUCK").is_open());
    assert_eq!(told(&world), 2, "once that it is so, once that it is not");
}

#[test]
fn several_stuck_uploads_of_a_target_are_told_one_at_a_time() {
    let world = world();
    world.upload(FUNCTION, GOOD);
    world.upload(FUNCTION, OTHER);
    for _ in 0..6 {
        pass(&world, 90);
        swept(&world, SweepRun::Everything);
        pass(&world, 5);
        swept(&world, SweepRun::Unfinished);
    }
    assert!(drift(&world, "UPLOAD_STUCK").is_open());
    assert_eq!(told(&world), 1);
}

#[test]
fn key_that_names_no_target_is_looked_after_as_well() {
    let world = world();
    world.upload("functions/a/b.zip", GOOD);
    world.upload("functions/", GOOD);
    pass(&world, 6);
    let run = swept(&world, SweepRun::Everything);
    // One of them is a folder that the S3 console makes, if it has no bytes.
    assert_eq!(run.resent.len(), 2);
    assert_eq!(run.targets, 0);
}

#[test]
fn nothing_is_found_where_all_is_as_it_should_be() {
    let world = sample_world();
    assert_eq!(found(&world), [""; 0]);
    let posture: Posture = world.state().record("posture.json").unwrap();
    assert_eq!(posture.targets.len(), 2);
    assert_eq!(posture.unfinished, 0);
    let function = &posture.targets[0];
    assert_eq!(function.state, Some(UploadState::Deployed));
    assert_eq!(function.deployed, function.current);
    assert!(
        function
            .signing_job
            .as_deref()
            .unwrap()
            .contains("/signing-jobs/")
    );
    assert_eq!(posture.functions[0].name, "checkout");
    assert!(posture.functions[0].code_signing_config.is_some());
    assert_eq!(posture.functions[0].signing_job, function.signing_job);
    assert_eq!(told(&world), 0);
    let writes = world
        .state()
        .records
        .keys()
        .filter(|path| path.starts_with("drift/"))
        .count();
    assert_eq!(writes, 0);
}

#[test]
fn code_that_was_changed_past_the_gate_is_told_once_and_closed_when_it_is_gone() {
    let world = sample_world();
    let ours = world.state().functions["checkout"].clone();
    world.intrude();
    for _ in 0..3 {
        assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    }
    assert_eq!(told(&world), 1);
    let open = drift(&world, "OTHER_CODE_RUNS");
    assert!(open.message.contains("none of the"), "{}", open.message);
    assert_eq!(open.expected, Some(ours.code_sha256.clone()));
    // Other code again is another thing to tell.
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(told(&world), 2);
    change(&world, |function| function.code_sha256 = ours.code_sha256);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "OTHER_CODE_RUNS").is_open());
    assert_eq!(told(&world), 3);
    found(&world);
    assert_eq!(told(&world), 3);
}

#[test]
fn older_package_that_was_put_back_is_named() {
    let world = world();
    let first = go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    let code = first.deployed.unwrap().code_sha256;
    change(&world, |function| function.code_sha256 = code);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    let message = drift(&world, "OTHER_CODE_RUNS").message;
    assert!(message.contains(&first.upload.label()), "{message}");
}

#[test]
fn alias_that_was_moved_or_weighted_past_the_gate_is_told() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    assert_eq!(found(&world), [""; 0]);
    world.weigh(Some("0.5"));
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    world.turn_back_aliases();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    change(&world, |function| function.aliases.clear());
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(told(&world), 3);
}

#[test]
fn alias_is_compared_while_other_code_is_latest() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    let last = go(&world, FUNCTION, OTHER).deployed.unwrap();
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    world.turn_back_aliases();
    for _ in 0..2 {
        assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
        let open = drift(&world, "OTHER_CODE_RUNS");
        let foreign = world.state().functions["checkout"].code_sha256.clone();
        assert_eq!(open.found, Some(format!("{foreign}; 1")));
        assert_eq!(open.expected, Some(format!("{}; 2", last.code_sha256)));
        assert!(open.message.contains("$LATEST of checkout has the code"));
        assert!(open.message.contains("points at version 1, and not at 2"));
    }
    assert_eq!(told(&world), 2, "the code, then code and alias");
    change(&world, |function| function.code_sha256 = last.code_sha256);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(drift(&world, "OTHER_CODE_RUNS").found.as_deref(), Some("1"));
}

/// An upload that Lambda takes, and whose alias it refuses to move; how far it came.
fn fail_at_alias(world: &World) -> Deployed {
    let admission = admitted(world, FUNCTION, OTHER);
    let refusal = countersign_gate::domain::Refusal {
        exception: "InvalidParameterValueException".to_owned(),
        message: "no".to_owned(),
    };
    world.state().alias_refuses = Some(refusal);
    let end = deployed(world, &deploy_settings(), admission, &patient(world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Failed);
    end.outcome.deployed.unwrap()
}

/// The page of the failure said how far it came: $LATEST, a version, and the alias at it.
#[test]
fn alias_that_a_failed_deployment_moved_is_not_told_again() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    let version = fail_at_alias(&world).version.unwrap();
    assert_eq!(found(&world), [""; 0]);
    change(&world, |function| {
        function
            .aliases
            .insert("live".to_owned(), AliasState::at(&version));
    });
    assert_eq!(found(&world), [""; 0]);
    // Weights beside that version are of somebody else.
    world.weigh(Some("0.5"));
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    change(&world, |function| {
        function
            .aliases
            .insert("live".to_owned(), AliasState::at("$LATEST"));
    });
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
}

#[test]
fn older_version_that_became_current_is_told() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    world.delete_for_good(FUNCTION, 1);
    assert_eq!(found(&world), ["OTHER_VERSION_CURRENT"]);
    assert_eq!(found(&world), ["OTHER_VERSION_CURRENT"]);
    assert_eq!(told(&world), 1);
    // What was uploaded again had its turn.
    go(&world, FUNCTION, GOOD);
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn refused_upload_is_no_drift() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    assert_eq!(go(&world, FUNCTION, SWAPPED).state, UploadState::Rejected);
    assert_eq!(found(&world), [""; 0]);
}

#[test]
fn missing_csc_and_missing_function_are_told() {
    let world = sample_world();
    change(&world, |function| function.csc = None);
    assert_eq!(found(&world), ["CSC_MISSING"]);
    world.delete_function();
    assert_eq!(found(&world), ["TARGET_GONE"]);
    assert!(!drift(&world, "CSC_MISSING").is_open());
    // The key is deleted, too: it was meant.
    world.delete(FUNCTION);
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "TARGET_GONE").is_open());
}

#[test]
fn revocation_of_what_runs_is_told() {
    let world = sample_world();
    let now = world.state().now;
    world.state().jobs_revoked_at = Some(now);
    assert_eq!(found(&world), ["SIGNATURE_REVOKED", "SIGNATURE_REVOKED"]);
    assert_eq!(told(&world), 2, "the function and the layer");
    world.state().jobs_revoked_at = None;
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 4);
    // A profile's revocation has a time from which it counts.
    pass(&world, 60);
    let now = world.state().now;
    let revoke = |effective_from| {
        world.state().profile = ProfileStatus::Revoked { effective_from };
    };
    revoke(now);
    assert_eq!(found(&world), ["PUBLISHER_QUESTIONABLE"]);
    revoke(now - SignedDuration::from_hours(24));
    assert_eq!(
        found(&world),
        [
            "SIGNATURE_REVOKED",
            "SIGNATURE_REVOKED",
            "PUBLISHER_QUESTIONABLE"
        ]
    );
    world.state().profile = ProfileStatus::Canceled;
    assert_eq!(found(&world), ["PUBLISHER_QUESTIONABLE"]);
}

/// Callers of an alias run what it points at, whatever `$LATEST` is.
#[test]
fn revocation_of_what_an_alias_points_at_is_told() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    go(&world, FUNCTION, OTHER);
    let asked = |world: &World, call: &str| {
        let state = world.state();
        state.calls.iter().filter(|it| **it == call).count()
    };
    let of_first = world.state().functions["checkout"].versions[0]
        .job_arn
        .clone();
    let id = of_first.as_deref().and_then(|arn| arn.rsplit('/').next());
    let id = SigningJobId::parse(id.unwrap()).unwrap();
    world.state().job_revoked = Some(id.clone());
    // Nobody points at the first version.
    let before = asked(&world, "signer:DescribeSigningJob");
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(asked(&world, "signer:DescribeSigningJob") - before, 1);
    change(&world, |function| {
        let mut beta = AliasState::at("2");
        beta.weights.insert("1".to_owned(), "0.1".to_owned());
        function.aliases.insert("beta".to_owned(), beta);
    });
    for _ in 0..2 {
        assert_eq!(found(&world), ["SIGNATURE_REVOKED"]);
    }
    assert_eq!(told(&world), 1);
    let open = drift(&world, "SIGNATURE_REVOKED");
    assert!(
        open.message
            .starts_with("of version 1, which an alias points at: the job"),
        "{open:?}"
    );
    assert_eq!(open.found.as_deref(), Some(id.as_str()));
    change(&world, |function| {
        function
            .aliases
            .insert("beta".to_owned(), AliasState::at("2"));
    });
    assert_eq!(found(&world), [""; 0]);
    assert!(!drift(&world, "SIGNATURE_REVOKED").is_open());
}

/// What was uploaded before the time from which a revocation counts, and signed after it.
#[test]
fn revocation_counts_from_when_it_was_signed() {
    let world = world();
    let uploaded_at = world.state().now;
    let admission = admitted(&world, FUNCTION, GOOD);
    pass(&world, 30);
    let end = deployed(&world, &deploy_settings(), admission, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Deployed);
    let signed_at = world.state().now;
    let revoke = |effective_from| {
        world.state().profile = ProfileStatus::Revoked { effective_from };
        let mut kinds = found(&world);
        kinds.retain(|kind| kind != "PUBLISHER_QUESTIONABLE");
        kinds
    };
    let minutes = SignedDuration::from_mins;
    assert_eq!(revoke(uploaded_at + minutes(10)), ["SIGNATURE_REVOKED"]);
    assert_eq!(revoke(signed_at + minutes(10)), [""; 0]);
}

#[test]
fn expiry_of_what_runs_is_told_ninety_thirty_and_seven_days_before_and_after() {
    let world = world();
    go(&world, FUNCTION, GOOD);
    let now = world.state().now;
    for (days, is_told, pages) in [
        (91, false, 0),
        (89, true, 1),
        (31, true, 1),
        (29, true, 2),
        (6, true, 3),
        (1, true, 3),
        (-1, true, 4),
    ] {
        world.state().signatures_expire_at = Some(now + SignedDuration::from_hours(24 * days));
        assert_eq!(found(&world).len(), usize::from(is_told), "{days} days");
        assert_eq!(told(&world), pages, "{days} days");
    }
    assert!(
        drift(&world, "SIGNATURE_EXPIRES")
            .message
            .contains("expired")
    );
}

#[test]
fn layer_that_was_published_past_the_gate_is_told() {
    let world = sample_world();
    let foreign = LayerState {
        description: String::new(),
        code_sha256: "foreign".to_owned(),
        storage: countersign_gate::domain::CodeStorage::Copied,
        slot: GOOD,
    };
    world
        .state()
        .layers
        .get_mut("common")
        .unwrap()
        .push(foreign);
    assert_eq!(found(&world), ["OTHER_LAYER_VERSION"]);
    world.state().layers.get_mut("common").unwrap().clear();
    assert_eq!(found(&world), ["TARGET_GONE"]);
}

#[test]
fn deleted_key_does_not_hide_what_runs() {
    let world = sample_world();
    world.delete(FUNCTION);
    assert_eq!(found(&world), [""; 0]);
    world.intrude();
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    // Not even if nothing is left of the key.
    world.state().uploads.remove(FUNCTION);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    assert_eq!(told(&world), 1);
}

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
fn deployment_at_work_is_left_alone() {
    let world = sample_world();
    world.intrude();
    admitted(&world, FUNCTION, OTHER);
    assert_eq!(found(&world), [""; 0]);
    assert_eq!(told(&world), 0);
}

/// An upload that never ends would hide for ever what no deployment explains.
#[test]
fn missing_csc_is_told_while_an_upload_is_on_its_way() {
    let world = sample_world();
    world.intrude();
    change(&world, |function| function.csc = None);
    admitted(&world, FUNCTION, OTHER);
    for _ in 0..2 {
        assert_eq!(found(&world), ["CSC_MISSING"]);
        let posture: Posture = world.state().record("posture.json").unwrap();
        let told: Vec<&str> = posture.targets[0]
            .drift
            .iter()
            .map(|kind| kind.as_str())
            .collect();
        assert_eq!(told, ["CSC_MISSING"]);
    }
    assert_eq!(told(&world), 1);
}

/// An upload that failed explains what runs only as long as nothing was deployed after it.
#[test]
fn code_of_an_overtaken_failure_that_comes_back_is_told() {
    let world = world();
    give_alias(&world, "$LATEST");
    go(&world, FUNCTION, GOOD);
    let failed = fail_at_alias(&world);
    assert_eq!(found(&world), [""; 0]);
    world.state().alias_refuses = None;
    pass(&world, 1);
    assert_eq!(go(&world, FUNCTION, GOOD).state, UploadState::Deployed);
    assert_eq!(found(&world), [""; 0]);
    let newest = world.state().functions["checkout"].code_sha256.clone();
    change(&world, |function| function.code_sha256 = failed.code_sha256);
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
    let version = failed.version.unwrap();
    change(&world, |function| {
        function.code_sha256 = newest;
        let alias = AliasState::at(&version);
        function.aliases.insert("live".to_owned(), alias);
    });
    assert_eq!(found(&world), ["OTHER_CODE_RUNS"]);
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
fn upload_that_was_deleted_for_good_on_its_way_comes_to_its_end() {
    let world = world();
    admitted(&world, FUNCTION, GOOD);
    let job = world.state().jobs.keys().next().unwrap().clone();
    world.end_job(&job);
    world.delete_for_good(FUNCTION, 0);
    pass(&world, 10);
    assert_eq!(swept(&world, SweepRun::Everything).resent.len(), 1);
    let end = deploy_job(&world, &deploy_settings(), &job, &patient(&world)).unwrap();
    assert_eq!(end.outcome.state, UploadState::Superseded);
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
