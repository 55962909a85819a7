//! Rows with a source: whether the signed package is the uploaded one plus what Signer appends.
//!
//! Names and bodies stand side by side in the digest, so that packages that differ can have one
//! signature. Each such row is here twice: accepted without a source, because the format says so,
//! and refused with one.

use countersign_package::OriginError as O;
use countersign_testkit::package::{content_digest, sample, sign, with_signature};
use countersign_testkit::signature::SignatureForge;
use countersign_testkit::zip::{EntryForge, FLAG_UTF8, ZipForge};

use crate::{Case, Expected, Fault, PKI, Sample, accept, fault, refuse};

/// Expects a fault of the origin.
macro_rules! origin {
    ($pattern:pat) => {
        fault!(Fault::Origin($pattern))
    };
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = boundary_shifts();
    cases.extend(readings());
    cases.extend(uncovered());
    cases.extend(sets());
    cases.extend(appended());
    cases
}

/// The signed sample, changed after signing, beside its source.
fn beside_source(change: impl FnOnce(&mut ZipForge)) -> Sample {
    crate::broken(change).with_source(&sample())
}

/// A stored file.
fn file(name: &str, body: &str) -> EntryForge {
    EntryForge::file(name, body).stored()
}

/// Two sets of files of one digest: the signature of `source` stands in a package of `shifted`.
fn shifted(source: &[EntryForge], shifted: &[EntryForge]) -> (ZipForge, Sample) {
    let source = ZipForge::new(source.iter().cloned());
    let directory = || EntryForge::directory("META_INF/").mode(0o600);
    let digest = content_digest(&source.clone().with(|zip| zip.push(directory())));
    let mut package = ZipForge::new(shifted.iter().cloned());
    package.push(directory());
    assert!(
        content_digest(&package) == digest,
        "the two sets have one digest"
    );
    let signature = SignatureForge::new(&PKI, &digest).entry();
    (source, with_signature(&package, &signature).into())
}

fn boundary_shifts() -> Vec<Case> {
    let shifts: [(&str, [EntryForge; 2], Vec<EntryForge>, Expected); 4] = [
        (
            "a name that took a byte of its body",
            [file("a", "bc"), file("z", "")],
            vec![file("ab", "c"), file("z", "")],
            origin!(O::Name { .. }),
        ),
        (
            "a body that took a byte of its name",
            [file("run.sh", "#!/bin/sh\n"), file("z", "")],
            vec![file("run.s", "h#!/bin/sh\n"), file("z", "")],
            origin!(O::Name { .. }),
        ),
        (
            "two entries merged into one",
            [
                file("index.mjs", "import './check.mjs';\n"),
                file("check.mjs", "deny();\n"),
            ],
            vec![file(
                "index.mjs",
                "import './check.mjs';\ncheck.mjsdeny();\n",
            )],
            origin!(O::Count { .. } | O::Name { .. }),
        ),
        (
            "one entry split into two",
            [file("notes", "a list: evil.mjs run();\n"), file("z", "")],
            vec![
                file("notes", "a list: "),
                file("evil.mjs", " run();\n"),
                file("z", ""),
            ],
            origin!(O::Count { .. } | O::Name { .. }),
        ),
    ];
    let mut cases = Vec::new();
    for (what, source, package, expected) in shifts {
        let pair = (source.clone(), package.clone());
        cases.push(accept(format!("{what}, without a source"), move || {
            shifted(&pair.0, &pair.1).1
        }));
        cases.push(refuse(
            format!("{what}, beside the source"),
            expected,
            move || {
                let (source, sample) = shifted(&source, &package);
                sample.with_source(&source)
            },
        ));
    }
    cases
}

/// What the digest does not cover.
/// How programs read names is in no digest either.
fn readings() -> Vec<Case> {
    let name = "gr\u{f6}\u{df}e.txt";
    let beside = |change: fn(EntryForge) -> EntryForge| {
        move || {
            let mut source = sample();
            source.push(EntryForge::file(name, "odd"));
            let change_last = |zip: &mut ZipForge| {
                let last = zip.entries.pop().expect("an entry");
                zip.push(change(last));
            };
            let mut changed = source.clone();
            change_last(&mut changed);
            // The same signature fits both: names, bodies and order are the same.
            Sample::from(sign(&changed, &PKI)).with_source(&source)
        }
    };
    vec![
        refuse(
            "a name that is not marked as UTF-8 any more",
            origin!(O::NameReading { .. }),
            beside(|entry| entry.both(|header| header.flags &= !FLAG_UTF8)),
        ),
        refuse(
            "a name that seems to be made on FAT",
            origin!(O::NameReading { .. } | O::Mode { .. }),
            beside(|mut entry| {
                let central = entry.central();
                central.version_made_by = 0x14;
                entry
            }),
        ),
        accept("a name that Signer marked as UTF-8", || {
            let mut source = sample();
            let entry = EntryForge::file("gr\u{f6}\u{df}e.txt", "odd");
            let mut marked = source.clone();
            marked.push(entry.clone());
            source.push(entry.both(|header| header.flags &= !FLAG_UTF8));
            Sample::from(sign(&marked, &PKI)).with_source(&source)
        }),
    ]
}

