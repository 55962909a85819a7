//! What JSON has to be before it is read: not nested too deep, and without a name twice in an object.

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Whether more than `max` arrays and objects lie within each other. Bytes that are not JSON get an
/// answer, too; the parser refuses them afterwards.
pub(crate) fn is_too_deep(bytes: &[u8], max: usize) -> bool {
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
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// That no object in the first value has a name twice, of which one reader takes the first value and another one the
/// last. The fault otherwise, also where the bytes are no JSON. Their nesting has to be known: this recurses.
pub(crate) fn check_names(bytes: &[u8]) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    Names
        .deserialize(&mut json)
        .map_err(|error| error.to_string())
}

/// Reads a value for its names alone.
struct Names;

impl<'de> DeserializeSeed<'de> for Names {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = object.next_key::<String>()? {
            object.next_value_seed(Self)?;
            if let Some(name) = names.replace(name) {
                return Err(A::Error::custom(format!("`{name}` stands there twice")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        assert!(!is_too_deep(br#"[[{"a":1}]]"#, 3));
        assert!(is_too_deep(br#"[[{"a":1}]]"#, 2));
        assert!(!is_too_deep(br#"["[[[[\"[[["]"#, 1));
        assert!(is_too_deep(br#"["\\",[[]]]"#, 2));
    }

    #[test]
    fn arrays_beside_each_other_are_not_deep() {
        assert!(!is_too_deep(b"[[],[],[],[]]", 2));
    }

    #[test]
    fn name_may_stand_once_in_each_object() {
        for fine in [
            r#"{"a":{"b":1},"b":[{"a":null},{"a":true}],"c":-1.5}"#,
            r#"[1,"a","a",18446744073709551615]"#,
            r#"{"a":"a","A":"a"}"#,
        ] {
            assert_eq!(check_names(fine.as_bytes()), Ok(()), "{fine}");
        }
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"[{"x":[{"a":1,"b":2,"a":{}}]}]"#,
        ] {
            let fault = check_names(twice.as_bytes()).unwrap_err();
            assert!(fault.starts_with("`a` stands there twice"), "{fault}");
        }
        assert!(check_names(b"{").is_err());
    }
}
