//! The place of a native library: what libraries for several processors or systems have in common, of which one is
//! loaded.

use std::collections::BTreeSet;

/// Words for processors, as paths of packages have them.
const PROCESSORS: [&str; 37] = [
    "x86",
    "x64",
    "x32",
    "amd64",
    "i386",
    "i486",
    "i586",
    "i686",
    "ia32",
    "arm",
    "arm64",
    "armv5",
    "armv6",
    "armv6l",
    "armv7",
    "armv7l",
    "armv8",
    "armel",
    "armhf",
    "aarch64",
    "aarch",
    "ppc",
    "ppc64",
    "ppc64le",
    "powerpc",
    "powerpc64le",
    "mips",
    "mipsel",
    "mips64",
    "mips64el",
    "sparc",
    "sparcv9",
    "s390",
    "s390x",
    "riscv64",
    "loong64",
    "loongarch64",
];

/// Words for systems and their C libraries.
const SYSTEMS: [&str; 33] = [
    "linux",
    "linux32",
    "linux64",
    "linuxglibc",
    "linuxmusl",
    "manylinux2014",
    "android",
    "darwin",
    "macos",
    "macosx",
    "osx",
    "mac",
    "win",
    "win32",
    "win64",
    "windows",
    "freebsd",
    "openbsd",
    "netbsd",
    "dragonfly",
    "sunos",
    "solaris",
    "aix",
    "ios",
    "musl",
    "glibc",
    "gnu",
    "gnueabihf",
    "alpine",
    "rhel",
    "debian",
    "openssl",
    "universal2",
];

/// Words for systems other than Linux that packages are named after.
const OTHER_SYSTEMS: [&str; 9] = [
    "darwin", "mac", "macos", "macosx", "osx", "win", "win32", "win64", "windows",
];

/// The place of a native library.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    folder: String,
    name: String,
}

impl Place {
    /// The place of the library at a path.
    ///
    /// Where a folder of the path is named after a processor or system, its fellows differ there, and all below it counts
    /// as one: `prebuilds/linux-x64/core.glibc.node` has the place of `prebuilds/linux-arm64/core.node`. Else it is the
    /// folder, and what the file is called without such words: `core.cpython-313-x86_64-linux-gnu.so`.
    pub(super) fn of(path: &str) -> Self {
        let mut folder = String::new();
        let mut rest = path;
        while let Some((component, below)) = rest.split_once('/') {
            let words = words(component);
            if words.len() < pieces(component).count() {
                return Self {
                    folder,
                    name: words.join("-"),
                };
            }
            folder.push_str(component);
            folder.push('/');
            rest = below;
        }
        // Behind the first dot are versions and tags.
        let stem = rest.split('.').next().unwrap_or(rest);
        Self {
            folder,
            name: format!("{}.", words(stem).join("-")),
        }
    }
}

/// Whether a package's name says that it is for a system other than Linux: it begins with the system, and is not one of several
/// for a processor each.
pub(super) fn is_of_other_system(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = pieces(name.strip_prefix("node-").unwrap_or(&name));
    let is_system = words
        .next()
        .is_some_and(|word| OTHER_SYSTEMS.contains(&word));
    let rest: Vec<&str> = words.collect();
    let is_part = |word: &&str| PROCESSORS.contains(word) || word.starts_with("universal");
    is_system && !rest.is_empty() && !rest.iter().any(is_part)
}

/// Whether the library at a path is one of several for a processor each, as another one shows, or is for several itself.
pub(super) fn is_one_of_several<'p>(path: &str, mut others: impl Iterator<Item = &'p str>) -> bool {
    let own = processors(path);
    let place = Place::of(path);
    own.len() > 1 || others.any(|other| Place::of(other) == place && processors(other) != own)
}

/// The processors that a path names.
fn processors(path: &str) -> BTreeSet<String> {
    let path = path.to_ascii_lowercase();
    let words = path.split('/').flat_map(pieces);
    words
        .filter(|word| PROCESSORS.contains(word))
        .map(str::to_owned)
        .collect()
}

fn pieces(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.', '+'])
        .filter(|piece| !piece.is_empty())
}

