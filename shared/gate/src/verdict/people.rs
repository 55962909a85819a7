//! What people say of an upload: who approved it, and whether somebody froze its target.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{break_glass::Glass, fact::Fact, uploader::person_who_uploaded};
use crate::domain::{Person, PersonalRoles};

/// What people say, as far as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Who approved; not asked where no approval is demanded.
    pub approvals: Fact<Approvals>,
    /// Which freezes cover the target; not asked where the stack heeds none.
    pub freezes: Fact<Freezes>,
    /// Who broke the glass; looked for only where a policy refuses the upload and the stack allows it.
    pub break_glass: Option<Glass>,
}

impl People {
    /// Nobody was asked.
    #[must_use]
    pub fn not_asked() -> Self {
        Self {
            approvals: Fact::NotAsked,
            freezes: Fact::NotAsked,
            break_glass: None,
        }
    }

    /// What is demanded of approvals, where that is known and some are.
    pub(crate) fn approval_demand(&self) -> Option<ApprovalDemand> {
        match &self.approvals {
            Fact::Known(approvals) => approvals.demand(),
            Fact::NotAsked | Fact::Unavailable(_) => None,
        }
    }

    pub(super) fn is_passing(&self) -> bool {
        self.approvals.is_passing() || self.freezes.is_passing()
    }
}

/// How many approvals are demanded of an upload, and which there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approvals {
    /// How many people have to approve; or why the tag that says it cannot be read.
    pub required: Result<u32, String>,
    /// The principal that uploaded, as S3's notification named it.
    pub uploader: Option<String>,
    /// The approvals that are there now: what was withdrawn is not.
    pub given: Vec<GivenApproval>,
    /// Whose sessions are people.
    pub personal_roles: PersonalRoles,
    /// How long an approval counts.
    pub lifetime: SignedDuration,
    /// Until when the upload waits for approvals.
    pub wait_until: Timestamp,
}

/// One approval: an object version below the folder of the upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenApproval {
    /// Its key.
    pub key: String,
    /// The principal that put it there; `None` when S3's notification was lost, or named nobody.
    pub by: Option<String>,
    /// When S3 took it.
    pub at: Timestamp,
}

/// Somebody whose approval counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver {
    /// The principal, as S3's notification named it.
    pub principal: String,
    /// The key of the approval.
    pub key: String,
    /// When it was given.
    pub at: Timestamp,
}

/// An approval that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCounted {
    /// The principal that gave it; null when that is not on record.
    pub principal: Option<String>,
    /// The key of the approval.
    pub key: String,
    /// When it was given.
    pub at: Timestamp,
    /// Why it does not count.
    pub why: String,
}

/// Which approvals count, and why the others do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those that do, the first given first.
    pub approvers: Vec<Approver>,
    /// Those that do not.
    pub not_counted: Vec<NotCounted>,
}

/// What is demanded of the approvals of an upload: on record while it waits, so that whoever is asked sees what the gate
/// counts by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalDemand {
    /// How many people have to approve.
    pub required: u32,
    /// The roles whose sessions are people.
    pub personal_roles: PersonalRoles,
    /// How long an approval counts, in seconds.
    pub lifetime_seconds: i64,
    /// Until when the upload waits.
    pub wait_until: Timestamp,
}

impl ApprovalDemand {
    /// The approvals that there are, beside what is demanded of them.
    #[must_use]
    pub fn with(&self, uploader: Option<String>, given: Vec<GivenApproval>) -> Approvals {
        Approvals {
            required: Ok(self.required),
            uploader,
            given,
            personal_roles: self.personal_roles.clone(),
            lifetime: SignedDuration::from_secs(self.lifetime_seconds),
            wait_until: self.wait_until,
        }
    }
}

impl Approvals {
    /// Who approved, as it counts at this time; nobody when it is not known who uploaded.
    #[must_use]
    pub fn approvers(&self, now: Timestamp) -> Vec<Approver> {
        let uploader = self.uploader_as_person();
        uploader.map_or_else(|_| Vec::new(), |person| self.count(&person, now).approvers)
    }

    /// Which approvals count at this time, or why none can.
    ///
    /// # Errors
    ///
    /// It is not known who uploaded.
    pub fn counted(&self, now: Timestamp) -> Result<Count, String> {
        let uploader = self.uploader_as_person()?;
        Ok(self.count(&uploader, now))
    }

    /// What is demanded, without what there is; `None` where the tag that says it cannot be read.
    #[must_use]
    pub fn demand(&self) -> Option<ApprovalDemand> {
        Some(ApprovalDemand {
            required: *self.required.as_ref().ok()?,
            personal_roles: self.personal_roles.clone(),
            lifetime_seconds: self.lifetime.as_secs(),
            wait_until: self.wait_until,
        })
    }

    /// The person who uploaded, or why that is not known.
    pub(super) fn uploader_as_person(&self) -> Result<Person, String> {
        person_who_uploaded(self.uploader.as_deref(), &self.personal_roles)
    }

    /// Counts people other than the uploader, each once, by approvals that are not too old.
    pub(super) fn count(&self, uploader: &Person, now: Timestamp) -> Count {
        let mut people: BTreeSet<Person> = BTreeSet::new();
        let mut count = Count::default();
        for given in &self.given {
            match self.judge(given, uploader, &people, now) {
                Ok((person, principal)) => {
                    people.insert(person);
                    count.approvers.push(Approver {
                        principal,
                        key: given.key.clone(),
                        at: given.at,
                    });
                }
                Err(why) => count.not_counted.push(NotCounted {
                    principal: given.by.clone(),
                    key: given.key.clone(),
                    at: given.at,
                    why,
                }),
            }
        }
        count
    }

    fn judge(
        &self,
        given: &GivenApproval,
        uploader: &Person,
        people: &BTreeSet<Person>,
        now: Timestamp,
    ) -> Result<(Person, String), String> {
        let Some(principal) = &given.by else {
            return Err(
                "who gave it is not on record; whoever did has to put it there again".to_owned(),
            );
        };
        let person = self.personal_roles.person(principal);
        let person = person.map_err(|error| format!("it was given by {error}"))?;
        let ends = given.at.saturating_add(self.lifetime);
        if ends.is_ok_and(|ends| ends <= now) {
            return Err(format!("given at {}, it is too old", given.at));
        }
        if person == *uploader {
            return Err(format!("{principal} uploaded"));
        }
        if people.contains(&person) {
            return Err(format!("{principal} approved already"));
        }
        Ok((person, principal.clone()))
    }
}

/// The freezes that cover a target now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freezes {
    /// Each of them; none when it is free.
    pub active: Vec<ActiveFreeze>,
    /// Until when the upload waits for their end.
    pub wait_until: Timestamp,
}

/// A freeze that covers the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActiveFreeze {
    /// Somebody ordered it.
    Ordered {
        /// Its key.
        key: String,
        /// Why.
        reason: String,
        /// When it ends by itself.
        until: Timestamp,
    },
    /// There is something below `freeze/` that cannot be read: it might be meant for this target.
    Unreadable {
        /// Its key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}
