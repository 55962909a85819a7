//! Whether an unsigned package can be signed at all: known from its bytes alone, before anything is spent
//! on it.

use countersign_package::{Limits, Package, SIGNATURE_DIRECTORY, SignableError};

use super::reasons;
use crate::domain::ReasonCode;

/// Why a package will never be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unsignable {
    /// The reason.
    pub code: ReasonCode,
    /// What is wrong with this package.
    pub message: String,
    /// What to do about it.
    pub fix: &'static str,
}

impl Unsignable {
    /// A reason with what its code says to do.
    #[must_use]
    pub fn new(code: ReasonCode, message: String) -> Self {
        Self {
            code,
            message,
            fix: code.about().fix,
        }
    }
}

/// Whether Signer would take a package of this size, in bytes.
pub fn check_size(bytes: u64, limits: &Limits) -> Result<(), Unsignable> {
    let limit = limits.package_bytes;
    if bytes <= limit {
        return Ok(());
    }
    Err(Unsignable::new(
        ReasonCode::PackageTooLarge,
        format!("the package has {bytes} bytes; at most {limit} are allowed"),
    ))
}

/// Whether Signer would take this, nobody could read it in two ways, and it keeps its limits with the
/// signature that is added.
pub fn check_signable(bytes: &[u8], limits: &Limits) -> Result<(), Unsignable> {
    let package = Package::read(bytes, limits).map_err(|error| Unsignable {
        code: reasons::of_structure(&error),
        message: error.to_string(),
        fix: reasons::fix_of_structure(&error),
    })?;
    let is_reserved = |name: &str| name.starts_with(SIGNATURE_DIRECTORY);
    let mut entries = package.archive().entries().iter();
    if package.is_signed() || entries.any(|entry| is_reserved(entry.name())) {
        return Err(Unsignable::new(
            ReasonCode::AlreadySigned,
            format!("the package holds {SIGNATURE_DIRECTORY}, where a signature goes"),
        ));
    }
    countersign_package::check_signable(package.archive(), limits).map_err(|error| {
        let code = match error {
            SignableError::AlreadySigned { .. } => ReasonCode::AlreadySigned,
            SignableError::Empty { .. } => ReasonCode::PackageEmpty,
            SignableError::TooLarge { .. } => ReasonCode::PackageTooLarge,
            SignableError::UnpackedTooLarge { .. } => ReasonCode::UnpackedTooLarge,
            SignableError::TooManyEntries { .. } => ReasonCode::TooManyEntries,
        };
        Unsignable::new(code, error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;

    #[test]
    fn fix_of_a_name_is_that_of_its_cause() {
        for (name, words) in [
            ("/app.py", "relative names, from inside"),
            ("../app.py", "relative names, from inside"),
            ("src\\app.py", "PowerShell"),
            ("a:b/c", "no colon"),
        ] {
            let zip = ZipForge::new([EntryForge::file(name, "x")]).build();
            let told = check_signable(&zip, &Limits::default()).unwrap_err();
            assert_eq!(told.code, ReasonCode::EntryName, "{name}");
            assert!(told.fix.contains(words), "{name}: {}", told.fix);
            assert!(!told.fix.contains("localedef"), "{name}");
        }
    }

    #[test]
    fn fix_of_a_link_and_of_converted_line_ends_is_that_of_the_cause() {
        let told = |entries: Vec<EntryForge>| {
            let zip = ZipForge::new(entries).build();
            check_signable(&zip, &Limits::default()).unwrap_err().fix
        };
        let link = |name: &str, target: &str| EntryForge::symlink(name, target);
        let below = vec![link("a", "lib"), EntryForge::file("a/b", "x")];
        assert!(told(below).contains("Delete the old zip"));
        let through = vec![link("a", "lib/x"), link("d/out", "../a/../y")];
        assert!(told(through).contains("straight at"));
        assert!(told(vec![link("a", "/etc/passwd")]).contains("keep it inside"));
        let body = "one\ntwo\n".repeat(9);
        let zip = ZipForge::new([EntryForge::file("a.txt", body).stored()]).build();
        let mut converted = Vec::new();
        for byte in zip {
            if byte == b'\n' {
                converted.push(b'\r');
            }
            converted.push(byte);
        }
        let told = check_signable(&converted, &Limits::default()).unwrap_err();
        assert!(told.fix.contains("byte for byte"), "{told:?}");
    }

    #[test]
    fn package_that_only_its_signature_makes_too_large_is_refused_before_it_is_signed() {
        let zip = ZipForge::new([
            EntryForge::file("index.mjs", "export const answer = 42;").stored(),
            EntryForge::file("more.mjs", "").stored(),
        ])
        .build();
        let with = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            check_signable(&zip, &limits).map_err(|error| error.code)
        };
        assert_eq!(with(|_| ()), Ok(()));
        let entries = |limits: &mut Limits| limits.entries = 3;
        assert_eq!(with(entries), Err(ReasonCode::TooManyEntries));
        let bytes = |limits: &mut Limits| limits.package_bytes = 4_096;
        assert_eq!(with(bytes), Err(ReasonCode::PackageTooLarge));
        let unpacked = |limits: &mut Limits| limits.unpacked_bytes = 4_096;
        assert_eq!(with(unpacked), Err(ReasonCode::UnpackedTooLarge));
    }
}
