//! The archive of the command line: the program for this machine's kind, its manual pages and completions.

use std::{error::Error, fs, path::Path, process::Command};

use super::{
    output, read,
    tar::{TarFile, tar_gz},
};
use crate::test::cargo;

/// The crate.
pub(super) const CRATE: &str = "countersign";
/// Each shell, and what its completions are called where it looks for them.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "bash/countersign"),
    ("zsh", "zsh/_countersign"),
    ("fish", "fish/countersign.fish"),
];

/// The name of the archive, and its bytes. `build` has the program built before.
pub(super) fn archive(root: &Path, build: bool) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    if build {
        let mut command = Command::new(cargo());
        command
            .args(["build", "--release", "--locked", "--package", CRATE])
            .current_dir(root);
        output(&mut command)?;
    }
    let program = root.join("target/release").join(CRATE);
    let bytes =
        read(&program).map_err(|error| format!("{error}. Build it first: leave --no-build out"))?;
    let version = output(Command::new(&program).arg("--version"))?;
    let version = version.split_whitespace().last().unwrap_or_default();
    let base = format!("{CRATE}-{version}-{}", host(root)?);
    let run = |arguments: &[&str]| output(Command::new(&program).args(arguments));
    let files = files(root, &run, bytes, &base)?;
    Ok((format!("{base}.tar.gz"), tar_gz(&files)?))
}

/// Runs the program with arguments, and gives what it prints.
type Run<'a> = &'a dyn Fn(&[&str]) -> Result<String, Box<dyn Error>>;

/// What is in it, the program first.
fn files(
    root: &Path,
    run: Run<'_>,
    bytes: Vec<u8>,
    base: &str,
) -> Result<Vec<TarFile>, Box<dyn Error>> {
    let file = |name: &str, mode, bytes| TarFile {
        name: format!("{base}/{name}"),
        mode,
        bytes,
    };
    let mut files = vec![
        file(CRATE, 0o755, bytes),
        file("LICENSE", 0o644, read(&root.join("LICENSE"))?),
    ];
    for (shell, name) in SHELLS {
        let script = run(&["completions", shell])?;
        files.push(file(
            &format!("completions/{name}"),
            0o644,
            script.into_bytes(),
        ));
    }
    let pages = root.join("target/package-man");
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    run(&["man", &pages.to_string_lossy()])?;
    let mut names = Vec::new();
    for entry in fs::read_dir(&pages)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    for name in names {
        let page = read(&pages.join(&name))?;
        files.push(file(&format!("man/man1/{name}"), 0o644, page));
    }
    Ok(files)
}

/// The kind of this machine, as Rust calls it.
fn host(root: &Path) -> Result<String, Box<dyn Error>> {
    let told = output(Command::new("rustc").arg("-vV").current_dir(root))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not say what it runs on")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archive_has_the_program_its_pages_and_its_completions() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("LICENSE"), "licence").unwrap();
        let old = root.join("target/package-man");
        fs::create_dir_all(&old).unwrap();
        fs::write(old.join("countersign-gone.1"), "page").unwrap();
        let run = |arguments: &[&str]| -> Result<String, Box<dyn Error>> {
            match arguments {
                ["completions", shell] => Ok(format!("for {shell}")),
                ["man", pages] => {
                    fs::create_dir_all(pages)?;
                    for name in ["countersign.1", "countersign-push.1"] {
                        fs::write(Path::new(pages).join(name), "page")?;
                    }
                    Ok(String::new())
                }
                other => Err(format!("{other:?}").into()),
            }
        };
        let files = files(root, &run, b"program".to_vec(), "x").unwrap();
        let told: Vec<(&str, u64)> = files
            .iter()
            .map(|file| (file.name.as_str(), file.mode))
            .collect();
        let expected = [
            ("x/countersign", 0o755),
            ("x/LICENSE", 0o644),
            ("x/completions/bash/countersign", 0o644),
            ("x/completions/zsh/_countersign", 0o644),
            ("x/completions/fish/countersign.fish", 0o644),
            ("x/man/man1/countersign-push.1", 0o644),
            ("x/man/man1/countersign.1", 0o644),
        ];
        assert_eq!(told, expected);
    }
}