/// The words of a name that are none for processors or systems. A number behind such a word belongs to it: `x86_64`,
/// `openssl-3`.
fn words(name: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut is_behind = false;
    for piece in pieces(name) {
        let piece = piece.to_ascii_lowercase();
        let is_number = piece.bytes().all(|byte| byte.is_ascii_digit());
        let is_word = PROCESSORS.contains(&piece.as_str()) || SYSTEMS.contains(&piece.as_str());
        is_behind = is_word || (is_behind && is_number);
        if !is_behind {
            kept.push(piece);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_are_chosen_from_have_one_place() {
        // Each line is of one package as its registry has it.
        for paths in [
            "prebuilds/linux-x64/classic-level.glibc.node prebuilds/linux-arm64/classic-level.armv8.node \
             prebuilds/linux-arm/classic-level.armv7.node prebuilds/darwin-x64+arm64/classic-level.node",
            "prebuilds/linux-x64/sodium-native.node prebuilds/linux-arm/node.napi.node",
            "prebuilds/linuxglibc-x64/node-108.node prebuilds/linuxmusl-arm64/node-127.node",
            "bin/napi-v3/linux/x64/libonnxruntime_providers_cuda.so bin/napi-v3/linux/arm64/onnxruntime_binding.node",
            "client/libquery_engine-rhel-openssl-3.0.x.so.node client/libquery_engine-linux-arm64-openssl-3.0.x.so.node",
            "@img/sharp-linux-x64/lib/sharp-linux-x64.node @img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node",
            "com/sun/jna/linux-x86-64/libjnidispatch.so com/sun/jna/linux-armel/libjnidispatch.so \
             com/sun/jna/sunos-sparcv9/libjnidispatch.so com/sun/jna/linux-ppc/libjnidispatch.so",
            "org/sqlite/native/Linux/x86_64/libsqlitejdbc.so org/sqlite/native/Linux-Android/x86/libsqlitejdbc.so \
             org/sqlite/native/FreeBSD/x86/libsqlitejdbc.so",
            "linux/amd64/libzstd-jni-1.5.6-3.so linux/mips64/libzstd-jni-1.5.6-3.so freebsd/i386/libzstd-jni-1.5.6-3.so",
            "META-INF/native/libnetty_tcnative_linux_x86_64.so META-INF/native/libnetty_tcnative_linux_aarch_64.so",
            "librocksdbjni-linux64.so librocksdbjni-linux32-musl.so librocksdbjni-linux-aarch64.so",
            "linux/x86_64/glibc/libaws-crt-jni.so linux/armv8/musl/libaws-crt-jni.so linux/x86_32/glibc/libaws-crt-jni.so",
            "jni/x86_64-Linux/libjffi-1.2.so jni/sparcv9-SunOS/libjffi-1.2.so jni/mips64el-Linux/libjffi-1.2.so",
            "runtimes/linux-x64/native/libSkiaSharp.so runtimes/linux-musl-arm64/native/libSkiaSharp.so \
             runtimes/linux-armel/native/libSkiaSharp.so",
            "pydevd/attach_linux_amd64.so pydevd/attach_linux_x86.so",
            "x/core.cpython-313-x86_64-linux-gnu.so x/core.cpython-313-darwin.so x/core.cp313-win_amd64.pyd",
        ] {
            let mut places: Vec<Place> = paths.split(' ').map(Place::of).collect();
            places.dedup();
            assert_eq!(places.len(), 1, "{paths}: {places:?}");
        }
    }

    #[test]
    fn other_libraries_have_other_places() {
        for (one, other) in [
            ("numpy/core.so", "numpy/linalg.so"),
            ("numpy/core.so", "scipy/core.so"),
            ("core.so", "lib/core.so"),
            (
                "node_modules/a/prebuilds/linux-x64/a.node",
                "node_modules/b/prebuilds/linux-arm64/b.node",
            ),
            (
                "@img/sharp-linux-x64/a.node",
                "@img/sharp-libvips-linux-arm64/a.node",
            ),
            (
                "native/libtcnative_linux_x86_64.so",
                "native/libepoll_aarch_64.so",
            ),
            ("lib/libpq5.so", "lib/libpq6.so"),
            ("lib/v-1.so", "lib/v-2.so"),
        ] {
            assert_ne!(Place::of(one), Place::of(other), "{one} {other}");
        }
    }
}
