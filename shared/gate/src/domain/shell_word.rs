//! Which text may stand in a command that people paste: names come from calls and accounts, and may be an attacker's.

/// The text, if a shell takes it as one word as it stands (zsh reads `=ls` as the path of a program), and no command as an
/// option.
pub(crate) fn shell_word(text: &str) -> Option<&str> {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || "-_:/.+=@,".contains(c);
    let is_word =
        !text.is_empty() && !text.starts_with(['-', '=']) && text.chars().all(is_of_a_word);
    is_word.then_some(text)
}

/// A list as the AWS CLI reads it in one word, `key=item,item`. None if it has no item, or if an item is no word or would
/// become two.
pub(crate) fn shorthand_list<'a>(
    key: &str,
    items: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let item = |text: &'a str| shell_word(text).filter(|text| !text.contains([',', '=']));
    let items: Vec<&str> = items.into_iter().map(item).collect::<Option<_>>()?;
    (!items.is_empty()).then(|| format!("{key}={}", items.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_are_words() {
        for word in [
            "shop",
            "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop/AbCdEfGh12",
            "a+b=c,d.e@f_g-h",
        ] {
            assert_eq!(shell_word(word), Some(word));
        }
    }

    #[test]
    fn text_that_a_shell_or_a_command_reads_otherwise_is_no_word() {
        for text in [
            "",
            "-x",
            "--endpoint-url",
            "=ls",
            "a b",
            "a;b",
            "a|b",
            "a&b",
            "$(a)",
            "`a`",
            "a>b",
            "a*",
            "a?",
            "~a",
            "a\nb",
            "a\tb",
            "'a'",
            "\"a\"",
            "a\\b",
            "{a,b}",
            "[a]",
            "!a",
            "a#b",
            "a%b",
            "ä",
        ] {
            assert_eq!(shell_word(text), None, "{text:?}");
        }
    }

    #[test]
    fn item_that_would_become_two_makes_no_list() {
        assert_eq!(
            shorthand_list("Arns", ["a", "b"]).as_deref(),
            Some("Arns=a,b")
        );
        for items in [
            &[][..],
            &["a", "b,c"],
            &["a=b"],
            &["a b"],
            &["", "a"],
            &["-a"],
        ] {
            assert_eq!(
                shorthand_list("Arns", items.iter().copied()),
                None,
                "{items:?}"
            );
        }
    }
}
