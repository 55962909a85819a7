//! The gate's own functions.

use std::fmt;

/// A function of the gate. Each has a queue, and a dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateFunction {
    /// It takes uploads in.
    Sign,
    /// It deploys what was signed.
    Deploy,
    /// It pages.
    Alert,
    /// It finds what no event told.
    Sweep,
}

impl GateFunction {
    /// All of them, in the order of an upload's way.
    pub const ALL: [Self; 4] = [Self::Sign, Self::Deploy, Self::Alert, Self::Sweep];

    /// What stands behind the stack's name in their names, in the same order.
    pub const SUFFIXES: [&'static str; 4] = {
        let [first, second, third, fourth] = Self::ALL;
        [
            first.suffix(),
            second.suffix(),
            third.suffix(),
            fourth.suffix(),
        ]
    };

    /// What stands behind the stack's name in its name: `-sign`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Sign => "-sign",
            Self::Deploy => "-deploy",
            Self::Alert => "-alert",
            Self::Sweep => "-sweep",
        }
    }

    /// The word for it: `sign`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.suffix().trim_start_matches('-')
    }

    /// The function of this stack that has this name.
    #[must_use]
    pub fn named(stack: &str, function: &str) -> Option<Self> {
        let suffix = function.strip_prefix(stack)?;
        Self::ALL.into_iter().find(|own| own.suffix() == suffix)
    }
}

impl fmt::Display for GateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::GateFunction;

    #[test]
    fn own_functions_are_known_by_their_names() {
        for own in GateFunction::ALL {
            let name = format!("gate-{own}");
            assert_eq!(GateFunction::named("gate", &name), Some(own));
        }
        for other in [
            "gate",
            "gate-signer",
            "other-sign",
            "gate-gate-sign",
            "sign",
        ] {
            assert_eq!(GateFunction::named("gate", other), None, "{other}");
        }
    }
}
