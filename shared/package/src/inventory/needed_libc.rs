//! The C library that a native library of Linux needs.
//!
//! A library has no loader in its header ([`ElfHeader::libc`](super::ElfHeader::libc)), and names the C library among those it
//! needs. Linkers put these names in front of the code; `auditwheel` and `patchelf` move them to the end. They are looked for as
//! what they are, whole strings of a string table.

use std::io::Read;

use super::Libc;

/// What is read of a library: no more is known of a longer one.
const MAX_BYTES: u64 = 64 << 20;
/// What is held of it at a time.
const BLOCK_BYTES: usize = 64 << 10;
/// Longer than each of the names, with the zeros around it.
const OVERLAP_BYTES: usize = 48;

/// glibc's, which only its own have.
const GNU: [&[u8]; 1] = [b"\0libc.so.6\0"];
/// Alpine's names for musl, and musl's own.
const MUSL: [&[u8]; 3] = [
    b"\0libc.musl-x86_64.so.1\0",
    b"\0libc.musl-aarch64.so.1\0",
    b"\0libc.so\0",
];

impl Libc {
    /// Of a native library, by its whole content. `None` where it names none of them, is too long, or cannot be read. What
    /// names both was made for glibc, and has the other name in its code.
    #[must_use]
    pub fn of_library(content: impl Read) -> Option<Self> {
        let mut content = content.take(MAX_BYTES);
        let mut block: Vec<u8> = Vec::with_capacity(BLOCK_BYTES);
        let mut is_musl = false;
        loop {
            // The end of what was looked at may be the beginning of a name.
            let done = block.len().saturating_sub(OVERLAP_BYTES);
            block.drain(..done);
            let space = u64::try_from(BLOCK_BYTES.saturating_sub(block.len())).ok()?;
            if content.by_ref().take(space).read_to_end(&mut block).ok()? == 0 {
                break;
            }
            if has_any(&block, &GNU) {
                return Some(Self::Gnu);
            }
            is_musl = is_musl || has_any(&block, &MUSL);
        }
        (is_musl && content.limit() > 0).then_some(Self::Musl)
    }
}

fn has_any(block: &[u8], names: &[&[u8]]) -> bool {
    let mut names = names.iter();
    names.any(|name| memchr::memmem::find(block, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUSL_NAME: &[u8] = b"\0libc.musl-x86_64.so.1\0";
    const GNU_NAME: &[u8] = b"\0libc.so.6\0";

    fn of(parts: &[(usize, &[u8])]) -> Option<Libc> {
        let mut content = vec![1; 200_000];
        for (at, part) in parts {
            content.splice(*at..*at, part.iter().copied());
        }
        Libc::of_library(&content[..])
    }

    #[test]
    fn library_is_known_by_the_one_that_it_needs() {
        assert_eq!(of(&[(5_236, MUSL_NAME)]), Some(Libc::Musl));
        assert_eq!(of(&[(5_236, GNU_NAME)]), Some(Libc::Gnu));
        // As rollup's is linked for musl.
        assert_eq!(of(&[(6_412, b"\0libc.so\0")]), Some(Libc::Musl));
        // As auditwheel moves it.
        assert_eq!(of(&[(199_900, MUSL_NAME)]), Some(Libc::Musl));
        assert_eq!(of(&[]), None);
        assert_eq!(Libc::of_library(&b""[..]), None);
        // A name within another word, or in a sentence.
        assert_eq!(of(&[(9, b"\0libc.so.6.1\0 not libc.so\0")]), None);
    }

    #[test]
    fn library_that_names_both_is_of_glibc() {
        assert_eq!(of(&[(9, MUSL_NAME), (99, GNU_NAME)]), Some(Libc::Gnu));
        assert_eq!(of(&[(9, GNU_NAME), (199_900, MUSL_NAME)]), Some(Libc::Gnu));
        assert_eq!(of(&[(9, MUSL_NAME), (199_900, GNU_NAME)]), Some(Libc::Gnu));
    }

    #[test]
    fn name_across_two_blocks_is_found() {
        for at in BLOCK_BYTES - 30..=BLOCK_BYTES {
            assert_eq!(of(&[(at, MUSL_NAME)]), Some(Libc::Musl), "{at}");
        }
    }

    #[test]
    fn longer_library_is_not_known() {
        let long = MUSL_NAME.chain(std::io::repeat(1));
        assert_eq!(Libc::of_library(long), None);
    }
}
