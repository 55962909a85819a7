//! The function `alert`: turns what someone should hear of into a page.

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Aws, Connection, Topic,
    shell::{
        self,
        batch::{Failure, Handle, Message},
    },
};
use countersign_gate::{
    alerts::{AlertSettings, Alerted, alert},
    domain::Stack,
};
use tracing::{info, warn};

use crate::config::Config;

fn main() -> ExitCode {
    shell::run(async |variables| {
        let Config {
            settings,
            topic_arn,
        } = Config::read(variables)?;
        let connection = Connection::in_lambda(variables);
        // Only the records are read; the other buckets are no business of this function.
        let stack = Stack {
            name: settings.stack.clone(),
            uploads_bucket: String::new(),
            signed_bucket: String::new(),
            records_bucket: settings.records_bucket.clone(),
        };
        Ok(Alert {
            topic: Topic::new(connection.clone(), topic_arn),
            records: Aws::new(connection, stack, String::new()),
            settings,
        })
    })
}

struct Alert {
    topic: Topic,
    records: Aws,
    settings: AlertSettings,
}

impl Handle for Alert {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        match alert(&self.topic, &self.records, &self.settings, message.body).await? {
            Alerted::Paged(page) => info!(
                event = page.id,
                kind = page.kind,
                severity = page.severity.as_str(),
                title = page.title,
                "a page was sent"
            ),
            Alerted::Silent => info!("nobody needs to hear of this event"),
            Alerted::Dropped(why) => warn!(why, "an event that is not the gate's was dropped"),
        }
        Ok(())
    }
}
