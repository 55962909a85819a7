//! The work of another gate of the account. Each gate speaks of its own targets: what another one deploys to a target
//! that this stack has no upload of is told by that one.
//!
//! The other gate's roles are listed by whoever runs this stack. Tags and names are not believed: whoever may tag or
//! make a role would be believed, too.

use super::{detections::is_gates_work, settings::AlertSettings};
use crate::{domain::Target, events::ApiCall, ports::Records};

/// Whether a call is another gate's work, and not on a target of this one. Where the records cannot be read, it is
/// told.
pub(super) async fn is_their_own<R: Records>(
    records: &R,
    call: &ApiCall,
    settings: &AlertSettings,
) -> bool {
    if !is_gates_work(call) || !settings.peer_roles.made(call) {
        return false;
    }
    // Signing has no target; a profile that both use is shared on purpose.
    let is_signing = call.service() == "signer";
    let target = call
        .layer()
        .map(Target::Layer)
        .or_else(|| call.function().map(Target::Function));
    match target {
        Some(target) => {
            let uploads = records.list_record_folders(&format!("{target}/")).await;
            uploads.is_ok_and(|uploads| uploads.is_empty())
        }
        None => is_signing,
    }
}
