//! Moments as people read them. Documents for programs have RFC 3339.

use jiff::{Timestamp, tz::TimeZone};

/// `2026-09-28 12:00:02 UTC`, cut to whole seconds.
pub(crate) fn utc(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The same, with how long ago that is, or how far ahead: `2026-09-28 12:00:02 UTC, 3 min ago`.
pub(crate) fn moment(at: Timestamp, now: Timestamp) -> String {
    let passed = now.duration_since(at).as_secs();
    let distance = match passed {
        0 => "just now".to_owned(),
        1.. => format!("{} ago", age(passed)),
        ..0 => format!("in {}", age(passed.saturating_neg())),
    };
    format!("{}, {distance}", utc(at))
}

/// A number of seconds, in the unit that a person would choose.
pub(crate) fn age(seconds: i64) -> String {
    let minutes = seconds / 60;
    match minutes {
        ..2 => format!("{seconds} s"),
        2..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_their_distance() {
        let now: Timestamp = "2026-09-28T12:03:02.9Z".parse().unwrap();
        for (at, told) in [
            ("2026-09-28T12:03:02Z", "2026-09-28 12:03:02 UTC, just now"),
            ("2026-09-28T12:03:01Z", "2026-09-28 12:03:01 UTC, 1 s ago"),
            (
                "2026-09-28T12:00:02.5Z",
                "2026-09-28 12:00:02 UTC, 3 min ago",
            ),
            ("2026-09-28T09:00:00Z", "2026-09-28 09:00:00 UTC, 3 h ago"),
            (
                "2026-09-01T12:00:00Z",
                "2026-09-01 12:00:00 UTC, 27 days ago",
            ),
            ("2026-09-28T12:03:42.9Z", "2026-09-28 12:03:42 UTC, in 40 s"),
        ] {
            assert_eq!(moment(at.parse().unwrap(), now), told);
        }
    }

    #[test]
    fn ages_change_their_unit_late() {
        for (seconds, told) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(age(seconds), told);
        }
    }
}
