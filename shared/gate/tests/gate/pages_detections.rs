//! `docs/detections.md` says what the table of detections does.

use std::fmt::Write;

use countersign_gate::alerts::{
    Severity,
    detections::{Answer, DETECTIONS, Detection, event_names, in_capitals},
};
use countersign_testkit::checkout;

const DOCUMENT: &str = "docs/detections.md";

#[test]
fn detections_are_documented_and_no_others() {
    let found = std::fs::read_to_string(checkout::path(DOCUMENT)).unwrap_or_default();
    assert!(
        found == document(),
        "{DOCUMENT} is not what the table says; write it anew with \
         `cargo test -p countersign-gate --test gate -- --ignored write_the_detections`"
    );
}

#[test]
#[ignore = "writes docs/detections.md from the table"]
fn write_the_detections() {
    std::fs::write(checkout::path(DOCUMENT), document()).unwrap();
}

fn document() -> String {
    let mut text = String::from(
        "# Detections\n\n\
         `alert` looks at the calls that CloudTrail records, and pages for those below. A trail that logs\n\
         management events must be on. One call is one page: the first detection of the table that matches\n\
         speaks. Its id is in the page, in the message attribute `detection`, and in the log of `alert`; it\n\
         never changes its meaning.\n\n\
         *Gated* functions and layers are those whose names match `TargetFunctions` and `TargetLayers`, and functions\n\
         that the last run of `sweep` saw under the stack's code signing configuration. To those with other names the gate does\n\
         not deploy, and their pages say so.\n\
         Calls by the roles of the stack's own functions do not page as far as they are the gate's work:\n\
         `UpdateFunctionCode`, `PublishVersion`, `UpdateAlias`, `PublishLayerVersion`\n\
         and `StartSigningJob`. The role is compared by its ARN; the name of a session\n\
         plays no part. Any other call by one of these roles pages like anybody's.\n\n\
         The severity is the usual one; a lighter or heavier case has its own, and the page says why.\n\
         CloudFormation's own calls weigh less, because AWS says in `invokedBy` that it made them. What\n\
         callers choose, such as the user agent, changes the advice and nothing else.\n\n\
         ## What is not seen\n\n\
         - Values of environment variables: CloudTrail hides them.\n\
         - What a configuration was before, if it was made since the last run of `sweep`: the call says only what it\n\
         \x20 is now.\n\
         - Objects in the buckets: those are data events, which a trail of management events does not have. Deletions of\n\
         \x20 records are seen (`records-deleted`): the stack's own trail asks for these data events. Another trail has to be\n\
         \x20 told to (`CreateTrail` in [deploying.md](deploying.md)). That an administrator overwrites a record is not seen.\n\
         - Changes of IAM, in a stack outside of us-east-1: IAM's events come to the bus of that region alone.\n\
         - `iam:PassRole`: it is no call of its own. The call that takes a role of the gate along is seen (`gate-role-passed`),\n\
         \x20 in the region of the stack.\n\
         - Metrics that somebody puts (`cloudwatch:PutMetricData`): those are data events.\n\
         - Whose stack it was: what another stack of this product deploys pages like anybody's calls, where both have\n\
         \x20 the same targets, unless its roles are listed in `PeerRoles`. Better give each its own names in\n\
         \x20 `TargetFunctions` and `TargetLayers`. Tags of roles are not believed: whoever may tag a role could have\n\
         \x20 calls on your targets pass in silence.\n\
         - A replay of a signed package is told from other signed code by the records, not by the call.\n\n\
         | detection | severity | about |\n|---|---|---|\n",
    );
    for row in DETECTIONS {
        let title = row.title.replace("{subject}", "…");
        writeln!(
            text,
            "| [`{0}`](#{0}) | {1} | {title} |",
            row.id,
            word(row.severity)
        )
        .unwrap();
    }
    for row in DETECTIONS {
        section(&mut text, row);
    }
    text.push_str(
        "\n## Events that the bus lets through\n\n\
         The rules of the stack let these through, by source: `TrailRule` those of `aws.lambda` and `aws.signer`,\n\
         `RecordsRule` deletions of objects, of the records bucket alone, `GateRule` the others. Names of Lambda's calls from before 2019 end in the date of an API version, so that\n\
         each name is let through as it is and with `20…` behind. The events of IAM, a global service, come to the bus\n\
         of us-east-1 alone (grade B): a stack in another region does not hear of changes of its roles.\n\n\
         | source | event names |\n|---|---|\n",
    );
    for (service, names) in event_names() {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(text, "| `aws.{service}` | {} |", names.join(", ")).unwrap();
    }
    text.push_str(PEERS);
    text
}

/// What others have. Read by hand in the public repositories and documents that are named, at the date that is named.
const PEERS: &str = include_str!("peers.md");

fn section(text: &mut String, row: &Detection) {
    let answer = match row.answer {
        Answer::Accepted => "accepted",
        Answer::RefusedSignature => "refused by Lambda for the signature",
        Answer::Denied => "denied",
    };
    let calls = if row.answer == Answer::Denied {
        "any of the calls below".to_owned()
    } else {
        let named: Vec<String> = row
            .watched()
            .map(|call| format!("`{}:{}`", call.service, call.name))
            .collect();
        named.join(", ")
    };
    write!(
        text,
        "\n## {}\n\n{}\n\n- Severity: {}\n- Calls ({answer}): {calls}\n- May be normal: {}\n- Maps to: {}\n\nWhat to do:\n\n",
        row.id,
        row.meaning,
        word(row.severity),
        row.false_positives,
        row.controls.join("; "),
    )
    .unwrap();
    for (at, step) in row.steps.iter().enumerate() {
        writeln!(text, "{}. {}", at + 1, in_capitals(step)).unwrap();
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
    }
}
