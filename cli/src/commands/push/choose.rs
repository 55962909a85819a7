//! Which packages are meant, and what each is for: by the command line, by `countersign.toml`, and by the
//! manifests of builds, in this order.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use countersign_gate::domain::Target;

use crate::{
    builds::{
        build::{Build, BuiltPackage, Contents},
        find::{self, no_such_package},
        path::{shown, tidy},
        project::Project,
    },
    io::{
        arguments::{PackageArgument, misspelt_target},
        error::CliError,
        escape::escape,
    },
};

/// Names of packages that an error lists.
const MAX_LISTED: usize = 20;

/// A package, and what it is for.
pub(super) struct Chosen {
    pub(super) target: Target,
    pub(super) contents: Contents,
    /// What the build and the project say of it.
    pub(super) metadata: BTreeMap<String, String>,
    /// Where it comes from, for people.
    pub(super) shown: String,
}

/// Finds the packages that are meant.
pub(super) fn choose(
    arguments: &[PackageArgument],
    project: Option<&Project>,
) -> Result<Vec<Chosen>, CliError> {
    let chooser = Chooser { project };
    let mut chosen = Vec::new();
    if arguments.is_empty() {
        for (target, path) in project.into_iter().flat_map(Project::targets) {
            chosen.push(chooser.package_for(target, path)?);
        }
        if chosen.is_empty() {
            return Err(CliError::new(
                "it is not said what to upload",
                "give functions/NAME=PATH, or the folder of a build, or name targets in countersign.toml",
            ));
        }
    }
    for argument in arguments {
        match argument {
            PackageArgument::For { target, path } => {
                chosen.push(chooser.package_for(target, &tidy(path))?);
            }
            PackageArgument::Alone(text) => chosen.extend(chooser.packages_of(text)?),
        }
    }
    Ok(chosen)
}

struct Chooser<'a> {
    project: Option<&'a Project>,
}

