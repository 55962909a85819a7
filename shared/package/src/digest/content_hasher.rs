//! Digests that are computed beside the inflater.
//!
//! Inflating a package takes about as long as hashing it, and neither can be split: so they take
//! turns on one processor, or run at the same time on two. Here they do the latter where the
//! package is large enough to pay for a thread, and the former where it is not, or where no thread
//! is to be had. The result is the same.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use sha2::{Digest as _, Sha384};

/// Bytes that are handed over at a time: large enough that handing over costs nothing to speak of,
/// small enough to stay in the second-level cache.
const BLOCK_BYTES: usize = 128 << 10;

/// Blocks on their way to the digest, besides the one being filled.
const BLOCKS_AHEAD: usize = 2;

/// Unpacked bytes from which on a thread pays: hashing them takes some ten times as long as
/// starting one.
const MIN_BYTES_FOR_THREAD: u64 = 1 << 18;

/// A value that is computed beside the caller, or was already.
pub(crate) enum MaybeThread<'scope, T> {
    Done(T),
    Running(ScopedJoinHandle<'scope, T>),
}

impl<'scope, T: Send + 'scope> MaybeThread<'scope, T> {
    /// Starts `work` in a thread of its own if `bytes` are worth it, or else does it at once.
    pub(crate) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        bytes: u64,
        work: impl Fn() -> T + Send + Copy + 'scope,
    ) -> Self {
        if bytes < MIN_BYTES_FOR_THREAD {
            return Self::Done(work());
        }
        match Builder::new().spawn_scoped(scope, work) {
            Ok(thread) => Self::Running(thread),
            Err(_) => Self::Done(work()),
        }
    }

    /// Waits for the value.
    pub(crate) fn finish(self) -> T {
        match self {
            Self::Done(value) => value,
            Self::Running(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        }
    }
}

/// A SHA-384 over all that is written to it, in order and without framing.
///
/// Names and bodies are collected in blocks, so that twenty thousand small entries cost no more
/// than a few large ones.
pub(crate) struct ContentHasher<'scope> {
    block: Vec<u8>,
    filled: usize,
    worker: Worker<'scope>,
}

/// Who hashes the blocks.
enum Worker<'scope> {
    Inline(Sha384),
    Thread {
        /// Blocks to hash, with the number of their bytes that count.
        blocks: SyncSender<(Vec<u8>, usize)>,
        /// Blocks that were hashed, to be filled again.
        free: Receiver<Vec<u8>>,
        thread: ScopedJoinHandle<'scope, Sha384>,
    },
}

impl<'scope> Worker<'scope> {
    fn thread(scope: &'scope Scope<'scope, '_>) -> Option<Self> {
        let (blocks, to_hash) = sync_channel::<(Vec<u8>, usize)>(BLOCKS_AHEAD);
        let (hashed, free) = channel();
        for _ in 0..BLOCKS_AHEAD {
            hashed.send(vec![0; BLOCK_BYTES]).ok()?;
        }
        let hash = move || {
            let mut digest = Sha384::new();
            for (block, filled) in to_hash {
                digest.update(block.get(..filled).unwrap_or_default());
                // Nobody waits for blocks any more once all were sent.
                let _ = hashed.send(block);
            }
            digest
        };
        let thread = Builder::new().spawn_scoped(scope, hash).ok()?;
        Some(Self::Thread {
            blocks,
            free,
            thread,
        })
    }
}

impl<'scope> ContentHasher<'scope> {
    /// For `bytes` of names and bodies, roughly.
    pub(crate) fn start(scope: &'scope Scope<'scope, '_>, bytes: u64) -> Self {
        let worker = if bytes < MIN_BYTES_FOR_THREAD {
            None
        } else {
            Worker::thread(scope)
        };
        let worker = worker.unwrap_or_else(|| Worker::Inline(Sha384::new()));
        Self {
            block: vec![0; BLOCK_BYTES],
            filled: 0,
            worker,
        }
    }

    /// Space to write to, never empty. The caller reports what it wrote to
    /// [`ContentHasher::wrote`].
    pub(crate) fn space(&mut self) -> &mut [u8] {
        if self.filled >= self.block.len() {
            self.hand_over();
        }
        self.block.get_mut(self.filled..).unwrap_or_default()
    }

    /// `count` bytes were written to the front of [`ContentHasher::space`].
    pub(crate) fn wrote(&mut self, count: usize) {
        self.filled = self.filled.saturating_add(count);
    }

    /// Takes all of `bytes`.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.space();
            let (part, rest) = bytes.split_at_checked(space.len()).unwrap_or((bytes, &[]));
            if let Some(target) = space.get_mut(..part.len()) {
                target.copy_from_slice(part);
            }
            self.wrote(part.len());
            bytes = rest;
        }
    }

    /// The digest.
    pub(crate) fn finish(mut self) -> [u8; 48] {
        self.hand_over();
        let digest = match self.worker {
            Worker::Inline(digest) => digest,
            Worker::Thread { blocks, thread, .. } => {
                // Tells the thread that nothing follows.
                drop(blocks);
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))
            }
        };
        digest.finalize().into()
    }

    /// Has the filled part of the block hashed, and starts an empty one.
    fn hand_over(&mut self) {
        let filled = std::mem::take(&mut self.filled);
        match &mut self.worker {
            Worker::Inline(digest) => digest.update(self.block.get(..filled).unwrap_or_default()),
            Worker::Thread { blocks, free, .. } => {
                // The other end is gone only after a panic there, which joining passes on.
                let next = free.recv().unwrap_or_else(|_| vec![0; BLOCK_BYTES]);
                let block = std::mem::replace(&mut self.block, next);
                let _ = blocks.send((block, filled));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_the_same_with_and_without_threads() {
        let bytes: Vec<u8> = (0..3_000_000_u32)
            .map(|n| n.to_le_bytes()[0] ^ 0x5a)
            .collect();
        let expected: [u8; 48] = Sha384::digest(&bytes).into();
        for promised in [0, MIN_BYTES_FOR_THREAD] {
            for step in [1_000, BLOCK_BYTES - 1, BLOCK_BYTES, bytes.len()] {
                let digest = std::thread::scope(|scope| {
                    let mut hasher = ContentHasher::start(scope, promised);
                    bytes.chunks(step).for_each(|part| hasher.write(part));
                    hasher.finish()
                });
                assert_eq!(digest, expected, "{promised} {step}");
            }
            let doubled =
                std::thread::scope(|scope| MaybeThread::start(scope, promised, || 2).finish());
            assert_eq!(doubled, 2);
        }
    }

    #[test]
    fn dropped_hasher_ends_its_thread() {
        std::thread::scope(|scope| {
            let mut hasher = ContentHasher::start(scope, MIN_BYTES_FOR_THREAD);
            hasher.write(&vec![7; 2_000_000]);
        });
    }
}
