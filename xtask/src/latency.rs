//! `cargo xtask bench latency`: how long an upload takes until it is live, on the local AWS, and what of that is
//! the gate's.
//!
//! Signing, updating and getting a version ready take as long as they are set to. The local AWS notes when
//! each call began and was answered; what lies between two steps and is none of these three is what the gate
//! adds. Beside it goes `sam deploy --signing-profiles`, which signs and deploys without verifying anything.

use std::{
    error::Error,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Parser;
use countersign_e2e::{
    HarnessError,
    cloud::{self, Cloud, Stack},
    local_stack::{LocalStack, Protection, Upload},
    observer::{Poll, wait_until},
    packages, process,
    session::{list, text},
    tools::Tools,
};
use serde_json::{Value, json};

use crate::terminal::Terminal;

const STACK: &str = "countersign";
const ALIAS: &str = "live";
/// What the gate may add, in seconds.
const GOAL_SECONDS: f64 = 0.5;
/// No upload takes longer: the longest setting takes two and a half minutes.
const OUTCOME_TIMEOUT: Duration = Duration::from_mins(10);

/// How long AWS takes, in seconds.
#[derive(Clone, Copy, Debug)]
struct Pace {
    signing: f64,
    update: f64,
    version: f64,
}

const PACES: [Pace; 4] = [
    Pace {
        signing: 0.0,
        update: 0.0,
        version: 0.0,
    },
    Pace {
        signing: 0.3,
        update: 0.5,
        version: 0.2,
    },
    Pace {
        signing: 5.0,
        update: 2.0,
        version: 0.5,
    },
    // A version with SnapStart.
    Pace {
        signing: 8.0,
        update: 20.0,
        version: 120.0,
    },
];

impl Pace {
    fn seconds(self) -> f64 {
        self.signing + self.update + self.version
    }
}

/// Measures how long an upload takes until it is live, and what of that the gate adds. Builds the functions
/// first, ten minutes the first time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench latency --")]
struct Options {
    /// Deploy what the last `sam build` made, without building again.
    #[arg(long)]
    no_build: bool,
    /// Leave `sam deploy --signing-profiles` out.
    #[arg(long)]
    no_sam: bool,
    /// How often each is measured; the best counts.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Seconds from step to step, without what AWS takes.
#[derive(Clone, Copy, Debug)]
struct Latency {
    /// From the object in the bucket to the start of its signing job.
    admission: f64,
    /// From the end of the job to the accepting verdict.
    verdict: f64,
    /// From the verdict to Lambda's answer to the update.
    update: f64,
    /// From the end of the update to the published version.
    version: f64,
    /// From the readiness of the version to the alias that points at it: live.
    live: f64,
    /// From there to the outcome on record.
    outcome: f64,
}

impl Latency {
    /// What the gate adds until the code is live.
    fn added(&self) -> f64 {
        self.admission + self.verdict + self.update + self.version + self.live
    }
}

/// Measures, and prints a table; whether the goal was reached.
pub(crate) fn run(
    root: &Path,
    options: &[OsString],
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let name = OsString::from("latency");
    let options = Options::parse_from([&name].into_iter().chain(options));
    let tools = Tools::prepare(root, terminal)?;
    if !options.no_build {
        cloud::build(&tools, terminal)?;
    }
    let cloud = Cloud::start(&tools, cloud::free_port()?, terminal)?;
    let since = Instant::now();
    let stack = cloud.deploy(STACK, &[], terminal)?;
    terminal.step("sam deploy", "the gate", since.elapsed());
    let local_stack = LocalStack::populate(&cloud, &stack)?;
    let bench = Bench {
        cloud: &cloud,
        stack: &stack,
        local_stack: &local_stack,
        terminal,
        options: &options,
    };
    bench.run(root)
}

struct Bench<'a> {
    cloud: &'a Cloud,
    stack: &'a Stack,
    local_stack: &'a LocalStack<'a>,
    terminal: &'a Terminal,
    options: &'a Options,
}

impl Bench<'_> {
    fn run(&self, root: &Path) -> Result<bool, Box<dyn Error>> {
        self.warm_up()?;
        let mut rows = Vec::new();
        for (number, pace) in PACES.into_iter().enumerate() {
            let name = format!("latency-{number}");
            self.pace(PACES[0])?;
            self.create_function(&name)?;
            self.pace(pace)?;
            let latency = self.best_latency(&name, pace)?;
            let sam = if self.options.no_sam {
                None
            } else {
                Some(self.sam(number, pace)?)
            };
            rows.push((pace, latency, sam));
        }
        self.print(&rows);
        let file = root.join("target/bench/latency.json");
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, serde_json::to_vec_pretty(&document(&rows))?)?;
        Ok(rows
            .iter()
            .all(|(_, latency, _)| latency.added() <= GOAL_SECONDS))
    }

    /// The first upload of a stack starts all three functions.
    fn warm_up(&self) -> Result<(), HarnessError> {
        self.pace(PACES[0])?;
        self.create_function("latency-warm")?;
        self.upload("latency-warm", "warm").map(drop)
    }

    fn pace(&self, pace: Pace) -> Result<(), HarnessError> {
        let settings = json!({"signing_seconds": pace.signing, "update_seconds": pace.update,
                              "version_seconds": pace.version});
        let root = self.local_stack.root();
        root.call("control", "PUT settings", settings).map(drop)
    }

    /// A function under the gate, with an alias that the gate moves.
    fn create_function(&self, name: &str) -> Result<(), HarnessError> {
        let stack = self.local_stack;
        stack.create_function(name, "before", Protection::Enforce)?;
        stack.wait_until_active(self.terminal, name)?;
        let root = stack.root();
        let version = root.call("lambda", "publish_version", json!({"FunctionName": name}))?;
        root.call(
            "lambda",
            "create_alias",
            json!({"FunctionName": name, "Name": ALIAS, "FunctionVersion": text(&version, "/Version")?}),
        )?;
        root.call(
            "lambda",
            "tag_resource",
            json!({"Resource": format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
                   "Tags": {"countersign:alias": ALIAS}}),
        )?;
        Ok(())
    }

    /// Uploads a package and waits for its end.
    fn upload(&self, name: &str, words: &str) -> Result<Upload, HarnessError> {
        let stack = self.local_stack;
        let package = packages::function(words)?;
        let upload = stack.upload(&format!("functions/{name}"), &package)?;
        let what = format!("the outcome of {name}");
        wait_until(self.terminal, &what, OUTCOME_TIMEOUT, || {
            let outcome = stack.record(&upload, "outcome")?;
            let Some(outcome) = outcome else {
                return Ok(Poll::Pending("on its way".to_owned()));
            };
            if outcome.get("state").and_then(Value::as_str) == Some("deployed") {
                Ok(Poll::Ready(()))
            } else {
                Err(HarnessError::Surprise {
                    expected: format!("{name} to be deployed"),
                    found: outcome.to_string(),
                })
            }
        })?;
        Ok(upload)
    }

    fn best_latency(&self, name: &str, pace: Pace) -> Result<Latency, HarnessError> {
        // The long one is long enough once.
        let rounds = if pace.seconds() > 60.0 {
            1
        } else {
            self.options.rounds.max(1)
        };
        let mut best: Option<Latency> = None;
        for round in 1..=rounds {
            let since = Instant::now();
            let root = self.local_stack.root();
            root.call("control", "DELETE calls", json!({}))?;
            self.upload(name, &format!("round {round}"))?;
            let latency = self.latency(name, pace)?;
            let detail = format!("{name}, round {}: adds {:.2} s", round, latency.added());
            self.terminal.step("upload", &detail, since.elapsed());
            if best.is_none_or(|best| latency.added() < best.added()) {
                best = Some(latency);
            }
        }
        best.ok_or_else(|| missing("a latency"))
    }

    /// The steps of the last upload, from the journal of the local AWS.
    fn latency(&self, name: &str, pace: Pace) -> Result<Latency, HarnessError> {
        let root = self.local_stack.root();
        let answer = root.call("control", "GET calls", json!({}))?;
        let journal = Journal(list(&answer, "/calls").to_vec());
        let of_gate = |role: &'static str| format!("countersign-{role}");
        let uploads = self.stack.output("UploadsBucket")?;
        let object = format!("{uploads}/functions/{name}.zip");
        let uploaded = journal.last("s3:PutObject", &object, "")?;
        let started = journal.last("signer:StartSigningJob", "", &of_gate("sign"))?;
        let verdict = journal.last("s3:PutObject", "/verdict.json", &of_gate("deploy"))?;
        let updated = journal.last("lambda:UpdateFunctionCode", name, &of_gate("deploy"))?;
        let published = journal.first("lambda:PublishVersion", name, &of_gate("deploy"))?;
        let moved = journal.last("lambda:UpdateAlias", name, &of_gate("deploy"))?;
        let outcome = journal.last("s3:PutObject", "/outcome.json", &of_gate("deploy"))?;
        Ok(Latency {
            admission: started - uploaded,
            verdict: verdict - started - pace.signing,
            update: updated - verdict,
            version: published - updated - pace.update,
            live: moved - published - pace.version,
            outcome: outcome - moved,
        })
    }

    fn print(&self, rows: &[(Pace, Latency, Option<f64>)]) {
        let line = |text: &str| self.terminal.line(text);
        line("");
        line(
            "| signing, update, version take | to the job | to the verdict | to the update | to the version | to live | added | upload to live | sam deploy |",
        );
        line("|---|---|---|---|---|---|---|---|---|");
        for (pace, latency, sam) in rows {
            let sam = sam.map_or_else(|| "not measured".to_owned(), |sam| format!("{sam:.1} s"));
            line(&format!(
                "| {}, {}, {} s | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | **{:.2} s** | {:.1} s | {sam} |",
                pace.signing,
                pace.update,
                pace.version,
                latency.admission,
                latency.verdict,
                latency.update,
                latency.version,
                latency.live,
                latency.added(),
                latency.added() + pace.seconds(),
            ));
        }
        line("");
        let missed = rows
            .iter()
            .filter(|(_, latency, _)| latency.added() > GOAL_SECONDS);
        line(&format!(
            "Goal: at most {GOAL_SECONDS} s added until live; missed by {} of {}.",
            missed.count(),
            rows.len()
        ));
    }

    /// How many seconds SAM CLI takes for the second deployment of the same function. It does not wait until
    /// the version can be invoked.
    fn sam(&self, number: usize, pace: Pace) -> Result<f64, HarnessError> {
        let name = format!("sam-latency-{number}");
        let project = Project::create(self.cloud.tools(), &name)?;
        let root = self.local_stack.root();
        let bucket = format!("{name}-artifacts");
        root.call("s3", "create_bucket", json!({"Bucket": bucket}))?;
        root.call(
            "s3",
            "put_bucket_versioning",
            json!({"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}),
        )?;
        self.pace(PACES[0])?;
        project.write("before")?;
        self.sam_deploy(&name, &project, &bucket)?;
        self.pace(pace)?;
        project.write("after")?;
        let since = Instant::now();
        self.sam_deploy(&name, &project, &bucket)?;
        let took = since.elapsed();
        self.terminal
            .step("sam", "sam deploy --signing-profiles", took);
        Ok(took.as_secs_f64())
    }

    fn sam_deploy(&self, name: &str, project: &Project, bucket: &str) -> Result<(), HarnessError> {
        let tools = self.cloud.tools();
        let mut command = tools.command("sam", &self.cloud.endpoint());
        let profile = self.stack.output("SigningProfile")?;
        command
            .current_dir(&project.folder)
            .args(["deploy", "--stack-name", name, "--s3-bucket", bucket])
            .args(["--template-file", "template.yaml"])
            .args(["--signing-profiles", &format!("Function={profile}")])
            .args(["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"])
            .args(["--no-progressbar"])
            .args([
                "--parameter-overrides",
                &format!(
                    "Csc={} Role={}",
                    self.stack.output("CodeSigningConfig")?,
                    self.local_stack.role()
                ),
            ]);
        process::run(
            self.terminal,
            &tools.python(),
            "sam deploy --signing-profiles",
            &command,
            &tools.log(name),
        )
    }
}

/// A SAM project with one function, the same as the gate's.
struct Project {
    folder: PathBuf,
}

impl Project {
    fn create(tools: &Tools, name: &str) -> Result<Self, HarnessError> {
        let folder = tools.local().join(name);
        let project = Self { folder };
        let template = format!(
            r"Transform: AWS::Serverless-2016-10-31
Parameters:
  Csc: {{ Type: String }}
  Role: {{ Type: String }}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: {name}
      CodeUri: code
      Handler: app.handler
      Runtime: python3.13
      Role: !Ref Role
      CodeSigningConfigArn: !Ref Csc
      AutoPublishAlias: {ALIAS}
"
        );
        project.put("template.yaml", &template)?;
        Ok(project)
    }

    fn write(&self, words: &str) -> Result<(), HarnessError> {
        let code = format!("def handler(event, context):\n    return {{\"says\": \"{words}\"}}\n");
        self.put("code/app.py", &code)
    }

    fn put(&self, name: &str, content: &str) -> Result<(), HarnessError> {
        let file = self.folder.join(name);
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| fs::write(&file, content))
            .map_err(|source| HarnessError::File {
                what: file.display().to_string(),
                source,
            })
    }
}

