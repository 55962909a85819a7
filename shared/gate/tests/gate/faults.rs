//! A fault at each single call of an upload's way, and between any two of them: it ends as it should all the same.

use std::pin::pin;

use countersign_gate::{
    admission::{Admission, admit},
    deployment::{Deployment, deploy},
    domain::{SigningJobId, VersionId},
    outcome::{DeliveryAttempt, RetryableError},
    records::{Outcome, UploadState},
};

use crate::{
    aliases::give_alias,
    applied::job_of,
    happy_path::{GOOD, OTHER, world},
    world::{
        FUNCTION, FaultAt, LAYER, World,
        packages::CachingExaminer,
        run::{
            admitted, deploy_job, deploy_settings, event, hands, patient, poll_in, sign_settings,
        },
    },
};

/// What goes wrong at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Throttled,
    AnswerLost,
    /// The function is cut off once the call had its effect.
    CutOff,
    /// Another upload passes, from its beginning to its end.
    Overtaken,
}

const FAULTS: [Fault; 4] = [
    Fault::Throttled,
    Fault::AnswerLost,
    Fault::CutOff,
    Fault::Overtaken,
];

/// A function with an alias, or a layer.
fn prepared(key: &str) -> World {
    let world = world();
    if key == FUNCTION {
        give_alias(&world, "$LATEST");
    }
    world
}

/// One upload on its way.
struct Way {
    key: &'static str,
    world: World,
    version: VersionId,
    deliveries: u32,
    /// The job of the upload that passed, if it could not come to its end before this one.
    newer: Option<SigningJobId>,
}

impl Way {
    fn of(key: &'static str) -> Self {
        let world = prepared(key);
        let version = world.upload(key, GOOD);
        world.state().calls.clear();
        Self {
            key,
            world,
            version,
            deliveries: 0,
            newer: None,
        }
    }

    fn attempt(&mut self) -> DeliveryAttempt {
        self.deliveries += 1;
        DeliveryAttempt {
            id: format!("message/{}", self.deliveries),
            ..patient(&self.world)
        }
    }

    /// Runs the upload's way to its end, with this fault at this call, counted from 0; answers with its outcome
    /// and with how many calls there were.
    fn run(mut self, at: usize, fault: Option<Fault>) -> (World, Outcome, usize) {
        self.world.state().fault_at = match fault {
            Some(Fault::Throttled) => Some((at, FaultAt::Throttled)),
            Some(Fault::AnswerLost) => Some((at, FaultAt::AnswerLost)),
            _ => None,
        };
        let mut fault = fault.filter(|fault| matches!(fault, Fault::CutOff | Fault::Overtaken));
        let job = loop {
            match self.sign(at, &mut fault) {
                Some(Ok(Admission::Signing { job, .. })) => break job,
                Some(Ok(other)) => {
                    let Admission::Finished(end) = other else {
                        panic!("{other:?}")
                    };
                    return (self.world.clone(), end.outcome, 0);
                }
                Some(Err(_)) | None => self.wait(),
            }
        };
        self.world.end_job(&job);
        loop {
            match self.deploy(&job, at, &mut fault) {
                Some(Ok(Deployment::Finished(end))) => {
                    let calls = self.world.state().calls.len();
                    if let Some(job) = &self.newer {
                        let newer =
                            deploy_job(&self.world, &deploy_settings(), job, &patient(&self.world));
                        assert_eq!(newer.unwrap().outcome.state, UploadState::Deployed);
                    }
                    return (self.world.clone(), end.outcome, calls);
                }
                Some(Ok(Deployment::NotOurs(why))) => panic!("not ours: {why}"),
                Some(Err(_)) | None => self.wait(),
            }
        }
    }

    /// A lease of a delivery that was cut off runs out.
    fn wait(&self) {
        assert!(self.deliveries < 10, "it does not end");
        self.world.state().tick(15 * 60);
        self.world.settle();
    }

