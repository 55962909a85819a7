//! How long what is in the signed bucket stays there.

use aws_sdk_s3::types::{ExpirationStatus, LifecycleExpiration, LifecycleRule as S3Rule};
use countersign_gate::{
    domain::{CurrentExpiry, LifecycleRule, NoncurrentExpiry, PackageVersion},
    ports::{PackageStorage, PortError},
};

use super::{s3::versions_of_key, signed_bucket::SignedBucket, timestamp::timestamp};
use crate::error::{code, port_error, unreadable};

const RULES: &str = "s3:GetLifecycleConfiguration";

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
        let client = self.connection.s3();
        let found = versions_of_key(client, &self.bucket, key, usize::MAX).await?;
        let stored = found.into_iter().map(|found| PackageVersion {
            version: found.version,
            last_modified: found.last_modified,
            is_delete_marker: found.is_delete_marker,
        });
        Ok(stored.collect())
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
