//! How the account stood on earlier days: the versions that S3 keeps of `posture.json`.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    judge::subjects_of,
    subject::{CodeStanding, TrendPoint},
};
use crate::{
    domain::UploadId,
    ports::{PortError, Uploads},
    records::{Document as _, Posture},
};

/// A sweep over everything runs once an hour; some are started by hand.
const MAX_SWEEPS_A_DAY: usize = 30;

/// Counts a posture.
fn point_of(posture: &Posture) -> TrendPoint {
    let subjects = subjects_of(posture);
    let functions = subjects
        .iter()
        .filter(|it| it.subject.starts_with("functions/"));
    let count = |wanted: &[CodeStanding]| {
        let is_wanted = |standing: &CodeStanding| wanted.contains(standing);
        functions
            .clone()
            .map(|it| it.code)
            .filter(is_wanted)
            .count()
    };
    let gated = count(&[CodeStanding::Gated]);
    let signed = gated.saturating_add(count(&[CodeStanding::Signed]));
    let others = count(&[CodeStanding::Unsigned, CodeStanding::NotKnown]);
    TrendPoint {
        at: posture.ended_at,
        functions: signed.saturating_add(others),
        signed,
        gated,
    }
}

/// The last sweep of each of the last `days` days (UTC), the oldest first. `bucket` is the records bucket, which has
/// versions as the uploads bucket has.
///
/// A listing for each thousand versions, and a read a day. A day without a sweep has no point, nor has a posture that
/// this version cannot read.
pub async fn read_trend<W: Uploads>(
    bucket: &W,
    name: &str,
    days: u16,
    now: Timestamp,
) -> Result<Vec<TrendPoint>, PortError> {
    let hours = i64::from(days).saturating_mul(24);
    let oldest = now
        .checked_sub(SignedDuration::from_hours(hours))
        .unwrap_or(Timestamp::MIN);
    let max = usize::from(days).saturating_mul(MAX_SWEEPS_A_DAY);
    let mut seen = BTreeSet::new();
    let mut points = Vec::new();
    for listed in bucket.list_versions(Posture::FILE, max).await? {
        let day = listed.last_modified.to_zoned(TimeZone::UTC).date();
        let Some(version) = listed.version.filter(|_| !listed.is_delete_marker) else {
            continue;
        };
        // The newest of a day comes first.
        if listed.last_modified < oldest || !seen.insert(day) {
            continue;
        }
        let id = UploadId {
            bucket: name.to_owned(),
            key: Posture::FILE.to_owned(),
            version,
        };
        let body = bucket.read_upload(&id).await?.unwrap_or_default();
        if let Ok(posture) = serde_json::from_slice::<Posture>(&body) {
            points.push(point_of(&posture));
        }
    }
    points.reverse();
    Ok(points)
}
