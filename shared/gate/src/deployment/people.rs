//! Asks what people say of an upload: who approved it, and whether somebody froze its target.
//!
//! Nothing is asked where nothing is demanded. What was there before an update is not asked again after it: what Lambda has
//! taken is brought to its end.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{
    collect_evidence::{ExaminedPackage, no_answer},
    pending_deployment::{DeployWorld, PendingDeployment},
    people_settings::{MAX_APPROVALS, PeopleSettings},
};
use crate::{
    domain::{
        APPROVALS_TAG, FREEZES, Freeze, StatementKey, Target, Upload, UploadDigest, UploadId,
    },
    ports::{PortError, UploadHead},
    records::{self, Statement},
    verdict::{ActiveFreeze, Approvals, Fact, Freezes, GivenApproval, People},
};

/// So many approvals of one upload are looked at. Whoever puts more there keeps nobody's from being counted but by
/// making the upload wait.
const MAX_APPROVALS_READ: usize = 50;
/// So many freezes are looked at: where there are more, everything is frozen.
const MAX_FREEZES: usize = 50;

/// What people say of this upload. `tags` are those of the function; a layer has none, nor has a function that is
/// still to be created.
pub(super) async fn ask_people<W: DeployWorld>(
    world: &W,
    settings: &PeopleSettings,
    pending: &PendingDeployment,
    package: &ExaminedPackage,
    tags: Option<&BTreeMap<String, String>>,
) -> People {
    let wait_until = after(pending.upload.at, settings.max_wait);
    let asked = Question {
        world,
        settings,
        pending,
        wait_until,
    };
    let required = required_approvals(settings, tags);
    let approvals = match (required.clone(), package.examined.source_sha256()) {
        // Of what is not proven to come from the upload, the verdict says that, and it is enough.
        (Ok(0), _) | (Ok(_), None) => Fact::NotAsked,
        (Err(_), _) => Fact::Known(asked.approvals(required, Vec::new())),
        (Ok(_), Some(upload)) => match asked.given_approvals(&upload).await {
            Ok(given) => Fact::Known(asked.approvals(required, given)),
            Err(error) => no_answer(&error),
        },
    };
    let freezes = if settings.heeds_freezes {
        match asked.active_freezes().await {
            Ok(active) => Fact::Known(Freezes { active, wait_until }),
            Err(error) => no_answer(&error),
        }
    } else {
        Fact::NotAsked
    };
    People {
        approvals,
        freezes,
        break_glass: None,
    }
}

/// How many people have to approve: what the stack demands of all, or what the tag demands if that is more.
fn required_approvals(
    settings: &PeopleSettings,
    tags: Option<&BTreeMap<String, String>>,
) -> Result<u32, String> {
    let Some(tag) = tags.and_then(|tags| tags.get(APPROVALS_TAG)) else {
        return Ok(settings.required_approvals);
    };
    let number = tag.parse().ok().filter(|number| *number <= MAX_APPROVALS);
    match number {
        Some(number) => Ok(settings.required_approvals.max(number)),
        None => Err(format!(
            "the tag {APPROVALS_TAG} is {tag:?}, and not a number from 0 to {MAX_APPROVALS}"
        )),
    }
}

struct Question<'a, W> {
    world: &'a W,
    settings: &'a PeopleSettings,
    pending: &'a PendingDeployment,
    wait_until: Timestamp,
}

impl<W: DeployWorld> Question<'_, W> {
    fn approvals(&self, required: Result<u32, String>, given: Vec<GivenApproval>) -> Approvals {
        let received = &self.pending.signing.received;
        Approvals {
            required,
            uploader: received.uploaded_by.principal.clone(),
            given,
            personal_roles: self.settings.personal_roles.clone(),
            lifetime: signed(self.settings.approval_lifetime),
            wait_until: self.wait_until,
        }
    }

    /// The approvals of this upload that are there now, each with who gave it: the current version of each key that is
    /// there, and what `sign` put on record when S3 told of that version.
    async fn given_approvals(
        &self,
        upload: &UploadDigest,
    ) -> Result<Vec<GivenApproval>, PortError> {
        let folder = StatementKey::approvals_of(&self.pending.target, upload);
        let mut given = Vec::new();
        for key in self
            .world
            .list_statements(&folder, MAX_APPROVALS_READ)
            .await?
        {
            if !matches!(StatementKey::parse(&key), Some(Ok(_))) {
                continue;
            }
            let UploadHead::Object(head) = self.world.head_upload(&key, None).await? else {
                continue;
            };
            let by = match head.version {
                Some(version) => {
                    let id = UploadId {
                        bucket: self.pending.upload.id.bucket.clone(),
                        key: key.clone(),
                        version,
                    };
                    let statement = Upload::new(id, head.last_modified);
                    records::read_statement(self.world, &statement).await?
                }
                None => None,
            };
            given.push(GivenApproval {
                key,
                by: by.and_then(|statement: Statement| statement.by.principal),
                at: head.last_modified,
            });
        }
        // The first of a person's approvals counts, as long as it does.
        given.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
        Ok(given)
    }

    /// The freezes that cover the target now. What cannot be read covers everything.
    async fn active_freezes(&self) -> Result<Vec<ActiveFreeze>, PortError> {
        let keys = self
            .world
            .list_statements(FREEZES, MAX_FREEZES.saturating_add(1))
            .await?;
        let mut active = Vec::new();
        if keys.len() > MAX_FREEZES {
            active.push(ActiveFreeze::Unreadable {
                key: FREEZES.to_owned(),
                problem: format!("there are more than {MAX_FREEZES} objects below it"),
            });
        }
        for key in keys.into_iter().take(MAX_FREEZES) {
            let Some(object) = self.world.read_statement(&key, Freeze::MAX_BYTES).await? else {
                // It was lifted since it was listed.
                continue;
            };
            // The S3 console makes it, and it says nothing.
            if key == FREEZES && object.size == 0 {
                continue;
            }
            match Freeze::of_object(&key, object.body.as_deref()) {
                Ok(freeze) if self.is_over(&freeze) || !freeze.covers(self.target()) => {}
                Ok(freeze) => active.push(ActiveFreeze::Ordered {
                    key,
                    reason: freeze.reason,
                    until: freeze.until,
                }),
                Err(problem) => active.push(ActiveFreeze::Unreadable { key, problem }),
            }
        }
        Ok(active)
    }

    fn target(&self) -> &Target {
        &self.pending.target
    }

    fn is_over(&self, freeze: &Freeze) -> bool {
        freeze.until <= self.world.now()
    }
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(signed(wait)).unwrap_or(Timestamp::MAX)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
