//! `main` of a function: reads the environment, reports what is wrong with it, and then works
//! through the batches of a queue.

use std::{process::ExitCode, time::UNIX_EPOCH};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use lambda_runtime_api_client::{PooledClient, body::Body, build_request};
use tracing::error;

use super::{
    batch::{Invocation, Worker},
    delivery::{Delivery, FUNCTION_NAME},
    environment::{ConfigError, Variables},
    logs,
    message::Handle,
    sqs::Sqs,
};
use crate::{adapters::SystemClock, connection::Connection};

/// What Lambda sets for the runtime. Without them this is not Lambda, and the runtime would panic.
const REQUIRED_LAMBDA_VARIABLES: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    FUNCTION_NAME,
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// Runs a function: `build` makes its handler from the environment, which then works until Lambda
/// takes the process away. Answers with a failure when it could not start, after telling Lambda
/// why.
pub fn run<H: Handle>(build: impl AsyncFnOnce(&Variables) -> Result<H, ConfigError>) -> ExitCode {
    let variables: Variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    logs::start(&variables);
    if let Some(missing) = REQUIRED_LAMBDA_VARIABLES
        .iter()
        .find(|name| !variables.contains_key(**name))
    {
        error!("{missing} is not set: start this program in Lambda, or with `cargo lambda watch`");
        return ExitCode::FAILURE;
    }
    // One thread: an environment works on one invocation at a time, and threads cost at the start.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "no async runtime");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        let delivery = Delivery::read(&variables);
        match ConfigError::both(delivery, build(&variables).await) {
            Ok((delivery, handler)) => {
                let connection = Connection::in_lambda(&variables);
                serve(&handler, &delivery, connection).await
            }
            Err(error) => {
                let message = error.to_string();
                error!(error = message, "the function cannot start");
                report(&message).await;
                ExitCode::FAILURE
            }
        }
    })
}

async fn serve<H: Handle>(handler: &H, delivery: &Delivery, connection: Connection) -> ExitCode {
    let queues = Sqs::new(connection, delivery.dead_letter_queue.clone());
    let worker = Worker {
        handler,
        queues: &queues,
        clock: &SystemClock,
        delivery,
    };
    let service = service_fn(async |event| work(&worker, event).await);
    match lambda_runtime::Runtime::new(service).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error, "the Runtime API failed");
            ExitCode::FAILURE
        }
    }
}

async fn work<H: Handle>(
    worker: &Worker<'_, H, Sqs, SystemClock>,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Diagnostic> {
    let deadline = event.context.deadline().duration_since(UNIX_EPOCH);
    let invocation = Invocation {
        request_id: &event.context.request_id,
        deadline: Timestamp::UNIX_EPOCH
            .saturating_add(deadline.unwrap_or_default())
            .unwrap_or(Timestamp::MAX),
    };
    let response = worker.work(&event.payload, invocation).await;
    response.map_err(|failure| Diagnostic {
        error_type: "Countersign.Batch".to_owned(),
        error_message: failure.to_string(),
    })
}

/// Tells the Runtime API that the function cannot start, so that Lambda and whoever reads its
/// metrics see an error of initialisation and its text, rather than a process that went away.
async fn report(message: &str) {
    const KIND: &str = "Countersign.Configuration";
    let document =
        serde_json::json!({"errorMessage": message, "errorType": KIND, "stackTrace": []});
    let request = build_request()
        .method("POST")
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", KIND)
        .body(Body::from(document.to_string()));
    let answer = match request {
        Ok(request) => PooledClient::builder().build().call(request).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = answer {
        error!(
            error,
            "Lambda could not be told that the function cannot start"
        );
    }
}
