//! The tags by which a target steers the gate: each is judged as an upload would be, before there is one.

use super::{
    check::StackCheck,
    kinds::{ALIAS, ARCHITECTURE, TAGGED_PROFILE},
    parts::Parts,
    world::DoctorWorld,
};
use crate::{
    domain::{
        ALIAS_TAG, ARCHITECTURE_TAG, AliasName, Architecture, CscPolicy, FunctionName, NamePattern,
        PROFILE_TAG, ProfileName, ProfileStatus, SigningProfile, shell_word,
    },
    ports::{Function, FunctionCsc, Functions, Signer},
};

/// A function with tags.
pub(super) struct TaggedFunction<'a> {
    pub(super) name: &'a FunctionName,
    pub(super) subject: &'a str,
    pub(super) function: &'a Function,
}

/// A check for each tag of the gate that the function has.
pub(super) async fn check<I, L, S>(
    world: &DoctorWorld<'_, I, L, S>,
    parts: &Parts,
    of: &TaggedFunction<'_>,
) -> Vec<StackCheck>
where
    I: Sync,
    L: Functions,
    S: Signer,
{
    let tag = |name: &str| of.function.tags.get(name).map(String::as_str);
    let mut checks = Vec::new();
    if let Some(tag) = tag(ALIAS_TAG) {
        checks.push(alias(world.lambda, of, tag).await);
    }
    if let Some(tag) = tag(PROFILE_TAG) {
        checks.push(profile(world, parts, of, tag).await);
    }
    if let Some(tag) = tag(ARCHITECTURE_TAG) {
        checks.push(architecture(of, tag));
    }
    checks
}

impl TaggedFunction<'_> {
    /// The command that gives the tag another value, which is for people to fill in.
    fn tag_command(&self, tag: &str, value: &str) -> Option<String> {
        let arn = shell_word(&self.function.arn)?;
        Some(format!(
            "aws lambda tag-resource --resource {arn} --tags {tag}={value}"
        ))
    }
}

/// The alias of the tag is there.
async fn alias<L: Functions>(lambda: &L, of: &TaggedFunction<'_>, tag: &str) -> StackCheck {
    let TaggedFunction { name, subject, .. } = of;
    let Ok(alias) = AliasName::parse(tag.to_owned()) else {
        return StackCheck::failure(
            &ALIAS,
            *subject,
            format!(
                "its tag {ALIAS_TAG} is {tag:?}, which is no name of an alias: every upload is refused"
            ),
            "set the tag to the name of an alias",
            of.tag_command(ALIAS_TAG, "ALIAS"),
        );
    };
    match lambda.alias(name, &alias).await {
        Err(error) => StackCheck::no_answer(&ALIAS, *subject, &error),
        Ok(Some(_)) => StackCheck::pass(&ALIAS, *subject, alias.to_string()),
        Ok(None) => StackCheck::failure(
            &ALIAS,
            *subject,
            format!("it has no alias {alias}, which its tag names: every upload is refused"),
            "make the alias, or take the tag off",
            shell_word(alias.as_str()).map(|alias| {
                format!("aws lambda create-alias --function-name {name} --name {alias} --function-version VERSION")
            }),
        ),
    }
}

