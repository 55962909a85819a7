//! Amazon Q Developer's schema for custom notifications. Whatever is not of this schema it drops (grade B).

use serde_json::{Map, Value, json};

use super::{
    bounds::Bounds,
    inert::{cut, no_emphasis, no_markup, one_line},
    links::links,
    step::step,
};
use crate::alerts::{
    page::{Page, Severity},
    settings::AlertSettings,
};

pub(super) fn chat(page: &Page, settings: &AlertSettings, bounds: Bounds) -> Value {
    let line = |text: &str, most| no_markup(&one_line(text, most));
    let facts: Map<String, Value> = page
        .facts
        .iter()
        .take(bounds.facts)
        .map(|(name, value)| ((*name).to_owned(), line(value, bounds.fact).into()))
        .collect();
    let several = |texts: &[String], most| -> Vec<String> {
        texts
            .iter()
            .take(most)
            .map(|text| line(text, bounds.line))
            .collect()
    };
    let icon = match page.severity {
        Severity::Critical => ":rotating_light:",
        Severity::Warning => ":warning:",
        Severity::Notice => ":information_source:",
    };
    let steps = page.next_steps.iter().take(bounds.steps);
    let steps = steps.map(|text| no_markup(&step(text, page, settings, bounds.line)));
    let mut next_steps: Vec<String> = steps.collect();
    let links = links(page, settings).into_iter();
    next_steps.extend(links.map(|(name, address)| format!("{name}: {address}")));
    json!({
        "version": "1.0",
        "source": "custom",
        "id": line(&page.id, bounds.line),
        "content": {
            "textType": "client-markdown",
            "title": format!("{icon} {}", line(&page.title, bounds.title)),
            "description": no_emphasis(&no_markup(&cut(&page.text, bounds.text))),
            "nextSteps": next_steps,
            "keywords": ["Countersign", page.severity.as_str(), line(&page.kind, bounds.line)],
        },
        "metadata": {
            "threadId": line(&page.subject, bounds.line),
            "summary": line(&page.title, bounds.title),
            "eventType": line(&page.kind, bounds.line),
            "relatedResources": several(&page.resources, bounds.resources),
            "additionalContext": facts,
        },
    })
}
