//! An upload waits as long as its patience, counted from when it was first worked on, and throttling is not
//! taken off it.

use std::collections::BTreeMap;

use countersign_gate::{
    admission::{Admission, admit},
    deployment::{Deployment, deploy},
    domain::{ReasonCode, SigningJobId},
    events::{SweepRun, UploadEvent},
    outcome::{DeliveryAttempt, RetryableError},
    records::{Drift, Outcome, Received, UploadState, Waiting},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, OTHER, go, world},
    sweep::{pass, swept, told},
    world::{
        FUNCTION, World,
        packages::CachingExaminer,
        run::{admitted, deploy_settings, event, hands, run_in, sign_settings},
    },
};

const HOUR: i64 = 3600;

/// A message in its queue, with a patience of an hour.
struct Message {
    first_received: Timestamp,
    receives: u32,
}

impl Message {
    fn new(world: &World) -> Self {
        Self {
            first_received: world.state().now,
            receives: 0,
        }
    }

    fn receive(&mut self, world: &World) -> DeliveryAttempt {
        self.receives += 1;
        let now = world.state().now;
        DeliveryAttempt {
            id: format!("message/{}", self.receives),
            attempt: self.receives,
            since: self.first_received,
            give_up_at: self.first_received + SignedDuration::from_hours(1),
            work_until: now + SignedDuration::from_mins(2),
        }
    }

    /// Hands it out until its work is done, and gives it up where the function would.
    fn until_done<T>(
        &mut self,
        world: &World,
        mut work: impl FnMut(&DeliveryAttempt) -> Result<T, RetryableError>,
    ) -> T {
        loop {
            let attempt = self.receive(world);
            let begins = world.state().now;
            let error = match work(&attempt) {
                Ok(done) => return done,
                Err(error) => error,
            };
            let is_given_up = match &error {
                RetryableError::Waiting(_) => false,
                error if error.waits_for_aws() => attempt.with_outage_patience().is_last(begins),
                _ => attempt.is_last(begins),
            };
            assert!(!is_given_up, "it goes to the dead letters: {error}");
            let delay = attempt.retry_delay().as_secs();
            world.state().tick(i64::try_from(delay).unwrap());
        }
    }
}

fn take_in(
    world: &World,
    event: &UploadEvent,
    attempt: &DeliveryAttempt,
) -> Result<Admission, RetryableError> {
    let hands = hands(world, "sign");
    run_in(world, admit(&hands, &sign_settings(), event, attempt))
}

fn bring_to_its_end(
    world: &World,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
) -> Result<Outcome, RetryableError> {
    let examiner = CachingExaminer::new();
    let (hands, settings) = (hands(world, "deploy"), deploy_settings());
    match run_in(
        world,
        deploy(&hands, &examiner, &settings, job, attempt, &|_, _| {}),
    )? {
        Deployment::Finished(finished) => Ok(finished.outcome),
        Deployment::NotOurs(why) => panic!("not ours: {why}"),
    }
}

/// Calls are throttled until so long after now.
struct Outage {
    calls: Vec<&'static str>,
    until: Timestamp,
}

impl Outage {
    fn of(world: &World, calls: &[&'static str], seconds: i64) -> Self {
        let until = world.state().now + SignedDuration::from_secs(seconds);
        let outage = Self {
            calls: calls.to_vec(),
            until,
        };
        outage.look(world);
        outage
    }

    /// Whether it lasts.
    fn look(&self, world: &World) -> bool {
        let mut state = world.state();
        let lasts = state.now < self.until;
        if lasts {
            state.broken.extend(&self.calls);
        } else {
            state.broken.clear();
        }
        lasts
    }
}

const SIGNER: [&str; 3] = [
    "signer:StartSigningJob",
    "signer:DescribeSigningJob",
    "signer:GetSigningProfile",
];

fn job_of(admission: &Admission) -> SigningJobId {
    let Admission::Signing { job, .. } = admission else {
        panic!("{admission:?}")
    };
    job.clone()
}

#[test]
fn outage_of_signer_for_longer_than_the_patience_loses_no_upload() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, Some(version));
    let outage = Outage::of(&world, &SIGNER, HOUR + HOUR / 2);
    let mut message = Message::new(&world);
    let mut failed = 0;
    let admission = message.until_done(&world, |attempt| {
        failed += usize::from(outage.look(&world));
        take_in(&world, &event, attempt)
    });
    assert!(failed > 60, "{failed} attempts, and SQS counts to 1,000");
    let job = job_of(&admission);
    world.end_job(&job);
    // And once more before the package is judged.
    let outage = Outage::of(&world, &SIGNER, HOUR + HOUR / 2);
    let outcome = Message::new(&world).until_done(&world, |attempt| {
        outage.look(&world);
        bring_to_its_end(&world, &job, attempt)
    });
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
}

#[test]
fn throttling_by_lambda_for_longer_than_the_patience_fails_no_upload() {
    for call in [
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetCodeSigningConfig",
        "lambda:UpdateFunctionCode DryRun",
        "lambda:UpdateFunctionCode",
        "lambda:PublishVersion",
        "lambda:GetAlias",
        "lambda:UpdateAlias",
    ] {
        let world = world();
        give_alias(&world, "$LATEST");
        let job = job_of(&admitted(&world, FUNCTION, GOOD));
        world.end_job(&job);
        let outage = Outage::of(&world, &[call], 2 * HOUR);
        let mut failed = 0;
        let outcome = Message::new(&world).until_done(&world, |attempt| {
            failed += usize::from(outage.look(&world));
            bring_to_its_end(&world, &job, attempt)
        });
        assert!(failed > 60, "{call}: {failed}");
        assert_eq!(outcome.state, UploadState::Deployed, "{call}: {outcome:#?}");
    }
}

