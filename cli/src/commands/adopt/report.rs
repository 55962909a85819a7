//! What became of each function, as it is printed.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use countersign_gate::{
    client::{AdoptionPlan, CodeStep},
    domain::FunctionName,
    records::UploadState,
};
use serde::Serialize;

use super::look::Refusal;
use crate::io::{
    escape::escape,
    exit_status::ExitStatus,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// Where a function stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// There is nothing to do.
    Adopted,
    /// It was not asked to be done.
    Planned,
    /// It was done.
    Done,
    /// Something stands against it.
    Refused,
    /// An upload did not end well.
    Failed,
    /// An upload has not ended yet.
    Pending,
    /// There was no answer.
    NotKnown,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Adopted,
        Self::Planned,
        Self::Done,
        Self::Refused,
        Self::Failed,
        Self::Pending,
        Self::NotKnown,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Planned => "planned",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::NotKnown => "not known",
        }
    }

    fn colour(self) -> Style {
        match self {
            Self::Adopted | Self::Done => OK,
            Self::Planned => BOLD,
            Self::Refused | Self::Failed => ERROR,
            Self::Pending | Self::NotKnown => WARN,
        }
    }
}

/// One function.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) target: String,
    pub(super) state: State,
    /// What is or was done, in words.
    pub(super) steps: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// The label of the upload.
    pub(super) upload: Option<String>,
    /// How that ended.
    pub(super) outcome: Option<UploadState>,
    pub(super) message: Option<String>,
    pub(super) fix: Option<String>,
}

impl Row {
    /// A function in a state, of which nothing else is to be said.
    pub(super) fn new(name: &FunctionName, state: State) -> Self {
        Self {
            target: format!("functions/{name}"),
            state,
            steps: Vec::new(),
            warnings: Vec::new(),
            upload: None,
            outcome: None,
            message: None,
            fix: None,
        }
    }

    /// A function and what is planned for it.
    pub(super) fn planned(name: &FunctionName, plan: &AdoptionPlan) -> Self {
        let state = if plan.is_done() {
            State::Adopted
        } else {
            State::Planned
        };
        let attach = plan.attach.as_ref().map(|csc| format!("attach {csc}"));
        let code = match &plan.code {
            CodeStep::Adopted => None,
            CodeStep::Sign => Some("sign and deploy what it runs, by way of an upload".to_owned()),
            CodeStep::Follow { label } => Some(format!("wait for the upload {label}")),
        };
        Self {
            steps: attach.into_iter().chain(code).collect(),
            warnings: plan.warnings.clone(),
            ..Self::new(name, state)
        }
    }

    /// The same, refused.
    pub(super) fn refused(self, refusal: Refusal) -> Self {
        Self {
            state: State::Refused,
            message: Some(refusal.message),
            fix: Some(refusal.fix),
            ..self
        }
    }

    /// The same, without an answer.
    pub(super) fn not_known(self, why: String) -> Self {
        Self {
            state: State::NotKnown,
            message: Some(why),
            fix: Some("run the command again; it goes on where it stopped".to_owned()),
            ..self
        }
    }
}

/// What became of all; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    /// Whether it was to be done.
    pub(super) applied: bool,
    pub(super) csc: String,
    pub(super) warn_csc: Option<String>,
    pub(super) functions: Vec<Row>,
}

impl Report {
    /// The worst of all.
    pub(super) fn status(&self) -> ExitStatus {
        let any = |states: &[State]| self.functions.iter().any(|row| states.contains(&row.state));
        if any(&[State::Refused, State::Failed]) {
            ExitStatus::Rejected
        } else if any(&[State::NotKnown, State::Pending]) {
            ExitStatus::Inconclusive
        } else {
            ExitStatus::Success
        }
    }
}

/// For people. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for row in &report.functions {
        let state = style(row.state.colour(), format_args!("{:<9}", row.state.label()));
        let _ = writeln!(text, "{state}  {}", style(BOLD, escape(&row.target)));
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(text, "           {label:<8}  {}", escape(value));
        };
        for step in &row.steps {
            line("step", step);
        }
        for warning in &row.warnings {
            line("warning", warning);
        }
        for (label, value) in [
            ("upload", &row.upload),
            ("why", &row.message),
            ("fix", &row.fix),
        ] {
            if let Some(value) = value {
                line(label, value);
            }
        }
    }
    let counts: Vec<String> = State::ALL
        .into_iter()
        .filter_map(|state| {
            let count = report
                .functions
                .iter()
                .filter(|row| row.state == state)
                .count();
            (count > 0).then(|| format!("{count} {}", state.label()))
        })
        .collect();
    let counts = if counts.is_empty() {
        "no functions".to_owned()
    } else {
        counts.join(", ")
    };
    let _ = writeln!(text, "{}", style(BOLD, counts));
    if !report.applied
        && report
            .functions
            .iter()
            .any(|row| row.state == State::Planned)
    {
        let _ = writeln!(
            text,
            "{}",
            style(DIM, "nothing was changed: do it with --apply")
        );
    }
    text
}
