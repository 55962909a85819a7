//! Symbolic links: none may lead out of the package, directly or through another one.
//!
//! A link may point to another one, through another one, to nothing, or to `/opt/`, where Lambda
//! unpacks layers (the documented way to use their ES modules). Why nothing can be led elsewhere:
//!
//! - Nothing is unpacked through a link, because entries below one are refused (`tree.rs`).
//! - So the directory that a link is in is a real one, and `..` in front of a target goes up
//!   through real directories. A target that does not leave the package by its letters does not
//!   leave it in any other way either, however many links it passes, since each of them starts in a
//!   real directory again.
//! - Only `..` *behind* a link would mean something else than it says. That is refused.

use std::borrow::Cow;

use super::{
    error::{LinkFault, StructureError},
    tree::normalise,
};
use crate::escape::escape;

/// What checking all links of a package may cost, in bytes of paths looked up. Honest packages have
/// hardly any target that goes up again, and so hardly any look-up.
const MAX_LOOKUP_BYTES: usize = 64 << 20;

/// Where Lambda unpacks layers.
const LAYERS: &str = "opt";

/// A symbolic link and the target that its body holds.
#[derive(Debug, Clone)]
pub struct Link<'a> {
    path: &'a str,
    target: Vec<u8>,
}

impl<'a> Link<'a> {
    pub(crate) fn new(path: &'a str, target: Vec<u8>) -> Self {
        Self { path, target }
    }

    /// The path that it unpacks to.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// The path that it points to: relative to its own directory, or below `/opt/`. It need not
    /// exist.
    #[must_use]
    pub fn target(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.target)
    }
}

/// Refuses links with targets outside of the package and of `/opt/`.
pub(crate) fn check_links(links: &[Link<'_>]) -> Result<(), StructureError> {
    let mut paths: Vec<_> = links.iter().map(|link| normalise(link.path)).collect();
    paths.sort_unstable();
    let mut budget = MAX_LOOKUP_BYTES;
    let mut is_link = |path: &str| {
        budget = budget
            .checked_sub(path.len().max(64))
            .ok_or(LinkFault::Budget)?;
        Ok(paths.binary_search(&normalise(path)).is_ok())
    };
    links.iter().try_for_each(|link| {
        check_target(link, &mut is_link).map_err(|fault| StructureError::Link {
            name: link.path.to_owned(),
            target: escape(&link.target),
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
    let mut components: Vec<&str> = target
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if target.starts_with('/') {
        if components.first() != Some(&LAYERS) {
            return Err(LinkFault::Absolute);
        }
        // What is a link below it, only other packages say.
        return if components.contains(&"..") {
            Err(LinkFault::Climbs)
        } else {
            Ok(())
        };
    }
    // The directory that the link is in.
    let mut path: Vec<&str> = link.path.split('/').collect();
    path.pop();
    let names = components.split_off(components.iter().take_while(|part| **part == "..").count());
    for _ in components {
        path.pop().ok_or(LinkFault::Climbs)?;
    }
    let last_up = names.iter().rposition(|part| *part == "..").unwrap_or(0);
    for (position, component) in names.into_iter().enumerate() {
        if component == ".." {
            path.pop().ok_or(LinkFault::Climbs)?;
            continue;
        }
        path.push(component);
        // A name outside of ASCII may be that of another entry for another reader.
        if position < last_up && (!component.is_ascii() || is_link(&path.join("/"))?) {
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
            .map(|(path, target)| Link::new(path, target.as_bytes().to_vec()))
            .collect();
        check_links(&links).map_err(|error| match error {
            StructureError::Link { fault, .. } => fault,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn links_inside_the_package_are_accepted() {
        let sets: [&[(&str, &str)]; 6] = [
            &[("lib/a.so", "a.so.1"), ("lib/a.so.1", "./a.so.1.2")],
            &[("bin/x/y", "../../lib/y"), ("up", "dir/"), ("d/root", "..")],
            // npm workspaces: through a link, and through several.
            &[
                ("node_modules/.bin/x", "../pkg/bin/x.js"),
                ("node_modules/pkg", "../packages/pkg"),
            ],
            &[("a", "b/c"), ("b", "d/e"), ("d", "f"), ("f", "missing")],
            &[("there", "a/../b"), ("loop", "pool"), ("pool", "loop")],
            &[
                ("node_modules", "/opt/nodejs/node_modules"),
                ("x", "/opt"),
                ("y", "x/node"),
            ],
        ];
        for links in sets {
            assert_eq!(check_all(links), Ok(()), "{links:?}");
        }
    }

    #[test]
    fn links_that_lead_out_are_refused() {
        let cases = [
            ("", LinkFault::Empty),
            ("/etc/passwd", LinkFault::Absolute),
            ("/", LinkFault::Absolute),
            ("/optional/x", LinkFault::Absolute),
            ("/var/task/x", LinkFault::Absolute),
            ("/opt/../etc/passwd", LinkFault::Climbs),
            ("/opt/a/../../etc/passwd", LinkFault::Climbs),
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
        let pairs: [&[(&str, &str)]; 3] = [
            &[("a/b/c", "../.."), ("d", "a/b/c/../x")],
            &[("e", "/opt/x"), ("d", "e/../../etc")],
            &[("\u{e9}", "a"), ("d/d", "\u{e9}/../x")],
        ];
        for links in pairs {
            let fault = check_all(links).unwrap_err();
            assert!(
                matches!(fault, LinkFault::Through | LinkFault::Climbs),
                "{links:?}"
            );
        }
    }
}
