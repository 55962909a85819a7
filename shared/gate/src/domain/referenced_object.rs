//! The object that Lambda reads code from, and how long the rules of its bucket let it be there.

use jiff::{SignedDuration, Timestamp};

use super::names::VersionId;

/// The object that Lambda reads a package from each time, instead of keeping a copy (`ResolvedS3Object`, grade A).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencedObject {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version; `None` when Lambda names none, or one of a bucket without versions.
    pub version: Option<VersionId>,
}

/// What a rule of a bucket's lifecycle deletes; of those that are enabled, and by prefix alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Of which keys; empty for all.
    pub prefix: String,
    /// When a current version gets a delete marker.
    pub current: Option<CurrentExpiry>,
    /// When a version that is not current is deleted for good.
    pub noncurrent: Option<NoncurrentExpiry>,
}

/// When a current version gets a delete marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrentExpiry {
    /// So many days after it was written.
    AfterDays(u32),
    /// From then on.
    At(Timestamp),
}

/// When a version that is not current is deleted for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoncurrentExpiry {
    /// So many days after it was replaced or deleted.
    pub days: u32,
    /// But not the newest so many of them.
    pub kept: u32,
}

/// One version of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageVersion {
    /// `None` in a bucket without versions.
    pub version: Option<VersionId>,
    /// When it was written.
    pub last_modified: Timestamp,
    /// It says that the key was deleted.
    pub is_delete_marker: bool,
}

/// What becomes of an object by the rules as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectFate {
    /// It stays.
    Stays,
    /// It is deleted for good at this time or within a day after it: S3 rounds up to midnight (its user guide, grade B).
    DeletedAt(Timestamp),
    /// It is not there.
    Gone,
}

impl ReferencedObject {
    /// What becomes of the object. `versions` are those of its key, the newest first.
    #[must_use]
    pub fn fate(&self, rules: &[LifecycleRule], versions: &[PackageVersion]) -> ObjectFate {
        let is_it = |stored: &PackageVersion| {
            !stored.is_delete_marker && (self.version.is_none() || stored.version == self.version)
        };
        let Some(place) = versions.iter().position(is_it) else {
            return ObjectFate::Gone;
        };
        let (newer, rest) = versions.split_at(place);
        let Some(stored) = rest.first() else {
            return ObjectFate::Gone;
        };
        let rules = rules
            .iter()
            .filter(|rule| self.key.starts_with(&rule.prefix));
        // Without a version, what is read is the current one, which a delete marker hides.
        if self.version.is_none() && !newer.is_empty() {
            return ObjectFate::Gone;
        }
        let replaced_at = match newer.last() {
            Some(next) => Some(next.last_modified),
            None => rules
                .clone()
                .filter_map(|rule| match rule.current? {
                    CurrentExpiry::AfterDays(days) => Some(after(stored.last_modified, days)),
                    CurrentExpiry::At(at) => Some(at),
                })
                .min(),
        };
        let Some(replaced_at) = replaced_at else {
            return ObjectFate::Stays;
        };
        // So many are not current either, and newer than this one.
        let outranked = newer.iter().skip(1).count();
        let deleted_at = rules
            .filter_map(|rule| rule.noncurrent)
            .filter(|rule| u32::try_from(outranked).is_ok_and(|outranked| outranked >= rule.kept))
            .map(|rule| after(replaced_at, rule.days))
            .min();
        match deleted_at {
            Some(at) => ObjectFate::DeletedAt(at),
            None if self.version.is_none() => ObjectFate::DeletedAt(replaced_at),
            None => ObjectFate::Stays,
        }
    }
}

