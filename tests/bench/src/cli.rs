//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

/// Benches of Countersign. Run them in a release build.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) enum Command {
    /// Verifications of packages from 1 to 250 MB, beside their floor, jarsigner and Python.
    Verify(VerifyOptions),
    /// Inflaters, hashes and P-384, each by itself: what the choice of libraries rests on.
    Libraries(LibrariesOptions),
    /// Cold starts of the functions, beside a bare Rust function and Python.
    Start(StartOptions),
    /// One measurement in a process of its own; the benches call it.
    #[command(hide = true)]
    Contestant(Job),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// Only packages of 1 and 10 MB.
    #[arg(long)]
    pub quick: bool,
    /// How often each contestant runs; they take turns, and the best run of each counts.
    #[arg(long, default_value_t = 5)]
    pub rounds: u32,
    /// A Python that has the `cryptography` package.
    #[arg(long, default_value = ".local/venv/bin/python")]
    pub python: PathBuf,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/verify.json")]
    pub json: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LibrariesOptions {
    /// How often each library runs; they take turns, and the best run of each counts.
    #[arg(long, default_value_t = 9)]
    pub rounds: u32,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/libraries.json")]
    pub json: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct StartOptions {
    /// How often each function is started; they take turns.
    #[arg(long, default_value_t = 41)]
    pub runs: u32,
    /// Where the release binaries `sign`, `deploy`, `alert` and `bare` are.
    #[arg(long, default_value = "target/release")]
    pub binaries: PathBuf,
    /// Take the binaries as they are instead of having them built.
    #[arg(long)]
    pub no_build: bool,
    /// A Python that has the `boto3` package.
    #[arg(long, default_value = ".local/venv/bin/python")]
    pub python: PathBuf,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/start.json")]
    pub json: PathBuf,
}

/// What one measuring process does.
#[derive(Clone, Debug, Args)]
pub(crate) struct Job {
    /// Who runs.
    pub who: Who,
    /// The signed package.
    pub package: PathBuf,
    /// The trust root in PEM; with `origin`, the source package instead.
    pub beside: PathBuf,
    /// Keeps the process on one processor.
    #[arg(long)]
    pub one_processor: bool,
    /// How often; the best pass counts.
    #[arg(default_value_t = 1)]
    pub passes: u32,
}

/// The contestants that are written in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Who {
    /// `Package::read` and `Package::verify`.
    Countersign,
    /// `Archive::parse` of the source and `origin::prove`.
    Origin,
    /// The floor with libdeflate and sha2.
    LibdeflateSha2,
    /// The floor with libdeflate and aws-lc-rs.
    LibdeflateAwsLc,
    /// The floor with zlib-rs and sha2.
    ZlibRsSha2,
    /// The floor with libdeflate and OpenSSL.
    #[cfg(feature = "openssl")]
    LibdeflateOpenssl,
}

impl Who {
    pub(crate) const FLOORS: &[Self] = &[
        Self::LibdeflateSha2,
        Self::LibdeflateAwsLc,
        Self::ZlibRsSha2,
        #[cfg(feature = "openssl")]
        Self::LibdeflateOpenssl,
    ];

    /// As on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}
