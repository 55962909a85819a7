//! The local AWS, and the stack deployed to it the way it is deployed to AWS.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
};

use serde_json::json;

use crate::{
    error::HarnessError,
    observer::{Observer, PATIENCE, Poll, wait_until},
    process::{self, Process},
    session::{Credentials, Session, list, text},
    tools::Tools,
};

/// Looked for, because SAM would deploy the sources when nothing has been built.
const BUILT_TEMPLATE: &str = ".aws-sam/build/template.yaml";
const ROOT_FILE: &str = "signer-root.pem";

/// A running local AWS, on loopback, with IAM enforced. It stops when this is dropped.
#[derive(Debug)]
pub struct Cloud {
    _process: Process,
    tools: Tools,
    port: u16,
    state: PathBuf,
}

impl Cloud {
    /// Starts the local AWS on a port of 127.0.0.1, empty, and waits until it answers.
    pub fn start(tools: &Tools, port: u16, observer: &dyn Observer) -> Result<Self, HarnessError> {
        require_free(port)?;
        let state = tools.local().join(format!("aws-{port}"));
        let mut command = Command::new(tools.python());
        command
            .args(["-m", "countersign_local_aws", "--port", &port.to_string()])
            .arg("--state")
            .arg(&state)
            .current_dir(tools.root())
            .env("PYTHONPATH", tools.root().join("tests/local-aws"))
            .env("PATH", tools.programs());
        let log = tools.log(&format!("local-aws-{port}"));
        let what = "starting the local AWS";
        let mut process = Process::start(&tools.python(), &command, &log)?;
        wait_until(observer, what, PATIENCE, || {
            if let Some(status) = process.ended()? {
                return Err(process.failure(what, status));
            }
            Ok(if is_free(port) {
                Poll::Pending(process.last_line())
            } else {
                Poll::Ready(())
            })
        })?;
        Ok(Self {
            _process: process,
            tools: tools.clone(),
            port,
            state,
        })
    }

    /// Where it listens: `http://127.0.0.1:4566`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// The tools that it was started with.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The file with the root certificate of its Signer, PEM.
    #[must_use]
    pub fn signer_root(&self) -> PathBuf {
        self.state.join(ROOT_FILE)
    }

    /// Calls in the name of `credentials`.
    pub fn session(&self, credentials: &Credentials) -> Result<Session, HarnessError> {
        Session::new(&self.tools, &self.endpoint(), credentials)
    }

    /// Runs the AWS command line in the name of `credentials`, and gives its output.
    pub fn aws(
        &self,
        credentials: &Credentials,
        arguments: &[&str],
    ) -> Result<String, HarnessError> {
        let endpoint = self.endpoint();
        let mut command = self.tools.command("aws", &endpoint);
        command
            .args(arguments)
            .args(["--endpoint-url", &endpoint])
            .envs(credentials.environment());
        output("aws", &arguments.join(" "), command)
    }

    /// Runs lines as somebody pastes them into a shell, in the name of `credentials`, and gives their
    /// output. The first one that fails ends it.
    pub fn paste(&self, credentials: &Credentials, lines: &str) -> Result<String, HarnessError> {
        let mut command = self.tools.command("sh", &self.endpoint());
        command
            .args(["-eu", "-c", lines])
            .envs(credentials.environment());
        output("sh", lines, command)
    }

    /// `sam deploy` of what [`build`] made, as the stack `name` with these parameters, trusting the
    /// local Signer's root.
    pub fn deploy(
        &self,
        name: &str,
        parameters: &[&str],
        observer: &dyn Observer,
    ) -> Result<Stack, HarnessError> {
        if !self.tools.root().join(BUILT_TEMPLATE).exists() {
            return Err(HarnessError::Missing {
                what: "The outcome of `sam build`, .aws-sam/build/template.yaml,",
                fix: "Run `cargo xtask test --only build`.",
            });
        }
        let root_file = self.signer_root();
        let root = fs::read_to_string(&root_file).map_err(|source| HarnessError::File {
            what: root_file.display().to_string(),
            source,
        })?;
        let mut command = self.tools.command("sam", &self.endpoint());
        command
            .args(["deploy", "--stack-name", name])
            .args(["--no-confirm-changeset", "--no-progressbar"])
            .args(["--parameter-overrides", &format!("TrustRoots=\"{root}\"")])
            // Those who want the pages subscribe a queue.
            .arg("AlertEmail=none")
            .args(parameters);
        process::run(
            observer,
            &self.tools.python(),
            "sam deploy",
            &command,
            &self.tools.log(&format!("sam-deploy-{}", self.port)),
        )?;
        self.stack(name)
    }

    /// The deployed stack `name`.
    pub fn stack(&self, name: &str) -> Result<Stack, HarnessError> {
        let session = self.session(&Credentials::root())?;
        let answer = session.call(
            "cloudformation",
            "describe_stacks",
            json!({"StackName": name}),
        )?;
        let outputs = list(&answer, "/Stacks/0/Outputs")
            .iter()
            .map(|output| Ok((text(output, "/OutputKey")?, text(output, "/OutputValue")?)))
            .collect::<Result<_, HarnessError>>()?;
        Ok(Stack {
            name: name.to_owned(),
            outputs,
        })
    }
}

/// What a command writes, or the refusal that its failure is.
fn output(program: &str, arguments: &str, mut command: Command) -> Result<String, HarnessError> {
    let output = command.output().map_err(|source| HarnessError::Start {
        program: program.to_owned(),
        source,
    })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(HarnessError::Refused {
            call: format!("{program} {arguments}"),
            code: output.status.to_string(),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// `sam build` of the real template, with the real binaries.
pub fn build(tools: &Tools, observer: &dyn Observer) -> Result<(), HarnessError> {
    let mut command = tools.command("sam", &endpoint(0));
    command.args(["build", "--beta-features"]);
    process::run(
        observer,
        &tools.python(),
        "sam build (ten minutes the first time)",
        &command,
        &tools.log("sam-build"),
    )
}

/// Fails if somebody listens on this port of 127.0.0.1: better said before anything slow begins.
pub fn require_free(port: u16) -> Result<(), HarnessError> {
    if is_free(port) {
        Ok(())
    } else {
        Err(HarnessError::PortBusy { port })
    }
}

/// A port of 127.0.0.1 that nobody listens on.
pub fn free_port() -> Result<u16, HarnessError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| HarnessError::File {
            what: "a port of 127.0.0.1".to_owned(),
            source,
        })
}

/// A deployed stack.
#[derive(Clone, Debug)]
pub struct Stack {
    name: String,
    outputs: BTreeMap<String, String>,
}

impl Stack {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of one of its outputs.
    pub fn output(&self, key: &str) -> Result<&str, HarnessError> {
        self.outputs
            .get(key)
            .map(String::as_str)
            .ok_or_else(|| HarnessError::Shape {
                what: "the stack".to_owned(),
                field: format!("output {key}"),
                found: format!("{:?}", self.outputs.keys()),
            })
    }
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn is_free(port: u16) -> bool {
    TcpStream::connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_err()
}
