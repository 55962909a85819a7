//! `bench start`: cold starts of the functions, beside a bare Rust function and one in Python.

use std::{fs, path::Path, process::Command, time::Duration};

use countersign_testkit::zip::deflate;
use serde::Serialize;

use crate::{
    Outcome,
    cli::StartOptions,
    function::{Function, RefusingAws, Start, start},
    measure::{MIB, count, float},
    python,
    table::{Table, cell},
};

/// At most this many times the time of the bare function.
const GOAL_BARE: f64 = 1.5;
/// At most this part of the time of Python.
const GOAL_PYTHON: f64 = 0.1;
/// Megabytes of 1,000,000 bytes, zipped.
const GOAL_ZIPPED: f64 = 6.0;

const BARE: &str = "bare";

/// Each function, an event that makes it call AWS, and the clients that it makes, by their names in
/// boto3.
const FUNCTIONS: [(&str, &str, &[&str]); 4] = [
    (
        "sign",
        include_str!("../../../events/sign-eventbridge.json"),
        &["s3", "signer", "lambda", "events"],
    ),
    (
        "deploy",
        include_str!("../../../events/deploy-signer-job.json"),
        &["signer", "s3", "lambda", "events"],
    ),
    (
        "alert",
        include_str!("../../../events/alert-decided-rejected.json"),
        &["sns"],
    ),
    (
        "sweep",
        include_str!("../../../events/sweep-unfinished.json"),
        &["s3", "sqs", "lambda", "signer", "events"],
    ),
];

/// One line of the table: medians of all runs.
#[derive(Debug, Serialize)]
struct Row {
    function: String,
    next_seconds: f64,
    answer_seconds: f64,
    call_seconds: Option<f64>,
    memory_bytes: Option<f64>,
    memory_after_call_bytes: Option<f64>,
    /// Of the binary; nothing for Python.
    disk_bytes: Option<u64>,
    zipped_bytes: Option<u64>,
}

pub(crate) fn run(options: &StartOptions) -> Outcome<()> {
    if !options.no_build {
        build()?;
    }
    let functions = functions(options)?;
    let aws = RefusingAws::start()?;
    let directory = tempfile::tempdir()?;
    let log = directory.path().join("log");
    let mut starts: Vec<Vec<Start>> = functions.iter().map(|_| Vec::new()).collect();
    // Binaries take turns with binaries. A start of Python takes two hundred times as long and
    // leaves nothing of others in the processor's caches: who came after one would look slower.
    for is_binary in [true, false] {
        // The first round warms the disk's cache and Python's, and does not count.
        for round in 0..=options.runs {
            eprint!("\rRound {round} of {}", options.runs);
            let all = functions.iter().zip(&mut starts);
            for (function, starts) in all.filter(|(f, _)| f.is_binary() == is_binary) {
                let start = start(function, &aws, &log)?;
                if round > 0 {
                    starts.push(start);
                }
            }
        }
    }
    eprintln!();
    let rows: Vec<Row> = functions
        .iter()
        .zip(&starts)
        .map(|(function, starts)| row(function, starts))
        .collect::<Outcome<_>>()?;
    println!("{}", table(&rows));
    println!("{}", goals(&rows));
    if let Some(directory) = options.json.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(&options.json, serde_json::to_string_pretty(&rows)?)?;
    println!("Written to {}", options.json.display());
    Ok(())
}

/// Builds what is measured. The bare function by itself, so that it has no feature of a dependency
/// switched on that only the others need.
fn build() -> Outcome<()> {
    let functions: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
    for packages in [functions.as_slice(), &["countersign-bench-bare"]] {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release"]);
        for package in packages {
            cargo.args(["--package", package]);
        }
        eprintln!("Building {}", packages.join(", "));
        if !cargo.status()?.success() {
            return Err("the functions do not build".into());
        }
    }
    Ok(())
}

