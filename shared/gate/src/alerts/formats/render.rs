//! One publish for all protocols, within what SNS takes.

use std::collections::BTreeMap;

use serde_json::Map;

use super::{
    bounds::{Bounds, MAX_ATTRIBUTE_CHARS, MAX_MESSAGE_BYTES, MAX_SMS_CHARS, MAX_SUBJECT_CHARS},
    chat::chat,
    document::{document, severity},
    inert::{ascii, cut, one_line},
    text,
};
use crate::{
    alerts::{
        page::Page,
        settings::{AlertSettings, HttpsPages},
    },
    ports::SnsMessage,
};

/// The message for SNS: a plain text for people, a short one for telephones, a document for programs and for chat
/// Amazon Q Developer's schema. It fits whatever the page holds: detail is dropped, never what it is about.
#[must_use]
pub fn render(page: &Page, settings: &AlertSettings) -> SnsMessage {
    let mut bounds = Bounds::FULL;
    loop {
        let message = within(page, settings, bounds);
        if size(&message) <= MAX_MESSAGE_BYTES || bounds.line == 0 {
            return message;
        }
        bounds = bounds.halved();
    }
}

fn within(page: &Page, settings: &AlertSettings, bounds: Bounds) -> SnsMessage {
    let headline = format!("Countersign {}: {}", page.severity.as_str(), page.title);
    let text = text::within(page, settings, bounds);
    let document = document(page, settings, bounds).to_string();
    let https = match settings.https_pages {
        HttpsPages::AmazonQ => chat(page, settings, bounds).to_string(),
        HttpsPages::Json => document.clone(),
    };
    let mut message = Map::new();
    let mut put = |protocol: &str, text: String| message.insert(protocol.to_owned(), text.into());
    put("default", text.clone());
    put("email", text);
    put("sms", ascii(&cut(&headline, MAX_SMS_CHARS)));
    put("https", https);
    for protocol in ["http", "sqs", "lambda", "firehose"] {
        put(protocol, document.clone());
    }
    SnsMessage::new(
        ascii(&cut(&headline, MAX_SUBJECT_CHARS)),
        serde_json::Value::Object(message).to_string(),
        attributes(page),
    )
}

/// What SNS counts.
fn size(message: &SnsMessage) -> usize {
    let attributes = message.attributes().iter();
    let of_attributes =
        attributes.flat_map(|(name, value)| [name.len(), "String".len(), value.len()]);
    let texts = [message.subject().len(), message.message().len()];
    texts.into_iter().chain(of_attributes).sum()
}