fn after(at: Timestamp, days: u32) -> Timestamp {
    let hours = i64::from(days).saturating_mul(24);
    at.saturating_add(SignedDuration::from_hours(hours))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "functions/checkout/20260901T120000Z-v1/job.zip";

    fn day(day: u32) -> Timestamp {
        after("2026-09-01T12:00:00Z".parse().unwrap(), day)
    }

    fn version(name: &str) -> VersionId {
        VersionId::parse(name).unwrap()
    }

    fn object(name: Option<&str>) -> ReferencedObject {
        ReferencedObject {
            bucket: "signed".to_owned(),
            key: KEY.to_owned(),
            version: name.map(version),
        }
    }

    fn stored(name: &str, written: u32) -> PackageVersion {
        PackageVersion {
            version: Some(version(name)),
            last_modified: day(written),
            is_delete_marker: false,
        }
    }

    fn marker(written: u32) -> PackageVersion {
        PackageVersion {
            is_delete_marker: true,
            ..stored("marker", written)
        }
    }

    fn rule(prefix: &str, current: Option<u32>, noncurrent: Option<(u32, u32)>) -> LifecycleRule {
        LifecycleRule {
            prefix: prefix.to_owned(),
            current: current.map(CurrentExpiry::AfterDays),
            noncurrent: noncurrent.map(|(days, kept)| NoncurrentExpiry { days, kept }),
        }
    }

    /// The rules of the stack's signed bucket.
    fn rules() -> [LifecycleRule; 3] {
        [
            rule("functions/", Some(365), None),
            rule("layers/", Some(30), None),
            rule("", None, Some((7, 0))),
        ]
    }

    #[test]
    fn current_version_is_deleted_once_it_was_replaced_by_a_marker() {
        let (object, versions) = (object(Some("v1")), [stored("v1", 0)]);
        let fate = object.fate(&rules(), &versions);
        assert_eq!(fate, ObjectFate::DeletedAt(day(372)));
        // Without the rule for what is not current it stays behind its marker.
        assert_eq!(object.fate(&rules()[..2], &versions), ObjectFate::Stays);
        assert_eq!(object.fate(&rules()[1..], &versions), ObjectFate::Stays);
        assert_eq!(object.fate(&[], &versions), ObjectFate::Stays);
    }

    #[test]
    fn date_is_a_time_like_another() {
        let mut rules = rules();
        rules[0].current = Some(CurrentExpiry::At(day(3)));
        let fate = object(Some("v1")).fate(&rules, &[stored("v1", 0)]);
        assert_eq!(fate, ObjectFate::DeletedAt(day(10)));
    }

    #[test]
    fn version_that_was_replaced_or_deleted_goes_after_its_days() {
        let object = object(Some("v1"));
        let fate = object.fate(&rules(), &[stored("v2", 20), stored("v1", 0)]);
        assert_eq!(fate, ObjectFate::DeletedAt(day(27)));
        let versions = [stored("v2", 30), marker(20), stored("v1", 0)];
        assert_eq!(
            object.fate(&rules(), &versions),
            ObjectFate::DeletedAt(day(27))
        );
        assert_eq!(
            object.fate(&rules(), &[marker(20), stored("v1", 0)]),
            ObjectFate::DeletedAt(day(27))
        );
    }

    #[test]
    fn newest_of_the_replaced_may_be_kept() {
        let keeps = [rule("", None, Some((7, 1)))];
        let one = [stored("v2", 20), stored("v1", 0)];
        assert_eq!(object(Some("v1")).fate(&keeps, &one), ObjectFate::Stays);
        let two = [stored("v3", 40), stored("v2", 20), stored("v1", 0)];
        let object = object(Some("v1"));
        assert_eq!(object.fate(&keeps, &two), ObjectFate::DeletedAt(day(27)));
    }

    #[test]
    fn unlisted_object_is_gone() {
        assert_eq!(object(Some("v1")).fate(&[], &[]), ObjectFate::Gone);
        let versions = [stored("v2", 20)];
        assert_eq!(object(Some("v1")).fate(&[], &versions), ObjectFate::Gone);
    }

    #[test]
    fn reference_without_a_version_is_to_the_current_one() {
        let versions = [stored("v1", 0)];
        assert_eq!(
            object(None).fate(&rules(), &versions),
            ObjectFate::DeletedAt(day(372))
        );
        assert_eq!(
            object(None).fate(&rules()[..1], &versions),
            ObjectFate::DeletedAt(day(365))
        );
        let hidden = [marker(3), stored("v1", 0)];
        assert_eq!(object(None).fate(&[], &hidden), ObjectFate::Gone);
    }
}
