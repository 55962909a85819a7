//! Names as readers show them that take another encoding than UTF-8 for granted.
//!
//! APPNOTE 4.4.4 and appendix D: a name without flag 11 is in CP437. Most programs know better,
//! some do not, and Info-ZIP takes even a marked name for an OEM code page if the entry was made on
//! FAT. So one name has several spellings. That is harmless as long as no two names become one.

use super::entry::Entry;

/// The systems whose names Info-ZIP takes for an OEM code page (`Ext_ASCII_TO_Native` in its
/// `unzpriv.h`): FAT, HPFS, and NTFS, the last of them for one version of the writer only.
const OEM_SYSTEMS: [u8; 3] = [0, 6, 11];

/// Which names a reader takes for something else than UTF-8.
#[derive(Debug, Clone, Copy)]
enum Applies {
    /// Those without flag 11.
    Unmarked,
    /// Those of entries made on a system with an OEM code page, marked or not.
    OemSystem,
    /// None, but for dropped control characters.
    None,
    /// Those without flag 11 that have a control character.
    UnmarkedControl,
}

/// What the reader makes of the bytes from `0x80` on.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    /// Each is a character of a code page, written in UTF-8.
    Characters(&'static str),
    /// Each is another byte; 0 is none.
    Bytes(&'static [u8; 128]),
    /// Bytes stay as they are.
    AsTheyAre,
    /// Like `Characters`, and control characters are those that CP437 draws for them.
    Drawn(&'static str),
}

/// One way to read names, known from at least one program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// What the reader does, for an error: "for a reader that ...".
    pub(super) description: &'static str,
    applies: Applies,
    spelling: Spelling,
    /// Control characters are dropped, of whichever name.
    drops_control: bool,
}

/// The readings that are tried. Python, 7-Zip, .NET and Windows read unmarked names in CP437 or in
/// the code page of the machine, Info-ZIP those of OEM systems in CP850 (with the table that is
/// built in) or, as some distributions patch it, in the code page that goes with the locale.
///
/// Info-ZIP drops control characters as well. A code page maps bytes to characters one to one, so that two
/// names which are spelled by it stay two; Info-ZIP's own table is not one to one.
pub(super) const READINGS: [Reading; 11] = {
    const fn reading(description: &'static str, applies: Applies, spelling: Spelling) -> Reading {
        Reading {
            description,
            applies,
            spelling,
            drops_control: false,
        }
    }
    const fn info_zip(description: &'static str, applies: Applies, spelling: Spelling) -> Reading {
        Reading {
            description,
            applies,
            spelling,
            drops_control: true,
        }
    }
    [
        reading(
            "takes unmarked names for CP437",
            Applies::Unmarked,
            Spelling::Characters(CP437),
        ),
        reading(
            "takes unmarked names for CP850",
            Applies::Unmarked,
            Spelling::Characters(CP850),
        ),
        reading(
            "takes unmarked names for CP866",
            Applies::Unmarked,
            Spelling::Characters(CP866),
        ),
        reading(
            "takes unmarked names for Latin-1",
            Applies::Unmarked,
            Spelling::Characters(LATIN_1),
        ),
        info_zip(
            "takes names made on FAT for CP437",
            Applies::OemSystem,
            Spelling::Characters(CP437),
        ),
        info_zip(
            "takes names made on FAT for CP850",
            Applies::OemSystem,
            Spelling::Characters(CP850),
        ),
        info_zip(
            "takes names made on FAT for CP866",
            Applies::OemSystem,
            Spelling::Characters(CP866),
        ),
        info_zip(
            "takes names made on FAT for an OEM code page, as Info-ZIP does",
            Applies::OemSystem,
            Spelling::Bytes(&INFO_ZIP),
        ),
        info_zip(
            "takes unmarked names for an OEM code page, as Info-ZIP does",
            Applies::Unmarked,
            Spelling::Bytes(&INFO_ZIP),
        ),
        info_zip(
            "drops control characters, as Info-ZIP does",
            Applies::None,
            Spelling::AsTheyAre,
        ),
        reading(
            "draws the control characters of CP437, as yauzl does",
            Applies::UnmarkedControl,
            Spelling::Drawn(CP437),
        ),
    ]
};

impl Reading {
    /// Whether it reads the name of `entry` as something else than it is.
    pub(super) fn applies(&self, entry: &Entry<'_>) -> bool {
        self.spells(entry) || (self.drops_control && has_control(entry.name()))
    }

    fn spells(&self, entry: &Entry<'_>) -> bool {
        let name = entry.name();
        match self.applies {
            Applies::Unmarked => !entry.is_marked_utf8() && !name.is_ascii(),
            Applies::OemSystem => OEM_SYSTEMS.contains(&entry.system()) && !name.is_ascii(),
            Applies::UnmarkedControl => !entry.is_marked_utf8() && has_control(name),
            Applies::None => false,
        }
    }

    /// What it makes of the path of an entry that it applies to.
    pub(super) fn path_of(&self, entry: &Entry<'_>) -> Vec<u8> {
        let path = entry.path();
        let mut path = if self.spells(entry) {
            self.spelling.of(path)
        } else {
            path.as_bytes().to_vec()
        };
        if self.drops_control {
            path.retain(|byte| !byte.is_ascii_control());
        }
        path
    }
}

impl Spelling {
    fn of(self, path: &str) -> Vec<u8> {
        match self {
            Self::Characters(page) => code_page(path, page).into_bytes(),
            Self::Bytes(table) => path
                .bytes()
                .map(|byte| match byte.checked_sub(0x80) {
                    Some(high) => table.get(usize::from(high)).copied().unwrap_or_default(),
                    None => byte,
                })
                .filter(|byte| *byte != 0)
                .collect(),
            // A carriage return is the only control character that a name may have.
            Self::Drawn(page) => code_page(path, page).replace('\r', "\u{266a}").into_bytes(),
            Self::AsTheyAre => path.as_bytes().to_vec(),
        }
    }
}

fn has_control(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_control())
}

