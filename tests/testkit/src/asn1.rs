//! BER and DER by hand: enough to write certificates and signatures, right or wrong.
//!
//! Every function returns a complete element (tag, length, value) unless it says otherwise.

/// Joins elements without wrapping them.
pub fn concat<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(part.as_ref());
    }
    joined
}

/// An element with the shortest definite length, as DER wants it (X.690 §10.1).
#[must_use]
pub fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    element.extend(length(value.len()));
    element.extend_from_slice(value);
    element
}

/// An element whose length takes `octets` octets after the first: BER where fewer would do.
#[must_use]
pub fn long_form(tag: u8, octets: usize, value: &[u8]) -> Vec<u8> {
    let bytes = (value.len() as u64).to_be_bytes();
    let mut element = vec![tag, 0x80 | octets as u8];
    element.extend(std::iter::repeat_n(0, octets.saturating_sub(bytes.len())));
    element.extend_from_slice(&bytes[bytes.len().saturating_sub(octets)..]);
    element.extend_from_slice(value);
    element
}

/// A constructed element of indefinite length, closed by end-of-contents (X.690 §8.1.3.6).
#[must_use]
pub fn indefinite(tag: u8, value: &[u8]) -> Vec<u8> {
    concat([&[tag, 0x80], value, &[0, 0]])
}

/// SEQUENCE.
pub fn sequence<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    tlv(0x30, &concat(parts))
}

/// SET, its elements in the order given.
pub fn set<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    tlv(0x31, &concat(parts))
}

/// `[number]`, context-specific and constructed.
#[must_use]
pub fn context(number: u8, value: &[u8]) -> Vec<u8> {
    tlv(0xA0 | number, value)
}

/// INTEGER of a non-negative number given as big-endian bytes, in the fewest octets.
#[must_use]
pub fn unsigned(magnitude: &[u8]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let digits = &magnitude[zeros.min(magnitude.len().saturating_sub(1))..];
    let sign: &[u8] = if digits.first().is_some_and(|byte| *byte >= 0x80) {
        &[0]
    } else {
        &[]
    };
    tlv(0x02, &concat([sign, digits]))
}

/// OBJECT IDENTIFIER from its dotted form.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u32> = dotted
        .split('.')
        .map(|arc| arc.parse().expect("an OID is numbers and dots"))
        .collect();
    let mut value = base128(arcs[0] * 40 + arcs[1]);
    for arc in &arcs[2..] {
        value.extend(base128(*arc));
    }
    tlv(0x06, &value)
}

/// The same with its second part filled up with a zero, which no encoding may have.
#[must_use]
pub fn padded_oid(dotted: &str) -> Vec<u8> {
    let mut element = oid(dotted);
    element[1] += 1;
    element.insert(3, 0x80);
    element
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// BOOLEAN TRUE as DER writes it.
#[must_use]
pub fn boolean_true() -> Vec<u8> {
    tlv(0x01, &[0xFF])
}

/// OCTET STRING.
#[must_use]
pub fn octets(value: &[u8]) -> Vec<u8> {
    tlv(0x04, value)
}

/// BIT STRING of whole octets.
#[must_use]
pub fn bits(value: &[u8]) -> Vec<u8> {
    tlv(0x03, &concat([&[0], value]))
}

/// `UTF8String`.
#[must_use]
pub fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0C, text.as_bytes())
}

/// `UTCTime`, from `YYMMDDHHMMSSZ`.
#[must_use]
pub fn utc_time(text: &str) -> Vec<u8> {
    tlv(0x17, text.as_bytes())
}

/// `GeneralizedTime`, from `YYYYMMDDHHMMSS[.fff]Z`.
#[must_use]
pub fn generalized_time(text: &str) -> Vec<u8> {
    tlv(0x18, text.as_bytes())
}

fn length(length: usize) -> Vec<u8> {
    let bytes = (length as u64).to_be_bytes();
    let digits = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match length {
        0..0x80 => vec![length as u8],
        _ => concat([&[0x80 | digits.len() as u8], digits]),
    }
}

fn base128(mut number: u32) -> Vec<u8> {
    let mut octets = vec![(number & 0x7F) as u8];
    number >>= 7;
    while number > 0 {
        octets.push(0x80 | (number & 0x7F) as u8);
        number >>= 7;
    }
    octets.reverse();
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signer_object_identifiers_are_encoded_as_genuine_bytes_have_them() {
        assert_eq!(
            oid("1.3.187.137.1.2"),
            [6, 7, 0x2B, 0x81, 0x3B, 0x81, 9, 1, 2]
        );
    }

    #[test]
    fn integers_take_the_fewest_octets_and_stay_positive() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0x7F]), [2, 1, 0x7F]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
    }

    #[test]
    fn lengths_switch_form_at_128() {
        assert_eq!(tlv(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(tlv(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[7; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(long_form(4, 3, &[7])[..], [4, 0x83, 0, 0, 1, 7]);
    }
}
