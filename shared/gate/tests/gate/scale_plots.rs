//! The plots of `docs/scale.md`, from the figures of its tables.

use std::collections::BTreeMap;

use countersign_testkit::checkout;

use crate::{
    plot::{Axis, Chart, Line},
    scale::{CONCURRENCIES, DEFAULT_PERCENT, MINUTE, burst, seconds, sweeps, trace, whole_run},
};

/// How many of the concurrencies are shown: with more it only gets slower, which the table says.
const SHOWN: usize = 4;

/// How many uploads are live after how many seconds.
fn burst_chart() -> Chart {
    let (_, results) = burst(&trace());
    let mut lines = Vec::new();
    let mut words = Vec::new();
    for ((_, deploys), result) in CONCURRENCIES.into_iter().zip(&results).take(SHOWN) {
        let each_fiftieth = result.lives.iter().enumerate().skip(49).step_by(50);
        let points = each_fiftieth.map(|(at, live)| (live / 1000, u64::try_from(at + 1).unwrap()));
        let all_live = seconds(result.last_live);
        lines.push(Line {
            name: format!("DeployConcurrency {deploys}: all are live after {all_live} s"),
            points: std::iter::once((0, 0)).chain(points).collect(),
        });
        words.push(format!("with {deploys}, after {all_live} seconds"));
    }
    let alone = results[0].quota_alone / 1000;
    lines.push(Line {
        name: format!("the quota of the control plane alone: {alone} s"),
        points: vec![(0, 0), (alone, 1000)],
    });
    Chart {
        title: "1,000 uploads in a minute: how many are live after how long",
        description: format!(
            "A line for each value of DeployConcurrency; each rises evenly. All 1,000 uploads are live: {}. The quota of the \
             control plane alone would take {alone} seconds.",
            words.join("; ")
        ),
        x: Axis {
            name: "seconds since the first upload",
            max: 2500,
            step: 500,
        },
        y: Axis {
            name: "uploads that are live",
            max: 1000,
            step: 250,
        },
        lines,
    }
}

/// How many minutes a run over so many functions takes.
fn sweep_chart() -> Chart {
    let (_, paces) = sweeps();
    let minutes = |functions, pace| whole_run(functions, pace, DEFAULT_PERCENT) / MINUTE;
    let most = 10_000;
    let mut lines = Vec::new();
    for (pace, what) in paces.into_iter().zip(["without an alias", "with an alias"]) {
        let points = (1..=20).map(|it| it * most / 20);
        let points = points.map(|functions| (functions, minutes(functions, pace)));
        lines.push(Line {
            name: format!("functions {what}: 10,000 take {} min", minutes(most, pace)),
            points: std::iter::once((0, 0)).chain(points).collect(),
        });
    }
    lines.push(Line {
        name: "an hour, after which the next run is due".to_owned(),
        points: vec![(0, 60), (most, 60)],
    });
    Chart {
        title: "A run of sweep over everything: how long it takes for how many functions",
        description: format!(
            "Two lines that rise, a little more steeply as each attempt lists more. 10,000 functions without an alias take {} \
             minutes, with an alias {} minutes; a level line is at an hour.",
            minutes(most, paces[0]),
            minutes(most, paces[1])
        ),
        x: Axis {
            name: "functions",
            max: most,
            step: 2000,
        },
        y: Axis {
            name: "minutes",
            max: 180,
            step: 30,
        },
        lines,
    }
}

fn plots() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("docs/scale-burst.svg", burst_chart().svg()),
        ("docs/scale-sweep.svg", sweep_chart().svg()),
    ])
}

#[test]
fn plots_about_scale_show_what_is_computed() {
    let page = std::fs::read_to_string(checkout::path("docs/scale.md")).unwrap();
    for (path, svg) in plots() {
        let found = std::fs::read_to_string(checkout::path(path)).unwrap_or_default();
        assert!(
            found == svg,
            "{path} is not what is computed: cargo test -p countersign-gate --test gate -- --ignored write_the_plots_about_scale"
        );
        let name = path.trim_start_matches("docs/");
        assert!(page.contains(&format!("]({name})")), "{path} is shown");
        assert!(svg.len() < 10_000, "{path} is small");
    }
}

#[test]
#[ignore = "writes docs/scale-*.svg"]
fn write_the_plots_about_scale() {
    for (path, svg) in plots() {
        std::fs::write(checkout::path(path), svg).unwrap();
    }
}
