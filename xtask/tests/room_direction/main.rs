//! Arrows between the rooms of a crate go one way, and files use each other in no circle.
//!
//! `rooms.rs` is the table of what each room may use, `source.rs` reads what each file does use.
//! Crates have the same rule, in `dependency_direction.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "in a test, a panic is the report"
)]

mod rooms;
mod source;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use countersign_testkit::checkout;
use rooms::{HOUSES, House, Room};
use source::{Arrow, Sources, arrows, read};

/// The page that shows the same rooms to people.
const PAGE: &str = "docs/architecture.md";

#[test]
fn rooms_use_only_what_their_table_allows() {
    assert_none(|house, sources| faults_between_rooms(sources, house.rooms));
}

#[test]
fn files_use_each_other_in_no_circle() {
    assert_none(|_, sources| circles(sources));
}

fn assert_none(faults: impl Fn(&House, &Sources) -> Vec<String>) {
    let of_house = |house: &House| {
        let found = faults(house, &read(&checkout::path(house.folder)));
        let found = found.into_iter();
        found
            .map(|fault| format!("{}: {fault}", house.name))
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = HOUSES.iter().flat_map(of_house).collect();
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

/// A room may use rooms that are listed before it, which makes a circle of rooms impossible.
#[test]
fn tables_go_from_the_ground_up() {
    for House { name, rooms, .. } in HOUSES {
        let mut below = BTreeSet::new();
        for (room, allowed) in rooms {
            let unknown: Vec<_> = allowed
                .iter()
                .filter(|room| !below.contains(*room))
                .collect();
            assert!(
                unknown.is_empty(),
                "{name}: {unknown:?} is not listed before {room}"
            );
            assert!(below.insert(room), "{name}: {room} is listed twice");
        }
    }
}

#[test]
fn page_shows_the_same_rooms() {
    let page = std::fs::read_to_string(checkout::path(PAGE)).unwrap();
    for House { name, rooms, .. } in HOUSES {
        let heading = format!("\n### Rooms of `{name}`\n");
        let (_, after) = page
            .split_once(&heading)
            .unwrap_or_else(|| panic!("no {heading:?}"));
        let section = after.split("\n#").next().unwrap();
        let shown: Vec<_> = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        let table: Vec<_> = rooms.iter().map(row).collect();
        assert_eq!(
            shown.len(),
            table.len(),
            "{PAGE}, {name}: {shown:#?}\n{table:#?}"
        );
        for (shown, row) in shown.iter().zip(&table) {
            assert!(
                shown.starts_with(row),
                "{PAGE}, {name}: {shown}\nshould begin with\n{row}"
            );
        }
    }
}

/// In the page's tables of ways, files are named from the root, from a crate's `src`, or by their name alone.
#[test]
fn page_names_files_that_are_there() {
    let page = std::fs::read_to_string(checkout::path(PAGE)).unwrap();
    let mut there: Vec<String> = Vec::new();
    for house in HOUSES {
        let files = read(&checkout::path(house.folder)).into_keys();
        there.extend(files.map(|file| format!("/{}/{file}", house.folder)));
    }
    let named = page.split('`').skip(1).step_by(2);
    let named = named.filter(|name| {
        name.strip_suffix(".rs")
            .is_some_and(|stem| !stem.contains('*'))
    });
    let missing: Vec<_> = named
        .filter(|name| !checkout::path(name).is_file())
        .filter(|name| !there.iter().any(|file| file.ends_with(&format!("/{name}"))))
        .collect();
    assert!(missing.is_empty(), "{PAGE} names {missing:#?}");
}

/// The beginning of a room's row on the page.
fn row((room, allowed): &Room) -> String {
    let allowed: Vec<_> = allowed.iter().map(|room| format!("`{room}`")).collect();
    let allowed = if allowed.is_empty() {
        "nothing".to_owned()
    } else {
        allowed.join(" ")
    };
    format!("| `{room}` | {allowed} | ")
}

/// Every arrow that the table does not allow, every file without a room, and every room without a
/// file.
fn faults_between_rooms(sources: &Sources, rooms: &[Room]) -> Vec<String> {
    let (arrows, files) = arrows(sources);
    let mut faults = Vec::new();
    let homeless = files.iter().filter(|file| room_of(file, rooms).is_none());
    faults.extend(homeless.map(|file| format!("{file} is in no room; say what its room may use")));
    let is_empty = |room: &&Room| files.iter().all(|file| room_of(file, rooms) != Some(*room));
    faults.extend(
        rooms
            .iter()
            .filter(is_empty)
            .map(|(room, _)| format!("{room} is empty")),
    );
    for Arrow { from, to, path, .. } in &arrows {
        let (Some(using), Some(used)) = (room_of(from, rooms), room_of(to, rooms)) else {
            continue;
        };
        if using.0 != used.0 && !using.1.contains(&used.0) {
            let allowed = using.1.join(", ");
            faults.push(format!(
                "{from} uses {to} ({path}); {} may use: {allowed}",
                using.0
            ));
        }
    }
    faults
}

/// The room of a file: the longest path in the table that the file is, or lies below.
fn room_of<'a>(file: &str, rooms: &'a [Room]) -> Option<&'a Room> {
    let file = file.strip_suffix(".rs").unwrap_or(file);
    let holds = |room: &&Room| {
        let rest = file.strip_prefix(room.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    rooms
        .iter()
        .filter(holds)
        .max_by_key(|(room, _)| room.len())
}

/// Circles until each file that is in one is named in one: the shortest of the file.
fn circles(sources: &Sources) -> Vec<String> {
    let (arrows, _) = arrows(sources);
    let mut uses: BTreeMap<&str, Vec<&Arrow>> = BTreeMap::new();
    for arrow in arrows.iter().filter(|arrow| !arrow.is_to_module) {
        uses.entry(&arrow.from).or_default().push(arrow);
    }
    let mut named = BTreeSet::new();
    let mut circles = Vec::new();
    for file in uses.keys() {
        if named.contains(file) {
            continue;
        }
        let Some(circle) = way_back(file, &uses) else {
            continue;
        };
        named.extend(circle.iter().map(|arrow| arrow.from.as_str()));
        let steps = circle.iter();
        let steps: Vec<_> = steps
            .map(|arrow| format!("{} uses {} ({})", arrow.from, arrow.to, arrow.path))
            .collect();
        circles.push(steps.join(", "));
    }
    circles
}

/// The shortest way along the arrows from a file to itself.
fn way_back<'a>(start: &str, uses: &BTreeMap<&str, Vec<&'a Arrow>>) -> Option<Vec<&'a Arrow>> {
    let mut came_by: BTreeMap<&str, &Arrow> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for arrow in uses.get(file).into_iter().flatten() {
            if came_by.contains_key(arrow.to.as_str()) {
                continue;
            }
            came_by.insert(&arrow.to, arrow);
            if arrow.to == start {
                let mut way = vec![*arrow];
                while way[way.len() - 1].from != start {
                    way.push(came_by[way[way.len() - 1].from.as_str()]);
                }
                way.reverse();
                return Some(way);
            }
            waiting.push_back(&arrow.to);
        }
    }
    None
}

