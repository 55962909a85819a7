//! What every command shares on its way in and out. Imports nothing of `commands`.
//!
//! In: [`arguments`] parses what several commands take, [`input`] reads files, [`trust_roots`] the certificates among them. Out: [`output`] prints a
//! document or an error, in the colours of [`style`], with words that agree with their numbers
//! ([`count`]), times as people read them ([`moment`]), and the text of others made harmless by [`escape`]; [`progress`] says on a
//! terminal what is waited for.
//! A command ends with an [`exit_status`], or with the one [`error`] that says what is
//! wrong and how to fix it.

pub(crate) mod arguments;
pub(crate) mod count;
pub(crate) mod error;
pub(crate) mod escape;
pub(crate) mod exit_status;
pub(crate) mod input;
pub(crate) mod moment;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod style;
pub(crate) mod trust_roots;
