//! Runs use cases without a runtime.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use countersign_gate::{
    admission::{Admission, SignSettings, admit},
    deployment::{DeploySettings, Deployment, deploy},
    domain::{CscArn, NamePattern, Scope, SigningJobId, Stack, Uploader, VersionId},
    events::UploadEvent,
    outcome::{DeliveryAttempt, Finished, RetryableError},
    verdict::Policy,
};
use countersign_package::Limits;
use jiff::Timestamp;

use super::{
    RECORDS, SIGNED, UPLOADS, World,
    hands::Hands,
    packages::{CSC, Remembering},
};

/// An attempt that may be followed by others.
pub fn patient() -> DeliveryAttempt {
    DeliveryAttempt {
        attempt: 1,
        since: Timestamp::UNIX_EPOCH,
        give_up_at: Timestamp::MAX,
        work_until: Timestamp::MAX,
    }
}
/// The last attempt.
pub fn last_attempt() -> DeliveryAttempt {
    DeliveryAttempt {
        give_up_at: Timestamp::MIN,
        ..patient()
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
        limits: Limits::default(),
    }
}

pub fn deploy_settings() -> DeploySettings {
    DeploySettings {
        stack: stack(),
        policy: Policy::default(),
        layer_csc: Some(CscArn::parse(CSC).unwrap()),
    }
}

pub fn hands(world: &World, name: &str) -> Hands {
    Hands {
        world: world.clone(),
        name: name.to_owned(),
        early: Arc::default(),
    }
}

pub fn event(world: &World, key: &str, version: Option<VersionId>) -> UploadEvent {
    UploadEvent {
        bucket: UPLOADS.to_owned(),
        key: key.to_owned(),
        version,
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
    run(admit(
        &hands(world, "sign"),
        &sign_settings(),
        &event,
        patient(),
    ))
    .unwrap()
}

/// Ends the job of an admitted upload and deploys it.
pub fn deployed(
    world: &World,
    settings: &DeploySettings,
    admission: Admission,
    patience: DeliveryAttempt,
) -> Result<Finished, RetryableError> {
    let Admission::Signing { job, .. } = admission else {
        panic!("{admission:?}")
    };
    world.end_job(&job);
    deploy_job(world, settings, &job, patience)
}

pub fn deploy_job(
    world: &World,
    settings: &DeploySettings,
    job: &SigningJobId,
    patience: DeliveryAttempt,
) -> Result<Finished, RetryableError> {
    let examiner = Remembering::new();
    let deployment = run(deploy(
        &hands(world, "deploy"),
        &examiner,
        settings,
        job,
        patience,
    ))?;
    match deployment {
        Deployment::Finished(finished) => Ok(*finished),
        Deployment::NotOurs(why) => panic!("not ours: {why}"),
    }
}
