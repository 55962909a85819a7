//! What must hold at every effect of the gate; the world stops where it does not.
//!
//! Order in time is checked here, not at rest: a later delivery often puts right what an earlier one
//! did wrong, and hides it.

use std::collections::{BTreeMap, BTreeSet};

use countersign_gate::{
    deployment::ALIAS_TAG,
    domain::*,
    records::{Live, Outcome, Signing, UploadState, VerdictRecord},
    verdict::{Decision, Verified},
};

use jiff::Timestamp;

use super::{FunctionState, PublishedVersion, WorldState, packages::Nature};

/// What the world complains of, when an effect breaks the promise.
pub const WRITTEN_TWICE: &str = "an outcome is written over another";
pub const READ_TOO_LATE: &str = "another upload was current when the revision was read";
pub const ALIAS_READ_TOO_LATE: &str = "newer code had landed when the alias's revision was read";
pub const OLDER_OVER_NEWER: &str = "an older upload lands over a newer one";
pub const ALIAS_BACK: &str = "an alias moved for a newer upload is moved back for an older one";
pub const OLDER_OFFERED: &str = "the current package goes back to an older upload";
pub const NOT_READY: &str = "an alias is moved to a version that was not seen ready";
pub const REVOKED: &str = "code is changed for a job that was seen to be revoked";
pub const TAG_NOT_JUDGED: &str = "code is changed before the alias tag was judged";
pub const DONE_TWICE: &str = "the work of an upload is done twice";
pub const AFTER_THE_END: &str = "code is changed for an upload that has an outcome";
pub const NO_VERDICT: &str = "code is changed without its accepting verdict on record";
pub const START_NOT_JUDGED: &str = "code that cannot start is changed without a word on record";
pub const CANARY_ENDED: &str = "a canary is ended that was to be left alone";
pub const FOREIGN_JOB: &str = "the job on record is not for this upload";
pub const TOOK_IT: &str = "what Lambda took is not on record as deployed or failed";
pub const NOT_THERE: &str = "the deployed version was not there when the deployment began";
pub const OLD_CONFIGURATION: &str = "the deployed version has an older configuration";
pub const OTHER_CODE: &str = "the deployed version has other code than was uploaded";
pub const NOT_POINTED: &str = "the alias was not seen to point at the deployed version";
pub const OLDER_PUBLISHED: &str = "an older upload of a layer was published after a newer one";
pub const LIVE_OLDER: &str = "live.json tells of an older deployment than the last";
pub const LIVE_DIFFERS: &str = "live.json was not written as the outcome says";
pub const HOW_FAR: &str = "a failure does not say how far it came";
pub const NOT_REPLACED: &str = "an upload is called replaced, and nothing newer was there";
pub const NOT_DELETED: &str = "an upload is called deleted, and was not";
pub const NOT_PREPARED: &str = "an upload is called prepared, and is not offered";
pub const BAD_DEPLOYED: &str = "what may not run is called deployed";

/// What one caller was told, as far as its effects rest on it.
#[derive(Default)]
pub struct Seen {
    /// When the caller began.
    pub(super) began: u64,
    /// The same, by the clock.
    pub(super) began_at: Timestamp,
    /// The function's configuration then.
    config: u64,
    /// Which upload was current when the function's revision was last read.
    current: Option<usize>,
    /// When that was.
    function_at: u64,
    /// The alias tag that the function had then, whatever the caller was told.
    tag: Option<String>,
    /// When each alias was last seen.
    aliases: BTreeMap<String, u64>,
    /// How much code had landed when the alias's revision was last read.
    landed: usize,
    /// The aliases that were seen to point at a version.
    pointed: BTreeSet<(String, String)>,
    /// The jobs that were revoked when the caller last asked Signer for them, whatever it was told.
    pub revoked: BTreeSet<SigningJobId>,
    /// The caller changed code.
    pub has_updated: bool,
}

impl Seen {
    /// A caller that begins now, while the function has this configuration.
    pub fn since(began: u64, began_at: Timestamp, config: u64) -> Self {
        Self {
            began,
            began_at,
            config,
            ..Self::default()
        }
    }

    pub(super) fn note_pointed(&mut self, alias: &AliasName, version: &str) {
        let pair = (alias.to_string(), version.to_owned());
        self.pointed.insert(pair);
    }
}

