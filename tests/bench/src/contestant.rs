//! One measurement in a process of its own, so that nothing else is in its memory.

use std::{fs, hint::black_box};

use countersign_package::{Archive, Limits, Package, TrustRoots, origin};
use serde::{Deserialize, Serialize};

use crate::{
    Outcome,
    cli::{Job, Who},
    floor,
    measure::{Took, peak_memory, timed, use_one_processor},
};

/// What the process reports to the bench, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// By each clock, the best pass.
    pub took: Took,
    /// The best `Package::read` alone; only with [`Who::Countersign`].
    pub read: Option<Took>,
    /// In bytes, the package's own included.
    pub peak: Option<u64>,
    /// What was computed, for comparison: the content's SHA-384, then the file's SHA-256.
    pub digests: String,
}

impl Default for Report {
    /// Before the first pass.
    fn default() -> Self {
        Self {
            took: Took::MAX,
            read: None,
            peak: None,
            digests: String::new(),
        }
    }
}

/// Does the job and prints the report.
#[expect(clippy::print_stdout, reason = "the report goes to the bench")]
pub(crate) fn run(job: &Job) -> Outcome<()> {
    if job.one_processor {
        use_one_processor()?;
    }
    let bytes = fs::read(&job.package)?;
    let beside = fs::read(&job.beside)?;
    let report = match job.who {
        Who::Countersign => countersign(&bytes, &beside, job.passes)?,
        Who::Origin => origin(&bytes, &beside, job.passes)?,
        floor => floor::run(floor, &bytes, job.passes)?,
    };
    let peak = peak_memory("self");
    println!("{}", serde_json::to_string(&Report { peak, ..report })?);
    Ok(())
}

fn countersign(bytes: &[u8], root: &[u8], passes: u32) -> Outcome<Report> {
    let roots = TrustRoots::from_pem(root)?;
    let mut report = Report::default();
    for _ in 0..passes {
        let (result, took) = timed(|| -> Outcome<_> {
            let (package, read) = timed(|| Package::read(bytes, &Limits::default()));
            let package = package?;
            let verified = package.verify(&roots)?;
            Ok((package, verified, read))
        });
        let (package, verified, read) = result?;
        report.took = report.took.min(took);
        report.read = report.read.map(|best| best.min(read)).or(Some(read));
        report.digests = floor::digests(
            package.content_digest().as_bytes(),
            verified.sha256().as_bytes(),
        );
    }
    Ok(report)
}

fn origin(bytes: &[u8], source: &[u8], passes: u32) -> Outcome<Report> {
    let limits = Limits::default();
    let package = Package::read(bytes, &limits)?;
    let mut report = Report::default();
    for _ in 0..passes {
        let (proof, took) = timed(|| -> Outcome<_> {
            let source = Archive::parse(source, &limits)?;
            Ok(origin::prove(&package, &source)?)
        });
        black_box(proof?);
        report.took = report.took.min(took);
    }
    Ok(report)
}
