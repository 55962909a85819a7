//! Many packages at once: folders, walked, and files, each with its verdict.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{configuration::KnownFunction, report::Report};
use crate::io::{
    error::CliError,
    escape::{escape, escape_path},
    input,
    style::{BOLD, ERROR, OK, WARN, style},
};

/// What a zip begins with: a local header, or the end record of an empty one.
const BEGINNINGS: [&[u8; 4]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The endings of names that are taken for packages whatever they begin with.
const ENDINGS: [&str; 4] = ["zip", "jar", "war", "whl"];

/// How much of a first reason is shown in the table, in characters.
const MAX_REASON_CHARS: usize = 100;

/// All of them; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Survey {
    pub(super) counts: Counts,
    /// In the order of their paths.
    pub(super) packages: Vec<Row>,
}

#[derive(Default, Serialize)]
pub(super) struct Counts {
    packages: usize,
    signable: usize,
    with_warnings: usize,
    rejected: usize,
    /// How often each reason code was the reason.
    codes: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
pub(super) struct Row {
    path: String,
    #[serde(flatten)]
    pub(super) report: Report,
}

/// Judges every file that is given, and everything below the folders that are zips.
pub(super) fn of(paths: &[PathBuf], function: &KnownFunction) -> Result<Survey, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            find(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    let mut survey = Survey {
        counts: Counts::default(),
        packages: Vec::new(),
    };
    for path in files {
        let report = Report::of(&input::read(&path, "the package")?, function);
        survey.counts.add(&report);
        survey.packages.push(Row {
            path: path.display().to_string(),
            report,
        });
    }
    if survey.packages.is_empty() {
        let shown: Vec<String> = paths.iter().map(|path| escape_path(path)).collect();
        return Err(CliError::new(
            format!("there is no zip below {}", shown.join(" or ")),
            "give a folder that has some, or the files themselves",
        ));
    }
    Ok(survey)
}

/// The zips below a folder. Links are not followed: they may lead in a circle.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::new(
            format!("cannot list {}: {error}", folder.display()),
            "give a folder that you may read, with all that is in it",
        )
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() {
            find(&path, files)?;
        } else if kind.is_file() && is_package(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_package(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    }) {
        return true;
    }
    let mut beginning = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
    read.is_ok() && BEGINNINGS.contains(&&beginning)
}

impl Counts {
    fn add(&mut self, report: &Report) {
        let add = |count: &mut usize, is_it: bool| {
            *count = count.saturating_add(usize::from(is_it));
        };
        add(&mut self.packages, true);
        add(&mut self.signable, report.is_signable);
        add(&mut self.rejected, !report.is_signable);
        let warns = report.is_signable && report.has_warnings();
        add(&mut self.with_warnings, warns);
        if let Some(refusal) = &report.refusal {
            let count = self.codes.entry(refusal.code.as_str()).or_default();
            add(count, true);
        }
    }
}

impl Survey {
    /// The same for people.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; the results are dropped for that reason.
        for row in &self.packages {
            let report = &row.report;
            let (colour, word) = match (report.is_signable, report.has_warnings()) {
                (false, _) => (ERROR, "rejected"),
                (true, true) => (WARN, "warnings"),
                (true, false) => (OK, "signed"),
            };
            let word = style(colour, format_args!("{word:<9}"));
            let _ = writeln!(text, "{word} {}", escape(&row.path));
            if let Some((code, reason)) = report.first_reason() {
                let code = style(BOLD, code);
                let _ = writeln!(text, "          {code} {}", escape(&shortened(reason)));
            }
        }
        let counts = &self.counts;
        let _ = writeln!(
            text,
            "\n{} packages: {} would be signed, {} of them with warnings; {} would be rejected.",
            counts.packages, counts.signable, counts.with_warnings, counts.rejected
        );
        for (code, count) in &counts.codes {
            let _ = writeln!(text, "{count:>8}  {code}");
        }
        text
    }
}

fn shortened(reason: &str) -> String {
    if reason.chars().count() <= MAX_REASON_CHARS {
        return reason.to_owned();
    }
    let beginning = reason.chars().take(MAX_REASON_CHARS);
    beginning.chain(['…']).collect()
}
