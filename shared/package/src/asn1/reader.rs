//! ASN.1 encodings: DER, and the little of BER that Signer uses.
//!
//! Signer writes its outer levels with indefinite lengths (grade A) and everything within in DER.
//! So that is what is read: where the caller allows it, a constructed element may have an
//! indefinite length; all else is DER, with the shortest length and one-byte tags.

use const_oid::ObjectIdentifier;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const NUMERIC_STRING: u8 = 0x12;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const TELETEX_STRING: u8 = 0x14;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Levels of indefinite lengths that are searched for their ends. Signer nests four (grade A).
const MAX_INDEFINITE_DEPTH: u8 = 4;

/// The tag `[number]`, constructed.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// What is wrong with an encoding, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Offset into the outermost bytes.
    pub(crate) offset: usize,
    /// Which field was being read.
    pub(crate) field: &'static str,
    /// What is wrong with it.
    pub(crate) fault: &'static str,
}

/// One element: tag, length, contents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    /// The element as it stands, with tag and length.
    pub(crate) whole: &'a [u8],
    /// What it was read as.
    field: &'static str,
    /// Where `contents` starts.
    offset: usize,
}

/// Reads elements one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

/// Whether a length may be left open until an end-of-contents mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lengths {
    Definite,
    OrIndefinite,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            offset: 0,
        }
    }

    /// The next element, which must have the given tag and a definite length.
    pub(crate) fn read(&mut self, tag: u8, field: &'static str) -> Result<Element<'a>, Malformed> {
        self.read_as(tag, field, Lengths::Definite)
    }

    /// The next element, which must have the given tag and may have an indefinite length.
    pub(crate) fn read_open(
        &mut self,
        tag: u8,
        field: &'static str,
    ) -> Result<Element<'a>, Malformed> {
        self.read_as(tag, field, Lengths::OrIndefinite)
    }

    /// The next element if it has the given tag.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        field: &'static str,
    ) -> Result<Option<Element<'a>>, Malformed> {
        if self.next_is(tag) {
            self.read(tag, field).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The next element, whatever its tag.
    pub(crate) fn any(&mut self, field: &'static str) -> Result<Element<'a>, Malformed> {
        self.element(field, Lengths::Definite, 0)
    }

    /// Whether the next element has the given tag.
    pub(crate) fn next_is(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything must have been read.
    pub(crate) fn finish(self, field: &'static str) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.malformed(field, "bytes follow its end"))
        }
    }

    fn malformed(&self, field: &'static str, fault: &'static str) -> Malformed {
        Malformed {
            offset: self.offset,
            field,
            fault,
        }
    }

    fn read_as(
        &mut self,
        tag: u8,
        field: &'static str,
        lengths: Lengths,
    ) -> Result<Element<'a>, Malformed> {
        match self.rest.first() {
            None => Err(self.malformed(field, "it is missing")),
            Some(found) if *found != tag => Err(self.malformed(field, "something else is there")),
            Some(_) => self.element(field, lengths, 0),
        }
    }

    fn element(
        &mut self,
        field: &'static str,
        lengths: Lengths,
        depth: u8,
    ) -> Result<Element<'a>, Malformed> {
        let start = *self;
        let short = start.malformed(field, "it is cut short");
        let tag = self.byte().ok_or(short)?;
        if tag & 0x1f == 0x1f {
            return Err(start.malformed(field, "its tag has several bytes"));
        }
        let first = self.byte().ok_or(short)?;
        if first == 0x80 {
            let is_constructed = tag & 0x20 != 0;
            if lengths == Lengths::Definite || !is_constructed {
                return Err(start.malformed(field, "its length is indefinite"));
            }
            return self.open_element(start, field, depth);
        }
        let length = self
            .length(first)
            .map_err(|fault| start.malformed(field, fault))?;
        let offset = self.offset;
        let contents = self.take(length).ok_or(short)?;
        Ok(Element {
            tag,
            contents,
            whole: start.until(self),
            field,
            offset,
        })
    }

    /// The rest of an element with an indefinite length, whose tag and length were taken since
    /// `start`.
    ///
    /// Its end is found by walking over its children. Each level is walked again when it is read
    /// itself, so the work is bounded by the depth times the length.
    fn open_element(
        &mut self,
        start: Self,
        field: &'static str,
        depth: u8,
    ) -> Result<Element<'a>, Malformed> {
        let depth = depth.saturating_add(1);
        if depth > MAX_INDEFINITE_DEPTH {
            return Err(start.malformed(field, "it nests too deeply"));
        }
        let inside = *self;
        loop {
            let before_end = *self;
            if let Some(after) = self.rest.strip_prefix(&[0, 0]) {
                self.offset = self.offset.saturating_add(2);
                self.rest = after;
                return Ok(Element {
                    tag: start.rest.first().copied().unwrap_or_default(),
                    contents: inside.until(&before_end),
                    whole: start.until(self),
                    field,
                    offset: inside.offset,
                });
            }
            if self.rest.is_empty() {
                return Err(start.malformed(field, "its end-of-contents mark is missing"));
            }
            self.element(field, Lengths::OrIndefinite, depth)?;
        }
    }

    /// A definite length whose first byte is `first`: in as few bytes as possible, of at most four.
    fn length(&mut self, first: u8) -> Result<usize, &'static str> {
        let Some(count) = first.checked_sub(0x80) else {
            return Ok(usize::from(first));
        };
        if count > 4 {
            return Err("its length is too large");
        }
        let bytes = self.take(usize::from(count)).ok_or("it is cut short")?;
        let length = bytes
            .iter()
            .fold(0_u32, |length, byte| (length << 8) | u32::from(*byte));
        if length < 0x80 || bytes.first() == Some(&0) {
            return Err("its length is not in the shortest form");
        }
        usize::try_from(length).map_err(|_| "its length is too large")
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(count);
        Some(taken)
    }

    /// The bytes from here to where `later` stands.
    fn until(&self, later: &Self) -> &'a [u8] {
        let length = self.rest.len().saturating_sub(later.rest.len());
        self.rest.get(..length).unwrap_or_default()
    }
}