/// A small crate with two rooms, `low` below `high`, and whatever else a test plants.
fn planted(changes: &[(&str, &str)]) -> Sources {
    let sound = [
        ("lib.rs", "mod high; mod low; pub use high::Judge;"),
        (
            "low/mod.rs",
            "mod name; mod part; pub use name::Name; pub use part::Part;",
        ),
        ("low/name.rs", "pub struct Name;"),
        (
            "low/part.rs",
            "use super::Name; pub struct Part(Name); impl Part { pub fn new() {} }",
        ),
        ("high/mod.rs", "mod judge; pub use judge::Judge;"),
        (
            "high/judge.rs",
            "use crate::low::Part; pub struct Judge(Part);
             #[cfg(test)] mod tests { use crate::Judge; }",
        ),
    ];
    let all = sound.iter().chain(changes);
    all.map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect()
}

const ROOMS: [Room; 3] = [("low", &[]), ("high", &["low"]), ("lib", &["high"])];

/// The faults between rooms and the circles of the planted crate.
fn told(changes: &[(&str, &str)]) -> (String, String) {
    let sources = planted(changes);
    (
        faults_between_rooms(&sources, &ROOMS).join("\n"),
        circles(&sources).join("\n"),
    )
}

#[test]
fn sound_crate_has_no_faults() {
    assert_eq!(told(&[]), (String::new(), String::new()));
}

