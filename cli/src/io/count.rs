//! Numbers with the word that they count.

/// `1 package`, `2 packages`, `1 entry`, `3 entries`: `one` is the word for one.
pub(crate) fn counted(count: impl TryInto<u64>, one: &str) -> String {
    // What does not fit is larger than one.
    let count = count.try_into().unwrap_or(u64::MAX);
    let word = match (count, one.strip_suffix('y')) {
        (1, _) => one.to_owned(),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{one}s"),
    };
    format!("{count} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_agree_with_their_numbers() {
        for (count, word, expected) in [
            (0_usize, "package", "0 packages"),
            (1, "package", "1 package"),
            (2, "package", "2 packages"),
            (1, "entry", "1 entry"),
            (3, "entry", "3 entries"),
            (2, "key", "2 keys"),
        ] {
            assert_eq!(counted(count, word), expected);
        }
    }
}
