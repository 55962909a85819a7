//! Names that are merely untidy, links that stay inside, and their hostile neighbours.

use countersign_package::{LinkFault, NameFault, StructureError as S};
use countersign_testkit::zip::EntryForge;

use super::{accepted, file, refused};
use crate::{Case, Expected, structure};

pub(super) fn paths() -> Vec<Case> {
    let directory = |name: &str| EntryForge::directory(name);
    let without_mode = |name: &str| {
        let mut entry = directory(name);
        entry.central().version_made_by = 20;
        entry.central().external = 0x10;
        entry
    };
    let duplicate = || structure!(S::Duplicate { .. });
    vec![
        accepted(
            "names with `./` in front, and `./` itself (tar -a -cf x.zip .)",
            vec![directory("./"), directory("./d/"), file("./d/a.txt")],
        ),
        accepted(
            "one directory twice (Gradle)",
            vec![directory("lib/"), directory("lib/")],
        ),
        accepted(
            "one directory twice, with and without `./`",
            vec![directory("./lib/")],
        ),
        accepted(
            "one directory twice, once without a mode",
            vec![without_mode("lib/")],
        ),
        accepted(
            "the Finder's files for the icon of a folder",
            vec![file("d/Icon\r"), file("__MACOSX/d/._Icon\r")],
        ),
        refused(
            "one directory twice, with two modes",
            duplicate(),
            vec![directory("lib/").mode(0o040_700)],
        ),
        refused(
            "one directory three times, with two modes and none between them",
            duplicate(),
            vec![without_mode("lib/"), directory("lib/").mode(0o040_700)],
        ),
        refused(
            "one directory twice, in two Unicode forms",
            duplicate(),
            vec![directory("caf\u{e9}/"), directory("cafe\u{301}/")],
        ),
        refused(
            "one file twice, with the same content (Gradle)",
            structure!(S::Duplicate {
                same_content: true,
                ..
            }),
            vec![file("LICENSE"), file("LICENSE")],
        ),
        refused(
            "one file twice, with two contents",
            structure!(S::Duplicate {
                same_content: false,
                ..
            }),
            vec![file("LICENSE"), EntryForge::file("LICENSE", "other")],
        ),
        refused(
            "one file twice, with and without `./`",
            duplicate(),
            vec![file("./index.mjs")],
        ),
        refused(
            "a file that is a directory with `./` in front",
            structure!(S::FileAndDirectory { .. }),
            vec![file("./tool"), file("tool/run.sh")],
        ),
        refused(
            "an entry that is written through a link with `./` in front",
            structure!(S::BelowLink { .. }),
            vec![EntryForge::symlink("./here", "lib"), file("here/evil.mjs")],
        ),
        refused(
            "a name that climbs out behind `./`",
            structure!(S::Name {
                fault: NameFault::Climbs,
                ..
            }),
            vec![file("./../evil.mjs")],
        ),
        refused(
            "an absolute name behind `./`",
            structure!(S::Name {
                fault: NameFault::EmptyComponent,
                ..
            }),
            vec![file(".//etc/passwd")],
        ),
        refused(
            "a name with two `./` in front",
            structure!(S::Name {
                fault: NameFault::Dot,
                ..
            }),
            vec![file("././evil.mjs")],
        ),
        refused(
            "the Finder's file for an icon, and one whose name is left without its last byte",
            structure!(S::NamesCollide { .. }),
            vec![file("Icon\r"), file("Icon")],
        ),
        refused(
            "a directory named like the Finder's file for an icon",
            structure!(S::Name {
                fault: NameFault::Control,
                ..
            }),
            vec![file("Icon\r/evil.mjs")],
        ),
        refused(
            "a name that ends in a carriage return",
            structure!(S::Name {
                fault: NameFault::Control,
                ..
            }),
            vec![file("index.mjs\r")],
        ),
    ]
}

pub(super) fn links() -> Vec<Case> {
    let link = |name: &str, target: &str| EntryForge::symlink(name, target);
    let fault =
        |expected: Expected, what: &str, links: Vec<EntryForge>| refused(what, expected, links);
    let climbs = || {
        structure!(S::Link {
            fault: LinkFault::Climbs,
            ..
        })
    };
    let through = || {
        structure!(S::Link {
            fault: LinkFault::Through,
            ..
        })
    };
    vec![
        accepted(
            "a link through a link (npm workspaces)",
            vec![
                file("packages/tool/cli.js"),
                link("node_modules/.bin/tool", "../tool/cli.js"),
                link("node_modules/tool", "../packages/tool"),
            ],
        ),
        accepted(
            "a link through several links",
            vec![
                link("a", "b/c/d"),
                link("b", "e"),
                link("e", "f"),
                link("f", "lib"),
            ],
        ),
        accepted(
            "a link to the modules of a layer",
            vec![link("node_modules", "/opt/nodejs/node_modules")],
        ),
        accepted("a link to a layer", vec![link("layer", "/opt/")]),
        accepted(
            "a link that leads nowhere (pnpm deploy)",
            vec![link(
                "node_modules/.pnpm/node_modules/gone",
                "../gone@1.0.0/gone",
            )],
        ),
        accepted(
            "links that lead to each other",
            vec![link("one", "other"), link("other", "one")],
        ),
        accepted(
            "a link that goes up behind a directory",
            vec![link("here", "lib/../index.mjs")],
        ),
        fault(
            climbs(),
            "a link that leads nowhere and out of the package (pnpm deploy)",
            vec![link("node_modules/shared", "../../packages/shared")],
        ),
        fault(
            climbs(),
            "a link out of the layers",
            vec![link("out", "/opt/../etc/passwd")],
        ),
        fault(
            structure!(S::Link {
                fault: LinkFault::Absolute,
                ..
            }),
            "a link to what is only named like the layers",
            vec![link("out", "/opt2/x")],
        ),
        fault(
            structure!(S::Link {
                fault: LinkFault::Absolute,
                ..
            }),
            "a link to the folder of the function",
            vec![link("self", "/var/task/index.mjs")],
        ),
        fault(
            through(),
            "a link that goes up behind a link to a layer",
            vec![link("layer", "/opt/nodejs"), link("d/out", "../layer/../x")],
        ),
        fault(
            through(),
            "a link that goes up behind several links",
            vec![link("a", "lib"), link("d/out", "../a/b/../x")],
        ),
        fault(
            through(),
            "a link that goes up behind a name that readers spell differently",
            vec![link("d/out", "caf\u{e9}/../x")],
        ),
        fault(
            structure!(S::BelowLink { .. }),
            "an entry below a link to a layer",
            vec![
                link("node_modules", "/opt/nodejs"),
                file("node_modules/evil.js"),
            ],
        ),
        fault(
            structure!(S::BelowLink { .. }),
            "a link below a link",
            vec![link("a", "lib"), link("a/b", "../index.mjs")],
        ),
    ]
}
