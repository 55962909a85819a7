//! Random zips (`src/random.rs`): what the core accepts, other programs read and unpack in the same way.
//!
//! The numbers of those that once were not are kept in `src/random_seeds.txt` and replayed.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be; one that is skipped says so. \
              How many is a person's to say"
)]

use std::{fs, ops::Range, path::PathBuf};

use countersign_cases::{
    fuzz::readers_agree,
    random::numbered,
    readers::{core, directories_once, python},
    table,
    unpackers::{SEEDS, UNPACKERS, Unpacker, seeds, tree},
};
use countersign_package::{Limits, Package};

/// Zips that libraries read.
const READ: u64 = 6_000;
/// Zips that Python reads, all that are accepted in one process.
const READ_BY_PYTHON: u64 = 3_000;
/// Zips that are made, of which those that are accepted are unpacked by each program.
const UNPACKED: u64 = 200;

fn is_accepted(bytes: &[u8]) -> bool {
    Package::read(bytes, &Limits::default()).is_ok()
}

/// How many of them are accepted; each failure is told with its number.
fn read_all(numbers: impl Iterator<Item = u64>) -> u64 {
    let (mut accepted, mut wrong) = (0_u64, Vec::new());
    for number in numbers {
        match readers_agree(&numbered(number).build()) {
            Ok(is_accepted) => accepted = accepted.saturating_add(is_accepted.into()),
            Err(error) => wrong.push(format!("{number}  {error}")),
        }
    }
    let told = wrong
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        wrong.is_empty(),
        "{} zips; keep one of each kind in {SEEDS}:\n{told}",
        wrong.len()
    );
    accepted
}

#[test]
fn libraries_agree_on_random_zips() {
    let accepted = read_all((0..READ).chain(seeds()));
    assert!(
        accepted > READ / 10,
        "only {accepted} of {READ} are accepted"
    );
}

#[test]
fn python_agrees_on_random_zips() {
    let zips = (0..READ_BY_PYTHON).chain(seeds());
    let zips: Vec<(u64, Vec<u8>)> = zips
        .map(|number| (number, numbered(number).build()))
        .filter(|(_, bytes)| is_accepted(bytes))
        .collect();
    let bytes: Vec<Vec<u8>> = zips.iter().map(|(_, bytes)| bytes.clone()).collect();
    let folder = tempfile::tempdir().unwrap();
    let Some(seen) = python(&bytes, folder.path()) else {
        eprintln!("skipped: python3 cannot be run here");
        return;
    };
    for ((number, bytes), seen) in zips.iter().zip(seen) {
        let ours = directories_once(core(bytes).unwrap());
        assert_eq!(seen.map(directories_once), Ok(ours), "random zip {number}");
    }
}

/// A zip that is to be unpacked, and what it is called.
type Named = (String, Vec<u8>);

/// Has these programs unpack those of the zips that are accepted. A program that is not here is skipped.
fn unpack_all<'a>(
    unpackers: impl Iterator<Item = &'a Unpacker>,
    zips: &(impl Iterator<Item = Named> + Clone),
) -> Vec<String> {
    let mut wrong = Vec::new();
    for unpacker in unpackers {
        if !unpacker.is_here() {
            eprintln!("skipped: {} is not installed", unpacker.name);
            continue;
        }
        let (mut opened, mut accepted) = (0_u32, 0_u32);
        for (name, bytes) in zips.clone() {
            if !is_accepted(&bytes) {
                continue;
            }
            accepted = accepted.saturating_add(1);
            match unpacker.compare(&bytes, &tree(&bytes)) {
                None => {}
                Some(Ok(())) => opened = opened.saturating_add(1),
                Some(Err(error)) => wrong.push(format!("{name}  {}: {error}", unpacker.name)),
            }
        }
        eprintln!("{}: {opened} of {accepted} compared", unpacker.name);
        assert!(
            opened >= accepted / 3,
            "{} opens only {opened} of {accepted}",
            unpacker.name
        );
    }
    wrong
}