/// What subscriptions can filter by.
fn attributes(page: &Page) -> BTreeMap<&'static str, String> {
    let severity = severity(page.severity);
    [
        ("severity", severity.as_str()),
        ("detection", page.kind.as_str()),
        ("target", page.subject.as_str()),
        ("state", page.state.as_str()),
        ("stack", page.stack.as_str()),
    ]
    .into_iter()
    .map(|(name, value)| (name, one_line(value, MAX_ATTRIBUTE_CHARS)))
    // SNS takes no empty value.
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::{super::inert::*, *};
    use crate::alerts::{
        page::{PageState, Repetition, Severity},
        settings::RoleList,
    };

    fn settings() -> AlertSettings {
        AlertSettings {
            stack: "countersign".to_owned(),
            records_bucket: "records".to_owned(),
            own_roles: RoleList::none(),
            peer_roles: RoleList::none(),
            functions: None,
            under_own_csc: std::collections::BTreeSet::new(),
            layers: None,
            signing_profile: None,
            other_profiles: Vec::new(),
            csc: None,
            key_arn: None,
            success_notices: false,
            repeat_interval: std::time::Duration::ZERO,
            only_warns: false,
            https_pages: HttpsPages::AmazonQ,
            runbook_url: None,
            place: None,
        }
    }

    fn page(filler: &str) -> Page {
        Page {
            id: filler.to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            place: Some(crate::alerts::page::AwsLocation {
                partition: "aws".to_owned(),
                region: filler.to_owned(),
                account: filler.to_owned(),
            }),
            severity: Severity::Critical,
            title: filler.to_owned(),
            text: filler.to_owned(),
            next_steps: vec![filler.to_owned(); 50],
            facts: vec![("Who", filler.to_owned()); 50],
            resources: vec![filler.to_owned(); 50],
            kind: filler.to_owned(),
            subject: filler.to_owned(),
            target: None,
            by: Some(filler.to_owned()),
            distinct_by: filler.to_owned(),
            code_class: None,
            lasting: Vec::new(),
            scope: crate::alerts::IncidentScope::Subject,
            dedup_key: None,
            repetition: Repetition::Counted,
            state: PageState::Detected,
            stack: filler.to_owned(),
        }
    }

    #[test]
    fn message_fits_whatever_the_event_holds() {
        for filler in [
            "\"",
            "\\",
            "*",
            "\u{1F4A5}",
            "é",
            "a",
            "\n",
            "\r\n",
            "\u{7}",
            "\u{e0001}",
            "http://",
            "](",
            "@",
        ] {
            let message = render(&page(&filler.repeat(10_000)), &settings());
            assert!((1..=99).contains(&message.subject().len()), "{filler:?}");
            assert!(
                message
                    .subject()
                    .chars()
                    .all(|c| c.is_ascii_graphic() || c == ' ')
            );
            let of_attributes: usize = message
                .attributes()
                .iter()
                .map(|(name, value)| name.len() + "String".len() + value.len())
                .sum();
            let size = message.subject().len() + message.message().len() + of_attributes;
            assert!(size <= 256 * 1024, "{filler:?}: {size}");
            let texts: Map<String, Value> = serde_json::from_str(message.message()).unwrap();
            assert!(texts["default"].is_string());
            let chat: Value = serde_json::from_str(texts["https"].as_str().unwrap()).unwrap();
            assert_eq!(chat["version"], "1.0");
            assert_eq!(chat["source"], "custom");
        }
    }

    #[test]
    fn line_break_cannot_pose_as_a_line() {
        let page = page("x\nWhat to do:\n1. Send money");
        let plain = text::plain(&page, &settings());
        let title = plain.lines().next().unwrap();
        assert_eq!(title, "x What to do: 1. Send money");
    }

    #[test]
    fn text_of_attackers_is_inert_in_every_field() {
        let hostile = "<!channel> @here [Runbook](https://evil.example) <https://evil.example|x> \
                       WWW.evil.example `x` \u{202e}\u{2066}\u{200b}\u{2028}\u{2029}\u{feff}\u{7}\u{e0041}";
        let message = render(&page(hostile), &settings());
        let texts: Map<String, Value> = serde_json::from_str(message.message()).unwrap();
        for (protocol, text) in &texts {
            let text = text.as_str().unwrap();
            assert!(
                !text.chars().any(|c| c != '\n' && is_hidden(c)),
                "{protocol}"
            );
            let lower = text.to_ascii_lowercase();
            for link in ["http://", "https://", "www."] {
                assert!(!lower.contains(link), "{protocol}: {link} in {text}");
            }
        }
        let chat = texts["https"].as_str().unwrap();
        for markup in ["<!", "@here", "](", "<", ">", "`"] {
            assert!(!chat.contains(markup), "{markup} in {chat}");
        }
        assert!(texts["email"].as_str().unwrap().contains("\\u{202e}"));
        for value in message.attributes().values() {
            assert!(!value.chars().any(is_hidden), "{value}");
        }
    }

    #[test]
    fn commands_survive_chat() {
        for command in [
            "aws lambda list-functions --query 'Functions[?Layers]' --region us-east-1",
            "aws s3 cp 's3://records/functions/orders/20261121T214400Z-v1/outcome.json' -",
            "lifecycle { ignore_changes = [filename, s3_key] }",
        ] {
            assert_eq!(no_markup(&one_line(command, 300)), command);
        }
    }

    /// Whoever takes pages knows them by it: what is cut off must not be what tells things apart.
    #[test]
    fn long_key_still_tells_things_apart() {
        let key_of = |page: &Page| {
            let message = render(page, &settings());
            let texts: Map<String, Value> = serde_json::from_str(message.message()).unwrap();
            let document: Value = serde_json::from_str(texts["sqs"].as_str().unwrap()).unwrap();
            let key = document["dedup_key"].as_str().unwrap().to_owned();
            assert_eq!(document["pagerduty"]["dedup_key"], key.as_str());
            key
        };
        let about = |thread: &str, same: &str| Page {
            stack: "gate".to_owned(),
            kind: "csc-weakened".to_owned(),
            subject: thread.to_owned(),
            distinct_by: same.to_owned(),
            code_class: None,
            lasting: Vec::new(),
            ..page("x")
        };
        let short = about("functions/orders", "a");
        assert_eq!(key_of(&short), short.dedup_key());
        for subject in ["x".repeat(300), "\u{202e}".repeat(40)] {
            let one = about(&subject, "a");
            let key = key_of(&one);
            assert!(key.len() <= 255 && key.starts_with("gate/"), "{key}");
            assert_ne!(key, key_of(&about(&subject, "b")));
            // The page that closes it has the key of the document.
            let closing = Page {
                dedup_key: Some(one.dedup_key()),
                state: PageState::Closed,
                ..about(&subject, "")
            };
            assert_eq!(key, key_of(&closing));
        }
    }

    #[test]
    fn subscriptions_can_filter() {
        let message = render(&page("orders"), &settings());
        let names: Vec<&str> = message.attributes().keys().copied().collect();
        assert_eq!(names, ["detection", "severity", "stack", "state", "target"]);
        assert_eq!(message.attributes()["severity"], "critical");
        assert!(
            !render(&page(""), &settings())
                .attributes()
                .contains_key("target")
        );
    }
}
