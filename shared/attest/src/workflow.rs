//! A workflow as `path@ref`, taken apart in one place.

const REF: &str = "@refs/";

/// Path, and ref where there is one: a whole ref (`refs/heads/main`) or a commit, by which reusable workflows are
/// called, too. Both may have an `@` in them. A ref begins at the first `@refs/`: `x@refs/tags/v1` is the name of
/// a branch that anybody may make who may push, and workflows of GitHub lie in one folder, so that none of their paths
/// has `@refs/` in it.
pub(crate) fn split(text: &str) -> (&str, Option<&str>) {
    let at = text.find(REF).or_else(|| {
        let at = text.rfind('@')?;
        let (_, commit) = text.get(at..)?.split_once('@')?;
        let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex && matches!(commit.len(), 40 | 64)).then_some(at)
    });
    match at.and_then(|at| text.split_at_checked(at)) {
        Some((path, git_ref)) => (path, git_ref.strip_prefix('@')),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_begins_where_no_branch_can_move_it() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (text, path, git_ref) in [
            ("a.yml", "a.yml", None),
            ("a.yml@refs/heads/main", "a.yml", Some("refs/heads/main")),
            (
                "a.yml@refs/heads/x@refs/tags/v1",
                "a.yml",
                Some("refs/heads/x@refs/tags/v1"),
            ),
            (
                "a.yml@x.yml@refs/heads/main",
                "a.yml@x.yml",
                Some("refs/heads/main"),
            ),
            ("a.yml@x.yml", "a.yml@x.yml", None),
            ("a.yml@0123", "a.yml@0123", None),
            (&format!("a.yml@{commit}"), "a.yml", Some(commit)),
            (
                &format!("a.yml@refs/heads/x@{commit}"),
                "a.yml",
                Some(&format!("refs/heads/x@{commit}")),
            ),
        ] {
            assert_eq!(split(text), (path, git_ref), "{text}");
        }
    }
}
