//! The bodies of the fuzz targets, each over its seeds and a fixed number of mutants of them.
//!
//! The same numbers give the same mutants in each run; `tests/fuzz` is for finding new ones.

#![expect(
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::panic::catch_unwind;

use countersign_cases::fuzz::TARGETS;
use countersign_cases::mutate::{Dice, mutate};

/// Mutants of each target.
const MUTANTS: u64 = 4_000;

fn run(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("a target");
    let seeds = (target.seeds)();
    for seed in &seeds {
        (target.body)(seed);
    }
    for number in 0..MUTANTS {
        let mutant = mutate(&mut Dice::new(number), &seeds);
        let outcome = catch_unwind(|| (target.body)(&mutant));
        assert!(
            outcome.is_ok(),
            "mutant {number} of target {name} breaks a rule; see above"
        );
    }
}

#[test]
fn mutants_of_zips_break_no_rule() {
    run("zip");
}

#[test]
fn mutants_of_choices_break_no_rule() {
    run("records");
}

#[test]
fn mutants_of_cms_break_no_rule() {
    run("cms");
}

#[test]
fn mutants_of_packages_break_no_rule() {
    run("whole");
}