/// A program that reads the name of `entry` otherwise than it is, and that of `source` as it is: what it does.
pub(crate) fn new_reading(source: &Entry<'_>, entry: &Entry<'_>) -> Option<&'static str> {
    let is_new = |reading: &&Reading| reading.applies(entry) && !reading.applies(source);
    let found = READINGS.iter().find(is_new);
    found.map(|reading| reading.description)
}

/// A name as a program shows it that takes it for CP437.
pub(super) fn in_cp437(name: &str) -> String {
    code_page(name, CP437)
}

fn code_page(name: &str, page: &str) -> String {
    let high: Vec<char> = page.chars().collect();
    name.bytes()
        .map(|byte| match byte.checked_sub(0x80) {
            Some(index) => high.get(usize::from(index)).copied().unwrap_or_default(),
            None => char::from(byte),
        })
        .collect()
}

// The upper halves, as the Unicode consortium maps them.

const CP437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const CP850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
    áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

const CP866: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{a0}";

const LATIN_1: &str = "\
    \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
    àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// The upper half of CP850 as Info-ZIP 6.0 writes it on Unix (`oem2iso_850`), read off its output.
const INFO_ZIP: [u8; 128] = [
    0xc7, 0xfc, 0xe9, 0xe2, 0xe4, 0xe0, 0xe5, 0xe7, 0xea, 0xeb, 0xe8, 0xef, 0xee, 0xec, 0xc4, 0xc5,
    0xc9, 0xe6, 0xc6, 0xf4, 0xf6, 0xf2, 0xfb, 0xf9, 0x00, 0xd6, 0xdc, 0xf8, 0xa3, 0xd8, 0xd7, 0x83,
    0xe1, 0xed, 0xf3, 0xfa, 0xf1, 0xd1, 0xaa, 0xba, 0xbf, 0xae, 0xac, 0xbd, 0xbc, 0xa1, 0xab, 0xbb,
    0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xc1, 0xc2, 0xc0, 0xa9, 0xa6, 0xa6, 0x2b, 0x2b, 0xa2, 0xa5, 0x2b,
    0x2b, 0x2d, 0x2d, 0x2b, 0x2d, 0x2b, 0xe3, 0xc3, 0x2b, 0x2b, 0x2d, 0x2d, 0xa6, 0x2d, 0x2b, 0xa4,
    0xf0, 0xd0, 0xca, 0xcb, 0xc8, 0x69, 0xcd, 0xce, 0xcf, 0x2b, 0x2b, 0xa6, 0x5f, 0xa6, 0xcc, 0xaf,
    0xd3, 0xdf, 0xd4, 0xd2, 0xf5, 0xd5, 0xb5, 0xfe, 0xde, 0xda, 0xdb, 0xd9, 0xfd, 0xdd, 0xaf, 0xb4,
    0xad, 0xb1, 0x3d, 0xbe, 0xb6, 0xa7, 0xf7, 0xb8, 0xb0, 0xa8, 0xb7, 0xb9, 0xb3, 0xb2, 0xa6, 0xa0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pages_are_one_to_one() {
        for page in [CP437, CP850, CP866, LATIN_1] {
            let mut characters: Vec<char> = page.chars().collect();
            assert_eq!(characters.len(), 128);
            characters.sort_unstable();
            characters.dedup();
            assert_eq!(characters.len(), 128);
        }
    }

    #[test]
    fn known_spellings_are_given() {
        assert_eq!(in_cp437("\u{e9}.py"), "\u{251c}\u{2310}.py");
        let spell = |index: usize, path| READINGS[index].spelling.of(path);
        assert_eq!(spell(7, "\u{1f8}.py"), "\u{e9}.py".as_bytes());
        assert_eq!(spell(7, "n\u{e9}"), b"n+\xae");
        assert_eq!(spell(9, "Icon\r"), b"Icon\r");
        assert!(READINGS[9].drops_control);
        assert_eq!(spell(10, "Icon\r"), "Icon\u{266a}".as_bytes());
    }
}
