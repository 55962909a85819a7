//! The pages about a silence: that it begins, that it is not in force, that it is over.

use super::{
    formats::in_one_line,
    page::{Page, PageState, Severity},
    settings::AlertSettings,
};
use crate::records::{SilenceState, silence_path};

/// That pages are silenced, or that what was written silences none.
pub(super) fn begun(settings: &AlertSettings, state: &SilenceState) -> Page {
    let target = &state.target;
    let path = silence_path(target);
    let place = format!("s3://{}/{path}", settings.records_bucket);
    match &state.silence {
        Some(silence) => Page {
            // It can keep what is critical quiet, from those who hear of nothing less.
            severity: Severity::Critical,
            title: format!("Pages about {target} are silenced"),
            text: format!(
                "Until {}, {} about {target} are counted and not sent. The reason that was given: {}",
                silence.until,
                if silence.detections.is_empty() {
                    "pages".to_owned()
                } else {
                    let names: Vec<&str> = silence.detections.iter().map(String::as_str).collect();
                    format!("pages of {}", in_one_line(&names.join(", ")))
                },
                in_one_line(&silence.reason),
            ),
            next_steps: vec![format!(
                "If nobody planned this, end it: aws s3 rm '{place}', and find out who may write silences/* in that bucket."
            )],
            ..page(settings, state, "silence-begins")
        },
        None => Page {
            severity: Severity::Warning,
            title: format!("A silence for {target} is not in force"),
            text: format!(
                "Somebody wrote one, but {}. Pages are sent as ever.",
                in_one_line(state.fault.as_deref().unwrap_or("it cannot be read")),
            ),
            next_steps: vec![format!(
                "Write it as docs/pages.md says, or take it away: aws s3 rm '{place}'"
            )],
            ..page(settings, state, "silence-not-honoured")
        },
    }
}

/// That they are sent again, and what was not told one by one.
pub(super) fn over(settings: &AlertSettings, state: &SilenceState, how: &str) -> Page {
    let kept: Vec<String> = state
        .kept_quiet
        .iter()
        .map(|(kind, count)| format!("{kind}: {count}"))
        .collect();
    let (severity, text) = if kept.is_empty() {
        (Severity::Notice, "It kept nothing quiet.".to_owned())
    } else {
        let list = in_one_line(&kept.join(", "));
        let text = format!("It kept quiet what was not told one by one: {list}.");
        (Severity::Warning, text)
    };
    Page {
        severity,
        title: format!("Pages about {} are sent again", state.target),
        text: format!("{how} {text}"),
        next_steps: if kept.is_empty() {
            Vec::new()
        } else {
            vec![format!(
                "See whether that was what was planned: countersign status {} --records-bucket {}",
                state.target, settings.records_bucket
            )]
        },
        ..page(settings, state, "silence-ends")
    }
}

/// What all pages about a silence have in common.
fn page(settings: &AlertSettings, state: &SilenceState, kind: &str) -> Page {
    let mut facts = vec![("Since", state.began_at.to_string())];
    facts.extend(
        state
            .silence
            .as_ref()
            .map(|silence| ("Until", silence.until.to_string())),
    );
    facts.push(("Stack", settings.stack.clone()));
    let etag = state.etag.trim_matches('"');
    let id = format!("{}/{etag}", silence_path(&state.target));
    let at = state.ended_at.unwrap_or(state.began_at);
    Page {
        facts,
        resources: vec![format!(
            "s3://{}/{}",
            settings.records_bucket,
            silence_path(&state.target)
        )],
        kind: kind.to_owned(),
        subject: state.target.to_string(),
        target: Some(state.target.clone()),
        // Its end closes what its beginning opened.
        dedup_key: Some(format!(
            "{}/{}/silence/{}",
            settings.stack, state.target, etag
        )),
        state: match kind {
            "silence-ends" => PageState::Closed,
            // Nothing closes it: one that is not in force has no end.
            "silence-not-honoured" => PageState::Detected,
            _ => PageState::Open,
        },
        ..Page::new(&settings.stack, id, at)
    }
}