impl WorldState {
    /// The upload that is the current version of a key.
    pub fn current_put(&self, key: &str) -> Option<usize> {
        let version = &self.uploads.get(key)?.last()?.version;
        self.seq_of(version)
    }

    fn put_of(&self, upload: &Upload) -> Option<usize> {
        let put = self.seq_of(&upload.id.version)?;
        (self.puts[put].key == upload.id.key).then_some(put)
    }

    fn is_gone(&self, put: usize) -> bool {
        self.puts[put].gone_at.is_some()
    }

    pub(super) fn note_function_read(&self, seen: &mut Seen, name: &FunctionName) {
        seen.current = self.current_put(&format!("functions/{name}.zip"));
        seen.function_at = self.ticks;
        let function = self.functions.get(name.as_str());
        seen.tag = function.and_then(|found| found.tags.get(ALIAS_TAG).cloned());
    }

    pub(super) fn note_alias_read(&self, seen: &mut Seen, alias: &AliasName, version: &str) {
        seen.aliases.insert(alias.to_string(), self.ticks);
        seen.landed = self.landed.len();
        seen.note_pointed(alias, version);
    }

    /// What must hold whenever the gate changes code: an accepting verdict of this upload is on record, and
    /// nothing has ended it.
    fn check_is_approved(&self, approved: &Verified) {
        let folder = approved.upload().folder();
        let verdict: Option<VerdictRecord> = self.record(&format!("{folder}verdict.json"));
        let verdict = verdict.filter(|verdict| verdict.decision.accepts());
        let signed = verdict.and_then(|verdict| verdict.signed);
        assert_eq!(signed.as_ref(), Some(approved.signed()), "{NO_VERDICT}");
        let outcome = self.records.get(&format!("{folder}outcome.json"));
        assert!(outcome.is_none(), "{AFTER_THE_END}");
    }

    /// What must hold when a function's code is about to be changed: the upload was the current version when
    /// the revision that guards the change was read, nothing newer has landed since, all that decides was
    /// judged before, and the work was not done already.
    pub(super) fn check_update(&mut self, seen: &mut Seen, approved: &Verified, before: &str) {
        self.check_is_approved(approved);
        let is_signed_by =
            |job: &SigningJobId| approved.signed().key.ends_with(&format!("/{job}.zip"));
        assert!(!seen.revoked.iter().any(is_signed_by), "{REVOKED}");
        let put = self.put_of(approved.upload()).expect("it was uploaded");
        // Unless what was current then was deleted for good since.
        let is_it = |current: usize| current == put || self.is_gone(current);
        assert!(seen.current.is_some_and(is_it), "{READ_TOO_LATE}");
        let newest = self.landed.iter().filter(|landed| !self.is_gone(**landed));
        assert!(
            newest.max().is_none_or(|newest| *newest <= put),
            "{OLDER_OVER_NEWER}"
        );
        if let Some(tag) = &seen.tag {
            let judged = seen.aliases.get(tag);
            assert!(
                judged.is_some_and(|at| *at > seen.function_at),
                "{TAG_NOT_JUDGED}"
            );
        }
        self.check_start_is_judged(approved);
        assert!(
            !self.took.contains(&put) || before != approved.code_sha256(),
            "{DONE_TWICE}"
        );
        self.check_people(seen, put);
        self.check_build(put);
        seen.has_updated = true;
        self.took.insert(put);
        self.landed.push(put);
    }

    /// What must hold when the function is configured to start what no package has: the verdict says so, and
    /// of the very configuration that the revision guards.
    fn check_start_is_judged(&self, approved: &Verified) {
        let configuration = &self.functions[approved.target().name()].configuration;
        let handler = configuration.handler.as_deref().unwrap_or_default();
        let cannot_start = handler.starts_with(super::others::NO_MODULE);
        let path = format!("{}verdict.json", approved.upload().folder());
        let record: Option<VerdictRecord> = self.record(&path);
        let verdict = record.and_then(|record| record.verdict);
        // A verdict that was forged is not the gate's word.
        let Some(verdict) = verdict.filter(|_| self.verdicts_forged.is_empty()) else {
            return;
        };
        let mut codes = verdict.findings.iter().map(|finding| finding.code);
        let is_told = codes.any(|code| code == Some(ReasonCode::EntryPointMissing));
        assert!(is_told || !cannot_start, "{START_NOT_JUDGED}");
    }

