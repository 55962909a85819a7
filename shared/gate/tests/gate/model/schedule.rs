//! One schedule: what comes when, told by a number.

use std::{
    future::Future,
    num::NonZeroU32,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::Poll,
};

use countersign_gate::{
    admission::{SignSettings, admit},
    alerts::alert,
    deployment::{
        ALIAS_TAG, CanaryPolicy, DeploySettings, Deployment, KeptVersions, deploy, prune, summarize,
    },
    domain::{SigningJobId, StackArn, VersionId},
    events::{JobEvent, SweepRun, UploadEvent},
    outcome::DeliveryAttempt,
    ports::UploadFunction,
    sweep::{SweepReport, SweepSettings, sweep},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    alerting::{self, LIFETIME},
    attested::{demanding_provenance, demands_provenance, proof_of},
    people::{asking_people, asks_people},
};
use crate::world::{
    AliasState, FUNCTION, Faults, LAYER, Mistake, PublishedVersion, World, WorldState,
    packages::{CachingExaminer, STACK, slots},
    people::{SOMEBODY_ELSE, UPLOADER},
    random::Random,
    run::{
        deploy_settings, event, hands, patient, poll_in, run_in, sign_settings, stack,
        sweep_settings,
    },
    trail::ALERT,
};

/// About as many calls as a deployment makes: each place between two of them is as likely to be
/// where it stands still.
const CALLS: usize = 40;

/// The calls after which being overtaken matters most: what is read there guards what is changed later.
const TIGHT_SPOTS: [&str; 7] = [
    "s3:HeadObject",
    "s3:HeadObject current",
    "s3:GetObject upload",
    "s3:CopyObject",
    "lambda:GetFunction",
    "lambda:GetAlias",
    "lambda:PublishVersion",
];

/// What of an invocation is kept back for the ending.
const KEPT_BACK_SECONDS: i64 = 30;

/// What the model complains of when uploads that got stuck stay so.
pub(super) const NEVER_STILL: &str = "a sweep finds something to do for ever";

/// What the world complains of when there was no time for the ending.
pub(super) const OUT_OF_TIME: &str = "the last attempt ran out of its time";

pub(super) type Task = Pin<Box<dyn Future<Output = bool> + Send>>;

#[derive(Clone)]
pub(super) enum Event {
    Uploaded(UploadEvent),
    JobEnded(SigningJobId),
    Scheduled(SweepRun),
    /// The id of an event, and its body.
    Alert(String, Arc<str>),
}

/// An event in its queue: handed out again until its work is done.
pub(super) struct Message {
    pub(super) event: Event,
    pub(super) received: u32,
    pub(super) done: bool,
    pub(super) task: Option<Task>,
    /// What the world calls this delivery.
    name: String,
    /// When the function that works on it is cut off.
    ends_at: Timestamp,
    /// Its function was.
    is_cut_off: bool,
}

struct Common {
    examiner: CachingExaminer,
    sign: SignSettings,
    deploy: [DeploySettings; 3],
    /// The same, where people are asked.
    asking: [DeploySettings; 3],
    /// The same, where it has to be proven where packages were built.
    proving: [DeploySettings; 3],
    sweep: SweepSettings,
    /// Who verified, in summaries.
    verifier: StackArn,
}

fn common() -> &'static Common {
    static COMMON: OnceLock<Common> = OnceLock::new();
    let with = |canary| DeploySettings {
        canary,
        kept_versions: Some(KeptVersions {
            newest: NonZeroU32::MIN,
            days: 0,
        }),
        ..deploy_settings()
    };
    let asking = |canary| DeploySettings {
        people: asking_people(),
        ..with(canary)
    };
    let proving = |canary| DeploySettings {
        provenance: demanding_provenance(),
        ..with(canary)
    };
    COMMON.get_or_init(|| Common {
        examiner: CachingExaminer::new(),
        sign: sign_settings(),
        deploy: [
            with(CanaryPolicy::Wait),
            with(CanaryPolicy::Refuse),
            with(CanaryPolicy::TakeOver),
        ],
        asking: [
            asking(CanaryPolicy::Wait),
            asking(CanaryPolicy::Refuse),
            asking(CanaryPolicy::TakeOver),
        ],
        proving: [
            proving(CanaryPolicy::Wait),
            proving(CanaryPolicy::Refuse),
            proving(CanaryPolicy::TakeOver),
        ],
        sweep: sweep_settings(),
        verifier: StackArn::parse(STACK).unwrap(),
    })
}

