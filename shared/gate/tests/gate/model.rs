//! A hundred thousand schedules of uploads, completions, duplicates, crashes, lost answers,
//! throttling and changes by others, each in an order of its own, and what must hold in all of them:
//!
//! - every upload ends in exactly one state, on record and announced;
//! - the last current upload is what runs, unless someone else changed it afterwards;
//! - an older upload never overwrites a newer one;
//! - nothing is changed without an accepting verdict on record before it (the world checks that at
//!   the effect itself), and nothing that was rejected is ever what was changed to;
//! - a layer gets one version for an upload, whatever was cut off.
//!
//! Order in time is checked at each effect, not at rest: a later delivery often puts right what an
//! earlier one did wrong, and hides it. That all of this can fail is proven by making mistakes in
//! the gate's place: each must be found, and soon.
//!
//! A schedule is a number. When one fails, its number and its whole trace are printed.

use std::{
    collections::BTreeSet,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use countersign_gate::{
    admission::{SignSettings, admit},
    deployment::{ALIAS_TAG, DeploySettings, deploy},
    domain::{ReasonCode, SigningJobId},
    events::UploadEvent,
    outcome::DeliveryAttempt,
    records::UploadState as Ended,
};

use crate::world::{
    AliasState, FUNCTION, Faults, LAYER, Mistake, PublishedVersion, World,
    invariants::{NOT_READY, OLDER_OFFERED, OLDER_OVER_NEWER, READ_TOO_LATE, WRITTEN_TWICE},
    packages::{CachingExaminer, Nature, slots},
    random::Random,
    run::{deploy_settings, event, hands, last_attempt, patient, poll_in, sign_settings},
};

const SCHEDULES: u64 = 100_000;

/// Within so many schedules each mistake must be found.
const SOON: u64 = 10_000;

/// About as many calls as a deployment makes: each place between two of them is as likely to be
/// where it stands still.
const CALLS: usize = 30;

#[test]
fn whatever_the_interleaving_the_promise_holds() {
    let next = AtomicU64::new(0);
    let deployed = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SCHEDULES {
                        break;
                    }
                    deployed.fetch_add(survive(seed), Ordering::Relaxed);
                }
            });
        }
    });
    // The schedules are not so wild that nothing happens in them.
    assert!(deployed.into_inner() > SCHEDULES / 2);
}

#[test]
fn mistakes_are_found() {
    let mistakes = [
        (Mistake::HeadBeforeFunction, READ_TOO_LATE),
        (Mistake::HeadBeforeAlias, READ_TOO_LATE),
        (Mistake::BlindUpdate, OLDER_OVER_NEWER),
        (Mistake::BlindCreate, WRITTEN_TWICE),
        (Mistake::NoWait, NOT_READY),
        (Mistake::BlindCopy, OLDER_OFFERED),
    ];
    for (mistake, complaint) in mistakes {
        let is_found = (0..SOON).any(|seed| complains(seed, mistake, complaint));
        assert!(is_found, "{mistake:?} is not found");
    }
}

/// Whether a schedule with this mistake in it fails for the right reason.
fn complains(seed: u64, mistake: Mistake, complaint: &str) -> bool {
    let end = catch_unwind(|| schedule(seed, false, Some(mistake), &mut None));
    end.is_err_and(|panic| {
        panic
            .downcast_ref::<String>()
            .is_some_and(|message| message.contains(complaint))
    })
}

/// Runs a schedule; if it fails, once more with a trace.
fn survive(seed: u64) -> u64 {
    let quiet = catch_unwind(|| schedule(seed, false, None, &mut None));
    quiet.unwrap_or_else(|_| {
        let mut world = None;
        let again = catch_unwind(AssertUnwindSafe(|| schedule(seed, true, None, &mut world)));
        let trace = world.map(|world: World| world.trace()).unwrap_or_default();
        panic!(
            "schedule {seed} fails (again: {}):\n{}",
            again.is_err(),
            trace.join("\n")
        );
    })
}

type Task = Pin<Box<dyn Future<Output = bool> + Send>>;

#[derive(Clone)]
enum Event {
    Uploaded(UploadEvent),
    JobEnded(SigningJobId),
}

/// An event in its queue: handed out again until its work is done.
struct Message {
    event: Event,
    received: u32,
    done: bool,
    task: Option<Task>,
}

struct Common {
    examiner: CachingExaminer,
    sign: SignSettings,
    deploy: DeploySettings,
}

fn common() -> &'static Common {
    static COMMON: OnceLock<Common> = OnceLock::new();
    COMMON.get_or_init(|| Common {
        examiner: CachingExaminer::new(),
        sign: sign_settings(),
        deploy: deploy_settings(),
    })
}

