//! Programs that cannot outlive whoever started them, and whose output goes to a file.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{
    error::HarnessError,
    observer::{Observer, Poll, wait_until},
};

const GUARD: &str = include_str!("python/guard.py");
const TAIL_LINES: usize = 40;
/// No program that is waited for takes longer than this.
const PROCESS_TIMEOUT: Duration = Duration::from_hours(1);

/// A running program. It ends when this is dropped, or when this process ends in whatever way.
#[derive(Debug)]
pub struct Process {
    guard: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program`, of which only the program, its arguments, environment and directory are
    /// looked at; its output replaces the file `log`.
    pub fn start(python: &Path, program: &Command, log: &Path) -> Result<Self, HarnessError> {
        let unusable = |source| HarnessError::File {
            what: log.display().to_string(),
            source,
        };
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).map_err(unusable)?;
        }
        let output = File::create(log).map_err(unusable)?;
        let errors = output.try_clone().map_err(unusable)?;
        let mut guard = Command::new(python);
        guard
            .args(["-c", GUARD])
            .arg(program.get_program())
            .args(program.get_args())
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors);
        if let Some(folder) = program.get_current_dir() {
            guard.current_dir(folder);
        }
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => guard.env(name, value),
                None => guard.env_remove(name),
            };
        }
        let guard = guard.spawn().map_err(|source| HarnessError::Start {
            program: python.display().to_string(),
            source,
        })?;
        Ok(Self {
            guard,
            log: log.to_owned(),
        })
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, HarnessError> {
        self.guard.try_wait().map_err(|source| HarnessError::File {
            what: "the guard of a program".to_owned(),
            source,
        })
    }

    /// The error that says how `what` failed.
    #[must_use]
    pub fn failure(&self, what: &str, status: ExitStatus) -> HarnessError {
        HarnessError::Failed {
            what: what.to_owned(),
            status: status.to_string(),
            tail: last_lines(&self.log, TAIL_LINES),
            log: self.log.clone(),
        }
    }

    /// The last line it said.
    #[must_use]
    pub fn last_line(&self) -> String {
        last_lines(&self.log, 1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard ends by itself soon after its input; there is nobody to tell if it does not.
        drop(self.guard.wait());
    }
}

/// Runs a program to its end; an exit status other than 0 is an error with the end of its output.
pub fn run(
    observer: &dyn Observer,
    python: &Path,
    what: &str,
    program: &Command,
    log: &Path,
) -> Result<(), HarnessError> {
    let mut process = Process::start(python, program, log)?;
    let status = wait_until(observer, what, PROCESS_TIMEOUT, || {
        Ok(match process.ended()? {
            Some(status) => Poll::Ready(status),
            None => Poll::Pending(process.last_line()),
        })
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(process.failure(what, status))
    }
}

/// A duration as people write it: `0.4 s`, `12 s`, `3 min 20 s`.
#[must_use]
pub fn duration(since: Duration) -> String {
    let seconds = since.as_secs();
    match (seconds.checked_div(60), seconds.checked_rem(60)) {
        (Some(minutes), Some(rest)) if minutes > 0 => format!("{minutes} min {rest} s"),
        _ if seconds >= 10 => format!("{seconds} s"),
        _ => format!("{:.1} s", since.as_secs_f64()),
    }
}

/// [`duration`] from then till now.
#[must_use]
pub fn elapsed(since: Instant) -> String {
    duration(since.elapsed())
}

fn last_lines(log: &Path, count: usize) -> String {
    let Ok(bytes) = fs::read(log) else {
        return String::new();
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::{Nobody, PATIENCE};

    const PYTHON: &str = "python3";

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("countersign-{}-{name}.log", std::process::id()))
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn children_end_with_their_program() {
        let log = log("ends");
        let ticking = shell("(while :; do echo tick; sleep 0.1; done) & wait");
        let process = Process::start(Path::new(PYTHON), &ticking, &log).unwrap();
        wait_until(&Nobody, "a tick", PATIENCE, || {
            Ok(match process.last_line() {
                line if line == "tick" => Poll::Ready(()),
                line => Poll::Pending(line),
            })
        })
        .unwrap();
        drop(process);
        let said = fs::metadata(&log).unwrap().len();
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(fs::metadata(&log).unwrap().len(), said, "it ticks on");
        drop(fs::remove_file(log));
    }

    #[test]
    fn failure_tells_how_it_ended_and_what_was_said() {
        let log = log("fails");
        let error = run(
            &Nobody,
            Path::new(PYTHON),
            "the errand",
            &shell("echo no milk; exit 3"),
            &log,
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("the errand failed (exit status: 3)"),
            "{error}"
        );
        assert!(error.contains("no milk"), "{error}");
        drop(fs::remove_file(log));
    }

    #[test]
    fn durations_read_as_people_write_them() {
        for (milliseconds, text) in [(400, "0.4 s"), (12_300, "12 s"), (200_000, "3 min 20 s")] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }
}
