//! The detections as rules of others: Sigma, Panther and Elastic.
//!
//! Lives here: `condition.rs` (what a rule can know of one event, and samples made of it), `about.rs` (the words and the
//! techniques that all formats share), `sigma.rs`, `panther.rs`, `elastic.rs`, `yaml.rs`, and `rule_file.rs`.
//!
//! May use: the detections of the room above.
//!
//! Data passes through like this: `Detection` and the stack's settings, `Condition`, the text of a rule.

mod about;
mod condition;
mod elastic;
mod panther;
mod rule_file;
mod sigma;
#[cfg(test)]
mod sigma_evaluator;
mod yaml;

use super::{DETECTIONS, Detection};
use crate::alerts::AlertSettings;
use condition::Condition;

pub use rule_file::RuleFile;

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleFormat {
    /// Sigma, one YAML file a rule.
    Sigma,
    /// Panther, a Python file and a YAML file a rule.
    Panther,
    /// Elastic's `detection-rules`, one TOML file a rule.
    Elastic,
}

/// One rule for each detection. `uuid` makes the stable id of a detection's id; what the settings do not say, the rules
/// do not ask, and their descriptions tell so.
#[must_use]
pub fn rules(
    format: RuleFormat,
    settings: &AlertSettings,
    uuid: fn(&str) -> String,
) -> Vec<RuleFile> {
    DETECTIONS
        .iter()
        .flat_map(|detection| rule(format, detection, settings, uuid))
        .collect()
}

fn rule(
    format: RuleFormat,
    detection: &Detection,
    settings: &AlertSettings,
    uuid: fn(&str) -> String,
) -> Vec<RuleFile> {
    let condition = Condition::of(detection, settings);
    let id = uuid(detection.id);
    match format {
        RuleFormat::Sigma => vec![RuleFile {
            name: format!("countersign_{}.yml", about::file_stem(detection)),
            text: yaml::block(&sigma::document(detection, settings, &condition, &id)),
        }],
        RuleFormat::Panther => panther::files(detection, settings, &condition),
        RuleFormat::Elastic => vec![RuleFile {
            name: format!("countersign_{}.toml", about::file_stem(detection)),
            text: elastic::text(detection, settings, &condition, &id),
        }],
    }
}

#[cfg(test)]
pub(super) use condition::template;
#[cfg(test)]
pub(super) use sigma_evaluator::fires;

#[cfg(test)]
mod tests {
    use super::{
        super::{detect, samples::settings},
        *,
    };

    fn id(text: &str) -> String {
        format!("id of {text}")
    }

    #[test]
    fn every_detection_is_exported_in_every_format() {
        for (format, files) in [
            (RuleFormat::Sigma, 1),
            (RuleFormat::Panther, 2),
            (RuleFormat::Elastic, 1),
        ] {
            let rules = rules(format, &settings(), id);
            assert_eq!(rules.len(), DETECTIONS.len() * files);
            let mut names: Vec<_> = rules.iter().map(|rule| &rule.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), rules.len(), "{format:?}");
            for rule in rules {
                assert!(rule.text.len() > 400, "{}", rule.name);
                assert!(!rule.text.contains("{subject}"), "{}", rule.name);
            }
        }
    }

    #[test]
    fn samples_of_rules_are_what_the_gate_says() {
        for detection in DETECTIONS {
            let condition = Condition::of(detection, &settings());
            let samples = condition.samples(&settings());
            assert!(samples.iter().any(|sample| sample.fires));
            assert!(samples.iter().any(|sample| !sample.fires));
            for sample in samples {
                let call = serde_json::from_value(sample.event.clone()).unwrap();
                let found = detect(&call, &settings()).map(|found| found.id);
                let expected = sample.fires.then_some(detection.id);
                assert_eq!(found, expected, "{}: {}", detection.id, sample.event);
            }
        }
    }

    #[test]
    fn every_technique_has_a_tactic() {
        for detection in DETECTIONS {
            let named = detection
                .controls
                .iter()
                .filter(|control| control.starts_with("MITRE ATT&CK"));
            assert_eq!(named.count(), about::techniques(detection).count());
        }
    }

    #[test]
    fn gaps_of_a_rule_are_told() {
        let unknown = AlertSettings {
            functions: None,
            signing_profile: None,
            own_roles: crate::alerts::RoleList::none(),
            ..settings()
        };
        let code = DETECTIONS
            .iter()
            .find(|row| row.id == "code-changed-past-gate")
            .unwrap();
        let told = about::description(code, &unknown);
        assert!(told.contains("--target-functions") && told.contains("--own-role"));
        let told = about::description(code, &settings());
        assert!(!told.contains("--target-functions") && !told.contains("--own-role"));
        assert!(told.contains("records"), "{told}");
    }
}
