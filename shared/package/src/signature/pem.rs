//! PEM as Signer writes it (RFC 7468 §3, "stricttextualmsg"): one reading only.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Characters of Base64 on every line but the last.
const LINE_CHARS: usize = 64;

/// Takes one block with the given label from the front of `text`, and returns its bytes and what
/// follows.
///
/// Lines of exactly 64 characters but for the last, LF, no headers, no blanks, canonical padding: a
/// second spelling of the same bytes is refused, so that nothing can be hidden in the armour.
pub(crate) fn decode<'a>(text: &'a [u8], label: &str) -> Result<(Vec<u8>, &'a [u8]), &'static str> {
    let text = text
        .strip_prefix(b"-----BEGIN ")
        .ok_or("it does not start with a BEGIN line")?;
    let text = text
        .strip_prefix(label.as_bytes())
        .ok_or("it has another label")?;
    let mut rest = text
        .strip_prefix(b"-----\n")
        .ok_or("its BEGIN line is malformed")?;
    let mut encoded = Vec::new();
    loop {
        let end = memchr::memchr(b'\n', rest).ok_or("its last line has no end")?;
        let (line, next) = rest
            .split_at_checked(end)
            .ok_or("its last line has no end")?;
        rest = next.get(1..).unwrap_or_default();
        if let Some(line) = line.strip_prefix(b"-----END ") {
            let line = line
                .strip_prefix(label.as_bytes())
                .ok_or("its END line has another label")?;
            if line != b"-----" {
                return Err("its END line is malformed");
            }
            break;
        }
        if !encoded.len().is_multiple_of(LINE_CHARS) || line.is_empty() || line.len() > LINE_CHARS {
            return Err("its lines are not of 64 characters");
        }
        encoded.extend_from_slice(line);
    }
    let bytes = STANDARD
        .decode(&encoded)
        .map_err(|_| "it is not canonical Base64")?;
    if bytes.is_empty() {
        return Err("it is empty");
    }
    Ok((bytes, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strict_block_is_read_and_the_rest_returned() {
        let (bytes, rest) = decode(b"-----BEGIN X-----\nAQID\n-----END X-----\nmore", "X").unwrap();
        assert_eq!((bytes.as_slice(), rest), (&[1, 2, 3][..], &b"more"[..]));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let full = "A".repeat(64);
        let cases = [
            String::new(),
            "\n-----BEGIN X-----\nAQID\n-----END X-----\n".to_owned(),
            "-----BEGIN Y-----\nAQID\n-----END Y-----\n".to_owned(),
            "-----BEGIN X-----\r\nAQID\r\n-----END X-----\r\n".to_owned(),
            "-----BEGIN X-----\nAQID\n-----END X-----".to_owned(),
            "-----BEGIN X-----\nAQID\n-----END Y-----\n".to_owned(),
            "-----BEGIN X-----\nAQID\n-----END X----- \n".to_owned(),
            "-----BEGIN X-----\nA: b\n\nAQID\n-----END X-----\n".to_owned(),
            "-----BEGIN X-----\n\n-----END X-----\n".to_owned(),
            "-----BEGIN X-----\n-----END X-----\n".to_owned(),
            "-----BEGIN X-----\nAQ\nID\n-----END X-----\n".to_owned(),
            "-----BEGIN X-----\nAQI\n-----END X-----\n".to_owned(),
            "-----BEGIN X-----\nAQJ=\n-----END X-----\n".to_owned(),
            "-----BEGIN X-----\nAQ==AQ==\n-----END X-----\n".to_owned(),
            format!("-----BEGIN X-----\n{full}AAAA\n-----END X-----\n"),
            format!("-----BEGIN X-----\n{full}\n\n-----END X-----\n"),
        ];
        for text in cases {
            assert!(decode(text.as_bytes(), "X").is_err(), "{text}");
        }
    }
}
