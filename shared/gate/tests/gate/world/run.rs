//! Runs use cases without a runtime.

use std::{
    collections::BTreeSet,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use countersign_gate::{
    admission::{Admission, SignSettings, admit},
    deployment::{
        CanaryPolicy, DeploySettings, Deployment, PeopleSettings, ProvenanceSettings, deploy,
    },
    domain::{
        CodeStorage, CscArn, NamePattern, PersonalRoles, Scope, SigningJobId, Stack, Uploader,
        VersionId,
    },
    events::UploadEvent,
    outcome::{DeliveryAttempt, Finished, RetryableError},
    ports::QuotaShare,
    records::SettingsPosture,
    sweep::SweepSettings,
    verdict::{BuilderTrust, DemandParts, MissingCscPolicy, OperatorPolicy},
};
use countersign_package::Limits;
use jiff::SignedDuration;

use super::{
    RECORDS, SIGNED, UPLOADS, World,
    invariants::Seen,
    packages::{CSC, CachingExaminer},
    simulated_ports::SimulatedPorts,
};

/// An attempt that may be followed by others: two minutes of an hour.
pub fn patient(world: &World) -> DeliveryAttempt {
    let now = world.state().now;
    DeliveryAttempt {
        id: format!("message/{now}"),
        attempt: 1,
        since: now,
        give_up_at: now + SignedDuration::from_hours(1),
        work_until: now + SignedDuration::from_mins(2),
    }
}

/// The last attempt.
pub fn last_attempt(world: &World) -> DeliveryAttempt {
    let attempt = patient(world);
    DeliveryAttempt {
        give_up_at: attempt.since,
        ..attempt
    }
}

/// What an upload waits for.
pub fn why(error: &RetryableError) -> &RetryableError {
    match error {
        RetryableError::Waiting(why) | RetryableError::WaitingForPeople { why, .. } => why,
        error => error,
    }
}

/// Polls a future until it is done; nothing else happens meanwhile.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Polls a future until it is done, and moves the world's clock whenever it only sleeps.
pub fn run_in<F: Future>(world: &World, future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_in(world, future.as_mut()) {
            return output;
        }
    }
}

/// Polls a task once; where it only sleeps, the world's clock moves.
pub fn poll_in<F: Future + ?Sized>(world: &World, task: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    let turns = {
        let mut state = world.state();
        state.sleepers.clear();
        state.turns
    };
    let poll = task.poll(&mut Context::from_waker(Waker::noop()));
    if poll.is_pending() && world.state().turns == turns {
        world.wake_the_next();
    }
    poll
}

pub fn stack() -> Stack {
    Stack {
        name: "gate".to_owned(),
        uploads_bucket: UPLOADS.to_owned(),
        signed_bucket: SIGNED.to_owned(),
        records_bucket: RECORDS.to_owned(),
    }
}

pub fn sign_settings() -> SignSettings {
    SignSettings {
        stack: stack(),
        profile: World::profile_name(),
        scope: Scope {
            functions: NamePattern::parse("*").unwrap(),
            layers: NamePattern::parse("*").unwrap(),
            tagged_profiles: None,
        },
        requires_managed_tag: false,
        limits: Limits::default(),
    }
}

pub fn sweep_settings() -> SweepSettings {
    SweepSettings {
        stack: stack(),
        scope: sign_settings().scope,
        cscs: vec![CscArn::parse(CSC).unwrap()],
        without_csc: MissingCscPolicy::Reject,
        weaker_parameters: Vec::new(),
        watched: SettingsPosture {
            target_functions: "*".to_owned(),
            target_layers: "*".to_owned(),
            peer_roles: BTreeSet::new(),
            trust_roots: BTreeSet::from(["ab".repeat(32)]),
        },
        patience: std::time::Duration::from_hours(1),
        daily_probe: None,
        quota_share: QuotaShare::TENTH,
        heeds_freezes: false,
        summarizes: false,
    }
}

pub fn deploy_settings() -> DeploySettings {
    DeploySettings {
        stack: stack(),
        policy: OperatorPolicy::default(),
        layer_csc: Some(CscArn::parse(CSC).unwrap()),
        new_function_csc: Some(CscArn::parse(CSC).unwrap()),
        canary: CanaryPolicy::Wait,
        requires_managed_tag: false,
        storage: CodeStorage::Copied,
        people: people_settings(),
        kept_versions: None,
        provenance: ProvenanceSettings {
            demand: DemandParts::default(),
            trust: BuilderTrust::built_in(),
            wait: std::time::Duration::from_mins(1),
        },
    }
}

/// Nobody is asked.
pub fn people_settings() -> PeopleSettings {
    PeopleSettings {
        required_approvals: 0,
        approval_lifetime: Duration::from_hours(24),
        max_wait: Duration::from_hours(72),
        personal_roles: PersonalRoles::default(),
        heeds_freezes: false,
        allows_break_glass: false,
        probe: None,
    }
}

pub fn hands(world: &World, name: &str) -> SimulatedPorts {
    let state = world.state();
    let function = state.functions.get("checkout");
    let config = function.map_or(0, |found| found.config);
    let seen = Seen::since(state.ticks, state.now, config);
    SimulatedPorts {
        world: world.clone(),
        name: name.to_owned(),
        delivery: name.to_owned(),
        seen: Arc::new(Mutex::new(seen)),
        asked: Arc::default(),
        late: Arc::default(),
        early: Arc::default(),
    }
}

pub fn event(world: &World, key: &str, version: Option<VersionId>) -> UploadEvent {
    UploadEvent {
        bucket: UPLOADS.to_owned(),
        key: key.to_owned(),
        version,
        sequencer: None,
        uploaded_by: Uploader {
            principal: Some("ann".to_owned()),
            source_ip: None,
        },
        at: world.state().now,
    }
}

/// Uploads a slot's package and has it admitted.
pub fn admitted(world: &World, key: &str, slot: usize) -> Admission {
    let version = world.upload(key, slot);
    let event = event(world, key, Some(version));
    run_in(
        world,
        admit(
            &hands(world, "sign"),
            &sign_settings(),
            &event,
            &patient(world),
        ),
    )
    .unwrap()
}

/// Ends the job of an admitted upload and deploys it.
pub fn deployed(
    world: &World,
    settings: &DeploySettings,
    admission: Admission,
    attempt: &DeliveryAttempt,
) -> Result<Finished, RetryableError> {
    let Admission::Signing { job, .. } = admission else {
        panic!("{admission:?}")
    };
    world.end_job(&job);
    deploy_job(world, settings, &job, attempt)
}

pub fn deploy_job(
    world: &World,
    settings: &DeploySettings,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
) -> Result<Finished, RetryableError> {
    let examiner = CachingExaminer::new();
    let deployment = run_in(
        world,
        deploy(
            &hands(world, "deploy"),
            &examiner,
            settings,
            job,
            attempt,
            &|_, _| {},
        ),
    )?;
    match deployment {
        Deployment::Finished(finished) => Ok(*finished),
        Deployment::NotOurs(why) => panic!("not ours: {why}"),
    }
}
