//! What there is to say of a package, as it is printed.

use std::{fmt::Write as _, path::Path};

use countersign_gate::{
    domain::ReasonCode,
    verdict::{StartFacts, StartFault, check_signable, check_size, start_faults, untrusted_layers},
};
use countersign_package::{Limits, Package};
use serde::Serialize;

use super::configuration::KnownFunction;
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
    /// What the gate would say of a package before it has it signed, and of whether it could start.
    pub(super) fn of(bytes: &[u8], function: &KnownFunction) -> Self {
        let limits = Limits::default();
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let refusal = check_size(size, &limits)
            .and_then(|()| check_signable(bytes, &limits))
            .err()
            .map(|error| (error.code, error.message));
        let image = || {
            let message = "the function is a container image, to which no zip can be deployed";
            function
                .is_image
                .then(|| (ReasonCode::TargetIsImage, message.to_owned()))
        };
        let refusal = refusal.or_else(image).map(|(code, message)| Refusal {
            code,
            message,
            fix: code.about().fix,
        });
        // What cannot be read has been refused, with its reason.
        let package = Package::read(bytes, &limits).ok();
        let facts = package.as_ref().map(StartFacts::of);
        let mut faults = facts.map_or_else(Vec::new, |facts| {
            start_faults(&facts, &function.configuration)
        });
        let csc = function.csc.as_ref();
        faults.extend(csc.and_then(|csc| untrusted_layers(&function.configuration, csc)));
        Self {
            is_signable: refusal.is_none(),
            refusal,
            start_faults: faults,
            warnings: package.map_or_else(Vec::new, |package| {
                let warnings = package.warnings().iter();
                warnings.map(ToString::to_string).collect()
            }),
        }
    }

    /// Why it would be rejected, or the first warning, with its code.
    pub(super) fn first_reason(&self) -> Option<(&str, &str)> {
        let refusal = self.refusal.as_ref();
        let refusal = refusal.map(|refusal| (refusal.code.as_str(), refusal.message.as_str()));
        let fault = self.start_faults.first();
        let fault = fault.map(|fault| (fault.code.as_str(), fault.message.as_str()));
        let warning = self.warnings.first();
        let warning = warning.map(|warning| ("warning", warning.as_str()));
        refusal.or(fault).or(warning)
    }

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
            let (word, code) = (style(WARN, "warning"), style(BOLD, fault.code.as_str()));
            let _ = writeln!(text, "\n  {word} {code} {}", escape(&fault.message));
            let _ = writeln!(text, "    fix: {}", escape(&fault.fix));
        }
        for warning in &self.warnings {
            let word = style(WARN, "warning");
            let _ = writeln!(text, "\n  {word} {}", escape(warning));
        }
        text
    }
}
