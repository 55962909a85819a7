//! Rows about the two records of an entry: where they disagree, flags, methods, versions, extra
//! fields, and the descriptor after the body.

use countersign_package::StructureError as S;
use countersign_testkit::zip::{DEFLATED, EntryForge, FLAG_DESCRIPTOR, FLAG_UTF8, Header, extra};

use crate::{Case, accept, broken, refuse, signed, structure};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = disagreements();
    cases.extend(flags());
    cases.extend(methods());
    cases.extend(descriptors());
    cases.extend(extra_fields());
    cases.extend(damage());
    cases
}

/// A change to one of the two records.
type Change = fn(&mut Header);

fn disagreements() -> Vec<Case> {
    let fields: [(&str, Change); 7] = [
        ("name", |header| header.name = b"evil.mjs--".to_vec()),
        ("name's case", |header| header.name = b"Index.mjs".to_vec()),
        ("flags", |header| header.flags ^= FLAG_UTF8),
        ("method", |header| header.method ^= DEFLATED),
        ("checksum", |header| header.crc32 ^= 1),
        ("compressed size", |header| header.compressed_size += 1),
        ("size", |header| header.size += 1),
    ];
    let locals = fields.into_iter().map(|(field, change)| {
        refuse(
            format!("a local record with another {field}"),
            structure!(S::HeadersDisagree { .. }),
            move || broken(|zip| change(zip.entries[0].local())),
        )
    });
    let mut cases: Vec<Case> = locals.collect();
    cases.extend([
        refuse(
            "a central record with another name",
            structure!(S::HeadersDisagree { .. }),
            || broken(|zip| zip.entries[0].central().header.name = b"evil.mjs".to_vec()),
        ),
        refuse(
            "a name that is longer in the local record, and covers the body",
            structure!(S::HeadersDisagree { .. } | S::Overlap { .. } | S::Unclaimed { .. }),
            || broken(|zip| zip.entries[0].local().name_length = Some(20)),
        ),
        refuse(
            "sizes of zero in the local record without a descriptor",
            structure!(S::HeadersDisagree { .. }),
            || {
                broken(|zip| {
                    let header = zip.entries[0].local();
                    (header.crc32, header.size, header.compressed_size) = (0, 0, 0);
                })
            },
        ),
    ]);
    cases
}

fn flags() -> Vec<Case> {
    let both = |flags: u16| {
        move || signed(|zip| zip.entries[0].change_both(|header| header.flags |= flags))
    };
    vec![
        refuse(
            "an encrypted entry",
            structure!(S::Encrypted { .. }),
            both(1),
        ),
        refuse(
            "strong encryption",
            structure!(S::Encrypted { .. } | S::Flags { .. }),
            both(1 << 6),
        ),
        refuse(
            "masked headers",
            structure!(S::Encrypted { .. } | S::Flags { .. }),
            both(1 << 13),
        ),
        refuse(
            "an encryption flag in the central record alone",
            structure!(S::Encrypted { .. } | S::HeadersDisagree { .. }),
            || broken(|zip| zip.entries[0].central().header.flags |= 1),
        ),
        refuse(
            "compressed patch data",
            structure!(S::Flags { .. }),
            both(1 << 5),
        ),
        refuse(
            "a reserved flag, bit 4",
            structure!(S::Flags { .. }),
            both(1 << 4),
        ),
        refuse(
            "a reserved flag, bit 7",
            structure!(S::Flags { .. }),
            both(1 << 7),
        ),
        refuse(
            "a reserved flag, bit 12",
            structure!(S::Flags { .. }),
            both(1 << 12),
        ),
        refuse(
            "a reserved flag, bit 15",
            structure!(S::Flags { .. }),
            both(1 << 15),
        ),
        accept("deflate's own option flags", both(0b110)),
        accept("the UTF-8 flag on an ASCII name", both(FLAG_UTF8)),
    ]
}

