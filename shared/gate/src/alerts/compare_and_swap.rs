//! Changing a document of `alerts/…` that another run of `alert` may be changing, too.

use serde::{Serialize, de::DeserializeOwned};

use super::error::AlertError;
use crate::{
    ports::{RecordWithEtag, Records, Replacement},
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
    // Tried again with the message.
    Err(AlertError::Contended {
        path: path.to_owned(),
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

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::ports::{Creation, PortError};

    /// Records of which another run changes each one in between.
    struct Contended;

    impl Records for Contended {
        async fn read_record(&self, _: &str) -> Result<Option<Vec<u8>>, PortError> {
            Ok(None)
        }

        async fn create_record(&self, _: &str, _: &[u8]) -> Result<Creation, PortError> {
            Ok(Creation::Existed)
        }

        async fn replace_record(&self, _: &str, _: &[u8]) -> Result<(), PortError> {
            Ok(())
        }

        async fn read_record_with_etag(
            &self,
            _: &str,
        ) -> Result<Option<RecordWithEtag>, PortError> {
            Ok(None)
        }

        async fn replace_record_as_seen(
            &self,
            _: &str,
            _: &[u8],
            _: Option<&RecordWithEtag>,
        ) -> Result<Replacement, PortError> {
            Ok(Replacement::Changed)
        }

        async fn list_records(&self, _: &str) -> Result<Vec<String>, PortError> {
            Ok(Vec::new())
        }

        async fn list_record_folders(&self, _: &str) -> Result<Vec<String>, PortError> {
            Ok(Vec::new())
        }
    }

    /// S3 answered each time: it is not to blame.
    #[test]
    fn document_that_others_keep_changing_is_named() {
        let write = |_: Option<u32>| Change::Write(1, ());
        let mut changed = pin!(change(&Contended, "alerts/open.json", write));
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Err(error)) = changed.as_mut().poll(&mut context) else {
            panic!("it is never written")
        };
        let text = crate::ports::error_chain(&error);
        assert_eq!(
            text,
            "other runs changed the document alerts/open.json each time"
        );
    }
}
