//! `drift/<functions|layers|unrecognised|configurations|account|freeze>/<name>/<KIND>.json`: what runs, or stands still, against the
//! records. Found by `sweep` from state alone, told when it is found, and again when it is gone.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{schema::Schema, store::Document};
use crate::domain::{Target, Upload};

/// What is not as the records say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DriftKind {
    /// The function's `$LATEST`, or the version behind its alias, has other code than was deployed last.
    OtherCodeRuns,
    /// The layer's newest version is not the one that was deployed last.
    OtherLayerVersion,
    /// The function has no code signing configuration any more.
    CscMissing,
    /// The signing job of what runs was revoked, or its profile from a time before it was signed.
    SignatureRevoked,
    /// The signature of what runs expires soon, or has.
    SignatureExpires,
    /// The function or layer version that was deployed last is not there.
    TargetGone,
    /// The key's current version is another than the one that was deployed last, and will not be deployed by
    /// itself: it had its turn.
    OtherVersionCurrent,
    /// `live.json` is missing, or tells of an older deployment than the outcomes do.
    LiveRecordBehind,
    /// The target's object below `current/` of the signed bucket is missing, or older than what was deployed last.
    PackageBehind,
    /// What Lambda reads the code from is deleted soon by a lifecycle rule, or is gone.
    PackageExpires,
    /// An upload does not end, although its event was sent again several times.
    UploadStuck,
    /// The function's configuration is not that of the version that was deployed last, in what decides which
    /// code runs.
    ConfigurationChanged,
    /// A layer that the function uses is unsigned, or its signer is no publisher of the function's CSC.
    LayerNotTrusted,
    /// The signing job of a layer that the function uses was revoked, or its profile.
    LayerRevoked,
    /// The function has a CSC that is none of the stack's and trusts publishers whom those do not.
    OtherCsc,
    /// A CSC trusts a profile that was canceled or revoked, is not there, or is of another account.
    PublisherQuestionable,
    /// Functions within the gate's scope have no CSC and were never deployed by it.
    NotGated,
    /// Parameters of the stack let more through than their defaults.
    WeakerParameters,
    /// Parameters of the stack that say what is watched and who is believed were changed. It is told once, and is no state.
    SettingsChanged,
    /// AWS did otherwise with the probe of every day than is known.
    ProbeDiffers,
    /// The probe of every day could not be made.
    ProbeImpossible,
    /// What runs was deployed by break-glass, which has not ended.
    BreakGlassInUse,
    /// What runs was deployed by break-glass, which has ended.
    BreakGlassRunsOn,
    /// A freeze stops deployments. It is told when it begins and when it ends, and is nothing wrong.
    FreezeInForce,
}

