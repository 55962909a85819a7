//! The function `deploy`: verifies what was signed, judges it against its target's code signing
//! configuration, and makes it live or says why not.

// The SDK's futures are nested more deeply than the default of 128 when a release build lays them out.
#![recursion_limit = "256"]

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Aws, Connection, SummaryKey,
    function_runtime::{self, Failure, Handle, Message, report},
};
use countersign_gate::{
    deployment::{DeploySettings, Deployment, deploy, prune, summarize},
    domain::StackArn,
    events::JobEvent,
    outcome::{DeliveryAttempt, RetryableError},
    records::Outcome,
    verdict::PackageExaminer,
};
use tracing::{info, warn};

use crate::config::{Config, Summaries};

fn main() -> ExitCode {
    function_runtime::run(async |variables| {
        let Config {
            settings,
            examiner,
            event_bus,
            summaries,
        } = Config::read(variables)?;
        let connection = Connection::in_lambda(variables);
        let summaries = summaries.map(|Summaries { key, verifier }| {
            (SummaryKey::new(connection.clone(), key), verifier)
        });
        let aws = Aws::new(connection, settings.stack.clone(), event_bus);
        Ok(Deploy {
            aws,
            settings,
            examiner,
            summaries,
        })
    })
}

struct Deploy {
    aws: Aws,
    settings: DeploySettings,
    examiner: PackageExaminer,
    /// The key that signs summaries, and who verified; none where the stack makes none.
    summaries: Option<(SummaryKey, StackArn)>,
}

impl Handle for Deploy {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        let JobEvent { job } = JobEvent::parse(message.body)?;
        report::about_job(&job);
        // Boxed: the whole way of an upload is one large future.
        let deployment = deploy(
            &self.aws,
            &self.examiner,
            &self.settings,
            &job,
            message.attempt,
            &|upload, target| {
                report::about_upload(&upload.id);
                report::about_target(target);
            },
        );
        match Box::pin(deployment).await? {
            Deployment::Finished(finished) => {
                report::finished(&self.settings.stack.name, &finished);
                let summarized = self.summarize(&finished.outcome, message.attempt);
                let summarized = Box::pin(summarized).await;
                if finished.is_new {
                    Box::pin(self.prune(&finished.outcome, message.attempt)).await;
                }
                // The upload has ended. The next delivery finds that, and signs.
                summarized?;
            }
            Deployment::NotOurs(why) => warn!(why, "the job is not for this stack"),
        }
        Ok(())
    }
}

impl Deploy {
    /// Signs the summary of a deployment, if the stack has a key for it.
    async fn summarize(
        &self,
        outcome: &Outcome,
        attempt: &DeliveryAttempt,
    ) -> Result<(), RetryableError> {
        let Some((key, verifier)) = &self.summaries else {
            return Ok(());
        };
        let by = (&self.settings.stack, verifier);
        let signing = Box::pin(summarize(&self.aws, key, by, outcome, attempt));
        if let Some(signed) = signing.await? {
            info!(
                record = signed.path,
                key = signed.key,
                "the summary is signed"
            );
        }
        Ok(())
    }

    /// Deletes old versions, if the stack says so. The upload has ended: what fails here is tried again after the
    /// next deployment.
    async fn prune(&self, outcome: &Outcome, attempt: &DeliveryAttempt) {
        match Box::pin(prune(&self.aws, &self.settings, outcome, attempt)).await {
            Ok(None) => {}
            Ok(Some(pruned)) => info!(
                deleted = pruned.deleted.len(),
                inUse = pruned.in_use.len(),
                "old versions were deleted"
            ),
            Err(error) => warn!(error = error.error_chain(), "old versions stay"),
        }
    }
}
