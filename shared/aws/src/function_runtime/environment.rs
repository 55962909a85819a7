//! The environment of a function, read once, from a map that main hands in, and judged whole: a
//! function that is set up wrongly in three ways says so three times, at its start, each with what
//! to do about it.

use std::{collections::BTreeMap, fmt};

use countersign_gate::domain::Stack;

use super::settings::{
    NAMES, PREFIX, RECORDS_BUCKET, REGION, SIGNED_BUCKET, STACK, Setting, UPLOADS_BUCKET,
};

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

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

impl ConfigError {
    /// Both configurations that were read from one environment, or the faults of both, each once.
    pub(super) fn both<A, B>(
        first: Result<A, Self>,
        second: Result<B, Self>,
    ) -> Result<(A, B), Self> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
            (Err(mut error), Err(other)) => {
                let new = other.faults.into_iter();
                let new: Vec<_> = new.filter(|fault| !error.faults.contains(fault)).collect();
                error.faults.extend(new);
                Err(error)
            }
        }
    }
}

/// An environment that is being read, with the faults found so far.
///
/// When all has been read, [`finish`](Self::finish) answers the configuration if there was no
/// fault.
#[derive(Debug)]
pub struct Environment<'a> {
    variables: &'a Variables,
    faults: Vec<Fault>,
}

impl<'a> Environment<'a> {
    /// Starts reading, and finds the misspelt names. One template may set all variables for all
    /// functions alike, so a function does not mind those that it has no use for; a name that is no
    /// setting's is a typing error, and the setting that was meant would silently keep its default.
    #[must_use]
    pub fn new(variables: &'a Variables) -> Self {
        let unknown = variables
            .keys()
            .filter(|name| name.starts_with(PREFIX) && !NAMES.contains(&name.as_str()));
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

    /// Reads a setting: its value, its default, or `None` after noting a fault.
    pub fn read<T>(&mut self, setting: &Setting<T>) -> Option<T> {
        let Setting { name, meaning, .. } = setting;
        let problem = match (self.text(name), setting.default) {
            (Some(text), _) => match (setting.parse)(text) {
                Ok(value) => return Some(value),
                Err(problem) => problem,
            },
            (None, Some(default)) => return Some(default()),
            (None, None) => "is not set".to_owned(),
        };
        self.faults.push(Fault {
            name: (*name).to_owned(),
            problem: format!("{problem}; set it to {meaning}"),
        });
        None
    }

    /// The stack's names, and that there is a region: without one no call could be made.
    pub fn stack(&mut self) -> Option<Stack> {
        let region = self.read(&REGION);
        let name = self.read(&STACK);
        let uploads_bucket = self.read(&UPLOADS_BUCKET);
        let signed_bucket = self.read(&SIGNED_BUCKET);
        let records_bucket = self.read(&RECORDS_BUCKET);
        region?;
        Some(Stack {
            name: name?,
            uploads_bucket: uploads_bucket?,
            signed_bucket: signed_bucket?,
            records_bucket: records_bucket?,
        })
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
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::settings::{DEAD_LETTER_QUEUE, EVENT_BUS, PATIENCE},
        *,
    };

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    const SIZE: Setting<u8> = Setting {
        name: "COUNTERSIGN_STACK",
        meaning: "a size",
        parse: |text| text.parse().map_err(|_| format!("{text:?} is no number")),
        default: None,
    };
    const LEVEL: Setting<u8> = Setting {
        name: "COUNTERSIGN_TOPIC_ARN",
        meaning: "a level",
        default: Some(|| 7),
        ..SIZE
    };

    #[test]
    fn faults_are_told_together_with_what_to_do() {
        let variables = variables(&[
            ("COUNTERSIGN_STACK", " "),
            ("COUNTERSIGN_TOPIC_ARN", "many"),
            ("COUNTERSIGN_TRUST_ROOT", "misspelt"),
            ("SOMETHING_ELSE", "is not our business"),
        ]);
        let mut environment = Environment::new(&variables);
        assert_eq!(environment.read(&SIZE), None);
        assert_eq!(environment.read(&LEVEL), None);
        let error = environment.finish(None::<u8>).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment of this function has 3 fault(s); \
             COUNTERSIGN_TRUST_ROOT: no function of the gate knows this variable; correct its name or \
             remove it; \
             COUNTERSIGN_STACK: is not set; set it to a size; \
             COUNTERSIGN_TOPIC_ARN: \"many\" is no number; set it to a level"
        );
    }

