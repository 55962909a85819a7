//! How long what is in the signed bucket stays there.

use std::cmp::Reverse;

use aws_sdk_s3::types::{ExpirationStatus, LifecycleExpiration, LifecycleRule as S3Rule};
use countersign_gate::{
    domain::{CurrentExpiry, LifecycleRule, NoncurrentExpiry, PackageVersion},
    ports::{PackageStorage, PortError},
};

use super::{s3::listed_version, signed_bucket::SignedBucket, timestamp::timestamp};
use crate::error::{code, port_error, required, unreadable};

const RULES: &str = "s3:GetLifecycleConfiguration";
const VERSIONS: &str = "s3:ListObjectVersions";

impl PackageStorage for SignedBucket {
    async fn lifecycle_rules(&self) -> Result<Vec<LifecycleRule>, PortError> {
        let request = self.connection.s3().get_bucket_lifecycle_configuration();
        let rules = match request.bucket(&self.bucket).send().await {
            Ok(answer) => answer.rules.unwrap_or_default(),
            Err(error) if code(&error) == "NoSuchLifecycleConfiguration" => Vec::new(),
            Err(error) => return Err(port_error(RULES, error)),
        };
        let deleting = rules.iter().filter(|rule| applies(rule)).map(rule_of);
        deleting.collect()
    }

    async fn package_versions(&self, key: &str) -> Result<Vec<PackageVersion>, PortError> {
        let mut found: Vec<(bool, PackageVersion)> = Vec::new();
        let mut markers = (None, None);
        loop {
            let request = self.connection.s3().list_object_versions();
            let page = request
                .bucket(&self.bucket)
                .prefix(key)
                .set_key_marker(markers.0.take())
                .set_version_id_marker(markers.1.take())
                .send()
                .await
                .map_err(|error| port_error(VERSIONS, error))?;
            let is_key = |listed: Option<&str>| listed == Some(key);
            for item in page.versions().iter().filter(|item| is_key(item.key())) {
                let stored = PackageVersion {
                    version: listed_version(VERSIONS, item.version_id())?,
                    last_modified: timestamp(VERSIONS, "LastModified", item.last_modified())?,
                    is_delete_marker: false,
                };
                found.push((required(VERSIONS, "IsLatest", item.is_latest())?, stored));
            }
            let deleted = page.delete_markers().iter();
            for item in deleted.filter(|item| is_key(item.key())) {
                let stored = PackageVersion {
                    version: listed_version(VERSIONS, item.version_id())?,
                    last_modified: timestamp(VERSIONS, "LastModified", item.last_modified())?,
                    is_delete_marker: true,
                };
                found.push((required(VERSIONS, "IsLatest", item.is_latest())?, stored));
            }
            // A key is listed before the longer ones that begin like it.
            let is_last = page.next_key_marker() != Some(key);
            if is_last || !page.is_truncated().unwrap_or_default() {
                break;
            }
            markers = (page.next_key_marker, page.next_version_id_marker);
        }
        // The sort is stable: what S3 lists first of one second stays first.
        found.sort_by_key(|(is_latest, stored)| (!is_latest, Reverse(stored.last_modified)));
        Ok(found.into_iter().map(|(_, stored)| stored).collect())
    }
}

/// Whether a rule is in use and may be about what the gate keeps: nothing there has a tag.
fn applies(rule: &S3Rule) -> bool {
    let filter = rule.filter();
    let asks_for_tags = filter.is_some_and(|filter| {
        filter.tag().is_some() || filter.and().is_some_and(|and| !and.tags().is_empty())
    });
    *rule.status() == ExpirationStatus::Enabled && !asks_for_tags
}

/// What a rule deletes. One about sizes is taken to be about all of them.
fn rule_of(rule: &S3Rule) -> Result<LifecycleRule, PortError> {
    let of_filter = rule.filter().and_then(|filter| {
        let of_all = filter.and().and_then(|and| and.prefix());
        filter.prefix().or(of_all)
    });
    #[expect(deprecated, reason = "the stack's own rules have their prefix there")]
    let prefix = rule.prefix().or(of_filter).unwrap_or_default().to_owned();
    let noncurrent = rule.noncurrent_version_expiration();
    let noncurrent = noncurrent.map(|rule| {
        Ok(NoncurrentExpiry {
            days: number("NoncurrentDays", rule.noncurrent_days().unwrap_or_default())?,
            kept: number(
                "NewerNoncurrentVersions",
                rule.newer_noncurrent_versions().unwrap_or_default(),
            )?,
        })
    });
    Ok(LifecycleRule {
        prefix,
        current: rule.expiration().map(current).transpose()?.flatten(),
        noncurrent: noncurrent.transpose()?,
    })
}

/// `None` for a rule that only clears delete markers away.
fn current(expiration: &LifecycleExpiration) -> Result<Option<CurrentExpiry>, PortError> {
    if let Some(days) = expiration.days() {
        return Ok(Some(CurrentExpiry::AfterDays(number("Days", days)?)));
    }
    match expiration.date() {
        Some(date) => timestamp(RULES, "Date", Some(date)).map(|at| Some(CurrentExpiry::At(at))),
        None => Ok(None),
    }
}

fn number(what: &'static str, number: i32) -> Result<u32, PortError> {
    u32::try_from(number).map_err(|error| unreadable(RULES, what, &error))
}