/// Nobody could read the package for a day. Whose commit it is was known all the time.
#[test]
fn upload_that_is_given_up_before_it_is_read_keeps_its_metadata() {
    let world = world();
    let commit = ("commit".to_owned(), "1a2b3c".to_owned());
    world.state().metadata = BTreeMap::from([commit]);
    let version = world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, Some(version));
    let outage = Outage::of(&world, &["s3:GetObject upload"], 30 * HOUR);
    let admission = Message::new(&world).until_done(&world, |attempt| {
        outage.look(&world);
        take_in(&world, &event, attempt)
    });
    let Admission::Finished(finished) = admission else {
        panic!("{admission:?}")
    };
    assert_eq!(finished.outcome.code, Some(ReasonCode::Undecided));
    assert_eq!(finished.outcome.metadata["commit"], "1a2b3c");
    let path = format!("{}received.json", finished.outcome.upload.folder());
    let received: Received = world.state().record(&path).unwrap();
    assert!(received.bytes.is_some(), "{received:?}");
    assert_eq!(received.metadata["commit"], "1a2b3c");
}

/// Lambda throttled the function for three hours, in which the queue handed the message out again and again.
#[test]
fn receives_of_which_nothing_came_use_no_patience_up() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, Some(version));
    let mut message = Message::new(&world);
    message.receives = 40;
    world.state().tick(3 * HOUR);
    let outage = Outage::of(&world, &["signer:StartSigningJob"], 1);
    let began = world.state().now;
    let first = take_in(&world, &event, &message.receive(&world)).unwrap_err();
    assert!(matches!(first, RetryableError::Waiting(_)), "{first:?}");
    let path = waiting_path(&world);
    let waiting: Waiting = world.state().record(&path).unwrap();
    assert_eq!(waiting.since, began);
    // And three hours more before the second attempt.
    world.state().tick(3 * HOUR);
    world.state().broken.insert("signer:StartSigningJob");
    let second = take_in(&world, &event, &message.receive(&world)).unwrap_err();
    assert!(matches!(second, RetryableError::Waiting(_)), "{second:?}");
    outage.look(&world);
    let admission = message.until_done(&world, |attempt| take_in(&world, &event, attempt));
    let job = job_of(&admission);
    world.end_job(&job);
    let mut message = Message::new(&world);
    world.state().tick(3 * HOUR);
    // What is under way is waited for, as if nothing had been.
    world.state().updates_never_end = true;
    let first = bring_to_its_end(&world, &job, &message.receive(&world)).unwrap_err();
    assert!(matches!(first, RetryableError::Waiting(_)), "{first:?}");
    world.state().updates_never_end = false;
    world.settle();
    let end = bring_to_its_end(&world, &job, &message.receive(&world)).unwrap();
    assert_eq!(end.state, UploadState::Deployed);
}

fn waiting_path(world: &World) -> String {
    let state = world.state();
    let mut paths = state.records.keys();
    paths
        .find(|path| path.ends_with("/waiting.json"))
        .unwrap()
        .clone()
}

#[test]
fn waits_of_ones_own_end_after_the_patience() {
    let world = world();
    let job = job_of(&admitted(&world, FUNCTION, GOOD));
    world.end_job(&job);
    world.state().updates_never_end = true;
    let mut message = Message::new(&world);
    world.state().tick(3 * HOUR);
    let began = world.state().now;
    let outcome = message.until_done(&world, |attempt| bring_to_its_end(&world, &job, attempt));
    assert_eq!(outcome.state, UploadState::Failed);
    assert_eq!(outcome.code, Some(ReasonCode::NotCompleted));
    let took = outcome.decided_at.duration_since(began).as_secs();
    assert!((HOUR - 240..=HOUR + 240).contains(&took), "{took} s");
}

#[test]
fn nothing_waits_for_aws_for_ever() {
    let world = world();
    let version = world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, Some(version));
    world.state().broken.insert("signer:StartSigningJob");
    let began = world.state().now;
    let admission =
        Message::new(&world).until_done(&world, |attempt| take_in(&world, &event, attempt));
    let Admission::Finished(end) = admission else {
        panic!("{admission:?}")
    };
    assert_eq!(end.outcome.code, Some(ReasonCode::Undecided));
    let took = end.outcome.decided_at.duration_since(began).as_secs();
    assert!((12 * HOUR - 120..=12 * HOUR).contains(&took), "{took} s");
}

#[test]
fn upload_that_waits_for_aws_for_longer_than_its_patience_is_told() {
    let world = world();
    go(&world, FUNCTION, OTHER);
    let version = world.upload(FUNCTION, GOOD);
    let event = event(&world, FUNCTION, Some(version));
    let outage = Outage::of(&world, &["signer:StartSigningJob"], 3 * HOUR);
    let mut pages = Vec::new();
    let admission = Message::new(&world).until_done(&world, |attempt| {
        outage.look(&world);
        swept(&world, SweepRun::Unfinished);
        pages.push(told(&world));
        take_in(&world, &event, attempt)
    });
    assert_eq!((pages[50], *pages.last().unwrap()), (0, 1));
    let stuck = |world: &World| -> Drift {
        let path = "drift/functions/checkout/UPLOAD_STUCK.json";
        world.state().record(path).unwrap()
    };
    let message = stuck(&world).message;
    assert!(message.contains("it waits since"), "{message}");
    assert!(
        message.contains("StartSigningJob was throttled"),
        "{message}"
    );
    let job = job_of(&admission);
    world.end_job(&job);
    bring_to_its_end(&world, &job, &Message::new(&world).receive(&world)).unwrap();
    pass(&world, 10);
    swept(&world, SweepRun::Everything);
    assert!(!stuck(&world).is_open());
    assert_eq!(told(&world), 2);
}
