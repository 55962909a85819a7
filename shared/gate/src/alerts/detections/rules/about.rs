//! What the rules of all formats say in words.

use super::super::{
    detection::{Detection, EventPredicate},
    fill::in_capitals,
};
use crate::alerts::{AlertSettings, Severity};

/// A technique of MITRE ATT&CK with a tactic that it belongs to.
pub(super) struct Technique {
    /// `T1553`
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// `T1553.006`, and its name.
    pub(super) sub: Option<(&'static str, &'static str)>,
    /// `TA0005`
    pub(super) tactic: &'static str,
    pub(super) tactic_name: &'static str,
}

/// The techniques that the table names: parent, its name, tactic, its name. Elastic wants a tactic with each.
const TACTICS: [(&str, &str, &str, &str); 9] = [
    ("T1078", "Valid Accounts", "TA0001", "Initial Access"),
    ("T1098", "Account Manipulation", "TA0003", "Persistence"),
    ("T1485", "Data Destruction", "TA0040", "Impact"),
    ("T1489", "Service Stop", "TA0040", "Impact"),
    (
        "T1537",
        "Transfer Data to Cloud Account",
        "TA0010",
        "Exfiltration",
    ),
    (
        "T1553",
        "Subvert Trust Controls",
        "TA0005",
        "Defense Evasion",
    ),
    ("T1562", "Impair Defenses", "TA0005", "Defense Evasion"),
    ("T1574", "Hijack Execution Flow", "TA0003", "Persistence"),
    ("T1648", "Serverless Execution", "TA0002", "Execution"),
];
const OBTAIN: (&str, &str, &str, &str) = (
    "T1588",
    "Obtain Capabilities",
    "TA0042",
    "Resource Development",
);

/// The techniques of a detection, read from what it maps to.
pub(super) fn techniques(detection: &Detection) -> impl Iterator<Item = Technique> {
    detection.controls.iter().filter_map(|control| {
        let (id, name) = control.strip_prefix("MITRE ATT&CK ")?.split_once(" (")?;
        let name = name.strip_suffix(')')?;
        let parent = id.split('.').next()?;
        let row = TACTICS
            .iter()
            .chain([&OBTAIN])
            .find(|row| row.0 == parent)?;
        // "Subvert Trust Controls: Code Signing" names the parent, too.
        let own = name.split_once(": ").map_or(name, |(_, own)| own);
        Some(Technique {
            id: row.0,
            name: row.1,
            sub: (id != parent).then_some((id, own)),
            tactic: row.2,
            tactic_name: row.3,
        })
    })
}

pub(super) fn file_stem(detection: &Detection) -> String {
    detection.id.replace('-', "_")
}

pub(super) fn title(detection: &Detection) -> String {
    let title = detection.title.replace("{subject}", "a target");
    let title = title.strip_suffix(": a target").unwrap_or(&title);
    format!("Countersign: {title}")
}

/// Low, medium or high: a rule on one event is never as sure as the gate.
pub(super) fn level(detection: &Detection) -> &'static str {
    match detection.severity {
        Severity::Notice => "low",
        Severity::Warning => "medium",
        Severity::Critical => "high",
    }
}

/// What it means, what the rule does not know, and what the gate does more.
pub(super) fn description(detection: &Detection, settings: &AlertSettings) -> String {
    let mut text = vec![detection.meaning];
    let asks = |wanted: &[EventPredicate]| asks(detection.on_one_event, wanted);
    if asks(&[EventPredicate::Function, EventPredicate::Target]) && settings.functions.is_none() {
        text.push("This rule does not know which functions are gated and takes all for it; export it with --target-functions.");
    }
    if asks(&[EventPredicate::Layer, EventPredicate::Target]) && settings.layers.is_none() {
        text.push("This rule does not know which layers are gated and takes all for it; export it with --target-layers.");
    }
    if asks(&[EventPredicate::Profile]) && settings.signing_profile.is_none() {
        text.push("This rule does not know the stack's signing profile and takes any for it; export it with --signing-profile.");
    }
    if asks(&[EventPredicate::OtherCsc]) && settings.csc.is_none() {
        text.push("This rule does not know the stack's code signing configuration and takes any for another; export it with --csc.");
    }
    if asks(&[EventPredicate::OwnResource]) && settings.key_arn.is_none() {
        text.push("This rule does not know the stack's key; export it with --key.");
    }
    if settings.own_roles.sessions().is_empty() {
        text.push("This rule does not know the gate's own roles, and fires for the gate's own work, too; export it with --own-role.");
    }
    text.push("Countersign itself does more: it reads its records to tell whose code a call put there and what a configuration was before, lets one detection speak for a call, weighs calls by CloudFormation less, counts repeats and names the end.");
    if asks(&[EventPredicate::Function, EventPredicate::Target]) {
        text.push(
            "A function that cannot be read from the call counts as gated there, and not here.",
        );
    }
    text.join(" ")
}

fn asks(parts: &[EventPredicate], wanted: &[EventPredicate]) -> bool {
    parts.iter().any(|part| match part {
        EventPredicate::Any(parts) => asks(parts, wanted),
        part => wanted.contains(part),
    })
}

/// What to do, as a numbered list. What a page fills in is left in capitals.
pub(super) fn runbook(detection: &Detection) -> String {
    let steps = (1..).zip(detection.steps);
    let lines: Vec<String> = steps
        .map(|(at, step)| format!("{at}. {}", in_capitals(step)))
        .collect();
    lines.join("\n")
}