struct Schedule {
    world: World,
    random: Random,
    messages: Vec<Message>,
    /// What is still to be uploaded, last first, and where.
    to_come: Vec<(usize, &'static str)>,
    /// What was uploaded, in order.
    uploaded: Vec<usize>,
    /// How often an event is handed out before it goes to the dead letters.
    most: u32,
    /// The message whose task is favoured.
    favourite: Option<usize>,
    /// After so many calls of deployments a whole upload passes the one that made the last.
    calls_to_go: usize,
}

fn schedule(seed: u64, tracing: bool, mistake: Option<Mistake>, out: &mut Option<World>) -> u64 {
    let mut random = Random::new(seed);
    let world = World::new(slots(), seed ^ 0x5EED);
    *out = Some(world.clone());
    let is_impatient = random.in_1000(200);
    {
        let mut state = world.state();
        state.tracing = tracing;
        state.mistake = mistake;
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
    let mut all: Vec<usize> = (0..slots().len()).collect();
    let count = 2 + random.below(3);
    let to_come = (0..count)
        .map(|_| {
            let slot = all.swap_remove(random.below(all.len()));
            (slot, if random.in_1000(200) { LAYER } else { FUNCTION })
        })
        .collect();
    let mut schedule = Schedule {
        world,
        random,
        messages: Vec::new(),
        to_come,
        uploaded: Vec::new(),
        most: if is_impatient { 2 } else { 1000 },
        favourite: None,
        calls_to_go: 0,
    };
    schedule.calls_to_go = schedule.random.below(CALLS);
    let steps = 40 + schedule.random.below(160);
    for _ in 0..steps {
        schedule.step();
    }
    schedule.come_to_rest();
    schedule.check(is_impatient)
}

impl Schedule {
    /// One thing happens.
    fn step(&mut self) {
        match self.random.below(100) {
            0..=3 => self.upload(),
            4..=19 => self.start_a_message(),
            20..=25 => self.end_a_job(),
            26..=27 => self.crash_a_task(),
            28..=30 => self.world.settle(),
            31 if self.random.in_1000(500) => self.world.intrude(),
            32 if self.random.in_1000(500) => self.world.reconfigure(),
            33 if self.random.in_1000(200) => {
                self.world.delete(if self.random.in_1000(200) {
                    LAYER
                } else {
                    FUNCTION
                });
            }
            35 if self.random.in_1000(500) => self.world.turn_back_aliases(),
            34 if self.random.in_1000(300) => self.pass_time(),
            _ => self.go_on_with_a_task(),
        }
    }

    fn upload(&mut self) {
        let Some((slot, key)) = self.to_come.pop() else {
            return;
        };
        let version = self.world.upload(key, slot);
        self.uploaded.push(slot);
        let event = event(&self.world, key, Some(version));
        self.send(&Event::Uploaded(event));
    }

    /// A whole upload passes while every task that runs stands still between two of its calls.
    fn overtake(&mut self) {
        self.calls_to_go = self.random.below(CALLS);
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

    /// Queues deliver at least once.
    fn send(&mut self, event: &Event) {
        let copies = if self.random.in_1000(200) { 2 } else { 1 };
        for _ in 0..copies {
            let event = event.clone();
            self.messages.push(Message {
                event,
                received: 0,
                done: false,
                task: None,
            });
        }
    }

    fn one_of(&mut self, which: impl Fn(&Message) -> bool) -> Option<usize> {
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
        }
    }

    fn start(&mut self, at: usize) {
        let message = &mut self.messages[at];
        message.received += 1;
        let attempt = DeliveryAttempt {
            id: format!(
                "message {at}/{}/{}",
                message.received,
                self.world.state().ticks
            ),
            attempt: message.received,
            ..if message.received >= self.most {
                last_attempt(&self.world)
            } else {
                patient(&self.world)
            }
        };
        let name = format!("message {at} ({})", message.received);
        self.world.state().note(|| format!("{name} starts"));
        let hands = hands(&self.world, &name);
        let Common {
            examiner,
            sign,
            deploy: settings,
        } = common();
        message.task = Some(match message.event.clone() {
            Event::Uploaded(event) => {
                Box::pin(async move { admit(&hands, sign, &event, &attempt).await.is_ok() })
            }
            Event::JobEnded(job) => Box::pin(async move {
                Box::pin(deploy(&hands, examiner, settings, &job, &attempt))
                    .await
                    .is_ok()
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
            match self.calls_to_go.checked_sub(1) {
                Some(left) => self.calls_to_go = left,
                None => self.overtake(),
            }
        }
    }

    /// Polls a task up to its next call.
    fn go_on(&mut self, at: usize) -> bool {
        let message = &mut self.messages[at];
        let Some(task) = &mut message.task else {
            return true;
        };
        let Poll::Ready(done) = poll_in(&self.world, task.as_mut()) else {
            return false;
        };
        message.task = None;
        message.done |= done;
        self.world
            .state()
            .note(|| format!("message {at} ends, done: {done}"));
        true
    }

    fn crash_a_task(&mut self) {
        if let Some(at) = self.one_of(|m| m.task.is_some()) {
            self.world
                .state()
                .note(|| format!("message {at} is cut off"));
            self.messages[at].task = None;
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

    /// Longer than any function lives, and than a claim holds.
    fn pass_time(&mut self) {
        for message in &mut self.messages {
            message.task = None;
        }
        let mut state = self.world.state();
        state.note(|| "a quarter of an hour passes".to_owned());
        state.tick(900);
    }

    /// The weather clears: everything that was sent is delivered until its work is done, dead letters
    /// included.
    fn come_to_rest(&mut self) {
        self.world.state().faults = Faults::default();
        self.world.state().note(|| "the weather clears".to_owned());
        while !self.to_come.is_empty() {
            self.upload();
        }
        for _ in 0..12 {
            self.pass_time();
            self.world.settle();
            loop {
                let before = self.messages.len();
                self.end_a_job();
                if self.messages.len() == before {
                    break;
                }
            }
            if self.messages.iter().all(|message| message.done) {
                return;
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
        panic!("it does not come to rest");
    }

    /// What must hold at rest; answers how many uploads were deployed.
    fn check(&self, is_impatient: bool) -> u64 {
        let state = self.world.state();
        let outcomes = state.outcomes();
        let position = |slot: usize| self.uploaded.iter().position(|at| *at == slot).unwrap();

        let announced: BTreeSet<String> = state
            .events
            .iter()
            .map(|detail| {
                let detail: serde_json::Value = serde_json::from_str(detail).unwrap();
                detail["upload"]["id"]["version"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let mut deployed = 0;
        for (key, versions) in &state.uploads {
            for (at, stored) in versions.iter().enumerate() {
                let Some(slot) = stored.slot else { continue };
                let mut ends = outcomes
                    .iter()
                    .filter(|(_, end)| end.upload.id.version == stored.version);
                let (_, end) = ends.next().expect("every upload ends");
                assert!(ends.next().is_none(), "in exactly one state");
                assert!(
                    announced.contains(stored.version.as_str()),
                    "it is announced"
                );

                let is_current = at + 1 == versions.len();
                assert!(!(is_current && end.state == Ended::Superseded), "{end:#?}");
                let nature = state.packages[slot].nature;
                let is_given_up = is_impatient
                    && matches!(
                        end.code,
                        Some(ReasonCode::Undecided | ReasonCode::NotCompleted)
                    );
                // What was applied, or may have been, and was overtaken before it was published.
                let is_overtaken = !is_current
                    && matches!(end.code, Some(ReasonCode::Replaced | ReasonCode::Deleted));
                match (nature, end.state) {
                    (_, Ended::Superseded) => {}
                    (Nature::Good, Ended::Deployed) => deployed += 1,
                    (Nature::Good, Ended::Failed) if is_overtaken => {}
                    (Nature::Good, _) => assert!(is_given_up, "{end:#?}"),
                    (_, Ended::Rejected) => {}
                    (nature, ended) => assert!(is_given_up, "{nature:?} {ended:?}"),
                }
                if end.state == Ended::Rejected {
                    assert!(!state.applied.contains(&slot), "rejected, and deployed");
                }
                if let Some(deployed) = &end.deployed
                    && deployed.alias.is_some()
                {
                    let version = deployed.version.as_ref().unwrap();
                    assert!(
                        state.alias_confirmed_at[version] >= stored.tick,
                        "that the alias points at it was seen after it was uploaded"
                    );
                }
                if is_current && end.state == Ended::Deployed && key == FUNCTION {
                    let code = &end.deployed.as_ref().unwrap().code_sha256;
                    let function = &state.functions["checkout"];
                    if state
                        .foreign_at
                        .is_none_or(|at| at < state.confirmed_at[code])
                    {
                        assert_eq!(*code, function.code_sha256, "the last current upload runs");
                    }
                    let version = end.deployed.as_ref().unwrap().version.clone().unwrap();
                    if let Some(alias) = function.aliases.get("live")
                        && state
                            .alias_moved_at
                            .is_none_or(|at| at < state.alias_confirmed_at[&version])
                    {
                        assert_eq!(alias.version, version, "the alias points at it");
                        let at = version.parse::<usize>().unwrap() - 1;
                        assert_eq!(function.versions[at].code_sha256, *code);
                    }
                }
            }
        }

        assert!(
            state.applied.iter().map(|slot| position(*slot)).is_sorted(),
            "older over newer"
        );
        assert!(
            state.moved.iter().map(|slot| position(*slot)).is_sorted(),
            "alias moved back"
        );
        for versions in state.layers.values() {
            let slots: BTreeSet<usize> = versions.iter().map(|version| version.slot).collect();
            assert_eq!(
                slots.len(),
                versions.len(),
                "one layer version for an upload"
            );
        }
        deployed
    }
}

impl World {
    fn trace(&self) -> Vec<String> {
        // A failed assertion inside the world leaves its lock poisoned.
        self.lock_anyway().trace.clone()
    }
}
