//! How much of a page is carried. What does not fit loses detail; title, kind and target stay.

/// SNS takes 256 KiB in all, attributes included.
pub(super) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// SNS takes fewer than 100 characters of subject.
pub(super) const MAX_SUBJECT_CHARS: usize = 99;
/// One SMS.
pub(super) const MAX_SMS_CHARS: usize = 140;
/// Of an attribute of a message.
pub(super) const MAX_ATTRIBUTE_CHARS: usize = 150;
/// Of the key that pages about one thing share: `PagerDuty` takes 255 characters.
pub(super) const MAX_DEDUP_KEY_CHARS: usize = 255;
/// Of a stack's name, as CloudFormation has it.
pub(super) const MAX_STACK_CHARS: usize = 128;

/// Bounds in characters, and of lists in entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) title: usize,
    pub(super) text: usize,
    pub(super) line: usize,
    pub(super) steps: usize,
    pub(super) facts: usize,
    pub(super) fact: usize,
    pub(super) resources: usize,
}

impl Bounds {
    /// What an ordinary page never reaches.
    pub(super) const FULL: Self = Self {
        title: 200,
        text: 2_000,
        line: 1_000,
        steps: 8,
        facts: 14,
        fact: 200,
        resources: 4,
    };

    /// The next smaller ones.
    pub(super) fn halved(self) -> Self {
        Self {
            title: self.title,
            text: self.text / 2,
            line: self.line / 2,
            steps: self.steps / 2,
            facts: self.facts / 2,
            fact: self.fact / 2,
            resources: self.resources / 2,
        }
    }
}
