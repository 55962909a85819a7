//! `cargo xtask local`: the gate at work, on this machine, in one command.

use std::{
    error::Error,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use countersign_e2e::{
    HarnessError,
    cloud::{self, Cloud, Stack},
    demo::{Demo, SCENES},
    local_stack::LocalStack,
    tools::{self, Tools},
};

use crate::terminal::Terminal;

const STACK: &str = "countersign";
const POLL: Duration = Duration::from_millis(100);

/// How to run it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// End after the summary, instead of staying up.
    #[arg(long)]
    once: bool,
    /// Deploy what the last `sam build` made, without building again.
    #[arg(long)]
    no_build: bool,
    /// Port of the local AWS, on 127.0.0.1.
    #[arg(long, default_value_t = 4566)]
    port: u16,
}

/// Runs all of it; whether everything was seen that should be.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let since = Instant::now();
    terminal.line("Countersign on a local AWS. Nothing here leaves this machine.");
    let (tools, cloud) = prepare(root, options.port, terminal)?;
    if !options.no_build {
        build(&tools, terminal)?;
    }
    let stack = deploy(&cloud, terminal)?;
    let local_stack = LocalStack::populate(&cloud, &stack)?;
    let seen = show(&local_stack, terminal)?;
    summary(&seen, since, terminal);
    let all_seen = seen.iter().all(Result::is_ok);
    if !options.once && !terminal.stop_asked() {
        stay(&tools, &cloud, &stack, terminal)?;
    }
    drop(local_stack);
    let ending = Instant::now();
    drop(cloud);
    terminal.step("stopped", "everything that was started", ending.elapsed());
    Ok(all_seen)
}

fn prepare(root: &Path, port: u16, terminal: &Terminal) -> Result<(Tools, Cloud), HarnessError> {
    terminal.heading("Getting ready");
    cloud::require_free(port)?;
    let since = Instant::now();
    let tools = Tools::prepare(root, terminal)?;
    terminal.step("tools", "pinned, in .local/venv", since.elapsed());
    let since = Instant::now();
    let cloud = Cloud::start(&tools, port, terminal)?;
    let detail = format!("{}, IAM enforced", cloud.endpoint());
    terminal.step("local AWS", &detail, since.elapsed());
    Ok((tools, cloud))
}

fn build(tools: &Tools, terminal: &Terminal) -> Result<(), HarnessError> {
    let since = Instant::now();
    cloud::build(tools, terminal)?;
    terminal.step("sam build", "four functions, in Rust", since.elapsed());
    Ok(())
}

fn deploy(cloud: &Cloud, terminal: &Terminal) -> Result<Stack, HarnessError> {
    let since = Instant::now();
    let stack = cloud.deploy(STACK, &[], terminal)?;
    let detail = format!("template.yaml, as the stack {STACK}");
    terminal.step("sam deploy", &detail, since.elapsed());
    Ok(stack)
}

/// The scenes in order; one that is not seen as it should be does not keep the others from being
/// shown.
fn show(
    local_stack: &LocalStack<'_>,
    terminal: &Terminal,
) -> Result<Vec<Result<Duration, HarnessError>>, HarnessError> {
    let mut demo = Demo::open(local_stack, terminal)?;
    let mut seen = Vec::new();
    for (number, scene) in (1_u8..).zip(&SCENES) {
        terminal.heading(&format!("{number}. {}", scene.0));
        let since = Instant::now();
        let result = demo.scene(scene).map(|()| since.elapsed());
        if let Err(error) = &result {
            terminal.error(error);
        }
        if matches!(result, Err(HarnessError::Interrupted)) {
            return Err(HarnessError::Interrupted);
        }
        seen.push(result);
    }
    Ok(seen)
}

fn summary(seen: &[Result<Duration, HarnessError>], since: Instant, terminal: &Terminal) {
    terminal.heading("Summary");
    for (scene, result) in SCENES.iter().zip(seen) {
        match result {
            Ok(took) => terminal.step("seen", scene.0, *took),
            Err(_) => terminal.line(&format!("  NOT SEEN                  {}", scene.0)),
        }
    }
    terminal.step("in all", "", since.elapsed());
}

/// Says how to look around, and waits for Ctrl-C.
fn stay(
    tools: &Tools,
    cloud: &Cloud,
    stack: &Stack,
    terminal: &Terminal,
) -> Result<(), HarnessError> {
    terminal.heading("It stays up until Ctrl-C. To look around, paste this into another terminal:");
    terminal.line("");
    terminal.line("  unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN");
    for (name, value) in tools::environment(&cloud.endpoint(), ("test", "test")) {
        terminal.line(&format!("  export {name}={value}"));
    }
    // Past a proxy; the links to a function's code name localhost.
    for name in ["NO_PROXY", "no_proxy"] {
        terminal.line(&format!("  export {name}=127.0.0.1,localhost"));
    }
    terminal.line(&format!(
        "  export PATH=\"{}:$PATH\"",
        tools.programs().display()
    ));
    terminal.line("");
    terminal.line("and then, for instance:");
    terminal.line("");
    terminal.line(&format!(
        "  aws s3 cp PACKAGE.zip s3://{}/functions/demo.zip",
        stack.output("UploadsBucket")?
    ));
    terminal.line(&format!(
        "  aws s3 ls --recursive s3://{}/functions/demo/",
        stack.output("RecordsBucket")?
    ));
    terminal.line(&format!(
        "  aws logs filter-log-events --log-group-name /aws/lambda/{STACK}-deploy \\
    --query 'events[].message' --output text"
    ));
    terminal.line("  aws sqs list-queues --endpoint-url \"$AWS_ENDPOINT_URL\"");
    terminal.line("");
    terminal.line("Version 1 of aws, which is the one in that PATH, needs --endpoint-url for SQS.");
    while !terminal.stop_asked() {
        thread::sleep(POLL);
    }
    terminal.line("");
    Ok(())
}
