//! Rows that programs in use read in two ways, each found by trying them: Info-ZIP, 7-Zip, bsdtar,
//! libzip, Java and Commons Compress, Node's and Perl's libraries. And what honest writers do that
//! looks as if it were one.

use countersign_package::{NameFault, StructureError as S};
use countersign_testkit::zip::{
    EntryForge, FLAG_DESCRIPTOR, FLAG_UTF8, Header, Zip64End, Zip64Extra, ZipForge, extra,
};

use crate::{Case, Expected, accept, refuse, signed, structure};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = kinds();
    cases.extend(streams());
    cases.extend(texts());
    cases.extend(room_for_zip64());
    cases.extend(reparse_points());
    cases.extend(cut_names());
    cases.extend(flags());
    cases
}

fn file(name: &str) -> EntryForge {
    EntryForge::file(name, "body of some length")
}

/// A row with one more entry in front of the others.
fn with(what: &str, expected: Expected, entry: fn() -> EntryForge) -> Case {
    refuse(what, expected, move || {
        signed(|zip| zip.entries.insert(0, entry()))
    })
}

/// Like [`with`], but to be accepted.
fn with_accepted(what: &str, entry: fn() -> EntryForge) -> Case {
    accept(what, move || signed(|zip| zip.entries.insert(0, entry())))
}

fn kinds() -> Vec<Case> {
    let kind = || structure!(S::Kind { .. });
    vec![
        with(
            "a type and mode in libarchive's own extra field",
            structure!(S::ExtraField { id: 0x6c78, .. }),
            || file("link").extras(&extra(0x6c78, b"\x01\x00\x03\x1e"), &[]),
        ),
        with("a link by Darwin's modes", kind(), || {
            let mut link = EntryForge::symlink("link", "index.mjs");
            link.central().version_made_by = 19 << 8;
            link
        }),
        with("a file that is a directory on an Amiga", kind(), || {
            let mut amiga = file("file");
            amiga.central().version_made_by = 1 << 8;
            amiga.central().external = 0o4_644 << 16;
            amiga
        }),
        with("a bit for which unzip forgets the mode", kind(), || {
            let mut odd = file("file");
            odd.central().internal = 4;
            odd
        }),
        with_accepted("a file that is marked as text", || {
            let mut text = file("file");
            text.central().internal = 1;
            text
        }),
        with_accepted("a file as Python on Windows writes it", || {
            let mut plain = file("file");
            plain.central().version_made_by = 20;
            plain
        }),
    ]
}