    /// `None` when it was cut off.
    fn sign(
        &mut self,
        at: usize,
        fault: &mut Option<Fault>,
    ) -> Option<Result<Admission, RetryableError>> {
        let (hands, settings) = (hands(&self.world, "sign"), sign_settings());
        let event = event(&self.world, self.key, Some(self.version.clone()));
        let attempt = self.attempt();
        let mut work = pin!(admit(&hands, &settings, &event, &attempt));
        loop {
            if let std::task::Poll::Ready(done) = poll_in(&self.world, work.as_mut()) {
                return Some(done);
            }
            if self.is_time(at, fault) {
                return None;
            }
        }
    }

    fn deploy(
        &mut self,
        job: &SigningJobId,
        at: usize,
        fault: &mut Option<Fault>,
    ) -> Option<Result<Deployment, RetryableError>> {
        let (hands, settings) = (hands(&self.world, "deploy"), deploy_settings());
        let attempt = self.attempt();
        let examiner = CachingExaminer::new();
        let mut work = Box::pin(deploy(
            &hands,
            &examiner,
            &settings,
            job,
            &attempt,
            &|_, _| {},
        ));
        loop {
            if let std::task::Poll::Ready(done) = poll_in(&self.world, work.as_mut()) {
                return Some(done);
            }
            if self.is_time(at, fault) {
                return None;
            }
        }
    }

    /// Whether the function is cut off now; lets another upload pass if that is due.
    fn is_time(&mut self, at: usize, fault: &mut Option<Fault>) -> bool {
        if self.world.state().calls.len() <= at {
            return false;
        }
        match fault.take() {
            Some(Fault::CutOff) => return true,
            Some(Fault::Overtaken) => {
                let calls = self.world.state().calls.len();
                let newer = job_of(&admitted(&self.world, self.key, OTHER));
                self.world.end_job(&newer);
                let attempt = patient(&self.world);
                // One may have to wait for its turn.
                match deploy_job(&self.world, &deploy_settings(), &newer, &attempt) {
                    Ok(end) => assert_eq!(end.outcome.state, UploadState::Deployed),
                    Err(_) => self.newer = Some(newer),
                }
                self.world.state().calls.truncate(calls);
            }
            _ => {}
        }
        false
    }
}

/// What runs, and what the alias points at.
fn running(world: &World, key: &str) -> String {
    let state = world.state();
    if key == LAYER {
        let newest = state.layers["common"].last().unwrap();
        return newest.code_sha256.clone();
    }
    let function = &state.functions["checkout"];
    let at: usize = function.aliases["live"].version.parse().unwrap();
    assert_eq!(
        function.versions[at - 1].code_sha256,
        function.code_sha256,
        "the alias is at what runs"
    );
    function.code_sha256.clone()
}

fn faults_at_each_call(key: &'static str, least: usize) {
    let (world, smooth, calls) = Way::of(key).run(usize::MAX, None);
    assert_eq!(smooth.state, UploadState::Deployed);
    assert!(calls >= least, "{calls}");
    let (good, other) = {
        let state = world.state();
        let code = |slot: usize| state.packages[slot].code_sha256.clone();
        (code(GOOD), code(OTHER))
    };
    for at in 0..calls {
        for fault in FAULTS {
            // Behind the last call there is nobody to be overtaken.
            if fault == Fault::Overtaken && at + 1 == calls {
                continue;
            }
            let (world, end, _) = Way::of(key).run(at, Some(fault));
            let call = format!("{fault:?} at {at} of {key}");
            let outcomes = world.state().outcomes().len();
            let announced = world.state().events.len();
            if fault == Fault::Overtaken {
                assert_eq!(running(&world, key), other, "{call}");
                assert_eq!(outcomes, 2, "{call}");
                assert_ne!(end.state, UploadState::Rejected, "{call}");
            } else {
                assert_eq!(end.state, UploadState::Deployed, "{call}: {end:#?}");
                assert_eq!(running(&world, key), good, "{call}");
                assert_eq!(outcomes, 1, "{call}");
            }
            assert!(announced >= outcomes, "{call}");
        }
    }
}

#[test]
fn function_is_deployed_whatever_goes_wrong_at_whichever_call() {
    faults_at_each_call(FUNCTION, 30);
}

#[test]
fn layer_is_published_whatever_goes_wrong_at_whichever_call() {
    faults_at_each_call(LAYER, 20);
}