    /// What must hold when a layer version is about to be published.
    pub(super) fn check_publication(&mut self, seen: &Seen, approved: &Verified) {
        let put = self.put_of(approved.upload()).expect("it was uploaded");
        assert!(!self.took.contains(&put), "{DONE_TWICE}");
        self.check_is_approved(approved);
        let key = &self.puts[put].key;
        let published = self
            .took
            .iter()
            .filter(|took| self.puts[**took].key == *key);
        let mut still_there = published.filter(|took| !self.is_gone(**took));
        assert!(still_there.all(|took| *took < put), "{OLDER_PUBLISHED}");
        self.check_people(seen, put);
        self.check_build(put);
        self.took.insert(put);
    }

    /// What must hold when an alias is moved to the version of this code: no newer code had landed when the
    /// revision that guards the move was read, and the alias was not moved for a newer upload before.
    pub(super) fn check_move(&mut self, seen: &Seen, alias: &AliasName, slot: usize) {
        // An upload of the same content has the alias point at the version that there is.
        let is_it = |put: &usize| {
            let of = self.puts[*put].slot;
            of.is_some_and(|of| self.packages[of].source == self.packages[slot].source)
                && self.puts[*put].key == super::FUNCTION
        };
        let put = (0..self.puts.len()).rev().find(is_it);
        let put = put.expect("what is deployed was uploaded");
        let mut landed = self.landed.iter().take(seen.landed);
        assert!(
            landed.all(|landed| *landed <= put || self.is_gone(*landed)),
            "{ALIAS_READ_TOO_LATE}"
        );
        let before = self.moved.insert(alias.to_string(), put);
        assert!(
            before.is_none_or(|before| before <= put || self.is_gone(before)),
            "{ALIAS_BACK}"
        );
    }

    /// The current package of a target never goes back to an older upload.
    pub(super) fn check_offer(&mut self, verified: &Verified) {
        let put = self.put_of(verified.upload()).expect("it was uploaded");
        let target = verified.target().to_string();
        let before = self.offered.insert(target, put);
        assert!(
            before.is_none_or(|before| before <= put || self.is_gone(before)),
            "{OLDER_OFFERED}"
        );
    }

    /// What must hold when a record is created.
    pub(super) fn check_record(&mut self, seen: &Seen, path: &str, body: &[u8]) {
        if path.ends_with("/signing.json") {
            let signing: Signing = serde_json::from_slice(body).unwrap();
            let job = &self.jobs[&signing.job];
            let source = &job.request.source;
            assert_eq!(*source, signing.received.upload.id, "{FOREIGN_JOB}");
        }
        if path.ends_with("/verdict.json") {
            let record: VerdictRecord = serde_json::from_slice(body).unwrap();
            let verdict = record
                .verdict
                .filter(|verdict| verdict.decision == Decision::Reject);
            if let (Some(verdict), Some(put)) = (verdict, self.put_of(&record.upload)) {
                self.check_refusal_of_people(seen, put, &verdict);
                self.check_refusal_of_build(seen, put, &verdict);
            }
        }
        if path.ends_with("/outcome.json") {
            assert!(!self.records.contains_key(path), "{WRITTEN_TWICE}");
            let outcome: Outcome = serde_json::from_slice(body).unwrap();
            self.note(|| {
                format!(
                    "                {} ends {}: {}",
                    outcome.upload.id.version,
                    outcome.state.as_str(),
                    outcome.message
                )
            });
            self.record_end(path, &outcome);
            // What was forged in an event was never uploaded.
            if let Some(put) = self.put_of(&outcome.upload)
                && self.puts[put].slot.is_some()
            {
                self.check_outcome(seen, put, &outcome);
                self.check_outcome_of_people(put, &outcome);
            }
        }
    }

