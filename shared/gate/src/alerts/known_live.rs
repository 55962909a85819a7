//! What the gate deployed last to the target of a call: what a page says to go back to.

use crate::{
    domain::Target,
    events::ApiCall,
    ports::Records,
    records::{self, Drift},
};

/// The upload that was deployed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveUpload {
    /// `20261121T214400Z-<version id>`
    pub label: String,
    /// The bucket that it is in.
    pub uploads_bucket: String,
}

impl LiveUpload {
    /// What the records said when the drift was found.
    pub(super) fn of_drift(drift: &Drift) -> Option<Self> {
        drift.upload.as_ref().map(|upload| Self {
            label: upload.label(),
            uploads_bucket: upload.id.bucket.clone(),
        })
    }
}

/// Looks it up. A page is sent without it, too, and says how it is found.
pub(super) async fn look_up<R: Records>(records: &R, call: &ApiCall) -> Option<LiveUpload> {
    let target = call
        .layer()
        .map(Target::Layer)
        .or_else(|| call.function().map(Target::Function))?;
    let live = records::live(records, &target).await.ok()??;
    Some(LiveUpload {
        label: live.upload.label(),
        uploads_bucket: live.upload.id.bucket,
    })
}