/// What kind of schedule it is.
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Events go to the dead letters after two attempts.
    pub(super) is_impatient: bool,
    /// Attempts are shorter than a version takes to get ready.
    is_short: bool,
    /// People and programs change what the gate works on.
    pub(super) is_meddled_with: bool,
    /// Uploads come while another is worked on, between two of its calls, and not before.
    is_racing: bool,
    /// Somebody forges events, and records as far as they can be.
    pub(super) is_forged: bool,
    /// Which of the settings the canary has.
    canary: usize,
    /// Events are lost, and schedules start `sweep`.
    pub(super) is_lossy: bool,
    /// Old versions are deleted after each deployment.
    prunes: bool,
    /// The stack signs summaries of deployments.
    pub(super) summarizes: bool,
    /// Somebody revokes what was signed.
    is_revoked: bool,
    /// `alert` runs, and somebody goes past the gate.
    pub(super) alerts: bool,
    /// Uploads take an approval, and the glass may be broken.
    pub(super) asks_people: bool,
    /// It has to be proven where packages were built.
    pub(super) demands_provenance: bool,
}

/// What everything that happens in a step is drawn from: a step can be left out, and the others stay what they
/// were.
#[derive(Clone)]
pub(super) struct StepStart {
    own: Random,
    worlds: Random,
}

/// What is known of a schedule while it runs, and after it failed.
#[derive(Default)]
pub(super) struct Told {
    pub(super) world: Option<World>,
    /// The steps that it came to; the last is the rest, if it came to that.
    pub(super) steps: Vec<StepStart>,
    pub(super) is_at_rest: bool,
}

pub(super) struct Schedule {
    pub(super) world: World,
    pub(super) random: Random,
    messages: Vec<Message>,
    pub(super) kind: Kind,
    /// What is still to be uploaded, last first, and where.
    to_come: Vec<(usize, &'static str)>,
    /// How often an event is handed out before it goes to the dead letters.
    pub(super) most: u32,
    /// The message whose task is favoured.
    favourite: Option<usize>,
    /// When a whole upload passes the deployment that made the last call.
    overtaking: Overtaking,
    /// Nothing is lost any more.
    pub(super) is_at_rest: bool,
}

/// When a deployment is overtaken.
enum Overtaking {
    /// After so many calls of deployments.
    CallsToGo(usize),
    /// After so many more calls of this name, wherever they are.
    After(usize, &'static str),
}

impl Overtaking {
    fn at_random(random: &mut Random) -> Self {
        if random.in_1000(500) {
            Self::CallsToGo(random.below(CALLS))
        } else {
            Self::After(
                random.below(3),
                TIGHT_SPOTS[random.below(TIGHT_SPOTS.len())],
            )
        }
    }
}

impl Schedule {
    /// Runs the schedule of this number to its end.
    pub(super) fn run(seed: u64, tracing: bool, mistake: Option<Mistake>, told: &mut Told) -> Self {
        let mut schedule = Self::begin(seed, tracing, mistake, told);
        let steps = 40 + schedule.random.below(160);
        for _ in 0..steps {
            told.steps.push(schedule.step_start());
            schedule.step();
        }
        told.steps.push(schedule.step_start());
        told.is_at_rest = true;
        schedule.come_to_rest();
        schedule
    }

    /// Runs the same schedule with some of its steps alone.
    pub(super) fn run_only(
        seed: u64,
        tracing: bool,
        mistake: Option<Mistake>,
        steps: &[StepStart],
        told: &mut Told,
    ) -> Self {
        let mut schedule = Self::begin(seed, tracing, mistake, told);
        let (rest, steps) = steps.split_last().expect("there is a rest");
        for start in steps {
            schedule.go_to(start);
            schedule.step();
        }
        schedule.go_to(rest);
        schedule.come_to_rest();
        schedule
    }

