//! The function `alert`: turns what someone should hear of into a page.

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Connection, SnsTopic,
    function_runtime::{self, Failure, Handle, Message},
};
use countersign_gate::alerts::alert;
use tracing::info;

use crate::config::Config;

fn main() -> ExitCode {
    function_runtime::run(async |variables| {
        let Config { stack, topic_arn } = Config::read(variables)?;
        let topic = SnsTopic::new(Connection::in_lambda(variables), topic_arn);
        Ok(Alert { topic, stack })
    })
}

struct Alert {
    topic: SnsTopic,
    stack: String,
}

impl Handle for Alert {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        if let Some(page) = alert(&self.topic, &self.stack, message.body).await? {
            info!(
                event = page.id,
                kind = page.kind,
                severity = page.severity.as_str(),
                title = page.title,
                "a page was sent"
            );
        } else {
            info!("nobody needs to hear of this event");
        }
        Ok(())
    }
}
