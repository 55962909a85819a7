//! Following uploads to their outcome: what `push`, `wait` and `rollback` have in common.
//!
//! [`watch`] polls the records through the gate's `Follower` → [`event`]s → [`reporter`]: a JSON line each
//! on standard output, or progress on standard error. How it ended is told by [`outcome_text`], as which status by `result`, of several
//! together by [`result_table`], and what the new package changes by [`diff_text`]. [`approval`] is an upload that waits for people, with its
//! approvals, for `approve` and `approvals`. `args` are the options that they share, `pin` is which upload it is about, `uploaded` tells of it.
//! May use `aws` and `io`.

pub(crate) mod approval;
pub(crate) mod args;
pub(crate) mod diff_text;
pub(crate) mod event;
pub(crate) mod outcome_text;
pub(crate) mod pin;
pub(crate) mod reporter;
pub(crate) mod result;
pub(crate) mod result_table;
pub(crate) mod uploaded;
pub(crate) mod watch;
