//! The package can start as the function that it is for.

use crate::{
    domain::{FunctionConfiguration, ReasonCode},
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
        startable::{StartFault, is_started_as_it_says, start_faults, untrusted_layers},
    },
};

/// One result for each fault, with its code; or one that says that there is none.
pub(crate) fn startable(evidence: &Evidence) -> Vec<(Option<ReasonCode>, CheckResult)> {
    let Some(facts) = &evidence.package.start else {
        let message = "the zip is not sound, so what is in it was not looked at";
        return vec![(None, CheckResult::NotJudged(message.to_owned()))];
    };
    let (function, otherwise) = match &evidence.function {
        Fact::Known(function) => (function.clone(), CheckResult::Pass(pass(function))),
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

fn pass(function: &FunctionConfiguration) -> String {
    let known = "nothing is known that would keep it from starting";
    if !is_started_as_it_says(function) {
        return format!("{known}; a wrapper starts it, so that its handler was not looked for");
    }
    if function.layers.is_empty() {
        return known.to_owned();
    }
    format!("{known}; its code may lie in a layer, so that it was not looked for")
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
