//! `bench verify`: whole verifications beside their floor, `jarsigner` and Python.

use std::{env, fs, path::Path, process::Command, thread::available_parallelism, time::Duration};

use serde::Serialize;

use crate::{
    Outcome,
    cli::{VerifyOptions, Who},
    content::Kind,
    contestant::Report,
    fixture::{Fixture, Shape},
    jar,
    jar::Jar,
    measure::{MIB, float, process, rate},
    python,
    table::{Table, cell},
};

/// At most this many times the floor by the wall clock, from [`FLOOR_FROM_MEGABYTES`] on.
const GOAL_FLOOR: f64 = 1.10;
const FLOOR_FROM_MEGABYTES: usize = 10;
/// At most this many times the floor on one processor.
const GOAL_FLOOR_ON_ONE_PROCESSOR: f64 = 1.25;
/// At least this many times as fast as `jarsigner`, up to [`JARSIGNER_UP_TO_MEGABYTES`]. Beyond, SHA-384 is the bound of both.
const GOAL_JARSIGNER: f64 = 5.0;
const JARSIGNER_UP_TO_MEGABYTES: usize = 50;
/// At most this many MiB of memory beside the package itself.
const GOAL_MEMORY_MIB: f64 = 32.0;

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
    /// `Package::read` and `Package::verify` by the wall clock, on all processors that the bench
    /// may use.
    verify_seconds: f64,
    /// `Package::read` alone.
    read_seconds: f64,
    /// The same verification on one processor, by its clock.
    one_processor_seconds: f64,
    /// `Archive::parse` of the source and `origin::prove`, by the processor's clock.
    origin_seconds: f64,
    /// The fastest floor, by the processor's clock: it has one thread.
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

    fn times_floor_on_one_processor(&self) -> f64 {
        self.one_processor_seconds / self.floor_seconds
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

/// Measures one shape. All take turns in each round, so that whatever slows the machine down for a
/// while slows all of them; the best round of each counts.
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
        one_processor_seconds: f64::MAX,
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
        let (report, wall) = Turn::of(Who::Countersign, 1).run(&fixture)?;
        lower(&mut row.process_seconds, wall);
        row.peak_bytes = row.peak_bytes.max(report.peak);
        let expected = report.digests;

        let turn = Turn::of(Who::Countersign, passes);
        let (report, _) = turn.run(&fixture)?;
        let read = report.read.ok_or("a verification reads its package")?;
        lower(&mut row.verify_seconds, report.took.wall);
        lower(&mut row.read_seconds, read.wall);
        let (report, _) = turn.on_one_processor().run(&fixture)?;
        lower(&mut row.one_processor_seconds, report.took.processor);
        let (report, _) = Turn::of(Who::Origin, passes).run(&fixture)?;
        lower(&mut row.origin_seconds, report.took.processor);
        for (who, (name, best)) in Who::FLOORS.iter().zip(&mut row.floors) {
            let (report, _) = Turn::of(*who, passes).run(&fixture)?;
            agree(name, &report.digests, &expected)?;
            lower(best, report.took.processor);
        }
        if let Some(jar) = &jar {
            let finished = jar.verify()?;
            lower(row.jarsigner_seconds.get_or_insert(f64::MAX), finished.wall);
            row.jarsigner_peak_bytes = row.jarsigner_peak_bytes.max(finished.peak);
        }
        if let Some(python) = opponents.python {
            let (finished, digests) = python::verify(python, &fixture)?;
            agree("python", &digests, &expected)?;
            lower(row.python_seconds.get_or_insert(f64::MAX), finished.wall);
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

fn lower(best: &mut f64, time: Duration) {
    *best = best.min(time.as_secs_f64());
}

fn agree(name: &str, digests: &str, expected: &str) -> Outcome<()> {
    if digests == expected {
        return Ok(());
    }
    Err(format!("{name} computed {digests}, Countersign {expected}").into())
}

/// Who cannot tell a tampered package from a good one has no business in the table.
fn judge_refusals(fixture: &Fixture, jar: Option<&Jar>, python: Option<&Path>) -> Outcome<()> {
    let turn = Turn::of(Who::Countersign, 1);
    let finished = process(&mut turn.command(&fixture.tampered, &fixture.root)?)?;
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

/// One process of a contestant.
#[derive(Clone, Copy)]
struct Turn {
    who: Who,
    passes: u32,
    one_processor: bool,
}

impl Turn {
    fn of(who: Who, passes: u32) -> Self {
        Self {
            who,
            passes,
            one_processor: false,
        }
    }

    fn on_one_processor(self) -> Self {
        Self {
            one_processor: true,
            ..self
        }
    }

    /// Its report, and how long the whole process took by the wall clock.
    fn run(self, fixture: &Fixture) -> Outcome<(Report, Duration)> {
        let beside = match self.who {
            Who::Origin => &fixture.source,
            _ => &fixture.root,
        };
        let finished = process(&mut self.command(&fixture.signed, beside)?)?;
        if !finished.output.status.success() {
            let said = String::from_utf8_lossy(&finished.output.stderr);
            return Err(format!("{} failed: {said}", self.who.name()).into());
        }
        let report = serde_json::from_slice(&finished.output.stdout)?;
        Ok((report, finished.wall))
    }

    fn command(self, package: &Path, beside: &Path) -> Outcome<Command> {
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["contestant", &self.who.name()])
            .args([package, beside])
            .arg(self.passes.to_string());
        if self.one_processor {
            command.arg("--one-processor");
        }
        Ok(command)
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new([
        "content, MB, entries",
        "packed MB",
        "floor MB/s",
        "verify MB/s",
        "x floor",
        "x floor, one processor",
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
            format!("{:.2}", row.times_floor_on_one_processor()),
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
    let large = rows
        .iter()
        .filter(|row| row.megabytes >= FLOOR_FROM_MEGABYTES);
    let floor = worst(large.map(Row::times_floor).collect(), f64::max);
    let one_processor = rows.iter().map(Row::times_floor_on_one_processor);
    let one_processor = worst(one_processor.collect(), f64::max);
    let small = rows
        .iter()
        .filter(|row| row.megabytes <= JARSIGNER_UP_TO_MEGABYTES);
    let jarsigner = worst(small.filter_map(Row::times_jarsigner).collect(), f64::min);
    let memory = worst(
        rows.iter().filter_map(Row::memory_beside_package).collect(),
        f64::max,
    );
    let processors = match available_parallelism() {
        Ok(count) => format!("all processors ({count})"),
        Err(_) => "all processors".to_owned(),
    };
    [
        line(
            &format!(
                "At most {GOAL_FLOOR:.2} times the floor from {FLOOR_FROM_MEGABYTES} MB on, on {processors}"
            ),
            floor.map(|worst| worst <= GOAL_FLOOR),
            floor,
        ),
        line(
            &format!("At most {GOAL_FLOOR_ON_ONE_PROCESSOR} times the floor, on one processor"),
            one_processor.map(|worst| worst <= GOAL_FLOOR_ON_ONE_PROCESSOR),
            one_processor,
        ),
        line(
            &format!(
                "At least {GOAL_JARSIGNER} times as fast as jarsigner up to {JARSIGNER_UP_TO_MEGABYTES} MB"
            ),
            jarsigner.map(|worst| worst >= GOAL_JARSIGNER),
            jarsigner,
        ),
        line(
            &format!("At most {GOAL_MEMORY_MIB} MiB of memory beside the package"),
            memory.map(|worst| worst <= GOAL_MEMORY_MIB),
            memory,
        ),
    ]
    .concat()
}
