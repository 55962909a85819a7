//! Rows that are another format, too, for programs that look for that one first.

use countersign_package::StructureError as S;
use countersign_testkit::zip::{EntryForge, extra};

use crate::{Case, Sample, accept, refuse, signed, structure};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = marks();
    cases.extend(tar());
    cases.extend(tar_checksums());
    cases.extend(honest());
    cases
}

/// The sample with a stored file in front that has these bytes at this offset of the whole package.
fn with_bytes_at(offset: usize, bytes: &[u8]) -> Sample {
    let name = "data.bin";
    let body_start = 30 + name.len();
    let mut body = vec![0xee; offset - body_start];
    body.extend_from_slice(bytes);
    body.extend_from_slice(&[0xee; 600]);
    let entry = EntryForge::file(name, body).stored();
    signed(|zip| zip.entries.insert(0, entry))
}

fn marks() -> Vec<Case> {
    let marks: [(&str, usize, &[u8]); 34] = [
        ("a tar archive", 257, b"ustar\x0000"),
        ("a tar archive of GNU's", 257, b"ustar  \0"),
        ("an ISO 9660 image (libarchive)", 32_769, b"CD001"),
        (
            "an ISO 9660 image by its second descriptor",
            34_817,
            b"CD001",
        ),
        ("an ISO 9660 image with raw sectors", 37_633, b"CD001"),
        ("an ISO 9660 image of Nero's", 339_969, b"CD001"),
        ("a High Sierra image", 32_777, b"CDROM"),
        ("a UDF image", 32_769, b"BEA01"),
        ("a Btrfs volume", 65_600, b"_BHRfS_M"),
        ("a ReiserFS volume", 65_588, b"ReIsErFs"),
        ("a ReiserFS volume of 3.6.19", 65_588, b"ReIsEr3Fs"),
        (
            "a bcachefs volume",
            4_120,
            b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81",
        ),
        ("a Files-11 volume", 1_008, b"DECFILE11"),
        ("swap space", 4_086, b"SWAPSPACE2"),
        ("swap space in pages of 64 KiB", 65_526, b"SWAPSPACE2"),
        (
            "swap space in pages of 16 KiB, by its other end",
            16_364,
            b"SWAPSPACE2",
        ),
        ("an LVM volume", 536, b"LVM2 001"),
        ("an LVM volume in the third sector", 1_048, b"LVM2 001"),
        ("a Linux kernel", 514, b"HdrS"),
        ("an HDF5 file behind 512 bytes", 512, b"\x89HDF\r\n\x1a\n"),
        ("an HDF5 file behind 4 KiB", 4_096, b"\x89HDF\r\n\x1a\n"),
        ("a COM executable", 60, b"W Collis\0\0"),
        ("a DR-DOS executable", 252, b"Must have DOS version"),
        ("a SymbOS executable", 48, b"SymExe"),
        ("a Windows PIF", 369, b"MICROSOFT PIFEX\0"),
        ("a LyNX archive", 56, b"USE LYNX TO DISSOLVE THIS FILE"),
        ("a Mobipocket book", 60, b"BOOKMOBI"),
        ("an iSilo document", 60, b"ToGoToGo"),
        ("a font", 230, b"%!FontType1"),
        ("a ROM of Sega's", 256, b" SEGA"),
        ("a ROM of Sega's by its end", 32_752, b"TMR SEGA"),
        ("a Photo CD", 2_048, b"PCD_IPI"),
        ("a MacPaint image", 65, b"PNTGMPNT"),
        (
            "a Nintendo DS ROM",
            192,
            b"\x24\xff\xae\x51\x69\x9a\xa2\x21",
        ),
    ];
    let refused = marks.map(|(format, offset, bytes)| {
        refuse(
            format!("a package that is {format} as well"),
            structure!(S::OtherFormat { .. }),
            move || with_bytes_at(offset, bytes),
        )
    });
    refused.into()
}

/// A tar header as the oldest programs wrote it, which is known by its checksum alone. Its first
/// bytes are those of the zip.
fn old_tar_header(front: &[u8]) -> Vec<u8> {
    tar_header(front, |sum| format!("{sum:06o}\0 ").into_bytes())
}

/// The same with another way to write the checksum.
fn tar_header(front: &[u8], written: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..front.len()].copy_from_slice(front);
    block[100..108].copy_from_slice(b"0000644\0");
    block[108..116].copy_from_slice(b"0000000\0");
    block[116..124].copy_from_slice(b"0000000\0");
    block[124..136].copy_from_slice(b"00000000000\0");
    block[136..148].copy_from_slice(b"00000000000\0");
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let mut written = written(sum);
    written.resize(8, 0);
    block[148..156].copy_from_slice(&written);
    block
}

