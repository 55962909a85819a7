//! What there is to say of a package, as it is printed.

use std::{fmt::Write as _, path::Path};

use countersign_gate::{
    domain::{FunctionConfiguration, ReasonCode},
    verdict::{
        StartFacts, StartFault, check_signable, check_size, not_judged, start_faults,
        untrusted_layers,
    },
};
use countersign_package::{Limits, Package};
use serde::Serialize;

use super::{
    configuration::KnownFunction,
    unjudged::{NAME_THE_FUNCTION, Unjudged},
};
use crate::io::{
    escape::escape,
    input::shown,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
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
    /// What of the question whether it starts was not looked at; empty when everything was.
    pub(super) start_not_judged: Vec<Unjudged>,
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
    /// What the gate would say of a package before it has it signed, and of whether it could start. Of a layer
    /// nothing is started.
    pub(super) fn of(bytes: &[u8], function: &KnownFunction, is_layer: bool) -> Self {
        let limits = Limits::default();
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let refusal = check_size(size, &limits)
            .and_then(|()| check_signable(bytes, &limits))
            .err()
            .map(|error| (error.code, error.message, error.fix));
        let image = || {
            let message = "the function is a container image, to which no zip can be deployed";
            function.is_image.then(|| {
                let code = ReasonCode::TargetIsImage;
                (code, message.to_owned(), code.about().fix)
            })
        };
        let refusal = refusal.or_else(image);
        let refusal = refusal.map(|(code, message, fix)| Refusal { code, message, fix });
        // What cannot be read has been refused, with its reason.
        let package = Package::read(bytes, &limits).ok();
        let facts = package.as_ref().map(StartFacts::of);
        let nothing_known = FunctionConfiguration::default();
        let configuration = if is_layer {
            &nothing_known
        } else {
            &function.configuration
        };
        let mut faults = facts
            .as_ref()
            .map_or_else(Vec::new, |facts| start_faults(facts, configuration));
        let csc = function.csc.as_ref();
        faults.extend(csc.and_then(|csc| untrusted_layers(configuration, csc)));
        let start_not_judged = match &facts {
            None => vec![Unjudged::unreadable()],
            // Nothing is started of a layer, and nothing of the zip in a container image.
            Some(_) if is_layer || function.is_image => Vec::new(),
            Some(facts) => {
                let parts = not_judged(facts, configuration).into_iter();
                let is_trust_open = !configuration.layers.is_empty() && !function.is_csc_known;
                let trust = is_trust_open.then(Unjudged::trust_of_layers);
                parts.map(Unjudged::from).chain(trust).collect()
            }
        };
        Self {
            is_signable: refusal.is_none(),
            refusal,
            start_faults: faults,
            start_not_judged,
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

    /// Whether the command line could have said what was missing to judge whether it starts.
    pub(super) fn wants_options(&self) -> bool {
        self.start_not_judged.iter().any(|part| part.fix.is_some())
    }

    /// The same for people.
    pub(super) fn render(&self, package: &str) -> String {
        let mut text = String::new();
        let (colour, headline) = match (self.is_signable, self.has_warnings()) {
            (false, _) => (ERROR, "would be rejected."),
            (true, true) => (WARN, "would be signed, and there are warnings."),
            (true, false) => (OK, "would be signed."),
        };
        // Writing to a String cannot fail; the results are dropped for that reason.
        let package = escape(&shown(Path::new(package)));
        let _ = write!(text, "{package} {}", style(colour, headline));
        let is_unknown = |part: &Unjudged| part.fix.as_deref() == Some(NAME_THE_FUNCTION);
        if self.is_signable && self.start_not_judged.iter().any(is_unknown) {
            let _ = write!(
                text,
                " Whether it starts was not judged: {NAME_THE_FUNCTION}."
            );
        }
        text.push('\n');
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
        // What would be rejected is not started.
        let unjudged = self.start_not_judged.iter();
        for part in unjudged.filter(|part| self.is_signable && !is_unknown(part)) {
            let word = style(DIM, "not judged");
            let _ = writeln!(text, "\n  {word} {}: {}", part.what, escape(&part.why));
            if let Some(fix) = &part.fix {
                let _ = writeln!(text, "    fix: {}", escape(fix));
            }
        }
        for warning in &self.warnings {
            let word = style(WARN, "warning");
            let _ = writeln!(text, "\n  {word} {}", escape(warning));
        }
        text
    }
}
