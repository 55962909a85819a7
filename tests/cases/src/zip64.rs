//! Rows about zip64: the end records, and the extra fields of entries.

use countersign_package::StructureError as S;
use countersign_testkit::package::{sample, sign};
use countersign_testkit::zip::{EntryForge, Zip64End, Zip64Extra, ZipForge, extra};

use crate::{Case, PKI, Sample, accept, broken, refuse, signed, structure};

/// Whatever is found first of zip64 records that do not hold together.
macro_rules! zip64 {
    () => {
        structure!(
            S::Zip64 { .. }
                | S::Unclaimed { .. }
                | S::RecordExpected { .. }
                | S::Truncated { .. }
                | S::SecondEndRecord { .. }
                | S::Overlap { .. }
        )
    };
}

/// Whatever is found first of a zip64 field that does not hold together.
macro_rules! zip64_field {
    () => {
        structure!(S::Zip64 { .. } | S::ExtraField { .. } | S::HeadersDisagree { .. })
    };
}
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = end_records();
    cases.extend(extra_fields());
    cases
}

/// A signed package that needs zip64 end records by its sentinels, with something changed.
fn ended(change: impl FnOnce(&mut ZipForge)) -> Sample {
    sign(&sample(), &PKI).with_zip64_end().with(change).into()
}

fn end_records() -> Vec<Case> {
    vec![
        accept("zip64 end records that the sentinels call for", || {
            ended(|_| ())
        }),
        refuse("zip64 sentinels without zip64 records", zip64!(), || {
            ended(|zip| zip.zip64 = None)
        }),
        refuse("a zip64 locator without its record", zip64!(), || {
            ended(|zip| zip.zip64().without_record = true)
        }),
        refuse("a zip64 record without its locator", zip64!(), || {
            ended(|zip| zip.zip64().without_locator = true)
        }),
        refuse(
            "a zip64 locator that points a byte too low",
            zip64!(),
            || {
                let at = zip64_record_offset();
                ended(move |zip| zip.zip64().locator_offset = Some(at - 1))
            },
        ),
        refuse(
            "a zip64 locator that points past the file",
            zip64!(),
            || ended(|zip| zip.zip64().locator_offset = Some(u64::MAX)),
        ),
        refuse(
            "a zip64 locator that points at the first entry",
            zip64!(),
            || ended(|zip| zip.zip64().locator_offset = Some(0)),
        ),
        refuse(
            "two zip64 records, the locator at the first",
            zip64!(),
            two_zip64_records,
        ),
        refuse(
            "a zip64 record that the end record contradicts",
            zip64!(),
            || ended(|zip| (zip.end.entries, zip.end.entries_here) = (Some(5), Some(5))),
        ),
        refuse(
            "a zip64 record that nothing calls for, and that lies",
            zip64!(),
            || {
                broken(|zip| {
                    zip.zip64 = Some(Zip64End {
                        entries: Some(5),
                        entries_here: Some(5),
                        ..Zip64End::default()
                    });
                })
            },
        ),
        refuse(
            "bytes between the zip64 record and its locator",
            zip64!(),
            || ended(|zip| zip.zip64().between = vec![0; 4]),
        ),
        refuse("a zip64 record with extensible data", zip64!(), || {
            ended(|zip| zip.zip64().extensible = vec![0; 8])
        }),
        refuse("a zip64 record that understates its size", zip64!(), || {
            ended(|zip| zip.zip64().record_size = Some(36))
        }),
        refuse("a zip64 record whose size overflows", zip64!(), || {
            ended(|zip| zip.zip64().record_size = Some(u64::MAX - 11))
        }),
        refuse(
            "a zip64 count that is too high",
            structure!(S::EntryCount { .. } | S::TooManyEntries { .. }),
            || ended(|zip| (zip.zip64().entries, zip.zip64().entries_here) = (Some(7), Some(7))),
        ),
        refuse(
            "a zip64 count that is one over the budget",
            structure!(S::TooManyEntries { limit: 131_072, .. }),
            || {
                ended(|zip| {
                    (zip.zip64().entries, zip.zip64().entries_here) =
                        (Some(131_073), Some(131_073));
                })
            },
        ),
        refuse(
            "a zip64 count that no memory could hold",
            structure!(S::EntryCount { .. } | S::TooManyEntries { .. }),
            || {
                ended(|zip| {
                    (zip.zip64().entries, zip.zip64().entries_here) =
                        (Some(u64::MAX), Some(u64::MAX));
                })
            },
        ),
        refuse(
            "two zip64 counts",
            structure!(S::MultiDisk | S::Zip64 { .. } | S::EntryCount { .. }),
            || ended(|zip| zip.zip64().entries_here = Some(5)),
        ),
        refuse(
            "a zip64 directory size that overflows",
            structure!(
                S::Zip64 { .. } | S::Unclaimed { .. } | S::Overlap { .. } | S::Truncated { .. }
            ),
            || ended(|zip| zip.zip64().size = Some(u64::MAX)),
        ),
        refuse(
            "a zip64 directory offset that overflows",
            structure!(
                S::Zip64 { .. } | S::Unclaimed { .. } | S::Overlap { .. } | S::Truncated { .. }
            ),
            || ended(|zip| zip.zip64().offset = Some(u64::MAX)),
        ),
        refuse(
            "a zip64 locator that counts two disks",
            structure!(S::MultiDisk | S::Zip64 { .. }),
            || ended(|zip| zip.zip64().locator_disks = Some(2)),
        ),
        refuse(
            "a zip64 record on the second disk",
            structure!(S::MultiDisk | S::Zip64 { .. }),
            || ended(|zip| zip.zip64().disk = Some(1)),
        ),
    ]
}

