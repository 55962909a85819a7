//! Rows about bodies: sizes and checksums that lie, compressed data that is not exactly one deflate
//! stream, and what is too much.

use countersign_package::StructureError as S;
use countersign_testkit::package::{content_digest, sample, sign, with_signature};
use countersign_testkit::signature::SignatureForge;
use countersign_testkit::zip::{DEFLATED, EntryForge, ZipForge, deflate};

use crate::{Case, PKI, Sample, accept, refuse, signed, structure};

const BODY: &[u8] = b"export const handler = async () => 'hello';\n";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = lies();
    cases.extend(streams());
    cases.extend(ceilings());
    cases
}

/// The sample with the first entry replaced, signed over what it really unpacks to.
fn first(entry: EntryForge) -> Sample {
    signed(|zip| zip.entries[0] = entry)
}

/// A deflated first entry whose stored bytes are given.
fn stream(data: &[u8]) -> Sample {
    first(EntryForge::raw(
        b"index.mjs",
        BODY,
        data,
        DEFLATED,
        0o100_644,
    ))
}

fn lies() -> Vec<Case> {
    vec![
        refuse("a checksum that lies", structure!(S::Crc { .. }), || {
            first(EntryForge::file("index.mjs", BODY).both(|header| header.crc32 ^= 0x8000_0000))
        }),
        refuse("a checksum of zero", structure!(S::Crc { .. }), || {
            first(EntryForge::file("index.mjs", BODY).both(|header| header.crc32 = 0))
        }),
        refuse(
            "a size that is one too low",
            structure!(S::Size { .. } | S::Deflate { .. }),
            || first(EntryForge::file("index.mjs", BODY).both(|header| header.size -= 1)),
        ),
        refuse(
            "a size that is one too high",
            structure!(S::Size { .. } | S::Deflate { .. }),
            || first(EntryForge::file("index.mjs", BODY).both(|header| header.size += 1)),
        ),
        refuse(
            "a size of zero",
            structure!(S::Size { .. } | S::Deflate { .. }),
            || first(EntryForge::file("index.mjs", BODY).both(|header| header.size = 0)),
        ),
        refuse(
            "a stored body of two sizes",
            structure!(S::Size { .. } | S::HeadersDisagree { .. }),
            || {
                first(
                    EntryForge::file("index.mjs", BODY)
                        .stored()
                        .both(|header| header.size -= 1),
                )
            },
        ),
        refuse(
            "a stored body with a checksum that lies",
            structure!(S::Crc { .. }),
            || {
                first(
                    EntryForge::file("index.mjs", BODY)
                        .stored()
                        .both(|header| header.crc32 ^= 1),
                )
            },
        ),
        refuse(
            "a lie in the last entry, the signature",
            structure!(S::Crc { .. }),
            || crate::broken(|zip| zip.entries[5].change_both(|header| header.crc32 ^= 1)),
        ),
    ]
}

