//! The zip of a function. Nothing of the moment or of the machine gets into it.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// What Lambda starts of a function that brings its own runtime.
const PROGRAM: &str = "bootstrap";
/// For its owner to change, for everybody to run.
const MODE: u32 = 0o755;

/// The zip with this program in it: the same bytes for the same program.
pub(super) fn of_function(program: &[u8]) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        // 1980-01-01, the first day that a zip can name.
        .last_modified_time(DateTime::default())
        .unix_permissions(MODE);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(PROGRAM, options)?;
    writer.write_all(program)?;
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn same_program_gives_same_bytes() {
        let program: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
        let first = of_function(&program).unwrap();
        // A zip counts time in steps of two seconds: whatever looks at the clock is seen.
        std::thread::sleep(std::time::Duration::from_millis(2_100));
        assert!(first == of_function(&program).unwrap());
    }

    #[test]
    fn archive_has_the_program_and_nothing_else() {
        let bytes = of_function(b"program").unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_name(PROGRAM).unwrap();
        assert_eq!(entry.unix_mode(), Some(0o100_755));
        assert_eq!(entry.last_modified(), Some(DateTime::default()));
        let mut body = Vec::new();
        entry.read_to_end(&mut body).unwrap();
        assert_eq!(body, b"program");
    }
}
