//! What the checkout brings along: a virtual environment of its own, with every tool pinned.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{environment::Environment, error::HarnessError, observer::Observer};

const REQUIREMENTS: &str = "tests/local-aws/requirements.txt";
const CHECKOV_REQUIREMENTS: &str = "tests/checkov/requirements.txt";
const REGION: &str = "us-east-1";

/// The tools of one checkout.
#[derive(Clone, Debug)]
pub struct Tools {
    root: PathBuf,
}

impl Tools {
    /// Finds what must be on the machine, and brings `.local/venv` up to date, which takes a minute
    /// the first time and nothing after that.
    pub fn prepare(root: &Path, observer: &dyn Observer) -> Result<Self, HarnessError> {
        find_prerequisites()?;
        let tools = Self {
            root: root.to_owned(),
        };
        tools.environment().prepare(observer)?;
        Ok(tools)
    }

    /// The root of the checkout.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The Python of the virtual environment.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.environment().python()
    }

    /// Where the installed programs are.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.environment().programs()
    }

    /// The Python that has checkov, in an environment of its own: it pins old releases of what others need new ones
    /// of. Brings it up to date, which takes half a minute the first time.
    pub fn checkov(&self, observer: &dyn Observer) -> Result<PathBuf, HarnessError> {
        let environment = Environment {
            root: &self.root,
            name: "checkov",
            requirements: CHECKOV_REQUIREMENTS,
            compiles: false,
        };
        environment.prepare(observer)?;
        Ok(environment.python())
    }

    /// Where the output of the step `name` goes.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.local().join("logs").join(format!("{name}.log"))
    }

    /// `.local`, which holds all that is made here and is not in the repository.
    #[must_use]
    pub fn local(&self) -> PathBuf {
        self.root.join(".local")
    }

    /// A command that finds the pinned tools first, and not the user's AWS
    /// configuration: whatever it calls is at `endpoint`, reached without a proxy, with the keys of
    /// the local AWS's account root.
    #[must_use]
    pub fn command(&self, program: &str, endpoint: &str) -> Command {
        let installed = self.programs().join(program);
        let mut command = if installed.exists() {
            Command::new(installed)
        } else {
            Command::new(program)
        };
        command.current_dir(&self.root).env("PATH", self.path());
        for (name, value) in environment(endpoint, ("test", "test")) {
            command.env(name, value);
        }
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"] {
            command.env_remove(name);
        }
        for name in ["NO_PROXY", "no_proxy"] {
            command.env(name, "127.0.0.1");
        }
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PAGER", "")
            .env("SAM_CLI_TELEMETRY", "0")
            // Where SAM, Zig and what drives Zig would else leave things in the home directory.
            .env("__SAM_CLI_APP_DIR", self.local().join("cache/sam"))
            .env("ZIG_GLOBAL_CACHE_DIR", self.local().join("cache/zig"))
            .env("CARGO_ZIGBUILD_CACHE_DIR", self.local().join("cache/zigbuild"))
            .env("PYTHONUNBUFFERED", "1");
        command
    }

    fn environment(&self) -> Environment<'_> {
        Environment {
            root: &self.root,
            name: "venv",
            requirements: REQUIREMENTS,
            compiles: true,
        }
    }

    fn path(&self) -> std::ffi::OsString {
        let mut path = self.programs().into_os_string();
        if let Some(inherited) = std::env::var_os("PATH") {
            path.push(":");
            path.push(inherited);
        }
        path
    }
}

/// What points any AWS client at the local AWS, with these keys.
#[must_use]
pub fn environment(endpoint: &str, (key, secret): (&str, &str)) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", key.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
    ]
}

fn find_prerequisites() -> Result<(), HarnessError> {
    const RECENT: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";
    if !works("python3", &["-c", RECENT]) {
        return Err(HarnessError::Missing {
            what: "Python 3.11 or later, as python3, with its venv module",
            fix: "On Debian and Ubuntu: apt install python3 python3-venv; with Homebrew: brew install python.",
        });
    }
    if !works("cc", &["--version"]) {
        return Err(HarnessError::Missing {
            what: "A C compiler, as cc,",
            fix: "On Debian and Ubuntu: apt install build-essential; on macOS: xcode-select --install.",
        });
    }
    Ok(())
}

fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
