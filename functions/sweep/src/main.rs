//! The function `sweep`: finishes what an event missed, and compares what runs with the records.

// The SDK's futures are nested more deeply than the default of 128 when a release build lays them out.
#![recursion_limit = "256"]

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Aws, Connection, FunctionQueues,
    function_runtime::{self, Failure, Handle, Message, report},
};
use countersign_gate::{
    events::SweepRun,
    sweep::{SweepSettings, sweep},
};
use tracing::{info, warn};

use crate::config::Config;

fn main() -> ExitCode {
    function_runtime::run(async |variables| {
        let Config {
            settings,
            event_bus,
            sign_queue,
            deploy_queue,
        } = Config::read(variables)?;
        let connection = Connection::in_lambda(variables);
        let queues = FunctionQueues::new(connection.clone(), sign_queue, deploy_queue);
        let aws = Aws::new(connection, settings.stack.clone(), event_bus).with_queues(queues);
        Ok(Sweep { aws, settings })
    })
}

struct Sweep {
    aws: Aws<FunctionQueues>,
    settings: SweepSettings,
}

impl Handle for Sweep {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        let run = SweepRun::parse(message.body)?;
        let sweep = sweep(&self.aws, &self.settings, run, message.attempt);
        // The next run looks at the same things: there is no use in waiting longer for AWS.
        let swept = Box::pin(sweep).await;
        let (swept, stopped) = match swept {
            Ok(swept) => (swept, None),
            Err(stopped) => (*stopped.report, Some(stopped.error)),
        };
        if swept.skipped_for_other_run {
            info!(run = run.as_str(), "another run is at work");
            return Ok(());
        }
        for upload in &swept.resent {
            warn!(
                key = upload.id.key,
                version = upload.id.version.as_str(),
                "the event of an upload was sent again"
            );
        }
        for (subject, kind) in &swept.drift {
            warn!(subject, kind = kind.as_str(), "drift was found");
        }
        for trouble in &swept.troubles {
            warn!(trouble, "a key could not be looked at");
        }
        let end = if stopped.is_none() {
            "the run is over"
        } else {
            "the attempt is over, and the run is not"
        };
        info!(
            run = run.as_str(),
            lookedAt = swept.looked_at,
            resent = swept.resent.len(),
            unfinished = swept.unfinished,
            targets = swept.targets,
            drift = swept.drift.len(),
            troubles = swept.troubles.len(),
            "{end}"
        );
        report::swept(&self.settings.stack.name, &swept);
        stopped.map_or(Ok(()), |error| Err(Failure::Retry(Box::new(error))))
    }
}
