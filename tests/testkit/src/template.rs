//! What `template.yaml` of the checkout says, for tests of constants that have to fit it.

use std::{collections::BTreeSet, fs, time::Duration};

use crate::checkout;

/// What a policy or a role of the stack allows, by the `Sid` of the statement that allows it; whatever a parameter may add is
/// among it.
///
/// # Panics
///
/// If the template has no such resource, or it allows nothing.
#[must_use]
pub fn allowed(resource: &str) -> BTreeSet<(String, String)> {
    let (mut sid, mut is_allowed, mut is_list) = (None, false, false);
    let mut found = BTreeSet::new();
    for line in lines_of(resource) {
        let line = line.trim_start();
        let action = |text: &str| Some((sid.clone()?, text.trim().to_owned()));
        if let Some(name) = line.strip_prefix("- Sid: ") {
            (sid, is_allowed, is_list) = (Some(name.to_owned()), false, false);
        } else if let Some(effect) = line.strip_prefix("Effect: ") {
            is_allowed = effect == "Allow";
        } else if let Some(actions) = line.strip_prefix("Action:") {
            is_list = actions.is_empty();
            let actions = actions.trim().trim_start_matches('[').trim_end_matches(']');
            let actions = actions.split(',').filter(|text| !text.is_empty());
            found.extend(actions.filter(|_| is_allowed).filter_map(action));
        } else if let Some(text) = line.strip_prefix("- ").filter(|_| is_list) {
            found.extend(is_allowed.then(|| action(text)).flatten());
        } else {
            is_list = false;
        }
    }
    assert!(!found.is_empty(), "{resource} allows nothing");
    found
}

/// The lines of a resource.
fn lines_of(resource: &str) -> Vec<String> {
    let template =
        fs::read_to_string(checkout::root().join("template.yaml")).expect("the template");
    let start = format!("\n  {resource}:\n");
    let (_, rest) = template.split_once(&start).expect("the resource is there");
    let own = rest
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "));
    own.map(str::to_owned).collect()
}

/// The timeout of a function of the stack, such as `DeployFunction`.
///
/// # Panics
///
/// If the template has no such function, or it has no timeout.
#[must_use]
pub fn function_timeout(resource: &str) -> Duration {
    let lines = lines_of(resource);
    let seconds = lines
        .iter()
        .filter_map(|line| line.strip_prefix("      Timeout: "))
        .map(|text| text.parse().expect("seconds"))
        .next();
    Duration::from_secs(seconds.expect("it has a timeout"))
}
