//! One start of a function: what is started, and what it took.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use countersign_testkit::{
    http::{Response, Server},
    runtime_api::{Answer, RuntimeApi},
};
use serde_json::Value;

use crate::{Outcome, measure::resident_memory, python};

/// How long a function may take before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(30);
const EMPTY_BATCH: &str = r#"{"Records":[]}"#;

/// Something that can be started.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: String,
    /// A release binary, or a Python.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// An event whose handling starts with a call to AWS; none for the bare function, which makes
    /// no calls.
    pub event: Option<&'static str>,
}

impl Function {
    pub(crate) fn binary(directory: &Path, name: &str, event: Option<&'static str>) -> Self {
        Self {
            name: name.to_owned(),
            program: directory.join(name),
            arguments: Vec::new(),
            event,
        }
    }

    /// Whether it is a program of its own, and not a script for Python.
    pub(crate) fn is_binary(&self) -> bool {
        self.arguments.is_empty()
    }

    /// The function in Python that makes the clients of `like`.
    pub(crate) fn python(interpreter: &Path, like: &Self, clients: &[&str]) -> Self {
        let script = ["-c", python::FUNCTION].map(str::to_owned);
        let clients = clients.iter().map(|client| (*client).to_owned());
        Self {
            name: format!("python, as {}", like.name),
            program: interpreter.to_owned(),
            arguments: script.into_iter().chain(clients).collect(),
            event: like.event,
        }
    }
}

/// What one start took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// From the start of the process to its first request for work.
    pub next: Duration,
    /// From the start of the process to its first answer, to an empty batch.
    pub answer: Duration,
    /// In bytes, after that.
    pub memory: Option<u64>,
    /// From an event whose handling starts with a call to AWS to the answer; the call is refused.
    pub call: Option<Duration>,
    /// In bytes, after that.
    pub memory_after_call: Option<u64>,
}

/// An AWS that refuses each call at once, and counts them.
#[derive(Debug)]
pub(crate) struct RefusingAws {
    server: Server,
    calls: Arc<AtomicU32>,
}

impl RefusingAws {
    pub(crate) fn start() -> Outcome<Self> {
        let calls = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&calls);
        let server = Server::start(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Response::new(403, r#"{"__type":"AccessDeniedException"}"#)
                .with("x-amzn-errortype", "AccessDeniedException")
                .with("content-type", "application/x-amz-json-1.1")
        })?;
        Ok(Self { server, calls })
    }
}

/// Starts the function, has it answer, and ends it.
pub(crate) fn start(function: &Function, aws: &RefusingAws, log: &Path) -> Outcome<Start> {
    let api = RuntimeApi::start()?;
    let first = api.invoke(EMPTY_BATCH);
    let process = Process::spawn(function, &api, aws, log)?;
    let broken = |what: &str| {
        let log = fs::read_to_string(log).unwrap_or_default();
        format!("{} {what}; it said: {log}", function.name)
    };

    let polled = api.polled(1, PATIENCE);
    let polled = polled.ok_or_else(|| broken("did not ask for work"))?;
    let (answer, answered) = api
        .answer_to(&first, PATIENCE)
        .ok_or_else(|| broken("did not answer"))?;
    if failures(&answer) != Some(0) {
        return Err(broken(&format!("answered {answer:?} to an empty batch")).into());
    }
    let mut start = Start {
        next: polled.saturating_duration_since(process.started),
        answer: answered.saturating_duration_since(process.started),
        memory: resident_memory(&process.id()),
        call: None,
        memory_after_call: None,
    };
    if let Some(event) = function.event {
        let calls = aws.calls.load(Ordering::Relaxed);
        let sent = Instant::now();
        let id = api.invoke(event);
        let (answer, answered) = api
            .answer_to(&id, PATIENCE)
            .ok_or_else(|| broken("did not answer an event"))?;
        if failures(&answer) != Some(1) || aws.calls.load(Ordering::Relaxed) == calls {
            return Err(broken(&format!("answered {answer:?} to a refused call")).into());
        }
        start.call = Some(answered.saturating_duration_since(sent));
        start.memory_after_call = resident_memory(&process.id());
    }
    Ok(start)
}

/// How many messages of the batch the function wants to be handed out again.
fn failures(answer: &Answer) -> Option<usize> {
    let Answer::Response(body) = answer else {
        return None;
    };
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body.get("batchItemFailures")?.as_array()?.len())
}

/// A process with the environment that Lambda would give it, and nothing else. Killed when dropped.
#[derive(Debug)]
struct Process {
    child: Child,
    started: Instant,
}

impl Process {
    fn spawn(
        function: &Function,
        api: &RuntimeApi,
        aws: &RefusingAws,
        log: &Path,
    ) -> Outcome<Self> {
        let output = fs::File::create(log)?;
        let mut command = Command::new(&function.program);
        command
            .args(&function.arguments)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env(
                "AWS_ENDPOINT_URL",
                format!("http://{}", aws.server.address()),
            )
            .envs(ENVIRONMENT)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let started = Instant::now();
        let child = command.spawn().map_err(|error| {
            let program = function.program.display();
            format!("{program} does not start: {error}")
        })?;
        Ok(Self { child, started })
    }

    fn id(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either may fail because it has ended already, which is what is wanted.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What Lambda sets, then what the template does, for all functions at once: none minds the others'
/// variables.
const ENVIRONMENT: [(&str, &str); 22] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/under-test"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_SESSION_TOKEN", "test"),
    ("COUNTERSIGN_STACK", "countersign"),
    (
        "COUNTERSIGN_UPLOADS_BUCKET",
        "countersign-uploads-111122223333",
    ),
    (
        "COUNTERSIGN_SIGNED_BUCKET",
        "countersign-signed-111122223333",
    ),
    (
        "COUNTERSIGN_RECORDS_BUCKET",
        "countersign-records-111122223333",
    ),
    ("COUNTERSIGN_EVENT_BUS", "countersign"),
    (
        "COUNTERSIGN_OWN_ROLES",
        "arn:aws:iam::111122223333:role/sign,arn:aws:iam::111122223333:role/deploy",
    ),
    ("COUNTERSIGN_SIGNING_PROFILE", "orders_service"),
    ("COUNTERSIGN_TARGET_FUNCTIONS", "*"),
    ("COUNTERSIGN_TARGET_LAYERS", "*"),
    (
        "COUNTERSIGN_DEAD_LETTER_QUEUE",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/dead-letters",
    ),
    (
        "COUNTERSIGN_TOPIC_ARN",
        "arn:aws:sns:us-east-1:111122223333:countersign-pages",
    ),
    ("LANG", "C.UTF-8"),
];
