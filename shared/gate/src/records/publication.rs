//! The lease on the publication of a layer: of two uploads of one layer, one is published at a time.
//!
//! `PublishLayerVersion` knows no condition. Whoever holds this lease asks once more whether its upload is
//! current and then publishes, so that a version of an older upload never gets a higher number than one of
//! a newer upload. It is released, or runs out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::RecordError,
    lease::LEASE_DURATION,
    schema::Schema,
    store::{Document, to_json},
};
use crate::{
    domain::{Target, Upload},
    ports::{Clock, Records, Replacement},
};

/// `publishing.json` of a layer: which upload is being published, or was last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publishing {
    /// 1.
    pub schema: Schema,
    /// The upload.
    pub upload: Upload,
    /// The delivery that publishes it.
    pub delivery: String,
    /// When this was written.
    pub at: Timestamp,
    /// Whether the next may begin.
    pub is_over: bool,
}

impl Document for Publishing {
    const FILE: &'static str = "publishing.json";
}

impl Publishing {
    /// Takes the lease; `None` while another upload has it. A document that cannot be read holds nobody up.
    pub(crate) async fn begin<W: Records + Clock>(
        world: &W,
        target: &Target,
        upload: &Upload,
        delivery: &str,
    ) -> Result<Option<Self>, RecordError> {
        let path = format!("{target}/{}", Self::FILE);
        let seen = world.read_record_with_etag(&path).await?;
        let holder = seen.as_ref();
        let holder = holder.and_then(|seen| serde_json::from_slice::<Self>(&seen.body).ok());
        if holder.is_some_and(|holder| holder.is_held_against(upload, world.now())) {
            return Ok(None);
        }
        let lease = Self {
            schema: Schema,
            upload: upload.clone(),
            delivery: delivery.to_owned(),
            at: world.now(),
            is_over: false,
        };
        let body = to_json(&path, &lease)?;
        let written = world.replace_record_as_seen(&path, &body, seen.as_ref());
        Ok((written.await? == Replacement::Replaced).then_some(lease))
    }

    /// Lets the next upload begin at once.
    ///
    /// Where the lease ran out and another upload took it, it is that one's, and stays.
    pub(crate) async fn end<W: Records + Clock>(
        mut self,
        world: &W,
        target: &Target,
    ) -> Result<(), RecordError> {
        let path = format!("{target}/{}", Self::FILE);
        let seen = world.read_record_with_etag(&path).await?;
        let found = seen.as_ref();
        let found = found.and_then(|seen| serde_json::from_slice::<Self>(&seen.body).ok());
        let is_own =
            found.is_some_and(|it| it.upload == self.upload && it.delivery == self.delivery);
        if !is_own {
            return Ok(());
        }
        self.is_over = true;
        self.at = world.now();
        let body = to_json(&path, &self)?;
        // Who came in between has the lease.
        let _replacement = world
            .replace_record_as_seen(&path, &body, seen.as_ref())
            .await?;
        Ok(())
    }

    /// Deliveries of the same upload take turns under its own lease.
    fn is_held_against(&self, upload: &Upload, now: Timestamp) -> bool {
        let age = now.duration_since(self.at).unsigned_abs();
        !self.is_over && self.upload != *upload && age < LEASE_DURATION
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, ready},
        pin::pin,
        sync::Mutex,
        task::{Context, Poll, Waker},
        time::Duration,
    };

    use super::*;
    use crate::{
        domain::{UploadId, VersionId},
        ports::{Creation, PortError, RecordWithEtag},
    };

    /// One document, whose entity tag is its content, and a clock.
    #[derive(Default)]
    struct OneDocument {
        body: Mutex<Option<Vec<u8>>>,
        now: Mutex<Timestamp>,
    }

    impl OneDocument {
        fn is_over(&self) -> bool {
            let body = self.body.lock().unwrap().clone().unwrap();
            serde_json::from_slice::<Publishing>(&body).unwrap().is_over
        }
    }

    impl Clock for OneDocument {
        fn now(&self) -> Timestamp {
            *self.now.lock().unwrap()
        }

        fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
            let mut now = self.now.lock().unwrap();
            *now = now.saturating_add(duration).unwrap();
            ready(())
        }
    }

    impl Records for OneDocument {
        async fn read_record(&self, _: &str) -> Result<Option<Vec<u8>>, PortError> {
            Ok(self.body.lock().unwrap().clone())
        }

        async fn create_record(&self, _: &str, _: &[u8]) -> Result<Creation, PortError> {
            Ok(Creation::Existed)
        }

        async fn replace_record(&self, _: &str, body: &[u8]) -> Result<(), PortError> {
            *self.body.lock().unwrap() = Some(body.to_vec());
            Ok(())
        }

        async fn read_record_with_etag(
            &self,
            _: &str,
        ) -> Result<Option<RecordWithEtag>, PortError> {
            let body = self.body.lock().unwrap().clone();
            Ok(body.map(|body| RecordWithEtag {
                etag: String::from_utf8_lossy(&body).into_owned(),
                body,
            }))
        }

        async fn replace_record_as_seen(
            &self,
            _: &str,
            body: &[u8],
            seen: Option<&RecordWithEtag>,
        ) -> Result<Replacement, PortError> {
            let mut held = self.body.lock().unwrap();
            if *held != seen.map(|seen| seen.body.clone()) {
                return Ok(Replacement::Changed);
            }
            *held = Some(body.to_vec());
            Ok(Replacement::Replaced)
        }

        async fn list_records(&self, _: &str) -> Result<Vec<String>, PortError> {
            Ok(Vec::new())
        }

        async fn list_record_folders(&self, _: &str) -> Result<Vec<String>, PortError> {
            Ok(Vec::new())
        }
    }

    fn done<F: Future>(future: F) -> F::Output {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(future).poll(&mut context) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("nothing waits here"),
        }
    }

    #[test]
    fn lease_that_another_upload_took_over_is_not_ended() {
        let target = Target::from_key("layers/common.zip").unwrap();
        let upload = |version: &str| {
            let id = UploadId {
                bucket: "uploads".to_owned(),
                key: "layers/common.zip".to_owned(),
                version: VersionId::parse(version).unwrap(),
            };
            Upload::new(id, Timestamp::UNIX_EPOCH)
        };
        let world = OneDocument::default();
        let begin = |version: &str| {
            done(Publishing::begin(&world, &target, &upload(version), "d")).unwrap()
        };
        let late = begin("v1").unwrap();
        assert!(begin("v2").is_none(), "it is held");
        done(world.sleep(LEASE_DURATION));
        let next = begin("v2").unwrap();
        done(late.end(&world, &target)).unwrap();
        assert!(!world.is_over(), "it is another one's");
        done(next.end(&world, &target)).unwrap();
        assert!(world.is_over());
    }
}
