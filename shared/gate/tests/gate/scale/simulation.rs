//! Uploads on their way through the stack, in simulated time: queues, functions and quotas.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::MINUTE;
use crate::{
    aliases::give_alias,
    happy_path::{GOOD, world},
    world::{
        FUNCTION, World,
        quotas::{Bucket, CONTROL_PLANE, Draws, GET_FUNCTION, draws},
        random::Random,
        run::{admitted, deploy_settings, deployed, patient},
    },
};

/// How long AWS takes, in milliseconds. Assumed.
struct Latency;

impl Latency {
    const SIGNING: u64 = 5_000;
    const UPDATE: u64 = 2_000;
    const VERSION: u64 = 500;
    /// An event on its way, from S3 or Signer through a queue to its function.
    const DELIVERY: u64 = 500;

    fn of(call: &str) -> u64 {
        match call {
            "lambda:UpdateFunctionCode" | "lambda:UpdateFunctionCode DryRun" => 400,
            "lambda:PublishVersion" => 200,
            "s3:CopyObject" | "s3:GetObject upload" | "s3:GetObject signed" => 80,
            call if call.starts_with("lambda:") => 50,
            call if call.starts_with("signer:") => 100,
            _ => 30,
        }
    }
}

/// The calls of one upload of a function with an alias.
pub(crate) struct Trace {
    pub(super) sign: Vec<&'static str>,
    pub(super) deploy: Vec<&'static str>,
}

pub(super) fn with_alias() -> World {
    let world = world();
    give_alias(&world, "$LATEST");
    world
}

pub(crate) fn trace() -> Trace {
    let world = with_alias();
    let admission = admitted(&world, FUNCTION, GOOD);
    let sign = std::mem::take(&mut world.state().calls);
    deployed(&world, &deploy_settings(), admission, &patient(&world)).unwrap();
    let deploy = std::mem::take(&mut world.state().calls);
    Trace { sign, deploy }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Sign,
    Deploy,
}

/// An upload on its way.
struct Upload {
    stage: Stage,
    /// Which call is next.
    call: usize,
    /// Up to which call everything was done that is not done again.
    done: usize,
    receives: u32,
    /// Attempts of the call that is next.
    tries: u32,
    /// When what was begun on Lambda is done.
    ready_at: u64,
    pause: u64,
    live_at: Option<u64>,
}

/// What is to be simulated.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) uploads: usize,
    pub(super) sign_concurrency: usize,
    pub(super) deploy_concurrency: usize,
    /// Signer throttles everything for so long, from the beginning.
    pub(super) signer_is_away: u64,
    /// So many jobs may be started in a second; `None`: as many as one likes.
    pub(super) starts_a_second: Option<u64>,
}

/// What came of it.
pub(crate) struct Result {
    /// When each upload was live, from the first one's arrival on; in order.
    pub(crate) lives: Vec<u64>,
    /// When the last one was.
    pub(crate) last_live: u64,
    pub(super) throttled: u64,
    pub(super) most_receives: u32,
    /// What the quotas alone would take.
    pub(crate) quota_alone: u64,
}

pub(super) struct Simulation<'a> {
    plan: Plan,
    trace: &'a Trace,
    uploads: Vec<Upload>,
    /// When what happens next to which upload.
    events: BinaryHeap<Reverse<(u64, usize, bool)>>,
    queues: [VecDeque<usize>; 2],
    busy: [usize; 2],
    control_plane: Bucket,
    get_function: Bucket,
    starts: Option<Bucket>,
    random: Random,
    throttled: u64,
    most_receives: u32,
}

impl<'a> Simulation<'a> {
    /// The uploads come evenly within a minute.
    pub(super) fn run(plan: Plan, trace: &'a Trace) -> Result {
        let mut events = BinaryHeap::new();
        let count = u64::try_from(plan.uploads).unwrap();
        for at in 0..plan.uploads {
            let arrival = MINUTE * u64::try_from(at).unwrap() / count;
            events.push(Reverse((arrival + Latency::DELIVERY, at, true)));
        }
        let upload = || Upload {
            stage: Stage::Sign,
            call: 0,
            done: 0,
            receives: 0,
            tries: 0,
            ready_at: 0,
            pause: 0,
            live_at: None,
        };
        let mut simulation = Self {
            plan,
            trace,
            uploads: std::iter::repeat_with(upload).take(plan.uploads).collect(),
            events,
            queues: [VecDeque::new(), VecDeque::new()],
            busy: [0, 0],
            control_plane: Bucket::of(CONTROL_PLANE),
            get_function: Bucket::of(GET_FUNCTION),
            starts: plan.starts_a_second.map(Bucket::of),
            random: Random::new(7),
            throttled: 0,
            most_receives: 0,
        };
        while let Some(Reverse((now, at, is_message))) = simulation.events.pop() {
            if is_message {
                let queue = stage_number(simulation.uploads[at].stage);
                simulation.queues[queue].push_back(at);
            } else {
                simulation.go_on(now, at);
            }
            simulation.hand_out(now);
        }
        simulation.result()
    }

