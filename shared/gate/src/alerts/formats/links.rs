//! Links that lead on. They are made of names that were checked and of the stack's settings, and of nothing that
//! an event can hold otherwise.

use crate::{
    alerts::{
        page::{AwsLocation, Page},
        settings::AlertSettings,
    },
    domain::Target,
};

/// Name and address of each link of a page.
pub(super) fn links(page: &Page, settings: &AlertSettings) -> Vec<(&'static str, String)> {
    let place = page.place.as_ref().or(settings.place.as_ref());
    let console = place.and_then(|place| console(place, page));
    let runbook = settings
        .runbook_url
        .as_ref()
        .map(|runbook| format!("{runbook}#{}", page.kind));
    let named = [("Console", console), ("Runbook", runbook)];
    named
        .into_iter()
        .filter_map(|(name, address)| Some((name, address?)))
        .collect()
}

/// The console's page of the target. AWS documents no such addresses (grade C).
fn console(place: &AwsLocation, page: &Page) -> Option<String> {
    let domain = match place.partition.as_str() {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let region = &place.region;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if region.is_empty() || !region.chars().all(is_plain) {
        return None;
    }
    let thing = match page.target.as_ref()? {
        Target::Function(name) => format!("functions/{name}"),
        Target::Layer(name) => format!("layers/{name}"),
    };
    Some(format!(
        "https://{region}.{domain}/lambda/home?region={region}#/{thing}"
    ))
}
