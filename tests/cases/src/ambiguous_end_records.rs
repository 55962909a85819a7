//! Rows with a second end record, which one of the programs in use takes instead of the last.

use countersign_package::StructureError as S;
use countersign_testkit::zip::{EntryForge, Zip64End, ZipForge, extra};

use crate::{Case, Sample, accept, broken, refuse, signed, structure};

fn file(name: &str) -> EntryForge {
    EntryForge::file(name, "body of some length")
}

/// An end record for a directory at this offset.
fn end_record(entries: u16, size: u32, offset: u32) -> Vec<u8> {
    let mut record = b"PK\x05\x06\0\0\0\0".to_vec();
    record.extend([entries, entries].map(u16::to_le_bytes).concat());
    record.extend([size, offset].map(u32::to_le_bytes).concat());
    record.extend([0, 0]);
    record
}

/// A zip64 end record for a directory of one header at this offset.
fn zip64_record(size: u64, offset: u64) -> Vec<u8> {
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    record.extend([1, 1, size, offset].map(u64::to_le_bytes).concat());
    record
}

/// A zip64 locator that leads to a record at this offset.
fn zip64_locator(record: u64) -> Vec<u8> {
    let mut locator = b"PK\x06\x07\0\0\0\0".to_vec();
    locator.extend(record.to_le_bytes());
    locator.extend(1_u32.to_le_bytes());
    locator
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = end_records();
    cases.extend(zip64_in_comments());
    cases.extend(zip64_in_bodies());
    cases.extend(zip64_not_called_for());
    cases
}

fn end_records() -> Vec<Case> {
    let second = || structure!(S::SecondEndRecord { .. });
    let commented = |comment: Vec<u8>| {
        signed(|zip| {
            let last = zip.entries.last_mut().expect("a signature entry");
            last.central().comment = comment;
        })
    };
    vec![
        refuse(
            "an end record in an entry's comment (unzipper)",
            second(),
            move || commented(end_record(1, 60, 0)),
        ),
        refuse(
            "a zip64 locator in an entry's comment",
            second(),
            move || commented(b"PK\x06\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0".to_vec()),
        ),
        refuse(
            "an end record in an extra field of a central header",
            second(),
            || {
                signed(|zip| {
                    let last = zip.entries.last_mut().expect("a signature entry");
                    let hidden = extra(0x6375, &end_record(1, 60, 0));
                    last.central().header.extra = hidden;
                })
            },
        ),
        refuse(
            "a directory and its end record in a stored body (libzip)",
            second(),
            || {
                signed(|zip| {
                    // The directory of another file, whose header starts where this body does.
                    let inner = ZipForge::new([file("evil.py")]).build();
                    let start = inner
                        .windows(4)
                        .position(|four| four == b"PK\x01\x02")
                        .expect("a directory");
                    let body = &inner[start..inner.len() - 22];
                    let name = "data.bin";
                    let offset = (30 + name.len()) as u32;
                    let mut hidden = body.to_vec();
                    hidden.extend(end_record(1, body.len() as u32, offset));
                    zip.entries
                        .insert(0, EntryForge::file(name, hidden).stored());
                })
            },
        ),
        refuse(
            "an empty zip in a body, where versions differ (libzip)",
            second(),
            || {
                signed(|zip| {
                    zip.entries.insert(
                        0,
                        EntryForge::file("empty.zip", end_record(0, 0, 0)).stored(),
                    );
                    zip.entries.insert(0, file("streamed.txt").zip64());
                    zip.entries[0].central().header.version_needed = 20;
                })
            },
        ),
        accept("an empty zip in a body", || {
            signed(|zip| {
                zip.entries.insert(
                    0,
                    EntryForge::file("empty.zip", end_record(0, 0, 0)).stored(),
                );
            })
        }),
        accept("a zip in a body, stored", || {
            signed(|zip| {
                let inner = ZipForge::new([file("a.txt"), file("b.txt")]).build();
                zip.entries
                    .insert(0, EntryForge::file("inner.zip", inner).stored());
            })
        }),
        refuse(
            "a comment behind which bsdtar does not find the end record",
            structure!(S::Comment { .. }),
            || signed(|zip| zip.end.comment = vec![b'x'; 16_363]),
        ),
        accept("the longest comment that all find the end behind", || {
            signed(|zip| zip.end.comment = vec![b'x'; 16_362])
        }),
    ]
}

/// The signed sample, changed, with an archive comment that is made of the offset at which it starts.
fn with_comment(change: fn(&mut ZipForge), comment: fn(u64) -> Vec<u8>) -> Sample {
    broken(|zip| {
        change(zip);
        let start = zip.build().len() as u64;
        zip.end.comment = comment(start);
    })
}