    fn step_start(&self) -> StepStart {
        StepStart {
            own: self.random.clone(),
            worlds: self.world.state().random.clone(),
        }
    }

    fn go_to(&mut self, start: &StepStart) {
        self.random = start.own.clone();
        self.world.state().random = start.worlds.clone();
    }

    fn begin(seed: u64, tracing: bool, mistake: Option<Mistake>, told: &mut Told) -> Self {
        let mut random = Random::new(seed);
        let world = World::new(slots(), seed ^ 0x5EED);
        told.world = Some(world.clone());
        let kind = Kind {
            is_impatient: random.in_1000(200),
            is_short: random.in_1000(200),
            is_meddled_with: random.in_1000(500),
            is_racing: random.in_1000(500),
            // Who uploads and approves is then known from events, which nobody forges where people are asked.
            is_forged: random.in_1000(200) && !asks_people(seed),
            canary: random.below(3),
            // By the seed alone, so that older schedules stay what they were.
            is_lossy: seed % 8 == 4 || seed % 32 == 8,
            prunes: seed % 8 == 6,
            summarizes: matches!(seed % 32, 11 | 12),
            is_revoked: seed % 8 == 2,
            alerts: runs_alert(seed),
            asks_people: asks_people(seed),
            demands_provenance: demands_provenance(seed),
        };
        {
            let mut state = world.state();
            state.tracing = tracing;
            state.mistake = mistake;
            state.canaries_are_safe = kind.canary < 2;
            state.trail.is_on = kind.alerts;
            state.asks_people = kind.asks_people;
            state.demands_provenance = kind.demands_provenance;
            state.proves = proof_of;
            prepare(&mut state, &mut random, kind);
        }
        let to_come = to_come(&mut random, layers_in_1000(seed));
        let mut schedule = Self {
            world,
            random,
            messages: Vec::new(),
            kind,
            to_come,
            most: if kind.is_impatient { 2 } else { 1000 },
            favourite: None,
            overtaking: Overtaking::CallsToGo(0),
            is_at_rest: false,
        };
        schedule.overtaking = Overtaking::at_random(&mut schedule.random);
        // Often there is a history: something was deployed before all this.
        if schedule.random.in_1000(500) {
            schedule.overtake(None);
        }
        schedule
    }

    pub(super) fn refuses_canaries(&self) -> bool {
        self.kind.canary == 1
    }

    /// One thing happens.
    fn step(&mut self) {
        match self.random.below(100) {
            0..=3 if self.kind.is_racing && self.is_at_work() => self.go_on_with_a_task(),
            0..=3 => self.upload(),
            4..=19 => self.start_a_message(),
            20..=25 => self.end_a_job(),
            26..=27 if !self.kind.is_racing || self.random.in_1000(200) => self.crash_a_task(),
            28..=30 => self.world.settle(),
            31 if self.random.in_1000(500) => self.world.intrude(),
            32 if self.random.in_1000(500) => self.world.reconfigure(),
            33 if self.random.in_1000(200) => self.delete_a_key(),
            34 if self.random.in_1000(300) => self.pass_time(),
            35 if self.random.in_1000(500) => self.world.turn_back_aliases(),
            36..=39 if self.kind.is_meddled_with => self.meddle(),
            40..=42 if self.kind.is_forged => self.forge(),
            43..=44 if self.kind.is_lossy => self.start_a_sweep(),
            43..=44 if self.kind.is_revoked => {
                let is_revoked = self.random.in_1000(500);
                self.world.revoke(is_revoked);
            }
            43 if self.kind.prunes => {
                let version = 1 + self.random.below(4);
                self.world.provision(&version.to_string());
            }
            43..=46 if self.kind.asks_people => self.people_speak(),
            43..=46 if self.kind.demands_provenance => self.builder_speaks(),
            45..=46 if self.kind.is_lossy => self.deliver_what_was_resent(),
            47..=66 if self.kind.alerts => self.step_of_alert(),
            _ => self.go_on_with_a_task(),
        }
        if self.kind.alerts {
            self.deliver_events();
        }
    }

