//! How the command ends, for scripts. The table in docs/cli.md has the same numbers.

use std::process::ExitCode;

/// The exit status, with its number. clap ends with 2 by itself when the command line is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// It would be deployed, it was deployed, or it was shown.
    Success,
    /// It would be rejected, or it was.
    Rejected,
    /// The command line, an input or the records cannot be used.
    Unusable,
    /// Inconclusive, or not known in time.
    Inconclusive,
    /// A newer upload took its place, or it was deleted.
    Superseded,
    /// It was accepted, and could not be brought to run as it should.
    Failed,
}

impl ExitStatus {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Rejected => 1,
            Self::Unusable => 2,
            Self::Inconclusive => 3,
            Self::Superseded => 4,
            Self::Failed => 5,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ExitStatus; 6] = [
        ExitStatus::Success,
        ExitStatus::Rejected,
        ExitStatus::Unusable,
        ExitStatus::Inconclusive,
        ExitStatus::Superseded,
        ExitStatus::Failed,
    ];

    const DOCUMENTATION: &str = include_str!("../../../docs/cli.md");

    #[test]
    fn exit_statuses_are_documented() {
        let table = DOCUMENTATION
            .split("| exit status | meaning |\n|---|---|\n")
            .nth(1)
            .unwrap();
        let documented: Vec<u8> = table
            .lines()
            .map_while(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
            .collect();
        assert_eq!(documented, ALL.map(ExitStatus::code));
    }
}