    /// What must hold of an outcome when it goes on record.
    fn check_outcome(&self, seen: &Seen, put: usize, outcome: &Outcome) {
        let is_taken = self.took.contains(&put);
        match outcome.state {
            UploadState::Deployed => self.check_deployed(seen, put, outcome),
            UploadState::Failed => {
                if is_taken {
                    let says_so = outcome.message.contains("not known");
                    assert!(outcome.deployed.is_some() || says_so, "{HOW_FAR}");
                }
            }
            UploadState::Prepared => {
                assert!(!is_taken, "{TOOK_IT}");
                let slot = self.puts[put].slot.unwrap();
                let offered = &self.current[&self.target_of(put)];
                let code_sha256 = &self.packages[slot].code_sha256;
                let is_offered = |found: &super::CurrentObject| found.code_sha256 == *code_sha256;
                assert!(offered.iter().any(is_offered), "{NOT_PREPARED}");
            }
            UploadState::Superseded => {
                assert!(!is_taken, "{TOOK_IT}");
                self.check_superseded(put, outcome);
            }
            UploadState::Rejected => assert!(!is_taken, "{TOOK_IT}"),
        }
    }

    fn check_superseded(&self, put: usize, outcome: &Outcome) {
        let this = &self.puts[put];
        let mut newer = self
            .puts
            .iter()
            .skip(put + 1)
            .filter(|newer| newer.key == this.key);
        if outcome.code == Some(ReasonCode::Replaced) {
            let is_while_there = |newer: &super::Put| {
                newer.slot.is_some() && this.gone_at.is_none_or(|gone| newer.tick < gone)
            };
            assert!(newer.any(is_while_there), "{NOT_REPLACED}");
        } else {
            let is_marker = |newer: &super::Put| newer.slot.is_none();
            // Where every version is gone, the key is.
            assert!(
                this.gone_at.is_some() || newer.any(is_marker),
                "{NOT_DELETED}"
            );
        }
    }

    /// The versions that have this number: of the function, and of those that were deleted since.
    fn versions_of(&self, since: u64, number: &str) -> impl Iterator<Item = &PublishedVersion> {
        let at = number.parse::<usize>().unwrap() - 1;
        let former = self.former.iter().filter(move |(_, until)| *until > since);
        let functions = self.functions.get("checkout").into_iter();
        let all = functions.chain(former.map(|(function, _)| function));
        all.filter_map(move |function: &FunctionState| function.versions.get(at))
            .filter(move |version| !version.is_deleted || version.deleted_at > since)
    }

    fn check_deployed(&self, seen: &Seen, put: usize, outcome: &Outcome) {
        let slot = &self.packages[self.puts[put].slot.unwrap()];
        assert_eq!(slot.nature, Nature::Good, "{BAD_DEPLOYED}");
        let deployed = outcome.deployed.as_ref().expect("it says what is deployed");
        let version = deployed.version.as_ref().expect("it says which version");
        let code = &self.packages[self.slot_of_code(&deployed.code_sha256).unwrap()];
        assert_eq!(code.source, slot.source, "{OTHER_CODE}");
        if !deployed.unchanged {
            let is_given = self.given.contains(&self.puts[put].slot.unwrap());
            assert!(self.took.contains(&put) || is_given, "{OTHER_CODE}");
            assert_eq!(code.code_sha256, slot.code_sha256, "{OTHER_CODE}");
        }
        let live: Live = self
            .record(&format!("{}/live.json", self.target_of(put)))
            .expect("it is on record what is live");
        if live.upload == outcome.upload && !self.live_forged.contains_key(&self.target_of(put)) {
            assert_eq!(live.deployed, *deployed, "{LIVE_DIFFERS}");
        }
        if deployed.layer_version_arn.is_some() {
            let at = version.parse::<usize>().unwrap() - 1;
            assert_eq!(
                self.layers["common"][at].code_sha256, code.code_sha256,
                "{OTHER_CODE}"
            );
            return;
        }
        let mut there = self.versions_of(seen.began, version).peekable();
        assert!(there.peek().is_some(), "{NOT_THERE}");
        let mut same = there
            .filter(|found| found.code_sha256 == deployed.code_sha256)
            .peekable();
        assert!(same.peek().is_some(), "{OTHER_CODE}");
        assert!(
            same.any(|found| found.config >= seen.config),
            "{OLD_CONFIGURATION}"
        );
        if let Some(alias) = &deployed.alias {
            let pair = (alias.clone(), version.clone());
            assert!(seen.pointed.contains(&pair), "{NOT_POINTED}");
        } else if !self.tags_changed && self.former.is_empty() {
            let tags = &self.functions["checkout"].tags;
            assert!(!tags.contains_key(ALIAS_TAG), "{NOT_POINTED}");
        }
    }
}