fn methods() -> Vec<Case> {
    let methods = [
        (1, "shrunk"),
        (6, "imploded"),
        (9, "deflate64"),
        (12, "bzip2"),
        (14, "LZMA"),
        (93, "zstd"),
        (99, "AES"),
        (0xFFFF, "an unknown method"),
    ];
    let refused = methods.into_iter().map(|(method, name)| {
        refuse(
            format!("a body that is {name}, method {method}"),
            structure!(S::Method { .. } | S::Encrypted { .. }),
            move || signed(|zip| zip.entries[0].change_both(|header| header.method = method)),
        )
    });
    let mut cases: Vec<Case> = refused.collect();
    cases.extend([
        refuse(
            "a version of the format that does not exist yet",
            structure!(S::VersionNeeded { .. }),
            || signed(|zip| zip.entries[0].change_both(|header| header.version_needed = 200)),
        ),
        refuse(
            "a version of the format for strong encryption",
            structure!(S::VersionNeeded { .. }),
            || signed(|zip| zip.entries[0].change_both(|header| header.version_needed = 62)),
        ),
    ]);
    cases
}

fn descriptors() -> Vec<Case> {
    let streamed = |change: fn(&mut EntryForge)| {
        move || {
            broken(|zip| {
                zip.entries[0] = zip.entries[0].clone().streamed();
                change(&mut zip.entries[0]);
            })
        }
    };
    vec![
        accept("a descriptor with its signature", streamed(|_| ())),
        accept(
            "a descriptor without its signature",
            streamed(|entry| {
                entry
                    .descriptor
                    .iter_mut()
                    .for_each(|descriptor| descriptor.signature = false);
            }),
        ),
        refuse(
            "a descriptor with another checksum",
            structure!(S::Descriptor { .. }),
            streamed(|entry| {
                entry
                    .descriptor
                    .iter_mut()
                    .for_each(|descriptor| descriptor.crc32 ^= 1);
            }),
        ),
        refuse(
            "a descriptor with another compressed size",
            structure!(S::Descriptor { .. }),
            streamed(|entry| {
                entry
                    .descriptor
                    .iter_mut()
                    .for_each(|descriptor| descriptor.compressed_size += 1);
            }),
        ),
        refuse(
            "a descriptor with another size",
            structure!(S::Descriptor { .. }),
            streamed(|entry| {
                entry
                    .descriptor
                    .iter_mut()
                    .for_each(|descriptor| descriptor.size += 1);
            }),
        ),
        refuse(
            "a descriptor with wide sizes without zip64",
            structure!(S::Descriptor { .. } | S::Unclaimed { .. }),
            streamed(|entry| {
                entry
                    .descriptor
                    .iter_mut()
                    .for_each(|descriptor| descriptor.wide = true);
            }),
        ),
        refuse(
            "a missing descriptor",
            structure!(S::Descriptor { .. } | S::Truncated { .. }),
            streamed(|entry| entry.descriptor = None),
        ),
        refuse(
            "a descriptor that no flag announces",
            structure!(S::Unclaimed { .. }),
            streamed(|entry| {
                let (crc32, size) = (crc32fast::hash(&entry.body), entry.body.len() as u32);
                let compressed_size = entry.data.len() as u32;
                entry.change_both(|header| {
                    header.flags &= !FLAG_DESCRIPTOR;
                    (header.crc32, header.size, header.compressed_size) =
                        (crc32, size, compressed_size);
                });
            }),
        ),
        refuse(
            "a descriptor beside another size in the local record",
            structure!(S::HeadersDisagree { .. } | S::Descriptor { .. }),
            streamed(|entry| entry.local().size = 7),
        ),
        refuse(
            "a stored body that holds a descriptor of its own",
            structure!(S::EmbeddedDescriptor { .. } | S::Descriptor { .. }),
            embedded_descriptor,
        ),
    ]
}

