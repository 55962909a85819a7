//! What there is to say of a package, as it is printed.

use std::{fmt::Write as _, path::Path};

use countersign_gate::{domain::ReasonCode, verdict::StartFault};
use serde::Serialize;

use crate::io::{
    escape::{escape, escape_path},
    style::{BOLD, ERROR, OK, WARN, style},
};

/// What there is to say; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    /// Whether the gate would have it signed.
    pub(super) is_signable: bool,
    /// Why not.
    pub(super) refusal: Option<Refusal>,
    /// What would keep it from starting, or from starting as it is meant.
    pub(super) start_faults: Vec<StartFault>,
    /// What some programs show differently; it does no harm.
    pub(super) warnings: Vec<String>,
}

/// Why the gate would reject it.
#[derive(Serialize)]
pub(super) struct Refusal {
    pub(super) code: ReasonCode,
    pub(super) message: String,
    pub(super) fix: &'static str,
}

impl Report {
    pub(super) fn has_warnings(&self) -> bool {
        !self.start_faults.is_empty() || !self.warnings.is_empty()
    }

    /// The same for people.
    pub(super) fn render(&self, package: &Path) -> String {
        let mut text = String::new();
        let (colour, headline) = match (self.is_signable, self.has_warnings()) {
            (false, _) => (ERROR, "would be rejected."),
            (true, true) => (WARN, "would be signed, and there are warnings."),
            (true, false) => (OK, "would be signed."),
        };
        // Writing to a String cannot fail; the results are dropped for that reason.
        let _ = writeln!(text, "{} {}", escape_path(package), style(colour, headline));
        if let Some(refusal) = &self.refusal {
            let code = style(BOLD, refusal.code.as_str());
            let _ = writeln!(text, "\n  {code} {}", escape(&refusal.message));
            let _ = writeln!(text, "    fix: {}", refusal.fix);
        }
        for fault in &self.start_faults {
            let word = style(WARN, "warning");
            let _ = writeln!(text, "\n  {word} {}", escape(&fault.message));
            let _ = writeln!(text, "    fix: {}", escape(&fault.fix));
        }
        for warning in &self.warnings {
            let word = style(WARN, "warning");
            let _ = writeln!(text, "\n  {word} {}", escape(warning));
        }
        text
    }
}
