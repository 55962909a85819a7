//! The function `alert`: turns what someone should hear of into a page.

mod config;

use std::process::ExitCode;

use countersign_aws::{
    AlertAws, Connection,
    function_runtime::{self, Failure, Handle, Message},
};
use countersign_gate::alerts::{AlertSettings, Alerted, Page, alert};
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
            aws: AlertAws::new(connection, settings.records_bucket.clone(), topic_arn),
            settings,
        })
    })
}

struct Alert {
    aws: AlertAws,
    settings: AlertSettings,
}

impl Handle for Alert {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        match alert(
            &self.aws,
            &self.settings,
            message.body,
            message.attempt.work_until,
        )
        .await?
        {
            Alerted::Paged(page) => log_page(&page, "a page was sent"),
            Alerted::Counted(page) => log_page(&page, "it is counted, and summed up later"),
            Alerted::Known(page) => log_page(&page, "this event was told before"),
            Alerted::Silenced(page) => log_page(&page, "a silence keeps it quiet"),
            Alerted::Summaries(run) if run.left > 0 => warn!(
                summaries = run.sent,
                left = run.left,
                "there was no time to look after all that waits; the next run goes on"
            ),
            Alerted::Summaries(run) => {
                info!(summaries = run.sent, "what waits was looked after");
            }
            Alerted::Silent => info!("no alert for this event"),
            Alerted::Dropped(why) => warn!(why, "an event that is not the gate's was dropped"),
        }
        Ok(())
    }
}

fn log_page(page: &Page, what: &str) {
    info!(
        event = page.id,
        kind = page.kind,
        severity = page.severity.as_str(),
        title = page.title,
        "{what}"
    );
}
