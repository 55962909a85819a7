//! How much of what Lambda allows an account and region may be taken.

use std::time::Duration;

/// A share of Lambda's quotas, in percent, which are for everybody in an account and region: 15 requests a second of the control
/// plane, and 100 of `GetFunction` (AWS documentation, grade B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaShare {
    percent: u64,
}

/// A hundred requests at so many a second and one percent of that, in milliseconds.
const HUNDRED_SECONDS: u64 = 100_000;
const CONTROL_PLANE_A_SECOND: u64 = 15;
const GET_FUNCTION_A_SECOND: u64 = 100;

impl QuotaShare {
    /// Whoever takes so much is in nobody's way.
    pub const TENTH: Self = Self { percent: 10 };
    /// With less, an attempt of `sweep` spends its time on listing what a large account has.
    pub const MIN_PERCENT: u64 = 5;
    /// With more, deployments would be throttled for what is looked at meanwhile.
    pub const MAX_PERCENT: u64 = 50;

    /// A share of so many percent, [`MIN_PERCENT`](Self::MIN_PERCENT) to [`MAX_PERCENT`](Self::MAX_PERCENT).
    #[must_use]
    pub fn of_percent(percent: u64) -> Option<Self> {
        let is_allowed = (Self::MIN_PERCENT..=Self::MAX_PERCENT).contains(&percent);
        is_allowed.then_some(Self { percent })
    }

    /// Between two calls of the control plane other than `GetFunction`.
    #[must_use]
    pub const fn between_control_plane_calls(self) -> Duration {
        self.between(CONTROL_PLANE_A_SECOND)
    }

    /// Between two calls of `GetFunction`.
    #[must_use]
    pub const fn between_get_function_calls(self) -> Duration {
        self.between(GET_FUNCTION_A_SECOND)
    }

    /// Rounded up: never more than the share.
    const fn between(self, a_second: u64) -> Duration {
        let share = a_second.saturating_mul(self.percent);
        Duration::from_millis(HUNDRED_SECONDS.div_ceil(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_never_exceeded() {
        for percent in QuotaShare::MIN_PERCENT..=QuotaShare::MAX_PERCENT {
            let share = QuotaShare::of_percent(percent).unwrap();
            for (between, a_second) in [
                (share.between_control_plane_calls(), CONTROL_PLANE_A_SECOND),
                (share.between_get_function_calls(), GET_FUNCTION_A_SECOND),
            ] {
                let took = between * u32::try_from(percent * a_second).unwrap();
                assert!(took >= Duration::from_secs(100), "{percent} {a_second}");
                assert!(took < Duration::from_secs(110), "{percent} {a_second}");
            }
        }
    }

    #[test]
    fn tenth_is_as_documented() {
        assert_eq!(QuotaShare::of_percent(10), Some(QuotaShare::TENTH));
        let tenth = QuotaShare::TENTH;
        let between = [
            tenth.between_control_plane_calls(),
            tenth.between_get_function_calls(),
        ];
        assert_eq!(between, [667, 100].map(Duration::from_millis));
    }

    #[test]
    fn share_has_bounds() {
        for percent in [0, 4, 51, 100, u64::MAX] {
            assert_eq!(QuotaShare::of_percent(percent), None, "{percent}");
        }
    }
}