    #[test]
    fn unset_setting_is_its_default() {
        let variables = variables(&[("COUNTERSIGN_STACK", " 3 "), ("COUNTERSIGN_TOPIC_ARN", "")]);
        let mut environment = Environment::new(&variables);
        assert_eq!(environment.read(&SIZE), Some(3));
        assert_eq!(environment.read(&LEVEL), Some(7));
        assert_eq!(environment.finish(Some(1)).unwrap(), 1);
    }

    #[test]
    fn stack_is_read_whole_or_with_all_its_faults() {
        let mut all = variables(&[
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "gate-uploads"),
            ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_EVENT_BUS", "gate-events"),
            ("COUNTERSIGN_PATIENCE_SECONDS", "900"),
            (
                "COUNTERSIGN_DEAD_LETTER_QUEUE",
                "https://sqs.eu-west-1.amazonaws.com/1/dead",
            ),
        ]);
        let mut environment = Environment::new(&all);
        let stack = environment.stack().unwrap();
        assert_eq!(stack.name, "gate");
        assert_eq!(stack.records_bucket, "gate-records");
        assert_eq!(environment.read(&EVENT_BUS).unwrap(), "gate-events");
        assert_eq!(environment.read(&PATIENCE), Some(Duration::from_mins(15)));
        assert!(environment.read(&DEAD_LETTER_QUEUE).is_some());
        environment.finish(Some(())).unwrap();

        all.extend(variables(&[
            ("COUNTERSIGN_STACK", "1gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "s3://gate"),
            ("COUNTERSIGN_EVENT_BUS", "my bus"),
            ("COUNTERSIGN_PATIENCE_SECONDS", "0"),
            (
                "COUNTERSIGN_DEAD_LETTER_QUEUE",
                "arn:aws:sqs:eu-west-1:1:dead",
            ),
        ]));
        all.remove("AWS_REGION");
        let mut environment = Environment::new(&all);
        assert_eq!(environment.stack(), None);
        assert_eq!(environment.read(&EVENT_BUS), None);
        assert_eq!(environment.read(&PATIENCE), None);
        assert_eq!(environment.read(&DEAD_LETTER_QUEUE), None);
        let error = environment.finish(None::<()>).unwrap_err().to_string();
        for fault in [
            "6 fault(s)",
            "COUNTERSIGN_STACK: \"1gate\" is not a stack name; set it to",
            "AWS_REGION: is not set; set it to the stack's region (Lambda sets it)",
            "COUNTERSIGN_UPLOADS_BUCKET: \"s3://gate\" is not a bucket name",
            "COUNTERSIGN_EVENT_BUS: \"my bus\" is not an event bus",
            "COUNTERSIGN_PATIENCE_SECONDS: \"0\" is not a number of seconds; set it to how long",
            "COUNTERSIGN_DEAD_LETTER_QUEUE: \"arn:aws:sqs:eu-west-1:1:dead\" is not the URL of a queue",
        ] {
            assert!(error.contains(fault), "{fault} is not in {error}");
        }
    }

    #[test]
    fn faults_of_two_configurations_are_told_once() {
        let variables = variables(&[("COUNTERSIGN_STCK", "misspelt")]);
        let fault = |setting: &Setting<u8>| {
            let mut environment = Environment::new(&variables);
            let value = environment.read(setting);
            environment.finish(value)
        };
        let error = ConfigError::both(fault(&SIZE), fault(&LEVEL)).unwrap_err();
        assert_eq!(error.faults.len(), 2, "{error}");
        assert_eq!(ConfigError::both(fault(&SIZE), Ok(1)).unwrap_err(), error);
        assert_eq!(ConfigError::both::<u8, u8>(Ok(1), Ok(2)), Ok((1, 2)));
    }

    #[test]
    fn fault_cannot_be_overlooked() {
        let variables = variables(&[("COUNTERSIGN_STCK", "misspelt")]);
        assert!(Environment::new(&variables).finish(Some(1)).is_err());
    }
}
