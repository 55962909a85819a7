//! Metrics in CloudWatch's embedded metric format: a line of JSON on standard output, which
//! CloudWatch Logs turns into metrics without a call and without a wait. The format:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

const NAMESPACE: &str = "Countersign";

/// Something worth counting that happened to one upload, or to one message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure<'a> {
    /// An upload was taken in.
    Received,
    /// A signing job was started for it, however that ends.
    Signed,
    /// It is live, this many seconds after S3 took it.
    Deployed {
        /// From the version's `LastModified` to the end of the deployment, not negative.
        seconds_to_live: f64,
    },
    /// It was verified for a function that does not exist yet.
    Prepared,
    /// It may not run.
    Rejected {
        /// The first reason code, such as `PUBLISHER_NOT_ALLOWED`.
        reason: &'a str,
    },
    /// A newer version took its place before its turn.
    Superseded,
    /// It was accepted and yet could not be brought to run.
    Failed,
    /// A message was put into the dead-letter queue: an alarm on it sees each arrival, whatever
    /// waits there.
    DeadLettered {
        /// The function that gave it up.
        function: &'a str,
    },
    /// An attempt at a run of `sweep` is over, whether it came to the run's end or not.
    Resent {
        /// Uploads whose event it sent again.
        uploads: f64,
    },
    /// A run of `sweep` came to its end, in however many attempts.
    Swept {
        /// Drift that is open.
        drift: f64,
        /// What could not be looked at.
        troubles: f64,
    },
}

