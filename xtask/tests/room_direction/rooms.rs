//! The rooms of each crate, and what each may use. Edit this when a room is added, and the table of
//! the same rooms in `docs/architecture.md`, which is held against it.
//!
//! A room is a folder directly below `src`, or a file there. A crate's rooms are listed from the
//! ground up: a room may use rooms above it in the list and no others, so that no table can allow a
//! circle.

/// The rooms of one crate.
pub(crate) struct House {
    /// As people call it, and its heading in `docs/architecture.md`.
    pub(crate) name: &'static str,
    /// Its sources, from the root of the checkout.
    pub(crate) folder: &'static str,
    pub(crate) rooms: &'static [Room],
}

/// The path of a room below `src` without `.rs`, and the rooms that it may use.
pub(crate) type Room = (&'static str, &'static [&'static str]);

pub(crate) const HOUSES: [House; 4] = [
    House {
        name: "package",
        folder: "shared/package/src",
        rooms: &[
            ("escape", &[]),
            ("numbers", &[]),
            ("limits", &[]),
            ("signature_entry", &[]),
            ("asn1", &[]),
            ("arn", &["escape"]),
            ("digest", &["escape"]),
            ("zip", &["escape", "numbers", "limits", "signature_entry"]),
            ("signature", &["escape", "numbers", "arn", "asn1"]),
            (
                "package",
                &[
                    "escape",
                    "numbers",
                    "limits",
                    "signature_entry",
                    "digest",
                    "zip",
                    "signature",
                ],
            ),
            ("origin", &["signature_entry", "digest", "zip", "package"]),
            ("inventory", &["escape", "numbers", "zip", "package"]),
            ("signable", &["numbers", "limits", "zip", "origin"]),
            (
                "format",
                &[
                    "escape",
                    "numbers",
                    "limits",
                    "signature_entry",
                    "asn1",
                    "arn",
                    "zip",
                    "signature",
                    "package",
                    "origin",
                ],
            ),
            (
                "lib",
                &[
                    "arn",
                    "limits",
                    "signature_entry",
                    "digest",
                    "zip",
                    "signature",
                    "package",
                    "origin",
                    "inventory",
                    "signable",
                ],
            ),
        ],
    },
    House {
        name: "gate",
        folder: "shared/gate/src",
        rooms: &[
            ("domain", &[]),
            ("verdict", &["domain"]),
            ("events", &["domain"]),
            ("ports", &["domain", "verdict"]),
            ("records", &["domain", "verdict", "ports"]),
            ("outcome", &["domain", "verdict", "ports", "records"]),
            (
                "admission",
                &["domain", "verdict", "events", "ports", "records", "outcome"],
            ),
            (
                "deployment",
                &["domain", "verdict", "events", "ports", "records", "outcome"],
            ),
            (
                "alerts",
                &["domain", "verdict", "events", "ports", "records", "outcome"],
            ),
            (
                "sweep",
                &["domain", "verdict", "events", "ports", "records", "outcome"],
            ),
            ("client", &["domain", "verdict", "ports", "records"]),
            ("lib", &[]),
        ],
    },
    House {
        name: "aws",
        folder: "shared/aws/src",
        rooms: &[
            ("error", &[]),
            ("login", &[]),
            ("connection", &["error"]),
            ("adapters", &["error", "connection"]),
            ("delegate", &[]),
            ("aws", &["connection", "adapters", "delegate"]),
            ("alert_aws", &["connection", "adapters", "delegate"]),
            ("function_runtime", &["error", "connection", "adapters"]),
            (
                "lib",
                &[
                    "error",
                    "login",
                    "connection",
                    "adapters",
                    "aws",
                    "alert_aws",
                ],
            ),
        ],
    },
    House {
        name: "cli",
        folder: "cli/src",
        rooms: &[
            ("io", &[]),
            ("aws", &["io"]),
            ("builds", &["io"]),
            ("following", &["io", "aws"]),
            ("commands/adopt", &["io", "aws", "following"]),
            ("commands/audit", &["io", "aws"]),
            ("commands/check", &["io", "aws"]),
            ("commands/ci_report", &["io"]),
            ("commands/completions", &["io"]),
            ("commands/csc", &["io", "aws"]),
            ("commands/diff", &["io", "aws", "following"]),
            ("commands/doctor", &["io", "aws"]),
            ("commands/explain", &["io", "aws"]),
            ("commands/history", &["io", "aws", "following"]),
            ("commands/inspect", &["io"]),
            ("commands/man", &["io"]),
            ("commands/push", &["io", "aws", "builds", "following"]),
            ("commands/redrive", &["io", "aws"]),
            ("commands/rollback", &["io", "aws", "following"]),
            ("commands/status", &["io", "aws", "following"]),
            ("commands/verify", &["io"]),
            ("commands/wait", &["io", "aws", "following"]),
            (
                "commands/mod",
                &[
                    "commands/adopt",
                    "commands/audit",
                    "commands/check",
                    "commands/ci_report",
                    "commands/completions",
                    "commands/csc",
                    "commands/diff",
                    "commands/doctor",
                    "commands/explain",
                    "commands/history",
                    "commands/inspect",
                    "commands/man",
                    "commands/push",
                    "commands/redrive",
                    "commands/rollback",
                    "commands/status",
                    "commands/verify",
                    "commands/wait",
                ],
            ),
            (
                "main",
                &[
                    "io",
                    "commands/mod",
                    "commands/adopt",
                    "commands/audit",
                    "commands/check",
                    "commands/ci_report",
                    "commands/completions",
                    "commands/csc",
                    "commands/diff",
                    "commands/doctor",
                    "commands/explain",
                    "commands/history",
                    "commands/inspect",
                    "commands/man",
                    "commands/push",
                    "commands/redrive",
                    "commands/rollback",
                    "commands/status",
                    "commands/verify",
                    "commands/wait",
                ],
            ),
        ],
    },
];