/// A reader that streams finds the end of this entry where its body says, another one finds it
/// where the directory says, and what lies between is an entry to the first of them only.
fn embedded_descriptor() -> crate::Sample {
    signed(|zip| {
        let early = b"short";
        let mut body = early.to_vec();
        body.extend_from_slice(b"PK\x07\x08");
        body.extend_from_slice(&crc32fast::hash(early).to_le_bytes());
        body.extend_from_slice(&[5, 0, 0, 0, 5, 0, 0, 0]);
        body.extend_from_slice(b"PK\x03\x04 and so on");
        zip.entries[0] = EntryForge::file("index.mjs", body).stored().streamed();
    })
}

fn extra_fields() -> Vec<Case> {
    let with = |local: Vec<u8>, central: Vec<u8>| {
        move || {
            signed(|zip| {
                zip.entries[0] = zip.entries[0].clone().extras(&local, &central);
            })
        }
    };
    let unicode_path = |name: &str| {
        let mut value = vec![1];
        value.extend_from_slice(&crc32fast::hash(b"index.mjs").to_le_bytes());
        value.extend_from_slice(name.as_bytes());
        extra(0x7075, &value)
    };
    let other_name = unicode_path("evil.mjs");
    let aes = extra(0x9901, &[2, 0, b'A', b'E', 3, 8, 0]);
    vec![
        accept(
            "an extended timestamp, longer in the local record",
            with(
                extra(0x5455, &[3, 1, 2, 3, 4, 5, 6, 7, 8]),
                extra(0x5455, &[3, 1, 2, 3, 4]),
            ),
        ),
        accept(
            "an extra field that nobody knows",
            with(extra(0xCAFE, &[]), extra(0xCAFE, &[])),
        ),
        refuse(
            "an extra field that gives another name",
            structure!(S::ExtraField { .. } | S::HeadersDisagree { .. }),
            with(other_name.clone(), other_name),
        ),
        refuse(
            "an extra field for AES encryption",
            structure!(S::ExtraField { .. } | S::Encrypted { .. }),
            with(aes.clone(), aes),
        ),
        refuse(
            "an extra field that runs past its space in the central record",
            structure!(S::ExtraField { .. } | S::Truncated { .. }),
            with(Vec::new(), vec![0x55, 0x54, 200, 0, 1]),
        ),
        refuse(
            "an extra field that runs past its space in the local record",
            structure!(S::ExtraField { .. } | S::Truncated { .. }),
            with(vec![0x55, 0x54, 200, 0, 1], Vec::new()),
        ),
        refuse(
            "an extra field with half a header",
            structure!(S::ExtraField { .. } | S::Truncated { .. }),
            with(vec![0, 0, 0], vec![0, 0, 0]),
        ),
    ]
}

fn damage() -> Vec<Case> {
    vec![
        refuse(
            "a local record without its signature",
            structure!(S::RecordExpected { .. }),
            || broken(|zip| zip.entries[0].local().signature = *b"PK\x03\x05"),
        ),
        refuse(
            "a central record without its signature",
            structure!(S::RecordExpected { .. } | S::Unclaimed { .. } | S::EntryCount { .. }),
            || broken(|zip| zip.entries[1].central().header.signature = *b"PK\x01\x03"),
        ),
        refuse(
            "a central record whose name length is one too high",
            structure!(S::RecordExpected { .. } | S::HeadersDisagree { .. } | S::Unclaimed { .. }),
            || broken(|zip| zip.entries[0].central().header.name_length = Some(10)),
        ),
        refuse(
            "a local record whose extra field swallows the body",
            structure!(
                S::HeadersDisagree { .. }
                    | S::Unclaimed { .. }
                    | S::Overlap { .. }
                    | S::Truncated { .. }
                    | S::ExtraField { .. }
            ),
            || broken(|zip| zip.entries[0].local().extra_length = Some(12)),
        ),
        accept("an entry with a comment", || {
            signed(|zip| zip.entries[0].central().comment = b"the handler".to_vec())
        }),
    ]
}
