//! A hundred thousand schedules of uploads, completions, duplicates, crashes, lost answers, throttling,
//! forgeries and changes by others, each in an order of its own, and what must hold in all of them:
//!
//! - every upload ends in exactly one state, on record and announced;
//! - the last current upload is what runs, unless someone else changed it afterwards;
//! - an older upload never overwrites a newer one, neither on the function, nor on an alias, nor among the
//!   packages that are offered;
//! - what Lambda took is on record as deployed or failed, and what is on record as deployed is what ran;
//! - nothing is changed before all that decides about it was judged, and is on record;
//! - the work of an upload is done once;
//! - an old version that is deleted is the gate's own, and nothing names it;
//! - people get one page for each thing that is due and none for others, each that is due is sent in the end, and
//!   nothing waits for ever (`paged.rs`);
//! - where people are asked, nothing is changed that nobody else approved, unless the glass was broken and its end had not
//!   come, which is told; and no upload is refused for an approval that was there;
//! - where it has to be proven where packages were built, nothing is changed of which it is not, and no upload is refused for an
//!   attestation that was there;
//! - where the stack has a key for it, a deployment has its summary, and nothing is deployed again for one;
//! - what no event told is found by `sweep`: an upload whose event was lost ends, and other code than was
//!   deployed last is told, once, and no longer than it lasts.
//!
//! Most of that is checked at each effect (`world/invariants.rs`), the rest at rest (`rest.rs`). That all of
//! it can fail is proven by making mistakes in the gate's place (`world/mistake.rs`): each must be found, and
//! soon.
//!
//! A schedule is a number (`schedule.rs`). When one fails, its number and the shortest story that ends so are printed
//! (`shrink.rs`). `cargo
//! xtask bench promise` runs as many as one likes, and keeps those that failed in `seeds.txt`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a long run is told how long by its environment, and tells how far it is"
)]

mod alerting;
mod attested;
mod paged;
mod people;
mod rest;
mod schedule;
mod shrink;

use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use countersign_testkit::checkout;

use crate::world::{
    Mistake,
    attested::NOT_PROVEN,
    invariants::{
        ALIAS_BACK, ALIAS_READ_TOO_LATE, CANARY_ENDED, DONE_TWICE, FOREIGN_JOB, LIVE_OLDER,
        NO_VERDICT, NOT_READY, NOT_REPLACED, NOT_THERE, OLD_CONFIGURATION, OLDER_OFFERED,
        OLDER_OVER_NEWER, OLDER_PUBLISHED, READ_TOO_LATE, REVOKED, START_NOT_JUDGED,
        TAG_NOT_JUDGED, TOOK_IT, WRITTEN_TWICE,
    },
    people::{GLASS_NOT_TOLD, NOT_APPROVED},
    pruning::{PRUNED_FOREIGN, PRUNED_IN_USE},
};
use attested::demands_provenance;
use paged::{
    CLOSED_BY_OLDER, COUNTED_TWICE, NOT_PAGED, PAGED_AGAIN, PAGED_FOR_NONE, STAYS_OPEN, WAITS,
};
use people::asks_people;
use rest::{DRIFT_NOT_FOUND, NO_END, NO_SUMMARY, NOT_ANNOUNCED};
use schedule::{NEVER_STILL, OUT_OF_TIME, runs_alert};
use shrink::{Failure, shortest};

/// How many schedules the suite runs.
const SCHEDULES: u64 = 100_000;

/// Within so many schedules each mistake must be found.
const SOON: u64 = 10_000;

/// After so many failures a long run stops.
const MAX_FAILURES: u64 = 5;

/// How many schedules are run instead of a hundred thousand.
const SCHEDULES_VARIABLE: &str = "COUNTERSIGN_MODEL_SCHEDULES";
/// Which is the first of them.
const FROM_VARIABLE: &str = "COUNTERSIGN_MODEL_FROM";
/// Where the numbers of those that fail are kept.
const SEEDS: &str = "shared/gate/tests/gate/model/seeds.txt";

#[test]
fn promise_holds_under_any_interleaving() {
    let run = Run::of(
        number(FROM_VARIABLE, 0),
        number(SCHEDULES_VARIABLE, SCHEDULES),
    );
    let failures = run.go(|seed, story| panic!("schedule {seed} fails:\n{story}"));
    assert_eq!(failures, 0);
    // The schedules are not so wild that nothing happens in them.
    assert!(run.deployed.into_inner() > run.count / 2);
}

#[test]
fn schedules_that_failed_once_hold() {
    for seed in failed_once() {
        if let Err(story) = survive(seed) {
            panic!("schedule {seed} fails again:\n{story}");
        }
    }
}