impl<'a> Element<'a> {
    /// Reads the elements inside.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader {
            rest: self.contents,
            offset: self.offset,
        }
    }

    /// A complaint about this element.
    pub(crate) fn malformed(&self, fault: &'static str) -> Malformed {
        Malformed {
            offset: self.offset,
            field: self.field,
            fault,
        }
    }

    /// The contents as an object identifier.
    ///
    /// A part that is filled up with zeros in front would show as the identifier that it is not.
    pub(crate) fn oid(&self) -> Result<ObjectIdentifier, Malformed> {
        let mut is_start = true;
        for byte in self.contents {
            if is_start && *byte == 0x80 {
                return Err(self.malformed("it is not in the shortest form"));
            }
            is_start = *byte < 0x80;
        }
        ObjectIdentifier::from_bytes(self.contents)
            .map_err(|_| self.malformed("it is not an object identifier of reasonable length"))
    }

    /// The contents as an integer from 0 to 2^64 - 1.
    pub(crate) fn unsigned(&self) -> Result<u64, Malformed> {
        let bytes = self.integer()?;
        let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
        if bytes.len() > 8 {
            return Err(self.malformed("it is too large"));
        }
        Ok(bytes
            .iter()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    /// The contents as a non-negative integer in its shortest form, still with the zero that keeps
    /// a high bit from being a sign.
    pub(crate) fn integer(&self) -> Result<&'a [u8], Malformed> {
        match self.contents {
            [] => Err(self.malformed("it is an integer without digits")),
            [0x80..=0xff, ..] => Err(self.malformed("it is negative")),
            [0, 0..=0x7f, ..] => Err(self.malformed("it is not in the shortest form")),
            digits => Ok(digits),
        }
    }

    /// The contents as a bit string of whole bytes.
    pub(crate) fn whole_bits(&self) -> Result<&'a [u8], Malformed> {
        match self.contents {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(self.malformed("it is not a string of whole bytes")),
        }
    }

    /// The contents as a bit string that is not empty. The bits of its last byte that are not used
    /// are zero (DER, X.690 §11.2.1), so that none of them can be taken for one that is.
    pub(crate) fn bits(&self) -> Result<&'a [u8], Malformed> {
        match self.contents {
            [unused @ 0..=7, bits @ ..]
                if bits
                    .last()
                    .is_some_and(|last| last.trailing_zeros() >= u32::from(*unused)) =>
            {
                Ok(bits)
            }
            _ => Err(self.malformed("it is not a bit string in DER")),
        }
    }

    /// The contents as UTF-8.
    pub(crate) fn utf8(&self) -> Result<&'a str, Malformed> {
        str::from_utf8(self.contents).map_err(|_| self.malformed("it is not UTF-8"))
    }
}

