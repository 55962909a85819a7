//! Rows about names that programs read in another encoding than UTF-8: accepted where no two become
//! one.

use countersign_package::{NameFault, StructureError as S};
use countersign_testkit::zip::{EntryForge, FLAG_UTF8, extra};

use crate::{Case, accept, refuse, signed, structure};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = accepted_names();
    cases.extend(collisions());
    cases.extend(partial_collisions());
    cases
}

/// A file whose name is not marked as UTF-8.
fn unmarked(name: &str) -> EntryForge {
    EntryForge::file(name, "body").both(|header| header.flags &= !FLAG_UTF8)
}

/// A file whose name is marked as UTF-8 if it is not ASCII.
fn marked(name: &str) -> EntryForge {
    EntryForge::file(name, "body")
}

/// The same made on another system than Unix.
fn made_on(system: u16, mut entry: EntryForge) -> EntryForge {
    let central = entry.central();
    central.version_made_by = system << 8 | 0x14;
    central.external &= 0xffff;
    entry
}

fn accepted(what: &str, entries: Vec<EntryForge>) -> Case {
    accept(what, move || {
        signed(|zip| drop(zip.entries.splice(0..0, entries.clone())))
    })
}

/// Two entries that some program unpacks to one place.
fn collide(what: &str, entries: Vec<EntryForge>) -> Case {
    refuse(what, structure!(S::NamesCollide { .. }), move || {
        signed(|zip| drop(zip.entries.splice(0..0, entries.clone())))
    })
}

fn accepted_names() -> Vec<Case> {
    vec![
        accepted(
            "names in UTF-8 that are not marked as such (zip without a UTF-8 locale)",
            vec![
                unmarked("caf\u{e9}.txt"),
                unmarked("static/emoji-\u{1f389}.txt"),
                unmarked("\u{65e5}\u{672c}/\u{8a9e}.py"),
            ],
        ),
        accepted(
            "marked and unmarked names side by side",
            vec![unmarked("caf\u{e9}.txt"), marked("the\u{301}.txt")],
        ),
        accepted(
            "names outside of ASCII that were made on FAT (Java, Go)",
            vec![
                made_on(0, marked("donn\u{e9}es.json")),
                made_on(0, marked("\u{65e5}\u{672c}.txt")),
                made_on(0, marked("\u{4e2d}\u{56fd}.txt")),
            ],
        ),
        accepted(
            "names outside of ASCII from FAT and from Unix",
            vec![
                made_on(0, marked("\u{e9}t\u{e9}.py")),
                marked("\u{e8}re.py"),
            ],
        ),
        accepted(
            "five thousand unmarked names",
            (0..5_000)
                .map(|n| unmarked(&format!("B\u{fc}ro/t\u{e4}glich/Men\u{fc} {n}.txt")))
                .collect(),
        ),
    ]
}

/// Programs that spell some names of a kind, and leave others as they are.
fn partial_collisions() -> Vec<Case> {
    let in_cp437 = "\u{251c}\u{2310}";
    // Yauzl takes the name in UTF-8 from a field that has it, and any other for CP437; Python from 3.12 on, too.
    let with_field = |entry: EntryForge, name: &str| {
        let mut value = vec![1];
        value.extend(crc32fast::hash(name.as_bytes()).to_le_bytes());
        value.extend(name.as_bytes());
        let field = extra(0x7075, &value);
        entry.extras(&field, &field)
    };
    let field_and_link = {
        let link = EntryForge::symlink(in_cp437, "lib");
        with_field(link.both(|header| header.flags &= !FLAG_UTF8), in_cp437)
    };
    let field_and_file = |name: &str| with_field(unmarked(name), name);
    let version = |version: u16, mut entry: EntryForge| {
        entry.central().version_made_by = version;
        entry.central().external &= 0xffff;
        entry
    };
    vec![
        collide(
            "an unmarked link with its name in a field, and a name that is below it in CP437 (extract-zip)",
            vec![
                EntryForge::file("lib/index.js", "good()"),
                field_and_link,
                unmarked("\u{e9}/index.js"),
            ],
        ),
        collide(
            "an unmarked name that is in a field, and one that is the same in CP437 (Python 3.12)",
            vec![
                field_and_file(&format!("{in_cp437}.js")),
                unmarked("\u{e9}.js"),
            ],
        ),
        collide(
            "a name from FAT that is in a field, and one that is the same in an OEM code page (Info-ZIP)",
            vec![
                made_on(0, field_and_file("\u{e9}.py")),
                made_on(0, unmarked("\u{1f8}.py")),
            ],
        ),
        collide(
            "names from NTFS, of which Info-ZIP takes those of one version for an OEM code page",
            vec![
                version(0x0b14, marked("\u{e9}.py")),
                version(0x0b32, marked("\u{1f8}.py")),
            ],
        ),
        collide(
            "names from FAT, of which Info-ZIP takes those of some versions for an OEM code page",
            vec![
                version(25, marked("\u{e9}.py")),
                version(20, marked("\u{1f8}.py")),
            ],
        ),
        collide(
            "a name that is another one in an OEM code page and without its control character (Info-ZIP)",
            vec![made_on(0, marked("\u{1f8}/Icon\r")), marked("\u{e9}/Icon")],
        ),
        collide(
            "a name in an OEM code page, and one without its control character (Info-ZIP)",
            vec![made_on(0, marked("\u{1f8}/Icon")), marked("\u{e9}/Icon\r")],
        ),
    ]
}