fn random_zips(numbers: impl Iterator<Item = u64> + Clone) -> impl Iterator<Item = Named> + Clone {
    numbers.map(|number| (number.to_string(), numbered(number).build()))
}

fn rows_of_the_table() -> Vec<Named> {
    let rows = table();
    let named = rows
        .iter()
        .map(|case| (case.name.clone(), case.build().package));
    named.collect()
}

#[test]
fn programs_agree_on_every_package_of_random_records() {
    let zips = random_zips((0..UNPACKED).chain(seeds()));
    let wrong = unpack_all(UNPACKERS.iter(), &zips);
    assert!(
        wrong.is_empty(),
        "keep one of each kind in {SEEDS}:\n{}",
        wrong.join("\n")
    );
}

/// Each rule that was loosened has its rows there, and the neighbours that stay refused. Python reads them all in
/// `differential.rs`; what has to start a virtual machine for each is for the test below.
#[test]
fn native_programs_agree_on_every_row_of_the_table() {
    let native = UNPACKERS
        .iter()
        .filter(|unpacker| !["jar", "Python"].contains(&unpacker.name));
    let wrong = unpack_all(native, &rows_of_the_table().into_iter());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "takes minutes: some programs start a virtual machine for each zip"]
fn programs_agree_on_every_row_of_the_table() {
    let wrong = unpack_all(UNPACKERS.iter(), &rows_of_the_table().into_iter());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every zip below a folder, such as a corpus of ambiguous ones: what the core accepts, all others read and unpack
/// in the same way.
///
/// `COUNTERSIGN_ZIPS=folder cargo test --release -p countersign-cases --test random_zips -- --ignored folder`
#[test]
#[ignore = "needs a folder of zips"]
fn readers_and_programs_agree_on_a_folder_of_zips() {
    let folder = std::env::var_os("COUNTERSIGN_ZIPS").expect("COUNTERSIGN_ZIPS names a folder");
    let (mut folders, mut zips) = (vec![PathBuf::from(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                zips.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    let (mut accepted, mut wrong) = (0_usize, Vec::new());
    for (name, bytes) in &zips {
        match readers_agree(bytes) {
            Ok(is_accepted) => accepted = accepted.saturating_add(is_accepted.into()),
            Err(error) => wrong.push(format!("{name}  {error}")),
        }
    }
    eprintln!("{accepted} of {} are accepted", zips.len());
    wrong.extend(unpack_all(UNPACKERS.iter(), &zips.iter().cloned()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    }
}

fn as_many_as_one_likes() -> Range<u64> {
    let from = setting("COUNTERSIGN_RANDOM_FROM", 0);
    from..from.saturating_add(setting("COUNTERSIGN_RANDOM_ZIPS", 1_000_000))
}

/// `COUNTERSIGN_RANDOM_ZIPS=1000000 cargo test -p countersign-cases --test random_zips -- --ignored libraries`
#[test]
#[ignore = "takes as long as one likes"]
fn libraries_agree_on_as_many_random_zips_as_one_likes() {
    let accepted = read_all(as_many_as_one_likes());
    eprintln!("{accepted} are accepted");
}

/// The same with programs: some ten processes a zip.
#[test]
#[ignore = "takes as long as one likes"]
fn programs_agree_on_as_many_random_zips_as_one_likes() {
    let wrong = unpack_all(UNPACKERS.iter(), &random_zips(as_many_as_one_likes()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes the random zips of `COUNTERSIGN_RANDOM_FROM` and so on that are accepted into the folder
/// `COUNTERSIGN_RANDOM_FOLDER`, to be tried with a program that is not among those here.
#[test]
#[ignore = "writes files"]
fn write_random_zips() {
    let folder = PathBuf::from(std::env::var_os("COUNTERSIGN_RANDOM_FOLDER").unwrap());
    for number in as_many_as_one_likes() {
        let bytes = numbered(number).build();
        if is_accepted(&bytes) {
            fs::write(folder.join(format!("{number}.zip")), bytes).unwrap();
        }
    }
}