    fn is_at_work(&self) -> bool {
        self.messages.iter().any(|message| !message.done)
    }

    fn delete_a_key(&mut self) {
        let key = self.a_key();
        self.world.delete(key);
    }

    fn a_key(&mut self) -> &'static str {
        if self.random.in_1000(200) {
            LAYER
        } else {
            FUNCTION
        }
    }

    /// Somebody changes what the gate works on.
    fn meddle(&mut self) {
        match self.random.below(16) {
            0 => self.world.tag(Some("live")),
            1 => self.world.tag(None),
            2 => self.world.tag(Some("v1.0")),
            3 => self.world.tag(Some("nope")),
            4..=5 => self.world.weigh(Some("0.1")),
            6 => self.world.weigh(None),
            7..=8 => self.world.reconfigure(),
            9..=10 => self.world.delete_a_version(),
            11..=12 => {
                let (key, at) = (self.a_key(), self.random.below(4));
                self.world.delete_for_good(key, at);
            }
            13 => self.delete_a_key(),
            14 if self.random.in_1000(300) => self.world.delete_function(),
            _ => self.world.create_function(),
        }
    }

    /// Somebody forges a record or an event, or has one delivered again.
    fn forge(&mut self) {
        let puts = self.world.state().puts.len();
        if puts == 0 {
            return;
        }
        let put = self.random.below(puts);
        match self.random.below(8) {
            0..=1 => {
                let version = (1 + self.random.below(4)).to_string();
                self.world.forge_live(put, &version);
            }
            2 => self.world.forge_current(put),
            3 => self.world.forge_verdict(put),
            4 => {
                let version = match self.random.below(3) {
                    0 => None,
                    1 => Some(VersionId::parse("forged").unwrap()),
                    _ => Some(self.world.state().puts[put].version.clone()),
                };
                let key = self.a_key();
                let event = event(&self.world, key, version);
                self.send(&Event::Uploaded(event));
            }
            5 => {
                let jobs: Vec<SigningJobId> = self.world.state().jobs.keys().cloned().collect();
                let at = self.random.below(jobs.len() + 1);
                let job = jobs.get(at).cloned().unwrap_or_else(unknown_job);
                self.send(&Event::JobEnded(job));
            }
            _ => {
                if !self.messages.is_empty() {
                    let at = self.random.below(self.messages.len());
                    let event = self.messages[at].event.clone();
                    self.send(&event);
                }
            }
        }
    }

    fn upload(&mut self) {
        let Some((slot, key)) = self.to_come.pop() else {
            return;
        };
        let version = self.world.upload(key, slot);
        let mut event = event(&self.world, key, Some(version));
        if self.kind.asks_people {
            event.uploaded_by.principal = Some(UPLOADER.to_owned());
        }
        self.send(&Event::Uploaded(event));
        if self.kind.asks_people && self.random.in_1000(400) {
            let put = self.world.state().puts.len() - 1;
            self.approve(put, SOMEBODY_ELSE);
        }
        if self.kind.demands_provenance && self.random.in_1000(400) {
            let put = self.world.state().puts.len() - 1;
            self.attest(put);
        }
        if self.kind.is_forged && self.random.in_1000(150) {
            let puts = self.world.state().puts.len();
            let other = self.random.below(puts);
            let is_other = other + 1 < puts && self.world.state().puts[other].slot.is_some();
            self.world.hijack(puts - 1, is_other.then_some(other));
        }
    }

