//! What builds leave behind, read and never made here: which package is which function or layer, by the
//! build's own manifest and by `countersign.toml`.
//!
//! [`find`] tells whose build a folder is, and lets [`sam`], [`cdk`], [`serverless`], [`chalice`] or
//! [`lambda_folders`] read its manifest ([`document`], [`template`]) into a [`build`]: packages with stable names
//! below the build's folder. [`project`] is `countersign.toml`. The bytes of a package that is a folder come from
//! [`folder`], which lists it, and [`zip`]; [`path`] compares paths without asking the file system. Uses `io`.

pub(crate) mod build;
mod cdk;
mod chalice;
mod document;
pub(crate) mod find;
pub(crate) mod folder;
mod lambda_folders;
pub(crate) mod path;
pub(crate) mod project;
mod sam;
mod serverless;
mod template;
mod zip;
