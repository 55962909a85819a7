//! `cargo xtask bench burst`: many uploads at once on the local AWS, which throttles as Lambda does: is each at its
//! end, does the newest of each function run, and how long did it take beside what the quota alone would take.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    ffi::OsString,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use clap::Parser;
use countersign_e2e::{
    HarnessError,
    cloud::{self, Cloud, Stack},
    local_stack::{LocalStack, Protection, Upload},
    observer::{Poll, wait_until},
    packages,
    session::{body, list, text},
    tools::Tools,
};
use serde_json::{Value, json};

use crate::terminal::Terminal;

const STACK: &str = "countersign";
/// Requests a second of Lambda's control plane in an account and region, but for `GetFunction` (grade B).
const CONTROL_PLANE: u32 = 15;
/// Of `GetFunction`.
const GET_FUNCTION: u32 = 100;
/// How much longer than the quota alone it may take.
const MAX_TIMES_QUOTA_ALONE: f64 = 1.1;
/// After so many uploads their calls are counted.
const UPLOADS_PER_COUNT: u32 = 20;
const BURST_TIMEOUT: Duration = Duration::from_hours(1);

/// Drops many packages at once, with Lambda's quotas on. Builds the functions first, ten minutes the first time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench burst --")]
struct Options {
    /// Deploy what the last `sam build` made, without building again.
    #[arg(long)]
    no_build: bool,
    /// How many functions.
    #[arg(long, default_value_t = 200)]
    functions: u32,
    /// How many uploads, one function after the other.
    #[arg(long, default_value_t = 1000)]
    uploads: u32,
    /// The stack's parameter `SignConcurrency`.
    #[arg(long, default_value_t = 5)]
    sign_concurrency: u32,
    /// The stack's parameter `DeployConcurrency`.
    #[arg(long, default_value_t = 10)]
    deploy_concurrency: u32,
    /// Duplicate 30 % of the events of signing jobs, drop three, and let `sweep` find those.
    #[arg(long)]
    storm: bool,
}

/// What came of it.
struct Figures {
    /// From the first upload to the last outcome, in seconds.
    took: f64,
    /// How many uploads ended so.
    states: BTreeMap<String, u32>,
    /// Calls of the control plane that Lambda took from the gate, and those that it throttled.
    calls: u32,
    throttled: u32,
    /// Functions whose newest upload does not run.
    behind: Vec<String>,
}

impl Figures {
    fn quota_alone(&self) -> f64 {
        f64::from(self.calls) / f64::from(CONTROL_PLANE)
    }
}

/// Runs it, and prints a table; whether no upload was lost and each newest one runs.
pub(crate) fn run(
    root: &Path,
    options: &[OsString],
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let name = OsString::from("burst");
    let options = Options::parse_from([&name].into_iter().chain(options));
    let tools = Tools::prepare(root, terminal)?;
    if !options.no_build {
        cloud::build(&tools, terminal)?;
    }
    let cloud = Cloud::start(&tools, cloud::free_port()?, terminal)?;
    let since = Instant::now();
    let sign = format!("SignConcurrency={}", options.sign_concurrency);
    let deploy = format!("DeployConcurrency={}", options.deploy_concurrency);
    let stack = cloud.deploy(STACK, &[&sign, &deploy], terminal)?;
    terminal.step("sam deploy", "the gate", since.elapsed());
    let local_stack = LocalStack::populate(&cloud, &stack)?;
    let burst = Burst {
        stack: &stack,
        local_stack: &local_stack,
        terminal,
        options: &options,
    };
    let figures = burst.run()?;
    burst.print(&figures);
    let file = root.join("target/bench/burst.json");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let document = json!({
        "functions": options.functions, "uploads": options.uploads, "storm": options.storm,
        "sign_concurrency": options.sign_concurrency, "deploy_concurrency": options.deploy_concurrency,
        "seconds": figures.took, "quota_alone_seconds": figures.quota_alone(),
        "states": figures.states, "calls": figures.calls, "throttled": figures.throttled,
        "behind": figures.behind,
    });
    fs::write(&file, serde_json::to_vec_pretty(&document)?)?;
    Ok(figures.behind.is_empty())
}

/// Calls of the control plane that Lambda took from the gate, and those that it throttled.
#[derive(Debug, Default)]
struct Count {
    taken: u32,
    throttled: u32,
}

