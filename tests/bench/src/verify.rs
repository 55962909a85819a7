//! `bench verify`: whole verifications beside their floor, `jarsigner` and Python.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::cli::{VerifyOptions, Who};
use crate::content::Kind;
use crate::contestant::Report;
use crate::fixture::{Fixture, Shape};
use crate::jar::Jar;
use crate::measure::{MIB, float, process, rate};
use crate::table::{Table, cell};
use crate::{Outcome, jar, python};

/// At most this many times the floor.
const GOAL_FLOOR: f64 = 1.15;
/// At least this many times as fast as `jarsigner`.
const GOAL_JARSIGNER: f64 = 5.0;
/// At most this many MiB of memory beside the package itself.
const GOAL_MEMORY: f64 = 32.0;

/// Who can be compared with on this machine.
struct Opponents<'a> {
    jar: bool,
    python: Option<&'a Path>,
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    content: &'static str,
    megabytes: usize,
    entries: usize,
    unpacked_bytes: u64,
    packed_bytes: u64,
    /// `Package::read` and `Package::verify`, by the processor's clock.
    verify_seconds: f64,
    /// The part that went into `Package::read`.
    read_seconds: f64,
    /// `Archive::parse` of the source and `origin::prove`.
    origin_seconds: f64,
    floor: String,
    floor_seconds: f64,
    /// All floors, for the choice of libraries.
    floors: Vec<(String, f64)>,
    peak_bytes: Option<u64>,
    /// Whole processes, by the wall clock, from here on.
    process_seconds: f64,
    jarsigner_seconds: Option<f64>,
    jarsigner_peak_bytes: Option<u64>,
    python_seconds: Option<f64>,
    python_peak_bytes: Option<u64>,
}

impl Row {
    fn times_floor(&self) -> f64 {
        self.verify_seconds / self.floor_seconds
    }

    fn times_jarsigner(&self) -> Option<f64> {
        Some(self.jarsigner_seconds? / self.process_seconds)
    }

    fn times_python(&self) -> Option<f64> {
        Some(self.python_seconds? / self.process_seconds)
    }

    fn memory_beside_package(&self) -> Option<f64> {
        Some((float(self.peak_bytes?) - float(self.packed_bytes)) / MIB)
    }
}

pub(crate) fn run(options: &VerifyOptions) -> Outcome<()> {
    let opponents = opponents(options);
    let sizes: &[usize] = if options.quick {
        &[1, 10]
    } else {
        &[1, 10, 50, 250]
    };
    let mut rows = Vec::new();
    for &megabytes in sizes {
        for kind in Kind::ALL {
            for entries in [8, 20_000] {
                let shape = Shape {
                    kind,
                    megabytes,
                    entries,
                };
                eprintln!(
                    "{} of {megabytes} MB in {entries} entries",
                    shape.kind.label()
                );
                rows.push(measure(shape, options.rounds, &opponents)?);
            }
        }
    }
    println!("{}", table(&rows));
    println!("{}", goals(&rows));
    if let Some(directory) = options.json.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(&options.json, serde_json::to_string_pretty(&rows)?)?;
    println!("Written to {}", options.json.display());
    Ok(())
}

fn opponents(options: &VerifyOptions) -> Opponents<'_> {
    let no_jar = jar::missing();
    let no_python = python::missing(&options.python, "cryptography");
    for missing in [&no_jar, &no_python].into_iter().flatten() {
        eprintln!("Left out of the comparison: {missing}");
    }
    Opponents {
        jar: no_jar.is_none(),
        python: no_python.is_none().then_some(options.python.as_path()),
    }
}

/// Measures one shape. All take turns in each round, so that whatever slows the machine down for a while slows
/// all of them; the best round of each counts.
fn measure(shape: Shape, rounds: u32, opponents: &Opponents<'_>) -> Outcome<Row> {
    let directory = tempfile::tempdir()?;
    let fixture = Fixture::write(shape, directory.path())?;
    let jar = opponents
        .jar
        .then(|| Jar::sign(&fixture.source, directory.path()))
        .transpose()?;
    judge_refusals(&fixture, jar.as_ref(), opponents.python)?;

    let mut row = Row {
        content: shape.kind.label(),
        megabytes: shape.megabytes,
        entries: shape.entries,
        unpacked_bytes: fixture.unpacked_bytes,
        packed_bytes: fixture.packed_bytes,
        verify_seconds: f64::MAX,
        read_seconds: f64::MAX,
        origin_seconds: f64::MAX,
        floor: String::new(),
        floor_seconds: f64::MAX,
        floors: Who::FLOORS
            .iter()
            .map(|who| (who.name(), f64::MAX))
            .collect(),
        peak_bytes: None,
        process_seconds: f64::MAX,
        jarsigner_seconds: None,
        jarsigner_peak_bytes: None,
        python_seconds: None,
        python_peak_bytes: None,
    };
    // Small packages are verified several times in one process, or its start is all that is seen.
    let passes = u32::try_from(60_usize.checked_div(shape.megabytes).unwrap_or_default())?.max(2);
    for _ in 0..rounds {
        let (report, wall) = contestant(Who::Countersign, &fixture, 1)?;
        row.process_seconds = row.process_seconds.min(wall.as_secs_f64());
        row.peak_bytes = row.peak_bytes.max(report.peak);
        let expected = report.digests;

        let (report, _) = contestant(Who::Countersign, &fixture, passes)?;
        let time = report.time.as_secs_f64();
        if time < row.verify_seconds {
            row.verify_seconds = time;
            row.read_seconds = report.read.as_secs_f64();
        }
        let (report, _) = contestant(Who::Origin, &fixture, passes)?;
        row.origin_seconds = row.origin_seconds.min(report.time.as_secs_f64());
        for (who, (name, best)) in Who::FLOORS.iter().zip(&mut row.floors) {
            let (report, _) = contestant(*who, &fixture, passes)?;
            agree(name, &report.digests, &expected)?;
            *best = best.min(report.time.as_secs_f64());
        }
        if let Some(jar) = &jar {
            let finished = jar.verify()?;
            lower(&mut row.jarsigner_seconds, finished.wall.as_secs_f64());
            row.jarsigner_peak_bytes = row.jarsigner_peak_bytes.max(finished.peak);
        }
        if let Some(python) = opponents.python {
            let (finished, digests) = python::verify(python, &fixture)?;
            agree("python", &digests, &expected)?;
            lower(&mut row.python_seconds, finished.wall.as_secs_f64());
            row.python_peak_bytes = row.python_peak_bytes.max(finished.peak);
        }
    }
    for (name, seconds) in &row.floors {
        if *seconds < row.floor_seconds {
            row.floor_seconds = *seconds;
            row.floor.clone_from(name);
        }
    }
    Ok(row)
}

