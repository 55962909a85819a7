//! Scale, in simulated time: how long many uploads take under AWS's quotas, beside what the quotas alone would take.
//!
//! The calls are those that the use cases make, taken down from the small AWS in memory (`trace`). How long AWS
//! takes for each is assumed ([`Latency`]); what passes for known of its quotas is in `world/quotas.rs`. `docs/scale.md` has
//! the figures, and is held against them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    fmt::Write as _,
};

use countersign_gate::{
    events::SweepRun,
    ports::QuotaShare,
    sweep::{SweepReport, SweepSettings, sweep},
};
use countersign_testkit::checkout;

use crate::{
    aliases::give_alias,
    happy_path::{GOOD, go, world},
    world::{
        FUNCTION, World,
        quotas::{Bucket, CONTROL_PLANE, Draws, GET_FUNCTION, Quotas, draws},
        random::Random,
        run::{admitted, deploy_settings, deployed, hands, patient, run_in, sweep_settings},
    },
};

const PAGE: &str = "docs/scale.md";
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;

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
    sign: Vec<&'static str>,
    deploy: Vec<&'static str>,
}

fn with_alias() -> World {
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
struct Plan {
    uploads: usize,
    sign_concurrency: usize,
    deploy_concurrency: usize,
    /// Signer throttles everything for so long, from the beginning.
    signer_is_away: u64,
    /// So many jobs may be started in a second; `None`: as many as one likes.
    starts_a_second: Option<u64>,
}

/// What came of it.
pub(crate) struct Result {
    /// When each upload was live, from the first one's arrival on; in order.
    pub(crate) lives: Vec<u64>,
    /// When the last one was.
    pub(crate) last_live: u64,
    throttled: u64,
    most_receives: u32,
    /// What the quotas alone would take.
    pub(crate) quota_alone: u64,
}

struct Simulation<'a> {
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
    fn run(plan: Plan, trace: &'a Trace) -> Result {
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
fn holds(trace: &Trace) -> u64 {
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

pub(crate) fn seconds(milliseconds: u64) -> String {
    format!("{}", (milliseconds + 500) / 1000)
}

fn ratio(of: u64, to: u64) -> String {
    let hundredths = of * 100 / to;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// How many are signed and deployed at a time.
pub(crate) const CONCURRENCIES: [(usize, usize); 6] =
    [(2, 2), (5, 5), (5, 10), (10, 20), (10, 30), (20, 60)];

/// A thousand uploads in a minute, by how many are deployed at a time.
pub(crate) fn burst(trace: &Trace) -> (String, Vec<Result>) {
    let mut text = "| `SignConcurrency` | `DeployConcurrency` | last one live | times the quota alone | throttled calls | receives, at most |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    let mut results = Vec::new();
    for (sign_concurrency, deploy_concurrency) in CONCURRENCIES {
        let plan = Plan {
            uploads: 1000,
            sign_concurrency,
            deploy_concurrency,
            signer_is_away: 0,
            starts_a_second: None,
        };
        let result = Simulation::run(plan, trace);
        let _ = writeln!(
            text,
            "| {sign_concurrency} | {deploy_concurrency} | {} s | {} | {} | {} |",
            seconds(result.last_live),
            ratio(result.last_live, result.quota_alone),
            result.throttled,
            result.most_receives
        );
        results.push(result);
    }
    (text, results)
}

fn outage(trace: &Trace) -> (String, Vec<Result>) {
    let mut text = "| `SignConcurrency` | `DeployConcurrency` | last one live, after Signer is back | lost | receives, at most |\n\
                    |---|---|---|---|---|\n"
        .to_owned();
    let mut results = Vec::new();
    for (sign_concurrency, deploy_concurrency) in [(2, 2), (5, 10), (10, 20)] {
        let plan = Plan {
            uploads: 1000,
            sign_concurrency,
            deploy_concurrency,
            signer_is_away: HOUR,
            starts_a_second: None,
        };
        let result = Simulation::run(plan, trace);
        let _ = writeln!(
            text,
            "| {sign_concurrency} | {deploy_concurrency} | {} s | 0 | {} |",
            seconds(result.last_live - HOUR),
            result.most_receives
        );
        results.push(result);
    }
    (text, results)
}

/// A thousand uploads in a minute, by how many jobs a second Signer lets start.
fn by_starts(trace: &Trace) -> (String, Vec<(u64, Result)>) {
    let mut text =
        "| jobs a second | last one live | *n* / *s* | throttled calls | receives, at most |\n\
                    |---|---|---|---|---|\n"
            .to_owned();
    let mut results = Vec::new();
    for starts in [1, 2, 5] {
        let plan = Plan {
            uploads: 1000,
            sign_concurrency: 5,
            deploy_concurrency: 10,
            signer_is_away: 0,
            starts_a_second: Some(starts),
        };
        let result = Simulation::run(plan, trace);
        let _ = writeln!(
            text,
            "| {starts} | {} s | {} s | {} | {} |",
            seconds(result.last_live),
            1000 / starts,
            result.throttled,
            result.most_receives
        );
        results.push((starts, result));
    }
    (text, results)
}

/// A world in which so many functions were deployed, each as `checkout` was.
fn many(count: usize, has_alias: bool) -> World {
    let world = if has_alias { with_alias() } else { world() };
    go(&world, FUNCTION, GOOD);
    let mut state = world.state();
    let function = state.functions["checkout"].clone();
    let stored = state.uploads[FUNCTION].clone();
    let package = state.current["functions/checkout"].clone();
    let records: Vec<(String, Vec<u8>)> = state
        .records
        .iter()
        .filter(|(path, _)| path.starts_with("functions/checkout/"))
        .map(|(path, body)| (path.clone(), body.clone()))
        .collect();
    for at in 0..count {
        let name = format!("checkout-{at:05}");
        let renamed = |text: &str| text.replace("functions/checkout", &format!("functions/{name}"));
        for (path, body) in &records {
            let body = renamed(std::str::from_utf8(body).unwrap());
            state.records.insert(renamed(path), body.into_bytes());
        }
        state.functions.insert(name.clone(), function.clone());
        state
            .current
            .insert(format!("functions/{name}"), package.clone());
        state
            .uploads
            .insert(format!("functions/{name}.zip"), stored.clone());
    }
    drop(state);
    world
}

/// How long a run of `sweep` over everything takes, in milliseconds of the world.
fn sweep_takes(count: usize, has_alias: bool, share: QuotaShare) -> u64 {
    let world = many(count, has_alias);
    world.state().tick(600);
    // 40 milliseconds a call, on average.
    world.state().slowness_ms = 80;
    let began = world.state().now;
    let mut attempt = patient(&world);
    attempt.work_until = attempt.since + jiff::SignedDuration::from_hours(24);
    let settings = SweepSettings {
        quota_share: share,
        ..sweep_settings()
    };
    let swept: SweepReport = run_in(
        &world,
        sweep(
            &hands(&world, "sweep"),
            &settings,
            SweepRun::Everything,
            &attempt,
        ),
    )
    .unwrap();
    assert_eq!(swept.targets, u32::try_from(count + 1).unwrap());
    assert_eq!((swept.drift, swept.troubles), (vec![], vec![]));
    let took = world.state().now.duration_since(began);
    u64::try_from(took.as_millis()).unwrap()
}

/// Milliseconds for each further function.
fn sweep_pace(has_alias: bool, share: QuotaShare) -> u64 {
    let (fewer, more) = (20, 60);
    let took = sweep_takes(more, has_alias, share) - sweep_takes(fewer, has_alias, share);
    took / u64::try_from(more - fewer).unwrap()
}

/// How long an attempt of a run goes on: a quarter of an hour, without what is kept for its end.
const ATTEMPT: u64 = 15 * MINUTE - 20_000;
/// The share of the quotas that `sweep` takes unless it is told otherwise.
pub(crate) const DEFAULT_PERCENT: u64 = 10;

/// Between two calls of the control plane, with such a share of the quota.
fn control_plane_interval(percent: u64) -> u64 {
    100_000_u64.div_ceil(CONTROL_PLANE * percent)
}

/// How long a run over so many functions under one configuration takes, with what each of its attempts lists anew.
pub(crate) fn whole_run(functions: u64, pace: u64, percent: u64) -> u64 {
    // Both the functions and those of the configuration, 50 a call.
    let listing = 2 * functions.div_ceil(50) * control_plane_interval(percent);
    let (mut left, mut took, mut attempts) = (functions * pace, 0, 0_u32);
    loop {
        let room = ATTEMPT
            .checked_sub(listing)
            .expect("there is time for more than to list");
        if left <= room {
            return took + listing + left;
        }
        left -= room;
        took += ATTEMPT + 1000 * (1_u64 << attempts.min(6)).min(60);
        attempts += 1;
    }
}

/// How many functions a run goes through in an hour, in hundreds.
fn in_an_hour(pace: u64) -> u64 {
    let mut hundreds = 1..;
    let beyond = hundreds.find(|it| whole_run(it * 100, pace, DEFAULT_PERCENT) > HOUR);
    (beyond.unwrap() - 1) * 100
}

/// The share of the control plane that so many functions would take within an hour, in percent: one
/// `ListAliases` each, and what four attempts list.
fn share_for_an_hour(functions: u64) -> u64 {
    let calls = functions + 4 * 2 * functions.div_ceil(50);
    (calls * 100).div_ceil(CONTROL_PLANE * 3600)
}

pub(crate) fn sweeps() -> (String, [u64; 2]) {
    let mut text =
        "| function | for each | in an hour, all calls | 10,000 take |\n|---|---|---|---|\n"
            .to_owned();
    let paces = [false, true].map(|has_alias| sweep_pace(has_alias, QuotaShare::TENTH));
    for (pace, what) in paces.into_iter().zip(["without an alias", "with an alias"]) {
        let hundredths = whole_run(10_000, pace, DEFAULT_PERCENT) * 100 / HOUR;
        let _ = writeln!(
            text,
            "| {what} | {pace} ms | {} | {}.{:02} h |",
            in_an_hour(pace),
            hundredths / 100,
            hundredths % 100
        );
    }
    let _ = writeln!(
        text,
        "\nAll of 10,000 within an hour would take {} % of the control plane.",
        share_for_an_hour(10_000)
    );
    (text, paces)
}

/// The shares of the quotas that the page has.
const SHARES: [u64; 5] = [5, 10, 15, 25, 50];

/// How long a run over 10,000 functions with an alias takes, by the share of the quotas.
fn sweep_by_share() -> (String, Vec<u64>) {
    let mut text = "| `SweepQuotaPercent` | for each | 10,000 take |\n|---|---|---|\n".to_owned();
    let mut runs = Vec::new();
    for percent in SHARES {
        let pace = sweep_pace(true, QuotaShare::of_percent(percent).unwrap());
        let run = whole_run(10_000, pace, percent);
        let hundredths = run * 100 / HOUR;
        let _ = writeln!(
            text,
            "| {percent} | {pace} ms | {}.{:02} h |",
            hundredths / 100,
            hundredths % 100
        );
        runs.push(run);
    }
    (text, runs)
}

/// What of the page is computed, by the heading above it.
fn computed() -> Vec<(&'static str, String)> {
    let trace = trace();
    let count = |quota| {
        let calls = trace.sign.iter().chain(&trace.deploy);
        calls.filter(|call| draws(call) == quota).count()
    };
    let facts = format!(
        "| of one upload of a function with an alias | |\n|---|---|\n\
         | calls of the control plane, *k* | {} |\n\
         | calls of `GetFunction`, at least | {} |\n\
         | a deployment holds its function for, *h* | {} ms |\n",
        count(Draws::ControlPlane),
        count(Draws::GetFunction),
        holds(&trace),
    );
    vec![
        ("what one upload costs", facts),
        ("1,000 uploads in a minute", burst(&trace).0),
        ("by how many jobs may be started", by_starts(&trace).0),
        ("an outage of Signer for an hour", outage(&trace).0),
        ("sweep", sweeps().0),
        ("sweep by share", sweep_by_share().0),
    ]
}

/// The page with its tables as they are computed.
fn page() -> String {
    let mut page = std::fs::read_to_string(checkout::path(PAGE)).unwrap();
    for (what, table) in computed() {
        let (begin, end) = (
            format!("<!-- computed: {what} -->\n"),
            format!("<!-- end: {what} -->"),
        );
        let from = page.find(&begin).expect("its place is there") + begin.len();
        let to = page.find(&end).expect("its end is there");
        page.replace_range(from..to, &table);
    }
    page
}

#[test]
fn page_about_scale_has_what_is_computed() {
    let found = std::fs::read_to_string(checkout::path(PAGE)).unwrap();
    assert!(
        found == page(),
        "{PAGE} is not what is computed: cargo test -p countersign-gate --test gate -- --ignored write_the_page_about_scale"
    );
}

#[test]
#[ignore = "writes docs/scale.md"]
fn write_the_page_about_scale() {
    std::fs::write(checkout::path(PAGE), page()).unwrap();
}

#[test]
fn burst_ends_at_most_a_tenth_after_the_quota_alone_if_enough_may_run() {
    let trace = trace();
    let (_, results) = burst(&trace);
    let best = results.iter().map(|it| it.last_live * 100 / it.quota_alone);
    assert!(best.min().unwrap() <= 110);
    // No message comes near to what SQS counts to.
    assert!(results.iter().all(|it| it.most_receives < 100));
    // As many as the formula says are enough, and far more are far too many.
    let enough = 15 * holds(&trace) / 1000 / 8;
    assert!((8..=10).contains(&enough), "{enough}");
    assert!(results[2].last_live * 100 / results[2].quota_alone <= 110);
    assert!(results[5].last_live > 2 * results[2].last_live);
    // With the defaults it is the concurrency that decides.
    let by_concurrency = 1000 * holds(&trace) / 2;
    let default = &results[0];
    assert!(default.last_live.abs_diff(by_concurrency) < by_concurrency / 10);
    assert_eq!(default.throttled, 0);
}

/// Jobs that may not be started wait in the queue, and none is lost for it.
#[test]
fn quota_of_signer_decides_where_it_is_the_smallest() {
    let (_, results) = by_starts(&trace());
    for (starts, result) in results {
        let alone = 1000 * 1000 / starts;
        assert!(result.most_receives < 100, "{starts}");
        let least = alone.max(result.quota_alone);
        assert!(result.last_live >= least, "{starts}");
        assert!(
            result.last_live <= least * 125 / 100,
            "{starts}: {}",
            result.last_live
        );
    }
}

/// The rate limits of `sweep` are what its share of the quotas allows, and no more: where that is all there is, none of its calls is throttled.
#[test]
fn sweep_is_never_throttled_within_its_share() {
    for percent in [5, 10, 50] {
        let share = QuotaShare::of_percent(percent).unwrap();
        // What is taken of Signer's does not depend on the share.
        let quotas = |percent| {
            let of_lambda = |quota| Bucket::of_share(quota, percent);
            [
                of_lambda(CONTROL_PLANE),
                of_lambda(GET_FUNCTION),
                Bucket::of(5),
            ]
        };
        let (swept, refused) = sweep_under(quotas(percent), share);
        assert_eq!((swept.troubles, refused), (vec![], 0), "{percent}");
        // Half of that is too little.
        let (_, refused) = sweep_under(quotas(percent / 2), share);
        assert!(refused > 0, "{percent}");
    }
}

/// A run over some functions under such quotas; what they refused.
fn sweep_under(quotas: [Bucket; 3], share: QuotaShare) -> (SweepReport, usize) {
    let world = many(30, true);
    world.state().tick(600);
    let now = world.state().now;
    world.state().quotas = Some(Quotas::new(now, quotas));
    let settings = SweepSettings {
        quota_share: share,
        ..sweep_settings()
    };
    let mut attempt = patient(&world);
    attempt.work_until = attempt.since + jiff::SignedDuration::from_hours(24);
    let hands = hands(&world, "sweep");
    let swept = run_in(
        &world,
        sweep(&hands, &settings, SweepRun::Everything, &attempt),
    );
    let swept = swept.unwrap_or_else(|stopped| *stopped.report);
    let refused = world.state().quotas.as_ref().unwrap().refused;
    (swept, refused)
}

#[test]
fn outage_of_signer_is_made_good_for_by_itself() {
    let (_, results) = outage(&trace());
    assert!(results.iter().all(|it| it.most_receives < 200));
    assert!(
        results.iter().all(|it| it.most_receives > 3),
        "they did wait"
    );
    assert!(results.iter().all(|it| it.last_live > HOUR));
}

#[test]
fn sweep_keeps_its_share_of_the_quotas() {
    let (_, [without, with]) = sweeps();
    // ListAliases at one and a half a second, and within that time GetFunction twice at ten.
    for pace in [without, with] {
        assert!(pace >= 660, "{without} {with}");
        assert!(pace <= 720, "nothing else adds to that: {pace}");
    }
}

/// More than the calls without a quota leave room for is no gain: they are made one after the other.
#[test]
fn larger_share_makes_sweep_faster_up_to_what_other_calls_take() {
    let (_, runs) = sweep_by_share();
    assert!(
        runs.is_sorted_by(|slower, faster| slower >= faster),
        "{runs:?}"
    );
    let [least, default, .., half, most] = runs.as_slice() else {
        panic!("{runs:?}")
    };
    assert!(*least > 3 * default / 2 && *half < *default, "{runs:?}");
    assert!(*most > half * 9 / 10, "{runs:?}");
}

#[test]
fn long_run_lists_anew_at_each_attempt() {
    let interval = control_plane_interval(DEFAULT_PERCENT);
    assert_eq!(interval, 667);
    let whole_run = |functions, pace| whole_run(functions, pace, DEFAULT_PERCENT);
    // 100 functions list in four calls; one attempt is enough.
    assert_eq!(whole_run(100, 300), 4 * interval + 30_000);
    // 10,000 list in 400: three attempts, and a second and two between them.
    let listing = 400 * interval;
    let work = 3 * (ATTEMPT - listing);
    let pace = work / 10_000;
    let rest = 10_000 * pace - 2 * (ATTEMPT - listing);
    assert_eq!(whole_run(10_000, pace), 2 * ATTEMPT + 3000 + listing + rest);
    assert!(whole_run(in_an_hour(668), 668) <= HOUR);
    assert!(whole_run(in_an_hour(668) + 100, 668) > HOUR);
}
