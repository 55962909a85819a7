//! The container: a zip that every reader reads in the same way, or an error that says why not.
//!
//! Lives here: one file for each record of the format ([APPNOTE] 4.3), the walk over all of them
//! (`layout.rs`), and the checks of names (zip slip, path traversal), of the tree of paths, of
//! links and of bodies (zip bombs).
//!
//! May use: `escape`, `limits`, `numbers`, `signature_entry`.
//!
//! Data passes through like this: `end_record` finds the one end of the file; `layout` reads every
//! central header, then each local header with its body and descriptor; `second_end_record` refuses other
//! records to find; `tree` compares the paths;
//! [`Archive`] is the result. [`Body`] reads a body later, and `symlink` checks all links at once.
//! `raw_headers` lists headers for showing, and judges nothing. `front` writes the first entries as a zip of their own.
//!
//! [APPNOTE]: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

mod archive;
mod body;
mod central_header;
mod code_page;
mod common_header;
mod data_descriptor;
mod end_record;
mod entry;
mod entry_name;
mod error;
mod extra_field;
mod front;
mod layout;
mod le_reader;
mod local_header;
mod other_format;
mod raw_headers;
#[cfg(test)]
pub(crate) mod sample;
mod second_end_record;
mod symlink;
mod tree;
mod warning;
mod zip64_field;

pub use archive::Archive;
pub(crate) use body::{Body, inflater};
pub(crate) use code_page::new_reading;
pub(crate) use common_header::UTF8;
pub use entry::{Entry, EntryKind, Method};
pub use error::{LinkFault, NameFault, StructureError};
pub(crate) use front::first_entries;
pub(crate) use raw_headers::{RawCommon, RawEntry, RawHeaders};
pub use symlink::Link;
pub(crate) use symlink::check_links;
pub use warning::Warning;