/// The calls that the local AWS saw.
struct Journal(Vec<Value>);

impl Journal {
    /// When the last successful call of this action was answered, on a resource and by a caller in
    /// whose ARNs these are; seconds since 1970. Dry runs are not told apart: they come before.
    fn last(&self, action: &str, resource: &str, caller: &str) -> Result<f64, HarnessError> {
        let found = self.calls(action, resource, caller).last();
        found.ok_or_else(|| missing(&format!("{action} {resource}")))
    }

    /// The same of the first such call. An attempt that waits for the next one repeats some.
    fn first(&self, action: &str, resource: &str, caller: &str) -> Result<f64, HarnessError> {
        let found = self.calls(action, resource, caller).next();
        found.ok_or_else(|| missing(&format!("{action} {resource}")))
    }

    fn calls(&self, action: &str, resource: &str, caller: &str) -> impl Iterator<Item = f64> {
        let of = |call: &Value, field: &str| {
            let found = call.get(field).and_then(Value::as_str);
            found.unwrap_or_default().to_owned()
        };
        let is_it = move |call: &&Value| {
            let status = call.get("status").and_then(Value::as_u64);
            of(call, "action") == action
                && of(call, "resource").contains(resource)
                && of(call, "caller").contains(caller)
                && status.is_some_and(|status| status < 300)
        };
        let found = self.0.iter().filter(is_it);
        found.filter_map(|call| call.get("answered_at")?.as_f64())
    }
}

fn missing(what: &str) -> HarnessError {
    HarnessError::Shape {
        what: "the journal of the local AWS".to_owned(),
        field: what.to_owned(),
        found: "no such call".to_owned(),
    }
}

fn document(rows: &[(Pace, Latency, Option<f64>)]) -> Value {
    let row = |(pace, latency, sam): &(Pace, Latency, Option<f64>)| {
        json!({
            "signing_seconds": pace.signing, "update_seconds": pace.update,
            "version_seconds": pace.version,
            "to_job": latency.admission, "to_verdict": latency.verdict, "to_update": latency.update,
            "to_version": latency.version, "to_live": latency.live, "added": latency.added(),
            "to_outcome": latency.outcome, "sam_deploy_seconds": sam,
        })
    };
    json!({"goal_seconds": GOAL_SECONDS, "rows": rows.iter().map(row).collect::<Vec<_>>()})
}
