//! `--probe`: sends the package, and keeps what was found.

use countersign_gate::{
    client::doctor::StackPlace,
    ports::{Records as _, error_chain},
    probe::{ProbeReport, ProbeSetup, ProbeWorld, probe},
};

use super::args::Arguments;
use crate::{
    aws::session::Session,
    io::{error::CliError, trust_roots::read_trust_roots},
};

/// What a probe found.
pub(super) struct Probed {
    pub(super) report: ProbeReport,
    /// Why it is not in the records bucket, if it is not.
    pub(super) unkept: Option<CliError>,
}

/// Probes the stack.
pub(super) async fn run(
    session: &Session,
    arguments: &Arguments,
    place: &StackPlace,
) -> Result<Probed, CliError> {
    let roots = read_trust_roots(&arguments.trust_roots)?;
    let uploads = session.uploads_in(&place.uploads_bucket);
    let records = session.records_in(&place.records_bucket);
    let signed_bucket = session.signed_in(&place.signed_bucket);
    let signer = session.signer();
    let world = ProbeWorld {
        uploads: &uploads,
        records: &records,
        signed: &signed_bucket,
        signer: &signer,
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
        roots: &roots,
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
    let json = serde_json::to_vec_pretty(&report).map_err(|error| {
        CliError::new(
            format!("cannot write the report as JSON: {error}"),
            "report this",
        )
    })?;
    if let Some(path) = &arguments.probe_report {
        std::fs::write(path, &json).map_err(|error| {
            let what = format!("cannot write {}: {error}", path.display());
            CliError::new(what, "give a file in a folder that you may write to")
        })?;
    }
    let document = format!(
        "doctor/probe-{}.json",
        report.began_at.strftime("%Y%m%dT%H%M%SZ")
    );
    let kept = records.create_record(&document, &json).await;
    let unkept = kept.err().map(|error| {
        let what = format!(
            "the report is not kept as {document} in the records bucket: {}",
            error.error_chain()
        );
        CliError::new(
            what,
            "let yourself write doctor/* there, as policies/operator.json does; --probe-report keeps it in a file",
        )
    });
    Ok(Probed { report, unkept })
}
