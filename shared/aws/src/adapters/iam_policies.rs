//! The policies of an account's users, groups and roles.

use std::collections::HashMap;

use aws_sdk_iam::types::{AttachedPolicy, PolicyDetail};
use countersign_gate::ports::{AccessPolicies, AccessPolicy, Pages, PortError, Principal};
use percent_encoding::percent_decode_str;

use crate::{
    connection::Connection,
    error::{next_marker, port_error, required, unreadable},
};

const CALL: &str = "iam:GetAccountAuthorizationDetails";

/// [`AccessPolicies`] over IAM.
#[derive(Debug)]
pub struct IamPolicies {
    connection: Connection,
}

impl IamPolicies {
    /// Those of the connection's account.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

/// What a principal has: its inline policies, and the ARNs of the managed ones, whose documents may be on a later page.
struct Found {
    arn: String,
    inline: Vec<AccessPolicy>,
    attached: Vec<AttachedPolicy>,
}

impl Found {
    fn new(
        arn: Option<String>,
        inline: Option<Vec<PolicyDetail>>,
        attached: Option<Vec<AttachedPolicy>>,
    ) -> Result<Self, PortError> {
        let inline = inline.into_iter().flatten().map(|policy| {
            Ok(AccessPolicy {
                name: required(CALL, "PolicyName", policy.policy_name)?,
                document: decoded(policy.policy_document.as_deref())?,
            })
        });
        Ok(Self {
            arn: required(CALL, "Arn", arn)?,
            inline: inline.collect::<Result<_, PortError>>()?,
            attached: attached.unwrap_or_default(),
        })
    }

    /// With the documents of its managed policies.
    fn principal(self, managed: &HashMap<String, String>) -> Principal {
        let attached = self.attached.into_iter().filter_map(|policy| {
            let name = policy.policy_arn?;
            let document = managed.get(&name).cloned().unwrap_or_default();
            Some(AccessPolicy { name, document })
        });
        Principal {
            arn: self.arn,
            policies: self.inline.into_iter().chain(attached).collect(),
        }
    }
}

/// IAM writes documents percent-encoded (RFC 3986; its API reference, grade B).
fn decoded(document: Option<&str>) -> Result<String, PortError> {
    let decoded = percent_decode_str(document.unwrap_or_default()).decode_utf8();
    let decoded = decoded.map_err(|error| unreadable(CALL, "PolicyDocument", &error))?;
    Ok(decoded.into_owned())
}

impl AccessPolicies for IamPolicies {
    async fn principals(&self) -> Result<Vec<Principal>, PortError> {
        let mut found = Vec::new();
        let mut managed = HashMap::new();
        let mut pages = Pages::of(CALL);
        while pages.has_next() {
            let request = self.connection.iam().get_account_authorization_details();
            let marker = pages.marker().map(str::to_owned);
            let answer = request.set_marker(marker).send().await;
            let answer = answer.map_err(|error| port_error(CALL, error))?;
            pages.turn_to(next_marker(CALL, answer.is_truncated, answer.marker)?)?;
            for user in answer.user_detail_list.into_iter().flatten() {
                let (inline, attached) = (user.user_policy_list, user.attached_managed_policies);
                found.push(Found::new(user.arn, inline, attached)?);
            }
            for group in answer.group_detail_list.into_iter().flatten() {
                let (inline, attached) = (group.group_policy_list, group.attached_managed_policies);
                found.push(Found::new(group.arn, inline, attached)?);
            }
            for role in answer.role_detail_list.into_iter().flatten() {
                let (inline, attached) = (role.role_policy_list, role.attached_managed_policies);
                found.push(Found::new(role.arn, inline, attached)?);
            }
            for policy in answer.policies.into_iter().flatten() {
                let versions = policy.policy_version_list.into_iter().flatten();
                let default = versions
                    .into_iter()
                    .find(|version| version.is_default_version);
                if let (Some(arn), Some(default)) = (policy.arn, default) {
                    managed.insert(arn, decoded(default.document.as_deref())?);
                }
            }
        }
        let principals = found.into_iter().map(|found| found.principal(&managed));
        Ok(principals.collect())
    }
}
