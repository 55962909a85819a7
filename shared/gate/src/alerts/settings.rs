//! What `alert` knows of its stack: its name, its records, its own roles and its targets.

use super::page::AwsLocation;
use crate::{
    domain::{CscArn, FunctionName, LayerName, NamePattern, ProfileName, Target},
    events::{ApiCall, RoleId},
};
use std::{collections::BTreeSet, time::Duration};

/// A list of roles that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a list of role ARNs separated by commas")]
pub struct RoleListError {
    text: String,
}

/// The roles of the stack's own functions. A call by one of them is the gate's own work, and the gate
/// tells of it itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleList(Vec<RoleId>);

impl RoleList {
    /// Reads ARNs separated by commas, at least one.
    pub fn parse(text: &str) -> Result<Self, RoleListError> {
        text.split(',')
            .map(|arn| RoleId::of_role(arn.trim()))
            .collect::<Option<Vec<_>>>()
            .map(Self)
            .ok_or_else(|| RoleListError {
                text: text.to_owned(),
            })
    }

    /// No roles: no call is the gate's own.
    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether this role is one of them, whatever the path in its ARN is.
    #[must_use]
    pub fn has(&self, role_arn: &str) -> bool {
        RoleId::of_role(role_arn).is_some_and(|role| self.0.contains(&role))
    }

    /// Their ARNs, without the paths that some have.
    #[must_use]
    pub fn arns_without_paths(&self) -> BTreeSet<String> {
        let plain = |role: &RoleId| {
            let [plain, _with_path] = role.arns();
            plain
        };
        self.0.iter().map(plain).collect()
    }

    /// Patterns of their ARNs.
    pub(super) fn arns(&self) -> Vec<String> {
        self.0.iter().flat_map(RoleId::arns).collect()
    }

    /// Patterns of the ARNs of their sessions.
    pub(super) fn sessions(&self) -> Vec<String> {
        self.0.iter().map(RoleId::sessions).collect()
    }

    /// Whether the call was made by a session of one of them. The session's name plays no part: whoever
    /// assumes a role chooses it.
    #[must_use]
    pub fn made(&self, call: &ApiCall) -> bool {
        call.role_arn()
            .and_then(|arn| RoleId::of_role(&arn))
            .is_some_and(|role| self.0.contains(&role))
    }
}

/// What subscribers by https get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpsPages {
    /// The schema of Amazon Q Developer, which shows pages in Slack and Teams.
    #[default]
    AmazonQ,
    /// The document that programs get by the other protocols.
    Json,
}

/// What `alert` was set up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSettings {
    /// `COUNTERSIGN_STACK`
    pub stack: String,
    /// `COUNTERSIGN_RECORDS_BUCKET`
    pub records_bucket: String,
    /// `COUNTERSIGN_OWN_ROLES`
    pub own_roles: RoleList,
    /// `COUNTERSIGN_PEER_ROLES`: the roles of other gates of the account. Whoever runs this stack lists them: what a
    /// role says of itself, in its tags or its name, is not believed.
    pub peer_roles: RoleList,
    /// `COUNTERSIGN_TARGET_FUNCTIONS`; `None` is all.
    pub functions: Option<NamePattern>,
    /// Functions with other names that are under the stack's code signing configuration, as far as `sweep` saw them there
    /// and a call is about one of them.
    pub under_own_csc: BTreeSet<FunctionName>,
    /// `COUNTERSIGN_TARGET_LAYERS`; `None` is all.
    pub layers: Option<NamePattern>,
    /// `COUNTERSIGN_SIGNING_PROFILE`; `None` is any.
    pub signing_profile: Option<ProfileName>,
    /// `COUNTERSIGN_TAGGED_PROFILES`, and the profiles that the stack's code signing configuration trusts beside its own.
    pub other_profiles: Vec<NamePattern>,
    /// `COUNTERSIGN_CSC_ARN`: the code signing configuration that functions of this stack are put under.
    pub csc: Option<CscArn>,
    /// `COUNTERSIGN_KEY_ARN`: the stack's key.
    pub key_arn: Option<String>,
    /// `COUNTERSIGN_SUCCESS_NOTICES`: a good deployment is told, too.
    pub success_notices: bool,
    /// `COUNTERSIGN_REPEAT_MINUTES`: how long the same thing is counted before it is summed up; zero tells each
    /// time.
    pub repeat_interval: Duration,
    /// `COUNTERSIGN_UNTRUSTED_CODE`: whether the code signing configuration of the stack only warns.
    pub only_warns: bool,
    /// `COUNTERSIGN_HTTPS_PAGES`
    pub https_pages: HttpsPages,
    /// `COUNTERSIGN_RUNBOOK_URL`: pages link to it, with the kind behind a `#`.
    pub runbook_url: Option<String>,
    /// Where the stack is, of the topic's ARN.
    pub place: Option<AwsLocation>,
}

