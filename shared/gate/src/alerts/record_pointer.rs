//! An event of the gate's own is at most a pointer: anybody with `events:PutEvents` can send one, so that it is followed to
//! the records bucket and nowhere else, and what it points at has to belong there.

use serde::Deserialize;

use super::{error::AlertError, settings::AlertSettings};
use crate::{
    domain::{Target, Upload, is_freeze_subject},
    events::Envelope,
    ports::Records,
    records::{
        self, ACCOUNT_FUNCTIONS, DAILY_PROBE, Document, Drift, DriftKind, Outcome, Received,
        STACK_PARAMETERS, STACK_SETTINGS, Waiting,
    },
    verdict::ApprovalDemand,
};

/// Where an outcome or drift is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPointer {
    pub(super) event_id: String,
    pub(super) path: String,
}

pub(super) fn pointer(
    settings: &AlertSettings,
    envelope: Envelope,
    is_path: fn(&str) -> bool,
) -> Result<RecordPointer, &'static str> {
    #[derive(Deserialize)]
    struct Detail {
        stack: String,
        record: String,
    }
    let Ok(detail) = Detail::deserialize(envelope.detail) else {
        return Err("it names no record");
    };
    if detail.stack != settings.stack {
        return Err("it is of another stack");
    }
    let bucket = format!("s3://{}/", settings.records_bucket);
    match detail.record.strip_prefix(&bucket) {
        Some(path) if is_path(path) => Ok(RecordPointer {
            event_id: envelope.id.unwrap_or_else(|| path.to_owned()),
            path: path.to_owned(),
        }),
        _ => Err("it names no record of its kind in the records bucket"),
    }
}

/// `drift/<functions|layers|unrecognised|configurations|account|freeze>/<name>/<KIND>.json`
pub(super) fn is_drift_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let [folder, kind, name, file] = parts.as_slice() else {
        return false;
    };
    let of_kind = |kind: &DriftKind| file.strip_suffix(".json") == Some(kind.as_str());
    let is_of_all = match *kind {
        "configurations" => is_csc_id(name),
        "freeze" => is_freeze_subject(&format!("{kind}/{name}")),
        _ => [
            ACCOUNT_FUNCTIONS,
            STACK_PARAMETERS,
            STACK_SETTINGS,
            DAILY_PROBE,
        ]
        .contains(&format!("{kind}/{name}").as_str()),
    };
    *folder == "drift"
        && (is_of_all || is_subject(kind, name))
        && DriftKind::ALL.iter().any(of_kind)
}

/// `csc-` and seventeen letters and digits (service model, grade A).
fn is_csc_id(text: &str) -> bool {
    let id = text.strip_prefix("csc-");
    id.is_some_and(|id| id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// `functions/<name>`, `layers/<name>`, or `unrecognised/<hash of a key>`.
fn is_subject(kind: &str, name: &str) -> bool {
    match kind {
        "unrecognised" => name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
        _ => Target::try_from(format!("{kind}/{name}")).is_ok(),
    }
}

/// `functions/<name>/<label>/outcome.json`, `layers/…`, or `unrecognised/<hash>/<label>/outcome.json`.
pub(super) fn is_outcome_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let [kind, name, label, file] = parts.as_slice() else {
        return false;
    };
    is_subject(kind, name) && *file == Outcome::FILE && Upload::parse_label(label).is_some()
}

/// `functions/<name>/<label>/waiting.json`, or `layers/…`.
pub(super) fn is_waiting_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let [kind, name, label, file] = parts.as_slice() else {
        return false;
    };
    Target::try_from(format!("{kind}/{name}")).is_ok()
        && *file == Waiting::FILE
        && Upload::parse_label(label).is_some()
}

/// An upload that waits for approvals.
#[derive(Clone, Debug)]
pub struct AwaitedApproval {
    /// What was uploaded, by whom, for what.
    pub received: Received,
    /// What is demanded.
    pub demand: ApprovalDemand,
}

/// The upload that waits; `None` when it does not, or not for approvals, or has ended, or the record is not in its folder.
pub(super) async fn read_awaited<R: Records>(
    records: &R,
    pointer: &RecordPointer,
) -> Result<Option<AwaitedApproval>, AlertError> {
    let folder = pointer.path.strip_suffix(Waiting::FILE);
    let folder = folder.unwrap_or_default();
    let waiting: Option<Waiting> = records::read(records, folder).await?;
    let received: Option<Received> = records::read(records, folder).await?;
    let received = received.filter(|received| received.upload.folder() == folder);
    let (Some(waiting), Some(received)) = (waiting, received) else {
        return Ok(None);
    };
    let ended: Option<Outcome> = records::read(records, folder).await?;
    // The last attempt may have met other trouble: what is demanded is still on record, and this is told once.
    let Some(demand) = waiting.approvals.filter(|_| ended.is_none()) else {
        return Ok(None);
    };
    Ok(Some(AwaitedApproval { received, demand }))
}

/// The outcome on record; `None` when there is none, or it is not of the upload whose folder it is in.
pub(super) async fn read_outcome<R: Records>(
    records: &R,
    pointer: &RecordPointer,
) -> Result<Option<Outcome>, AlertError> {
    let outcome: Option<Outcome> = records::read_named(records, &pointer.path).await?;
    let place = |outcome: &Outcome| records::path_in::<Outcome>(&outcome.upload.folder());
    Ok(outcome.filter(|outcome| place(outcome) == pointer.path))
}

/// The document of drift; `None` when there is none, or it is not where such drift belongs.
pub(super) async fn read_drift<R: Records>(
    records: &R,
    pointer: &RecordPointer,
) -> Result<Option<Drift>, AlertError> {
    let drift: Option<Drift> = records::read_named(records, &pointer.path).await?;
    Ok(drift.filter(|drift| drift.path() == pointer.path))
}
