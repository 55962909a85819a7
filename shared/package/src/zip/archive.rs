//! An archive whose layout is proven: every byte of the file belongs to exactly one record.

use super::{
    end_record::EndRecord,
    entry::Entry,
    error::StructureError,
    layout::{check_declared_sizes, read_directory, read_entries},
    other_format::check_other_formats,
    second_end_record::reject_second_end_records,
    tree::check_tree,
    warning::{Warning, warnings},
};
use crate::{limits::Limits, numbers::widen};

/// A zip whose layout is proven and whose names are safe. Its bodies were not read: that is
/// [`crate::Package`].
#[derive(Debug, Clone)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry<'a>>,
    comment: &'a [u8],
    warnings: Vec<Warning>,
}

impl<'a> Archive<'a> {
    /// Proves the layout of `bytes`. Takes time in proportion to the number of entries and the
    /// length of their names, and memory in proportion to the number of entries.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, StructureError> {
        let length = widen(bytes.len());
        if length > limits.package_bytes {
            let limit = limits.package_bytes;
            return Err(StructureError::PackageTooLarge {
                bytes: length,
                limit,
            });
        }
        let end = EndRecord::find(bytes)?;
        let directory = read_directory(bytes, &end, limits)?;
        check_declared_sizes(&directory, limits)?;
        let (entries, headers_differ) = read_entries(bytes, &directory, end.directory)?;
        reject_second_end_records(bytes, &end, headers_differ)?;
        check_other_formats(bytes, &entries)?;
        // Before the next large list is made.
        drop(directory);
        check_tree(&entries, limits)?;
        Ok(Self {
            bytes,
            warnings: warnings(&entries),
            entries,
            comment: end.comment,
        })
    }

    /// The entries, in the order in which they are stored and listed.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// What is accepted although some programs show it differently.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The comment at the end of the file.
    #[must_use]
    pub fn comment(&self) -> &'a [u8] {
        self.comment
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        widen(self.bytes.len())
    }

    /// Sum of the bodies' bytes, as declared.
    #[must_use]
    pub fn unpacked_bytes(&self) -> u64 {
        let sizes = self.entries.iter().map(Entry::size);
        sizes.fold(0, u64::saturating_add)
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::{
        entry::EntryKind,
        error::NameFault,
        sample::{Sample, file, zip},
    };

    fn parse(bytes: &[u8]) -> Result<Archive<'_>, StructureError> {
        Archive::parse(bytes, &Limits::default())
    }

    #[test]
    fn every_byte_of_a_sound_zip_is_accounted_for() {
        let bytes = zip(&[
            Sample {
                name: "d/",
                body: b"",
                mode: 0o040_755,
                deflated: false,
            },
            Sample {
                name: "d/a",
                body: b"aaaaaaaaaaaa",
                mode: 0o100_755,
                deflated: true,
            },
            Sample {
                name: "l",
                body: b"d/a",
                mode: 0o120_777,
                deflated: false,
            },
        ]);
        let archive = parse(&bytes).unwrap();
        let found: Vec<_> = archive
            .entries()
            .iter()
            .map(|e| (e.name(), e.kind(), e.mode(), e.size()))
            .collect();
        assert_eq!(
            found,
            [
                ("d/", EntryKind::Directory, Some(0o040_755), 0),
                ("d/a", EntryKind::File, Some(0o100_755), 12),
                ("l", EntryKind::Symlink, Some(0o120_777), 3),
            ]
        );
        let empty = zip(&[]);
        assert_eq!(parse(&empty).unwrap().entries().len(), 0);
    }

    #[test]
    fn inserted_byte_is_refused_anywhere() {
        let bytes = zip(&[file("a", b"one"), file("b", b"two")]);
        for position in 0..=bytes.len() {
            let mut longer = bytes.clone();
            longer.insert(position, 0);
            assert!(parse(&longer).is_err(), "a byte at {position}");
            assert!(
                parse(&bytes[..position.min(bytes.len() - 1)]).is_err(),
                "cut at {position}"
            );
        }
        let prefixed = [b"#!", bytes.as_slice()].concat();
        assert_eq!(
            parse(&prefixed).unwrap_err(),
            StructureError::Prefix { bytes: 2 }
        );
        let trailed = [bytes.as_slice(), b"\n"].concat();
        assert_eq!(
            parse(&trailed).unwrap_err(),
            StructureError::Trailing { bytes: 1 }
        );
        assert_eq!(parse(b"").unwrap_err(), StructureError::NoEndRecord);
    }

    #[test]
    fn end_record_in_a_comment_is_refused() {
        let mut bytes = zip(&[file("a", b"one")]);
        let comment = zip(&[]);
        let length = u16::try_from(comment.len()).unwrap().to_le_bytes();
        let end = bytes.len();
        bytes[end - 2..].copy_from_slice(&length);
        bytes.extend(&comment);
        let error = parse(&bytes).unwrap_err();
        assert!(
            matches!(error, StructureError::SecondEndRecord { .. }),
            "{error}"
        );
    }

    #[test]
    fn two_entries_at_one_path_are_refused() {
        let refused = |entries: &[Sample<'_>]| parse(&zip(entries)).unwrap_err();
        let twice = refused(&[file("a", b""), file("b", b""), file("a", b"")]);
        assert!(matches!(twice, StructureError::Duplicate { .. }), "{twice}");
        let spelt_twice = refused(&[file("\u{e9}", b""), file("e\u{301}", b"")]);
        assert!(
            matches!(spelt_twice, StructureError::Duplicate { .. }),
            "{spelt_twice}"
        );
        for below in ["a/b", "a/"] {
            let both = refused(&[
                Sample {
                    name: below,
                    body: b"",
                    mode: 0,
                    deflated: false,
                },
                file("a.b", b""),
                file("a", b""),
            ]);
            assert!(
                matches!(both, StructureError::FileAndDirectory { .. }),
                "{both}"
            );
        }
        let link = Sample {
            name: "a",
            body: b"..",
            mode: 0o120_777,
            deflated: false,
        };
        let through = refused(&[link, file("a/b", b"")]);
        assert!(
            matches!(through, StructureError::BelowLink { .. }),
            "{through}"
        );
        let cases = zip(&[file("README", b""), file("readme", b"")]);
        assert_eq!(parse(&cases).unwrap().entries().len(), 2);
    }

    #[test]
    fn limits_are_checked_before_bodies_are_read() {
        let bytes = zip(&[file("a", b"one"), file("name", b"two")]);
        let refused = |limits: Limits| Archive::parse(&bytes, &limits).unwrap_err();
        let base = Limits::default();
        let error = refused(Limits {
            package_bytes: 10,
            ..base
        });
        assert!(matches!(
            error,
            StructureError::PackageTooLarge { limit: 10, .. }
        ));
        let error = refused(Limits { entries: 1, ..base });
        assert_eq!(
            error,
            StructureError::TooManyEntries {
                entries: 2,
                limit: 1
            }
        );
        let error = refused(Limits {
            unpacked_bytes: 5,
            ..base
        });
        assert_eq!(
            error,
            StructureError::UnpackedTooLarge { bytes: 6, limit: 5 }
        );
        let error = refused(Limits {
            name_bytes: 3,
            ..base
        });
        assert!(matches!(
            error,
            StructureError::Name {
                fault: NameFault::TooLong,
                ..
            }
        ));
    }
}