fn functions(options: &StartOptions) -> Outcome<Vec<Function>> {
    let no_python = python::missing(&options.python, "boto3");
    if let Some(missing) = &no_python {
        eprintln!("Left out of the comparison: {missing}");
    }
    let mut functions = vec![Function::binary(&options.binaries, BARE, None)];
    for (name, event, clients) in FUNCTIONS {
        let function = Function::binary(&options.binaries, name, Some(event));
        if no_python.is_none() {
            functions.push(Function::python(&options.python, &function, clients));
        }
        functions.push(function);
    }
    let missing = functions
        .iter()
        .find(|function| function.is_binary() && !function.program.is_file());
    match missing {
        Some(function) => {
            let program = function.program.display();
            Err(format!("{program} is missing: run without --no-build").into())
        }
        None => Ok(functions),
    }
}

fn row(function: &Function, starts: &[Start]) -> Outcome<Row> {
    let seconds = |pick: fn(&Start) -> Option<Duration>| {
        median(
            starts
                .iter()
                .filter_map(pick)
                .map(|time| time.as_secs_f64()),
        )
    };
    let bytes = |pick: fn(&Start) -> Option<u64>| median(starts.iter().filter_map(pick).map(float));
    let binary = function
        .is_binary()
        .then(|| sizes(&function.program))
        .transpose()?;
    Ok(Row {
        function: function.name.clone(),
        next_seconds: seconds(|start| Some(start.next)).ok_or("no run")?,
        answer_seconds: seconds(|start| Some(start.answer)).ok_or("no run")?,
        call_seconds: seconds(|start| start.call),
        memory_bytes: bytes(|start| start.memory),
        memory_after_call_bytes: bytes(|start| start.memory_after_call),
        disk_bytes: binary.map(|(disk, _)| disk),
        zipped_bytes: binary.map(|(_, zipped)| zipped),
    })
}

/// Bytes of a binary, and of its body in a zip.
fn sizes(binary: &Path) -> Outcome<(u64, u64)> {
    let bytes = fs::read(binary)?;
    Ok((count(bytes.len()), count(deflate(&bytes).len())))
}

/// The middle value; of an even number of values, the upper one of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().div_euclid(2)).copied()
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "median",
        "start to next, ms",
        "to answer, ms",
        "first AWS call, ms",
        "memory, MiB",
        "after the call",
        "on disk, MB",
        "zipped, MB",
    ]);
    for row in rows {
        let megabytes = |bytes: Option<u64>| bytes.map(|bytes| float(bytes) / 1e6);
        table.row(&[
            row.function.clone(),
            format!("{:.1}", row.next_seconds * 1e3),
            format!("{:.1}", row.answer_seconds * 1e3),
            cell(row.call_seconds.map(|seconds| seconds * 1e3), 1),
            cell(row.memory_bytes.map(|bytes| bytes / MIB), 1),
            cell(row.memory_after_call_bytes.map(|bytes| bytes / MIB), 1),
            cell(megabytes(row.disk_bytes), 1),
            cell(megabytes(row.zipped_bytes), 1),
        ]);
    }
    table
}

/// Each function against the goals.
fn goals(rows: &[Row]) -> String {
    let find = |name: &str| rows.iter().find(|row| row.function == name);
    let mut lines = String::new();
    let mut line = |what: String, value: f64, goal: f64| {
        let met = if value <= goal { "met" } else { "MISSED" };
        lines.extend([what, format!(": {value:.3}, at most {goal}: {met}\n")]);
    };
    for (name, ..) in FUNCTIONS {
        let Some(row) = find(name) else { continue };
        let others = [
            (BARE.to_owned(), GOAL_BARE),
            (format!("python, as {name}"), GOAL_PYTHON),
        ];
        for (other, goal) in others {
            let Some(other) = find(&other) else { continue };
            line(
                format!("{name}, start to next, times {}", other.function),
                row.next_seconds / other.next_seconds,
                goal,
            );
            line(
                format!("{name}, start to answer, times {}", other.function),
                row.answer_seconds / other.answer_seconds,
                goal,
            );
        }
        if let Some(zipped) = row.zipped_bytes {
            line(
                format!("{name}, MB zipped"),
                float(zipped) / 1e6,
                GOAL_ZIPPED,
            );
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), Some(3.0));
        assert_eq!(median(std::iter::empty()), None);
    }
}
