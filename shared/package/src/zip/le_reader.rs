//! Little-endian fields of a fixed-size record, read front to back.

/// What is left of a record. Every read is checked; `None` means that the record is cut short.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeReader<'a>(&'a [u8]);

impl<'a> LeReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// From `offset` to the end of `bytes`.
    pub(crate) fn at(bytes: &'a [u8], offset: u64) -> Option<Self> {
        bytes.get(usize::try_from(offset).ok()?..).map(Self)
    }

    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Consumes the record's signature if it is the given one.
    pub(crate) fn signature(&mut self, signature: u32) -> Option<()> {
        (self.u32()? == signature).then_some(())
    }
}