#[test]
#[ignore = "takes as long as one likes; `cargo xtask bench promise` runs it"]
fn promise_holds_for_as_many_schedules_as_one_likes() {
    let run = Run::of(
        number(FROM_VARIABLE, 0),
        number(SCHEDULES_VARIABLE, SCHEDULES),
    );
    let known = failed_once();
    let failures = run.go(|seed, story| {
        println!("\nschedule {seed} fails:\n{story}");
        if !known.contains(&seed) {
            keep(seed, story);
        }
    });
    println!("{}", run.progress());
    assert_eq!(failures, 0, "kept in {SEEDS}");
}

#[test]
fn mistakes_are_found() {
    let mistakes = [
        (Mistake::AliasTagJudgedLate, TAG_NOT_JUDGED),
        (Mistake::CurrentBeforeApplied, TOOK_IT),
        (Mistake::ForeignJobTaken, FOREIGN_JOB),
        (Mistake::NoTimeKeptBack, OUT_OF_TIME),
        (Mistake::ConfigurationNotCounted, OLD_CONFIGURATION),
        (Mistake::DeletedVersionBelieved, NOT_THERE),
        (Mistake::DeletedCalledReplaced, NOT_REPLACED),
        (Mistake::HeadBeforeFunction, READ_TOO_LATE),
        (Mistake::HeadBeforeAlias, ALIAS_READ_TOO_LATE),
        (Mistake::BlindUpdate, OLDER_OVER_NEWER),
        (Mistake::BlindCreate, WRITTEN_TWICE),
        (Mistake::BlindCopy, OLDER_OFFERED),
        (Mistake::BlindReplace, LIVE_OLDER),
        (Mistake::LiveGoesBack, LIVE_OLDER),
        (Mistake::TurnNotAwaited, OLDER_PUBLISHED),
        (Mistake::BlindMove, ALIAS_BACK),
        (Mistake::NoWait, NOT_READY),
        (Mistake::LeaseIgnored, DONE_TWICE),
        (Mistake::StartNotJudged, START_NOT_JUDGED),
        (Mistake::CanaryNotSeen, CANARY_ENDED),
        (Mistake::MarkNotSought, DONE_TWICE),
        (Mistake::NotAnnounced, NOT_ANNOUNCED),
        (Mistake::SummaryNotTriedAgain, NO_SUMMARY),
        (Mistake::VerdictAfterEffect, NO_VERDICT),
        (Mistake::NotSentAgain, NEVER_STILL),
        (Mistake::OlderNotSought, NO_END),
        (Mistake::DriftNotTold, DRIFT_NOT_FOUND),
        (Mistake::RevocationNotSeen, REVOKED),
        (Mistake::MarkNotRead, PRUNED_FOREIGN),
        (Mistake::ProvisionedNotSought, PRUNED_IN_USE),
    ];
    find(&mistakes, |_| true);
}

#[test]
fn mistakes_of_alert_are_found() {
    let mistakes = [
        (Mistake::OnItsWayIsTold, NOT_PAGED),
        (Mistake::ToldNotNoted, PAGED_AGAIN),
        (Mistake::SenderNotAwaited, PAGED_AGAIN),
        (Mistake::EventsForgotten, COUNTED_TWICE),
        (Mistake::RepeatsNotListed, WAITS),
        (Mistake::EndsWhatIsLater, CLOSED_BY_OLDER),
        (Mistake::EndBeforeNotSought, STAYS_OPEN),
        (Mistake::OwnRolesNotKnown, PAGED_FOR_NONE),
    ];
    find(&mistakes, runs_alert);
}

#[test]
fn mistakes_about_people_are_found() {
    let mistakes = [
        (Mistake::UploaderCounted, NOT_APPROVED),
        (Mistake::WithdrawnCounted, NOT_APPROVED),
        (Mistake::BytesNotCompared, NOT_APPROVED),
        (Mistake::GlassNeverEnds, NOT_APPROVED),
        (Mistake::GlassForgotten, GLASS_NOT_TOLD),
    ];
    find(&mistakes, asks_people);
}

#[test]
fn mistakes_about_attestations_are_found() {
    let mistakes = [
        (Mistake::AttestationNotCompared, NOT_PROVEN),
        (Mistake::AttestationNotMissed, NOT_PROVEN),
    ];
    find(&mistakes, demands_provenance);
}

/// Each mistake must be found, for the right reason, within the first of those schedules that can find it.
fn find(mistakes: &[(Mistake, &str)], can_find: fn(u64) -> bool) {
    let mut missed = Vec::new();
    for (mistake, complaint) in mistakes {
        let seeds = (0..).filter(|seed| can_find(*seed));
        let mut soon = seeds.take(usize::try_from(SOON).unwrap());
        match soon.find(|seed| complains(*seed, *mistake, complaint)) {
            Some(seed) => println!("{mistake:?} is found by schedule {seed}"),
            None => missed.push(mistake),
        }
    }
    assert!(missed.is_empty(), "{missed:?} are not found");
}

