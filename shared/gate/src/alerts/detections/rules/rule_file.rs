//! A file of an exported rule.

/// A file of an exported rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Its name, without a folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}
