//! `cargo xtask package`: a folder with all that a deployment without SAM needs.
//!
//! `countersign.json` is plain CloudFormation, `functions/` has the code under names that change with it, `sbom.json`
//! says what it was made of, `SHA256SUMS` holds all of it together. The same binaries make the same bytes. With
//! `--command` the command line is in it, too.

mod archive;
mod command;
mod sbom;
mod tar;

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use clap::{Args, ValueEnum};
use countersign_e2e::{HarnessError, cloud, process, tools::Tools};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{terminal::Terminal, test::cargo};

const FOLDER: &str = "target/package";
const TEMPLATE: &str = "template.yaml";
pub(crate) const EXPANDED: &str = "countersign.json";
const SUMS: &str = "SHA256SUMS";
/// Files of the checkout that a release has as they are.
const AS_THEY_ARE: [&str; 3] = ["LICENSE", "bootstrap.yaml", "network.yaml"];
/// Each function of the template: its logical id there, and the crate that it is built from.
const FUNCTIONS: [(&str, &str); 4] = [
    ("SignFunction", "sign"),
    ("DeployFunction", "deploy"),
    ("AlertFunction", "alert"),
    ("SweepFunction", "sweep"),
];
/// What CloudFormation takes within a request, in bytes (grade B).
const MAX_INLINE_BYTES: usize = 51_200;
/// What CloudFormation takes from S3, in bytes: "1 MB" (grade B), read as the smaller of its two meanings.
const MAX_FROM_S3: usize = 1_000_000;
/// Digits of a digest in the name of a zip. A name only has to change with the content; `SHA256SUMS` has it whole.
const DIGITS: usize = 16;

/// What to write, and where.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where to write it; what an earlier run wrote there is replaced
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    out: PathBuf,
    /// For which processor; may be repeated [default: each that the toolchain has the target of]
    #[arg(long = "architecture", value_name = "ARCHITECTURE")]
    architectures: Vec<Architecture>,
    /// Package what the last build made, without building again
    #[arg(long)]
    no_build: bool,
    /// Add the command line: a tar.gz with the program for this machine's kind, its manual pages and completions
    #[arg(long)]
    command: bool,
}

/// A processor that Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// 64-bit x86.
    #[value(name = "x86_64")]
    X86,
    /// 64-bit ARM, Graviton.
    #[value(name = "arm64")]
    Arm,
}

impl Architecture {
    /// As Lambda calls it.
    fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }

    /// As Rust calls it.
    fn target(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-unknown-linux-gnu",
            Self::Arm => "aarch64-unknown-linux-gnu",
        }
    }

    /// As the header of a program calls it: `e_machine` of ELF.
    fn machine(self) -> [u8; 2] {
        match self {
            Self::X86 => 62_u16.to_le_bytes(),
            Self::Arm => 183_u16.to_le_bytes(),
        }
    }

    /// Where its build is. The one of SAM's default folder is what `sam deploy` deploys, too.
    fn build_folder(self) -> &'static str {
        match self {
            Self::X86 => ".aws-sam/build",
            Self::Arm => ".aws-sam/arm64",
        }
    }
}

/// Builds what is asked for and writes the folder.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let tools = Tools::prepare(root, terminal)?;
    let architectures = architectures(root, &options.architectures, terminal)?;
    if !options.no_build {
        for architecture in &architectures {
            build(&tools, *architecture, terminal)?;
        }
    }
    let command = if options.command {
        let since = Instant::now();
        let archive = command::archive(root, !options.no_build)?;
        terminal.step("command", &archive.0, since.elapsed());
        Some(archive)
    } else {
        None
    };
    let out = root.join(&options.out);
    write(&tools, &architectures, command, &out, terminal)?;
    Ok(true)
}

/// Those that were asked for, or those that can be built here; what cannot is told.
fn architectures(
    root: &Path,
    asked: &[Architecture],
    terminal: &Terminal,
) -> Result<Vec<Architecture>, Box<dyn Error>> {
    let mut found = Vec::new();
    for architecture in Architecture::value_variants() {
        let is_asked = asked.contains(architecture);
        if !is_asked && !asked.is_empty() {
            continue;
        }
        let target = architecture.target();
        if has_target(root, target)? {
            found.push(*architecture);
            continue;
        }
        let name = architecture.name();
        let mend = format!("the toolchain lacks its target: rustup target add {target}");
        if is_asked {
            return Err(format!("{name} cannot be built: {mend}").into());
        }
        terminal.line(&format!("  left out: {name}; {mend}"));
    }
    if found.is_empty() {
        return Err("the toolchain has the target of no processor that Lambda has".into());
    }
    Ok(found)
}

