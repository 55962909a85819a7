//! Who may do what, as IAM has it on paper.

use std::future::Future;

use super::error::PortError;

/// A user, group or role with the policies that give it rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its ARN.
    pub arn: String,
    /// Inline and attached policies. A group's are the group's, not its users'.
    pub policies: Vec<AccessPolicy>,
}

/// A policy of a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Its name, or the ARN of a managed one.
    pub name: String,
    /// The document, JSON; empty when IAM did not hand it out.
    pub document: String,
}

/// The policies of an account.
pub trait AccessPolicies: Sync {
    /// `GetAccountAuthorizationDetails`, all pages.
    fn principals(&self) -> impl Future<Output = Result<Vec<Principal>, PortError>> + Send;
}
