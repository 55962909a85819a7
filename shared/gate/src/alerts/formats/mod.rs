//! How SNS carries a page: one publish has a text for each protocol.
//!
//! Lives here: `render.rs` (the entry, and what fits), `bounds.rs` (how much that is), `text.rs` (e-mail and SMS), `chat.rs` (Amazon Q Developer),
//! `document.rs` (JSON for programs) made of `parts.rs`, with `pagerduty.rs`, `ocsf.rs` and `asff.rs`, `links.rs`, `step.rs` (a command is whole or left out), and `inert.rs`
//! (what makes an attacker's text harmless).
//!
//! May use: the page and the settings of `alerts`.
//!
//! Data passes through like this: [`Page`], bounds that it fits in, one text for each protocol, `SnsMessage`.
//!
//! [`Page`]: super::Page

mod asff;
mod bounds;
mod chat;
mod document;
mod inert;
mod links;
mod ocsf;
mod pagerduty;
mod parts;
mod render;
mod step;
mod text;

pub(super) use inert::in_one_line;
pub use render::render;
pub use text::plain;
