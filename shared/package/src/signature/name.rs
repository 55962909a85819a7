//! Distinguished names (RFC 5280 §4.1.2.4), read as strictly as everything else and shown.

use der::Decode as _;
use x509_cert::name::Name;

use crate::{
    asn1::{
        BMP_STRING, Element, IA5_STRING, Malformed, NUMERIC_STRING, OID, PRINTABLE_STRING,
        SEQUENCE, SET, TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING,
    },
    escape::escape,
};

/// A Name for people, as RFC 4514 writes it, with nothing in it that could garble a terminal:
/// characters outside of ASCII are escaped as in names of entries. Backslashes and quotes stay,
/// since RFC 4514 itself escapes with the ones and has escaped the others.
pub(super) fn name_text(element: &Element<'_>) -> Result<String, Malformed> {
    check_name(element)?;
    let name = Name::from_der(element.whole).map_err(|_| element.malformed("it is not a Name"))?;
    let mut text = String::new();
    for character in name.to_string().chars() {
        if character == ' ' || character.is_ascii_graphic() {
            text.push(character);
        } else {
            text.push_str(&escape(character.encode_utf8(&mut [0; 4]).as_bytes()));
        }
    }
    Ok(text)
}

/// Refuses a Name that is not in DER: identifiers that are padded, values that are not of their
/// type, sets that are empty or out of order. Names are compared byte by byte, so that a second
/// spelling of one name would be another name, and show as the same.
fn check_name(element: &Element<'_>) -> Result<(), Malformed> {
    let mut parts = element.reader();
    while !parts.is_empty() {
        let part = parts.read(SET, "name")?;
        let mut attributes = part.reader();
        let mut previous: &[u8] = &[];
        if attributes.is_empty() {
            return Err(part.malformed("it has a part without an attribute"));
        }
        while !attributes.is_empty() {
            let attribute = attributes.read(SEQUENCE, "name")?;
            if attribute.whole <= previous {
                return Err(attribute.malformed("its attributes are not in DER order"));
            }
            previous = attribute.whole;
            let mut fields = attribute.reader();
            fields.read(OID, "name")?.oid()?;
            check_value(&fields.any("name")?)?;
            fields.finish("name")?;
        }
    }
    Ok(())
}

