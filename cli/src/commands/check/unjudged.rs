//! What of the question whether a package starts was not looked at, as it is printed, with what would help.

use countersign_gate::verdict::NotJudged;
use serde::Serialize;

/// What would tell which function it is.
pub(super) const NAME_THE_FUNCTION: &str =
    "give --function NAME, --configuration FILE, or --runtime and --handler";

/// What would tell whom the function trusts.
const ASK_AWS: &str = "give --function NAME in place of --configuration";

/// A part of the check that was not made; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Unjudged {
    /// What was not looked at.
    pub(super) what: &'static str,
    /// Why not.
    pub(super) why: String,
    /// What to give, so that it is; null where no option would help.
    pub(super) fix: Option<String>,
}

impl Unjudged {
    /// A package that cannot be read; why it cannot is told as the refusal.
    pub(super) fn unreadable() -> Self {
        Self {
            what: "whether it starts",
            why: "the zip cannot be read".to_owned(),
            fix: None,
        }
    }

    /// Layers that a file names, while the code signing configuration that they are held against is not in it.
    pub(super) fn trust_of_layers() -> Self {
        Self {
            what: "whether its layers are trusted",
            why: "the function's code signing configuration is not known".to_owned(),
            fix: Some(ASK_AWS.to_owned()),
        }
    }
}

impl From<NotJudged> for Unjudged {
    fn from(part: NotJudged) -> Self {
        let fix = match &part {
            NotJudged::FunctionUnknown => Some(NAME_THE_FUNCTION),
            NotJudged::RuntimeMissing => Some("give --runtime, such as python3.13"),
            NotJudged::HandlerMissing => Some("give --handler, such as app.handler"),
            NotJudged::ArchitectureMissing => Some("give --architecture"),
            NotJudged::RuntimeUnknown { .. } => Some("correct --runtime, or the configuration"),
            NotJudged::HandlerOutside
            | NotJudged::Layers
            | NotJudged::Wrapper
            | NotJudged::VariablesUnread => None,
        };
        Self {
            what: part.what(),
            why: part.why(),
            fix: fix.map(str::to_owned),
        }
    }
}