/// Whether a schedule with this mistake in it fails for the right reason.
fn complains(seed: u64, mistake: Mistake, complaint: &str) -> bool {
    let end = Failure::or_deployed(seed, Some(mistake));
    end.is_err_and(|failure| failure.text.contains(complaint))
}

#[test]
fn failure_is_told_by_its_shortest_story() {
    for (mistake, complaint) in [
        (Mistake::BlindUpdate, OLDER_OVER_NEWER),
        (Mistake::NoWait, NOT_READY),
        (Mistake::NotAnnounced, NOT_ANNOUNCED),
        (Mistake::RevocationNotSeen, REVOKED),
    ] {
        // Those in which nobody is asked: what is said there belongs to each story.
        let plain = (0..SOON).filter(|seed| !asks_people(*seed) && !demands_provenance(*seed));
        let found = plain.filter(|seed| complains(*seed, mistake, complaint));
        let mut halved = 0;
        for seed in found.take(3) {
            let failure = Failure::or_deployed(seed, Some(mistake));
            let failure = failure.expect_err("it failed before");
            let before = failure.steps.len();
            let short = shortest(failure);
            let after = short.steps.len();
            let text = &short.text;
            assert!(text.contains(complaint), "{mistake:?}: {text}");
            println!("{mistake:?}: {before} steps of {seed} became {after}");
            halved += usize::from(after * 2 < before);
            // None of those that are left can be left out.
            for left_out in 0..after - 1 {
                let mut steps = short.steps.clone();
                steps.remove(left_out);
                assert!(!short.happens_with(&steps), "{mistake:?}: {left_out}");
            }
        }
        // In some schedules, nearly all that happens is what it takes.
        assert!(halved > 0, "{mistake:?}: none becomes half as long");
    }
}

/// Runs a schedule; if it fails, tells the shortest story that ends so.
fn survive(seed: u64) -> Result<u64, String> {
    let failure = match Failure::or_deployed(seed, None) {
        Ok(deployed) => return Ok(deployed),
        Err(failure) => failure,
    };
    let before = failure.steps.len();
    let text = failure.text.clone();
    let short = shortest(failure);
    let mut story = short.story().join("\n");
    let _ = write!(
        story,
        "\n({} of {before} steps; the others change nothing)\n=> {text}",
        short.steps.len()
    );
    if !short.happens_with(&short.steps) {
        story.push_str("\n=> and not when it was told: the schedule is not determined");
    }
    Err(story)
}

/// Many schedules, on all processors.
struct Run {
    from: u64,
    count: u64,
    began: Instant,
    next: AtomicU64,
    deployed: AtomicU64,
    failures: AtomicU64,
}

impl Run {
    fn of(from: u64, count: u64) -> Self {
        Self {
            from,
            count,
            began: Instant::now(),
            next: AtomicU64::new(0),
            deployed: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Runs them all, and hands out the story of each that fails; answers how many failed.
    fn go(&self, failed: impl Fn(u64, &str) + Sync) -> u64 {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.work(&failed));
            }
        });
        self.failures.load(Ordering::Relaxed)
    }

    fn work(&self, failed: &(impl Fn(u64, &str) + Sync)) {
        const TELLS_EVERY: Duration = Duration::from_secs(10);
        let mut told = Instant::now();
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= self.count || self.failures.load(Ordering::Relaxed) >= MAX_FAILURES {
                break;
            }
            match survive(self.from + at) {
                Ok(deployed) => {
                    self.deployed.fetch_add(deployed, Ordering::Relaxed);
                }
                Err(story) => {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                    failed(self.from + at, &story);
                }
            }
            if told.elapsed() >= TELLS_EVERY {
                told = Instant::now();
                println!("{}", self.progress());
            }
        }
    }

    fn progress(&self) -> String {
        let done = self.next.load(Ordering::Relaxed).min(self.count);
        let seconds = self.began.elapsed().as_secs();
        format!(
            "{done} of {} schedules from {} on in {seconds} s, {} failed, {} uploads deployed",
            self.count,
            self.from,
            self.failures.load(Ordering::Relaxed),
            self.deployed.load(Ordering::Relaxed),
        )
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    env::var(variable).map_or(otherwise, |text| text.parse().expect("it is a number"))
}

/// The schedules that failed once: the first word of each line of the file.
fn failed_once() -> Vec<u64> {
    let text = fs::read_to_string(checkout::path(SEEDS)).expect("the seeds are there");
    let numbers = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    numbers
        .filter(|word| *word != "#")
        .map(|word| word.parse().expect("a line begins with a number"))
        .collect()
}

fn keep(seed: u64, story: &str) {
    let why = story.lines().rfind(|line| line.starts_with("=> "));
    let line = format!("{seed} {}\n", why.unwrap_or_default());
    let file = fs::OpenOptions::new()
        .append(true)
        .open(checkout::path(SEEDS));
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("the seed is kept");
}
