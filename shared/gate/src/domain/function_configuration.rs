//! What of a function's configuration decides which code runs, and how.

use serde::Serialize;

use super::{arn::Arn, code_signing_config::Csc};

/// The variable that has Lambda start a script of the caller's choice instead of the runtime.
pub const EXEC_WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";

/// The part of a function's configuration that decides which code runs. Memory, time limit and the other
/// variables are not here: they change with every stack update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionConfiguration {
    /// `Runtime`.
    pub runtime: Option<String>,
    /// `Handler`.
    pub handler: Option<String>,
    /// The first of `Architectures`; `None` when Lambda does not say, or names one that is not known here.
    pub architecture: Option<Architecture>,
    /// `Layers`, in their order: a later one overwrites the files of an earlier one.
    pub layers: Vec<AttachedLayer>,
    /// The variable [`EXEC_WRAPPER`].
    pub exec_wrapper: ExecWrapper,
    /// Where Lambda reads the code from.
    pub storage: CodeStorage,
}

/// A processor that Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Architecture {
    /// `x86_64`
    #[serde(rename = "x86_64")]
    X86_64,
    /// `arm64`
    #[serde(rename = "arm64")]
    Arm64,
}

/// A layer version that a function uses (`Layers` of its configuration).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedLayer {
    /// The ARN of the layer's version.
    pub arn: String,
    /// `CodeSize`: bytes of its zip. What it unpacks to is not told.
    pub zip_bytes: Option<u64>,
    /// `SigningJobArn`, when it is signed.
    pub job_arn: Option<String>,
    /// `SigningProfileVersionArn`, when it is signed.
    pub profile_version_arn: Option<String>,
}

/// The variable [`EXEC_WRAPPER`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExecWrapper {
    /// It is not set.
    #[default]
    NotSet,
    /// This is started.
    Set(String),
    /// Lambda could not decrypt the variables for the caller (`Environment.Error`).
    Unknown,
}

/// Where Lambda reads the code from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeStorage {
    /// From its own copy, which nobody can change.
    #[default]
    Copied,
    /// From an object in a bucket (`ResolvedS3Object`, grade A; that a published version tells it, too, grade D).
    Referenced,
}

impl FunctionConfiguration {
    /// How this differs from what it was, a sentence for each difference. What is not known on one side does
    /// not differ.
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        let mut compare = |what: &str, before: &str, now: &str| {
            if before != now {
                changes.push(format!("{what} was {before}, and is {now}"));
            }
        };
        compare(
            "the runtime",
            before.runtime.as_deref().unwrap_or("not set"),
            self.runtime.as_deref().unwrap_or("not set"),
        );
        compare(
            "the handler",
            before.handler.as_deref().unwrap_or("not set"),
            self.handler.as_deref().unwrap_or("not set"),
        );
        compare(
            "the list of layers",
            &before.layer_list(),
            &self.layer_list(),
        );
        // What was never readable says nothing; what is not readable any more was hidden by somebody.
        if let Some(before) = before.exec_wrapper.word() {
            let now = self.exec_wrapper.word().unwrap_or("not readable any more");
            compare(&format!("the variable {EXEC_WRAPPER}"), before, now);
        }
        compare("the code", before.storage.word(), self.storage.word());
        changes
    }

    fn layer_list(&self) -> String {
        if self.layers.is_empty() {
            return "empty".to_owned();
        }
        let arns: Vec<&str> = self.layers.iter().map(|layer| layer.arn.as_str()).collect();
        arns.join(" ")
    }
}

impl AttachedLayer {
    /// The account that published it: `arn:<partition>:lambda:<region>:<account>:layer:<name>:<version>`.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        Arn::parse(&self.arn).map(|arn| arn.account)
    }

    /// Why it is not trusted under this configuration; `None` when it is.
    #[must_use]
    pub fn doubt_under(&self, csc: &Csc) -> Option<String> {
        let Some(signer) = self.profile_version_arn.as_deref() else {
            return Some("is not signed".to_owned());
        };
        let is_trusted = csc.publishers().any(|publisher| publisher == signer);
        (!is_trusted)
            .then(|| format!("is signed by {signer}, whom the configuration does not name"))
    }
}

impl Architecture {
    /// As Lambda spells it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "x86_64" => Some(Self::X86_64),
            "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// As Lambda spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

impl ExecWrapper {
    fn word(&self) -> Option<&str> {
        match self {
            Self::NotSet => Some("not set"),
            Self::Set(path) => Some(path),
            Self::Unknown => None,
        }
    }
}

impl CodeStorage {
    fn word(self) -> &'static str {
        match self {
            Self::Copied => "a copy of Lambda's own",
            Self::Referenced => "read from a bucket",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(number: u32) -> AttachedLayer {
        AttachedLayer {
            arn: format!("arn:aws:lambda:eu-west-1:111122223333:layer:common:{number}"),
            zip_bytes: None,
            job_arn: None,
            profile_version_arn: None,
        }
    }

    fn configuration() -> FunctionConfiguration {
        FunctionConfiguration {
            runtime: Some("nodejs24.x".to_owned()),
            handler: Some("index.handler".to_owned()),
            layers: vec![layer(1), layer(2)],
            ..FunctionConfiguration::default()
        }
    }

    #[test]
    fn each_difference_is_a_sentence() {
        let before = configuration();
        assert_eq!(before.changes_since(&before), [""; 0]);
        let mut now = configuration();
        now.layers.swap(0, 1);
        now.runtime = None;
        now.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
        now.storage = CodeStorage::Referenced;
        let changes = now.changes_since(&before);
        assert_eq!(changes.len(), 4, "{changes:?}");
        assert_eq!(changes[0], "the runtime was nodejs24.x, and is not set");
        assert!(changes[2].ends_with("was not set, and is /opt/wrapper"));
    }

    #[test]
    fn unknown_values_do_not_differ_and_hidden_ones_do() {
        let before = configuration();
        let mut now = configuration();
        now.exec_wrapper = ExecWrapper::Unknown;
        assert_eq!(now.changes_since(&before).len(), 1);
        assert_eq!(before.changes_since(&now), [""; 0]);
        assert_eq!(now.changes_since(&now.clone()), [""; 0]);
    }

    #[test]
    fn layer_names_the_account_that_published_it() {
        assert_eq!(layer(1).account(), Some("111122223333"));
    }
}