impl DriftKind {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::OtherCodeRuns,
        Self::OtherLayerVersion,
        Self::CscMissing,
        Self::SignatureRevoked,
        Self::SignatureExpires,
        Self::TargetGone,
        Self::OtherVersionCurrent,
        Self::LiveRecordBehind,
        Self::PackageBehind,
        Self::PackageExpires,
        Self::UploadStuck,
        Self::ConfigurationChanged,
        Self::LayerNotTrusted,
        Self::LayerRevoked,
        Self::OtherCsc,
        Self::PublisherQuestionable,
        Self::NotGated,
        Self::WeakerParameters,
        Self::SettingsChanged,
        Self::ProbeDiffers,
        Self::ProbeImpossible,
        Self::BreakGlassInUse,
        Self::BreakGlassRunsOn,
        Self::FreezeInForce,
    ];

    /// The word in records and pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherCodeRuns => "OTHER_CODE_RUNS",
            Self::OtherLayerVersion => "OTHER_LAYER_VERSION",
            Self::CscMissing => "CSC_MISSING",
            Self::SignatureRevoked => "SIGNATURE_REVOKED",
            Self::SignatureExpires => "SIGNATURE_EXPIRES",
            Self::TargetGone => "TARGET_GONE",
            Self::OtherVersionCurrent => "OTHER_VERSION_CURRENT",
            Self::LiveRecordBehind => "LIVE_RECORD_BEHIND",
            Self::PackageBehind => "PACKAGE_BEHIND",
            Self::PackageExpires => "PACKAGE_EXPIRES",
            Self::UploadStuck => "UPLOAD_STUCK",
            Self::ConfigurationChanged => "CONFIGURATION_CHANGED",
            Self::LayerNotTrusted => "LAYER_NOT_TRUSTED",
            Self::LayerRevoked => "LAYER_REVOKED",
            Self::OtherCsc => "OTHER_CSC",
            Self::PublisherQuestionable => "PUBLISHER_QUESTIONABLE",
            Self::NotGated => "NOT_GATED",
            Self::WeakerParameters => "WEAKER_PARAMETERS",
            Self::SettingsChanged => "SETTINGS_CHANGED",
            Self::ProbeDiffers => "PROBE_DIFFERS",
            Self::ProbeImpossible => "PROBE_IMPOSSIBLE",
            Self::BreakGlassInUse => "BREAK_GLASS_IN_USE",
            Self::BreakGlassRunsOn => "BREAK_GLASS_RUNS_ON",
            Self::FreezeInForce => "FREEZE_IN_FORCE",
        }
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::OtherCodeRuns => {
                "The function runs other code than the gate deployed last: somebody changed it past the gate, or \
                 moved its alias."
            }
            Self::OtherLayerVersion => {
                "The newest version of the layer is not the one that the gate published last: somebody published or \
                 deleted one past the gate."
            }
            Self::CscMissing => {
                "A function that the gate deploys to has no code signing configuration any more: Lambda runs whatever \
                 it is given."
            }
            Self::SignatureRevoked => {
                "The signature of what runs was revoked after it was deployed. Lambda judges signatures when code is \
                 deployed, and lets it run on."
            }
            Self::SignatureExpires => {
                "The signature of what runs expires soon, or has expired. It runs on, and Lambda will not take this \
                 package again under Enforce."
            }
            Self::TargetGone => "What the gate deployed last is not in Lambda any more.",
            Self::OtherVersionCurrent => {
                "The current version of the upload's key is not what runs: a version was deleted for good, so that an \
                 older one became current, which S3 announces to nobody."
            }
            Self::LiveRecordBehind => {
                "The record of what was deployed last (live.json) is missing, or is that of an older deployment: somebody \
                 other than the gate wrote or deleted it. What runs is compared with the newest outcome until it is there \
                 again."
            }
            Self::PackageBehind => {
                "The target's package below current/ in the signed bucket is missing, or older than what was deployed or \
                 prepared last: whoever creates the target from it gets other code, or none."
            }
            Self::PackageExpires => {
                "Lambda reads the code of the function or layer from an object of the signed bucket (storage mode REFERENCE) \
                 that a lifecycle rule deletes within 30 days, or that is gone: then Lambda makes the function Inactive."
            }
            Self::UploadStuck => {
                "An upload has no outcome, although its event was sent again several times; or it waits for longer than \
                 PatienceSeconds, because AWS throttles or does not answer."
            }
            Self::ConfigurationChanged => {
                "Runtime, handler, layers, exec wrapper or storage of the function are not those of the version that \
                 the gate published last: they decide which code runs beside what was deployed."
            }
            Self::LayerNotTrusted => {
                "A function that the gate deploys to uses a layer that no publisher of its code signing configuration \
                 signed. Its code runs in the function. Lambda judges layers when they are attached, and lets them \
                 stay when a configuration comes later, or says Warn."
            }
            Self::LayerRevoked => {
                "The signature of a layer that the function uses was revoked after the layer was attached. Lambda lets \
                 it run on."
            }
            Self::OtherCsc => {
                "A function that the gate deploys to has a code signing configuration that is none of the stack's, and \
                 that trusts publishers whom the stack's does not: Lambda lets their code into the function."
            }
            Self::PublisherQuestionable => {
                "A code signing configuration trusts a signing profile that was canceled or revoked, is not there, or \
                 belongs to another account."
            }
            Self::NotGated => {
                "Functions that TargetFunctions names have no code signing configuration and were never deployed by \
                 the gate: Lambda runs whatever they are given."
            }
            Self::WeakerParameters => {
                "Parameters of the stack are in use that let more through than their defaults do. CloudTrail hides the \
                 values of parameters, so that the page about the stack's update does not name them."
            }
            Self::SettingsChanged => {
                "Parameters of the stack were changed that say which targets are the gate's, whose work is quiet, or which roots \
                 signatures may lead to. CloudTrail hides the values of parameters, so that the page about the stack's update \
                 does not name them."
            }
            Self::ProbeDiffers => {
                "The package that is probed with every day did not come out as packages did before: AWS signs, tells or \
                 answers otherwise than this version of the gate knows, so that uploads may be refused from now on."
            }
            Self::ProbeImpossible => {
                "The probe of every day cannot be made as the stack's parameter ProbeFunction says it. Until it can, \
                 nobody is told when AWS changes its format, but by uploads that are refused."
            }
            Self::BreakGlassInUse => {
                "What runs was deployed by break-glass, although a policy refuses it. It is told every hour until the end \
                 that the statement gives."
            }
            Self::BreakGlassRunsOn => {
                "What runs was deployed by break-glass, which has ended: a policy refuses what runs, and nobody answers for \
                 it any more. It is told every day."
            }
            Self::FreezeInForce => {
                "A freeze stops deployments: uploads of the targets that it names are signed and judged, and wait for its \
                 end."
            }
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::OtherCodeRuns => {
                "Find out in CloudTrail who changed it (countersign diff functions/NAME lambda:NAME shows which files \
                 differ); put back what was deployed last (countersign rollback functions/NAME --to LABEL), or upload the \
                 right package."
            }
            Self::OtherLayerVersion => {
                "Find out in CloudTrail who published it, and delete that version if it is not wanted; upload the \
                 layer again if its version is gone."
            }
            Self::CscMissing => {
                "Attach the code signing configuration again (output AttachCommand of the stack), and find out in \
                 CloudTrail who took it away."
            }
            Self::SignatureRevoked => {
                "If the key or the package is what was lost trust in, deploy a package that can be trusted at once; \
                 otherwise upload the same again, so that it is signed anew."
            }
            Self::SignatureExpires => {
                "Upload the package again, with a change, or copy an older version over the key and then this one: \
                 it is signed anew."
            }
            Self::TargetGone => {
                "If it was deleted on purpose, delete its key in the uploads bucket, too; otherwise create it again \
                 from current/ in the signed bucket."
            }
            Self::OtherVersionCurrent => {
                "Upload the package that is to run, or copy the version that is to run over the key."
            }
            Self::LiveRecordBehind => {
                "Find out who wrote it (its versions in the records bucket; CloudTrail, if it logs that bucket's data \
                 events; who AdministratorRoles lets in); upload the package again, which writes it anew."
            }
            Self::PackageBehind => {
                "Find out who deleted or replaced it (its versions in the signed bucket); upload the package again with a \
                 change, which puts it there anew."
            }
            Self::PackageExpires => {
                "Set CodeStorage=reference, under which nothing in the signed bucket expires; or have Lambda make a copy (aws \
                 lambda update-function-code with --s3-object-storage-mode COPY), and upload the package again. Take out \
                 lifecycle rules that are not the stack's."
            }
            Self::UploadStuck => {
                "Look into the logs of sign and deploy for this upload's version, and at the dead letters (countersign \
                 redrive); then upload the package again."
            }
            Self::ConfigurationChanged => {
                "If it was planned, upload the package again, which publishes a version with the configuration of now; \
                 otherwise find out in CloudTrail who changed it (UpdateFunctionConfiguration), and put it back."
            }
            Self::LayerNotTrusted => {
                "Publish the layer through the gate and attach that version; or trust its signer (AdditionalPublishers); \
                 or take it off the function. A vendor's unsigned layer can be uploaded to layers/ as one's own."
            }
            Self::LayerRevoked => {
                "Upload the layer again, from a source that can be trusted, and attach the version that the gate \
                 publishes."
            }
            Self::OtherCsc => {
                "Attach the stack's configuration (output AttachCommand of the stack); if the other publishers are \
                 wanted, name them in AdditionalPublishers. Find out in CloudTrail who attached the other one."
            }
            Self::PublisherQuestionable => {
                "Take the publisher out (AdditionalPublishers, or aws lambda update-code-signing-config), after what it \
                 signed was uploaded again; for a profile of another account, ask its owner whether it is still in use, \
                 and leave it if so: this is told once."
            }
            Self::NotGated => {
                "Bring them under the gate: attach the stack's configuration (output AttachCommand of the stack) and \
                 upload their packages (where RequireManagedTag is on, tag them with countersign:managed=true first); or narrow \
                 TargetFunctions. Functions that come later are told when they do."
            }
            Self::WeakerParameters => {
                "If they are wanted, leave them: this is told once, and again when they are others. Otherwise put the \
                 defaults back (sam deploy --parameter-overrides), and ask whoever updated the stack (CloudTrail, \
                 UpdateStack and ExecuteChangeSet)."
            }
            Self::SettingsChanged => {
                "If it was planned, there is nothing to do: this is told once. Otherwise put back what was before (sam deploy \
                 --parameter-overrides), and ask whoever updated the stack (CloudTrail, UpdateStack and ExecuteChangeSet)."
            }
            Self::ProbeDiffers => {
                "See what differs in full (countersign doctor --stack STACK --probe), and whether uploads still come \
                 through (countersign history TARGET). If they are refused, keep what runs; look for a newer version of \
                 Countersign, and hand its maintainers the report (--probe-report FILE names no account)."
            }
            Self::ProbeImpossible => {
                "Give another ProbeFunction (sam deploy --parameter-overrides), a name within TargetFunctions that no \
                 function has; or leave it empty, if there is to be no probe."
            }
            Self::BreakGlassInUse | Self::BreakGlassRunsOn => {
                "Upload a package that meets the policies (countersign push functions/NAME=PACKAGE.zip), or mend what refused \
                 this one and upload it again; until then, see what was passed over (countersign history functions/NAME)."
            }
            Self::FreezeInForce => {
                "There is nothing to do, if it was planned. Otherwise delete the object in the uploads bucket, which ends the \
                 freeze, and ask in CloudTrail's data events who put it there."
            }
        }
    }

    /// Whether a deployment under way may look like this, until it has ended. What is so of a target whatever is deployed
    /// to it is told at once: an upload that never ends would hide it for ever.
    #[must_use]
    pub fn may_be_a_deployment(self) -> bool {
        match self {
            Self::OtherCodeRuns
            | Self::OtherLayerVersion
            | Self::TargetGone
            | Self::OtherVersionCurrent
            | Self::ConfigurationChanged
            | Self::LiveRecordBehind
            | Self::PackageBehind
            | Self::UploadStuck => true,
            Self::CscMissing
            | Self::SignatureRevoked
            | Self::SignatureExpires
            | Self::PackageExpires
            | Self::LayerNotTrusted
            | Self::LayerRevoked
            | Self::OtherCsc
            | Self::PublisherQuestionable
            | Self::NotGated
            | Self::WeakerParameters
            | Self::SettingsChanged
            | Self::ProbeDiffers
            | Self::ProbeImpossible
            | Self::BreakGlassInUse
            | Self::BreakGlassRunsOn
            | Self::FreezeInForce => false,
        }
    }

    /// Whether it is nothing wrong: people are told, and an audit has no finding of it.
    #[must_use]
    pub fn is_notice(self) -> bool {
        self == Self::FreezeInForce
    }

    /// Whether someone should be woken.
    #[must_use]
    pub fn is_critical(self) -> bool {
        match self {
            Self::OtherCodeRuns
            | Self::OtherLayerVersion
            | Self::CscMissing
            | Self::SignatureRevoked
            | Self::LayerRevoked
            | Self::UploadStuck
            | Self::ProbeDiffers
            | Self::BreakGlassInUse => true,
            Self::SignatureExpires
            | Self::TargetGone
            | Self::OtherVersionCurrent
            | Self::LiveRecordBehind
            | Self::PackageBehind
            | Self::PackageExpires
            | Self::ConfigurationChanged
            | Self::LayerNotTrusted
            | Self::OtherCsc
            | Self::PublisherQuestionable
            | Self::NotGated
            | Self::WeakerParameters
            | Self::SettingsChanged
            | Self::ProbeImpossible
            | Self::BreakGlassRunsOn
            | Self::FreezeInForce => false,
        }
    }
}

impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is not as the records say, as long as it lasts, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// 1.
    pub schema: Schema,
    /// What kind of drift it is.
    pub kind: DriftKind,
    /// `functions/<name>`, `layers/<name>`, `unrecognised/<hash of the key>`, `configurations/<id>` for a CSC,
    /// `freeze/<name>`, [`ACCOUNT_FUNCTIONS`], [`STACK_PARAMETERS`], [`STACK_SETTINGS`] or [`DAILY_PROBE`].
    pub subject: String,
    /// The same, when it is a target.
    pub target: Option<Target>,
    /// What was found, in a sentence.
    pub message: String,
    /// What should be, as the records say: a `CodeSha256`, a version.
    pub expected: Option<String>,
    /// What is.
    pub found: Option<String>,
    /// The upload that it is about.
    pub upload: Option<Upload>,
    /// The functions that it is about, when it is about several; in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Whether nothing was deployed to the target yet: the upload is what was prepared for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_prepared: bool,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was found gone; null while it lasts.
    pub closed_at: Option<Timestamp>,
    /// When its event was sent, of this state; null while that is still to be done.
    pub announced_at: Option<Timestamp>,
}

/// The subject of what is told of the account's functions in one.
pub const ACCOUNT_FUNCTIONS: &str = "account/functions";

