//! Who approved an upload and who broke the glass for it, as it is and not as the gate was told: what a change of code is held
//! against in schedules that ask people.

use countersign_gate::{
    domain::{BreakGlass, ReasonCode, StatementKey, Target, UploadDigest},
    records::{Outcome, UploadState},
    verdict::Verdict,
};

use super::{StoredStatement, WorldState, invariants::Seen};

pub const NOT_APPROVED: &str = "code is changed that nobody else approved";
pub const GLASS_NOT_TOLD: &str = "what passed by break-glass is not told as such";
pub const APPROVED_IN_VAIN: &str = "an upload is refused for an approval that was there";

/// Who uploads, in schedules that ask people.
pub const UPLOADER: &str = "AWS:AROAEXAMPLEROLEID0000:ann";
/// The same person in another session.
pub const HERSELF: &str = "AWS:AROAEXAMPLEROLEID0000:other";
/// Who else there is.
pub const SOMEBODY_ELSE: &str = "AWS:AROAEXAMPLEROLEID0001:ben";

impl WorldState {
    fn subject(&self, put: usize) -> (Target, UploadDigest) {
        let slot = self.puts[put].slot.expect("it was uploaded");
        let target = Target::from_key(&self.puts[put].key).expect("it is for a target");
        (target, UploadDigest::of_upload(&self.packages[slot].source))
    }

    /// The folder of the approvals of an upload.
    pub fn approvals_folder(&self, put: usize) -> String {
        let (target, upload) = self.subject(put);
        StatementKey::approvals_of(&target, &upload)
    }

    /// The key of the break-glass statement about an upload.
    pub fn glass_key(&self, put: usize) -> String {
        let (target, upload) = self.subject(put);
        StatementKey::break_glass_of(&target, &upload)
    }

    /// The statements of somebody else that were there at some time since then: until when in ticks, and what they say.
    fn of_somebody_else(
        stored: &[StoredStatement],
        since: u64,
    ) -> impl Iterator<Item = &StoredStatement> {
        let ends = stored.iter().skip(1).map(|next| next.tick);
        let ends = ends.chain([u64::MAX]);
        let with_ends = stored.iter().zip(ends);
        with_ends
            .filter(move |(stored, end)| stored.by == Some(SOMEBODY_ELSE) && *end > since)
            .map(|(stored, _)| stored)
    }

    fn is_approved(&self, put: usize, since: u64) -> bool {
        let folder = self.approvals_folder(put);
        let below = self.statements.range(folder.clone()..);
        let mut below = below.take_while(|(key, _)| key.starts_with(&folder));
        below.any(|(_, stored)| Self::of_somebody_else(stored, since).next().is_some())
    }

    /// Whether the glass was broken for an upload, and the end of that had not come when the caller began.
    fn is_glass_broken(&self, put: usize, seen: &Seen) -> bool {
        let stored = self.statements.get(&self.glass_key(put));
        let stored = stored.map(Vec::as_slice).unwrap_or_default();
        let mut there = Self::of_somebody_else(stored, seen.began);
        there.any(|stored| {
            let body = stored.body.as_deref().unwrap_or_default();
            let order = BreakGlass::parse(body, stored.at);
            order.is_ok_and(|order| order.until > seen.began_at)
        })
    }

    /// What must hold when code is about to be changed: somebody else approved it, or broke the glass.
    pub(super) fn check_people(&mut self, seen: &Seen, put: usize) {
        if !self.asks_people || self.is_approved(put, seen.began) {
            return;
        }
        assert!(self.is_glass_broken(put, seen), "{NOT_APPROVED}");
        self.by_glass.insert(put);
    }

    /// What must hold of an outcome, as far as people are concerned.
    pub(super) fn check_outcome_of_people(&self, put: usize, outcome: &Outcome) {
        if !self.asks_people {
            return;
        }
        if outcome.state == UploadState::Deployed && self.by_glass.contains(&put) {
            let mut codes = outcome.findings.iter().filter_map(|found| found.code);
            let is_told = codes.any(|code| code == ReasonCode::BreakGlassUsed);
            assert!(is_told && outcome.critical, "{GLASS_NOT_TOLD}");
        }
    }

    /// What must hold when a verdict that refuses goes on record.
    pub(super) fn check_refusal_of_people(&self, seen: &Seen, put: usize, verdict: &Verdict) {
        let is_missing = |code: Option<ReasonCode>| code == Some(ReasonCode::ApprovalMissing);
        if verdict.grounds().any(|finding| is_missing(finding.code)) {
            assert!(
                !self.was_approved_before(put, seen.began),
                "{APPROVED_IN_VAIN}"
            );
        }
    }

    /// Whether an approval of somebody else is there that was on record before.
    fn was_approved_before(&self, put: usize, before: u64) -> bool {
        let folder = self.approvals_folder(put);
        let below = self.statements.range(folder.clone()..);
        let mut below = below.take_while(|(key, _)| key.starts_with(&folder));
        below.any(|(key, stored)| {
            let Some(last) = stored.last().filter(|last| last.by == Some(SOMEBODY_ELSE)) else {
                return false;
            };
            let name = key.trim_end_matches(".json");
            let version = format!("-{}.json", last.version);
            let mut recorded = self.statements_recorded.iter();
            recorded.any(|(path, at)| {
                path.starts_with(&format!("{name}/")) && path.ends_with(&version) && *at < before
            })
        })
    }
}
