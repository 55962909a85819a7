//! What `template.yaml` of the checkout says, for tests of constants that have to fit it.

use std::{fs, time::Duration};

use crate::checkout;

/// The timeout of a function of the stack, such as `DeployFunction`.
///
/// # Panics
///
/// If the template has no such function, or it has no timeout.
#[must_use]
pub fn function_timeout(resource: &str) -> Duration {
    let template =
        fs::read_to_string(checkout::root().join("template.yaml")).expect("the template");
    let start = format!("\n  {resource}:\n");
    let (_, rest) = template.split_once(&start).expect("the function is there");
    let own = rest
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "));
    let seconds = own
        .filter_map(|line| line.strip_prefix("      Timeout: "))
        .map(|text| text.parse().expect("seconds"))
        .next();
    Duration::from_secs(seconds.expect("it has a timeout"))
}
