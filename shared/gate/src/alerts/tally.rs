//! Who did something how often. Names are chosen by callers, so that a bounded number of them is kept.

use super::formats::in_one_line;
use crate::records::{Incident, Tally};

/// So many names are kept.
const MAX_NAMES: usize = 10;
/// So many are told one by one.
const MAX_TOLD: usize = 5;
/// Of a name, in characters: an ARN of a role's session seldom has more.
const MAX_NAME_CHARS: usize = 200;

/// What waits to be told of a thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Untold {
    pub(super) count: u32,
    pub(super) actors: Tally,
    pub(super) targets: Tally,
    /// Whether the time of counting is over.
    pub(super) is_due: bool,
}

impl Untold {
    pub(super) fn of(incident: &Incident, is_due: bool) -> Self {
        Self {
            count: incident.untold,
            actors: incident.actors.clone(),
            targets: incident.targets.clone(),
            is_due,
        }
    }
}

impl Tally {
    /// One more by this name.
    pub(super) fn add(&mut self, name: &str) {
        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
        if self.counts.len() >= MAX_NAMES && !self.counts.contains_key(&name) {
            self.others = self.others.saturating_add(1);
            return;
        }
        let count = self.counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    /// Keeps the name in mind, without counting it.
    pub(super) fn remember(&mut self, name: &str) {
        if self.counts.len() < MAX_NAMES {
            let name = name.chars().take(MAX_NAME_CHARS).collect();
            self.counts.entry(name).or_default();
        }
    }

    /// How many names it has.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether it has this name, also one that was only kept in mind.
    pub(super) fn knows(&self, name: &str) -> bool {
        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
        self.counts.contains_key(&name)
    }

    /// Without what `told` has.
    pub(super) fn less(mut self, told: &Self) -> Self {
        for (name, count) in &mut self.counts {
            let less = told.counts.get(name).copied().unwrap_or_default();
            *count = count.saturating_sub(less);
        }
        self.others = self.others.saturating_sub(told.others);
        self
    }

    /// Without the names that did nothing in the time that `told` is of, and nothing since.
    pub(super) fn without_idle(mut self, told: &Self) -> Self {
        let was_there = |name: &String| told.counts.get(name).is_some_and(|count| *count > 0);
        self.counts
            .retain(|name, count| *count > 0 || was_there(name));
        self
    }

    /// `role/x (40), role/y (3), others (7)`, the most frequent first; `None` if there is nobody.
    pub(super) fn sentence(&self) -> Option<String> {
        let mut counts: Vec<(&String, u32)> = self
            .counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| (name, *count))
            .collect();
        counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let surplus: u32 = counts.iter().skip(MAX_TOLD).map(|(_, count)| count).sum();
        let mut parts: Vec<String> = counts
            .into_iter()
            .take(MAX_TOLD)
            .map(|(name, count)| format!("{} ({count})", in_one_line(name)))
            .collect();
        let others = self.others.saturating_add(surplus);
        if others > 0 {
            parts.push(format!("others ({others})"));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_frequent_names_are_told_and_the_rest_is_counted() {
        let mut tally = Tally::default();
        assert_eq!(tally.sentence(), None);
        for (name, times) in [("b", 2), ("a", 2), ("c", 3)] {
            for _ in 0..times {
                tally.add(name);
            }
        }
        assert_eq!(tally.sentence().unwrap(), "c (3), a (2), b (2)");
        for number in 0..1_000 {
            tally.add(&format!("session-{number}"));
        }
        assert_eq!(tally.counts.len(), MAX_NAMES);
        let sum = tally.counts.values().sum::<u32>() + tally.others;
        assert_eq!(sum, 1_007);
        assert!(tally.sentence().unwrap().ends_with(", others (998)"));
    }

    #[test]
    fn told_calls_are_taken_off_and_quiet_names_forgotten() {
        let mut tally = Tally::default();
        tally.remember("quiet");
        tally.add("busy");
        let told = tally.clone();
        tally.add("busy");
        tally.add("new");
        let rest = tally.less(&told).without_idle(&told);
        assert_eq!(rest.sentence().unwrap(), "busy (1), new (1)");
        assert!(!rest.knows("quiet"));
        let rest = rest.clone().less(&rest);
        assert!(rest.knows("busy"));
        assert_eq!(rest.sentence(), None);
    }
}
