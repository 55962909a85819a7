//! How deep JSON is nested, found without a parser that recurses.

/// Why bytes are not read as JSON at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// At most as deep as was asked.
    Fine,
    /// Deeper.
    TooDeep,
}

/// Whether no more than `most` arrays and objects lie within each other. Bytes that are not JSON get an
/// answer, too; the parser refuses them afterwards.
pub(crate) fn nesting(bytes: &[u8], most: usize) -> Shape {
    let mut depth = 0_usize;
    let mut within_string = false;
    let mut escaped = false;
    for byte in bytes {
        if within_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => within_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => within_string = true,
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > most {
                    return Shape::TooDeep;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Shape::Fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert_eq!(nesting(br#"[[{"a":1}]]"#, 3), Shape::Fine);
        assert_eq!(nesting(br#"[[{"a":1}]]"#, 2), Shape::TooDeep);
        assert_eq!(nesting(br#"["[[[[\"[[["]"#, 1), Shape::Fine);
        assert_eq!(nesting(br#"["\\",[[]]]"#, 2), Shape::TooDeep);
    }

    #[test]
    fn arrays_beside_each_other_are_not_deep() {
        assert_eq!(nesting(b"[[],[],[],[]]", 2), Shape::Fine);
    }
}
