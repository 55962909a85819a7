//! The pages about what was told before: it happened again, or it is gone.

use jiff::Timestamp;

use super::{
    page::{Page, PageState, Severity},
    settings::AlertSettings,
    tally::Untold,
};
use crate::{domain::Target, records::Incident};

/// A page with what happened since the last about the same thing.
pub(super) fn with_repeats(page: &Page, untold: &Untold) -> Page {
    let mut page = page.clone();
    if untold.count > 0 {
        page.text = format!(
            "{}\nSince the last page about it, it also happened {}, without a page each time.{}",
            page.text,
            more(untold.count),
            told_of(untold),
        );
    }
    page
}

/// The page that sums up what happened again.
pub(super) fn summary(settings: &AlertSettings, incident: &Incident, untold: &Untold) -> Page {
    let since = incident.told_at.unwrap_or(incident.first_at);
    Page {
        severity: Severity::of_word(&incident.severity).unwrap_or(Severity::Critical),
        title: format!("Again, {}: {}", times(untold.count), incident.title),
        text: format!(
            "The same happened {} since {since}. That is {} since {}, the last time at {}.{}",
            more(untold.count),
            times(incident.count),
            incident.first_at,
            incident.last_at,
            told_of(untold),
        ),
        state: PageState::Repeated,
        ..page_about(settings, incident)
    }
}

/// The page that says that it is gone since `ended_at`, under the key of the pages about it.
pub(super) fn recovery(
    settings: &AlertSettings,
    incident: &Incident,
    ended_at: Timestamp,
    how: &str,
) -> Page {
    let untold = Untold::of(incident, true);
    let mut page = Page {
        severity: Severity::Notice,
        title: format!("No longer so: {}", incident.title),
        text: format!(
            "{how} It happened {} since {}, the last time at {}.{}",
            times(incident.count),
            incident.first_at,
            incident.last_at,
            told_of(&untold),
        ),
        state: PageState::Closed,
        ..page_about(settings, incident)
    };
    page.next_steps.clear();
    // Security Hub takes an update only when it is younger than what it has.
    page.at = ended_at;
    page.facts.insert(0, ("Ended", ended_at.to_string()));
    page
}

/// By whom it was done, and to what if that was several things.
fn told_of(untold: &Untold) -> String {
    let by = untold.actors.sentence();
    let by = by.map(|names| format!("\nBy: {names}."));
    let about = untold
        .targets
        .sentence()
        .filter(|_| untold.targets.len() > 1);
    let about = about.map(|names| format!("\nAbout: {names}."));
    [by, about].into_iter().flatten().collect()
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

fn more(count: u32) -> String {
    match count {
        1 => "once more".to_owned(),
        count => format!("{count} more times"),
    }
}

/// What all pages about an incident have in common.
fn page_about(settings: &AlertSettings, incident: &Incident) -> Page {
    let mut facts = vec![
        ("First", incident.first_at.to_string()),
        ("First event", incident.first_event.clone()),
        ("Last", incident.last_at.to_string()),
        ("Last event", incident.last_event.clone()),
        ("Times", incident.count.to_string()),
        ("Stack", settings.stack.clone()),
    ];
    // Documents of before do not name them.
    facts.retain(|(_, value)| !value.is_empty());
    // Documents of before do not say which event was the last.
    let last = Some(&incident.last_event).filter(|id| !id.is_empty());
    let id = last.or(incident.events.last()).cloned();
    Page {
        next_steps: incident.next_steps.clone(),
        facts,
        resources: incident.resources.clone(),
        kind: incident.kind.clone(),
        subject: incident.subject.clone(),
        target: Target::try_from(incident.subject.clone()).ok(),
        dedup_key: Some(incident.dedup_key.clone()),
        ..Page::new(&settings.stack, id.unwrap_or_default(), incident.last_at)
    }
}
