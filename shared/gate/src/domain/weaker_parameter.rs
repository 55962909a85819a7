//! Parameters of the stack that let more through than their defaults. CloudTrail hides the values of a stack's
//! parameters (AWS documentation, grade B), so that nobody who reads its events sees that one got weaker. The
//! stack therefore tells its functions which are in use.

use std::fmt;

/// A parameter with a value that lets more through than its default does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WeakerParameter {
    /// `AllowBreakGlass=true`.
    AllowBreakGlass,
    /// `IntegrityAuthority=lambda`.
    IntegrityAuthority,
    /// `PeerRoles` has roles.
    PeerRoles,
    /// `TargetWithoutCsc=allow`.
    TargetWithoutCsc,
    /// `TrustRoots` has certificates.
    TrustRoots,
    /// `UntrustedCode=Warn`.
    UntrustedCode,
}

impl WeakerParameter {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 6] = [
        Self::AllowBreakGlass,
        Self::IntegrityAuthority,
        Self::PeerRoles,
        Self::TargetWithoutCsc,
        Self::TrustRoots,
        Self::UntrustedCode,
    ];

    /// The parameter, with its value where it has few.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllowBreakGlass => "AllowBreakGlass=true",
            Self::IntegrityAuthority => "IntegrityAuthority=lambda",
            Self::PeerRoles => "PeerRoles",
            Self::TargetWithoutCsc => "TargetWithoutCsc=allow",
            Self::TrustRoots => "TrustRoots",
            Self::UntrustedCode => "UntrustedCode=Warn",
        }
    }

    /// What it lets through, as the end of a sentence.
    #[must_use]
    pub fn lets_through(self) -> &'static str {
        match self {
            Self::AllowBreakGlass => {
                "an upload that a policy refuses is deployed when somebody other than its uploader breaks the glass for it"
            }
            Self::IntegrityAuthority => {
                "a package whose signature the gate finds invalid is deployed if Lambda takes it"
            }
            Self::PeerRoles => {
                "what these roles change in targets that this stack has no upload of pages nobody here"
            }
            Self::TargetWithoutCsc => {
                "uploads for functions without a code signing configuration are deployed"
            }
            Self::TrustRoots => {
                "signatures that lead to these certificates count, in place of those of the built-in root of AWS Signer"
            }
            Self::UntrustedCode => {
                "code that no publisher of the stack's code signing configuration signed is deployed with a warning"
            }
        }
    }

    /// Reads one of [`Self::ALL`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|parameter| parameter.as_str() == text)
    }
}

impl fmt::Display for WeakerParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_read_back() {
        assert!(
            WeakerParameter::ALL
                .map(WeakerParameter::as_str)
                .is_sorted()
        );
        for parameter in WeakerParameter::ALL {
            assert_eq!(WeakerParameter::parse(parameter.as_str()), Some(parameter));
        }
        assert_eq!(WeakerParameter::parse("UntrustedCode=Enforce"), None);
    }
}