fn streams() -> Vec<Case> {
    vec![
        accept("an empty file, deflated", || {
            first(EntryForge::file("index.mjs", ""))
        }),
        accept("an empty file, stored", || {
            first(EntryForge::file("index.mjs", "").stored())
        }),
        accept("a deflate stream of a stored block", || {
            stream(&stored_block(BODY, true))
        }),
        accept("a deflate stream of several blocks", || {
            let (start, rest) = BODY.split_at(9);
            stream(&[stored_block(start, false), deflate(rest)].concat())
        }),
        refuse(
            "a byte after the deflate stream",
            structure!(S::Deflate { .. }),
            || stream(&[deflate(BODY), vec![0]].concat()),
        ),
        refuse(
            "a second deflate stream after the first",
            structure!(S::Deflate { .. }),
            || stream(&[deflate(BODY), deflate(b"evil")].concat()),
        ),
        refuse(
            "a deflate stream without its end",
            structure!(S::Deflate { .. } | S::Size { .. }),
            || {
                let mut data = deflate(BODY);
                data.pop();
                stream(&data)
            },
        ),
        refuse(
            "a deflate stream without a final block",
            structure!(S::Deflate { .. } | S::Size { .. }),
            || stream(&stored_block(BODY, false)),
        ),
        refuse(
            "a deflate block of a type that does not exist",
            structure!(S::Deflate { .. }),
            || stream(&[0b111]),
        ),
        refuse(
            "a deflate distance before the start",
            structure!(S::Deflate { .. }),
            || {
                // One fixed block: a match of length 3 at distance 1, with nothing before it.
                stream(&[0b0000_0011, 0b0000_0010, 0])
            },
        ),
        refuse(
            "no compressed data at all",
            structure!(S::Deflate { .. } | S::Ratio { .. } | S::Size { .. }),
            || stream(&[]),
        ),
        refuse(
            "a stored block whose length is not confirmed",
            structure!(S::Deflate { .. }),
            || {
                let mut data = stored_block(BODY, true);
                data[3] ^= 1;
                stream(&data)
            },
        ),
        refuse(
            "zlib's frame round the deflate stream",
            structure!(S::Deflate { .. }),
            || stream(&[&[0x78, 0x9C][..], &deflate(BODY), &[0, 0, 0, 0]].concat()),
        ),
    ]
}

fn ceilings() -> Vec<Case> {
    vec![
        refuse(
            "a body that claims to unpack further than deflate can",
            structure!(S::Ratio { .. } | S::UnpackedTooLarge { .. }),
            || first(EntryForge::file("index.mjs", BODY).both(|header| header.size = 200_000_000)),
        ),
        refuse(
            "a body of more than Lambda unpacks",
            structure!(S::UnpackedTooLarge { .. }),
            || unpacked_to(262_144_001),
        ),
        refuse(
            "bodies that only together are more than Lambda unpacks",
            structure!(S::UnpackedTooLarge { .. }),
            || {
                let half = zeros(131_072_001);
                let files =
                    ["a", "b"].map(|name| half.clone().both(|header| header.name = name.into()));
                ZipForge::new(files).into()
            },
        ),
        refuse(
            "a signature entry of a megabyte",
            structure!(S::SignatureEntry { .. }),
            || {
                let noise: Vec<u8> = (0..1_000_000_u32)
                    .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
                    .collect();
                with_signature(&sample(), &noise).into()
            },
        ),
        refuse(
            "a signature entry that is a link",
            structure!(S::SignatureEntry { .. } | S::Link { .. }),
            || {
                crate::broken(|zip| {
                    let name = zip.entries[5].central().header.name.clone();
                    zip.entries[5] = EntryForge::symlink(name, "../index.mjs");
                })
            },
        ),
        refuse(
            "two signature entries",
            structure!(S::Duplicate { .. }),
            || {
                let once = sign(&sample(), &PKI);
                let signature = SignatureForge::new(&PKI, &content_digest(&once)).entry();
                with_signature(&once, &signature).into()
            },
        ),
    ]
}

/// A zip whose one entry declares this many zeros, with a body that could be that long.
fn unpacked_to(bytes: u32) -> Sample {
    ZipForge::new([zeros(bytes)]).into()
}

/// An entry that declares `bytes` zeros and holds about as much compressed data as they would take.
fn zeros(bytes: u32) -> EntryForge {
    let data = vec![0; bytes as usize / 1_000];
    EntryForge::raw(b"zeros.bin", &[], &data, DEFLATED, 0o100_644)
        .both(|header| header.size = bytes)
}

/// A deflate block that holds `body` as it is (RFC 1951 §3.2.4).
fn stored_block(body: &[u8], is_final: bool) -> Vec<u8> {
    let length = body.len() as u16;
    let mut block = vec![u8::from(is_final)];
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(&(!length).to_le_bytes());
    block.extend_from_slice(body);
    block
}
