//! The function `sign`: takes uploads in, refuses at once what can never be deployed, and has the
//! rest signed.

// The SDK's futures are nested more deeply than the default of 128 when a release build lays them out.
#![recursion_limit = "256"]

mod config;

use std::process::ExitCode;

use countersign_aws::{
    Aws, Connection,
    function_runtime::{self, Failure, Handle, Message, metrics::Measure, report},
};
use countersign_gate::{
    admission::{Admission, admit},
    domain::{Target, UploadId},
    events::UploadEvent,
    outcome::{DeliveryAttempt, RetryableError},
};
use tracing::{info, warn};

use crate::config::Config;

fn main() -> ExitCode {
    function_runtime::run(async |variables| {
        let Config {
            settings,
            event_bus,
        } = Config::read(variables)?;
        let connection = Connection::in_lambda(variables);
        let aws = Aws::new(connection, settings.stack.clone(), event_bus);
        Ok(Sign { aws, settings })
    })
}

struct Sign {
    aws: Aws,
    settings: countersign_gate::admission::SignSettings,
}

impl Handle for Sign {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        let uploads = UploadEvent::parse(message.body)?;
        if uploads.is_empty() {
            info!("a test notification of S3: there is nothing to do");
        }
        // A notification may tell of several uploads. Each is tried, whatever becomes of the
        // others; those that came to their end stay there when the message is handed out again.
        let mut failure: Option<Failure> = None;
        for upload in &uploads {
            if let Err(retry) = self.take_in(upload, message.attempt).await {
                warn!(
                    error = retry.error_chain(),
                    key = upload.key,
                    "the upload is tried again"
                );
                let retry = Failure::from(retry);
                failure = Some(match failure {
                    Some(other) => other.or_more_patient(retry),
                    None => retry,
                });
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

impl Sign {
    async fn take_in(
        &self,
        event: &UploadEvent,
        attempt: &DeliveryAttempt,
    ) -> Result<(), RetryableError> {
        if let Ok(target) = Target::from_key(&event.key) {
            report::about_target(&target);
        }
        if let Some(version) = &event.version {
            report::about_upload(&UploadId {
                bucket: event.bucket.clone(),
                key: event.key.clone(),
                version: version.clone(),
            });
        }
        let stack = &self.settings.stack.name;
        // Boxed: the whole way of an upload is one large future.
        let admission = admit(&self.aws, &self.settings, event, attempt);
        match Box::pin(admission).await? {
            Admission::Signing {
                upload,
                job,
                is_new,
            } => {
                report::about_upload(&upload.id);
                report::about_job(&job);
                info!(repeated = !is_new, "the upload is being signed");
                if is_new {
                    report::count(stack, Measure::Received, &upload.id);
                    report::count(stack, Measure::Signed, &upload.id);
                }
            }
            Admission::Finished(finished) => {
                if finished.is_new {
                    report::count(stack, Measure::Received, &finished.outcome.upload.id);
                }
                report::finished(stack, &finished);
            }
            Admission::Statement(what) => info!(what, key = event.key, "a statement was taken in"),
            Admission::NotOurs(why) => {
                warn!(why, key = event.key, "the event is not for this stack");
            }
        }
        Ok(())
    }
}
