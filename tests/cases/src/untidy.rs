//! Rows that are merely untidy, as honest writers leave them, and their hostile neighbours: what
//! looks nearly the same, and is read in two ways by programs in use.

mod names;

use countersign_package::StructureError as S;
use countersign_testkit::package::{sample, sign};
use countersign_testkit::zip::{EntryForge, Header, Zip64End, Zip64Extra, ZipForge, extra};

use crate::{Case, Expected, PKI, Sample, accept, broken, refuse, signed, structure};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = headers();
    cases.extend(kinds());
    cases.extend(extra_fields());
    cases.extend(zip64());
    cases.extend(padding());
    cases.extend(names::paths());
    cases.extend(names::links());
    cases
}

fn file(name: &str) -> EntryForge {
    EntryForge::file(name, "body of some length")
}

/// Adds entries in front of those of the sample.
fn in_front(entries: Vec<EntryForge>) -> impl Fn(&mut ZipForge) {
    move |zip| drop(zip.entries.splice(0..0, entries.clone()))
}

fn accepted(what: &str, entries: Vec<EntryForge>) -> Case {
    let change = in_front(entries);
    accept(what, move || signed(&change))
}

fn refused(what: &str, expected: Expected, entries: Vec<EntryForge>) -> Case {
    let change = in_front(entries);
    refuse(what, expected, move || signed(&change))
}

/// A file whose local record was changed.
fn with_local(change: fn(&mut Header)) -> Vec<EntryForge> {
    let mut entry = file("file.txt");
    change(entry.local());
    vec![entry]
}

fn with_both(change: fn(&mut Header)) -> Vec<EntryForge> {
    vec![file("file.txt").both(change)]
}

fn headers() -> Vec<Case> {
    let system = || structure!(S::SystemNeeded { .. });
    let mut cases = vec![
        accepted(
            "version needed 10 before the body and 20 in the directory (Maven)",
            with_local(|header| header.version_needed = 10),
        ),
        accepted(
            "version needed 20 before the body and 10 in the directory (JDK's zip file system)",
            vec![EntryForge::directory("d/").both(|header| header.version_needed = 10)]
                .into_iter()
                .map(|mut entry| {
                    entry.local().version_needed = 20;
                    entry
                })
                .collect(),
        ),
        accepted(
            "a version needed of 0",
            with_both(|header| header.version_needed = 0),
        ),
        accepted(
            "a local record with another time",
            with_local(|header| header.time ^= 1),
        ),
        accepted(
            "a local record with another date",
            with_local(|header| header.date ^= 1),
        ),
        refused(
            "a version needed of 46 in one record alone",
            structure!(S::VersionNeeded { .. }),
            with_local(|header| header.version_needed = 46),
        ),
        refuse(
            "an empty zip in a body, where times differ (libzip)",
            structure!(S::SecondEndRecord { .. }),
            || {
                signed(|zip| {
                    let empty = ZipForge::new([]).build();
                    let mut entry = EntryForge::file("empty.zip", empty).stored();
                    entry.local().time ^= 1;
                    zip.entries.insert(0, entry);
                })
            },
        ),
        refused(
            "an entry that needs OpenVMS (Info-ZIP leaves it out)",
            system(),
            with_both(|header| header.version_needed |= 2 << 8),
        ),
        refused(
            "an entry that needs OpenVMS by its local record",
            system(),
            with_local(|header| header.version_needed |= 2 << 8),
        ),
        refuse(
            "an entry that needs OpenVMS by its central record",
            system(),
            || {
                signed(|zip| {
                    let mut entry = file("file.txt");
                    entry.central().header.version_needed |= 2 << 8;
                    zip.entries.insert(0, entry);
                })
            },
        ),
        refused(
            "an entry that needs a system that does not exist",
            system(),
            with_both(|header| header.version_needed |= 0xff00),
        ),
    ];
    cases.extend([3_u16, 10, 11, 14, 19].map(|number| {
        let entry = file("file.txt").both(|header| header.version_needed |= number << 8);
        accepted(
            &format!("a version needed with system {number} in its upper byte"),
            vec![entry],
        )
    }));
    cases
}

