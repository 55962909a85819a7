//! Mistakes of the gate, made here in its place.

use serde_json::{Value, json};

/// Before everything.
const LONG_AGO: &str = "2020-01-01T00:00:00Z";

/// A mistake of the gate, made by the world in its place: each swaps or drops one thing that the
/// promise stands on, by answers and writes as they would be if the gate had not asked or had not
/// compared. A model that does not find it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The alias tag is read and judged after the update, not before.
    AliasTagJudgedLate,
    /// What is current is looked at before what was applied.
    CurrentBeforeApplied,
    /// The job that Signer answers with is not compared with what was asked.
    ForeignJobTaken,
    /// No time is kept back for the ending.
    NoTimeKeptBack,
    /// A version that has the code is taken, whatever its configuration.
    ConfigurationNotCounted,
    /// A version on record is believed to exist.
    DeletedVersionBelieved,
    /// An upload that was deleted for good is called replaced.
    DeletedCalledReplaced,
    /// Whether the upload is current is asked before the function's revision is read, not after.
    HeadBeforeFunction,
    /// Whether the upload should run is asked before the alias's revision is read, not after.
    HeadBeforeAlias,
    /// An update goes without its revision.
    BlindUpdate,
    /// A record is created without the condition that there is none.
    BlindCreate,
    /// The current package is replaced without the condition that it is as it was seen.
    BlindCopy,
    /// A document that tells of one thing is replaced without the condition that it is as it was seen.
    BlindReplace,
    /// `live.json` is written whatever it tells of.
    LiveGoesBack,
    /// A layer is published while another upload of it is.
    TurnNotAwaited,
    /// An alias is moved without its revision.
    BlindMove,
    /// A version that was published is taken for ready.
    NoWait,
    /// Every delivery takes the lease for its own.
    LeaseIgnored,
    /// What the function is configured to start is not looked at.
    StartNotJudged,
    /// A canary on the alias is not looked at.
    CanaryNotSeen,
    /// What an earlier delivery published is not looked for.
    MarkNotSought,
    /// The event that tells an outcome is put on record and not sent.
    NotAnnounced,
    /// The verdict goes on record after the effect.
    VerdictAfterEffect,
    /// The message is taken off the queue although the summary could not be signed.
    SummaryNotTriedAgain,
    /// An event that was lost is on record as sent again, and is not sent.
    NotSentAgain,
    /// Only what is current is looked at for a lost event.
    OlderNotSought,
    /// What runs past the gate is on record and not told.
    DriftNotTold,
    /// That a signature was revoked is not looked at.
    RevocationNotSeen,
    /// Old versions are deleted whoever published them.
    MarkNotRead,
    /// Provisioned concurrency is not looked for before old versions are deleted.
    ProvisionedNotSought,
    /// A page that is on its way is taken for sent.
    OnItsWayIsTold,
    /// That a page was sent is not put on record.
    ToldNotNoted,
    /// That a page is on its way is not looked at by another delivery.
    SenderNotAwaited,
    /// The events that were told or counted are forgotten.
    EventsForgotten,
    /// What is counted is not put on the list of the clock.
    RepeatsNotListed,
    /// An end ends what happened after it, too.
    EndsWhatIsLater,
    /// What is told late is not compared with what has ended it before.
    EndBeforeNotSought,
    /// The calls of the gate's own roles are taken for those of others.
    OwnRolesNotKnown,
    /// Whoever uploaded may approve.
    UploaderCounted,
    /// An approval that was withdrawn counts.
    WithdrawnCounted,
    /// An approval of other bytes counts.
    BytesNotCompared,
    /// The end of break-glass is not looked at.
    GlassNeverEnds,
    /// What passed by break-glass is forgotten once Lambda took it.
    GlassForgotten,
    /// What an attestation says is not compared with the package and what is demanded.
    AttestationNotCompared,
    /// Where no attestation is, one is taken to be there.
    AttestationNotMissed,
}

impl Mistake {
    /// What `alert` takes a document for that it reads.
    pub(super) fn in_what_alert_reads(self, path: &str, body: Vec<u8>) -> Option<Vec<u8>> {
        let is_live = path.ends_with("/live.json");
        if self == Self::EndBeforeNotSought && (is_live || path.ends_with("/recovered.json")) {
            return None;
        }
        if !is_incident(path) {
            return Some(body);
        }
        let mut incident: Value = serde_json::from_slice(&body).unwrap();
        match self {
            Self::OnItsWayIsTold => incident["telling"] = Value::Null,
            Self::SenderNotAwaited => {
                if incident["telling"].is_object() {
                    incident["telling"]["since"] = LONG_AGO.into();
                }
            }
            Self::EventsForgotten => incident["events"] = json!([]),
            Self::EndsWhatIsLater => incident["last_at"] = LONG_AGO.into(),
            _ => return Some(body),
        }
        Some(serde_json::to_vec(&incident).unwrap())
    }

    /// Whether `alert` does not write what it should.
    pub(super) fn is_not_written_by_alert(self, path: &str, body: &[u8]) -> bool {
        match self {
            Self::RepeatsNotListed => path == "alerts/open.json",
            Self::ToldNotNoted if is_incident(path) => {
                let incident: Value = serde_json::from_slice(body).unwrap();
                incident["telling"].is_null() && incident["closed_at"].is_null()
            }
            _ => false,
        }
    }
}

fn is_incident(path: &str) -> bool {
    path.starts_with("alerts/functions/") || path.starts_with("alerts/stack/")
}
