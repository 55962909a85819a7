//! A Lambda Runtime API on a loopback port, and the function process that polls it.
//!
//! The real release binary runs against it unchanged, so what is tested and measured is what ships.
//! The paths and headers are those of
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>. Two of its habits matter to
//! `lambda_runtime` and are kept: `/next` blocks until there is an event (a made-up 204 kills a
//! release build), and the deadline header is in epoch milliseconds.

use std::{
    collections::VecDeque,
    ffi::OsStr,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::http::{Request, Response, Server};

const VERSION_PREFIX: &str = "/2018-06-01/runtime/";

/// How long an invocation may take unless a test says otherwise: the deadline told to the function,
/// from the moment it is handed out.
const INVOCATION_TIMEOUT: Duration = Duration::from_mins(1);

/// What the function said about one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It returned this body.
    Response(String),
    /// It failed: the `Lambda-Runtime-Function-Error-Type` header, and the body, which is JSON with
    /// `errorType` and `errorMessage`.
    Error {
        /// The error type, empty when the header was left out.
        kind: String,
        /// The error document as sent.
        body: String,
    },
}

/// The Runtime API of one execution environment.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queued: VecDeque<(String, Vec<u8>)>,
    handed_out: u32,
    polled_at: Vec<Instant>,
    timeout: Option<Duration>,
    answers: Vec<(String, Answer, Instant)>,
    init_error: Option<Answer>,
    closed: bool,
}

