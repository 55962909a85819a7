//! The first entries of an archive as an archive of their own, every record as it stands.

use super::{
    central_header::CentralHeader,
    end_record::{END_SIGNATURE, EndRecord},
    le_reader::LeReader,
};
use crate::{limits::Limits, numbers::widen};

/// The first `count` entries of a sound archive: their bytes up to the next entry, their central headers, and an end
/// record of its own with the same comment. Offsets stay as they are, because nothing before them is taken away.
///
/// `None` when there are not more entries than that, or so many that a plain end record cannot count them.
pub(crate) fn first_entries(bytes: &[u8], count: usize, limits: &Limits) -> Option<Vec<u8>> {
    let end = EndRecord::find(bytes).ok()?;
    let directory = usize::try_from(end.directory).ok()?;
    let directory_end = usize::try_from(end.directory_end).ok()?;
    let mut headers = LeReader::new(bytes.get(directory..directory_end)?);
    let offset = |headers: LeReader<'_>| end.directory_end.checked_sub(widen(headers.len()));
    for _ in 0..count {
        let at = offset(headers)?;
        CentralHeader::read(&mut headers, at, limits).ok()?;
    }
    let at = offset(headers)?;
    let next = CentralHeader::read(&mut headers, at, limits).ok()?;
    let headers_end = usize::try_from(at).ok()?;
    let bodies_end = usize::try_from(next.offset).ok()?;
    let headers = bytes.get(directory..headers_end)?;
    // The highest values of a plain end record mean that a zip64 one counts.
    let entries = u16::try_from(count)
        .ok()
        .filter(|count| *count < u16::MAX)?;
    let start = u32::try_from(bodies_end).ok().filter(|at| *at < u32::MAX)?;
    let size = u32::try_from(headers.len()).ok()?;
    let comment = u16::try_from(end.comment.len()).ok()?;

    let mut front = bytes.get(..bodies_end)?.to_vec();
    front.extend_from_slice(headers);
    front.extend_from_slice(&END_SIGNATURE.to_le_bytes());
    // The number of this disk, and of the one with the directory.
    front.extend_from_slice(&[0; 4]);
    front.extend_from_slice(&entries.to_le_bytes());
    front.extend_from_slice(&entries.to_le_bytes());
    front.extend_from_slice(&size.to_le_bytes());
    front.extend_from_slice(&start.to_le_bytes());
    front.extend_from_slice(&comment.to_le_bytes());
    front.extend_from_slice(end.comment);
    Some(front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::sample::{Sample, file, zip};

    #[test]
    fn front_is_what_the_writer_would_have_written() {
        let packed = Sample {
            name: "packed",
            body: &[b'a'; 900],
            mode: 0o100_755,
            deflated: true,
        };
        let all = [file("a", b"one"), packed, file("c", b"three")];
        let limits = Limits::default();
        for count in 0..3 {
            let front = first_entries(&zip(&all), count, &limits);
            assert_eq!(front, Some(zip(all.get(..count).unwrap())));
        }
        assert_eq!(first_entries(&zip(&all), 3, &limits), None);
        assert_eq!(first_entries(b"no zip", 1, &limits), None);
    }

    #[test]
    fn comment_is_kept() {
        let mut commented = zip(&[file("a", b"one"), file("b", b"two")]);
        let length = commented.len();
        commented.splice(length - 2.., *b"\x04\0note");
        let front = first_entries(&commented, 1, &Limits::default()).unwrap();
        assert!(front.ends_with(b"\x04\0note"));
    }
}