/// The sample with such a header in front.
///
/// The checksum is over the local header, too, which has the CRC-32 of the body that it is in: so an
/// extra field carries it, and is made after the rest.
fn with_tar_header(written: fn(u32) -> Vec<u8>) -> Sample {
    let build = |value: &[u8]| {
        let mut entry = EntryForge::file("data.bin", "body").stored();
        entry.local().extra = extra(0x4242, value);
        signed(|zip| zip.entries.insert(0, entry))
    };
    let start = 30 + "data.bin".len() + 4;
    let first = build(&vec![0; 512 - start]);
    let block = tar_header(&first.package[..start], written);
    build(&block[start..])
}

/// Ways to write the checksum that one program or the other takes.
fn tar_checksums() -> Vec<Case> {
    let ways: [(&str, fn(u32) -> Vec<u8>); 8] = [
        ("behind a NUL (GNU tar)", |sum| {
            format!("\0{sum:06o}").into()
        }),
        ("behind a vertical tab (GNU tar)", |sum| {
            format!("\x0b{sum:06o}").into()
        }),
        ("in base 256 (tarfile)", |sum| {
            [&[0x80, 0, 0, 0][..], &sum.to_be_bytes()].concat()
        }),
        ("behind `0o` (tarfile)", |sum| format!("0o{sum:o}").into()),
        ("behind a plus sign (tarfile)", |sum| {
            format!("+{sum:06o}").into()
        }),
        ("with `_` in it (tarfile)", |sum| {
            format!("{:o}_{:03o}", sum >> 9, sum & 0o777).into()
        }),
        ("in hexadecimal digits (Archive::Tar)", |sum| {
            format!("0x{sum:04x}").into()
        }),
        ("before other letters (Archive::Tar)", |sum| {
            format!("{sum:05o}zz ").into()
        }),
    ];
    let refused = ways.map(|(how, written)| {
        refuse(
            format!("a tar header with its checksum {how}"),
            structure!(S::OtherFormat { .. }),
            move || with_tar_header(written),
        )
    });
    let mut cases = Vec::from(refused);
    cases.push(accept(
        "a tar header whose checksum is one too high",
        || with_tar_header(|sum| format!("{:06o}\0 ", sum + 1).into_bytes()),
    ));
    cases
}

fn tar() -> Vec<Case> {
    let other = || structure!(S::OtherFormat { .. });
    vec![
        refuse(
            "a tar header in an extra field (bsdtar, GNU tar)",
            other(),
            || {
                let mut value = vec![0; 600];
                // Behind the local header with its name and the header of the field.
                let start = 257 - (30 + "data.bin".len() + 4);
                value[start..start + 8].copy_from_slice(b"ustar\x0000");
                let entry =
                    EntryForge::file("data.bin", "body").extras(&extra(0x4242, &value), &[]);
                signed(|zip| zip.entries.insert(0, entry))
            },
        ),
        refuse(
            "a tar header without a mark (bsdtar, GNU tar)",
            other(),
            || with_tar_header(|sum| format!("{sum:06o}\0 ").into_bytes()),
        ),
        refuse("a PDF in an extra field", other(), || {
            let entry = EntryForge::file("data.bin", "body")
                .extras(&extra(0x4242, b"%PDF-1.7 and so on"), &[]);
            signed(|zip| zip.entries.insert(0, entry))
        }),
        refuse("an Oracle ASM volume in a name", other(), || {
            signed(|zip| {
                let entry = EntryForge::file("x/ORCLDISK", "body");
                zip.entries.insert(0, entry);
            })
        }),
        refuse("a PDF in a name", other(), || {
            signed(|zip| zip.entries.insert(0, EntryForge::file("%PDF-1.7", "body")))
        }),
        refuse("a PDF in the second of two extra fields", other(), || {
            let plain = EntryForge::file("a.txt", "a").stored();
            let entry = EntryForge::file("b.txt", "b").extras(&extra(0x4242, b"%PDF-1.7"), &[]);
            signed(|zip| drop(zip.entries.splice(0..0, [plain.clone(), entry.clone()])))
        }),
    ]
}

/// The same as files inside, which is what they are.
fn honest() -> Vec<Case> {
    let first = |what: &str, name: &'static str, body: Vec<u8>| {
        accept(what, move || {
            let entry = EntryForge::file(name, &body).stored();
            signed(|zip| zip.entries.insert(0, entry))
        })
    };
    let mut iso = vec![0; 40_000];
    iso[32_769..32_774].copy_from_slice(b"CD001");
    let mut tar = old_tar_header(b"file.txt");
    tar[257..265].copy_from_slice(b"ustar\x0000");
    tar.extend([0; 1_024]);
    let mut elf = vec![0; 400];
    elf[..4].copy_from_slice(b"\x7fELF");
    vec![
        first(
            "a name with a word that is the mark of a spreadsheet",
            "reports/Spreadsheet.py",
            b"pass\n".to_vec(),
        ),
        first("a tar archive as the first file", "data.tar", tar),
        first("an ISO 9660 image as the first file", "disk.iso", iso),
        first(
            "a PDF as the first file",
            "manual.pdf",
            b"%PDF-1.7\n%%EOF\n".to_vec(),
        ),
        first("an ELF executable as the first file", "bootstrap", elf),
    ]
}