/// Writes one line for `measure`. `properties` are searchable beside the metric without being
/// dimensions (each distinct value of a dimension is a metric of its own, and is paid for).
pub fn emit(
    out: &mut impl Write,
    now: Timestamp,
    stack: &str,
    measure: Measure<'_>,
    properties: &[(&str, &str)],
) -> io::Result<()> {
    let count = |name: &'static str| vec![(name, "Count", 1.0)];
    let (metrics, dimension) = match measure {
        Measure::Received => (count("Received"), None),
        Measure::Signed => (count("Signed"), None),
        Measure::Deployed { seconds_to_live } => {
            let mut metrics = count("Deployed");
            metrics.push(("SecondsToLive", "Seconds", seconds_to_live));
            (metrics, None)
        }
        Measure::Prepared => (count("Prepared"), None),
        Measure::Rejected { reason } => (count("Rejected"), Some(("Reason", reason))),
        Measure::Superseded => (count("Superseded"), None),
        Measure::Failed => (count("Failed"), None),
        Measure::DeadLettered { function } => (count("DeadLettered"), Some(("Function", function))),
        Measure::Resent { uploads } => (vec![("Resent", "Count", uploads)], None),
        Measure::Swept { drift, troubles } => {
            let metrics = vec![
                ("Drift", "Count", drift),
                ("SweepTroubles", "Count", troubles),
            ];
            (metrics, None)
        }
    };
    // Two sets of dimensions are two metrics: how many in all, and how many for each value.
    let dimensions = match dimension {
        Some((name, _)) => json!([["Stack"], ["Stack", name]]),
        None => json!([["Stack"]]),
    };
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
        .collect();

    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": dimensions,
                "Metrics": definitions,
            }],
        }),
    );
    line.insert("Stack".to_owned(), json!(stack));
    if let Some((name, value)) = dimension {
        line.insert(name.to_owned(), json!(value));
    }
    for (name, _, value) in metrics {
        line.insert(name.to_owned(), json!(value));
    }
    for &(name, value) in properties {
        line.insert(name.to_owned(), json!(value));
    }
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    // In one write, so that no log line comes between.
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use countersign_testkit::checkout;

    use super::*;

    fn emitted(measure: Measure<'_>) -> Value {
        let mut out = Vec::new();
        let now = Timestamp::from_millisecond(1_795_297_440_012).unwrap();
        emit(
            &mut out,
            now,
            "gate",
            measure,
            &[("target", "functions/orders")],
        )
        .unwrap();
        assert_eq!(out.pop(), Some(b'\n'));
        assert!(!out.contains(&b'\n'));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn rejection_counts_in_all_and_by_reason() {
        assert_eq!(
            emitted(Measure::Rejected {
                reason: "PUBLISHER_NOT_ALLOWED"
            }),
            json!({
                "_aws": {
                    "Timestamp": 1_795_297_440_012_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Countersign",
                        "Dimensions": [["Stack"], ["Stack", "Reason"]],
                        "Metrics": [{"Name": "Rejected", "Unit": "Count"}],
                    }],
                },
                "Stack": "gate",
                "Reason": "PUBLISHER_NOT_ALLOWED",
                "Rejected": 1.0,
                "target": "functions/orders",
            })
        );
    }

    #[test]
    fn dead_letter_counts_in_all_and_by_function() {
        let line = emitted(Measure::DeadLettered {
            function: "gate-sign",
        });
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            directive["Dimensions"],
            json!([["Stack"], ["Stack", "Function"]])
        );
        assert_eq!(line["Function"], "gate-sign");
        assert_eq!(line["DeadLettered"], 1.0);
    }

    #[test]
    fn deployment_tells_how_long_it_took() {
        let line = emitted(Measure::Deployed {
            seconds_to_live: 9.5,
        });
        assert_eq!(line["SecondsToLive"], 9.5);
        assert_eq!(line["Deployed"], 1.0);
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Metrics"][1]["Unit"],
            "Seconds"
        );
    }

    /// The measure after this one. The compiler asks for the place of a new one.
    fn after(measure: Option<Measure<'_>>) -> Option<Measure<'static>> {
        Some(match measure {
            None => Measure::Received,
            Some(Measure::Received) => Measure::Signed,
            Some(Measure::Signed) => Measure::Deployed {
                seconds_to_live: 0.0,
            },
            Some(Measure::Deployed { .. }) => Measure::Prepared,
            Some(Measure::Prepared) => Measure::Rejected { reason: "X" },
            Some(Measure::Rejected { .. }) => Measure::Superseded,
            Some(Measure::Superseded) => Measure::Failed,
            Some(Measure::Failed) => Measure::DeadLettered {
                function: "gate-sign",
            },
            Some(Measure::DeadLettered { .. }) => Measure::Resent { uploads: 1.0 },
            Some(Measure::Resent { .. }) => Measure::Swept {
                drift: 2.0,
                troubles: 0.0,
            },
            Some(Measure::Swept { .. }) => return None,
        })
    }

    /// One of each.
    fn measures() -> Vec<Measure<'static>> {
        std::iter::successors(after(None), |measure| after(Some(*measure))).collect()
    }

    #[test]
    fn defined_metrics_and_dimensions_have_values() {
        for measure in measures() {
            let line = emitted(measure);
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_f64(), "{line}");
            }
            for dimension in directive["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|d| d.as_array().unwrap())
            {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{line}");
            }
        }
    }

    /// The dashboard and the alarms of the template are held against that table.
    #[test]
    fn documented_metrics_are_those_that_are_emitted() {
        let mut emitted_rows = BTreeSet::new();
        for measure in measures() {
            let line = emitted(measure);
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                let unit = metric["Unit"].as_str().unwrap();
                for dimensions in directive["Dimensions"].as_array().unwrap() {
                    let dimensions: Vec<&str> = dimensions
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|dimension| dimension.as_str().unwrap())
                        .collect();
                    emitted_rows.insert((name.to_owned(), dimensions.join(", "), unit.to_owned()));
                }
            }
        }
        let page = std::fs::read_to_string(checkout::path("docs/operating.md")).unwrap();
        let (_, section) = page.split_once("\n## Metrics\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let documented: BTreeSet<_> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|row| {
                let mut cells = row.split(" | ").map(|cell| cell.replace('`', ""));
                let mut cell = || cells.next().unwrap();
                (cell(), cell(), cell())
            })
            .collect();
        assert_eq!(documented, emitted_rows);
    }
}
