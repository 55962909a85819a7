//! A page: what a person is told.

use crate::{domain::Target, records::UploadState};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// What lasts of a function that was created with layers: its code. Neither a deployment nor other layers end both.
pub(super) const LATEST: &str = "$LATEST";

/// How soon someone should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// When there is time.
    Notice,
    /// Today: something is refused, or deployed with a warning.
    Warning,
    /// Now: a protection is gone, or somebody may be at work who should not be.
    Critical,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Critical];

    /// The severity of this word, in whatever case of letters.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let is_it = |severity: &Self| severity.as_str().eq_ignore_ascii_case(word);
        Self::ALL.into_iter().find(is_it)
    }

    /// The word in subjects and titles.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "CRITICAL",
        }
    }
}

/// How often the same thing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Each time, whatever was told before.
    EachTime,
    /// Each time that there is something new to say: it is one of a kind, or whoever sends it counts already. A
    /// second delivery of the same is not told.
    EachNew,
    /// Once in the stack's interval; the sum tells the others.
    Counted,
    /// Once a day: a team's pipeline under Warn is no alarm each time.
    CountedDaily,
}

/// What a page says of the thing that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// An upload ended so.
    Ended(UploadState),
    /// It happened.
    Detected,
    /// It happened again, and this is the sum.
    Repeated,
    /// It lasts until a page says that it is gone.
    Open,
    /// What other pages with the same key told is gone.
    Closed,
}

impl PageState {
    /// The word in attributes and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended(state) => state.as_str(),
            Self::Detected => "detected",
            Self::Repeated => "repeated",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// How far one thing reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncidentScope {
    /// One target, or whatever else the page is about.
    #[default]
    Subject,
    /// All of the stack, under this title: attempts at many targets are one thing, and its sum names them.
    Stack(&'static str),
}

/// Where something is in AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsLocation {
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: String,
    /// The region.
    pub region: String,
    /// The number of the account.
    pub account: String,
}

/// What a person is told. Texts may hold anything that an event held; rendering makes them safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The event's id, by which repeated pages can be recognised.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Where it happened, if that may be elsewhere than in the stack's own account and region.
    pub place: Option<AwsLocation>,
    /// How soon someone should look.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// What happened and why it matters, in sentences.
    pub text: String,
    /// What to do, in order.
    pub next_steps: Vec<String>,
    /// Names and values: who, when, where, what.
    pub facts: Vec<(&'static str, String)>,
    /// ARNs or S3 addresses of what it is about.
    pub resources: Vec<String>,
    /// What kind of page it is: a reason code or the id of a detection.
    pub kind: String,
    /// What it is about, so that chat clients keep pages about one thing together.
    pub subject: String,
    /// The function or layer, when it is about one that is the gate's to deploy.
    pub target: Option<Target>,
    /// Who did it, where that is known: a sum tells them apart.
    pub by: Option<String>,
    /// What makes two pages of one kind and scope the same thing: who did it, by which call.
    pub distinct_by: String,
    /// Whose code it is and who signed it, in a word or two: the same thing with other code is told at once. `None` if that is
    /// not known, or it is about no code.
    pub code_class: Option<String>,
    /// What it brought that is not gone when something else ends it: publishers of a configuration, layers of a function,
    /// `$LATEST` for code that came with layers. It is over when these are gone, too.
    pub lasting: Vec<String>,
    /// What can be the same thing at all.
    pub scope: IncidentScope,
    /// In place of the key that is made of kind, subject and `distinct_by`.
    pub dedup_key: Option<String>,
    /// How often the same thing is told.
    pub repetition: Repetition,
    /// What the page says of the thing that it is about.
    pub state: PageState,
    /// The stack that pages.
    pub stack: String,
}

impl Page {
    /// What happened at this time, by the id of its event: the rest is said where the page is made.
    pub(super) fn new(stack: &str, id: String, at: Timestamp) -> Self {
        Self {
            id,
            at,
            place: None,
            severity: Severity::Notice,
            title: String::new(),
            text: String::new(),
            next_steps: Vec::new(),
            facts: Vec::new(),
            resources: Vec::new(),
            kind: String::new(),
            subject: String::new(),
            target: None,
            by: None,
            distinct_by: String::new(),
            code_class: None,
            lasting: Vec::new(),
            scope: IncidentScope::Subject,
            dedup_key: None,
            repetition: Repetition::EachTime,
            state: PageState::Detected,
            stack: stack.to_owned(),
        }
    }

    /// Tells apart the things of one kind and scope: 16 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        short_hash(&[&self.kind, self.about(), &self.distinct_by])
    }

    /// Tells apart what is said of one thing: its state, when, and in which words. Another event that says the same
    /// has the same.
    #[must_use]
    pub(super) fn content_hash(&self) -> String {
        let at = self.at.to_string();
        short_hash(&[self.state.as_str(), &at, &self.title, &self.text])
    }

    /// What happened, by which a second delivery of it is known. An upload's end is one, however often it is announced
    /// or pointed at: each event of the bus has an id of its own, the record is written once.
    #[must_use]
    pub(super) fn happening(&self) -> &str {
        match (self.state, self.resources.first()) {
            (PageState::Ended(_), Some(record)) => record,
            _ => &self.id,
        }
    }

    /// What the thing is about.
    #[must_use]
    pub(super) fn about(&self) -> &str {
        match self.scope {
            IncidentScope::Subject => &self.subject,
            IncidentScope::Stack(_) => &self.stack,
        }
    }

    /// Whether all is well: it tells of nothing that is wrong, or was.
    #[must_use]
    pub fn is_good_news(&self) -> bool {
        let is_well = matches!(
            self.state,
            PageState::Ended(UploadState::Deployed | UploadState::Prepared)
        );
        is_well && self.severity == Severity::Notice
    }

    /// The key by which whoever takes pages knows those about the same thing, the one that closes it included.
    #[must_use]
    pub fn dedup_key(&self) -> String {
        let made = || {
            format!(
                "{}/{}/{}/{}",
                self.stack,
                self.about(),
                self.kind,
                self.hash()
            )
        };
        self.dedup_key.clone().unwrap_or_else(made)
    }
}

/// 16 hexadecimal digits that tell apart what these texts are.
pub(super) fn short_hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let mut text = hex::encode(hasher.finalize());
    text.truncate(16);
    text
}
