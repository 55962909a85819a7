//! Clocks, memory, and other processes.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// Bytes in a mebibyte.
pub(crate) const MIB: f64 = 1_048_576.0;

/// How long something took, by two clocks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Took {
    pub wall: Duration,
    /// Of all threads, the kernel's share included. For work on one thread on an idle machine it is
    /// the wall time; on a busy one it leaves out the time when others ran.
    pub processor: Duration,
}

impl Took {
    pub(crate) const MAX: Self = Self {
        wall: Duration::MAX,
        processor: Duration::MAX,
    };

    /// The better by each clock.
    pub(crate) fn min(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            processor: self.processor.min(other.processor),
        }
    }
}

/// Has this process, and the threads that it starts from now on, run on one processor. Only Linux
/// can.
pub(crate) fn use_one_processor() -> Outcome<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let allowed = sched_getaffinity(None)?;
        let last = (0..CpuSet::MAX_CPU).rfind(|processor| allowed.is_set(*processor));
        let mut one = CpuSet::new();
        one.set(last.ok_or("no processor is allowed to this process")?);
        Ok(sched_setaffinity(None, &one)?)
    }
    #[cfg(not(target_os = "linux"))]
    Err("only Linux can keep a process on one processor".into())
}

/// Processor time of this process.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// The result of `work` and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (processor, wall) = (processor_time(), Instant::now());
    let result = std::hint::black_box(work());
    let took = Took {
        wall: wall.elapsed(),
        processor: processor_time().saturating_sub(processor),
    };
    (result, took)
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
    fn process_runs_to_its_end() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo hello; sleep 0.05; exit 3"]);
        let finished = process(&mut command).unwrap();
        assert_eq!(finished.output.stdout, b"hello\n");
        assert_eq!(finished.output.status.code(), Some(3));
        assert!(finished.wall >= Duration::from_millis(50));
    }

    #[test]
    fn both_clocks_tell_of_work() {
        let spent = Duration::from_millis(5);
        let (result, took) = timed(|| {
            let (processor, wall) = (processor_time(), Instant::now());
            while processor_time().saturating_sub(processor) < spent || wall.elapsed() < spent {}
            "done"
        });
        assert_eq!(result, "done");
        assert!(took.wall >= spent && took.processor >= spent, "{took:?}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn one_processor_is_one() {
        use rustix::thread::sched_getaffinity;

        // In a thread, which the affinity is of: the other tests keep their processors.
        let left = thread::spawn(|| {
            use_one_processor().unwrap();
            sched_getaffinity(None).unwrap().count()
        });
        assert_eq!(left.join().unwrap(), 1);
    }
}