impl RuntimeApi {
    /// Starts listening on a free port.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let handler = Arc::clone(&shared);
        let server = Server::start(move |request| handler.answer(&request))?;
        Ok(Self { server, shared })
    }

    /// The value for `AWS_LAMBDA_RUNTIME_API`: `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// How long the invocations may take that are handed out from now on.
    pub fn set_timeout(&self, timeout: Duration) {
        self.shared.lock().timeout = Some(timeout);
    }

    /// Queues an event for the next poll and returns the request id it will have.
    pub fn invoke(&self, event: impl Into<Vec<u8>>) -> String {
        let mut state = self.shared.lock();
        state.handed_out = state.handed_out.saturating_add(1);
        let request_id = format!("00000000-0000-4000-8000-{:012}", state.handed_out);
        state.queued.push_back((request_id.clone(), event.into()));
        self.shared.changed.notify_all();
        request_id
    }

    /// Waits for the answer to an event and for when it came, or gives up after `patience`.
    #[must_use]
    pub fn answer_to(&self, request_id: &str, patience: Duration) -> Option<(Answer, Instant)> {
        self.wait(patience, |state| {
            let found = state.answers.iter().find(|(id, ..)| id == request_id)?;
            Some((found.1.clone(), found.2))
        })
    }

    /// Waits until the function has polled `/next` this many times (1 is "it has started") and says
    /// when it did.
    #[must_use]
    pub fn polled(&self, times: usize, patience: Duration) -> Option<Instant> {
        self.wait(patience, |state| {
            state.polled_at.get(times.checked_sub(1)?).copied()
        })
    }

    /// Waits for the report that the function could not start.
    #[must_use]
    pub fn init_error(&self, patience: Duration) -> Option<Answer> {
        self.wait(patience, |state| state.init_error.clone())
    }

    fn wait<T>(&self, patience: Duration, found: impl Fn(&State) -> Option<T>) -> Option<T> {
        let give_up = Instant::now().checked_add(patience)?;
        let mut state = self.shared.lock();
        loop {
            if let Some(found) = found(&state) {
                return Some(found);
            }
            let left = give_up.checked_duration_since(Instant::now())?;
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Response {
        let Some(path) = request.path.strip_prefix(VERSION_PREFIX) else {
            return Response::new(404, "no such API version");
        };
        let words: Vec<&str> = path.split('/').collect();
        match (request.method.as_str(), words.as_slice()) {
            ("GET", ["invocation", "next"]) => self.next(),
            ("POST", ["invocation", id, "response"]) => {
                self.answered(id, Answer::Response(text(&request.body)))
            }
            ("POST", ["invocation", id, "error"]) => self.answered(id, error(request)),
            ("POST", ["init", "error"]) => {
                self.lock().init_error = Some(error(request));
                self.changed.notify_all();
                Response::new(202, r#"{"status":"OK"}"#)
            }
            _ => Response::new(404, "no such path"),
        }
    }

    fn next(&self) -> Response {
        let mut state = self.lock();
        state.polled_at.push(Instant::now());
        self.changed.notify_all();
        loop {
            if state.closed {
                return Response::new(410, "the environment is gone");
            }
            if let Some((request_id, event)) = state.queued.pop_front() {
                let deadline = deadline_ms(state.timeout.unwrap_or(INVOCATION_TIMEOUT));
                return Response::new(200, event)
                    .with("content-type", "application/json")
                    .with("lambda-runtime-aws-request-id", request_id)
                    .with("lambda-runtime-deadline-ms", deadline.to_string())
                    .with(
                        "lambda-runtime-invoked-function-arn",
                        "arn:aws:lambda:eu-west-1:111122223333:function:under-test",
                    )
                    .with(
                        "lambda-runtime-trace-id",
                        "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
                    );
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn answered(&self, request_id: &str, answer: Answer) -> Response {
        self.lock()
            .answers
            .push((request_id.to_owned(), answer, Instant::now()));
        self.changed.notify_all();
        Response::new(202, r#"{"status":"OK"}"#)
    }
}

fn error(request: &Request) -> Answer {
    let kind = request
        .header("lambda-runtime-function-error-type")
        .unwrap_or_default();
    Answer::Error {
        kind: kind.to_owned(),
        body: text(&request.body),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the service that stands behind this API tells the function the wall clock time"
)]
fn deadline_ms(timeout: Duration) -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().saturating_add(timeout).as_millis()
}

/// A function's process, started with an environment of its own and nothing of ours. Killed when
/// dropped.
#[derive(Debug)]
pub struct FunctionProcess {
    child: Child,
    started_at: Instant,
    output: Arc<Mutex<String>>,
    collectors: Vec<thread::JoinHandle<()>>,
}

impl FunctionProcess {
    /// Starts a binary against a Runtime API. The variables that Lambda always sets are set,
    /// `extra` comes on top; nothing is inherited, so that the test's own environment cannot leak
    /// in.
    pub fn start<K, V>(
        binary: &Path,
        api: &RuntimeApi,
        extra: impl IntoIterator<Item = (K, V)>,
    ) -> io::Result<Self>
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .envs(extra)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started_at = Instant::now();
        let mut child = command.spawn()?;
        let output = Arc::new(Mutex::new(String::new()));
        let collectors = [
            child.stdout.take().map(|stream| collect(stream, &output)),
            child.stderr.take().map(|stream| collect(stream, &output)),
        ];
        Ok(Self {
            child,
            started_at,
            output,
            collectors: collectors.into_iter().flatten().collect(),
        })
    }

    /// When the process was started.
    #[must_use]
    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// The process id, for reading its memory use.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What has arrived so far of what it writes, standard output and standard error together,
    /// whole lines only.
    #[must_use]
    pub fn output(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Ends the process and answers with everything that it has written.
    pub fn end(&mut self) -> String {
        self.kill();
        for collector in self.collectors.drain(..) {
            // A collector does not panic; if one did, what it had read is there.
            let _ended = collector.join();
        }
        self.output()
    }

    fn kill(&mut self) {
        // Either may fail because it has ended already, which is what is wanted.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }

    /// Waits for the process to end by itself, or gives up after `patience`.
    pub fn exit(&mut self, patience: Duration) -> io::Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || started.elapsed() >= patience {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for FunctionProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(
    stream: impl Read + Send + 'static,
    output: &Arc<Mutex<String>>,
) -> thread::JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { return };
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&String::from_utf8_lossy(&line));
            output.push('\n');
        }
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(2);

    fn send(api: &RuntimeApi, request: String) -> thread::JoinHandle<String> {
        let mut stream = TcpStream::connect(api.address()).unwrap();
        thread::spawn(move || {
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        })
    }

    fn post(path: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "POST {VERSION_PREFIX}{path} HTTP/1.1\r\nContent-Length: {length}\r\n\
             Lambda-Runtime-Function-Error-Type: Kind\r\n\r\n{body}"
        )
    }

    #[test]
    fn next_blocks_until_there_is_an_event() {
        let api = RuntimeApi::start().unwrap();
        let poll = send(
            &api,
            format!("GET {VERSION_PREFIX}invocation/next HTTP/1.1\r\n\r\n"),
        );
        assert!(api.polled(1, PATIENCE).is_some());
        assert!(!poll.is_finished());
        let request_id = api.invoke("{\"a\":1}");
        let answer = poll.join().unwrap();
        assert!(answer.contains(&format!("lambda-runtime-aws-request-id: {request_id}\r\n")));
        assert!(answer.ends_with("{\"a\":1}"), "{answer}");
        assert!(api.polled(2, Duration::ZERO).is_none());
    }

    #[test]
    fn answers_and_errors_are_kept_by_request_id() {
        let api = RuntimeApi::start().unwrap();
        assert!(api.answer_to("a", Duration::ZERO).is_none());
        send(&api, post("invocation/a/response", "[]"))
            .join()
            .unwrap();
        send(&api, post("invocation/b/error", "{}")).join().unwrap();
        let (answer, _) = api.answer_to("a", PATIENCE).unwrap();
        assert_eq!(answer, Answer::Response("[]".to_owned()));
        let (answer, _) = api.answer_to("b", PATIENCE).unwrap();
        assert_eq!(
            answer,
            Answer::Error {
                kind: "Kind".to_owned(),
                body: "{}".to_owned()
            }
        );
    }

    #[test]
    fn function_that_cannot_start_says_so() {
        let api = RuntimeApi::start().unwrap();
        send(&api, post("init/error", "why")).join().unwrap();
        let error = api.init_error(PATIENCE).unwrap();
        assert_eq!(
            error,
            Answer::Error {
                kind: "Kind".to_owned(),
                body: "why".to_owned()
            }
        );
    }

    #[test]
    fn process_starts_with_the_environment_of_lambda_alone() {
        let api = RuntimeApi::start().unwrap();
        let env = Path::new("/usr/bin/env");
        let mut process = FunctionProcess::start(env, &api, [("EXTRA", "1")]).unwrap();
        assert!(process.exit(PATIENCE).unwrap().unwrap().success());
        let output = process.end();
        assert!(output.contains("EXTRA=1\n"), "{output}");
        assert!(output.contains(&format!("AWS_LAMBDA_RUNTIME_API={}\n", api.address())));
        assert!(!output.contains("CARGO"), "{output}");
    }
}
