//! What the runtime itself is told by its environment: how long a message is tried, and where it
//! goes then.

use std::time::Duration;

use super::{
    environment::{ConfigError, Environment, Variables},
    settings,
};

/// Lambda sets it.
pub(super) const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// The same for every function that works on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    /// The stack's name.
    pub(super) stack: String,
    /// The function's name.
    pub(super) function: String,
    /// How long a message is tried, from when its queue first handed it out.
    pub(super) patience: Duration,
    /// The URL of the queue for what is given up.
    pub(super) dead_letter_queue: String,
}

impl Delivery {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(super) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let stack = environment.read(&settings::STACK);
        let patience = environment.read(&settings::PATIENCE);
        let dead_letter_queue = environment.read(&settings::DEAD_LETTER_QUEUE);
        let function = variables.get(FUNCTION_NAME).cloned();
        let delivery = (|| {
            Some(Self {
                stack: stack?,
                function: function.unwrap_or_default(),
                patience: patience?,
                dead_letter_queue: dead_letter_queue?,
            })
        })();
        environment.finish(delivery)
    }
}
