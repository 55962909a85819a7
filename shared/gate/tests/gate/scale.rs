//! Scale, in simulated time: how long many uploads take under AWS's quotas, beside what the quotas alone would take.
//!
//! The calls are those that the use cases make, taken down from the small AWS in memory (`trace`). How long AWS
//! takes for each is assumed ([`Latency`]); what passes for known of its quotas is in `world/quotas.rs`. `docs/scale.md` has
//! the figures, and is held against them.

mod simulation;

use std::fmt::Write as _;

use countersign_gate::{
    events::SweepRun,
    ports::QuotaShare,
    sweep::{SweepReport, SweepSettings, sweep},
};
use countersign_testkit::checkout;

pub(crate) use self::simulation::trace;
use self::simulation::{Plan, Result, Simulation, Trace, holds, with_alias};

use crate::{
    happy_path::{GOOD, go, world},
    world::{
        FUNCTION, World,
        quotas::{Bucket, CONTROL_PLANE, Draws, GET_FUNCTION, Quotas, draws},
        run::{hands, patient, run_in, sweep_settings},
    },
};

const PAGE: &str = "docs/scale.md";
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;

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