fn zip64_in_comments() -> Vec<Case> {
    let second = || structure!(S::SecondEndRecord { .. });
    // Where the directory that it is about stands does not matter: the first headers of the sample.
    let pair = |start: u64| {
        // A comment is refused anyway if it is not UTF-8, as an offset with higher bytes would be.
        let filler = (start..start + 0x80)
            .take_while(|at| *at & 0x80 != 0)
            .count();
        let record = start + filler as u64;
        [
            vec![b' '; filler],
            zip64_record(55, 0),
            zip64_locator(record),
        ]
        .concat()
    };
    vec![
        refuse(
            "a zip64 record and its locator in the archive comment (minizip)",
            second(),
            move || with_comment(|_| (), pair),
        ),
        refuse(
            "a zip64 record alone in the archive comment (adm-zip, zziplib)",
            second(),
            || with_comment(|_| (), |_| zip64_record(55, 0)),
        ),
        refuse(
            "a zip64 locator alone in the archive comment",
            second(),
            || with_comment(|_| (), |_| zip64_locator(0)),
        ),
        refuse(
            "a second pair of zip64 records in the archive comment (jszip, node-stream-zip)",
            second(),
            move || with_comment(|zip| *zip = zip.clone().with_zip64_end(), pair),
        ),
        accept("an archive comment that names zip64 records", || {
            with_comment(|_| (), |_| b"PK 06 06, PK 06 07: see APPNOTE".to_vec())
        }),
    ]
}

fn zip64_in_bodies() -> Vec<Case> {
    vec![
        refuse(
            "a directory, its zip64 record and a locator in a stored body (minizip)",
            structure!(S::SecondEndRecord { .. }),
            || {
                signed(|zip| {
                    let name = "data.bin";
                    let start = 30 + name.len();
                    let inner = ZipForge::new([file("index.mjs")]).build();
                    let mut body = inner[..inner.len() - 22].to_vec();
                    let directory = body
                        .windows(4)
                        .position(|four| four == b"PK\x01\x02")
                        .expect("a directory");
                    let record = start + body.len();
                    let size = body.len() - directory;
                    body.extend(zip64_record(size as u64, (start + directory) as u64));
                    body.extend(zip64_locator(record as u64));
                    zip.entries.insert(0, EntryForge::file(name, body).stored());
                })
            },
        ),
        accept("a zip with zip64 records in a body, stored", || {
            signed(|zip| {
                let inner = ZipForge::new([file("a.txt")]).with_zip64_end().build();
                zip.entries
                    .insert(0, EntryForge::file("inner.zip", inner).stored());
            })
        }),
        refuse(
            "65,535 entries that the plain end record counts alone (jszip)",
            structure!(S::Zip64 { .. }),
            || {
                signed(|zip| {
                    // The signer adds a directory and its signature.
                    let more = 65_535 - 2 - zip.entries.len();
                    let name = |number: usize| format!("f/{number:x}");
                    let empty = |number| EntryForge::file(name(number), "").stored();
                    zip.entries.extend((0..more).map(empty));
                })
            },
        ),
    ]
}

/// A file whose central header has 76 bytes, as many as the zip64 records.
fn header_of_76_bytes(extra_field: &[u8]) -> EntryForge {
    let name = "README";
    let mut value = extra_field.to_vec();
    value.resize(76 - 46 - name.len() - 4, 0);
    file(name).extras(&[], &extra(0xcafe, &value))
}

/// zipimport and jszip take zip64 records that nothing calls for as a prefix of 76 bytes.
fn zip64_not_called_for() -> Vec<Case> {
    let zip64 = || structure!(S::Zip64 { .. });
    let with = |entries: Vec<EntryForge>| {
        signed(|zip| {
            drop(zip.entries.splice(0..0, entries));
            zip.zip64 = Some(Zip64End::default());
        })
    };
    let hiding = |filler: usize| {
        let mut body = vec![b'#'; filler];
        body.extend(&ZipForge::new([file("app.py")]).build()[..60]);
        EntryForge::file("app.py", body).stored()
    };
    let before_body = 30 + "app.py".len();
    vec![
        refuse(
            "zip64 records that are not called for, and a local record 76 bytes behind one",
            zip64(),
            move || with(vec![header_of_76_bytes(b""), hiding(76 - before_body)]),
        ),
        refuse(
            "zip64 records that are not called for, and a central record hidden 76 bytes behind the first",
            zip64(),
            move || {
                let mut first = file("README");
                let mut value = vec![0; 76 - 46 - "README".len() - 4];
                value.extend(b"PK\x01\x02");
                value.extend([0; 60]);
                first = first.extras(&[], &extra(0xcafe, &value));
                with(vec![first])
            },
        ),
        // The zip crate finds its second header, and no file.
        refuse(
            "zip64 records that are not called for, a first central record of 76 bytes",
            zip64(),
            move || with(vec![header_of_76_bytes(b""), hiding(77 - before_body)]),
        ),
        accept(
            "zip64 records that are called for, and a local record 76 bytes behind one",
            move || {
                signed(|zip| {
                    let entries = [header_of_76_bytes(b""), hiding(76 - before_body)];
                    drop(zip.entries.splice(0..0, entries));
                    *zip = zip.clone().with_zip64_end();
                })
            },
        ),
    ]
}
