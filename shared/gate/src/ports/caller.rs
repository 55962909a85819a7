//! Who calls AWS.

use super::error::PortError;
use std::future::Future;

/// Who somebody's credentials belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The unique id, as S3's notifications name the principal behind `AWS:` (grade B): `AIDA…` of a user, `AROA…:session`
    /// of a session of a role.
    pub user_id: String,
    /// Its ARN.
    pub arn: String,
}

/// Who calls.
pub trait Caller: Sync {
    /// `GetCallerIdentity`, which takes no right.
    fn caller_identity(&self) -> impl Future<Output = Result<CallerIdentity, PortError>> + Send;
}
