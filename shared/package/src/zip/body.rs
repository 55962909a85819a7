//! Bodies: inflating them, and holding what comes out against what the headers declare.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::{
    entry::{Entry, Method},
    error::StructureError,
};
use crate::numbers::{narrow, widen};

/// Reads one body front to back, and fails unless it has exactly the declared size and CRC-32, and
/// the packed bytes are used up by it.
pub(crate) struct Body<'a> {
    entry: Entry<'a>,
    /// What has not been taken yet of the packed bytes.
    packed: &'a [u8],
    inflate: Decompress,
    inflated: bool,
    unpacked: u64,
    crc: crc32fast::Hasher,
}

impl<'a> Body<'a> {
    /// Starts over with `inflate`, whose buffers are kept from entry to entry.
    pub(crate) fn new(entry: &Entry<'a>, mut inflate: Decompress) -> Self {
        inflate.reset(false);
        Self {
            entry: entry.clone(),
            packed: entry.packed(),
            inflate,
            inflated: false,
            unpacked: 0,
            crc: crc32fast::Hasher::new(),
        }
    }

    /// Writes the next part of the body to the front of `buffer`, which must not be empty, and
    /// returns its length; 0 at the end, when everything has been found true.
    pub(crate) fn next(&mut self, buffer: &mut [u8]) -> Result<usize, StructureError> {
        let written = match self.entry.method() {
            Method::Stored => self.copy(buffer),
            Method::Deflated => self.inflate(buffer)?,
        };
        if written == 0 {
            self.check_end()?;
        }
        let part = buffer.get(..written).unwrap_or_default();
        self.crc.update(part);
        self.unpacked = self.unpacked.saturating_add(widen(written));
        if self.unpacked > self.entry.size() {
            return Err(self.wrong_size());
        }
        Ok(written)
    }

    /// Gives the buffers back for the next entry.
    pub(crate) fn into_inflate(self) -> Decompress {
        self.inflate
    }

    fn copy(&mut self, buffer: &mut [u8]) -> usize {
        let length = buffer.len().min(self.packed.len());
        if let Some((part, rest)) = self.packed.split_at_checked(length)
            && let Some(target) = buffer.get_mut(..length)
        {
            target.copy_from_slice(part);
            self.packed = rest;
        }
        length
    }

    /// Inflates until there is something to return or the stream has ended. Each round consumes,
    /// produces or ends, so that it comes to an end on any input.
    fn inflate(&mut self, buffer: &mut [u8]) -> Result<usize, StructureError> {
        while !self.inflated {
            let (taken, made) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(self.packed, buffer, FlushDecompress::None)
                .map_err(|_| self.corrupt("it is corrupt"))?;
            let taken = narrow(self.inflate.total_in().saturating_sub(taken));
            let made = narrow(self.inflate.total_out().saturating_sub(made));
            self.packed = self.packed.get(taken..).unwrap_or_default();
            self.inflated = status == Status::StreamEnd;
            if made > 0 {
                return Ok(made);
            }
            if taken == 0 && !self.inflated {
                return Err(self.corrupt("it ends too early"));
            }
        }
        Ok(0)
    }

    /// Everything was read: is it what was declared?
    fn check_end(&self) -> Result<(), StructureError> {
        if !self.packed.is_empty() {
            return Err(self.corrupt("bytes follow its end"));
        }
        if self.unpacked != self.entry.size() {
            return Err(self.wrong_size());
        }
        let (declared, found) = (self.entry.crc32(), self.crc.clone().finalize());
        if declared != found {
            let name = self.entry.name().to_owned();
            return Err(StructureError::Crc {
                name,
                declared,
                found,
            });
        }
        Ok(())
    }

    fn corrupt(&self, fault: &'static str) -> StructureError {
        StructureError::Deflate {
            name: self.entry.name().to_owned(),
            fault,
        }
    }

    fn wrong_size(&self) -> StructureError {
        let name = self.entry.name().to_owned();
        StructureError::Size {
            name,
            declared: self.entry.size(),
        }
    }
}

/// An inflater for bare DEFLATE streams, as they stand in a zip.
pub(crate) fn inflater() -> Decompress {
    Decompress::new(false)
}

impl<'a> Entry<'a> {
    /// Reads at most the first `count` bytes of the body, and no more of it than that takes.
    pub fn head(&self, count: usize) -> Result<Vec<u8>, StructureError> {
        let count = count.min(usize::try_from(self.size()).unwrap_or(usize::MAX));
        let mut head = vec![0; count];
        let mut body = Body::new(self, inflater());
        let mut filled: usize = 0;
        while let Some(space) = head.get_mut(filled..).filter(|space| !space.is_empty()) {
            match body.next(space)? {
                0 => break,
                length => filled = filled.saturating_add(length),
            }
        }
        head.truncate(filled);
        Ok(head)
    }