/// The locator names a record that lists other entries than the record right before it.
fn two_zip64_records() -> Sample {
    let whole = sign(&sample(), &PKI).with_zip64_end().build();
    let at = zip64_record_offset() as usize;
    let record = &whole[at..at + 56];
    Sample::new([&whole[..at], record, &whole[at..]].concat())
}

/// Where the zip64 record of [`ended`] starts: before itself, the locator and the end record.
fn zip64_record_offset() -> u64 {
    let length = sign(&sample(), &PKI).with_zip64_end().build().len();
    (length - 22 - 20 - 56) as u64
}

fn extra_fields() -> Vec<Case> {
    vec![
        accept("an entry whose sizes are in zip64 fields", || {
            signed(|zip| zip.entries[0] = zip.entries[0].clone().zip64())
        }),
        accept("an entry whose offset alone is in a zip64 field", || {
            signed(|zip| {
                let fields = Zip64Extra {
                    size: None,
                    compressed_size: None,
                    offset: true,
                    disk: None,
                };
                zip.entries[2].central().zip64 = Some(fields);
                zip.entries[2].change_both(|header| header.version_needed = 45);
            })
        }),
        refuse(
            "a size sentinel without a zip64 field",
            structure!(
                S::Zip64 { .. }
                    | S::ExtraField { .. }
                    | S::HeadersDisagree { .. }
                    | S::Size { .. }
                    | S::Ratio { .. }
                    | S::UnpackedTooLarge { .. }
            ),
            || broken(|zip| zip.entries[0].change_both(|header| header.size = u32::MAX)),
        ),
        refuse("a zip64 field that is too short", zip64_field!(), || {
            zip64_entry(|entry| {
                entry.central().zip64 = None;
                entry.central().header.extra = extra(0x0001, &[0; 8]);
            })
        }),
        refuse(
            "a zip64 field with a disk but no offset",
            zip64_field!(),
            || {
                zip64_entry(|entry| {
                    entry
                        .central()
                        .zip64
                        .iter_mut()
                        .for_each(|zip64| zip64.disk = Some(0));
                })
            },
        ),
        refuse(
            "a zip64 field with nothing but a disk (Java)",
            zip64_field!(),
            || zip64_entry(|entry| disk_behind(entry, None)),
        ),
        refuse(
            "a zip64 field with an offset and a disk, without sizes (Java)",
            zip64_field!(),
            || zip64_entry(|entry| disk_behind(entry, Some(u32::MAX))),
        ),
        refuse(
            "two zip64 fields in the central record",
            zip64_field!(),
            || {
                zip64_entry(|entry| {
                    entry.central().header.extra = extra(0x0001, &[0; 16]);
                })
            },
        ),
        accept("two zip64 fields that are the same", || {
            zip64_entry(|entry| {
                let twice = entry.local().extra.clone();
                entry.local().extra.extend(twice);
            })
        }),
        refuse(
            "two zip64 fields that differ in the local record",
            zip64_field!(),
            || {
                zip64_entry(|entry| {
                    let mut other = entry.local().extra.clone();
                    other[4] ^= 1;
                    entry.local().extra.extend(other);
                })
            },
        ),
        refuse(
            "a zip64 field that no sentinel calls for",
            zip64_field!(),
            || {
                broken(|zip| {
                    let true_sizes =
                        extra(0x0001, &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
                    zip.entries[0].change_both(|header| header.extra.clone_from(&true_sizes));
                })
            },
        ),
        refuse(
            "zip64 sizes that differ between the records",
            zip64_field!(),
            || zip64_entry(|entry| entry.local().extra[4] ^= 1),
        ),
        refuse(
            "a zip64 size that overflows every sum",
            structure!(
                S::UnpackedTooLarge { .. }
                    | S::Ratio { .. }
                    | S::HeadersDisagree { .. }
                    | S::Size { .. }
            ),
            || {
                zip64_entry(|entry| {
                    entry
                        .central()
                        .zip64
                        .iter_mut()
                        .for_each(|zip64| zip64.size = Some(u64::MAX));
                    entry.local().extra[4..12].copy_from_slice(&u64::MAX.to_le_bytes());
                })
            },
        ),
        refuse(
            "a zip64 compressed size that overflows every sum",
            structure!(S::Truncated { .. } | S::Overlap { .. } | S::HeadersDisagree { .. }),
            || {
                zip64_entry(|entry| {
                    let all = u64::MAX;
                    entry
                        .central()
                        .zip64
                        .iter_mut()
                        .for_each(|zip64| zip64.compressed_size = Some(all));
                    entry.local().extra[12..20].copy_from_slice(&all.to_le_bytes());
                })
            },
        ),
        refuse(
            "a zip64 disk number",
            structure!(S::MultiDisk | S::Zip64 { .. } | S::ExtraField { .. }),
            || {
                zip64_entry(|entry| {
                    entry.central().disk = u16::MAX;
                    entry
                        .central()
                        .zip64
                        .iter_mut()
                        .for_each(|zip64| zip64.disk = Some(1));
                })
            },
        ),
    ]
}

/// Tells the sizes of an entry plainly, and leaves its disk to a zip64 field, and its offset if that is given.
fn disk_behind(entry: &mut EntryForge, offset: Option<u32>) {
    let (size, compressed) = (entry.body.len() as u32, entry.data.len() as u32);
    entry.change_both(|header| (header.size, header.compressed_size) = (size, compressed));
    entry.local().extra.clear();
    entry.central().disk = u16::MAX;
    entry.central().offset = offset;
    entry.central().zip64 = Some(Zip64Extra {
        size: None,
        compressed_size: None,
        offset: offset.is_some(),
        disk: Some(0),
    });
}

/// The signed sample whose first entry has zip64 sizes, with something about it changed.
fn zip64_entry(change: impl FnOnce(&mut EntryForge)) -> Sample {
    broken(|zip| {
        zip.entries[0] = zip.entries[0].clone().zip64();
        change(&mut zip.entries[0]);
    })
}
