//! Native libraries that were built for another processor than the function's.

use std::collections::BTreeSet;

use super::{
    super::start_facts::Library,
    fault::{StartFault, listed},
    processor::{machine_name, runs},
};
use crate::domain::{Architecture, FunctionConfiguration, ReasonCode};

/// Native libraries that were built for another processor, where there is none for this one in their
/// place: packages often hold one for each processor, and load the right one.
pub(super) fn foreign_libraries(
    libraries: &[Library],
    function: &FunctionConfiguration,
) -> Option<StartFault> {
    let architecture = function.architecture?;
    let (right, foreign): (Vec<&Library>, Vec<&Library>) = libraries
        .iter()
        .partition(|library| runs(architecture, library.machine));
    let right: BTreeSet<String> = right
        .into_iter()
        .map(|library| without_processor(&library.path))
        .collect();
    let foreign: Vec<&Library> = foreign
        .into_iter()
        .filter(|library| !right.contains(&without_processor(&library.path)))
        .collect();
    let first = foreign.first()?;
    let names: Vec<&str> = foreign
        .iter()
        .map(|library| library.path.as_str())
        .collect();
    Some(StartFault {
        code: ReasonCode::WrongArchitecture,
        file: Some(first.path.clone()),
        message: format!(
            "{} built for {}, and the function runs on {}",
            listed(&names, "was", "were"),
            machine_name(first.machine),
            architecture.as_str()
        ),
        fix: format!(
            "install the dependencies for {0}, for instance with `pip install --platform manylinux2014_{1} \
             --only-binary=:all:` or `npm install --cpu={2} --os=linux`",
            architecture.as_str(),
            match architecture {
                Architecture::X86_64 => "x86_64",
                Architecture::Arm64 => "aarch64",
            },
            match architecture {
                Architecture::X86_64 => "x64",
                Architecture::Arm64 => "arm64",
            }
        ),
    })
}

/// A path in which the words for processors are all the same: `prebuilds/linux-*/addon.node`.
fn without_processor(path: &str) -> String {
    /// The longer ones first: `arm` is a part of `arm64`.
    const WORDS: [&str; 22] = [
        "loongarch64",
        "loong64",
        "mips64el",
        "powerpc64le",
        "riscv64",
        "ppc64le",
        "aarch64",
        "x86_64",
        "x86-64",
        "ppc64",
        "s390x",
        "amd64",
        "arm64",
        "armv8",
        "armv7l",
        "armv7",
        "armv6",
        "i386",
        "i686",
        "ia32",
        "x64",
        "arm",
    ];
    let mut path = path.to_owned();
    for word in WORDS {
        path = path.replace(word, "*");
    }
    path
}
