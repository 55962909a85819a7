//! The package can start as the function that it is for.

use crate::{
    domain::{FunctionConfiguration, ReasonCode},
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
        start_facts::StartFacts,
        startable::{StartFault, not_judged, start_faults, untrusted_layers},
    },
};

/// One result for each fault, with its code; or one that says that there is none.
pub(crate) fn startable(evidence: &Evidence) -> Vec<(Option<ReasonCode>, CheckResult)> {
    let Some(facts) = &evidence.package.start else {
        let message = "the zip is not sound, so what is in it was not looked at";
        return vec![(None, CheckResult::NotJudged(message.to_owned()))];
    };
    let (function, otherwise) = match &evidence.function {
        Fact::Known(function) => (function.clone(), CheckResult::Pass(pass(facts, function))),
        Fact::NotAsked => (
            FunctionConfiguration::default(),
            CheckResult::NotJudged(
                "what would start it is not known: no function was looked at".to_owned(),
            ),
        ),
        Fact::Unavailable(why) => (
            FunctionConfiguration::default(),
            CheckResult::Inconclusive(
                ReasonCode::ConfigurationUnknown,
                format!("the function's configuration could not be read: {why}"),
            ),
        ),
    };
    let mut faults = start_faults(facts, &function);
    if let Fact::Known(Some(csc)) = &evidence.csc {
        faults.extend(untrusted_layers(&function, csc));
    }
    let fail = |fault: StartFault| {
        let result = CheckResult::FailWith(fault.code, fault.message, sentence(&fault.fix));
        (Some(fault.code), result)
    };
    let mut results: Vec<_> = faults.into_iter().map(fail).collect();
    if results.is_empty() || matches!(otherwise, CheckResult::Inconclusive(..)) {
        results.push((None, otherwise));
    }
    results
}

/// What there is to say when nothing is wrong, with what was not looked at.
fn pass(facts: &StartFacts, function: &FunctionConfiguration) -> String {
    let known = "nothing is known that would keep it from starting";
    let parts = not_judged(facts, function);
    if parts.is_empty() {
        return known.to_owned();
    }
    let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    format!("{known}; not looked at: {}", parts.join("; "))
}

/// As the fixes of reason codes are written, which stand beside it.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let whole: String = first.chain(characters).collect();
    if whole.ends_with('.') {
        return whole;
    }
    format!("{whole}.")
}
