//! What would keep a package from starting, in the order in which people should hear of it.

use super::{
    super::start_facts::StartFacts,
    entry_point::entry_point,
    fault::{StartFault, listed},
    native_libraries::foreign_libraries,
};
use crate::domain::{AttachedLayer, Csc, FunctionConfiguration, ReasonCode};

/// What a function's code and its layers may unpack to (Lambda quotas, grade B).
const MAX_UNPACKED_BYTES: u64 = 262_144_000;

/// The faults of a package, the most certain first; none when nothing is known to be wrong. What the
/// configuration does not say is not judged.
#[must_use]
pub fn start_faults(facts: &StartFacts, function: &FunctionConfiguration) -> Vec<StartFault> {
    let mut faults = Vec::new();
    faults.extend(entry_point(facts, function));
    faults.extend(foreign_libraries(facts.libraries(), function));
    faults.extend(unreadable(facts));
    faults.extend(too_large(facts, function));
    faults
}

/// The layers of a function that its code signing configuration does not trust.
#[must_use]
pub fn untrusted_layers(function: &FunctionConfiguration, csc: &Csc) -> Option<StartFault> {
    let doubt = |layer: &AttachedLayer| {
        let doubt = layer.doubt_under(csc)?;
        Some(format!("the layer {} {doubt}", layer.arn))
    };
    let doubts: Vec<String> = function.layers.iter().filter_map(doubt).collect();
    (!doubts.is_empty()).then(|| StartFault {
        code: ReasonCode::LayerUntrusted,
        file: None,
        message: doubts.join("; "),
        fix: ReasonCode::LayerUntrusted.about().fix.to_owned(),
    })
}

/// Files and folders that the runtime's user cannot read: it is neither their owner nor of their group
/// (Lambda's documentation on permissions of files in a package, grade B).
fn unreadable(facts: &StartFacts) -> Option<StartFault> {
    let closed = facts.closed();
    let first = closed.first()?;
    Some(StartFault {
        code: ReasonCode::FilesUnreadable,
        file: Some((*first).to_owned()),
        message: format!(
            "{} readable by the user that the runtime runs as",
            listed(&closed, "is not", "are not")
        ),
        fix: "run `chmod -R u=rwX,go=rX .` before you zip; what Python writes by `writestr` gets its mode from \
              `external_attr`"
            .to_owned(),
    })
}