/// The gate may sign with the profile of the tag, it signs, and the function's configuration lists it.
async fn profile<I, L, S>(
    world: &DoctorWorld<'_, I, L, S>,
    parts: &Parts,
    of: &TaggedFunction<'_>,
    tag: &str,
) -> StackCheck
where
    I: Sync,
    L: Functions,
    S: Signer,
{
    let failure = |message: String, fix: &str, command: Option<String>| {
        StackCheck::failure(&TAGGED_PROFILE, of.subject, message, fix, command)
    };
    let Ok(profile) = ProfileName::parse(tag) else {
        return failure(
            format!(
                "its tag {PROFILE_TAG} is {tag:?}, which is no name of a signing profile: every upload is refused"
            ),
            "set the tag to the name of a signing profile",
            of.tag_command(PROFILE_TAG, "PROFILE"),
        );
    };
    if !is_given(parts, &profile) {
        return failure(
            format!(
                "its tag names the profile {profile}, which the gate was not given: every upload is refused"
            ),
            "update the stack with a pattern in TaggedProfiles that has the profile, or change the tag",
            parts.show_command("Parameters"),
        );
    }
    let show = Some(format!(
        "aws signer get-signing-profile --profile-name {profile}"
    ));
    let fix = "name another profile in the tag; one that is canceled or revoked does not come back";
    match world.signer.profile(&profile, &parts.account).await {
        Err(error) => StackCheck::no_answer(&TAGGED_PROFILE, of.subject, &error),
        Ok(None) => failure(
            format!("there is no profile {profile}, which its tag names: every upload is refused"),
            "make the profile, or change the tag",
            of.tag_command(PROFILE_TAG, "PROFILE"),
        ),
        Ok(Some(found)) => match &found.status {
            ProfileStatus::Active => trust(world.lambda, of, &profile, &found).await,
            ProfileStatus::Canceled => {
                let message = format!("the profile {profile}, which its tag names, is canceled");
                failure(message, fix, show)
            }
            ProfileStatus::Revoked { effective_from } => {
                let message = format!(
                    "the profile {profile}, which its tag names, is revoked from {effective_from} on"
                );
                failure(message, fix, show)
            }
        },
    }
}

/// Whether the gate may sign with this profile: its own, or one of the parameter `TaggedProfiles`.
fn is_given(parts: &Parts, profile: &ProfileName) -> bool {
    let is_own =
        || parts.outputs.get("SigningProfile").map(String::as_str) == Some(profile.as_str());
    let given = parts.parameters.get("TaggedProfiles");
    let given = given.and_then(|pattern| NamePattern::parse(pattern.clone()).ok());
    given.is_some_and(|given| given.matches(profile.as_str())) || is_own()
}

/// Whether the function's code signing configuration lists the profile's version. That there is none is a finding of the
/// last sweep.
async fn trust<L: Functions>(
    lambda: &L,
    of: &TaggedFunction<'_>,
    profile: &ProfileName,
    found: &SigningProfile,
) -> StackCheck {
    let no_answer = |error| StackCheck::no_answer(&TAGGED_PROFILE, of.subject, &error);
    let signs = |what: &str| {
        StackCheck::pass(
            &TAGGED_PROFILE,
            of.subject,
            format!("{profile} signs; {what}"),
        )
    };
    let arn = match lambda.function_csc(of.name).await {
        Err(error) => return no_answer(error),
        Ok(FunctionCsc::NoneAttached | FunctionCsc::NoFunction) => {
            return signs("no code signing configuration says whose signatures count");
        }
        Ok(FunctionCsc::Attached(arn)) => arn,
    };
    let csc = match lambda.csc(&arn).await {
        Err(error) => return no_answer(error),
        Ok(None) => return signs("its code signing configuration is gone"),
        Ok(Some(csc)) => csc,
    };
    if csc.allows(&found.version_arn) {
        return signs("its version is listed");
    }
    let message = format!(
        "the function's code signing configuration does not list the version of the profile {profile} that signs now"
    );
    let fix = "list it there, or change the tag";
    let show = shell_word(arn.as_str())
        .map(|arn| format!("aws lambda get-code-signing-config --code-signing-config-arn {arn}"));
    match csc.policy() {
        CscPolicy::Enforce => {
            let message = format!("{message}: every upload is refused");
            StackCheck::failure(&TAGGED_PROFILE, of.subject, message, fix, show)
        }
        CscPolicy::Warn => {
            StackCheck::warning(&TAGGED_PROFILE, of.subject, message, fix).with_command(show)
        }
    }
}

/// The tag is a processor that Lambda has.
fn architecture(of: &TaggedFunction<'_>, tag: &str) -> StackCheck {
    match Architecture::parse(tag) {
        Some(architecture) => StackCheck::pass(&ARCHITECTURE, of.subject, architecture.as_str()),
        None => StackCheck::failure(
            &ARCHITECTURE,
            of.subject,
            format!(
                "its tag {ARCHITECTURE_TAG} is {tag:?}, and not x86_64 or arm64: every upload is refused"
            ),
            "set the tag to the processor that the packages are for, or take it off",
            of.tag_command(ARCHITECTURE_TAG, "x86_64"),
        ),
    }
}