/// Readers from the front find the end of a body by its descriptor.
fn streams() -> Vec<Case> {
    let embedded = || structure!(S::EmbeddedDescriptor { .. });
    vec![
        with(
            "a stored body with a descriptor whose CRC alone fits (bsdtar)",
            embedded(),
            || {
                let mut body = b"what comes before".to_vec();
                let crc = crc32fast::hash(&body);
                body.extend(b"PK\x07\x08");
                body.extend(crc.to_le_bytes());
                body.extend([0xee; 24]);
                EntryForge::file("data.bin", body).stored().streamed()
            },
        ),
        with(
            "a stored body with a descriptor that fits nothing, and a header behind it (unzipper, fflate)",
            embedded(),
            || {
                let inner = ZipForge::new([EntryForge::file("evil.js", "evil()").stored()]).build();
                let mut body = b"what comes before".to_vec();
                body.extend(b"PK\x07\x08twelve bytes");
                body.extend(inner);
                EntryForge::file("data.bin", body).stored().streamed()
            },
        ),
        with_accepted(
            "a zip with descriptors within, whose size stands in front",
            || {
                let inner = ZipForge::new([EntryForge::file("a", "b").streamed()]).build();
                EntryForge::file("inner.zip", inner).stored()
            },
        ),
        with(
            "an unsigned descriptor after a stored body (Perl)",
            structure!(S::Descriptor { .. }),
            || {
                let mut entry = file("data.bin").stored().streamed();
                entry.descriptor.as_mut().expect("a descriptor").signature = false;
                entry
            },
        ),
        with(
            "a folder as Node's zip.js writes it, with an unsigned descriptor",
            structure!(S::Descriptor { .. }),
            || {
                let mut entry = EntryForge::directory("lib/").streamed();
                entry.descriptor.as_mut().expect("a descriptor").signature = false;
                entry
            },
        ),
        with(
            "a wide descriptor whose size spells a header (Commons Compress)",
            structure!(S::Descriptor { .. }),
            || {
                let body = vec![0; 0x0201_4b50];
                let mut entry = EntryForge::file("big", body).streamed();
                entry.change_both(|header| header.version_needed = 45);
                entry.local().extra = extra(0x0001, &[0; 16]);
                let local = entry.local();
                (local.size, local.compressed_size) = (u32::MAX, u32::MAX);
                entry.descriptor.as_mut().expect("a descriptor").wide = true;
                entry
            },
        ),
        with(
            "a deflated body of empty blocks",
            structure!(S::Deflate { .. }),
            || {
                // Stored, of no bytes, and not the last; then one that is.
                let mut data = [0, 0, 0, 0xff, 0xff].repeat(2_000);
                data.extend([1, 0, 0, 0xff, 0xff]);
                EntryForge::raw(b"nothing", b"", &data, 8, 0o100_644)
            },
        ),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        with(
            "an entry's comment that is not UTF-8 (Java)",
            structure!(S::Comment { .. }),
            || {
                let mut entry = file("file");
                entry.central().comment = b"\xff\xfe".to_vec();
                entry
            },
        ),
        refuse(
            "an archive comment that is not UTF-8 (Java)",
            structure!(S::Comment { .. }),
            || signed(|zip| zip.end.comment = b"caf\xe9".to_vec()),
        ),
        with(
            "a name with a version as on VMS (Info-ZIP)",
            structure!(S::Name {
                fault: NameFault::Version,
                ..
            }),
            || file("index.mjs;1"),
        ),
        with(
            "a name that starts with a byte order mark (fflate)",
            structure!(S::Name {
                fault: NameFault::ByteOrderMark,
                ..
            }),
            || file("\u{feff}index.mjs"),
        ),
    ]
}

/// Ant and Commons Compress keep room for a zip64 field in the local header, and leave it when it
/// is not needed.
fn room_for_zip64() -> Vec<Case> {
    fn room(size: u64, compressed: u64) -> Vec<u8> {
        extra(0x0001, &[size, compressed].map(u64::to_le_bytes).concat())
    }
    let field = || structure!(S::ExtraField { id: 1, .. });
    vec![
        with_accepted("room for a zip64 field, with zeros", || {
            file("file").extras(&room(0, 0), &[])
        }),
        with_accepted("room for a zip64 field, with the sizes once more", || {
            let entry = file("file");
            let (size, compressed) = (entry.body.len() as u64, entry.data.len() as u64);
            entry.extras(&room(size, compressed), &[])
        }),
        with("room for a zip64 field, with other sizes", field(), || {
            file("file").extras(&room(5, 5), &[])
        }),
        with(
            "room for a zip64 field, before a descriptor",
            field(),
            || file("file").streamed().extras(&room(0, 0), &[]),
        ),
        with("a local zip64 field with one of two sizes", field(), || {
            let mut entry = file("file");
            let size = entry.body.len() as u64;
            entry.change_both(|header| (header.version_needed, header.size) = (45, u32::MAX));
            entry.central().zip64 = Some(Zip64Extra {
                size: Some(size),
                compressed_size: None,
                offset: false,
                disk: None,
            });
            entry.extras(&extra(0x0001, &size.to_le_bytes()), &[])
        }),
        accept("zip64 end records that are not called for", || {
            signed(|zip| zip.zip64 = Some(Zip64End::default()))
        }),
    ]
}