/// The subject of what is told of the stack's parameters.
pub const STACK_PARAMETERS: &str = "account/parameters";

/// The subject of what is told of changed parameters.
pub const STACK_SETTINGS: &str = "account/settings";

/// The subject of what the probe of every day found.
pub const DAILY_PROBE: &str = "account/probe";

/// The folder of all drift.
pub(crate) const DRIFT_FOLDER: &str = "drift/";

/// What to do about other code in a function that was created since its package was prepared: there is nothing to go back to.
const FIX_OF_PREPARED: &str = "Find out in CloudTrail who created the function (CreateFunction), and from what. Nothing was deployed to it \
                               yet, so that there is nothing to roll back to: upload the package again, which the gate deploys now that the \
                               function is there (countersign push functions/NAME=PACKAGE.zip).";

const MEANING_OF_PREPARED: &str = "Nothing was deployed to the function yet, and it was created with other code than the gate had \
                                   prepared for it: nobody here verified what it runs.";

impl Drift {
    /// What was found at this time of something that is no target, and of no upload. Not told yet.
    pub(crate) fn new(
        kind: DriftKind,
        subject: String,
        message: String,
        found_at: Timestamp,
    ) -> Self {
        Self {
            schema: Schema,
            kind,
            subject,
            target: None,
            message,
            expected: None,
            found: None,
            upload: None,
            functions: Vec::new(),
            of_prepared: false,
            found_at,
            closed_at: None,
            announced_at: None,
        }
    }

