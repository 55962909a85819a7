//! Who somebody's credentials belong to.

use countersign_gate::ports::{Caller, CallerIdentity, PortError};

use crate::{
    connection::Connection,
    error::{port_error, required},
};

const CALL: &str = "sts:GetCallerIdentity";

/// [`Caller`] over STS.
#[derive(Debug)]
pub struct StsCaller {
    connection: Connection,
}

impl StsCaller {
    /// Whoever the connection calls as.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl Caller for StsCaller {
    async fn caller_identity(&self) -> Result<CallerIdentity, PortError> {
        let answer = self.connection.sts().get_caller_identity().send().await;
        let identity = answer.map_err(|error| port_error(CALL, error))?;
        Ok(CallerIdentity {
            user_id: required(CALL, "UserId", identity.user_id)?,
            arn: required(CALL, "Arn", identity.arn)?,
        })
    }
}
