//! What of the question whether a package starts was not looked at, and why: silence would read as "it is fine".

use std::fmt;

use super::{
    super::start_facts::{MadeFor, Program, StartFacts},
    entry_point::is_outside,
    runtime::{RuntimeFamily, meant},
};
use crate::domain::{ExecWrapper, FunctionConfiguration};

/// A part of the check that was not made. Its text says what was not looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotJudged {
    /// Nothing is known of the function.
    FunctionUnknown,
    /// The runtime is not known.
    RuntimeMissing,
    /// The runtime is not one of Lambda's that are known here.
    RuntimeUnknown {
        /// What it is called.
        runtime: String,
        /// What may be meant.
        meant: Option<String>,
    },
    /// The handler is not known.
    HandlerMissing,
    /// The architecture is not known, and there is machine code in the package.
    ArchitectureMissing,
    /// What the handler names is not in the package.
    HandlerOutside,
    /// The handler's file may lie in a layer.
    Layers,
    /// The function has a wrapper, which may start anything.
    Wrapper,
    /// The function's variables could not be read, one of which may name a wrapper.
    VariablesUnread,
}

impl NotJudged {
    /// What was not looked at.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self {
            Self::FunctionUnknown => "whether it starts",
            Self::ArchitectureMissing => "whether its machine code is for the function's processor",
            Self::RuntimeMissing
            | Self::RuntimeUnknown { .. }
            | Self::HandlerMissing
            | Self::HandlerOutside
            | Self::Layers
            | Self::Wrapper
            | Self::VariablesUnread => "where the handler is",
        }
    }

    /// Why not, after "because".
    #[must_use]
    pub fn why(&self) -> String {
        let fixed = match self {
            Self::RuntimeUnknown { runtime, meant } => {
                let meant = meant.as_ref();
                let hint = meant.map(|meant| format!("; did you mean {meant}?"));
                let hint = hint.unwrap_or_default();
                return format!("nothing is known of the runtime {runtime:?}{hint}");
            }
            Self::FunctionUnknown => "nothing is known of the function",
            Self::RuntimeMissing => "the function's runtime is not known",
            Self::HandlerMissing => "the function's handler is not known",
            Self::ArchitectureMissing => "the function's architecture is not known",
            Self::HandlerOutside => "the handler names a file outside of the package",
            Self::Layers => "the function has layers, in which it may lie",
            Self::Wrapper => {
                "the function has a wrapper (AWS_LAMBDA_EXEC_WRAPPER), which may start anything"
            }
            Self::VariablesUnread => {
                "the function's variables could not be read, one of which may name a wrapper"
            }
        };
        fixed.to_owned()
    }
}

impl fmt::Display for NotJudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, because {}", self.what(), self.why())
    }
}

/// What [`start_faults`](super::start_faults) says nothing of; nothing when it looked at everything.
#[must_use]
pub fn not_judged(facts: &StartFacts, function: &FunctionConfiguration) -> Vec<NotJudged> {
    if *function == FunctionConfiguration::default() {
        return vec![NotJudged::FunctionUnknown];
    }
    let mut libraries = facts.libraries().iter();
    let has_machine_code = libraries.any(|library| matches!(library.made_for, MadeFor::Linux(_)))
        || matches!(facts.bootstrap(), Some(Program::Elf(_)));
    let architecture = (function.architecture.is_none() && has_machine_code)
        .then_some(NotJudged::ArchitectureMissing);
    entry_point(function)
        .into_iter()
        .chain(architecture)
        .collect()
}

/// Why nothing was said of what is started.
fn entry_point(function: &FunctionConfiguration) -> Option<NotJudged> {
    let Some(runtime) = &function.runtime else {
        return Some(NotJudged::RuntimeMissing);
    };
    let Some(family) = RuntimeFamily::of(runtime) else {
        return Some(NotJudged::RuntimeUnknown {
            runtime: runtime.clone(),
            meant: meant(runtime),
        });
    };
    match &function.exec_wrapper {
        ExecWrapper::Set(_) => return Some(NotJudged::Wrapper),
        ExecWrapper::Unknown => return Some(NotJudged::VariablesUnread),
        ExecWrapper::NotSet => {}
    }
    if !function.layers.is_empty() {
        return Some(NotJudged::Layers);
    }
    if family == RuntimeFamily::Custom {
        return None;
    }
    match &function.handler {
        None => Some(NotJudged::HandlerMissing),
        Some(handler) => is_outside(handler).then_some(NotJudged::HandlerOutside),
    }
}

#[cfg(test)]
mod tests {
    use countersign_package::{Limits, Package};
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;
    use crate::domain::AttachedLayer;

    /// What is not judged of a package with a handler's file and a library.
    fn told(change: impl FnOnce(&mut FunctionConfiguration)) -> Vec<String> {
        let mut head = vec![0_u8; 64];
        head.splice(..6, *b"\x7fELF\x02\x01");
        let entries = [
            EntryForge::file("app.py", "x"),
            EntryForge::file("core.so", head),
        ];
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let mut function = FunctionConfiguration {
            runtime: Some("python3.13".to_owned()),
            handler: Some("app.handler".to_owned()),
            architecture: Some(crate::domain::Architecture::Arm64),
            ..FunctionConfiguration::default()
        };
        change(&mut function);
        let told = not_judged(&StartFacts::of(&package), &function);
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn parts_not_judged_are_told_with_the_reason() {
        assert_eq!(told(|_| ()), [""; 0]);
        let one = |change: fn(&mut FunctionConfiguration), words: &str| {
            let told = told(change);
            assert_eq!(told.len(), 1, "{words}: {told:?}");
            assert!(told[0].contains(words), "{words}: {told:?}");
        };
        one(
            |function| *function = FunctionConfiguration::default(),
            "whether it starts, because nothing is known of the function",
        );
        one(|function| function.runtime = None, "runtime is not known");
        one(|function| function.handler = None, "handler is not known");
        one(
            |function| function.architecture = None,
            "machine code is for the function's processor, because",
        );
        one(
            |function| function.runtime = Some("pyhton3.13".to_owned()),
            "did you mean python3.13?",
        );
        one(
            |function| function.runtime = Some("cobol1".to_owned()),
            "of the runtime \"cobol1\"",
        );
        one(
            |function| function.handler = Some("/opt/app.handler".to_owned()),
            "outside of the package",
        );
        one(
            |function| function.exec_wrapper = ExecWrapper::Set("/opt/w".to_owned()),
            "has a wrapper",
        );
        one(
            |function| function.exec_wrapper = ExecWrapper::Unknown,
            "could not be read",
        );
        let layered = |function: &mut FunctionConfiguration| {
            function.layers = vec![AttachedLayer {
                arn: "arn:aws:lambda:eu-west-1:111122223333:layer:common:1".to_owned(),
                zip_bytes: None,
                job_arn: None,
                profile_version_arn: None,
            }];
        };
        one(
            layered,
            "where the handler is, because the function has layers",
        );
        // A custom runtime may do without a handler.
        let custom = told(|function| {
            function.runtime = Some("provided.al2023".to_owned());
            function.handler = None;
        });
        assert_eq!(custom, [""; 0]);
    }
}