impl Chooser<'_> {
    /// The package at a path, for a target that is known.
    fn package_for(&self, target: &Target, path: &Path) -> Result<Chosen, CliError> {
        let (contents, metadata) = find::package_at(path)?;
        let mut chosen = self.chosen(target, contents, path);
        // What the project says goes before what the build says.
        let of_project = std::mem::replace(&mut chosen.metadata, metadata);
        chosen.metadata.extend(of_project);
        Ok(chosen)
    }

    /// The packages that an argument means which stands alone.
    fn packages_of(&self, text: &str) -> Result<Vec<Chosen>, CliError> {
        if let Ok(target) = Target::try_from(text.to_owned())
            && let Some(path) = self.project.and_then(|project| project.package_of(&target))
        {
            return Ok(vec![self.package_for(&target, path)?]);
        }
        let path = tidy(Path::new(text));
        let named = self.targets_at(&path);
        if !named.is_empty() {
            return named
                .into_iter()
                .map(|target| self.package_for(target, &path))
                .collect();
        }
        if path.is_file() {
            let key = key_of(&path);
            let target = key.as_deref().and_then(|key| Target::from_key(key).ok());
            let target = target.ok_or_else(|| not_for_anything(text))?;
            return Ok(vec![self.chosen(
                &target,
                Contents::File(path.clone()),
                &path,
            )]);
        }
        // Before a build is looked for, of which it would be no package.
        if !path.exists()
            && let Some(error) = misspelt_target(text)
        {
            return Err(error);
        }
        match find::around(&path)? {
            Some((build, rest)) => self.packages_in(&build, &rest, &path),
            None => Err(not_for_anything(text)),
        }
    }

    /// The packages of a build, or of a part of it. Each is for something, or left out on purpose.
    fn packages_in(&self, build: &Build, rest: &str, path: &Path) -> Result<Vec<Chosen>, CliError> {
        let packages = build.below(rest);
        if packages.is_empty() {
            return Err(no_such_package(path, build));
        }
        one_stage(build, &packages)?;
        let mut chosen = Vec::new();
        let mut unknown = Vec::new();
        for package in packages {
            let paths: Vec<PathBuf> = package
                .names
                .iter()
                .map(|name| build.root.join(name))
                .collect();
            let Some(first) = paths.first() else {
                continue;
            };
            let mut targets: Vec<&Target> =
                paths.iter().flat_map(|at| self.targets_at(at)).collect();
            if targets.is_empty() {
                if self.ignores(&paths) {
                    continue;
                }
                targets.extend(package.target.as_ref());
            }
            if targets.is_empty() {
                unknown.push((package, first.clone()));
            }
            for target in targets {
                let mut one = self.chosen(target, package.contents.clone(), first);
                one.metadata = package.metadata.clone();
                one.metadata.extend(self.metadata_of(target));
                chosen.push(one);
            }
        }
        if !unknown.is_empty() {
            return Err(self.unknown_targets(&unknown));
        }
        if chosen.is_empty() {
            return Err(CliError::new(
                format!("everything in {} is ignored", shown(path)),
                "look at ignore in countersign.toml",
            ));
        }
        Ok(chosen)
    }

    fn chosen(&self, target: &Target, contents: Contents, path: &Path) -> Chosen {
        Chosen {
            target: target.clone(),
            contents,
            metadata: self.metadata_of(target),
            shown: escape(&shown(path)),
        }
    }

    fn targets_at(&self, path: &Path) -> Vec<&Target> {
        self.project
            .map(|project| project.targets_at(path))
            .unwrap_or_default()
    }

    fn ignores(&self, paths: &[PathBuf]) -> bool {
        self.project
            .is_some_and(|project| paths.iter().any(|path| project.ignores(path)))
    }

    fn metadata_of(&self, target: &Target) -> BTreeMap<String, String> {
        self.project
            .map(|project| project.metadata_of(target))
            .unwrap_or_default()
    }

    /// The lines that would name them, to be pasted.
    fn unknown_targets(&self, unknown: &[(&BuiltPackage, PathBuf)]) -> CliError {
        let listed = |line: &dyn Fn(&BuiltPackage, &str) -> String| -> Vec<String> {
            let some = unknown.iter().take(MAX_LISTED);
            some.map(|(package, path)| line(package, &escape(&shown(path))))
                .collect()
        };
        let paths = listed(&|_, path| path.to_owned()).join(", ");
        let lines =
            listed(&|package, path| format!("\"{}/NAME\" = \"{path}\"", package.kind.folder()));
        let file = self
            .project
            .map_or("countersign.toml".to_owned(), |project| {
                escape(&shown(project.path()))
            });
        CliError::new(
            format!(
                "the build does not say the names of {} of its packages: {paths}",
                unknown.len()
            ),
            format!(
                "say them in {file}, under [targets]: {}; or leave packages out with ignore = [\"PATH\"]",
                lines.join(", ")
            ),
        )
    }
}

/// Stages of one app are alternatives where the build's tool deploys one at a time.
fn one_stage(build: &Build, packages: &[&BuiltPackage]) -> Result<(), CliError> {
    let first = |package: &&BuiltPackage| {
        let name = package.names.first()?;
        name.split_once('/').map(|(stage, _)| stage.to_owned())
    };
    let mut stages: Vec<String> = packages.iter().filter_map(first).collect();
    stages.dedup();
    if build.stages_are_alternatives && stages.len() > 1 {
        return Err(CliError::new(
            format!(
                "{} has several stages: {}",
                escape(&shown(&build.root)),
                escape(&stages.join(", "))
            ),
            format!(
                "say which one: {}",
                escape(&shown(&build.root.join(stages.swap_remove(0))))
            ),
        ));
    }
    Ok(())
}

/// The last two parts of a path, as a key has them.
fn key_of(path: &Path) -> Option<String> {
    let mut parts = path.components().rev();
    match (parts.next()?, parts.next()?) {
        (Component::Normal(name), Component::Normal(folder)) => {
            Some(format!("{}/{}", folder.to_str()?, name.to_str()?))
        }
        _ => None,
    }
}

fn not_for_anything(text: &str) -> CliError {
    let path = Path::new(text);
    let text = escape(text);
    if path.is_dir() {
        return CliError::new(
            format!("{text} is a folder, and nothing that a build made"),
            format!(
                "say what it is for: functions/NAME={text}; or build first, and give .aws-sam/build, cdk.out, \
                 .serverless, target/lambda or .chalice"
            ),
        );
    }
    if !path.exists() {
        return CliError::new(
            format!("there is no {text}"),
            "give a path that exists, or a target that countersign.toml names",
        );
    }
    CliError::new(
        format!("it is not said what {text} is for"),
        format!("say it: functions/NAME={text} or layers/NAME={text}"),
    )
}
