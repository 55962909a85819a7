//! Mistakes of the gate, made here in its place.

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
}
