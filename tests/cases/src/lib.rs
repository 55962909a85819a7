//! What must be accepted and what must be refused, in one table: [`table`].
//!
//! A row names an attack or an honest package, makes it with the forge, and says what has to come
//! of it: acceptance, or one precise error. The table is run against the core crate here and
//! against the `countersign` command in its own tests. A row that is accepted although it should
//! not be fails as loudly as the reverse.
//!
//! Broken packages are signed over what they really hold wherever that is possible, so that the
//! deviation a row is about is the only thing between it and acceptance.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::too_many_lines,
    reason = "rows build what they break by hand; a fault in one should stop the run at once"
)]

mod algorithms;
mod ambiguous_end_records;
mod anchors;
mod appended;
mod attributes;
mod bodies;
mod certificate_names;
mod certificates;
mod chain;
mod code_pages;
mod ecdsa;
mod envelope;
pub mod fuzz;
mod honest;
mod layout;
pub mod mutate;
mod names;
mod origin;
mod other_formats;
mod paths;
pub mod random;
mod ranking;
mod reader_differences;
pub mod readers;
mod records;
pub mod second_opinion;
pub mod unpackers;
mod untidy;

mod zip64;

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread;

use countersign_package::{
    Archive, IntegrityError, Limits, OriginError, Package, StructureError, TrustRoots,
};
use countersign_testkit::package::{content_digest, sample, sign, sign_with};
use countersign_testkit::pki::Pki;
use countersign_testkit::signature::SignatureForge;
use countersign_testkit::zip::{EntryForge, ZipForge};

/// Every row.
#[must_use]
pub fn table() -> Vec<Case> {
    let groups = [
        honest::cases(),
        layout::cases(),
        zip64::cases(),
        records::cases(),
        ambiguous_end_records::cases(),
        reader_differences::cases(),
        bodies::cases(),
        names::cases(),
        untidy::cases(),
        code_pages::cases(),
        other_formats::cases(),
        envelope::cases(),
        algorithms::cases(),
        attributes::cases(),
        certificates::cases(),
        certificate_names::cases(),
        appended::cases(),
        chain::cases(),
        anchors::cases(),
        paths::cases(),
        ecdsa::cases(),
        ranking::cases(),
        origin::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// Runs a check on every row, on all processors, and panics with what it found wrong.
pub fn check_every(check: impl Fn(&Case) -> Result<(), String> + Sync) {
    let table = table();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let failures: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                let (rows, check) = (table.iter().skip(first).step_by(threads), &check);
                let failure = |case: &Case| Some(format!("{}: {}", case.name, check(case).err()?));
                scope.spawn(move || rows.filter_map(failure).collect::<Vec<_>>())
            })
            .collect();
        let joined = workers
            .into_iter()
            .map(|worker| worker.join().expect("no check panics"));
        joined.flatten().collect()
    });
    assert!(
        failures.is_empty(),
        "{} of {} rows:\n{}",
        failures.len(),
        table.len(),
        failures.join("\n")
    );
}

/// One row.
pub struct Case {
    /// What is special about the package; no two rows share a name.
    pub name: String,
    /// What has to come of it.
    pub expected: Expected,
    build: Box<dyn Fn() -> Sample + Send + Sync>,
}

impl Case {
    /// Makes the package, and what it is judged with.
    #[must_use]
    pub fn build(&self) -> Sample {
        (self.build)()
    }
}

/// What has to come of a row.
#[derive(Clone, Copy)]
pub enum Expected {
    /// Every check passes.
    Accepted,
    /// The first fault is this one.
    Refused {
        /// The pattern, for people.
        pattern: &'static str,
        /// Whether a fault is the expected one.
        is_expected: fn(&Fault) -> bool,
    },
}

impl Expected {
    /// Compares with what came of it.
    pub fn compare(&self, outcome: &Result<(), Fault>) -> Result<(), String> {
        match (self, outcome) {
            (Self::Accepted, Ok(())) => Ok(()),
            (Self::Accepted, Err(fault)) => Err(format!("should be accepted, but: {fault:?}")),
            (Self::Refused { pattern, .. }, Ok(())) => {
                Err(format!("should be refused with {pattern}, but is accepted"))
            }
            (
                Self::Refused {
                    pattern,
                    is_expected,
                },
                Err(fault),
            ) => {
                if is_expected(fault) {
                    Ok(())
                } else {
                    Err(format!("should be refused with {pattern}, but: {fault:?}"))
                }
            }
        }
    }
}