/// However it is written.
#[test]
fn planted_upward_use_is_found() {
    for text in [
        "use crate::high::Judge;",
        "use super::super::high::Judge;",
        "use crate::{high::{self}};",
        "use crate::high as above;",
        "use crate::high::*;",
        "use crate::Judge;",
        "fn f() { use crate::high::Judge; }",
        "fn f() -> crate::high::Judge { loop {} }",
        "fn f() { crate::high::Judge::new() }",
        "fn f() { println!(\"{}\", [crate::high::Judge::new()]) }",
        "macro_rules! make { () => { $crate::high::Judge::new() } }",
        "impl From<crate::high::Judge> for Name { }",
        "#[serde(with = \"crate::high::judge\")] pub struct Other;",
        "mod inner { use super::super::super::high::Judge; }",
        "#[cfg(any(test, feature = \"x\"))] use crate::high::Judge;",
        "#[cfg(not(test))] use crate::high::Judge;",
    ] {
        let (faults, _) = told(&[("low/name.rs", &format!("pub struct Name; {text}"))]);
        assert!(faults.contains("low/name.rs uses "), "{text}: {faults}");
        assert!(faults.contains("; low may use: "), "{text}: {faults}");
    }
}

#[test]
fn use_in_tests_and_of_other_crates_is_free() {
    for text in [
        "#[cfg(test)] mod tests { use crate::high::Judge; }",
        "#[cfg(all(test, unix))] use crate::high::Judge;",
        "#[cfg(test)] mod sample; ",
        "impl Name { #[cfg(test)] fn f() { crate::high::Judge::new() } }",
        "use high::Judge; fn f() { ::crate_of_others::high::Judge::new() }",
        "pub(in crate::low) struct Other;",
        "/// [`crate::high::Judge`]\npub struct Other;",
    ] {
        let name = format!("pub struct Name; {text}");
        let sample = ("low/name/sample.rs", "use crate::high::Judge;");
        let found = told(&[("low/name.rs", &name), sample]);
        assert_eq!(found, (String::new(), String::new()), "{text}");
    }
}

#[test]
fn planted_circle_of_two_files_is_found() {
    let (faults, circles) = told(&[(
        "low/name.rs",
        "use crate::low::part::Part; pub struct Name(Part);",
    )]);
    assert_eq!(faults, "", "they are in one room");
    assert_eq!(
        circles,
        "low/name.rs uses low/part.rs (crate::low::part::Part), low/part.rs uses low/name.rs \
         (super::Name)"
    );
}

#[test]
fn planted_circle_through_a_reexport_is_found() {
    let (_, circles) = told(&[("low/name.rs", "use super::Part; pub struct Name(Part);")]);
    assert!(
        circles.contains("low/name.rs uses low/part.rs (super::Part)"),
        "{circles}"
    );

    let renamed = "mod name; mod part; pub use name::*; pub use part::Part as Piece;";
    let (_, circles) = told(&[
        ("low/mod.rs", renamed),
        (
            "low/name.rs",
            "use crate::low; pub struct Name; fn f() { low::Piece::new() }",
        ),
    ]);
    assert!(
        circles.contains("low/name.rs uses low/part.rs (low::Piece::new)"),
        "{circles}"
    );
}

#[test]
fn planted_circle_by_an_inline_path_is_found() {
    let inline = "pub struct Name; fn f() { let _ = crate::low::Part::new(); }";
    let (_, circles) = told(&[("low/name.rs", inline)]);
    assert!(
        circles.contains("low/name.rs uses low/part.rs (crate::low::Part::new)"),
        "{circles}"
    );
}

#[test]
fn planted_circle_of_three_files_is_found_once() {
    let (_, circles) = told(&[
        (
            "low/mod.rs",
            "mod name; mod part; mod third; pub use name::Name; pub use part::Part;",
        ),
        (
            "low/name.rs",
            "use super::third::Third; pub struct Name(Third);",
        ),
        ("low/third.rs", "use super::Part; pub struct Third(Part);"),
    ]);
    assert_eq!(circles.lines().count(), 1, "{circles}");
    assert!(
        circles.starts_with("low/name.rs uses low/third.rs"),
        "{circles}"
    );
}

/// A file may name its own room and use another file through that name.
#[test]
fn name_of_the_own_room_makes_no_circle() {
    let (faults, circles) = told(&[(
        "low/part.rs",
        "use crate::low; pub struct Part(low::Name); impl Part { pub fn new() {} }",
    )]);
    assert_eq!((faults.as_str(), circles.as_str()), ("", ""));
}

#[test]
fn unlisted_and_empty_rooms_are_found() {
    let (faults, _) = told(&[
        ("lib.rs", "mod high; mod low; mod new; pub use high::Judge;"),
        ("new.rs", "use crate::high::Judge;"),
    ]);
    assert_eq!(faults, "new.rs is in no room; say what its room may use");
    let rooms = [ROOMS[0], ("attic", &[]), ROOMS[1], ROOMS[2]];
    assert_eq!(
        faults_between_rooms(&planted(&[]), &rooms),
        ["attic is empty"]
    );
}