fn kinds() -> Vec<Case> {
    let kind = || structure!(S::Kind { .. });
    let made_on = |system: u16, mode: u16| {
        let mut entry = file("strange").mode(mode);
        entry.central().version_made_by = system << 8 | 0x14;
        vec![entry]
    };
    let directory = |mode: u16| vec![EntryForge::directory("strange/").mode(mode)];
    vec![
        accepted(
            "a directory by name whose mode says file (Maven)",
            directory(0o100_644),
        ),
        accepted(
            "a directory by name whose mode has all bits (plexus-archiver)",
            directory(0xffff),
        ),
        accepted(
            "a directory by name whose mode says pipe",
            directory(0o010_644),
        ),
        accepted("a file whose mode says pipe (zip -)", made_on(3, 0o010_600)),
        refused(
            "a file whose mode says socket (bsdtar, zip.js)",
            kind(),
            made_on(3, 0o140_777),
        ),
        refused(
            "a file whose mode has all bits (a link for the zip crate)",
            kind(),
            made_on(3, 0xffff),
        ),
        refused(
            "a file whose mode has the bits of a link and one more (the zip crate)",
            kind(),
            made_on(3, 0o130_644),
        ),
        refused(
            "a file whose mode has a type that no system has",
            kind(),
            made_on(3, 0o110_644),
        ),
        refused(
            "a file whose mode says pipe on Darwin (Go)",
            kind(),
            made_on(19, 0o010_600),
        ),
        refused(
            "a directory by name whose mode says block device",
            kind(),
            directory(0o060_644),
        ),
        refused(
            "a directory by name whose mode says file, with content",
            structure!(S::DirectoryContent { .. }),
            vec![EntryForge::file("strange/", "body").mode(0o100_644)],
        ),
    ]
}

fn extra_fields() -> Vec<Case> {
    let time = |last: u8| extra(0x5455, &[1, 1, 2, 3, last]);
    let owner = |last: u8| extra(0x7875, &[1, 1, last, 1, 0]);
    let path = |name: &str| {
        let mut value = vec![1];
        value.extend(crc32fast::hash(b"file.txt").to_le_bytes());
        value.extend(name.as_bytes());
        extra(0x7075, &value)
    };
    let both = |fields: &[Vec<u8>]| {
        let fields = fields.concat();
        vec![file("file.txt").extras(&fields, &fields)]
    };
    let field = || structure!(S::ExtraField { .. });
    let mut cases = vec![
        accepted(
            "an extended timestamp twice (GitLab)",
            both(&[time(100), time(100)]),
        ),
        accepted("two extended timestamps", both(&[time(100), time(101)])),
        accepted("an owner twice", both(&[owner(7), owner(7)])),
        accepted(
            "a Unicode path field twice that repeats the name",
            both(&[path("file.txt"), path("file.txt")]),
        ),
        refused("two owners", field(), both(&[owner(7), owner(8)])),
        refused(
            "an extended timestamp without anything (the zip crate)",
            field(),
            both(&[extra(0x5455, b"")]),
        ),
        refused(
            "a comment in Unicode without its checksum (the zip crate)",
            field(),
            both(&[extra(0x6375, b"\x01")]),
        ),
        refused(
            "an alignment without its number (the zip crate)",
            field(),
            both(&[extra(0xd935, b"\x04")]),
        ),
        refused(
            "two Unicode path fields, one with another name",
            field(),
            both(&[path("file.txt"), path("evil.txt")]),
        ),
        refused(
            "an extra field that nobody knows twice, with two values",
            field(),
            both(&[extra(0x4242, b"a"), extra(0x4242, b"b")]),
        ),
    ];
    let named = [
        (0x2605, "ZipIt"),
        (0x2705, "ZipIt, short"),
        (0x554e, "Xceed"),
        (0xe57a, "ALZip"),
    ];
    cases.extend(named.map(|(id, writer)| {
        refused(
            &format!("an extra field of {writer} about the name"),
            field(),
            both(&[extra(id, b"evil.txt")]),
        )
    }));
    cases
}

/// A file with this zip64 field in its central record, and a change to that.
fn zip64_file(field: Zip64Extra, change: fn(&mut EntryForge)) -> Vec<EntryForge> {
    let mut entry = file("file.txt");
    let room = [entry.body.len(), entry.data.len()].map(|size| (size as u64).to_le_bytes());
    entry.local().extra = extra(0x0001, &room.concat());
    entry.central().zip64 = Some(field);
    change(&mut entry);
    vec![entry]
}

