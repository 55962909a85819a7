//! What `alert` is told by its environment.

use countersign_aws::function_runtime::{
    environment::{ConfigError, Environment, Variables},
    settings,
};

/// Everything that is set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) stack: String,
    pub(crate) topic_arn: String,
}

impl Config {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(crate) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let region = environment.read(&settings::REGION);
        let stack = environment.read(&settings::STACK);
        let topic_arn = environment.read(&settings::TOPIC_ARN);
        let config = (|| {
            region?;
            Some(Self {
                stack: stack?,
                topic_arn: topic_arn?,
            })
        })();
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:gate-pages";

    fn variables(topic: &str) -> Variables {
        [
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_TOPIC_ARN", topic),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn an_environment_in_order_is_read() {
        let config = Config::read(&variables(TOPIC)).unwrap();
        assert_eq!(
            config,
            Config {
                stack: "gate".to_owned(),
                topic_arn: TOPIC.to_owned()
            }
        );
    }

    #[test]
    fn a_subscription_is_not_a_topic() {
        for wrong in [
            "gate-pages",
            "arn:aws:sqs:eu-west-1:111122223333:q",
            &format!("{TOPIC}:id"),
        ] {
            let error = Config::read(&variables(wrong)).unwrap_err().to_string();
            assert!(
                error.contains("is not the ARN of an SNS topic; set it to"),
                "{error}"
            );
        }
    }

    #[test]
    fn nothing_set_is_three_faults() {
        let error = Config::read(&Variables::new()).unwrap_err().to_string();
        assert!(error.contains("3 fault(s)"), "{error}");
    }
}