fn lower(best: &mut Option<f64>, seconds: f64) {
    *best = Some(best.map_or(seconds, |best| best.min(seconds)));
}

fn agree(name: &str, digests: &str, expected: &str) -> Outcome<()> {
    if digests == expected {
        return Ok(());
    }
    Err(format!("{name} computed {digests}, Countersign {expected}").into())
}

/// Who cannot tell a tampered package from a good one has no business in the table.
fn judge_refusals(fixture: &Fixture, jar: Option<&Jar>, python: Option<&Path>) -> Outcome<()> {
    let finished = process(&mut command(
        Who::Countersign,
        &fixture.tampered,
        &fixture.root,
        1,
    )?)?;
    let said = String::from_utf8_lossy(&finished.output.stderr);
    if finished.output.status.success() || !said.contains("DigestMismatch") {
        return Err(format!("Countersign did not refuse a tampered package: {said}").into());
    }
    jar.map(Jar::refuses).transpose()?;
    python
        .map(|python| python::refuses(python, fixture))
        .transpose()?;
    Ok(())
}

fn contestant(who: Who, fixture: &Fixture, passes: u32) -> Outcome<(Report, Duration)> {
    let beside = match who {
        Who::Origin => &fixture.source,
        _ => &fixture.root,
    };
    let finished = process(&mut command(who, &fixture.signed, beside, passes)?)?;
    if !finished.output.status.success() {
        let said = String::from_utf8_lossy(&finished.output.stderr);
        return Err(format!("{} failed: {said}", who.name()).into());
    }
    let report = serde_json::from_slice(&finished.output.stdout)?;
    Ok((report, finished.wall))
}

fn command(who: Who, package: &Path, beside: &Path, passes: u32) -> Outcome<Command> {
    let mut command = Command::new(env::current_exe()?);
    command
        .args(["contestant", &who.name()])
        .args([package, beside]);
    command.arg(passes.to_string());
    Ok(command)
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "content, MB, entries",
        "packed MB",
        "floor MB/s",
        "verify MB/s",
        "x floor",
        "origin MB/s",
        "MiB beside package",
        "x jarsigner",
        "x python",
    ]);
    for row in rows {
        let rate_of = |seconds| rate(row.unpacked_bytes, Duration::from_secs_f64(seconds));
        table.row(&[
            format!("{}, {}, {}", row.content, row.megabytes, row.entries),
            format!("{:.1}", float(row.packed_bytes) / 1e6),
            format!("{:.0}", rate_of(row.floor_seconds)),
            format!("{:.0}", rate_of(row.verify_seconds)),
            format!("{:.2}", row.times_floor()),
            format!("{:.0}", rate_of(row.origin_seconds)),
            cell(row.memory_beside_package(), 1),
            cell(row.times_jarsigner(), 1),
            cell(row.times_python(), 1),
        ]);
    }
    table
}

/// The goals, each with the worst row.
fn goals(rows: &[Row]) -> String {
    let worst = |values: Vec<f64>, pick: fn(f64, f64) -> f64| values.into_iter().reduce(pick);
    let line = |what: &str, met: Option<bool>, worst: Option<f64>| {
        let met = match met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured",
        };
        format!("{what}: {met}, worst {}\n", cell(worst, 2))
    };
    let floor = worst(rows.iter().map(Row::times_floor).collect(), f64::max);
    let jarsigner = worst(
        rows.iter().filter_map(Row::times_jarsigner).collect(),
        f64::min,
    );
    let memory = worst(
        rows.iter().filter_map(Row::memory_beside_package).collect(),
        f64::max,
    );
    [
        line(
            &format!("At most {GOAL_FLOOR} times the floor"),
            floor.map(|worst| worst <= GOAL_FLOOR),
            floor,
        ),
        line(
            &format!("At least {GOAL_JARSIGNER} times as fast as jarsigner"),
            jarsigner.map(|worst| worst >= GOAL_JARSIGNER),
            jarsigner,
        ),
        line(
            &format!("At most {GOAL_MEMORY} MiB of memory beside the package"),
            memory.map(|worst| worst <= GOAL_MEMORY),
            memory,
        ),
    ]
    .concat()
}
