//! Clocks, memory, and other processes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;

/// Bytes in a mebibyte.
pub(crate) const MIB: f64 = 1_048_576.0;

/// Processor time of this process, the kernel's share for it included. For work on one thread on an idle
/// machine it is the wall time; on a busy one it leaves out the time when others ran.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// The result of `work` and the processor time it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = cpu_time();
    let result = std::hint::black_box(work());
    (result, cpu_time().saturating_sub(start))
}

/// The most memory that a process has held at once so far, in bytes. Only Linux tells.
pub(crate) fn peak_memory(process: &str) -> Option<u64> {
    status(process, "VmHWM:")
}

/// The memory that a process holds now, in bytes. Only Linux tells.
pub(crate) fn resident_memory(process: &str) -> Option<u64> {
    status(process, "VmRSS:")
}

/// A line of `/proc/<process>/status`, which counts in units of 1,024 bytes.
fn status(process: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(Path::new("/proc").join(process).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What a finished process took, from before its start to after its end.
#[derive(Debug)]
pub(crate) struct Finished {
    pub output: Output,
    pub wall: Duration,
    /// In bytes, sampled every few milliseconds.
    pub peak: Option<u64>,
}

/// Runs a process to its end.
pub(crate) fn process(command: &mut Command) -> Outcome<Finished> {
    let start = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let id = child.id().to_string();
    // The peak only grows, so that the last sample before the end is the one that counts.
    let sampling = thread::spawn(move || {
        let mut peak = None;
        while let Some(sample) = peak_memory(&id) {
            peak = Some(sample);
            thread::sleep(Duration::from_millis(5));
        }
        peak
    });
    let output = child.wait_with_output()?;
    let wall = start.elapsed();
    let peak = sampling.join().unwrap_or_default();
    Ok(Finished { output, wall, peak })
}

/// A count as a floating-point number.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of bytes are far below 2^52"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// A length as a count.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Megabytes, of 1,000,000 bytes, a second.
pub(crate) fn rate(bytes: u64, time: Duration) -> f64 {
    float(bytes) / 1e6 / time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_of_a_process_is_told() {
        let peak = peak_memory("self").unwrap();
        let resident = resident_memory("self").unwrap();
        assert!(peak >= resident && resident > 500_000, "{peak} {resident}");
        assert_eq!(peak_memory("no such process"), None);
    }

    #[test]
    fn a_process_runs_to_its_end() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo hello; sleep 0.05; exit 3"]);
        let finished = process(&mut command).unwrap();
        assert_eq!(finished.output.stdout, b"hello\n");
        assert_eq!(finished.output.status.code(), Some(3));
        assert!(finished.wall >= Duration::from_millis(50));
    }

    #[test]
    fn processor_time_of_work_is_told() {
        let spent = Duration::from_millis(5);
        let (result, time) = timed(|| {
            let start = cpu_time();
            while cpu_time() - start < spent {}
            "done"
        });
        assert_eq!(result, "done");
        assert!(time >= spent, "{time:?}");
    }
}
