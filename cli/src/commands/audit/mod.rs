//! `countersign audit`: how the account stands, by the last sweep; `audit impact`: what runs that somebody signed.
//!
//! [`args`] → `run` reads `posture.json` and the open drift through the gate's port, which judges them, and
//! prints: [`text`] for people, JSON, [`csv`], [`sarif`], [`ocsf`] and [`asff`] (which ask [`place`] for the account), or [`html`], one page for a wall screen or an auditor
//! (`page.css`, `page.js`, with [`charts`], escaped by `markup`). `impact` prints the second command. Nothing is changed in AWS. Uses `io`, `aws` and the gate's
//! `client`.

mod args;
mod asff;
mod charts;
mod csv;
mod html;
mod impact;
mod markup;
mod ocsf;
mod place;
mod run;
mod sarif;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
