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
    store::{Document, replace, to_json},
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
    pub(crate) async fn end<W: Records + Clock>(
        mut self,
        world: &W,
        target: &Target,
    ) -> Result<(), RecordError> {
        self.is_over = true;
        self.at = world.now();
        replace(world, &format!("{target}/"), &self).await
    }

    /// Deliveries of the same upload take turns under its own lease.
    fn is_held_against(&self, upload: &Upload, now: Timestamp) -> bool {
        let age = now.duration_since(self.at).unsigned_abs();
        !self.is_over && self.upload != *upload && age < LEASE_DURATION
    }
}
