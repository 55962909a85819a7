//! The SDK's times as the gate's.

use aws_sdk_s3::primitives::DateTime;
use countersign_gate::ports::PortError;
use jiff::Timestamp;

use crate::error::{required, unreadable};

/// A time that the answer must have, in whole seconds.
pub(super) fn timestamp(
    call: &'static str,
    field: &'static str,
    time: Option<&DateTime>,
) -> Result<Timestamp, PortError> {
    let time = required(call, field, time)?;
    Timestamp::from_second(time.secs()).map_err(|error| unreadable(call, field, &error))
}
