//! Symbolic links: none may lead out of the package, directly or through another one.

use super::{
    error::{LinkFault, StructureError},
    tree::normalise,
};

/// What checking all links of a package may cost, in bytes of paths looked up. Ten thousand links
/// of ordinary depth need a twentieth of it.
const MAX_WORK: usize = 64 << 20;

/// A link and the target that its body holds.
pub(crate) struct Link<'a> {
    pub(crate) name: &'a str,
    pub(crate) target: Vec<u8>,
}

/// Refuses links with targets outside of the package, and targets that pass through another link.
///
/// A link may point to another one (`libz.so` to `libz.so.1` to `libz.so.1.3`): each is checked by
/// its own target. To pass *through* one is refused, because only then would `..` mean something
/// else than it says.
pub(crate) fn check_links(links: &[Link<'_>]) -> Result<(), StructureError> {
    let mut paths: Vec<_> = links.iter().map(|link| normalise(link.name)).collect();
    paths.sort_unstable();
    let mut budget = MAX_WORK;
    let mut is_link = |path: &str| {
        budget = budget
            .checked_sub(path.len().max(64))
            .ok_or(LinkFault::Budget)?;
        Ok(paths.binary_search(&normalise(path)).is_ok())
    };
    links.iter().try_for_each(|link| {
        check_target(link, &mut is_link).map_err(|fault| StructureError::Link {
            name: link.name.to_owned(),
            fault,
        })
    })
}

fn check_target(
    link: &Link<'_>,
    mut is_link: impl FnMut(&str) -> Result<bool, LinkFault>,
) -> Result<(), LinkFault> {
    let target = str::from_utf8(&link.target).map_err(|_| LinkFault::NotPortable)?;
    if target.is_empty() {
        return Err(LinkFault::Empty);
    }
    if target.chars().any(|c| c.is_control() || c == '\\') {
        return Err(LinkFault::NotPortable);
    }
    if target.starts_with('/') {
        return Err(LinkFault::Absolute);
    }
    // The directory that the link is in; the components before the last were found not to be links
    // by the rule that nothing is below a link.
    let mut path: Vec<&str> = link.name.split('/').collect();
    path.pop();
    let mut components = target
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .peekable();
    while let Some(component) = components.next() {
        if component == ".." {
            path.pop().ok_or(LinkFault::Climbs)?;
            continue;
        }
        path.push(component);
        if components.peek().is_some() && is_link(&path.join("/"))? {
            return Err(LinkFault::Through);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(links: &[(&'static str, &str)]) -> Result<(), LinkFault> {
        let links: Vec<_> = links
            .iter()
            .map(|(name, target)| Link {
                name,
                target: target.as_bytes().to_vec(),
            })
            .collect();
        check_links(&links).map_err(|error| match error {
            StructureError::Link { fault, .. } => fault,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn links_inside_the_package_are_accepted() {
        assert_eq!(
            check_all(&[("lib/a.so", "a.so.1"), ("lib/a.so.1", "./a.so.1.2")]),
            Ok(())
        );
        assert_eq!(
            check_all(&[("bin/x/y", "../../lib/y"), ("up", "dir/"), ("d/root", "..")]),
            Ok(())
        );
    }

    #[test]
    fn links_that_lead_out_are_refused() {
        let cases = [
            ("", LinkFault::Empty),
            ("/etc/passwd", LinkFault::Absolute),
            ("..", LinkFault::Climbs),
            ("a/../../b", LinkFault::Climbs),
            ("a\\b", LinkFault::NotPortable),
            ("a\nb", LinkFault::NotPortable),
            ("a\0b", LinkFault::NotPortable),
        ];
        for (target, expected) in cases {
            assert_eq!(check_all(&[("link", target)]), Err(expected), "{target:?}");
        }
        // Each stays inside by its letters; together they would not.
        let pair = [("a/b/c", "../.."), ("d", "a/b/c/../x")];
        assert_eq!(check_all(&pair), Err(LinkFault::Through));
    }
}