    fn result(&self) -> Result {
        let lives = self.uploads.iter().map(|upload| upload.live_at);
        let mut lives: Vec<u64> = lives.map(|at| at.expect("no upload is lost")).collect();
        lives.sort_unstable();
        let calls = || self.trace.sign.iter().chain(&self.trace.deploy);
        let of = |quota| calls().filter(|call| draws(call) == quota).count();
        let seconds = |quota, rate: u64| {
            let calls = u64::try_from(of(quota) * self.plan.uploads).unwrap();
            calls * 1000 / rate
        };
        Result {
            last_live: *lives.last().unwrap(),
            lives,
            throttled: self.throttled,
            most_receives: self.most_receives,
            quota_alone: seconds(Draws::ControlPlane, CONTROL_PLANE)
                .max(seconds(Draws::GetFunction, GET_FUNCTION)),
        }
    }

    /// Lambda takes messages off the queues as long as it may run more.
    fn hand_out(&mut self, now: u64) {
        let most = [self.plan.sign_concurrency, self.plan.deploy_concurrency];
        for (stage, most) in most.into_iter().enumerate() {
            while self.busy[stage] < most {
                let Some(at) = self.queues[stage].pop_front() else {
                    break;
                };
                self.busy[stage] += 1;
                self.uploads[at].receives += 1;
                self.most_receives = self.most_receives.max(self.uploads[at].receives);
                self.uploads[at].call = 0;
                self.events.push(Reverse((now, at, false)));
            }
        }
    }

    fn calls(&self, at: usize) -> &'a [&'static str] {
        match self.uploads[at].stage {
            Stage::Sign => &self.trace.sign,
            Stage::Deploy => &self.trace.deploy,
        }
    }

    /// The function makes its next call.
    fn go_on(&mut self, now: u64, at: usize) {
        let calls = self.calls(at);
        let stage = self.uploads[at].stage;
        let Some(call) = calls.get(self.uploads[at].call).copied() else {
            self.end(now, at, stage);
            return;
        };
        if !self.is_allowed(now, call) {
            self.throttled += 1;
            self.retry(now, at, stage);
            return;
        }
        let upload = &mut self.uploads[at];
        upload.tries = 0;
        let after = now + Latency::of(call);
        // What is under way is waited for: each look is a call.
        let waits = matches!(call, "lambda:GetFunction" | "lambda:GetFunction version");
        if waits && after < upload.ready_at {
            upload.pause = if upload.pause == 0 {
                100
            } else {
                (upload.pause * 6 / 5).min(250)
            };
            let next = after + upload.pause;
            self.events.push(Reverse((next, at, false)));
            return;
        }
        upload.pause = 0;
        // What was done by an earlier attempt is seen, and not done again.
        if upload.call >= upload.done {
            match call {
                "lambda:UpdateFunctionCode" => upload.ready_at = after + Latency::UPDATE,
                "lambda:PublishVersion" => upload.ready_at = after + Latency::VERSION,
                _ => {}
            }
        }
        upload.call += 1;
        upload.done = upload.done.max(upload.call);
        self.events.push(Reverse((after, at, false)));
    }

    fn is_allowed(&mut self, now: u64, call: &str) -> bool {
        if call.starts_with("signer:") && now < self.plan.signer_is_away {
            return false;
        }
        match draws(call) {
            Draws::ControlPlane => self.control_plane.take(now),
            Draws::GetFunction => self.get_function.take(now),
            Draws::Signer if call == "signer:StartSigningJob" => {
                let starts = self.starts.as_mut();
                starts.is_none_or(|starts| starts.take(now))
            }
            Draws::Signer | Draws::None => true,
        }
    }

    /// The SDK tries five times; then the message goes back to its queue, and comes again later.
    fn retry(&mut self, now: u64, at: usize, stage: Stage) {
        let upload = &mut self.uploads[at];
        upload.tries += 1;
        if upload.tries < 5 {
            let most = (400_u64 << upload.tries).min(5_000);
            let wait = self.random.next() % most;
            self.events.push(Reverse((now + wait, at, false)));
            return;
        }
        upload.tries = 0;
        let delay = 1000 * (1_u64 << (upload.receives - 1).min(6)).min(60);
        let jitter = 800 + self.random.next() % 401;
        let back = now + delay * jitter / 1000;
        self.events.push(Reverse((back, at, true)));
        self.busy[stage_number(stage)] -= 1;
    }

    fn end(&mut self, now: u64, at: usize, stage: Stage) {
        self.busy[stage_number(stage)] -= 1;
        let upload = &mut self.uploads[at];
        match stage {
            Stage::Sign => {
                upload.stage = Stage::Deploy;
                (upload.receives, upload.done) = (0, 0);
                let signed = now + Latency::SIGNING + Latency::DELIVERY;
                self.events.push(Reverse((signed, at, true)));
            }
            Stage::Deploy => upload.live_at = Some(now),
        }
    }
}

fn stage_number(stage: Stage) -> usize {
    usize::from(stage == Stage::Deploy)
}

/// How long a deployment with nobody in its way holds its function, in milliseconds.
pub(super) fn holds(trace: &Trace) -> u64 {
    let plan = Plan {
        uploads: 1,
        sign_concurrency: 1,
        deploy_concurrency: 1,
        signer_is_away: 0,
        starts_a_second: None,
    };
    let alone = Simulation::run(plan, trace).last_live;
    let sign: u64 = trace.sign.iter().map(|call| Latency::of(call)).sum();
    alone - 2 * Latency::DELIVERY - Latency::SIGNING - sign
}
