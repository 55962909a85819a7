//! Paths that are compared as they are written, without asking the file system.

use std::path::{Component, Path, PathBuf};

/// A path without `.` and without `x/..`: two ways to write one path become the same.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidied.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidied.pop();
            }
            part => tidied.push(part),
        }
    }
    tidied
}

/// The path from the root of the file system, or as it is where there is no such thing.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    tidy(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// A path as people write it in countersign.toml: with `/`, and `.` for nothing.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_is_written_in_one_way() {
        for (path, tidied) in [
            ("./a/b", "a/b"),
            ("a/./b/", "a/b"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("../../a/..", "../.."),
            ("/a/../b", "/b"),
            (".", ""),
        ] {
            assert_eq!(tidy(Path::new(path)), PathBuf::from(tidied), "{path}");
        }
        assert_eq!(shown(Path::new("")), ".");
    }
}
