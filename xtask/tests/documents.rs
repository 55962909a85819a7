//! What the documents name is there: files of the sources, and tests.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use countersign_testkit::checkout;

/// What is made here and not kept.
const NOT_KEPT: [&str; 5] = ["target", ".git", ".local", ".aws-sam", ".pytest_cache"];

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !NOT_KEPT.contains(&name.as_str()) {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

/// The words between backticks, outside of blocks of code.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

fn is_source(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let extension = Path::new(word).extension().and_then(|found| found.to_str());
    word.chars().all(is_plain) && matches!(extension, Some("rs" | "py" | "yaml"))
}

/// `four_words_or_more`: the name of a test, as a rule.
fn is_test(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    word.chars().all(is_plain) && !word.starts_with('_') && word.matches('_').count() >= 3
}

/// Whoever looks for a bench looks there.
#[test]
fn each_bench_is_documented() {
    let read = |path: &str| fs::read_to_string(checkout::path(path)).unwrap();
    let source = read("xtask/src/main.rs");
    let variants = source.split("enum Bench {").nth(1).unwrap();
    let variants = variants.split('}').next().unwrap().lines();
    let benches: Vec<String> = variants
        .filter_map(|line| line.trim().strip_suffix(','))
        .map(str::to_lowercase)
        .collect();
    assert!(benches.contains(&"promise".to_owned()), "{benches:?}");
    for document in ["docs/performance.md", "tests/bench/README.md"] {
        let text = read(document);
        for bench in &benches {
            let command = format!("cargo xtask bench {bench}");
            assert!(text.contains(&command), "{document}: {command}");
            assert!(text.contains(&format!("`{bench}`")), "{document}: {bench}");
        }
    }
}

#[test]
fn documents_name_what_exists() {
    let root = checkout::root();
    let mut all = Vec::new();
    files(&root, &mut all);
    let (documents, sources): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|path| path.extension().is_some_and(|found| found == "md"));
    let paths: BTreeSet<String> = sources
        .iter()
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect();
    let is_text = |path: &&PathBuf| is_source(&path.file_name().unwrap().to_string_lossy());
    let code: String = sources
        .iter()
        .filter(is_text)
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let mut missing = Vec::new();
    let mut looked_at = [0_usize; 2];
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for word in quoted(&text) {
            let is_there = if is_source(word) {
                looked_at[0] = looked_at[0].saturating_add(1);
                let ending = format!("/{}", word.trim_start_matches("../"));
                // Pages for developers leave `src` out.
                let ends_so = |path: &String| {
                    let path = format!("/{path}");
                    path.ends_with(&ending) || path.replace("/src/", "/").ends_with(&ending)
                };
                paths.iter().any(ends_so)
            } else if is_test(word) {
                looked_at[1] = looked_at[1].saturating_add(1);
                code.contains(word)
            } else {
                continue;
            };
            if !is_there {
                missing.push(format!("{}: `{word}`", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
    assert!(looked_at[0] > 50 && looked_at[1] > 5, "{looked_at:?}");
}

/// Whether the comments of a source rest on what AWS was not asked: a fact of grade C or D.
fn rests_on_hearsay(source: &str) -> bool {
    let grades = source.split("grade ").skip(1);
    grades
        .filter_map(|rest| rest.chars().next())
        .any(|grade| matches!(grade, 'C' | 'D'))
}

#[test]
fn unconfirmed_facts_are_listed_by_their_place() {
    let root = checkout::root();
    let page = fs::read_to_string(root.join("docs/unconfirmed.md")).unwrap();
    let listed: BTreeSet<&str> = quoted(&page).filter(|word| is_source(word)).collect();
    let mut found = vec![root.join("template.yaml")];
    for folder in [
        "shared/package/src",
        "shared/gate/src",
        "shared/aws/src",
        "cli/src",
    ] {
        files(&root.join(folder), &mut found);
    }
    let places: BTreeSet<String> = found
        .iter()
        .filter(|path| rests_on_hearsay(&fs::read_to_string(path).unwrap()))
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect();
    assert!(places.len() > 15, "{places:?}");
    let missing: Vec<_> = places
        .iter()
        .filter(|place| !listed.contains(place.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "not in docs/unconfirmed.md: {missing:#?}"
    );
}