/// Which of the core's three checks failed, and how.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of the package itself.
    Structure(StructureError),
    /// Of the signature or the digest.
    Integrity(IntegrityError),
    /// Of the signed package beside its source.
    Origin(OriginError),
}

/// A package and what it is judged with.
#[derive(Clone)]
pub struct Sample {
    /// The zip file.
    pub package: Vec<u8>,
    /// The unsigned zip that it should have come from.
    pub source: Option<Vec<u8>>,
    /// The roots to trust, in PEM.
    pub roots: String,
}

impl Sample {
    /// A package under the ordinary root, without a source.
    #[must_use]
    pub fn new(package: Vec<u8>) -> Self {
        Self {
            package,
            source: None,
            roots: PKI.root_pem(),
        }
    }

    /// The same with a source.
    #[must_use]
    pub fn with_source(self, source: &ZipForge) -> Self {
        Self {
            source: Some(source.build()),
            ..self
        }
    }

    /// Runs the core's checks in their order and returns the first fault.
    pub fn judge(&self) -> Result<(), Fault> {
        let limits = Limits::default();
        let package = Package::read(&self.package, &limits).map_err(Fault::Structure)?;
        let roots = TrustRoots::from_pem(self.roots.as_bytes()).expect("a row's roots are sound");
        package.verify(&roots).map_err(Fault::Integrity)?;
        let Some(source) = &self.source else {
            return Ok(());
        };
        let source = Archive::parse(source, &limits)
            .map_err(|error| Fault::Origin(OriginError::Source(error)))?;
        countersign_package::origin::prove(&package, &source).map_err(Fault::Origin)?;
        Ok(())
    }
}

impl From<ZipForge> for Sample {
    fn from(zip: ZipForge) -> Self {
        Self::new(zip.build())
    }
}

/// The PKI that rows use unless they are about certificates.
pub static PKI: LazyLock<Pki> = LazyLock::new(Pki::new);

/// A row that must be accepted.
fn accept(name: impl Into<String>, build: impl Fn() -> Sample + Send + Sync + 'static) -> Case {
    Case {
        name: name.into(),
        expected: Expected::Accepted,
        build: Box::new(build),
    }
}

/// A row that must be refused.
fn refuse(
    name: impl Into<String>,
    expected: Expected,
    build: impl Fn() -> Sample + Send + Sync + 'static,
) -> Case {
    Case {
        name: name.into(),
        expected,
        build: Box::new(build),
    }
}

/// The sample package, signed, with something about the zip changed afterwards.
fn broken(change: impl FnOnce(&mut ZipForge)) -> Sample {
    sign(&sample(), &PKI).with(change).into()
}

/// The sample package with something changed, and then signed over what it really holds.
fn signed(change: impl FnOnce(&mut ZipForge)) -> Sample {
    sign(&sample().with(change), &PKI).into()
}

/// The sample package with something about its signature changed before it is made.
fn with_signature(change: impl FnOnce(&mut SignatureForge)) -> Sample {
    sign_with(&sample(), &PKI, change).into()
}

/// The sample package as a signature covers it: with the directory that Signer adds.
fn unsigned() -> ZipForge {
    sample().with(|zip| zip.push(EntryForge::directory("META_INF/").mode(0o600)))
}

/// What the signature of the sample package covers.
fn content() -> Vec<u8> {
    content_digest(&unsigned())
}

/// Expects a fault of the structure.
macro_rules! structure {
    ($pattern:pat) => {
        $crate::Expected::Refused {
            pattern: stringify!($pattern),
            is_expected: |fault| matches!(fault, $crate::Fault::Structure($pattern)),
        }
    };
}

/// Expects a fault of the signature.
macro_rules! signature {
    ($pattern:pat $(if $guard:expr)?) => {
        $crate::Expected::Refused {
            pattern: stringify!($pattern $(if $guard)?),
            is_expected: |fault| {
                matches!(
                    fault,
                    $crate::Fault::Integrity(::countersign_package::IntegrityError::Signature(
                        $pattern
                    )) $(if $guard)?
                )
            },
        }
    };
}

/// Expects another fault.
macro_rules! fault {
    ($pattern:pat) => {
        $crate::Expected::Refused {
            pattern: stringify!($pattern),
            is_expected: |fault| matches!(fault, $pattern),
        }
    };
}

use {fault, signature, structure};
