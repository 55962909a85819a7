//! Leases: of the deliveries of one event that run side by side, one does the work.
//!
//! The first lease is the document that begins the work: `received.json` for `sign`, an accepting
//! `verdict.json` for `deploy`. It is created by condition, so one delivery has it. A delivery that gives
//! up puts a release beside it; one that is cut off cannot, and its lease runs out. Then the next
//! delivery creates the next lease, by condition again.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    error::RecordError,
    schema::Schema,
    store::{RecordFolder, create_named, read_named},
};
use crate::{
    domain::Upload,
    ports::{Clock, Creation, Records},
};

/// How long a lease holds: longer than any function lives that takes one, so that nobody works on without his lease.
pub(super) const LEASE_DURATION: Duration = Duration::from_mins(3);

/// How many deliveries of one event may give up or be cut off: SQS counts to 1,000 receives, and `sweep` may have
/// sent the event once more.
const MAX_LEASES: u32 = 2_000;

/// What is done under a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseScope {
    /// From the upload to its signing job.
    Admission,
    /// From the signed package to the outcome.
    Deployment,
}

/// Who holds a lease, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) delivery: String,
    pub(crate) began_at: Timestamp,
}

/// A delivery that wants to go on where an earlier one gave up or was cut off.
pub(crate) struct LeaseRequest<'a> {
    pub(crate) scope: LeaseScope,
    pub(crate) upload: &'a Upload,
    /// A listing that was made after the first document was seen.
    pub(crate) folder: &'a RecordFolder,
    /// Who wrote the first document.
    pub(crate) first: Holder,
    /// Who wants the lease.
    pub(crate) delivery: &'a str,
}

/// A lease that this delivery holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldLease {
    scope: LeaseScope,
    number: u32,
}

/// `lease-<sign|deploy>-<n>.json`, from 2: who goes on where an earlier delivery gave up or was cut off.
/// `lease-<sign|deploy>-<n>-released.json`: the holder gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// 1.
    pub schema: Schema,
    /// The delivery that holds it.
    pub delivery: String,
    /// When this was written.
    pub at: Timestamp,
}

impl LeaseScope {
    fn word(self) -> &'static str {
        match self {
            Self::Admission => "sign",
            Self::Deployment => "deploy",
        }
    }
}

impl HeldLease {
    /// The lease of the delivery that created the first document.
    pub(crate) fn first(scope: LeaseScope) -> Self {
        Self { scope, number: 1 }
    }

    /// Takes the next lease, if the last one was released or has run out; `None` while another delivery
    /// holds it.
    pub(crate) async fn take_over<W: Records + Clock>(
        world: &W,
        request: LeaseRequest<'_>,
    ) -> Result<Option<Self>, RecordError> {
        let LeaseRequest {
            scope,
            upload,
            folder,
            first,
            delivery,
        } = request;
        let last = Self::last(scope, folder);
        let holder = if last.number == 1 {
            first
        } else {
            let path = format!("{}{}", upload.folder(), last.file());
            let lease: Option<Lease> = read_named(world, &path).await?;
            let Some(lease) = lease else { return Ok(None) };
            Holder {
                delivery: lease.delivery,
                began_at: lease.at,
            }
        };
        if holder.delivery == delivery {
            return Ok(Some(last));
        }
        let age = world.now().duration_since(holder.began_at);
        let is_over =
            folder.has_named(&last.release_file()) || age.unsigned_abs() >= LEASE_DURATION;
        if !is_over || last.number >= MAX_LEASES {
            return Ok(None);
        }
        let next = Self {
            scope,
            number: last.number.saturating_add(1),
        };
        let path = format!("{}{}", upload.folder(), next.file());
        let lease = Lease {
            schema: Schema,
            delivery: delivery.to_owned(),
            at: world.now(),
        };
        if create_named(world, &path, &lease).await? == Creation::Created {
            return Ok(Some(next));
        }
        // A write whose answer was lost is seen as its own by its repetition.
        let found: Option<Lease> = read_named(world, &path).await?;
        Ok(found
            .filter(|found| found.delivery == delivery)
            .map(|_| next))
    }

    /// Lets the next delivery go on at once.
    pub(crate) async fn release<W: Records + Clock>(
        self,
        world: &W,
        upload: &Upload,
        delivery: &str,
    ) -> Result<(), RecordError> {
        let path = format!("{}{}", upload.folder(), self.release_file());
        let release = Lease {
            schema: Schema,
            delivery: delivery.to_owned(),
            at: world.now(),
        };
        create_named(world, &path, &release).await?;
        Ok(())
    }

    fn last(scope: LeaseScope, folder: &RecordFolder) -> Self {
        let number = (2..=MAX_LEASES)
            .take_while(|number| {
                let lease = Self {
                    scope,
                    number: *number,
                };
                folder.has_named(&lease.file())
            })
            .last()
            .unwrap_or(1);
        Self { scope, number }
    }

    fn file(self) -> String {
        format!("lease-{}-{}.json", self.scope.word(), self.number)
    }

    fn release_file(self) -> String {
        format!("lease-{}-{}-released.json", self.scope.word(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use countersign_testkit::template::function_timeout;

    use super::LEASE_DURATION;

    #[test]
    fn lease_outlasts_its_functions() {
        for function in ["SignFunction", "DeployFunction"] {
            assert!(LEASE_DURATION > function_timeout(function), "{function}");
        }
    }
}