    /// A whole upload, or another delivery of the same event, passes while every task that runs stands still
    /// between two of its calls.
    fn overtake(&mut self, passed: Option<usize>) {
        self.overtaking = Overtaking::at_random(&mut self.random);
        if let Some(passed) = passed
            && self.random.in_1000(200)
        {
            let event = self.messages[passed].event.clone();
            self.send(&event);
            let at = self.messages.len() - 1;
            self.start(at);
            while !self.go_on(at) {}
            return;
        }
        if self.to_come.is_empty() {
            return;
        }
        let mut at = self.messages.len();
        self.upload();
        while at < self.messages.len() {
            self.start(at);
            while !self.go_on(at) {}
            at += 1;
            if at == self.messages.len() {
                self.end_a_job();
            }
        }
    }

    fn start_a_sweep(&mut self) {
        let run = if self.random.in_1000(500) {
            SweepRun::Unfinished
        } else {
            SweepRun::Everything
        };
        self.send(&Event::Scheduled(run));
    }

    /// What `sweep` sent to the queues arrives there.
    fn deliver_what_was_resent(&mut self) {
        for (to, body) in self.world.take_resent() {
            match to {
                UploadFunction::Sign => {
                    for event in UploadEvent::parse(&body).unwrap() {
                        self.send(&Event::Uploaded(event));
                    }
                }
                UploadFunction::Deploy => {
                    let event = JobEvent::parse(&body).unwrap();
                    self.send(&Event::JobEnded(event.job));
                }
            }
        }
    }

    /// Queues deliver at least once, and what S3 and EventBridge send to them may be lost.
    pub(super) fn send(&mut self, event: &Event) {
        let is_event = !matches!(event, Event::Scheduled(_));
        if self.kind.is_lossy && is_event && !self.is_at_rest && self.random.in_1000(300) {
            if let Event::Uploaded(UploadEvent {
                version: Some(version),
                ..
            }) = event
            {
                self.world.state().events_lost.insert(version.clone());
            }
            self.world
                .state()
                .note(|| "                an event is lost".to_owned());
            return;
        }
        let copies = if self.random.in_1000(200) { 2 } else { 1 };
        for _ in 0..copies {
            self.push(event.clone());
        }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.messages.push(Message {
            event,
            received: 0,
            done: false,
            task: None,
            name: String::new(),
            ends_at: Timestamp::MAX,
            is_cut_off: false,
        });
    }

    pub(super) fn one_of(&mut self, which: impl Fn(&Message) -> bool) -> Option<usize> {
        let found: Vec<usize> = (0..self.messages.len())
            .filter(|at| which(&self.messages[*at]))
            .collect();
        (!found.is_empty()).then(|| found[self.random.below(found.len())])
    }

    fn start_a_message(&mut self) {
        let most = self.most;
        let is_waiting = |m: &Message| !m.done && m.task.is_none() && m.received < most;
        if let Some(at) = self.one_of(is_waiting) {
            self.start(at);
            // The last attempt, with nobody in its way: there is time for its ending.
            if self.messages[at].received >= most && self.random.in_1000(500) {
                while !self.go_on(at) {}
                // `alert` keeps none back: another delivery goes on with what it did.
                let is_alert = matches!(self.messages[at].event, Event::Alert(..));
                assert!(is_alert || !self.messages[at].is_cut_off, "{OUT_OF_TIME}");
            }
        }
    }

    /// How long this attempt may take, and whether another may follow.
    fn attempt(&self, at: usize) -> DeliveryAttempt {
        let message = &self.messages[at];
        let state = self.world.state();
        let now = state.now;
        let work = SignedDuration::from_secs(if self.kind.is_short { 2 } else { 120 });
        let kept_back = SignedDuration::from_secs(match state.mistake {
            Some(Mistake::NoTimeKeptBack) => KEPT_BACK_SECONDS,
            _ => 0,
        });
        // Nobody waits for ever for a job that nobody started.
        let is_unknown = matches!(&message.event, Event::JobEnded(job) if *job == unknown_job());
        let is_last = is_unknown || message.received >= self.most;
        DeliveryAttempt {
            id: format!("message {at}/{}/{}", message.received, state.ticks),
            attempt: message.received,
            since: now,
            give_up_at: if is_last {
                now
            } else {
                now + SignedDuration::from_hours(1)
            },
            work_until: now + work + kept_back,
        }
    }