/// What the package unpacks to, with the layers, of which only the sizes of their zips are known: they
/// unpack to more.
fn too_large(facts: &StartFacts, function: &FunctionConfiguration) -> Option<StartFault> {
    let sizes = function.layers.iter().filter_map(|layer| layer.zip_bytes);
    let layers = sizes.fold(0_u64, u64::saturating_add);
    let package = facts.unpacked_bytes();
    let is_over = layers > 0 && package.saturating_add(layers) > MAX_UNPACKED_BYTES;
    is_over.then(|| StartFault {
        code: ReasonCode::TooLargeWithLayers,
        file: None,
        message: format!(
            "the package unpacks to {package} bytes, and the zips of the function's layers have {layers}: \
             together more than the {MAX_UNPACKED_BYTES} that Lambda unpacks"
        ),
        fix: ReasonCode::TooLargeWithLayers.about().fix.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use countersign_package::{Limits, Package};
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;
    use crate::domain::{Architecture, CscPolicy, ExecWrapper};

    /// The beginning of an ELF file of 64 bits for this machine.
    fn elf(machine: u16) -> Vec<u8> {
        let mut head = vec![0_u8; 64];
        head.splice(..6, *b"\x7fELF\x02\x01");
        head.splice(18..20, machine.to_le_bytes());
        head
    }

    fn faults(
        entries: impl IntoIterator<Item = EntryForge>,
        function: &FunctionConfiguration,
    ) -> Vec<String> {
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let told = start_faults(&StartFacts::of(&package), function).into_iter();
        told.map(|fault| format!("{}: {}", fault.message, fault.fix))
            .collect()
    }

    fn launch(runtime: &str, handler: &str) -> FunctionConfiguration {
        FunctionConfiguration {
            runtime: Some(runtime.to_owned()),
            handler: Some(handler.to_owned()),
            architecture: Some(Architecture::X86_64),
            ..FunctionConfiguration::default()
        }
    }

    fn layer(zip_bytes: u64) -> AttachedLayer {
        AttachedLayer {
            arn: "arn:aws:lambda:eu-west-1:111122223333:layer:common:1".to_owned(),
            zip_bytes: Some(zip_bytes),
            job_arn: None,
            profile_version_arn: None,
        }
    }

    #[test]
    fn handler_of_each_runtime_is_looked_up_where_it_looks() {
        for (runtime, handler, file) in [
            ("python3.13", "app.handler", "app.py"),
            ("python3.13", "src.app.handler", "src/app.py"),
            ("python3.13", "src/app.handler", "src/app.py"),
            ("python3.13", "app.handler", "app/__init__.py"),
            (
                "python3.13",
                "src.app.handler",
                "src/app.cpython-313-x86_64-linux-gnu.so",
            ),
            ("nodejs22.x", "index.handler", "index.mjs"),
            ("nodejs22.x", "dist/index.handler", "dist/index.js"),
            ("nodejs22.x", "index.handler", "index/index.js"),
            ("ruby3.3", "app.App.process", "app.rb"),
            (
                "java21",
                "com.example.Handler::handle",
                "com/example/Handler.class",
            ),
            ("java21", "com.example.Handler", "lib/shop.jar"),
            ("dotnet8", "Shop::Shop.Function::Handle", "Shop.dll"),
        ] {
            let launch = launch(runtime, handler);
            let good = faults([EntryForge::file(file, "x")], &launch);
            assert!(good.is_empty(), "{runtime} {handler}: {good:?}");
            let other = faults([EntryForge::file("another.txt", "x")], &launch);
            assert_eq!(other.len(), 1, "{runtime} {handler}");
            assert!(other[0].contains("which is not there"), "{other:?}");
        }
    }

    #[test]
    fn zipped_folder_is_told() {
        let entries = || [EntryForge::file("project/app.py", "x")];
        let told = faults(entries(), &launch("python3.13", "app.handler"));
        assert!(told[0].contains("zip what is in that folder"), "{told:?}");
    }

    #[test]
    fn nothing_is_told_where_code_may_lie_elsewhere() {
        for (runtime, handler, file) in [
            ("python3.13", "app.handler", "app.py"),
            ("provided.al2023", "x", "bootstrap"),
        ] {
            let mut layered = launch(runtime, handler);
            layered.layers = vec![layer(1)];
            let mut wrapped = launch(runtime, handler);
            wrapped.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
            for function in [layered, wrapped] {
                let inside = [EntryForge::file(format!("project/{file}"), "x")];
                assert_eq!(faults(inside, &function), [""; 0]);
                let elsewhere = [EntryForge::file("project/readme.txt", "x")];
                assert_eq!(faults(elsewhere, &function), [""; 0]);
            }
        }
    }

    #[test]
    fn handler_without_a_function_is_told() {
        let entries = || {
            [
                EntryForge::file("app.py", "x"),
                EntryForge::file("index.js", "x"),
            ]
        };
        for (runtime, handler, words) in [
            ("python3.13", "app", "write app.NAME"),
            ("python3.13", "src/app", "write src/app.NAME"),
            ("nodejs22.x", "index", "write index.NAME"),
            ("nodejs22.x", "dist.d/index", "write dist.d/index.NAME"),
        ] {
            let mut function = launch(runtime, handler);
            // Wherever the file lies.
            for layers in [vec![], vec![layer(1)]] {
                function.layers = layers;
                let told = faults(entries(), &function);
                assert_eq!(told.len(), 1, "{told:?}");
                assert!(told[0].contains("names no function"), "{told:?}");
                assert!(told[0].contains(words), "{told:?}");
            }
            // A wrapper may start anything.
            function.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
            assert_eq!(faults(entries(), &function), [""; 0]);
        }
        // These name a class or an assembly, which is enough, or it is not known what they do.
        for (runtime, handler, file) in [
            ("java21", "Handler", "Handler.class"),
            ("dotnet8", "Shop", "Shop.dll"),
            ("ruby3.4", "app", "app.rb"),
            ("provided.al2023", "app", "x"),
        ] {
            let told = faults([EntryForge::file(file, "x")], &launch(runtime, handler));
            assert!(
                !told.iter().any(|told| told.contains("no function")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn nothing_is_guessed_where_code_may_lie_elsewhere() {
        let entries = || [EntryForge::file("readme.txt", "x")];
        let mut layered = launch("python3.13", "app.handler");
        layered.layers = vec![layer(1)];
        let mut wrapped = launch("provided.al2023", "x");
        wrapped.exec_wrapper = ExecWrapper::Set("/opt/wrapper".to_owned());
        let mut undecrypted = launch("python3.13", "app.handler");
        undecrypted.exec_wrapper = ExecWrapper::Unknown;
        for silent in [
            layered,
            wrapped,
            undecrypted,
            launch("python3.13", "/opt/app.handler"),
            launch("cobol1", "app"),
            launch("pythonic", "app.handler"),
            FunctionConfiguration::default(),
        ] {
            assert_eq!(faults(entries(), &silent), [""; 0], "{silent:?}");
        }
    }

    #[test]
    fn bootstrap_has_to_be_a_program_for_this_processor() {
        let launch = launch("provided.al2023", "bootstrap");
        let with = |body: Vec<u8>, mode: u16| {
            let entry = EntryForge::file("bootstrap", body).mode(0o100_000 | mode);
            faults([entry], &launch)
        };
        assert_eq!(with(elf(62), 0o755), [""; 0]);
        assert_eq!(with(b"#!/bin/sh\necho\n".to_vec(), 0o755), [""; 0]);
        for (body, mode, words) in [
            (elf(183), 0o755, "was built for arm64"),
            (elf(62), 0o644, "is not executable"),
            (b"echo\n".to_vec(), 0o755, "neither a program"),
            (b"#!/bin/sh\r\necho\r\n".to_vec(), 0o755, "carriage return"),
        ] {
            let told = with(body, mode);
            assert!(told[0].contains(words), "{told:?}");
        }
        let missing = faults([EntryForge::file("main", "x")], &launch);
        assert!(missing[0].contains("which is not there"), "{missing:?}");
    }

    #[test]
    fn libraries_of_another_processor_are_told() {
        let library = |name: &str, machine| EntryForge::file(name, elf(machine));
        let launch = FunctionConfiguration {
            architecture: Some(Architecture::Arm64),
            ..FunctionConfiguration::default()
        };
        let told = faults(
            [
                library("numpy/core.so", 62),
                library("lib/libpq.so.5", 62),
                library("right.so", 183),
            ],
            &launch,
        );
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("numpy/core.so"), "{told:?}");
        assert!(
            told[0].contains("libpq.so.5 were built for x86_64"),
            "{told:?}"
        );
    }

    #[test]
    fn library_for_each_processor_is_no_fault() {
        let library = |name: &str, machine| EntryForge::file(name, elf(machine));
        let entries = || {
            [
                library("prebuilds/linux-x64/addon.node", 62),
                library("prebuilds/linux-arm64/addon.node", 183),
                library("prebuilds/linux-ia32/addon.node", 3),
                library("x/core.cpython-313-x86_64-linux-gnu.so", 62),
            ]
        };
        let on = |architecture| FunctionConfiguration {
            architecture: Some(architecture),
            ..FunctionConfiguration::default()
        };
        assert_eq!(faults(entries(), &on(Architecture::X86_64)), [""; 0]);
        let told = faults(entries(), &on(Architecture::Arm64));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("x/core.cpython"), "{told:?}");
    }

    #[test]
    fn layers_count_for_what_is_unpacked() {
        let with = |zip_bytes| {
            let mut function = launch("python3.13", "app.handler");
            function.layers = vec![layer(1), layer(zip_bytes)];
            faults([EntryForge::file("app.py", "12345")], &function)
        };
        assert_eq!(with(MAX_UNPACKED_BYTES - 6), [""; 0]);
        let told = with(MAX_UNPACKED_BYTES - 5);
        assert!(told[0].contains("layers have 262143996"), "{told:?}");
    }

    #[test]
    fn layers_are_held_against_the_configuration() {
        let csc = |publisher: &str| Csc::new(None, CscPolicy::Enforce, [publisher.to_owned()]);
        let mut signed = layer(1);
        signed.profile_version_arn = Some("ours".to_owned());
        let mut function = FunctionConfiguration::default();
        assert_eq!(untrusted_layers(&function, &csc("ours")), None);
        function.layers = vec![signed];
        assert_eq!(untrusted_layers(&function, &csc("ours")), None);
        let told = untrusted_layers(&function, &csc("theirs")).unwrap();
        assert!(told.message.contains("is signed by ours"), "{told:?}");
        function.layers = vec![layer(1)];
        let told = untrusted_layers(&function, &csc("ours")).unwrap();
        assert!(told.message.ends_with("common:1 is not signed"), "{told:?}");
    }

    #[test]
    fn closed_files_and_folders_are_told() {
        let closed = [
            EntryForge::file("app.py", "x").mode(0o100_600),
            EntryForge::file("open.py", "x").mode(0o100_644),
            EntryForge::file("META_INF/signature", "x").mode(0o100_600),
        ];
        let told = faults(closed, &FunctionConfiguration::default());
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("app.py is not readable"), "{told:?}");
        let folders = |mode| {
            let folder = EntryForge::directory("lib/").mode(mode);
            faults([folder], &FunctionConfiguration::default())
        };
        assert!(folders(0o040_700)[0].starts_with("lib is not readable"));
        // As some build tools write folders into jars.
        assert_eq!(folders(0o040_644), [""; 0]);
    }
}
