//! The uploads bucket, for whoever approves.

use super::error::PortError;
use std::future::Future;

/// Writing statements about uploads. The gate's own roles have no right to.
pub trait StatementStore: Sync {
    /// `PutObject` of a JSON document at this key.
    fn put_statement(
        &self,
        key: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// `DeleteObject` of the key's current version: a delete marker takes its place. A key that is not there is no error.
    fn delete_statement(&self, key: &str) -> impl Future<Output = Result<(), PortError>> + Send;
}