fn uncovered() -> Vec<Case> {
    vec![
        accept("the signed package beside its source", || {
            beside_source(|_| ())
        }),
        accept("bodies packed and dated anew, beside the source", || {
            beside_source(|zip| {
                zip.entries[0] = zip.entries[0].clone().stored();
                zip.entries[2].change_both(|header| header.time += 1);
            })
        }),
        accept("a file that became executable, without a source", || {
            crate::broken(|zip| zip.entries[0] = zip.entries[0].clone().mode(0o100_755))
        }),
        refuse(
            "a file that became executable",
            origin!(O::Mode { .. }),
            || beside_source(|zip| zip.entries[0] = zip.entries[0].clone().mode(0o100_755)),
        ),
        refuse("a file that became setuid", origin!(O::Mode { .. }), || {
            beside_source(|zip| zip.entries[3] = zip.entries[3].clone().mode(0o104_755))
        }),
        refuse(
            "a file that nobody may read any more",
            origin!(O::Mode { .. }),
            || beside_source(|zip| zip.entries[0] = zip.entries[0].clone().mode(0o100_000)),
        ),
        accept("a file that became a link, without a source", || linked().1),
        refuse(
            "a file that became a link",
            origin!(O::Kind { .. } | O::Mode { .. }),
            || {
                let (source, sample) = linked();
                sample.with_source(&source)
            },
        ),
    ]
}

/// A file whose body is a path is signed, and is a link in the package.
fn linked() -> (ZipForge, Sample) {
    let target = "release/index.mjs";
    shifted(
        &[file("current", target)],
        &[EntryForge::symlink("current", target)],
    )
}

/// The package is signed over its own contents; the source is another one.
fn sets() -> Vec<Case> {
    let beside = |what: &str, expected: Expected, change: fn(&mut ZipForge)| {
        refuse(what, expected, move || {
            Sample::from(sign(&sample(), &PKI)).with_source(&sample().with(change))
        })
    };
    vec![
        beside(
            "a source with another body",
            origin!(O::Body { .. }),
            |zip| {
                zip.entries[0] = EntryForge::file("index.mjs", "other");
            },
        ),
        beside(
            "a source with another body of the same length",
            origin!(O::Body { .. }),
            |zip| {
                let mut body = zip.entries[0].body.clone();
                body[0] ^= 1;
                zip.entries[0] = EntryForge::file("index.mjs", body);
            },
        ),
        beside(
            "a source with another name",
            origin!(O::Name { .. }),
            |zip| {
                zip.entries[0].change_both(|header| header.name = b"index.cjs".to_vec());
            },
        ),
        beside(
            "a source with an entry more",
            origin!(O::Count { .. } | O::Name { .. }),
            |zip| {
                zip.push(EntryForge::file("more.txt", "more"));
            },
        ),
        beside(
            "a source with an entry less",
            origin!(O::Count { .. } | O::Name { .. }),
            |zip| {
                zip.entries.remove(2);
            },
        ),
        beside(
            "a source in another order",
            origin!(O::Name { .. }),
            |zip| zip.entries.swap(0, 2),
        ),
        beside(
            "a source without entries",
            origin!(O::Count { .. } | O::Name { .. }),
            |zip| {
                zip.entries.clear();
            },
        ),
        beside(
            "a source with a link in place of a file",
            origin!(O::Kind { .. } | O::Body { .. }),
            |zip| {
                zip.entries[3] = EntryForge::symlink("bin/migrate", "../index.mjs");
            },
        ),
        refuse(
            "a source that is signed already",
            origin!(O::SourceSigned { .. }),
            || {
                let once = sign(&sample(), &PKI);
                Sample::from(once.clone()).with_source(&once)
            },
        ),
        refuse(
            "a source with the directory of the signature",
            origin!(O::SourceSigned { .. } | O::Count { .. }),
            || {
                let source =
                    sample().with(|zip| zip.push(EntryForge::directory("META_INF/").mode(0o600)));
                Sample::from(sign(&sample(), &PKI)).with_source(&source)
            },
        ),
        refuse(
            "a source with a checksum that lies",
            origin!(O::Source(_) | O::Body { .. }),
            || {
                let source =
                    sample().with(|zip| zip.entries[0].change_both(|header| header.crc32 ^= 1));
                Sample::from(sign(&sample(), &PKI)).with_source(&source)
            },
        ),
        refuse(
            "a source with bytes in front",
            origin!(O::Source(_)),
            || {
                let source = sample().with(|zip| zip.prefix = vec![0]);
                Sample::from(sign(&sample(), &PKI)).with_source(&source)
            },
        ),
    ]
}

/// What Signer appends, done otherwise.
fn appended() -> Vec<Case> {
    let not_appended = || origin!(O::NotAppended | O::Count { .. } | O::Name { .. });
    vec![
        refuse("a signature without its directory", not_appended(), || {
            let signature = SignatureForge::new(&PKI, &content_digest(&sample())).entry();
            Sample::from(with_signature(&sample(), &signature)).with_source(&sample())
        }),
        refuse(
            "a signature before the other entries",
            not_appended(),
            || beside_source(|zip| zip.entries.rotate_right(1)),
        ),
        refuse("an entry after the signature", not_appended(), || {
            let with_more = sample().with(|zip| zip.push(EntryForge::file("more.txt", "more")));
            let mut package = sign(&with_more, &PKI);
            // more.txt is signed as the fifth entry; the signature moves before META_INF/.
            package.entries.swap(5, 6);
            Sample::from(package).with_source(&with_more)
        }),
        // What mode Signer gives its entry is known from one recording only (grade C), so that it
        // is not judged.
        accept("a signature entry with another mode", || {
            beside_source(|zip| zip.entries[5] = zip.entries[5].clone().mode(0o100_644))
        }),
        refuse(
            "an entry beside the signature that the source lacks",
            not_appended(),
            || {
                let with_more = sample().with(|zip| zip.push(EntryForge::file("evil.mjs", "evil")));
                Sample::from(sign(&with_more, &PKI)).with_source(&sample())
            },
        ),
    ]
}