    /// The same with what should be and what is.
    #[must_use]
    pub(crate) fn with_values(self, expected: Option<&str>, found: Option<&str>) -> Self {
        Self {
            expected: expected.map(str::to_owned),
            found: found.map(str::to_owned),
            ..self
        }
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        if self.of_prepared && self.kind == DriftKind::OtherCodeRuns {
            MEANING_OF_PREPARED
        } else {
            self.kind.meaning()
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        if self.of_prepared && self.kind == DriftKind::OtherCodeRuns {
            FIX_OF_PREPARED
        } else {
            self.kind.fix()
        }
    }

    /// Where it is on record.
    #[must_use]
    pub fn path(&self) -> String {
        drift_path(&self.subject, self.kind)
    }

    /// Whether it lasts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether both tell the same thing of the world, whenever that was found. Of a subject's uploads that are
    /// stuck one is told at a time: as long as it is, whoever looks finds the others. Of functions outside the
    /// gate each is told once.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let is_one_subject = (self.kind, &self.subject) == (other.kind, &other.subject);
        let is_one_finding = (&self.expected, &self.found) == (&other.expected, &other.found);
        is_one_subject
            && match self.kind {
                DriftKind::UploadStuck => true,
                DriftKind::NotGated => self.knows_all_of(other),
                _ => is_one_finding,
            }
    }
}

impl Drift {
    /// Whether each function of `other` is one of this. Both are in order.
    fn knows_all_of(&self, other: &Self) -> bool {
        let is_known = |name: &String| self.functions.binary_search(name).is_ok();
        other.functions.iter().all(is_known)
    }
}

pub(crate) fn drift_path(subject: &str, kind: DriftKind) -> String {
    format!("{DRIFT_FOLDER}{subject}/{kind}.json")
}

/// `resent.json`, beside an upload's documents: its event did not come to its end, and was sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    /// 1.
    pub schema: Schema,
    /// How often.
    pub times: u32,
    /// To which function, the last time.
    pub to: String,
    /// When, the last time.
    pub resent_at: Timestamp,
}

impl Document for Resent {
    const FILE: &'static str = "resent.json";
}
