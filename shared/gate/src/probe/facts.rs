//! The facts that a probe asks of AWS, beside those of the package's format.

use countersign_package::format::Grade;

/// What is taken to be AWS's behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeFact {
    /// Its name in reports. It never changes its meaning.
    pub id: &'static str,
    /// What it says.
    pub statement: &'static str,
    /// How well that is known.
    pub grade: Grade,
}

pub(super) const NOTIFIED: ProbeFact = ProbeFact {
    id: "upload-notified",
    statement: "S3 tells the queue of an upload, with its key and version",
    grade: Grade::B,
};
pub(super) const PRINCIPAL: ProbeFact = ProbeFact {
    id: "notification-principal",
    statement: "S3's notification names who uploaded: AWS:<id> for a user or a role's session, the account root by its customer id",
    grade: Grade::B,
};
pub(super) const SEQUENCER: ProbeFact = ProbeFact {
    id: "notification-sequencer",
    statement: "S3's notification has a sequencer in hexadecimal",
    grade: Grade::B,
};
pub(super) const JOB_STARTED: ProbeFact = ProbeFact {
    id: "job-started",
    statement: "StartSigningJob takes a version of an object of the uploads bucket",
    grade: Grade::A,
};
pub(super) const JOB_KNOWN: ProbeFact = ProbeFact {
    id: "job-known",
    statement: "DescribeSigningJob knows the job, and it succeeded",
    grade: Grade::A,
};
pub(super) const JOB_SOURCE: ProbeFact = ProbeFact {
    id: "job-source",
    statement: "the job tells bucket, key and version of what it signed",
    grade: Grade::A,
};
pub(super) const SIGNED_KEY: ProbeFact = ProbeFact {
    id: "signed-key",
    statement: "the signed object's key is the prefix, the job's id and .zip",
    grade: Grade::A,
};
pub(super) const SIGNED_VERSION: ProbeFact = ProbeFact {
    id: "signed-version",
    statement: "the signed object has a version of its own",
    grade: Grade::B,
};
pub(super) const JOB_OWNER: ProbeFact = ProbeFact {
    id: "job-owner",
    statement: "the job's owner is this account",
    grade: Grade::A,
};
pub(super) const JOB_EVENT: ProbeFact = ProbeFact {
    id: "job-event",
    statement: "the event Signer Job Status Change arrives, and carries the job's id",
    grade: Grade::B,
};
pub(super) const TOKEN: ProbeFact = ProbeFact {
    id: "job-token",
    statement: "a repeated clientRequestToken answers with its first job",
    grade: Grade::A,
};
pub(super) const SIGNED_JOB: ProbeFact = ProbeFact {
    id: "signed-job",
    statement: "the job in the signature is this job",
    grade: Grade::A,
};
pub(super) const SIGNED_PROFILE: ProbeFact = ProbeFact {
    id: "signed-profile",
    statement: "the profile version in the signature is the job's and the profile's",
    grade: Grade::A,
};
pub(super) const SIGNED_EXPIRY: ProbeFact = ProbeFact {
    id: "signed-expiry",
    statement: "the expiry in the signature is the job's signatureExpiresAt",
    grade: Grade::D,
};
pub(super) const SIGNED_TIME: ProbeFact = ProbeFact {
    id: "signed-time",
    statement: "the signing time in the signature is between the upload and now",
    grade: Grade::D,
};
pub(super) const VERDICT: ProbeFact = ProbeFact {
    id: "gate-verdict",
    statement: "the gate accepts what Signer made of its own upload: chain, digest, origin and claims hold",
    grade: Grade::C,
};
pub(super) const PREPARED: ProbeFact = ProbeFact {
    id: "gate-prepared",
    statement: "an upload for a function that is not there ends as prepared",
    grade: Grade::C,
};
pub(super) const DRY_VALID: ProbeFact = ProbeFact {
    id: "dry-run-valid",
    statement: "UpdateFunctionCode with DryRun takes a package that an allowed publisher signed",
    grade: Grade::B,
};
pub(super) const DRY_UNSIGNED: ProbeFact = ProbeFact {
    id: "dry-run-unsigned",
    statement: "under Enforce, UpdateFunctionCode with DryRun refuses an unsigned package",
    grade: Grade::B,
};
pub(super) const DRY_ALTERED: ProbeFact = ProbeFact {
    id: "dry-run-altered",
    statement: "UpdateFunctionCode with DryRun refuses a signed package whose contents were changed, as CodeVerificationFailedException",
    grade: Grade::C,
};
pub(super) const DRY_CHANGES_NOTHING: ProbeFact = ProbeFact {
    id: "dry-run-changes-nothing",
    statement: "a dry run changes neither code nor RevisionId",
    grade: Grade::B,
};

/// All of them, in the order in which they are told.
pub const PROBE_FACTS: [ProbeFact; 21] = [
    NOTIFIED,
    PRINCIPAL,
    SEQUENCER,
    JOB_STARTED,
    JOB_KNOWN,
    JOB_SOURCE,
    SIGNED_KEY,
    SIGNED_VERSION,
    JOB_OWNER,
    JOB_EVENT,
    TOKEN,
    SIGNED_JOB,
    SIGNED_PROFILE,
    SIGNED_EXPIRY,
    SIGNED_TIME,
    VERDICT,
    PREPARED,
    DRY_VALID,
    DRY_UNSIGNED,
    DRY_ALTERED,
    DRY_CHANGES_NOTHING,
];
