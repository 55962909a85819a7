//! The environment of a function, read once, from a map that main hands in, and judged whole: a
//! function that is set up wrongly in three ways says so three times, at its start, each with what
//! to do about it.

use std::{collections::BTreeMap, fmt};

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// Every variable of the gate begins like this, so that a misspelt one can be told from a foreign one.
const PREFIX: &str = "COUNTERSIGN_";

/// The variables that any function of the gate knows. One template may set them for all functions
/// alike, so a function does not mind those that it has no use for; a name that nobody knows is a
/// typing error, and the setting that was meant would silently keep its default.
const KNOWN: [&str; 20] = [
    "COUNTERSIGN_CSC_ARN",
    "COUNTERSIGN_KEY_ARN",
    "COUNTERSIGN_OWN_ROLES",
    "COUNTERSIGN_EVENT_BUS",
    "COUNTERSIGN_INTEGRITY_AUTHORITY",
    "COUNTERSIGN_CANARY_ON_ALIAS",
    "COUNTERSIGN_LAYER_CSC_ARN",
    "COUNTERSIGN_NEW_FUNCTION_CSC_ARN",
    "COUNTERSIGN_MAX_RECEIVES",
    "COUNTERSIGN_RECORDS_BUCKET",
    "COUNTERSIGN_SIGNED_BUCKET",
    "COUNTERSIGN_SIGNING_PROFILE",
    "COUNTERSIGN_STACK",
    "COUNTERSIGN_TAGGED_PROFILES",
    "COUNTERSIGN_TARGET_FUNCTIONS",
    "COUNTERSIGN_TARGET_LAYERS",
    "COUNTERSIGN_TARGET_WITHOUT_CSC",
    "COUNTERSIGN_TOPIC_ARN",
    "COUNTERSIGN_TRUST_ROOTS",
    "COUNTERSIGN_UPLOADS_BUCKET",
];

/// What is wrong with one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    name: String,
    problem: String,
}

/// All that is wrong with an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the environment of this function has {} fault(s)",
            self.faults.len()
        )?;
        for Fault { name, problem } in &self.faults {
            write!(f, "; {name}: {problem}")?;
        }
        Ok(())
    }
}

/// An environment that is being read, with the faults found so far.
///
/// A reading method answers `None` after noting a fault. When all has been read,
/// [`finish`](Self::finish) answers the configuration if there was none.
#[derive(Debug)]
pub struct Environment<'a> {
    variables: &'a Variables,
    faults: Vec<Fault>,
}

impl<'a> Environment<'a> {
    /// Starts reading, and finds the misspelt names.
    #[must_use]
    pub fn new(variables: &'a Variables) -> Self {
        let unknown = variables
            .keys()
            .filter(|name| name.starts_with(PREFIX) && !KNOWN.contains(&name.as_str()));
        let faults = unknown
            .map(|name| Fault {
                name: name.clone(),
                problem:
                    "no function of the gate knows this variable; correct its name or remove it"
                        .to_owned(),
            })
            .collect();
        Self { variables, faults }
    }

    /// A variable that must be set. `meaning` completes "set it to …".
    pub fn required<T, E: fmt::Display>(
        &mut self,
        name: &str,
        meaning: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        if let Some(text) = self.text(name) {
            return self.parsed(name, meaning, parse(text));
        }
        self.fault(name, format!("is not set; set it to {meaning}"));
        None
    }

    /// A variable that may be left out: `Some(None)` then.
    pub fn optional<T, E: fmt::Display>(
        &mut self,
        name: &str,
        meaning: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.text(name) {
            Some(text) => self.parsed(name, meaning, parse(text)).map(Some),
            None => Some(None),
        }
    }

    /// One of a few words, the first of which is the default.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let Some(text) = self.text(name) else {
            return choices.first().map(|&(_, value)| value);
        };
        let chosen = choices
            .iter()
            .find(|(word, _)| *word == text)
            .map(|&(_, value)| value);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|&(word, _)| word).collect();
            self.fault(
                name,
                format!("is {text:?}; set it to one of: {}", words.join(", ")),
            );
        }
        chosen
    }

    /// The configuration, or everything that was wrong.
    pub fn finish<T>(self, config: Option<T>) -> Result<T, ConfigError> {
        match config {
            Some(config) if self.faults.is_empty() => Ok(config),
            _ => Err(ConfigError {
                faults: self.faults,
            }),
        }
    }

    /// A template leaves a parameter's empty default in the environment: empty is not set.
    fn text(&self, name: &str) -> Option<&'a str> {
        self.variables
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    fn parsed<T, E: fmt::Display>(
        &mut self,
        name: &str,
        meaning: &str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed
            .map_err(|error| self.fault(name, format!("{error}; set it to {meaning}")))
            .ok()
    }

    fn fault(&mut self, name: &str, problem: String) {
        self.faults.push(Fault {
            name: name.to_owned(),
            problem,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn number(text: &str) -> Result<u8, std::num::ParseIntError> {
        text.parse()
    }

    #[test]
    fn all_faults_are_told_at_once_with_what_to_do() {
        let variables = variables(&[
            ("COUNTERSIGN_RECORDS_BUCKET", "many"),
            ("COUNTERSIGN_TARGET_WITHOUT_CSC", "alow"),
            ("COUNTERSIGN_TRUST_ROOT", "misspelt"),
            ("COUNTERSIGN_TOPIC_ARN", " "),
            ("SOMETHING_ELSE", "is not our business"),
        ]);
        let mut environment = Environment::new(&variables);
        assert_eq!(
            environment.required("COUNTERSIGN_STACK", "the stack's name", number),
            None
        );
        assert_eq!(
            environment.required("COUNTERSIGN_TOPIC_ARN", "a topic", number),
            None
        );
        assert_eq!(
            environment.optional("COUNTERSIGN_RECORDS_BUCKET", "a number", number),
            None
        );
        let choices = [("reject", false), ("allow", true)];
        assert_eq!(
            environment.choice("COUNTERSIGN_TARGET_WITHOUT_CSC", &choices),
            None
        );
        let error = environment.finish(None::<u8>).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment of this function has 5 fault(s); \
             COUNTERSIGN_TRUST_ROOT: no function of the gate knows this variable; correct its name or \
             remove it; \
             COUNTERSIGN_STACK: is not set; set it to the stack's name; \
             COUNTERSIGN_TOPIC_ARN: is not set; set it to a topic; \
             COUNTERSIGN_RECORDS_BUCKET: invalid digit found in string; set it to a number; \
             COUNTERSIGN_TARGET_WITHOUT_CSC: is \"alow\"; set it to one of: reject, allow"
        );
    }

    #[test]
    fn what_is_left_out_is_none_or_the_first_choice() {
        let variables = variables(&[("COUNTERSIGN_LAYER_CSC_ARN", "")]);
        let mut environment = Environment::new(&variables);
        assert_eq!(
            environment.optional("COUNTERSIGN_LAYER_CSC_ARN", "", number),
            Some(None)
        );
        let choices = [("reject", false), ("allow", true)];
        assert_eq!(
            environment.choice("COUNTERSIGN_TARGET_WITHOUT_CSC", &choices),
            Some(false)
        );
        assert_eq!(environment.finish(Some(1)).unwrap(), 1);
    }

    #[test]
    fn a_fault_cannot_be_overlooked() {
        let variables = variables(&[("COUNTERSIGN_STCK", "misspelt")]);
        assert!(Environment::new(&variables).finish(Some(1)).is_err());
    }
}