/// Whether the toolchain has the standard library for this target.
fn has_target(root: &Path, target: &str) -> Result<bool, Box<dyn Error>> {
    let mut command = Command::new("rustc");
    command.args(["--print", "target-libdir", "--target", target]);
    let folder = output(command.current_dir(root))?;
    Ok(Path::new(folder.trim()).is_dir())
}

fn build(
    tools: &Tools,
    architecture: Architecture,
    terminal: &Terminal,
) -> Result<(), HarnessError> {
    let since = Instant::now();
    match architecture {
        Architecture::X86 => cloud::build(tools, terminal)?,
        Architecture::Arm => {
            let mut command = tools.command("sam", "http://127.0.0.1:9");
            command
                .args(["build", "--beta-features"])
                .args(["--build-dir", architecture.build_folder()])
                .args(["--parameter-overrides", "Architecture=arm64"]);
            let log = tools.log("sam-build-arm64");
            process::run(
                terminal,
                &tools.python(),
                "sam build for arm64",
                &command,
                &log,
            )?;
        }
    }
    terminal.step("sam build", architecture.name(), since.elapsed());
    Ok(())
}

fn write(
    tools: &Tools,
    architectures: &[Architecture],
    command: Option<(String, Vec<u8>)>,
    out: &Path,
    terminal: &Terminal,
) -> Result<(), Box<dyn Error>> {
    let since = Instant::now();
    let root = tools.root();
    let mut zips = BTreeMap::new();
    let mut code = json!({});
    for architecture in architectures {
        for (id, name) in FUNCTIONS {
            let bytes = archive::of_function(&program(root, *architecture, id)?)?;
            let digest = hex::encode(Sha256::digest(&bytes));
            let digits: String = digest.chars().take(DIGITS).collect();
            let file = format!("{name}-{}-{digits}.zip", architecture.name());
            if let Some(names) = code.as_object_mut() {
                let of_one = names.entry(architecture.name()).or_insert(json!({}));
                of_one
                    .as_object_mut()
                    .map(|it| it.insert(id.to_owned(), json!(file)));
            }
            zips.insert(format!("functions/{file}"), bytes);
        }
    }
    let template = expand(tools, &code)?;
    let sizes = fit(template.len())?;
    let mut files = zips;
    files.extend(command);
    let sbom = sbom(root, architectures, &files)?;
    files.insert(EXPANDED.to_owned(), template);
    files.insert("sbom.json".to_owned(), sbom);
    for name in AS_THEY_ARE {
        files.insert(name.to_owned(), read(&root.join(name))?);
    }
    files.insert(SUMS.to_owned(), sums(&files).into_bytes());
    replace(out, &files)?;
    terminal.step(
        "package",
        &format!("{} files in {}", files.len(), out.display()),
        since.elapsed(),
    );
    terminal.line(&format!("  {EXPANDED}: {sizes}"));
    terminal.line("  How to deploy it: docs/deploying.md, \"Without SAM\"");
    Ok(())
}

/// The program of a function, if it is one for this processor.
fn program(root: &Path, architecture: Architecture, id: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let path = root
        .join(architecture.build_folder())
        .join(id)
        .join("bootstrap");
    let bytes =
        read(&path).map_err(|error| format!("{error}. Build it first: leave --no-build out"))?;
    if is_program_for(&bytes, architecture) {
        Ok(bytes)
    } else {
        let name = architecture.name();
        Err(format!("{} is no program for {name}: build again", path.display()).into())
    }
}

/// Whether the header is that of an ELF file, little-endian, for this processor.
fn is_program_for(bytes: &[u8], architecture: Architecture) -> bool {
    bytes.starts_with(b"\x7fELF") && bytes.get(18..20) == Some(&architecture.machine())
}

/// The plain template as a release would have it, before anything is built: the code has names alone.
pub(crate) fn expanded(tools: &Tools) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut code = BTreeMap::new();
    for architecture in Architecture::value_variants() {
        let names = FUNCTIONS.map(|(id, name)| (id, format!("{name}.zip")));
        code.insert(architecture.name(), BTreeMap::from(names));
    }
    expand(tools, &json!(code))
}

/// Plain CloudFormation, made by the translator that the SAM CLI brings along.
fn expand(tools: &Tools, code: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    let names = tools.local().join("package-code.json");
    fs::write(&names, serde_json::to_vec(code)?)?;
    let mut command = tools.command("python", "http://127.0.0.1:9");
    command
        .arg("tests/e2e/src/python/expand.py")
        .arg(TEMPLATE)
        .arg(&names);
    Ok(output(&mut command)?.into_bytes())
}

/// What a template of this size can be deployed by, or that it cannot.
fn fit(size: usize) -> Result<String, String> {
    if size > MAX_FROM_S3 {
        return Err(format!(
            "{EXPANDED} has {size} bytes, and CloudFormation takes {MAX_FROM_S3}"
        ));
    }
    let how = if size > MAX_INLINE_BYTES {
        "too large for a request (51,200), so that it is deployed from S3"
    } else {
        "small enough to be sent within a request"
    };
    Ok(format!(
        "{size} bytes of the {MAX_FROM_S3} that CloudFormation takes, {how}"
    ))
}

