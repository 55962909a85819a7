//! A page as people read it in an e-mail.

use super::{
    bounds::Bounds,
    inert::{cut, one_line},
    links::links,
    step::step,
};
use crate::alerts::{page::Page, settings::AlertSettings};

/// The page as a person reads it.
#[must_use]
pub fn plain(page: &Page, settings: &AlertSettings) -> String {
    within(page, settings, Bounds::FULL)
}

pub(super) fn within(page: &Page, settings: &AlertSettings, bounds: Bounds) -> String {
    let mut lines = vec![
        one_line(&page.title, bounds.title),
        String::new(),
        cut(&page.text, bounds.text),
    ];
    if !page.next_steps.is_empty() {
        lines.extend([String::new(), "What to do:".to_owned()]);
        let steps = page.next_steps.iter().take(bounds.steps).enumerate();
        lines.extend(steps.map(|(at, text)| {
            let line = step(text, page, settings, bounds.line);
            format!("{}. {line}", at.saturating_add(1))
        }));
    }
    lines.push(String::new());
    let facts = page.facts.iter().take(bounds.facts);
    lines.extend(facts.map(|(name, value)| format!("{name}: {}", one_line(value, bounds.fact))));
    let resources = page.resources.iter().take(bounds.resources);
    lines.extend(resources.map(|resource| one_line(resource, bounds.line)));
    lines.push(format!("Event: {}", one_line(&page.id, bounds.line)));
    lines.extend(
        links(page, settings)
            .into_iter()
            .map(|(name, address)| format!("{name}: {address}")),
    );
    lines.join("\n")
}
