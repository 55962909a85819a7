//! The function `deploy`: verifies what was signed, judges it against its target's code signing
//! configuration, and makes it live or says why not.

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Aws, Connection,
    shell::{
        self,
        batch::{Failure, Handle, Message},
        report,
    },
};
use countersign_gate::{
    deployment::{DeploySettings, Deployment, deploy},
    events::JobEvent,
    outcome::DeliveryAttempt,
    verdict::PackageExaminer,
};
use jiff::Timestamp;
use tracing::warn;

use crate::config::Config;

fn main() -> ExitCode {
    shell::run(async |variables| {
        let Config {
            settings,
            core,
            event_bus,
            max_receives,
        } = Config::read(variables)?;
        let connection = Connection::in_lambda(variables);
        let aws = Aws::new(connection, settings.stack.clone(), event_bus);
        Ok(Deploy {
            aws,
            settings,
            core,
            max_receives,
        })
    })
}

struct Deploy {
    aws: Aws,
    settings: DeploySettings,
    core: PackageExaminer,
    max_receives: u32,
}

impl Handle for Deploy {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        let is_last = message.receive_count >= self.max_receives;
        let attempt = DeliveryAttempt {
            id: format!("{}/{}", message.id, message.receive_count),
            attempt: message.receive_count,
            since: Timestamp::UNIX_EPOCH,
            give_up_at: if is_last {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            },
            work_until: Timestamp::MAX,
        };
        let JobEvent { job } = JobEvent::parse(message.body)?;
        report::about_job(&job);
        // Boxed: the whole way of an upload is one large future.
        let deployment = deploy(&self.aws, &self.core, &self.settings, &job, &attempt);
        match Box::pin(deployment).await? {
            Deployment::Finished(finished) => {
                report::finished(&self.settings.stack.name, &finished);
            }
            Deployment::NotOurs(why) => warn!(why, "the job is not for this stack"),
        }
        Ok(())
    }
}
