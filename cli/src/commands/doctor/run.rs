//! `countersign doctor`: looks at the stack, prints, and says by its exit status how it stands.

use countersign_gate::client::doctor::{Diagnosis, DoctorWorld, diagnose};
use countersign_gate::deployment::ALIAS_TAG;
use jiff::Timestamp;

use super::{args::Arguments, text};
use crate::{
    aws::session::{Session, block_on},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Looks, prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let diagnosis = block_on(look(arguments, now))?;
    match arguments.format {
        Format::Json => output::print_json(&diagnosis)?,
        Format::Text => output::print(&text::render(&diagnosis, arguments.fix_hint))?,
    }
    Ok(status(&diagnosis))
}

async fn look(arguments: &Arguments, now: Timestamp) -> Result<Diagnosis, CliError> {
    let session = Session::connect("", "").await?;
    let (inspector, signer) = (session.stack_inspector(), session.signer());
    let world = DoctorWorld {
        inspection: &inspector,
        lambda: &session.lambda,
        signer: &signer,
        alias_tag: ALIAS_TAG,
        now,
    };
    let records = |bucket: &str| session.records_in(bucket);
    Ok(diagnose(&world, &arguments.stack, records).await)
}

fn status(diagnosis: &Diagnosis) -> ExitStatus {
    if diagnosis.summary.failure > 0 {
        ExitStatus::Rejected
    } else if diagnosis.summary.could_not_tell > 0 {
        ExitStatus::Inconclusive
    } else {
        ExitStatus::Success
    }
}