/// 7-Zip makes a link of a body that is a reparse point of NTFS, where the attributes say so.
fn reparse_points() -> Vec<Case> {
    /// A symbolic link as NTFS has it, to a relative path.
    fn reparse_point(target: &str) -> Vec<u8> {
        let target: Vec<u8> = target.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = target.len() as u16;
        let mut value = [0, length, length, length].map(u16::to_le_bytes).concat();
        value.extend(1_u32.to_le_bytes());
        value.extend([target.clone(), target].concat());
        let mut point = 0xa000_000c_u32.to_le_bytes().to_vec();
        point.extend((value.len() as u32).to_le_bytes());
        point.extend(value);
        point
    }
    let made_on = |system: u16, mode: u16| {
        let mut entry = EntryForge::file("app.py", reparse_point("evil.py")).stored();
        entry.central().version_made_by = system << 8 | 0x14;
        entry.central().external = u32::from(mode) << 16 | 0x420;
        entry
    };
    let mut cases: Vec<Case> = [
        ("FAT", 0_u16, 0_u16),
        ("FAT, with a mode", 0, 0o100_644),
        ("NTFS", 11, 0),
    ]
    .into_iter()
    .map(|(system, number, mode)| {
        refuse(
            format!("a file that is a reparse point made on {system} (7-Zip)"),
            structure!(S::Kind { .. }),
            move || signed(|zip| zip.entries.insert(0, made_on(number, mode))),
        )
    })
    .collect();
    cases.push(accept(
        "a file with the bit of reparse points made on Unix",
        move || signed(|zip| zip.entries.insert(0, made_on(3, 0o100_644))),
    ));
    cases
}

/// minizip cuts a name behind its last `..`, and drops dots and slashes in front of the rest.
fn cut_names() -> Vec<Case> {
    let collides = || structure!(S::NamesCollide { .. });
    let accepted = |what: &str, names: &'static [&'static str]| {
        accept(what, move || {
            let files = names.iter().map(|name| file(name));
            signed(|zip| drop(zip.entries.splice(0..0, files)))
        })
    };
    vec![
        with(
            "a name that is another one behind `..` (minizip)",
            collides(),
            || file("node_modules/..index.mjs"),
        ),
        with(
            "a name that is one in a folder behind `..` and more dots (minizip)",
            collides(),
            || file("(...lib/orders.mjs"),
        ),
        with(
            "a link whose name is a file behind `..` (minizip)",
            collides(),
            || EntryForge::symlink("a...index.mjs", "lib/orders.mjs"),
        ),
        with(
            "a file whose name is a folder behind `..` (minizip)",
            collides(),
            || file("x..lib"),
        ),
        accepted(
            "routes with `...` in their names (Next.js)",
            &[
                "app/a/[...id]/page.js",
                "app/b/[...id]/page.js",
                "app/(..)photo/page.js",
            ],
        ),
        accepted(
            "a name with a dot in front, beside the same without",
            &[".env", "env"],
        ),
    ]
}

/// Bits of the flags that may differ between the two records of an entry, and those that may not.
fn flags() -> Vec<Case> {
    fn changed(mut entry: EntryForge, change: fn(&mut Header)) -> EntryForge {
        change(&mut entry.central().header);
        entry
    }
    let disagree = || structure!(S::HeadersDisagree { field: "flags", .. });
    vec![
        with_accepted(
            "a level of deflation in the directory alone (Archive::Zip)",
            || changed(file("file"), |header| header.flags |= 2),
        ),
        with_accepted("two levels of deflation, streamed", || {
            let entry = file("file").both(|header| header.flags |= 4);
            changed(entry.streamed(), |header| header.flags ^= 6)
        }),
        with(
            "a level of deflation in one record of a stored file",
            disagree(),
            || changed(file("file").stored(), |header| header.flags |= 2),
        ),
        with(
            "a level of deflation and the mark of UTF-8 in one record",
            disagree(),
            || changed(file("file"), |header| header.flags |= 2 | FLAG_UTF8),
        ),
        with(
            "a level of deflation and a descriptor in one record",
            structure!(S::HeadersDisagree { .. } | S::Descriptor { .. }),
            || changed(file("file"), |header| header.flags |= 2 | FLAG_DESCRIPTOR),
        ),
        refuse(
            "a level of deflation in one record, and an empty zip in a body (libzip)",
            structure!(S::SecondEndRecord { .. }),
            || {
                signed(|zip| {
                    let empty = EntryForge::file("empty.zip", ZipForge::default().build());
                    let entry = changed(file("file"), |header| header.flags |= 2);
                    drop(zip.entries.splice(0..0, [empty.stored(), entry]));
                })
            },
        ),
    ]
}
