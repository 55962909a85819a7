//! The texts of what is told later: sums, ends and silences, held against those in `pages/`, as their first pages are.

use std::{fs, path::PathBuf};

use countersign_testkit::checkout;

use super::{denied::denied, *};

/// Text and document of each page of a world, as `write_the_pages` keeps them.
fn published(world: &World, names: &[&str]) -> Vec<(String, String, String)> {
    let state = world.state();
    assert_eq!(state.pages.len(), names.len(), "{names:?}");
    let kept = names.iter().zip(&state.pages).map(|(name, page)| {
        let texts: Value = serde_json::from_str(page.message()).unwrap();
        let document: Value = serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap();
        let text = texts["default"].as_str().unwrap().to_owned();
        ((*name).to_owned(), text, format!("{document:#}\n"))
    });
    kept.filter(|(name, ..)| !name.is_empty()).collect()
}

/// A world in which the recorded calls have just been made.
fn after_the_calls() -> World {
    let world = world();
    world.state().now = "2026-11-21T22:00:00Z".parse().unwrap();
    world
}

/// Code is changed past the gate again and again; a good deployment ends it.
fn repeats() -> Vec<(String, String, String)> {
    let world = after_the_calls();
    for number in 1..=50 {
        told(&world, &code_changed(number)).unwrap();
    }
    pass(&world, 61);
    told(&world, RUN).unwrap();
    ended(
        &world,
        &outcome_at("2026-11-21T23:30:00Z", "deployed", None),
    );
    published(&world, &["", "told-again", "told-closed"])
}

fn denied_attempts() -> Vec<(String, String, String)> {
    let world = after_the_calls();
    for number in 0..500 {
        let function = format!("shop-{}", number % 100);
        told(&world, &denied(number, "Intruder", &function)).unwrap();
    }
    pass(&world, 61);
    told(&world, RUN).unwrap();
    published(&world, &["told-denied", "told-denied-again"])
}

fn silences() -> Vec<(String, String, String)> {
    let world = after_the_calls();
    let until = world.state().now + jiff::SignedDuration::from_hours(2);
    let planned = json!({"reason": "migration of the shop", "until": until});
    put(&world, SILENCE, &planned);
    for number in 1..=3 {
        told(&world, &code_changed(number)).unwrap();
    }
    pass(&world, 121);
    told(&world, RUN).unwrap();
    put(&world, SILENCE, &json!({"reason": "", "until": until}));
    told(&world, RUN).unwrap();
    let names = ["silence-begins", "silence-ends", "silence-not-in-force"];
    published(&world, &names)
}

fn file(name: &str, ending: &str) -> PathBuf {
    checkout::path(&format!("shared/gate/tests/gate/pages/{name}.{ending}"))
}

fn all() -> impl Iterator<Item = (String, String, String)> {
    repeats()
        .into_iter()
        .chain(denied_attempts())
        .chain(silences())
}

#[test]
fn later_pages_read_as_they_should() {
    for (name, text, document) in all() {
        let found = fs::read_to_string(file(&name, "txt")).unwrap_or_default();
        assert!(
            found == text,
            "{name} reads otherwise; look at it and write it anew with \
             `cargo test -p countersign-gate --test gate -- --ignored write_the_pages`:\n{text}"
        );
        let found = fs::read_to_string(file(&name, "json")).unwrap_or_default();
        assert_eq!(found, document, "{name}");
    }
}

#[test]
#[ignore = "writes the expected pages"]
fn write_the_pages_of_repeats_ends_and_silences() {
    for (name, text, document) in all() {
        fs::write(file(&name, "txt"), text).unwrap();
        fs::write(file(&name, "json"), document).unwrap();
    }
}