    /// Reads the body. The reader ends in an error of kind [`io::ErrorKind::InvalidData`], whose
    /// source is a [`StructureError`], where the body is not what the headers declare.
    #[must_use]
    pub fn contents(&self) -> impl io::Read + use<'a> {
        Body::new(self, inflater())
    }
}

impl io::Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.next(buffer)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::{
        limits::Limits,
        zip::{
            archive::Archive,
            sample::{Sample, deflate, file, zip},
        },
    };

    fn read(bytes: &[u8], step: usize) -> Result<Vec<u8>, StructureError> {
        let archive = Archive::parse(bytes, &Limits::default())?;
        let mut body = Body::new(&archive.entries()[0], inflater());
        let (mut whole, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match body.next(&mut buffer)? {
                0 => return Ok(whole),
                length => whole.extend(&buffer[..length]),
            }
        }
    }

    #[test]
    fn steps_of_any_size_give_the_same_body() {
        let body: Vec<u8> = (0..5_000_u32)
            .flat_map(|n| (n % 251).to_le_bytes())
            .collect();
        for deflated in [false, true] {
            let bytes = zip(&[Sample {
                name: "a",
                body: &body,
                mode: 0,
                deflated,
            }]);
            for step in [1, 2, 7, 300, 4_096, 100_000] {
                assert_eq!(read(&bytes, step).unwrap(), body, "{step}");
            }
            let archive = Archive::parse(&bytes, &Limits::default()).unwrap();
            let mut whole = Vec::new();
            archive.entries()[0]
                .contents()
                .read_to_end(&mut whole)
                .unwrap();
            assert_eq!(whole, body);
        }
        let empty = zip(&[Sample {
            name: "a",
            body: b"",
            mode: 0,
            deflated: true,
        }]);
        assert_eq!(read(&empty, 10).unwrap(), b"");
    }

    #[test]
    fn head_is_the_start_of_the_body() {
        let body: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        for deflated in [false, true] {
            let bytes = zip(&[Sample {
                name: "a",
                body: &body,
                mode: 0,
                deflated,
            }]);
            let archive = Archive::parse(&bytes, &Limits::default()).unwrap();
            for count in [0, 1, 4_096, body.len(), usize::MAX] {
                let head = archive.entries()[0].head(count).unwrap();
                assert_eq!(head, &body[..count.min(body.len())], "{count}");
            }
        }
    }

    /// A stored body is written, and the method changed to deflated afterwards.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "offsets of a few bytes in a test"
    )]
    fn claimed_deflated(packed: &[u8], body: &[u8]) -> Vec<u8> {
        let mut bytes = zip(&[file("a", packed)]);
        // Method, CRC-32 and size of the local header, then of the central one, which has two bytes
        // more before.
        for header in [0, 30 + 1 + packed.len() + 2] {
            bytes[header + 8] = 8;
            bytes[header + 14..header + 18].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
            let size = u32::try_from(body.len()).unwrap().to_le_bytes();
            bytes[header + 22..header + 26].copy_from_slice(&size);
        }
        bytes
    }

    #[test]
    fn deflate_stream_fills_its_space_exactly() {
        let body = b"hello hello hello hello";
        let packed = deflate(body);
        assert_eq!(read(&claimed_deflated(&packed, body), 64).unwrap(), body);
        let fault = |packed: &[u8]| match read(&claimed_deflated(packed, body), 64).unwrap_err() {
            StructureError::Deflate { fault, .. } => fault,
            other => panic!("{other}"),
        };
        assert_eq!(fault(&[&packed[..], &[0]].concat()), "bytes follow its end");
        assert_eq!(fault(&packed[..packed.len() - 1]), "it ends too early");
        assert_eq!(fault(b"\xff\xff\xff"), "it is corrupt");
    }

    #[test]
    fn wrong_size_and_checksum_are_refused() {
        let body = b"hello hello hello hello";
        let packed = deflate(body);
        for lie in [&body[..22], b"hello hello hello hello!"] {
            let error = read(&claimed_deflated(&packed, lie), 64).unwrap_err();
            assert!(matches!(error, StructureError::Size { .. }), "{error}");
        }
        let error = read(&claimed_deflated(&packed, b"Hello hello hello hello"), 64).unwrap_err();
        assert!(matches!(error, StructureError::Crc { .. }), "{error}");
    }
}
