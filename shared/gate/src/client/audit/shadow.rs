//! Configurations that another one makes superfluous.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{
    command,
    finding::{AuditFinding, finding},
    kind::FindingKind,
    subject::ConfigurationAudit,
};
use crate::domain::CscPolicy;

/// Of each configuration that functions have: the one that says all that it says, where there is one.
///
/// Of two that say the same, the one that fewer functions have is the superfluous one. One that no function has
/// is told as unused, and is no reason to give up another.
pub(super) fn shadowed(configurations: &[ConfigurationAudit]) -> Vec<AuditFinding> {
    let used: Vec<Listed<'_>> = configurations
        .iter()
        .filter(|csc| csc.functions > 0 && !csc.publishers.is_empty())
        .map(Listed::of)
        .collect();
    used.iter()
        .filter_map(|csc| {
            let others = used.iter().filter(|other| other.shadows(csc));
            // The one that adds least.
            let by = others.min_by_key(|other| (other.publishers.len(), other.rank()))?;
            Some(csc.shadowed_by(by))
        })
        .collect()
}

/// A configuration with its publishers as a set.
struct Listed<'a> {
    csc: &'a ConfigurationAudit,
    publishers: BTreeSet<&'a str>,
}

impl<'a> Listed<'a> {
    fn of(csc: &'a ConfigurationAudit) -> Self {
        Self {
            csc,
            publishers: csc.publishers.iter().map(String::as_str).collect(),
        }
    }

    /// The first of two that say the same is the one to keep.
    fn rank(&self) -> (Reverse<usize>, &'a str) {
        (Reverse(self.csc.functions), &self.csc.arn)
    }

    fn is_enforced(&self) -> bool {
        self.csc.policy == CscPolicy::Enforce
    }

    fn shadows(&self, other: &Self) -> bool {
        if self.csc.arn == other.csc.arn || !self.publishers.is_superset(&other.publishers) {
            return false;
        }
        match (self.is_enforced(), other.is_enforced()) {
            (false, true) => false,
            (true, false) => true,
            (true, true) | (false, false) => {
                self.publishers != other.publishers || self.rank() < other.rank()
            }
        }
    }

    fn shadowed_by(&self, by: &Self) -> AuditFinding {
        let more = by.publishers.len().saturating_sub(self.publishers.len());
        let lists = match more {
            0 => "lists the same publishers".to_owned(),
            1 => "lists its publishers and one more".to_owned(),
            _ => format!("lists its publishers and {more} more"),
        };
        let strict = if by.is_enforced() == self.is_enforced() {
            "is as strict"
        } else {
            "enforces what this one warns of"
        };
        let message = format!("{} {lists}, and {strict}", by.csc.arn);
        finding(
            &self.csc.arn,
            FindingKind::CscShadowed,
            Some(message),
            command::compare(&self.csc.arn, &by.csc.arn),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csc(
        arn: &str,
        policy: CscPolicy,
        publishers: &[&str],
        functions: usize,
    ) -> ConfigurationAudit {
        ConfigurationAudit {
            arn: arn.to_owned(),
            policy,
            publishers: publishers.iter().map(|it| (*it).to_owned()).collect(),
            functions,
            findings: 0,
        }
    }

    /// Which configuration is shadowed by which, as `a<b`.
    fn found(configurations: &[ConfigurationAudit]) -> Vec<String> {
        let findings = shadowed(configurations).into_iter();
        findings
            .map(|it| {
                let by = it.message.split(' ').next().unwrap_or_default().to_owned();
                format!("{}<{by}", it.subject)
            })
            .collect()
    }

    #[test]
    fn same_list_is_told_once_of_the_one_that_fewer_have() {
        use CscPolicy::Enforce;
        let (few, many) = (
            csc("a", Enforce, &["p", "q"], 1),
            csc("b", Enforce, &["q", "p", "p"], 5),
        );
        assert_eq!(found(&[few.clone(), many.clone()]), ["a<b"]);
        assert_eq!(found(&[many.clone(), few.clone()]), ["a<b"]);
        let equal = csc("c", Enforce, &["p", "q"], 5);
        assert_eq!(found(&[few, many, equal]), ["a<b", "c<b"]);
    }

    #[test]
    fn smallest_list_that_has_all_is_named() {
        use CscPolicy::Enforce;
        let all = [
            csc("widest", Enforce, &["p", "q", "r"], 9),
            csc("wide", Enforce, &["p", "q"], 1),
            csc("narrow", Enforce, &["p"], 3),
            csc("apart", Enforce, &["q", "s"], 3),
        ];
        assert_eq!(found(&all), ["wide<widest", "narrow<wide"]);
    }

    #[test]
    fn laxer_list_shadows_none() {
        use CscPolicy::{Enforce, Warn};
        let (warns, enforces) = (csc("w", Warn, &["p"], 9), csc("e", Enforce, &["p"], 1));
        assert_eq!(found(&[warns, enforces]), ["w<e"]);
        let (wide, narrow) = (csc("w", Warn, &["p", "q"], 9), csc("e", Enforce, &["p"], 1));
        assert_eq!(found(&[wide, narrow]), [""; 0]);
    }

    #[test]
    fn unused_and_empty_lists_are_left_out() {
        use CscPolicy::Enforce;
        let used = csc("used", Enforce, &["p"], 1);
        let others = [
            used.clone(),
            csc("unused", Enforce, &["p", "q"], 0),
            csc("empty", Enforce, &[], 2),
        ];
        assert_eq!(found(&others), [""; 0]);
    }
}