struct Burst<'a> {
    stack: &'a Stack,
    local_stack: &'a LocalStack<'a>,
    terminal: &'a Terminal,
    options: &'a Options,
}

impl Burst<'_> {
    fn run(&self) -> Result<Figures, HarnessError> {
        let since = Instant::now();
        self.control("PUT settings", json!({"update_seconds": 0.0}))?;
        for number in 0..self.options.functions {
            let stack = self.local_stack;
            stack.create_function(&function(number), "before", Protection::Enforce)?;
        }
        self.terminal.step("functions", "created", since.elapsed());
        let settings =
            json!({"signing_seconds": 5.0, "update_seconds": 2.0, "version_seconds": 0.5});
        self.control("PUT settings", settings)?;
        self.set_faults()?;
        self.control("DELETE calls", json!({}))?;
        let since = Instant::now();
        let mut count = Count::default();
        let uploads = self.upload_all(&mut count)?;
        self.terminal.step("uploads", "made", since.elapsed());
        self.wait_for_all(&uploads, &mut count)?;
        let took = since.elapsed().as_secs_f64();
        // What is looked at afterwards is not to be throttled.
        self.control("DELETE faults", json!({}))?;
        self.take_calls(&mut count)?;
        let (states, behind) = self.ends(&uploads)?;
        Ok(Figures {
            took,
            states,
            calls: count.taken,
            throttled: count.throttled,
            behind,
        })
    }

    fn control(&self, operation: &str, arguments: Value) -> Result<Value, HarnessError> {
        self.local_stack
            .root()
            .call("control", operation, arguments)
    }

    fn set_faults(&self) -> Result<(), HarnessError> {
        let gate = format!("*/{STACK}-*");
        let mut faults = vec![
            json!({"action": "lambda:*", "not_action": ["lambda:Invoke*", "lambda:GetFunction"],
                   "caller": gate, "effect": "throttle", "per_second": CONTROL_PLANE}),
            json!({"action": "lambda:GetFunction", "caller": gate, "effect": "throttle",
                   "per_second": GET_FUNCTION}),
        ];
        if self.options.storm {
            faults.push(json!({"event": "aws.signer/*", "effect": "drop", "skip": 10, "times": 3}));
            faults.push(json!({"event": "aws.signer/*", "effect": "duplicate", "share": 0.3}));
            self.local_stack.make_sweep_impatient()?;
        }
        for fault in faults {
            self.control("POST faults", fault)?;
        }
        Ok(())
    }

    /// One function after the other, and all of them again, until there are enough.
    fn upload_all(&self, count: &mut Count) -> Result<Vec<Upload>, HarnessError> {
        (0..self.options.uploads)
            .map(|number| {
                if number.is_multiple_of(UPLOADS_PER_COUNT) {
                    self.take_calls(count)?;
                }
                let name = function(number.checked_rem(self.options.functions).unwrap_or(0));
                let package = packages::function(&format!("upload {number}"))?;
                self.local_stack
                    .upload(&format!("functions/{name}"), &package)
            })
            .collect()
    }

    /// The versions of uploads that have an outcome.
    fn ended(&self) -> Result<BTreeSet<String>, HarnessError> {
        let keys = self.keys("/outcome.json")?;
        let versions = keys.iter().filter_map(|key| {
            let label = key.rsplit('/').nth(1)?;
            Some(label.split_once('-')?.1.to_owned())
        });
        Ok(versions.collect())
    }

    /// The records whose name ends so.
    fn keys(&self, ending: &str) -> Result<Vec<String>, HarnessError> {
        let bucket = self.stack.output("RecordsBucket")?;
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let mut request = json!({"Bucket": bucket, "Prefix": "functions/"});
            if let (Some(token), Some(request)) = (next, request.as_object_mut()) {
                request.insert("ContinuationToken".to_owned(), Value::String(token));
            }
            let root = self.local_stack.root();
            let page = root.call("s3", "list_objects_v2", request)?;
            let keys = list(&page, "/Contents").iter();
            let keys = keys.filter_map(|object| object.get("Key")?.as_str());
            found.extend(keys.filter(|key| key.ends_with(ending)).map(str::to_owned));
            next = page
                .get("NextContinuationToken")
                .and_then(Value::as_str)
                .map(str::to_owned);
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    fn wait_for_all(&self, uploads: &[Upload], count: &mut Count) -> Result<(), HarnessError> {
        let mut swept = Instant::now();
        wait_until(
            self.terminal,
            "the end of all uploads",
            BURST_TIMEOUT,
            || {
                self.take_calls(count)?;
                let ended = self.ended()?;
                let left = uploads.iter().filter(|it| !ended.contains(&it.version));
                let left = left.count();
                if left == 0 {
                    return Ok(Poll::Ready(()));
                }
                if self.options.storm && swept.elapsed() > Duration::from_secs(20) {
                    swept = Instant::now();
                    self.local_stack.fire("UnfinishedRule")?;
                }
                Ok(Poll::Pending(format!("{left} are on their way")))
            },
        )
    }

    /// Counts what was called since this was last asked: the journal of the local AWS holds fewer calls than a burst
    /// makes.
    fn take_calls(&self, count: &mut Count) -> Result<(), HarnessError> {
        let answer = self.control("DELETE calls", json!({}))?;
        for call in list(&answer, "/calls") {
            let of = |field: &str| call.get(field).and_then(Value::as_str).unwrap_or_default();
            let action = of("action");
            let draws = action.starts_with("lambda:")
                && !action.starts_with("lambda:Invoke")
                && action != "lambda:GetFunction";
            if !draws || !of("caller").contains(&format!("{STACK}-")) {
                continue;
            }
            let number = match call.get("status").and_then(Value::as_u64) {
                Some(429) => &mut count.throttled,
                _ => &mut count.taken,
            };
            *number = number.saturating_add(1);
        }
        Ok(())
    }

    /// How many uploads ended in each state, and the functions whose newest one does not run.
    fn ends(
        &self,
        uploads: &[Upload],
    ) -> Result<(BTreeMap<String, u32>, Vec<String>), HarnessError> {
        let root = self.local_stack.root();
        let bucket = self.stack.output("RecordsBucket")?;
        let mut states: BTreeMap<String, u32> = BTreeMap::new();
        let mut codes: BTreeMap<String, Option<String>> = BTreeMap::new();
        for key in self.keys("/outcome.json")? {
            let answer = root.call("s3", "get_object", json!({"Bucket": bucket, "Key": key}))?;
            let outcome: Value =
                serde_json::from_slice(&body(&answer, "/Body")?).unwrap_or_default();
            let count = states.entry(text(&outcome, "/state")?).or_default();
            *count = count.saturating_add(1);
            let code = outcome.pointer("/deployed/code_sha256");
            let code = code.and_then(Value::as_str).map(str::to_owned);
            codes.insert(text(&outcome, "/upload/id/version")?, code);
        }
        // The last one of each function stays.
        let newest: BTreeMap<&str, &Upload> =
            uploads.iter().map(|it| (it.target.as_str(), it)).collect();
        let mut behind = Vec::new();
        for (target, upload) in newest {
            let name = target.strip_prefix("functions/").unwrap_or(target);
            let read = json!({"FunctionName": name});
            let found = root.call("lambda", "get_function_configuration", read)?;
            let runs = text(&found, "/CodeSha256")?;
            if codes.get(&upload.version).cloned().flatten() != Some(runs) {
                behind.push(name.to_owned());
            }
        }
        Ok((states, behind))
    }

    fn print(&self, figures: &Figures) {
        let line = |text: &str| self.terminal.line(text);
        let states: Vec<String> = figures
            .states
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        let quota = figures.quota_alone();
        let times = figures.took / quota;
        line("");
        line("| functions | uploads | ended | took | the quota alone | times | throttled calls |");
        line("|---|---|---|---|---|---|---|");
        line(&format!(
            "| {} | {} | {} | {:.1} s | {quota:.1} s ({} calls, {CONTROL_PLANE} a second) | **{times:.2}** | {} |",
            self.options.functions,
            self.options.uploads,
            states.join(", "),
            figures.took,
            figures.calls,
            figures.throttled,
        ));
        line("");
        let word = if times <= MAX_TIMES_QUOTA_ALONE {
            "reached"
        } else {
            "missed"
        };
        line(&format!(
            "Goal: at most {MAX_TIMES_QUOTA_ALONE} times the quota alone: {word}. Functions whose newest upload does not run: {}.",
            figures.behind.len()
        ));
    }
}

fn function(number: u32) -> String {
    format!("burst-{number:04}")
}