/// The sizes of that file.
fn sizes(more: Zip64Extra) -> Zip64Extra {
    let entry = file("file.txt");
    Zip64Extra {
        size: Some(entry.body.len() as u64),
        compressed_size: Some(entry.data.len() as u64),
        ..more
    }
}

const NOTHING: Zip64Extra = Zip64Extra {
    size: None,
    compressed_size: None,
    offset: false,
    disk: None,
};

fn zip64() -> Vec<Case> {
    let field = || structure!(S::ExtraField { id: 1, .. });
    let all = || {
        sizes(Zip64Extra {
            offset: true,
            disk: Some(0),
            ..NOTHING
        })
    };
    let with_offset = Zip64Extra {
        offset: true,
        ..NOTHING
    };
    vec![
        accepted(
            "sizes, offset and disk in a zip64 field, the disk not asked for (Commons Compress)",
            zip64_file(all(), |entry| {
                entry.change_both(|header| {
                    (header.size, header.compressed_size) = (u32::MAX, u32::MAX);
                });
            }),
        ),
        accepted(
            "sizes, offset and disk in a zip64 field, all of them asked for (stream-zip)",
            zip64_file(all(), |entry| {
                entry.change_both(|header| {
                    (header.size, header.compressed_size) = (u32::MAX, u32::MAX);
                });
                entry.central().disk = u16::MAX;
            }),
        ),
        accepted(
            "sizes in a zip64 field that nothing asks for",
            zip64_file(sizes(NOTHING), |_| ()),
        ),
        accepted(
            "sizes and offset in a zip64 field that nothing asks for",
            zip64_file(sizes(with_offset), |entry| {
                entry.central().offset = Some(0);
            }),
        ),
        accepted(
            "an offset and a disk behind the sizes of a local zip64 field",
            zip64_file(sizes(NOTHING), |entry| {
                let mut value = entry.local().extra[4..].to_vec();
                value.extend([0; 12]);
                entry.local().extra = extra(0x0001, &value);
            }),
        ),
        refused(
            "another offset behind the sizes of a local zip64 field",
            field(),
            zip64_file(sizes(NOTHING), |entry| {
                let mut value = entry.local().extra[4..].to_vec();
                value.extend([7, 0, 0, 0, 0, 0, 0, 0]);
                entry.local().extra = extra(0x0001, &value);
            }),
        ),
        refused(
            "another size in a zip64 field that nothing asks for",
            field(),
            zip64_file(
                Zip64Extra {
                    size: Some(5),
                    ..sizes(NOTHING)
                },
                |_| (),
            ),
        ),
        refused(
            "another offset in a zip64 field that nothing asks for",
            field(),
            {
                let mut entry = file("file.txt");
                let sizes = [entry.body.len() as u64, entry.data.len() as u64, 5];
                let value = sizes.map(u64::to_le_bytes).concat();
                entry.central().header.extra = extra(0x0001, &value);
                vec![entry]
            },
        ),
        refused(
            "an offset that is asked for, behind sizes that are not",
            field(),
            zip64_file(sizes(with_offset), |_| ()),
        ),
        refused(
            "a second disk in a zip64 field that nothing asks for",
            structure!(S::ExtraField { id: 1, .. } | S::MultiDisk),
            zip64_file(
                Zip64Extra {
                    disk: Some(1),
                    ..all()
                },
                |entry| {
                    entry.change_both(|header| {
                        (header.size, header.compressed_size) = (u32::MAX, u32::MAX);
                    });
                },
            ),
        ),
        refused(
            "an open disk number without a zip64 field",
            structure!(S::MultiDisk),
            {
                let mut entry = file("file.txt");
                entry.central().disk = u16::MAX;
                vec![entry]
            },
        ),
        accept("open disk numbers in the end record (stream-zip)", || {
            broken(|zip| {
                *zip = zip.clone().with_zip64_end();
                (zip.end.disk, zip.end.directory_disk) = (Some(u16::MAX), Some(u16::MAX));
            })
        }),
        refuse(
            "open disk numbers in the end record, and a second disk in that of zip64",
            structure!(S::MultiDisk),
            || {
                broken(|zip| {
                    *zip = zip.clone().with_zip64_end();
                    (zip.end.disk, zip.end.directory_disk) = (Some(u16::MAX), Some(u16::MAX));
                    zip.zip64().disk = Some(1);
                })
            },
        ),
        refuse(
            "one open disk number in the end record, and one that is told",
            structure!(S::MultiDisk),
            || {
                broken(|zip| {
                    *zip = zip.clone().with_zip64_end();
                    zip.end.disk = Some(u16::MAX);
                })
            },
        ),
        refuse(
            "open disk numbers with nothing else open, and an empty zip in a body (the zip crate)",
            structure!(S::MultiDisk),
            || {
                broken(|zip| {
                    let empty = EntryForge::file("empty.zip", ZipForge::default().build());
                    zip.entries.insert(0, empty.stored());
                    zip.zip64 = Some(Zip64End::default());
                    (zip.end.disk, zip.end.directory_disk) = (Some(u16::MAX), Some(u16::MAX));
                })
            },
        ),
        refuse(
            "open disk numbers in the end record without zip64",
            structure!(S::MultiDisk),
            || {
                broken(|zip| {
                    (zip.end.disk, zip.end.directory_disk) = (Some(u16::MAX), Some(u16::MAX));
                })
            },
        ),
    ]
}