    pub(super) fn start(&mut self, at: usize) {
        self.messages[at].received += 1;
        let attempt = self.attempt(at);
        let message = &mut self.messages[at];
        let name = match &message.event {
            Event::Alert(id, _) => format!("{ALERT} {id} (message {at}/{})", message.received),
            _ => format!("message {at} ({})", message.received),
        };
        let lifetime = match message.event {
            Event::Alert(..) => LIFETIME,
            _ => SignedDuration::from_secs(
                if self.kind.is_short { 2 } else { 120 } + KEPT_BACK_SECONDS,
            ),
        };
        message.is_cut_off = false;
        message.ends_at = attempt.since + lifetime;
        message.name.clone_from(&name);
        self.world.state().note(|| match &message.event {
            Event::Uploaded(event) => {
                let version = event.version.as_ref().map_or("", VersionId::as_str);
                format!("{name}: starts, {} {version} was uploaded", event.key)
            }
            Event::JobEnded(job) => format!("{name}: starts, the job {job} ended"),
            Event::Scheduled(run) => format!("{name}: starts, a sweep: {}", run.as_str()),
            Event::Alert(..) => format!("{name}: starts"),
        });
        let mut hands = hands(&self.world, &name);
        hands.delivery.clone_from(&attempt.id);
        let Common {
            examiner,
            sign,
            deploy: settings,
            asking,
            proving,
            sweep: sweep_settings,
            verifier,
        } = common();
        let settings = match (self.kind.asks_people, self.kind.demands_provenance) {
            (true, _) => asking,
            (false, true) => proving,
            (false, false) => settings,
        };
        let settings = &settings[self.kind.canary];
        let (prunes, summarizes) = (self.kind.prunes, self.kind.summarizes);
        let sweep_settings = SweepSettings {
            summarizes,
            ..sweep_settings.clone()
        };
        let alert_settings = alerting::settings(self.world.state().mistake);
        message.task = Some(match message.event.clone() {
            Event::Uploaded(event) => {
                Box::pin(async move { admit(&hands, sign, &event, &attempt).await.is_ok() })
            }
            Event::JobEnded(job) => Box::pin(async move {
                let deployment = deploy(&hands, examiner, settings, &job, &attempt, &|_, _| {});
                let deployment = Box::pin(deployment).await;
                if let Ok(Deployment::NotOurs(why)) = &deployment {
                    let mut state = hands.world.state();
                    // Signer told of it, and does not know it: the event is as good as lost.
                    state.job_stayed_unknown |=
                        why.starts_with("Signer knows no job") && state.jobs.contains_key(&job);
                }
                if let (true, Ok(Deployment::Finished(finished))) = (prunes, &deployment) {
                    // What fails here fails no upload.
                    let _stays = prune(&hands, settings, &finished.outcome, &attempt).await;
                }
                if let (true, Ok(Deployment::Finished(finished))) = (summarizes, &deployment) {
                    let stack = stack();
                    let by = (&stack, verifier);
                    let signed = summarize(&hands, &hands, by, &finished.outcome, &attempt).await;
                    let is_forgotten =
                        hands.world.state().mistake == Some(Mistake::SummaryNotTriedAgain);
                    return signed.is_ok() || is_forgotten;
                }
                deployment.is_ok()
            }),
            Event::Scheduled(run) => Box::pin(async move {
                let swept = sweep(&hands, &sweep_settings, run, &attempt);
                Box::pin(swept).await.is_ok()
            }),
            Event::Alert(_, body) => Box::pin(async move {
                let until = attempt.since + SignedDuration::from_secs(12);
                let told = Box::pin(alert(&hands, alert_settings, &body, until)).await;
                if let Err(error) = &told {
                    hands
                        .world
                        .state()
                        .note(|| format!("{}: {error}", hands.name));
                }
                told.is_ok()
            }),
        });
    }

