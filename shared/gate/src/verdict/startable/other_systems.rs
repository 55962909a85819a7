//! Native libraries of other systems that nothing on Linux loads: a package that has one may be whole.

use super::{
    super::start_facts::{Library, MadeFor, StartFacts, has_extension},
    library_place::{is_of_other_system, is_one_of_several},
    python_version::is_there_as_text,
};

/// What pywin32 installs, which Python's packages use on Windows alone.
const PYWIN32: [&str; 4] = ["win32", "win32com", "win32comext", "pythonwin"];

/// Whether nothing on Linux misses a library of another system.
pub(super) fn is_never_loaded(library: &Library, facts: &StartFacts) -> bool {
    if matches!(library.made_for, MadeFor::Linux(_)) {
        return false;
    }
    is_notifier_of_macos(&library.path)
        || is_there_as_text(&library.path, facts)
        || is_of_pywin32(&library.path)
        || npm_package(&library.path).is_some_and(|package| {
            let name = package.rsplit('/').next().unwrap_or_default();
            is_of_other_system(name) || is_shipped_without_linux(library, package, facts)
        })
}

/// macOS's own notices of changed files, which packages of Node.js and Python use there alone: `fsevents/fsevents.node`, what
/// bundlers make of it (`fsevents-X6WP4TKM.node`), `_watchdog_fsevents.cpython-313-darwin.so`.
fn is_notifier_of_macos(path: &str) -> bool {
    let mut words = path.split(['/', '-', '_', '.']);
    words.any(|word| word == "fsevents")
}

fn is_of_pywin32(path: &str) -> bool {
    let folder = path.split('/').next().unwrap_or_default();
    PYWIN32.contains(&folder) && has_extension(path, &["pyd"])
}

/// Whether an npm package has libraries for several processors of this system and none for Linux, so that it was published for
/// the other system. What was built on a developer's machine is for that machine's processor alone.
fn is_shipped_without_linux(library: &Library, package: &str, facts: &StartFacts) -> bool {
    let fellows = || {
        let libraries = facts.libraries().iter();
        libraries.filter(|fellow| npm_package(&fellow.path) == Some(package))
    };
    let is_of_linux = fellows().any(|fellow| matches!(fellow.made_for, MadeFor::Linux(_)));
    let of_system = fellows().filter(|fellow| fellow.made_for == library.made_for);
    let paths = of_system.map(|fellow| fellow.path.as_str());
    !is_of_linux && is_one_of_several(&library.path, paths)
}

/// The folder of the npm package that a file is in: `node_modules/@img/sharp-linux-x64`.
fn npm_package(path: &str) -> Option<&str> {
    const MODULES: &str = "node_modules/";
    let start = path.rfind(MODULES)?.saturating_add(MODULES.len());
    let below = path.get(start..)?;
    let mut slashes = below.match_indices('/').map(|(at, _)| at);
    let length = match below.strip_prefix('@') {
        Some(_) => slashes.nth(1)?,
        None => slashes.next()?,
    };
    path.get(..start.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use countersign_package::{Limits, Package};
    use countersign_testkit::zip::{EntryForge, ZipForge};

    use super::*;

    /// Those of the libraries of Windows and macOS at these paths that Linux misses.
    fn missed(paths: &[&str]) -> Vec<String> {
        let entries = paths.iter().map(|path| {
            let magic = match path {
                path if path.contains("linux") => b"\x7fELF\x02\x01\x01\x00".to_vec(),
                path if path.contains("win") && !path.contains("darwin") => b"MZ".to_vec(),
                _ => b"\xcf\xfa\xed\xfe".to_vec(),
            };
            EntryForge::file(*path, [magic, vec![0; 60]].concat())
        });
        let zip = ZipForge::new(entries).build();
        let package = Package::read(&zip, &Limits::default()).unwrap();
        let facts = StartFacts::of(&package);
        let libraries = facts.libraries().iter();
        libraries
            .filter(|library| !matches!(library.made_for, MadeFor::Linux(_)))
            .filter(|library| !is_never_loaded(library, &facts))
            .map(|library| library.path.clone())
            .collect()
    }

    #[test]
    fn what_was_published_for_another_system_is_not_missed() {
        for paths in [
            // As the registries have them.
            &[
                "node_modules/win-ca/lib/crypt32-ia32.node",
                "node_modules/win-ca/lib/crypt32-x64.node",
            ][..],
            &["node_modules/win-ca/lib/crypt32-x64.node"],
            &["a/node_modules/node-mac-permissions/build/Release/permissions.node"],
            &["node_modules/@x/windows-process-tree/build/Release/windows_process_tree.node"],
            &[
                "node_modules/registry-js/prebuilds/win32-x64/registry.node",
                "node_modules/registry-js/prebuilds/win32-ia32/registry.node",
            ],
            &["node_modules/touch-bar/prebuilds/darwin-x64+arm64/touch.node"],
            &["node_modules/fsevents/fsevents.node"],
            &["dist/fsevents-X6WP4TKM.node"],
            &["_watchdog_fsevents.cpython-313-darwin.so"],
            &["win32/win32api.pyd", "win32comext/shell/shell.pyd"],
        ] {
            assert_eq!(missed(paths), [""; 0], "{paths:?}");
        }
    }

    #[test]
    fn part_for_another_system_is_missed() {
        for paths in [
            &["node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node"][..],
            // Both, as `npm install --cpu` has them.
            &[
                "node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node",
                "node_modules/@img/sharp-darwin-x64/lib/sharp-darwin-x64.node",
            ],
            &["node_modules/@libsql/darwin-arm64/index.node"],
            &["node_modules/@x/darwin/index.node"],
            &["node_modules/@x/win32-universal/index.node"],
            &["node_modules/bcrypt/lib/binding/napi-v3/bcrypt_lib.node"],
            &["node_modules/window/build/Release/win.node"],
            &["psutil/_psutil_osx.abi3.so"],
            &["win32/addon.node"],
            &[
                "prebuilds/win32-x64/own.node",
                "prebuilds/win32-ia32/own.node",
            ],
        ] {
            assert_eq!(missed(paths).len(), paths.len(), "{paths:?}");
        }
        // It has some for Linux, if not in this place.
        let mixed = [
            "node_modules/core/prebuilds/linux-x64/one.node",
            "node_modules/core/other/win32-x64/two.node",
            "node_modules/core/other/win32-ia32/two.node",
        ];
        assert_eq!(missed(&mixed).len(), 2);
    }
}
