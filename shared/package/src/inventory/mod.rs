//! What a package holds and where, for checks of whether it can start. Facts only; what they mean
//! for a runtime is the caller's to say.
//!
//! Lives here: looking up entries by their path, through links (`inventory.rs`), and what the first
//! bytes of a body tell about a program (`elf.rs`, `shebang.rs`), and the C library that a native library needs
//! (`needed_libc.rs`).
//!
//! May use: `escape`, `numbers`, `package`, `zip`.
//!
//! Data passes through like this: [`Inventory::of`] sorts the entries of a package by their paths;
//! [`Inventory::look_up`] finds one; [`crate::Entry::head`] reads its first bytes, and
//! [`ElfHeader`] and [`Shebang`] read those.

mod elf;
#[expect(
    clippy::module_inception,
    reason = "the room's first file is its subject"
)]
mod inventory;
mod needed_libc;
mod shebang;

pub use elf::{ElfClass, ElfHeader, ElfMachine, ElfSystem, Libc};
pub use inventory::{Inventory, InventoryEntry, Lookup};
pub use shebang::Shebang;
