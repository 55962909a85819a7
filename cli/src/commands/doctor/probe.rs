//! `--probe`: sends the package, and keeps what was found.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use countersign_aws::RecordsBucket;
use countersign_gate::{
    client::doctor::StackPlace,
    ports::{Records as _, error_chain},
    probe::{ProbeReport, ProbeSetup, ProbeWorld, probe},
};
use countersign_package::TrustRoots;

use super::args::Arguments;
use crate::{
    aws::session::Session,
    io::{error::CliError, trust_roots::read_trust_roots},
};

/// What a probe found.
pub(super) struct Probed {
    pub(super) report: ProbeReport,
    /// Why it is not in the records bucket, or not in the file, if it is not.
    pub(super) unkept: Vec<CliError>,
}

/// What has to be there before a probe begins.
pub(super) struct Prepared {
    roots: TrustRoots,
    /// The file of `--probe-report`, open.
    file: Option<File>,
}

impl Prepared {
    /// Reads the trust roots, and opens the file. What is in it stays until the report is written.
    pub(super) fn of(arguments: &Arguments) -> Result<Self, CliError> {
        let roots = read_trust_roots(&arguments.trust_roots)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let path = arguments.probe_report.as_ref();
        let file = path.map(|path| options.open(path).map_err(|error| unwritten(path, &error)));
        Ok(Self {
            roots,
            file: file.transpose()?,
        })
    }
}

fn unwritten(path: &Path, error: &io::Error) -> CliError {
    let what = format!("cannot write {}: {error}", path.display());
    CliError::new(what, "give a file in a folder that you may write to")
}

/// Probes the stack.
pub(super) async fn run(
    session: &Session,
    arguments: &Arguments,
    place: &StackPlace,
    prepared: Prepared,
) -> Result<Probed, CliError> {
    let uploads = session.uploads_in(&place.uploads_bucket);
    let records = session.records_in(&place.records_bucket);
    let signed_bucket = session.signed_in(&place.signed_bucket);
    let world = ProbeWorld {
        uploads: &uploads,
        records: &records,
        signed: &signed_bucket,
        signer: &session.signer,
        lambda: &session.lambda,
        clock: &session.clock,
    };
    let setup = ProbeSetup {
        function: &arguments.probe_name,
        scope: place.target_functions.as_ref(),
        dry_run_function: arguments.dry_run_function.as_ref(),
        uploads_bucket: &place.uploads_bucket,
        records_bucket: &place.records_bucket,
        region: &place.region,
        account: &place.account,
        roots: &prepared.roots,
        timeout: arguments.probe_timeout,
    };
    // Boxed: the whole probe is one large future.
    let report = Box::pin(probe(&world, &setup)).await.map_err(|error| {
        let what = format!(
            "cannot probe {}: {}",
            arguments.stack.name,
            error_chain(&error)
        );
        CliError::new(what, error.fix())
    })?;
    let unkept = keep(&records, arguments, prepared.file, &report).await;
    Ok(Probed { report, unkept })
}

/// Keeps the report in the file and in the records bucket; answers with what went wrong.
async fn keep(
    records: &RecordsBucket,
    arguments: &Arguments,
    file: Option<File>,
    report: &ProbeReport,
) -> Vec<CliError> {
    let json = match serde_json::to_vec_pretty(report) {
        Ok(json) => json,
        Err(error) => {
            let what = format!("cannot write the report as JSON: {error}");
            return vec![CliError::new(what, "report this")];
        }
    };
    let mut unkept = Vec::new();
    if let (Some(mut file), Some(path)) = (file, &arguments.probe_report) {
        let written = file.set_len(0).and_then(|()| file.write_all(&json));
        unkept.extend(written.err().map(|error| unwritten(path, &error)));
    }
    let document = format!(
        "doctor/probe-{}.json",
        report.began_at.strftime("%Y%m%dT%H%M%SZ")
    );
    let kept = records.create_record(&document, &json).await;
    if let Err(error) = kept {
        let what = format!(
            "the report is not kept as {document} in the records bucket: {}",
            error.error_chain()
        );
        unkept.push(CliError::new(
            what,
            "let yourself write doctor/* there, as policies/operator.json does; --probe-report keeps it in a file",
        ));
    }
    unkept
}
