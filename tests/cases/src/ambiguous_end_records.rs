//! Rows with a second end record, which one of the programs in use takes instead of the last.

use countersign_package::StructureError as S;
use countersign_testkit::zip::{EntryForge, ZipForge, extra};

use crate::{Case, accept, refuse, signed, structure};

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

pub(crate) fn cases() -> Vec<Case> {
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
