//! Changing a document of `alerts/…` that another run of `alert` may be changing, too.

use serde::{Serialize, de::DeserializeOwned};

use super::error::AlertError;
use crate::{
    ports::{PortError, RecordWithEtag, Records, Replacement},
    records::{self, RecordError},
};

/// Two runs at most work at once, so that one of them is through after a few.
const MAX_ATTEMPTS: u32 = 8;

/// What a change makes of a document.
pub(super) enum Change<T, A> {
    /// It becomes this one.
    Write(T, A),
    /// It stays as it is.
    Keep(A),
}

/// Reads the document, has it changed, and writes it back as long as nobody else did meanwhile.
pub(super) async fn change<R, T, A, F>(
    records: &R,
    path: &str,
    mut decide: F,
) -> Result<A, AlertError>
where
    R: Records,
    T: Serialize + DeserializeOwned + Send + Sync,
    A: Send,
    F: FnMut(Option<T>) -> Change<T, A> + Send,
{
    for _ in 0..MAX_ATTEMPTS {
        let seen = records.read_record_with_etag(path).await?;
        let before = seen.as_ref().map(|seen| parse(path, seen)).transpose()?;
        let (after, answer) = match decide(before) {
            Change::Keep(answer) => return Ok(answer),
            Change::Write(after, answer) => (after, answer),
        };
        let body = records::to_json(path, &after)?;
        if records
            .replace_record_as_seen(path, &body, seen.as_ref())
            .await?
            == Replacement::Replaced
        {
            return Ok(answer);
        }
    }
    Err(busy("other runs changed the document each time"))
}

/// Another run is at it: tried again with the message.
pub(super) fn busy(why: &'static str) -> AlertError {
    AlertError::Port(PortError::Unavailable {
        call: "s3:PutObject",
        source: why.into(),
    })
}

pub(super) fn parse<T: DeserializeOwned>(
    path: &str,
    seen: &RecordWithEtag,
) -> Result<T, RecordError> {
    serde_json::from_slice(&seen.body).map_err(|source| RecordError::Unreadable {
        path: path.to_owned(),
        source,
    })
}