fn sbom(
    root: &Path,
    architectures: &[Architecture],
    packages: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut resolved = Vec::new();
    for architecture in architectures {
        let mut command = Command::new(cargo());
        command
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", architecture.target()])
            .current_dir(root);
        resolved.push(serde_json::from_str(&output(&mut command)?)?);
    }
    let lock = String::from_utf8(read(&root.join("Cargo.lock"))?)?;
    let mut crates = FUNCTIONS.map(|(_, name)| name).to_vec();
    let is_of_command = |name: &str| name.starts_with(command::CRATE);
    if packages.keys().any(|name| is_of_command(name)) {
        crates.push(command::CRATE);
    }
    let files = packages.iter().map(|(name, bytes)| {
        let of_function = |of: &&str| name.starts_with(&format!("functions/{of}-"));
        let of = if is_of_command(name) {
            Some(command::CRATE)
        } else {
            crates.iter().copied().find(|of| of_function(of))
        };
        (
            name.as_str(),
            of.unwrap_or_default(),
            hex::encode(Sha256::digest(bytes)),
        )
    });
    let files: Vec<_> = files.collect();
    let mut bytes = serde_json::to_vec_pretty(&sbom::of(&resolved, &lock, &crates, &files)?)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// As `sha256sum --check` reads it.
fn sums(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut text = String::new();
    for (name, bytes) in files {
        // Writing to a String cannot fail; the result is dropped for that reason.
        let _ = writeln!(text, "{}  {name}", hex::encode(Sha256::digest(bytes)));
    }
    text
}

/// Writes the folder. One that is there is removed first, if it is an earlier one of these.
fn replace(out: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Box<dyn Error>> {
    if out.exists() {
        let is_empty = fs::read_dir(out)?.next().is_none();
        let is_package = out.join(SUMS).is_file() && out.join(EXPANDED).is_file();
        if !is_empty && !is_package {
            let there = out.display();
            return Err(format!(
                "{there} is there, and is no earlier package: name another folder by --out, or remove it"
            )
            .into());
        }
        fs::remove_dir_all(out)?;
    }
    for (name, bytes) in files {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// What a command writes; its errors are an error.
fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .map_err(|error: io::Error| format!("{program} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} failed ({}): {}", output.status, words.trim()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> BTreeMap<String, Vec<u8>> {
        let all = [EXPANDED, SUMS].into_iter().chain(names.iter().copied());
        all.map(|name| (name.to_owned(), name.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn sums_are_those_of_other_programs() {
        let files = BTreeMap::from([("a".to_owned(), b"abc".to_vec())]);
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sums(&files), format!("{abc}  a\n"));
    }

    #[test]
    fn earlier_package_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        replace(&out, &files(&["functions/old.zip"])).unwrap();
        replace(&out, &files(&["functions/new.zip"])).unwrap();
        assert!(out.join("functions/new.zip").is_file());
        assert!(!out.join("functions/old.zip").exists());
    }

    #[test]
    fn folder_of_something_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thesis.tex");
        fs::write(&file, "ten years").unwrap();
        let error = replace(folder.path(), &files(&[])).unwrap_err();
        assert!(error.to_string().contains("--out"), "{error}");
        assert!(file.is_file());
    }

    #[test]
    fn template_that_is_too_large_is_refused() {
        assert!(fit(MAX_INLINE_BYTES).unwrap().contains("within a request"));
        assert!(fit(MAX_FROM_S3).unwrap().contains("from S3"));
        assert!(fit(MAX_FROM_S3 + 1).is_err());
    }

    #[test]
    fn program_for_another_processor_is_not_taken() {
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(18, 0);
        header.extend([183, 0]);
        assert!(is_program_for(&header, Architecture::Arm));
        assert!(!is_program_for(&header, Architecture::X86));
        assert!(!is_program_for(
            b"#!/bin/sh\nexec something else",
            Architecture::X86
        ));
    }

    /// The template names its functions, and how they are built.
    #[test]
    fn functions_are_those_of_the_template() {
        let path = countersign_testkit::checkout::path(TEMPLATE);
        let template = fs::read_to_string(path).unwrap();
        let found = template
            .matches("Type: AWS::Serverless::Function\n")
            .count();
        assert_eq!(found, FUNCTIONS.len());
        for (id, binary) in FUNCTIONS {
            let (_, after) = template.split_once(&format!("\n  {id}:\n")).unwrap();
            let resource = after.split("\n    Properties:").next().unwrap();
            assert!(
                resource.contains(&format!("{{ Binary: {binary} }}")),
                "{id}"
            );
        }
    }
}
