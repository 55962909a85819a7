//! Calls to the local AWS in somebody's name, through boto3.
//!
//! boto3 is an independent client: what the gate's own SDK takes for granted, it may not. One
//! helper process serves all calls of a session, because starting the AWS command line costs a
//! second each.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{error::HarnessError, tools::Tools};

const HELPER: &str = include_str!("python/session.py");
const BYTES: &str = "$bytes";

/// An access key of some principal.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AccessKeyId`.
    pub key: String,
    /// `SecretAccessKey`.
    pub secret: String,
    /// `SessionToken`, for a role that was assumed.
    pub token: Option<String>,
}

impl Credentials {
    /// The local AWS's account root.
    #[must_use]
    pub fn root() -> Self {
        Self {
            key: "test".to_owned(),
            secret: "test".to_owned(),
            token: None,
        }
    }
}

impl Credentials {
    /// The variables that AWS clients read them from.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let token = self
            .token
            .as_deref()
            .map(|token| ("AWS_SESSION_TOKEN", token));
        [
            ("AWS_ACCESS_KEY_ID", self.key.as_str()),
            ("AWS_SECRET_ACCESS_KEY", self.secret.as_str()),
        ]
        .into_iter()
        .chain(token)
    }
}

/// Calls in the name of one principal. Threads take turns.
#[derive(Debug)]
pub struct Session {
    helper: Child,
    pipes: Mutex<Pipes>,
}

#[derive(Debug)]
struct Pipes {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Session {
    /// A session with the AWS at `endpoint`.
    pub fn new(
        tools: &Tools,
        endpoint: &str,
        credentials: &Credentials,
    ) -> Result<Self, HarnessError> {
        let mut command = tools.command("python", endpoint);
        command
            .args(["-c", HELPER, endpoint])
            .envs(credentials.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let start = |source| HarnessError::Start {
            program: "boto3".to_owned(),
            source,
        };
        let mut helper = command.spawn().map_err(start)?;
        let (Some(requests), Some(answers)) = (helper.stdin.take(), helper.stdout.take()) else {
            return Err(start(std::io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self {
            helper,
            pipes: Mutex::new(Pipes {
                requests,
                answers: BufReader::new(answers),
            }),
        })
    }

    /// Calls `operation`, in boto3's spelling: `call("s3", "put_object", …)`.
    ///
    /// A refusal is [`HarnessError::Refused`]. The service `control` is the control endpoint of the
    /// local AWS, its operations a method and a path: `call("control", "POST faults", …)`.
    pub fn call(
        &self,
        service: &str,
        operation: &str,
        arguments: Value,
    ) -> Result<Value, HarnessError> {
        let mut request = json!({"service": service, "operation": operation, "arguments": null});
        if let Some(place) = request.get_mut("arguments") {
            *place = arguments;
        }
        let request = request.to_string();
        let answer = self
            .exchange(&request)
            .map_err(|source| HarnessError::File {
                what: "the pipe to boto3".to_owned(),
                source,
            })?;
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        if let Some(value) = answer.get_mut("ok") {
            return Ok(value.take());
        }
        let told = |name| {
            let pointer = format!("/error/{name}");
            answer
                .pointer(&pointer)
                .and_then(Value::as_str)
                .unwrap_or("?")
        };
        Err(HarnessError::Refused {
            call: format!("{service} {operation}"),
            code: told("code").to_owned(),
            message: told("message").to_owned(),
        })
    }

    fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(pipes.requests, "{request}")?;
        pipes.requests.flush()?;
        let mut answer = String::new();
        pipes.answers.read_line(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It holds nothing: there is nothing to lose by ending it at once.
        drop(self.helper.kill());
        drop(self.helper.wait());
    }
}

/// Bytes as an argument of a call.
#[must_use]
pub fn bytes(body: &[u8]) -> Value {
    json!({ BYTES: BASE64_STANDARD.encode(body) })
}

/// The string at `pointer` of an answer, or the error that says it is not there.
pub fn text(answer: &Value, pointer: &str) -> Result<String, HarnessError> {
    let shape = || HarnessError::Shape {
        what: "an answer".to_owned(),
        field: pointer.to_owned(),
        found: answer.to_string(),
    };
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(shape)
}

/// The bytes at `pointer` of an answer.
pub fn body(answer: &Value, pointer: &str) -> Result<Vec<u8>, HarnessError> {
    let encoded = text(answer, &format!("{pointer}/{BYTES}"))?;
    BASE64_STANDARD
        .decode(&encoded)
        .map_err(|_| HarnessError::Shape {
            what: "an answer".to_owned(),
            field: pointer.to_owned(),
            found: encoded,
        })
}

/// The list at `pointer` of an answer; empty when there is none, as AWS leaves empty lists out.
#[must_use]
pub fn list<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}