/// The signed sample with zeros up to a multiple of `block`, and then `more` bytes.
fn padded(block: usize, more: &[u8]) -> Sample {
    broken(|zip| {
        let length = zip.build().len();
        zip.trailing = vec![0; length.next_multiple_of(block) - length];
        zip.trailing.extend(more);
    })
}

fn padding() -> Vec<Case> {
    let trailing = || structure!(S::Trailing { .. });
    vec![
        accept("zeros up to a block of 10 KiB (bsdtar)", || {
            padded(10_240, &[])
        }),
        accept("zeros up to a block of 512 bytes", || padded(512, &[])),
        accept("zeros up to a block, behind a comment", || {
            broken(|zip| {
                zip.end.comment = b"built by make".to_vec();
                let length = zip.build().len();
                zip.trailing = vec![0; length.next_multiple_of(512) - length];
            })
        }),
        refuse(
            "zeros up to a block behind zip64 records, and a zip in a body (Java)",
            trailing(),
            || {
                broken(|zip| {
                    let inner = ZipForge::new([file("evil.py")]).build();
                    zip.entries
                        .insert(0, EntryForge::file("inner.zip", inner).stored());
                    zip.zip64 = Some(Zip64End::default());
                    let length = zip.build().len();
                    zip.trailing = vec![0; length.next_multiple_of(512) - length];
                })
            },
        ),
        accept("zeros up to a block, and a zip in a body", || {
            let inner = ZipForge::new([file("evil.py")]).build();
            let entry = EntryForge::file("inner.zip", inner).stored();
            let source = sample().with(|zip| zip.entries.insert(0, entry));
            let padded = sign(&source, &PKI).with(|zip| {
                let length = zip.build().len();
                zip.trailing = vec![0; length.next_multiple_of(512) - length];
            });
            Sample::from(padded)
        }),
        refuse("zeros that fill no block", trailing(), || padded(512, &[0])),
        refuse("zeros for a whole block more", trailing(), || {
            padded(10_240, &[0; 10_240])
        }),
        refuse("a block that is not filled with zeros", trailing(), || {
            padded(512, &[&[0; 511][..], b"x"].concat())
        }),
        refuse(
            "a second end record in a filled block",
            structure!(S::SecondEndRecord { .. } | S::Unclaimed { .. }),
            || {
                let empty = ZipForge::new([]).build();
                padded(512, &[&vec![0; 512 - empty.len()][..], &empty].concat())
            },
        ),
        refuse(
            "an end record whose comment is said to reach into the filled block",
            structure!(S::SecondEndRecord { .. } | S::Trailing { .. } | S::Comment { .. }),
            || {
                broken(|zip| {
                    // Inside the comment another end record, whose own one fills the block.
                    let mut inner = ZipForge::new([]).build();
                    let at = inner.len() - 2;
                    inner[at] = 40;
                    zip.end.comment = inner;
                    let length = zip.build().len();
                    zip.trailing = vec![0; length.next_multiple_of(512) - length];
                })
            },
        ),
    ]
}