/// Refuses a value that is not a text of the type that its tag says (X.680 §41).
fn check_value(value: &Element<'_>) -> Result<(), Malformed> {
    let bytes = value.contents;
    let is_printable = |byte: &u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte);
    let is_of_type = match value.tag {
        UTF8_STRING => str::from_utf8(bytes).is_ok(),
        PRINTABLE_STRING => bytes.iter().all(is_printable),
        NUMERIC_STRING => bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b' ')),
        // T.61 in its seven bits, which is what certificates have.
        IA5_STRING | TELETEX_STRING => bytes.is_ascii(),
        BMP_STRING => {
            let (units, rest) = bytes.as_chunks::<2>();
            let is_character = |unit: &[u8; 2]| char::from_u32(u16::from_be_bytes(*unit).into());
            rest.is_empty() && units.iter().all(|unit| is_character(unit).is_some())
        }
        UNIVERSAL_STRING => {
            let (units, rest) = bytes.as_chunks::<4>();
            let is_character = |unit: &[u8; 4]| char::from_u32(u32::from_be_bytes(*unit));
            rest.is_empty() && units.iter().all(|unit| is_character(unit).is_some())
        }
        _ => return Err(value.malformed("it has a value that is no text")),
    };
    if is_of_type && !bytes.is_empty() {
        Ok(())
    } else {
        Err(value.malformed("it has a value that is not of its type"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Reader;

    /// A Name whose one attribute is a common name.
    fn shown(common_name: &str) -> String {
        let wrap = |tag: u8, contents: &[u8]| {
            let length = u8::try_from(contents.len()).unwrap();
            [&[tag, length], contents].concat()
        };
        let id = wrap(OID, &[0x55, 4, 3]);
        let attribute = [id, wrap(UTF8_STRING, common_name.as_bytes())].concat();
        let name = wrap(SEQUENCE, &wrap(SET, &wrap(SEQUENCE, &attribute)));
        let element = Reader::new(&name).read(SEQUENCE, "subject").unwrap();
        name_text(&element).unwrap()
    }

    #[test]
    fn names_cannot_garble_a_terminal() {
        for plain in ["Signer us-west-2 ROOT CA", "Jürgen's 署名"] {
            assert_eq!(shown(plain), format!("CN={plain}"));
        }
        assert_eq!(shown("A, \"B\"\\"), r#"CN=A\, \"B\"\\"#);
        // RFC 4514 has a way of its own to write these.
        assert_eq!(shown("a\u{1b}[2J\r\n\u{7f}"), r"CN=a\1b[2J\0d\0a\7f");
        // Other control characters, bidirectional marks, blanks without width, a line break of
        // Unicode's, a soft hyphen, a byte order mark, a variation selector, a tag.
        for odd in [
            '\u{9b}',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{200f}',
            '\u{2028}',
            '\u{ad}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0041}',
        ] {
            let text = shown(&format!("a{odd}b"));
            assert_eq!(text, format!("CN=a{}b", odd.escape_unicode()));
        }
        // What a subject spells out is not what stands for a character.
        assert_eq!(shown(r"\u{202e}"), r"CN=\\u{202e}");
    }

    /// A Name with one part that holds these attributes.
    fn read(attributes: &[(&[u8], u8, &[u8])]) -> Result<String, &'static str> {
        let wrap = |tag: u8, contents: &[u8]| {
            let length = u8::try_from(contents.len()).unwrap();
            [&[tag, length], contents].concat()
        };
        let attributes: Vec<_> = attributes
            .iter()
            .map(|(id, tag, value)| wrap(SEQUENCE, &[wrap(OID, id), wrap(*tag, value)].concat()))
            .collect();
        let name = wrap(SEQUENCE, &wrap(SET, &attributes.concat()));
        let element = Reader::new(&name).read(SEQUENCE, "subject").unwrap();
        name_text(&element).map_err(|malformed| malformed.fault)
    }

    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const COUNTRY: &[u8] = &[0x55, 4, 6];

    #[test]
    fn names_are_in_der() {
        let value = |tag, value: &[u8]| read(&[(COMMON_NAME, tag, value)]);
        for (tag, text) in [
            (UTF8_STRING, &b"Signer"[..]),
            (PRINTABLE_STRING, b"Signer us-west-2"),
            (IA5_STRING, b"a@b.example"),
            (NUMERIC_STRING, b"12 3"),
            (BMP_STRING, b"\0S\0i"),
        ] {
            assert!(value(tag, text).is_ok(), "{tag:#x}");
        }
        let fault = Err("it has a value that is not of its type");
        for (tag, text) in [
            (UTF8_STRING, &b"a\xff"[..]),
            (UTF8_STRING, b"\xc0\xaf"),
            (UTF8_STRING, b"\xed\xa0\x80"),
            (UTF8_STRING, b""),
            (PRINTABLE_STRING, b"a@b"),
            (PRINTABLE_STRING, b"a\xe9"),
            (IA5_STRING, b"\xe9"),
            (NUMERIC_STRING, b"a"),
            (BMP_STRING, b"\0S\0"),
            (BMP_STRING, b"\xd8\0"),
            (UNIVERSAL_STRING, b"\0\x11\0\0"),
        ] {
            assert_eq!(value(tag, text), fault, "{tag:#x} {text:?}");
        }
        assert_eq!(value(0x03, b"\0a"), Err("it has a value that is no text"));
        let padded = read(&[(&[0x55, 4, 0x80, 3], UTF8_STRING, b"a")]);
        assert_eq!(padded, Err("it is not in the shortest form"));
        assert_eq!(read(&[]), Err("it has a part without an attribute"));
    }

    #[test]
    fn parts_with_several_attributes_are_in_order() {
        let name = (COMMON_NAME, UTF8_STRING, &b"a"[..]);
        let country = (COUNTRY, PRINTABLE_STRING, &b"US"[..]);
        assert!(read(&[name, country]).is_ok());
        let fault = Err("its attributes are not in DER order");
        assert_eq!(read(&[country, name]), fault);
        assert_eq!(read(&[name, name]), fault);
    }
}
