//! The function `alert`: turns what someone should hear of into a page.

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Connection, RecordsBucket, SnsTopic,
    function_runtime::{self, Failure, Handle, Message},
};
use countersign_gate::alerts::{AlertSettings, Alerted, alert};
use tracing::{info, warn};

use crate::config::Config;

fn main() -> ExitCode {
    function_runtime::run(async |variables| {
        let Config {
            settings,
            topic_arn,
        } = Config::read(variables)?;
        let connection = Connection::in_lambda(variables);
        Ok(Alert {
            topic: SnsTopic::new(connection.clone(), topic_arn),
            records: RecordsBucket::new(connection, settings.records_bucket.clone()),
            settings,
        })
    })
}

struct Alert {
    topic: SnsTopic,
    records: RecordsBucket,
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
