//! What would keep a package from starting, in the order in which people should hear of it.

use super::{
    super::start_facts::StartFacts,
    entry_point::entry_point,
    fault::{StartFault, listed},
    native_libraries::{foreign_libraries, musl_libraries},
    python_version::modules_of_another_python,
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
    faults.extend(foreign_libraries(facts, function));
    faults.extend(modules_of_another_python(facts, function));
    faults.extend(musl_libraries(facts, function));
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
pub(super) mod tests {
    use countersign_package::{Limits, Package};
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;
    use crate::domain::{Architecture, CscPolicy, ExecWrapper};

    /// The beginning of an ELF file of 64 bits for this machine.
    pub(in super::super) fn elf(machine: u16) -> Vec<u8> {
        let mut head = vec![0_u8; 64];
        head.splice(..6, *b"\x7fELF\x02\x01");
        head.splice(18..20, machine.to_le_bytes());
        head
    }

    pub(in super::super) fn faults(
        entries: impl IntoIterator<Item = EntryForge>,
        function: &FunctionConfiguration,
    ) -> Vec<String> {
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let told = start_faults(&StartFacts::of(&package), function).into_iter();
        told.map(|fault| format!("{}: {}", fault.message, fault.fix))
            .collect()
    }

    pub(in super::super) fn launch(runtime: &str, handler: &str) -> FunctionConfiguration {
        FunctionConfiguration {
            runtime: Some(runtime.to_owned()),
            handler: Some(handler.to_owned()),
            architecture: Some(Architecture::X86_64),
            ..FunctionConfiguration::default()
        }
    }

    pub(in super::super) fn layer(zip_bytes: u64) -> AttachedLayer {
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
            ("python3.13", "app.handler", "app/__init__.pyc"),
            (
                "python3.13",
                "app.handler",
                "app/__init__.cpython-313-x86_64-linux-gnu.so",
            ),
            (
                "nodejs22.x",
                "shop.handler",
                "node_modules/shop/package.json",
            ),
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
    fn namesake_of_a_handlers_file_is_none() {
        let none = |runtime: &str, handler: &str, entries: Vec<EntryForge>| {
            let told = faults(entries, &launch(runtime, handler));
            assert!(
                told[0].contains("which is not there"),
                "{handler}: {told:?}"
            );
            told[0].clone()
        };
        let file = |name: &str| EntryForge::file(name, "x");
        let (java, class) = ("java21", "com.example.H::h");
        let folder = vec![EntryForge::directory("src/"), file("src/other.js")];
        none("nodejs22.x", "src.handler", folder);
        none("nodejs22.x", "src.handler", vec![file("src/other.js")]);
        none(
            java,
            class,
            vec![EntryForge::directory("lib/x.jar/"), file("a")],
        );
        none(java, class, vec![file("lib/sub/x.jar")]);
        for name in [
            "app.cpython-311-x86_64-linux-gnu.so",
            "app.cpython-313-darwin.so",
            "app.cp313-win_amd64.pyd",
        ] {
            let told = none("python3.13", "app.handler", vec![file(name)]);
            assert!(
                told.contains(&format!("{name} is for another version")),
                "{told}"
            );
        }
        for name in [
            "app.cpython-313-aarch64-linux-gnu.so",
            "app.abi3.so",
            "app.so",
        ] {
            let told = faults([file(name)], &launch("python3.13", "app.handler"));
            assert_eq!(told, [""; 0], "{name}");
        }
    }

    #[test]
    fn classes_where_java_does_not_look_are_told() {
        let told = |name: &str| {
            let launch = launch("java21", "com.example.H::h");
            faults([EntryForge::file(name, "x")], &launch)[0].clone()
        };
        assert!(told("shop.jar").contains("shop.jar is at the top"));
        assert!(told("BOOT-INF/classes/com/example/H.class").contains("below BOOT-INF/classes/"));
        assert!(told("com/example/Other.class").contains("put com/example/H.class into"));
    }

    #[test]
    fn handler_that_a_runtime_refuses_is_told() {
        let entries = || {
            [
                EntryForge::file("app.py", "x"),
                EntryForge::file("index.js", "x"),
                EntryForge::file("src/x.js", "x"),
            ]
        };
        for (runtime, handler, words) in [
            ("python3.13", "./app.handler", "for instance app.handler"),
            ("python3.13", "../app.handler", "the module \"...app\""),
            (
                "python3.13",
                "src/../app.handler",
                "for instance src/app.handler",
            ),
            (
                "python3.13",
                "src//app.handler",
                "for instance src/app.handler",
            ),
            ("python3.13", "app.", "write app.NAME"),
            ("nodejs22.x", "index.", "write index.NAME"),
            ("nodejs22.x", "src/../index.handler", "without `..`"),
            ("nodejs22.x", "../index.handler", "without `..`"),
        ] {
            let told = faults(entries(), &launch(runtime, handler));
            assert_eq!(told.len(), 1, "{handler}: {told:?}");
            assert!(told[0].contains(words), "{handler}: {told:?}");
        }
        for (runtime, handler) in [
            ("nodejs22.x", "./index.handler"),
            // Node.js takes the folder itself for the module.
            ("nodejs22.x", ".handler"),
            ("nodejs22.x", "index.one.two"),
            ("ruby3.4", "../app.handler"),
        ] {
            let told = faults(entries(), &launch(runtime, handler));
            let refused = told.iter().any(|told| {
                told.contains("set the function's handler to") || told.contains("NAME")
            });
            assert!(!refused, "{handler}: {told:?}");
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
            // By its owner, or by the group alone.
            (elf(62), 0o744, "is not executable"),
            (elf(62), 0o754, "is not executable"),
            (elf(62), 0, "is not executable"),
            (b"#!\necho\n".to_vec(), 0o755, "names no interpreter"),
            (b"#!  ".to_vec(), 0o755, "names no interpreter"),
            (b"echo\n".to_vec(), 0o755, "neither a program"),
            (b"#!/bin/sh\r\necho\r\n".to_vec(), 0o755, "carriage return"),
        ] {
            let told = with(body, mode);
            assert!(told[0].contains(words), "{told:?}");
        }
        let piped = EntryForge::file("bootstrap", elf(62)).mode(0o010_600);
        assert!(faults([piped], &launch)[0].contains("(mode 600)"));
        // Without a mode, on FAT and NTFS.
        for made_by in [0x14, 0x0b14] {
            let mut none = EntryForge::file("bootstrap", elf(62)).mode(0);
            none.central().version_made_by = made_by;
            let told = faults([none], &launch);
            assert!(told[0].contains("has no mode in the zip"), "{told:?}");
        }
        // One that some readers apply: whether Lambda does is not known.
        for made_by in [0x14, 0x1314] {
            let mut some = EntryForge::file("bootstrap", elf(62)).mode(0o100_755);
            some.central().version_made_by = made_by;
            assert_eq!(faults([some], &launch), [""; 0]);
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
    fn libraries_of_another_system_are_told() {
        let macos =
            |name: &str| EntryForge::file(name, [b"\xcf\xfa\xed\xfe", &[0; 60][..]].concat());
        let windows = |name: &str| EntryForge::file(name, [b"MZ", &[0; 60][..]].concat());
        let linux = |name: &str, machine| EntryForge::file(name, elf(machine));
        let darwin = "pydantic_core/_pydantic_core.cpython-313-darwin.so";
        for architecture in [None, Some(Architecture::X86_64), Some(Architecture::Arm64)] {
            let function = FunctionConfiguration {
                runtime: Some("provided.al2023".to_owned()),
                architecture,
                exec_wrapper: ExecWrapper::Set("/opt/w".to_owned()),
                layers: vec![layer(1)],
                ..FunctionConfiguration::default()
            };
            let told = faults(
                [macos(darwin), windows("x/core.cp313-win_amd64.pyd")],
                &function,
            );
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].contains("darwin.so was built for macOS; x/core"),
                "{told:?}"
            );
            assert!(
                told[0].contains(".pyd was built for Windows, and the function"),
                "{told:?}"
            );
            let served = [
                macos(darwin),
                linux(
                    "pydantic_core/_pydantic_core.cpython-313-x86_64-linux-gnu.so",
                    62,
                ),
                linux(
                    "pydantic_core/_pydantic_core.cpython-313-aarch64-linux-gnu.so",
                    183,
                ),
            ];
            assert_eq!(faults(served, &function), [""; 0]);
            // Nothing misses these.
            let dispensable = [
                macos("node_modules/fsevents/fsevents.node"),
                macos("charset_normalizer/md.cpython-313-darwin.so"),
                macos("charset_normalizer/md__mypyc.cpython-313-darwin.so"),
                EntryForge::file("charset_normalizer/md.py", "x"),
                windows("debugpy/attach_x86.dll"),
            ];
            assert_eq!(faults(dispensable, &function), [""; 0]);
        }
    }

    #[test]
    fn each_processor_is_told_with_its_libraries_and_what_to_do_by_the_runtime() {
        let library = |name: &str, machine| EntryForge::file(name, elf(machine));
        let told = |runtime: &str| {
            let mut function = launch(runtime, "x.y");
            function.layers = vec![layer(1)];
            let entries = [
                library("one.so", 183),
                library("two.so", 40),
                library("three.so", 183),
            ];
            faults(entries, &function).join("\n")
        };
        for (runtime, words) in [
            ("python3.13", "x86_64, with `pip install"),
            (
                "nodejs22.x",
                "x86_64, with `npm install --cpu=x64 --os=linux --libc=glibc`",
            ),
            (
                "java21",
                "from versions that have libraries of Linux for x86_64",
            ),
            ("dotnet8", "`dotnet publish -r linux-x64`"),
            ("cobol1", "for instance with `pip"),
        ] {
            let told = told(runtime);
            let first =
                "one.so, three.so were built for arm64; two.so was built for ARM of 32 bits, and";
            assert!(told.starts_with(first), "{told}");
            assert!(told.contains(words), "{told}");
        }
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