    /// One task is favoured for a while, so that others stand still between two of their calls
    /// while whole uploads pass them by: that is where races are.
    fn go_on_with_a_task(&mut self) {
        let is_running = |at: &usize| self.messages[*at].task.is_some();
        let favourite = self.favourite.filter(is_running);
        let others = self.random.in_1000(100);
        let next = match favourite {
            Some(at) if !others => Some(at),
            _ => self.one_of(|m| m.task.is_some()),
        };
        self.favourite = favourite.or(next);
        if let Some(at) = next
            && !self.go_on(at)
            && matches!(self.messages[at].event, Event::JobEnded(_))
        {
            let is_now = match &mut self.overtaking {
                Overtaking::CallsToGo(0) => true,
                Overtaking::CallsToGo(left) => {
                    *left -= 1;
                    false
                }
                Overtaking::After(left, call) => {
                    let is_it = self.world.state().calls.last() == Some(call);
                    let is_now = is_it && *left == 0;
                    *left = left.saturating_sub(usize::from(is_it));
                    is_now
                }
            };
            if is_now {
                self.overtake(Some(at));
            }
        }
    }

    /// Polls a task up to its next call; answers whether it is over.
    pub(super) fn go_on(&mut self, at: usize) -> bool {
        let message = &mut self.messages[at];
        let Some(task) = &mut message.task else {
            return true;
        };
        let before = self.world.state().now;
        if before >= message.ends_at {
            message.task = None;
            message.is_cut_off = true;
            let mut state = self.world.state();
            state.trouble(&message.name);
            state.note(|| format!("{} is out of time", message.name));
            return true;
        }
        let Poll::Ready(done) = poll_in(&self.world, task.as_mut()) else {
            return false;
        };
        message.task = None;
        message.done |= done;
        self.world
            .state()
            .note(|| format!("{} ends, done: {done}", message.name));
        true
    }

    fn crash_a_task(&mut self) {
        if let Some(at) = self.one_of(|m| m.task.is_some()) {
            let message = &mut self.messages[at];
            message.task = None;
            let mut state = self.world.state();
            state.trouble(&message.name);
            state.note(|| format!("{} is cut off", message.name));
        }
    }

    fn end_a_job(&mut self) {
        let running: Vec<SigningJobId> = {
            let state = self.world.state();
            let running = state.jobs.iter().filter(|(_, job)| job.succeeded.is_none());
            running.map(|(id, _)| id.clone()).collect()
        };
        if !running.is_empty() {
            let job = running[self.random.below(running.len())].clone();
            self.world.end_job(&job);
            self.send(&Event::JobEnded(job));
        }
    }

    /// Longer than any function lives, and than a lease holds.
    pub(super) fn pass_time(&mut self) {
        let mut state = self.world.state();
        for message in &mut self.messages {
            if message.task.take().is_some() {
                state.trouble(&message.name);
            }
        }
        state.note(|| "                a quarter of an hour passes".to_owned());
        state.tick(900);
    }

    /// The weather clears: everything that was sent is delivered until its work is done, dead letters
    /// included.
    fn come_to_rest(&mut self) {
        {
            let mut state = self.world.state();
            state.faults = Faults::default();
            state.slowness_ms = 0;
            state.settles = 1000;
            state.note(|| "                the weather clears".to_owned());
        }
        self.kind.is_short &= self.random.in_1000(500);
        if self.world.has_canary() {
            self.world.weigh(None);
        }
        while !self.to_come.is_empty() {
            self.upload();
        }
        self.is_at_rest = true;
        if self.kind.is_lossy {
            self.sweep_until_still();
        }
        assert!(self.deliver_all(), "it does not come to rest");
        let stayed_unknown = self.world.state().job_stayed_unknown;
        if !self.kind.is_lossy && stayed_unknown {
            self.sweep_until_still();
        }
        if self.kind.alerts {
            self.tell_what_waits();
        }
    }

    /// Schedules start `sweep` until it finds nothing to do.
    fn sweep_until_still(&mut self) {
        for _ in 0..8 {
            // Some wait for what a sweep has yet to bring about.
            self.deliver_all();
            // What was sent again is given the patience of its function.
            self.world.state().tick(2 * 60 * 60);
            let swept = self.sweep_now(SweepRun::Everything);
            assert_eq!(swept.troubles, [""; 0], "nothing is in the way of a sweep");
            if self.world.state().resent.is_empty() && swept.unfinished == 0 {
                return;
            }
            self.deliver_what_was_resent();
        }
        panic!("{NEVER_STILL}");
    }