fn collisions() -> Vec<Case> {
    let drawn = "Icon\u{266a}";
    // What CP437, CP850 and Latin-1 make of the two bytes of an accented e in UTF-8.
    let in_cp437 = "\u{251c}\u{2310}.py";
    let in_cp850 = "\u{251c}\u{ae}.py";
    let in_latin_1 = "\u{c3}\u{a9}.py";
    let accented = "\u{e9}.py";
    vec![
        collide(
            "an unmarked name that is another one in CP437 (Python)",
            vec![unmarked(accented), marked(in_cp437)],
        ),
        collide(
            "the Finder's file for an icon, unmarked, and one with the note that CP437 draws (yauzl)",
            vec![unmarked("Icon\r"), marked(drawn)],
        ),
        accepted(
            "the Finder's file for an icon, marked, and one with a note",
            vec![
                EntryForge::file("Icon\r", "").both(|header| header.flags |= FLAG_UTF8),
                marked(drawn),
            ],
        ),
        collide(
            "an unmarked name that is another one in CP850",
            vec![unmarked(accented), marked(in_cp850)],
        ),
        collide(
            "an unmarked name that is another one in Latin-1",
            vec![marked(in_latin_1), unmarked(accented)],
        ),
        collide(
            "an unmarked name that is a directory for another entry in CP437",
            vec![unmarked("\u{e9}"), marked("\u{251c}\u{2310}/evil.py")],
        ),
        collide(
            "an unmarked link that is a directory for another entry in CP437",
            vec![
                EntryForge::symlink("\u{e9}", "lib").both(|header| header.flags &= !FLAG_UTF8),
                marked("\u{251c}\u{2310}/evil.py"),
            ],
        ),
        collide(
            "an unmarked directory that leads through a link in CP437",
            vec![
                EntryForge::symlink("\u{251c}\u{2310}", "lib"),
                unmarked("\u{e9}/deep/evil.py"),
            ],
        ),
        collide(
            "a name made on FAT that overwrites another one (Info-ZIP)",
            vec![marked(accented), made_on(0, marked("\u{1f8}.py"))],
        ),
        collide(
            "a name made on HPFS that overwrites another one (Info-ZIP)",
            vec![marked(accented), made_on(6, marked("\u{1f8}.py"))],
        ),
        collide(
            "a name made on NTFS that overwrites another one (Info-ZIP)",
            vec![marked(accented), made_on(11, marked("\u{1f8}.py"))],
        ),
        collide(
            "two names made on FAT that become one (Info-ZIP)",
            // CP850 has frames at D9 and DA, which Info-ZIP writes as a plus.
            vec![
                made_on(0, marked("\u{659}.py")),
                made_on(0, marked("\u{699}.py")),
            ],
        ),
        collide(
            "a name made on FAT that becomes one in ASCII (Info-ZIP)",
            vec![made_on(0, marked("\u{67b}.py")), marked("++.py")],
        ),
        collide(
            "a name made on FAT that leads through a link (Info-ZIP)",
            vec![
                EntryForge::symlink("\u{e9}", "lib"),
                made_on(0, marked("\u{1f8}/evil.py")),
            ],
        ),
        refuse(
            "more names made on FAT than can be compared",
            structure!(S::Name {
                fault: NameFault::Budget,
                ..
            }),
            || {
                let long = format!("{}/", "\u{2500}".repeat(80)).repeat(14);
                signed(|zip| {
                    zip.entries
                        .extend((0..800).map(|n| made_on(0, marked(&format!("{long}{n}")))));
                })
            },
        ),
    ]
}
