//! The page for drift: what `sweep` found against the records, and that it is gone again.

use super::{
    detections::is_plain,
    formats::in_one_line,
    known_live::LiveUpload,
    page::{Page, PageState, Repetition, Severity},
    settings::AlertSettings,
};
use crate::{
    domain::{Freeze, Target},
    records::{Drift, DriftKind},
};

/// Whether it is a freeze that cannot be read: nobody plans one, and it stops everything.
fn is_unreadable(drift: &Drift) -> bool {
    let found = drift.found.as_deref();
    found.is_some_and(|found| found.starts_with(Freeze::UNREADABLE))
}

/// The page for a document of drift as it is now. `event_id` names the event that pointed at it.
pub(super) fn page_of_drift(settings: &AlertSettings, event_id: &str, drift: &Drift) -> Page {
    let record = format!("s3://{}/{}", settings.records_bucket, drift.path());
    let (kind, subject) = (drift.kind, in_one_line(&drift.subject));
    let severity = match (drift.is_open(), kind.is_critical()) {
        (false, _) => Severity::Notice,
        (true, _) if kind.is_notice() && !is_unreadable(drift) => Severity::Notice,
        (true, true) => Severity::Critical,
        (true, false) => Severity::Warning,
    };
    let title = if drift.is_open() {
        format!("{}: {subject} ({kind})", title_of(kind))
    } else {
        format!("No longer so: {subject} ({kind})")
    };
    let detail = format!("In detail: {}.", in_one_line(&drift.message));
    let mut next_steps = Vec::new();
    let text = if let Some(closed_at) = drift.closed_at {
        vec![
            format!(
                "It was found at {}, and at {closed_at} it was gone.",
                drift.found_at
            ),
            format!("What was told then: {} {detail}", drift.meaning()),
        ]
    } else {
        next_steps.push(filled(drift.fix(), settings, drift));
        vec![
            drift.meaning().to_owned(),
            detail,
            "The gate's regular check (sweep) found it. There may be no page about the call that did it."
                .to_owned(),
        ]
    };
    next_steps.push(format!("The whole record: aws s3 cp '{record}' -"));
    let mut facts = vec![("Stack", settings.stack.clone())];
    facts.extend(drift.expected.clone().map(|value| ("Expected", value)));
    facts.extend(drift.found.clone().map(|value| ("Found", value)));
    facts.extend(drift.upload.as_ref().map(|of| ("Upload", of.label())));
    facts.push(("Since", drift.found_at.to_string()));
    let at = drift.closed_at.unwrap_or(drift.found_at);
    Page {
        severity,
        title,
        text: text.join("\n"),
        next_steps,
        facts,
        resources: vec![record],
        kind: kind.to_string(),
        subject: drift.subject.clone(),
        target: Target::try_from(drift.subject.clone()).ok(),
        // sweep tells it once, and once more when it is gone.
        repetition: Repetition::EachNew,
        state: match (drift.is_open(), kind) {
            // It happened: nothing tells that it is over.
            (true, DriftKind::SettingsChanged) => PageState::Detected,
            (true, _) => PageState::Open,
            (false, _) => PageState::Closed,
        },
        ..Page::new(&settings.stack, event_id.to_owned(), at)
    }
}

/// The fix with the names that the document has, so that its commands can be pasted. A name that a shell makes something of
/// stays a word in capitals.
fn filled(fix: &str, settings: &AlertSettings, drift: &Drift) -> String {
    let live = LiveUpload::of_drift(drift);
    let option = |name: &str, value: Option<&str>| {
        let value = value.filter(|value| is_plain(value));
        value
            .map(|value| format!(" --{name} {value}"))
            .unwrap_or_default()
    };
    let options = [
        option(
            "uploads-bucket",
            live.as_ref().map(|live| live.uploads_bucket.as_str()),
        ),
        option("records-bucket", Some(&settings.records_bucket)),
        option(
            "region",
            settings.place.as_ref().map(|place| place.region.as_str()),
        ),
    ]
    .concat();
    let label = live.map(|live| live.label).filter(|label| is_plain(label));
    let label = label.as_deref().unwrap_or("LABEL");
    let text = fix
        .replace("--to LABEL", &format!("--to {label}{options}"))
        .replace("=PACKAGE.zip", &format!("=PACKAGE.zip{options}"));
    match &drift.target {
        Some(Target::Function(name)) => text
            .replace("functions/NAME", &format!("functions/{}", name.as_str()))
            .replace("lambda:NAME", &format!("lambda:{}{options}", name.as_str())),
        _ => text,
    }
}

fn title_of(kind: DriftKind) -> &'static str {
    match kind {
        DriftKind::OtherCodeRuns => "Other code runs than was deployed",
        DriftKind::OtherLayerVersion => "A layer was published past the gate",
        DriftKind::CscMissing => "Code signing was taken off",
        DriftKind::SignatureRevoked => "Code with a revoked signature runs",
        DriftKind::SignatureExpires => "The signature of what runs expires",
        DriftKind::TargetGone => "What was deployed is gone",
        DriftKind::OtherVersionCurrent => "The current upload is not what runs",
        DriftKind::LiveRecordBehind => "The record of what was deployed last is missing or old",
        DriftKind::PackageBehind => "The last verified package is missing or old",
        DriftKind::PackageExpires => "What Lambda reads the code from expires",
        DriftKind::UploadStuck => "An upload does not end",
        DriftKind::ConfigurationChanged => "The configuration of a function was changed",
        DriftKind::LayerNotTrusted => "A layer that is not trusted runs",
        DriftKind::LayerRevoked => "A layer with a revoked signature runs",
        DriftKind::OtherCsc => "Other publishers are trusted",
        DriftKind::PublisherQuestionable => {
            "A trusted publisher is canceled, revoked, missing or foreign"
        }
        DriftKind::NotGated => "Functions are outside the gate",
        DriftKind::WeakerParameters => "Weaker parameters are in use",
        DriftKind::SettingsChanged => "Parameters of the stack were changed",
        DriftKind::ProbeDiffers => "AWS does otherwise than is known",
        DriftKind::ProbeImpossible => "The daily probe cannot be made",
        DriftKind::BreakGlassInUse => "What runs was deployed by break-glass",
        DriftKind::BreakGlassRunsOn => "What runs was deployed by break-glass that has ended",
        DriftKind::FreezeInForce => "Deployments are frozen",
    }
}
