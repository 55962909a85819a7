//! What must hold at every effect of the gate; the world stops where it does not.

use countersign_gate::{
    domain::*,
    records::{UploadState, VerdictRecord},
    verdict::Verified,
};

use super::{Guarded, WorldState, simulated_ports::upload_key};

/// What the world complains of, when an effect breaks the promise.
pub const WRITTEN_TWICE: &str = "an outcome is written over another";
pub const READ_TOO_LATE: &str = "another upload was current when the revision was read";
pub const OLDER_OVER_NEWER: &str = "an older upload lands over a newer one";
pub const OLDER_OFFERED: &str = "the current package goes back to an older upload";
pub const NOT_READY: &str = "an alias is moved to a version that was not seen ready";

impl WorldState {
    /// Remembers what was current when a caller read a revision.
    pub(super) fn note_read(&mut self, caller: &str, guarded: Guarded, name: &FunctionName) {
        let at = match guarded {
            Guarded::Code => self.uploads.get(&upload_key(name)).map_or(0, Vec::len),
            Guarded::Alias => self.landed.get(&Guarded::Code).copied().unwrap_or_default(),
        };
        self.read_at.insert((caller.to_owned(), guarded), at);
    }

    /// What must hold of time whenever the gate changes a function or an alias: for code, the upload was
    /// the current version when the revision that guards the change was read; for an alias, no newer code
    /// had landed then. And nothing newer has landed since. The first holds or fails at this very effect,
    /// whoever puts it right later.
    pub(super) fn check_order(
        &mut self,
        caller: &str,
        guarded: Guarded,
        name: &FunctionName,
        slot: usize,
    ) {
        let is_it = |stored: usize| match guarded {
            Guarded::Code => stored == slot,
            // An upload of the same content has the alias point at the version that there is.
            Guarded::Alias => self.packages[stored].source == self.packages[slot].source,
        };
        let at = self.uploads[&upload_key(name)]
            .iter()
            .rposition(|stored| stored.slot.is_some_and(is_it))
            .expect("what is deployed was uploaded")
            + 1;
        let read_at = self.read_at[&(caller.to_owned(), guarded)];
        match guarded {
            Guarded::Code => assert_eq!(at, read_at, "{READ_TOO_LATE}"),
            Guarded::Alias => assert!(at >= read_at, "{READ_TOO_LATE}"),
        }
        let before = self.landed.insert(guarded, at);
        assert!(
            before.is_none_or(|before| before <= at),
            "{OLDER_OVER_NEWER}"
        );
    }

    /// What must hold whenever the gate changes code: an accepting verdict of this upload is on
    /// record, and nothing has ended it as refused.
    pub(super) fn check_effect(&self, approved: &Verified, slot: usize) {
        let folder = approved.upload().folder();
        let verdict: VerdictRecord = self
            .record(&format!("{folder}verdict.json"))
            .expect("a verdict is on record before anything is changed");
        assert!(verdict.decision.accepts());
        assert_eq!(verdict.signed.as_ref(), Some(approved.signed()));
        let outcome: Option<countersign_gate::records::Outcome> =
            self.record(&format!("{folder}outcome.json"));
        assert!(
            outcome.is_none_or(|o| o.state != UploadState::Rejected),
            "slot {slot} was rejected, and is deployed"
        );
    }

    /// The current package of a target never goes back to an older upload.
    pub(super) fn check_current_order(&mut self, verified: &Verified) {
        let versions = &self.uploads[&verified.upload().id.key];
        let version = &verified.upload().id.version;
        let at = versions
            .iter()
            .position(|stored| stored.version == *version);
        let target = verified.target().to_string();
        let before = self.offered.insert(target, at.unwrap());
        assert!(
            before.is_none_or(|before| before <= at.unwrap()),
            "{OLDER_OFFERED}"
        );
    }
}