impl AlertSettings {
    /// Whether changes of this function are told: the gate deploys to it, or it is under the stack's code signing
    /// configuration.
    #[must_use]
    pub fn gates_function(&self, name: &FunctionName) -> bool {
        self.deploys_to(name) || self.under_own_csc.contains(name)
    }

    /// Whether the gate deploys to a function of this name.
    #[must_use]
    pub fn deploys_to(&self, name: &FunctionName) -> bool {
        let pattern = self.functions.as_ref();
        pattern.is_none_or(|pattern| pattern.matches(name.as_str()))
    }

    /// Whether only the gate should publish this layer.
    #[must_use]
    pub fn gates_layer(&self, name: &LayerName) -> bool {
        let pattern = self.layers.as_ref();
        pattern.is_none_or(|pattern| pattern.matches(name.as_str()))
    }

    /// Whether only the gate should change this target.
    #[must_use]
    pub fn gates(&self, target: &Target) -> bool {
        match target {
            Target::Function(name) => self.gates_function(name),
            Target::Layer(name) => self.gates_layer(name),
        }
    }

    /// Whether a thing of this name belongs to the stack: CloudFormation and the template begin the names
    /// of the stack's things with its name; buckets have it in small letters.
    #[must_use]
    pub fn owns(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let stack = self.stack.to_ascii_lowercase();
        name == stack
            || name
                .strip_prefix(&stack)
                .is_some_and(|rest| rest.starts_with('-'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_roles_is_whole_or_wrong() {
        let one = "arn:aws:iam::111122223333:role/gate-DeployRole-1X";
        assert!(RoleList::parse(one).is_ok());
        assert_eq!(
            RoleList::parse(&format!("{one}, {one}")).unwrap().0.len(),
            2
        );
        for wrong in [
            "",
            "gate",
            &format!("{one},"),
            "arn:aws:iam::111122223333:user/x",
        ] {
            assert!(RoleList::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn stack_owns_what_begins_with_its_name() {
        let settings = AlertSettings {
            stack: "Gate".to_owned(),
            records_bucket: "records".to_owned(),
            own_roles: RoleList::parse("arn:aws:iam::1:role/r").unwrap(),
            peer_roles: RoleList::none(),
            functions: None,
            under_own_csc: BTreeSet::new(),
            layers: None,
            signing_profile: None,
            other_profiles: Vec::new(),
            csc: None,
            key_arn: None,
            success_notices: false,
            repeat_interval: Duration::from_hours(1),
            only_warns: false,
            https_pages: HttpsPages::AmazonQ,
            runbook_url: None,
            place: None,
        };
        for name in ["Gate", "Gate-sign", "gate-recordsbucket-1x"] {
            assert!(settings.owns(name), "{name}");
        }
        for name in ["Gateway-sign", "orders", "", "my-Gate-sign"] {
            assert!(!settings.owns(name), "{name}");
        }
    }
}
