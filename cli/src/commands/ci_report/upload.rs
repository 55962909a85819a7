//! What the events say of each upload, and of the run that made them.

use countersign_gate::domain::Target;
use serde::{Deserialize, Serialize};

use crate::io::exit_status::ExitStatus;

/// How an upload ended, as far as the events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Deployed,
    Prepared,
    Superseded,
    /// Another package of the same push was refused, so that this one was not uploaded.
    HeldBack,
    /// There was no outcome in time, or nobody waited.
    NotKnown,
    Rejected,
    /// It was not even uploaded.
    Refused,
    Failed,
    /// The command could not do its work.
    Unusable,
}

/// An upload, or a package that was not uploaded.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Upload {
    pub(super) target: Target,
    pub(super) state: State,
    /// The version of the function or layer.
    pub(super) version: Option<String>,
    pub(super) alias: Option<String>,
    /// The version id of the upload.
    pub(super) version_id: Option<String>,
    pub(super) label: Option<String>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) fix: Option<String>,
    pub(super) took_ms: Option<i64>,
}

/// An event, as far as it is read here.
#[derive(Deserialize)]
pub(super) struct Event {
    target: Target,
    label: Option<String>,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum What {
    Refused {
        code: String,
        message: String,
        fix: String,
    },
    HeldBack,
    Uploaded {
        version: String,
    },
    Ended {
        outcome: Outcome,
    },
    NotKnown {
        standing: Option<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Outcome {
    upload: OfUpload,
    state: State,
    code: Option<String>,
    message: String,
    fix: Option<String>,
    deployed: Option<Deployed>,
    took_ms: Option<i64>,
}

#[derive(Deserialize)]
struct OfUpload {
    id: UploadId,
}

#[derive(Deserialize)]
struct UploadId {
    version: String,
}

#[derive(Deserialize)]
struct Deployed {
    version: Option<String>,
    alias: Option<String>,
}

impl State {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Prepared => "prepared",
            Self::Superseded => "superseded",
            Self::HeldBack => "held_back",
            Self::NotKnown => "not_known",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unusable => "unusable",
        }
    }

    pub(super) const fn is_good(self) -> bool {
        matches!(self, Self::Deployed | Self::Prepared)
    }
}

impl Upload {
    fn new(target: Target) -> Self {
        Self {
            target,
            state: State::NotKnown,
            version: None,
            alias: None,
            version_id: None,
            label: None,
            code: None,
            message: None,
            fix: None,
            took_ms: None,
        }
    }

    fn take(&mut self, event: Event) {
        self.label = event.label.or(self.label.take());
        match event.what {
            What::Refused { code, message, fix } => {
                self.state = State::Refused;
                (self.code, self.message, self.fix) = (Some(code), Some(message), Some(fix));
            }
            What::HeldBack => {
                self.state = State::HeldBack;
                self.message =
                    Some("it was not uploaded, since another package was refused".to_owned());
            }
            What::Uploaded { version } => self.version_id = Some(version),
            What::Ended { outcome } => {
                self.state = outcome.state;
                self.version_id = Some(outcome.upload.id.version);
                (self.code, self.fix) = (outcome.code, outcome.fix);
                self.message = Some(outcome.message);
                self.took_ms = outcome.took_ms;
                if let Some(deployed) = outcome.deployed {
                    (self.version, self.alias) = (deployed.version, deployed.alias);
                }
            }
            What::NotKnown { standing } => {
                self.state = State::NotKnown;
                self.message = Some(match standing {
                    Some(standing) => {
                        format!("there was no outcome in time; it was {standing} then, and goes on")
                    }
                    None => "the gate has not taken it in".to_owned(),
                });
            }
            What::Other => {}
        }
    }

    /// What there is to say beside the state, in one line.
    pub(super) fn says(&self) -> String {
        let message = self
            .message
            .as_deref()
            .unwrap_or("nobody waited for the outcome");
        match &self.code {
            Some(code) => format!("{code}: {message}"),
            None => message.to_owned(),
        }
    }
}

/// The uploads that events are about, in the order in which they began.
pub(super) fn uploads(events: impl IntoIterator<Item = Event>) -> Vec<Upload> {
    let mut uploads: Vec<Upload> = Vec::new();
    for event in events {
        let known = uploads
            .iter_mut()
            .find(|upload| upload.target == event.target);
        if let Some(upload) = known {
            upload.take(event);
        } else {
            let mut upload = Upload::new(event.target.clone());
            upload.take(event);
            uploads.push(upload);
        }
    }
    uploads
}

/// How a run of `push` ended.
pub(super) struct Run {
    pub(super) uploads: Vec<Upload>,
    /// The worst state of all.
    pub(super) state: State,
}

impl Run {
    /// Of a command that ended with this status.
    pub(super) fn new(uploads: Vec<Upload>, status: u8) -> Self {
        let of_command = if status == ExitStatus::Unusable.code() {
            Some(State::Unusable)
        } else {
            None
        };
        let worst = uploads.iter().map(|upload| upload.state).max();
        let state = of_command.or(worst).unwrap_or(State::NotKnown);
        Self { uploads, state }
    }

    /// What there is to say when the command could not do its work.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        (self.state == State::Unusable)
            .then_some("countersign could not do its work; the log of the step says why")
    }
}
