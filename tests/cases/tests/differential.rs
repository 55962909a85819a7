//! What the core accepts, other programs read in the same way; where they differ, it refuses.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use countersign_cases::mutate::{Dice, confuse, mutate};
use countersign_cases::readers::{Contents, core, directories_once, python, zip_crate};
use countersign_cases::{PKI, table};
use countersign_package::{Limits, Package};
use countersign_testkit::package::{sample, sign};

#[test]
fn programs_agree_on_every_package_that_the_core_accepts() {
    let mut zips: Vec<Vec<u8>> = table().iter().map(|case| case.build().package).collect();
    let seeds = seeds();
    for number in 0..1_000 {
        let mut dice = Dice::new(number);
        let mut zip = sign(&sample(), &PKI);
        confuse(&mut dice, &mut zip);
        zips.push(zip.build());
        zips.push(mutate(&mut dice, &seeds));
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(python) = python(&zips, folder.path()) else {
        eprintln!("skipped: python3 cannot be run here");
        return;
    };
    let (mut accepted, mut ambiguous, mut wrong) = (0, 0, Vec::new());
    for (number, (zip, seen_by_python)) in zips.iter().zip(python).enumerate() {
        let seen_by_python = seen_by_python.map(directories_once);
        let seen_by_crate = zip_crate(zip).map(directories_once);
        let agree = match (&seen_by_python, &seen_by_crate) {
            (Ok(one), Ok(other)) => one == other,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        ambiguous += usize::from(!agree);
        if Package::read(zip, &Limits::default()).is_err() {
            continue;
        }
        accepted += 1;
        let ours = core(zip).map(directories_once);
        if ours.is_err() || ours != seen_by_python || ours != seen_by_crate {
            let name = table().get(number).map(|case| case.name.clone());
            wrong.push(format!(
                "{number} {name:?}: {}",
                [
                    ("Python", &seen_by_python),
                    ("the zip crate", &seen_by_crate)
                ]
                .map(|(reader, seen)| difference(reader, &ours, seen))
                .join(" ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "accepted, but read in several ways:\n{}",
        wrong.join("\n")
    );
    assert!(accepted > 100, "only {accepted} packages were accepted");
    assert!(ambiguous > 300, "only {ambiguous} packages were ambiguous");
}

/// How a reader differs from the core, in a few words.
fn difference(
    reader: &str,
    ours: &Result<Contents, String>,
    theirs: &Result<Contents, String>,
) -> String {
    match (ours, theirs) {
        _ if ours == theirs => String::new(),
        (Ok(ours), Ok(theirs)) => {
            let differing = ours.iter().zip(theirs).find(|(one, other)| one != other);
            let names = differing.map(|((one, _), (other, _))| {
                [one, other].map(|name| String::from_utf8_lossy(name).into_owned())
            });
            format!(
                "{reader}: {} entries, not {}: {names:?}",
                theirs.len(),
                ours.len()
            )
        }
        (Err(error), _) => format!("the core: {error}"),
        (_, Err(error)) => format!("{reader}: {error}"),
    }
}

/// A signed package, one with an honest streaming writer's records, and one with zip64.
fn seeds() -> Vec<Vec<u8>> {
    let signed = sign(&sample(), &PKI);
    let streamed = sample().with(|zip| {
        zip.entries
            .iter_mut()
            .for_each(|entry| *entry = entry.clone().streamed());
    });
    vec![
        signed.build(),
        streamed.build(),
        signed.with_zip64_end().build(),
    ]
}
