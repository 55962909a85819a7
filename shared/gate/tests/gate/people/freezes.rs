//! Freezes: what they hold up, and for how long.

use countersign_gate::{domain::ReasonCode, records::UploadState};
use jiff::{SignedDuration, Timestamp};

use super::{ANN, attempt, end, frozen, hours, uploaded_by, waits};
use crate::{
    happy_path::{GOOD, world},
    world::FUNCTION,
};

pub(crate) const ORDER: &str = r#"{"schema":1,"targets":["functions/check*"],"reason":"Black Friday","until":"2026-09-29T12:00:00Z"}"#;

#[test]
fn upload_waits_for_the_end_of_a_freeze() {
    let (world, settings) = (world(), frozen());
    world.state_that("freeze/friday.json", ORDER);
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let why = waits(&world, &settings, &job);
    for words in ["freeze/friday.json", "Black Friday", "2026-09-29T12:00:00Z"] {
        assert!(why.contains(words), "{why}");
    }
    let end: Timestamp = "2026-09-29T12:00:00Z".parse().unwrap();
    world.state().now = end - SignedDuration::from_secs(3);
    waits(&world, &settings, &job);
    world.state().now = end;
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
}

#[test]
fn each_freeze_has_to_end_and_may_be_lifted() {
    let (world, settings) = (world(), frozen());
    world.state_that("freeze/a.json", ORDER);
    world.state_that("freeze/b.json", &ORDER.replace("Black", "White"));
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let why = waits(&world, &settings, &job);
    assert!(
        why.contains("Black Friday") && why.contains("White Friday"),
        "{why}"
    );
    world.withdraw("freeze/a.json");
    assert!(!waits(&world, &settings, &job).contains("Black Friday"));
    world.withdraw("freeze/b.json");
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
}

#[test]
fn unreadable_freeze_freezes_everything_and_is_named() {
    let large = " ".repeat(20_000);
    for (key, body, words) in [
        ("freeze/x.json", "{", "it is not a freeze"),
        ("freeze/x.json", large.as_str(), "more than 16384 bytes"),
        ("freeze/x.txt", ORDER, "it has to be freeze/<name>.json"),
        ("freeze/a/x.json", ORDER, "it has to be freeze/<name>.json"),
        (
            "freeze/x.json",
            &ORDER.replace("functions/", ""),
            "no pattern of targets",
        ),
    ] {
        let (world, settings) = (world(), frozen());
        world.state_that(key, body);
        let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
        let why = waits(&world, &settings, &job);
        assert!(why.contains(key) && why.contains(words), "{why}");
    }
}

#[test]
fn freeze_of_others_or_of_the_past_and_a_folder_are_none() {
    let (world, settings) = (world(), frozen());
    world.state_that("freeze/", "");
    world.state_that(
        "freeze/others.json",
        &ORDER.replace("functions/check*", "layers/*"),
    );
    world.state_that(
        "freeze/past.json",
        &ORDER.replace("2026-09-29", "2026-09-27"),
    );
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    let outcome = attempt(&world, &settings, &job).unwrap();
    assert_eq!(outcome.state, UploadState::Deployed, "{outcome:#?}");
}

#[test]
fn freeze_that_outlasts_the_wait_refuses() {
    let (world, settings) = (world(), frozen());
    world.state_that(
        "freeze/long.json",
        &ORDER.replace("2026-09-29", "2027-09-29"),
    );
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    hours(&world, 72);
    assert_eq!(
        end(&world, &settings, &job),
        (UploadState::Rejected, ReasonCode::Frozen)
    );
}

#[test]
fn more_freezes_than_are_read_freeze_everything() {
    let (world, settings) = (world(), frozen());
    for number in 0..51 {
        let others = ORDER.replace("functions/check*", "layers/*");
        world.state_that(&format!("freeze/{number:02}.json"), &others);
    }
    let job = uploaded_by(&world, FUNCTION, GOOD, ANN);
    assert!(waits(&world, &settings, &job).contains("more than 50 objects"));
}
