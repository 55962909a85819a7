//! Lengths in memory and offsets in files, which have other widths.

/// A length or position in memory as an offset in a file.
pub(crate) fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A count within one buffer or slice, back from the 64 bits that the inflater counts in.
pub(crate) fn narrow(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