    fn sweep_now(&self, run: SweepRun) -> SweepReport {
        let mut attempt = patient(&self.world);
        attempt.work_until = attempt.give_up_at;
        let hands = hands(&self.world, "sweep");
        let settings = SweepSettings {
            summarizes: self.kind.summarizes,
            ..common().sweep.clone()
        };
        run_in(&self.world, sweep(&hands, &settings, run, &attempt)).expect("it ends")
    }

    /// Everything that was sent is delivered until its work is done; answers whether it is.
    pub(super) fn deliver_all(&mut self) -> bool {
        for _ in 0..16 {
            self.pass_time();
            self.world.settle();
            loop {
                let before = self.messages.len();
                self.end_a_job();
                if self.kind.alerts {
                    self.deliver_events();
                }
                if self.messages.len() == before {
                    break;
                }
            }
            if self.messages.iter().all(|message| message.done) {
                return true;
            }
            for at in 0..self.messages.len() {
                if !self.messages[at].done {
                    // A redrive from the dead letters counts anew.
                    self.messages[at].received = 0;
                    self.start(at);
                    while !self.go_on(at) {}
                }
            }
        }
        false
    }
}

/// One of sixteen, of which every other loses events: each costs as much as ten others.
pub(super) fn runs_alert(seed: u64) -> bool {
    matches!(seed % 32, 0 | 8)
}

/// Most uploads are for the function; in some schedules, for the layer. By the seed alone, so that older
/// schedules stay what they were.
fn layers_in_1000(seed: u64) -> u64 {
    if seed % 8 == 5 { 900 } else { 200 }
}

/// Two to five uploads, of which many have the same content as another.
fn to_come(random: &mut Random, layers_in_1000: u64) -> Vec<(usize, &'static str)> {
    let mut all: Vec<usize> = (0..slots().len()).collect();
    let count = 2 + random.below(4);
    let key = |random: &mut Random| {
        if random.in_1000(layers_in_1000) {
            LAYER
        } else {
            FUNCTION
        }
    };
    (0..count)
        .map(|_| {
            let slot = all.swap_remove(random.below(all.len()));
            (slot, key(random))
        })
        .collect()
}

/// A job that nobody started.
fn unknown_job() -> SigningJobId {
    SigningJobId::parse("bbbbbbbb-3eb6-4ff0-989e-000000000000").unwrap()
}

/// How the world is when the schedule begins.
fn prepare(state: &mut WorldState, random: &mut Random, kind: Kind) {
    if random.in_1000(500) {
        let function = state.functions.get_mut("checkout").unwrap();
        function
            .tags
            .insert(ALIAS_TAG.to_owned(), "live".to_owned());
        function.versions.push(PublishedVersion::of("first"));
        function
            .aliases
            .insert("live".to_owned(), AliasState::at("1"));
        state.versions_pend = 1;
    }
    if kind.is_short {
        state.versions_pend = [0, 3, 20][random.below(3)];
    }
    if random.in_1000(200) {
        state.slowness_ms = 2500;
    }
    if random.in_1000(100) {
        state.settles = 100;
    }
    // Lambda is stuck until the last attempt, and slow.
    if kind.is_impatient && random.in_1000(200) {
        state.settles = 0;
        state.slowness_ms = 2500;
    }
    if random.in_1000(200) {
        state.jobs_hide = u32::try_from(random.below(6)).unwrap();
        state.objects_hide = u32::try_from(random.below(6)).unwrap();
    }
    state.faults = match random.below(4) {
        0 => Faults::default(),
        1 => Faults {
            throttled: 30,
            lost: 0,
        },
        2 => Faults {
            throttled: 0,
            lost: 30,
        },
        _ => Faults {
            throttled: 60,
            lost: 20,
        },
    };
}
