//! The first line of a script, by which Linux finds the program that runs it.

/// The first line of a script, `#!` and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shebang {
    line: String,
}

impl Shebang {
    /// How much of a file [`Shebang::parse`] wants to see, which is what Linux looks at.
    pub const HEAD_BYTES: usize = 256;

    /// Reads the first bytes of a file; nothing if it is no script.
    #[must_use]
    pub fn parse(head: &[u8]) -> Option<Self> {
        let rest = head.strip_prefix(b"#!")?;
        let line = rest.split(|byte| *byte == b'\n').next()?;
        Some(Self {
            line: String::from_utf8_lossy(line).into_owned(),
        })
    }

    /// The path of the program, without its arguments: `/bin/sh`. Empty where none is named.
    #[must_use]
    pub fn program(&self) -> &str {
        self.line
            .split_ascii_whitespace()
            .next()
            .unwrap_or_default()
    }

    /// Whether the line ends as on Windows. Linux takes the carriage return for a part of the
    /// program's name, and does not find it.
    #[must_use]
    pub fn has_carriage_return(&self) -> bool {
        self.line.ends_with('\r')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_of_a_script_is_read() {
        let read = |head: &[u8]| {
            let shebang = Shebang::parse(head)?;
            Some((shebang.program().to_owned(), shebang.has_carriage_return()))
        };
        assert_eq!(
            read(b"#!/bin/sh\nexec x\n"),
            Some(("/bin/sh".to_owned(), false))
        );
        assert_eq!(
            read(b"#! /usr/bin/env node\n"),
            Some(("/usr/bin/env".to_owned(), false))
        );
        assert_eq!(
            read(b"#!/bin/sh\r\necho\r\n"),
            Some(("/bin/sh".to_owned(), true))
        );
        assert_eq!(read(b"#!"), Some((String::new(), false)));
        assert_eq!(read(b"exec x\n"), None);
        assert_eq!(read(b"\xef\xbb\xbf#!/bin/sh\n"), None);
    }
}