/// Reads an `AlgorithmIdentifier` whose parameters are NULL or absent. Both mean the same: Signer
/// wrote NULL in 2022 and left it out in 2023 (grade A).
pub(crate) fn algorithm(element: &Element<'_>) -> Result<ObjectIdentifier, Malformed> {
    let mut fields = element.reader();
    let oid = fields.read(OID, element.field)?.oid()?;
    if let Some(null) = fields.optional(NULL, element.field)?
        && !null.contents.is_empty()
    {
        return Err(null.malformed("it has a NULL with contents"));
    }
    if !fields.is_empty() {
        return Err(element.malformed("it has parameters other than NULL"));
    }
    Ok(oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shortest_and_bounded() {
        let read = |bytes: &[u8]| {
            Reader::new(bytes)
                .any("x")
                .map(|element| element.contents.len())
        };
        assert_eq!(read(&[4, 1, 9]), Ok(1));
        for bytes in [
            &[4][..],
            &[4, 1],
            &[4, 0x81, 1, 9],
            &[4, 0x82, 0, 0x80, 9],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[4, 0x88, 0, 0, 0, 0, 0, 0, 0, 1],
            &[4, 0xff],
            &[4, 0x80, 0, 0],
            &[0x24, 0x80, 0, 0],
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        // With contents that a reader of one byte would take.
        for bytes in [&[0x1f, 1, 0][..], &[0x3f, 1, 0], &[0xbf, 0x21, 0]] {
            let fault = read(bytes).unwrap_err().fault;
            assert_eq!(fault, "its tag has several bytes");
        }
    }

    #[test]
    fn open_lengths_end_at_their_own_mark() {
        let bytes = [0x30, 0x80, 0x30, 0x80, 2, 1, 7, 0, 0, 4, 2, 0, 0, 0, 0, 5];
        let mut reader = Reader::new(&bytes);
        let outer = reader.read_open(SEQUENCE, "outer").unwrap();
        assert_eq!(outer.contents, &bytes[2..13]);
        assert_eq!(outer.whole, &bytes[..15]);
        assert!(reader.finish("outer").is_err());
        let inner = outer.reader().read_open(SEQUENCE, "inner").unwrap();
        assert_eq!(inner.contents, [2, 1, 7]);
        assert!(outer.reader().read(SEQUENCE, "inner").is_err());
    }

    #[test]
    fn open_lengths_cannot_nest_without_end() {
        let read = |levels: usize| {
            let bytes = [[0x30, 0x80].repeat(levels), [0, 0].repeat(levels)].concat();
            let element = Reader::new(&bytes).read_open(SEQUENCE, "x");
            element
                .map(|element| element.whole.len())
                .map_err(|malformed| malformed.fault)
        };
        assert_eq!(read(4), Ok(16));
        assert_eq!(read(5), Err("it nests too deeply"));
        assert_eq!(read(10_000), Err("it nests too deeply"));
    }

    #[test]
    fn object_identifiers_have_one_form() {
        let read = |contents: &[u8]| {
            let whole = [&[OID, u8::try_from(contents.len()).unwrap()], contents].concat();
            let element = Reader::new(&whole).read(OID, "x").unwrap();
            element
                .oid()
                .map(|oid| oid.to_string())
                .map_err(|malformed| malformed.fault)
        };
        assert_eq!(
            read(&[0x2b, 0x81, 0x3b, 0x81, 9, 1, 2]),
            Ok("1.3.187.137.1.2".to_owned())
        );
        // A part may hold 0x80, though not begin with it.
        assert_eq!(read(&[0x2b, 0x81, 0x80, 1]), Ok("1.3.16385".to_owned()));
        for padded in [
            &[0x80, 0x2b][..],
            &[0x2b, 0x80, 1],
            &[0x2b, 5, 0x80, 0x81, 1],
        ] {
            let fault = "it is not in the shortest form";
            assert_eq!(read(padded), Err(fault), "{padded:02x?}");
        }
        for cut in [&[][..], &[0x2b, 0x81]] {
            let fault = "it is not an object identifier of reasonable length";
            assert_eq!(read(cut), Err(fault), "{cut:02x?}");
        }
    }

    #[test]
    fn bits_that_are_not_used_are_zero() {
        let read = |contents: &[u8]| {
            let whole = [
                &[BIT_STRING, u8::try_from(contents.len()).unwrap()],
                contents,
            ]
            .concat();
            let element = Reader::new(&whole).read(BIT_STRING, "x").unwrap();
            element.bits().ok().map(<[u8]>::to_vec)
        };
        assert_eq!(read(&[7, 0x80]), Some(vec![0x80]));
        assert_eq!(read(&[1, 0x86]), Some(vec![0x86]));
        assert_eq!(read(&[0, 0x81]), Some(vec![0x81]));
        assert_eq!(read(&[7, 0xff, 0x80]), Some(vec![0xff, 0x80]));
        assert_eq!(read(&[7, 0]), Some(vec![0]));
        for wrong in [
            &[][..],
            &[0],
            &[7],
            &[2, 0x86],
            &[7, 0xc0],
            &[1, 1],
            &[8, 0],
            &[0xff, 0],
        ] {
            assert_eq!(read(wrong), None, "{wrong:02x?}");
        }
    }

    #[test]
    fn integers_have_one_form() {
        let read = |bytes: &[u8]| {
            let mut whole = vec![INTEGER, u8::try_from(bytes.len()).unwrap()];
            whole.extend(bytes);
            Reader::new(&whole)
                .read(INTEGER, "x")
                .unwrap()
                .unsigned()
                .ok()
        };
        assert_eq!(read(&[0]), Some(0));
        assert_eq!(read(&[0, 0x80]), Some(128));
        assert_eq!(
            read(&[0, 0xff, 0, 0, 0, 0, 0, 0, 1]),
            Some(0xff00_0000_0000_0001)
        );
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0x80]), None);
        assert_eq!(read(&[0, 1]), None);
        assert_eq!(read(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
