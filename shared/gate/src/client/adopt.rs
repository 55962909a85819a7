//! What it takes to bring a function under the gate, and what stands against it. State is what Lambda and the
//! records say, so that whoever was cut off begins again.

use crate::{
    domain::{CscArn, FunctionName, MANAGED_TAG, NamePattern, is_managed},
    ports::{AdoptionCandidate, FunctionCsc, UpdateStatus},
    records::{Live, UploadRecords},
};

/// The configurations that functions come under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptionGoal {
    /// The configuration that they are to have in the end.
    pub csc: CscArn,
    /// The one that they have until then, if it is another.
    pub first: Option<CscArn>,
    /// Whether this is the end.
    pub enforces: bool,
    /// The functions that the gate may deploy to; `None` when that is not known.
    pub scope: Option<NamePattern>,
    /// Whether the gate deploys only to functions with the tag `countersign:managed`.
    pub requires_managed_tag: bool,
}

/// What is known of a function.
#[derive(Clone, Copy, Debug)]
pub struct AdoptionFacts<'a> {
    /// Its name.
    pub name: &'a FunctionName,
    /// `GetFunction`; `None` when there is none.
    pub candidate: Option<&'a AdoptionCandidate>,
    /// Its configuration.
    pub csc: &'a FunctionCsc,
    /// What the gate deployed to it last.
    pub live: Option<&'a Live>,
    /// Its newest upload.
    pub newest: Option<&'a UploadRecords>,
    /// The alias that its tag has the gate move, and the code of the version behind it; `None` when there is no
    /// tag, or no such alias.
    pub alias: Option<(&'a str, &'a str)>,
}

/// What is to be done about the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeStep {
    /// Nothing: the gate deployed what runs.
    Adopted,
    /// What runs is uploaded, signed and deployed.
    Sign,
    /// An upload is on its way.
    Follow {
        /// Its label.
        label: String,
    },
}

/// What is to be done, the configuration first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptionPlan {
    /// The configuration to attach, unless it is there.
    pub attach: Option<CscArn>,
    /// What is to be done about the code.
    pub code: CodeStep,
    /// What should be known before.
    pub warnings: Vec<String>,
}

impl AdoptionPlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.attach.is_none() && self.code == CodeStep::Adopted
    }
}

/// Why a function cannot be brought under the gate as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// There is none.
    #[error("there is no such function")]
    NoFunction,
    /// It is part of a gate.
    #[error("it is a function of the gate {stack}, which deploys nothing to itself")]
    OwnFunction {
        /// The gate's stack.
        stack: String,
    },
    /// The gate has no right to it.
    #[error("the stack's parameter TargetFunctions is {pattern}, which leaves it out")]
    OutOfScope {
        /// The pattern.
        pattern: String,
    },
    /// Whoever administers it did not put it into the gate's hands.
    #[error(
        "it has no tag {MANAGED_TAG} with the value \"true\", which the stack's parameter RequireManagedTag demands"
    )]
    NotTagged,
    /// It is a container image.
    #[error("it is a container image, which cannot be signed this way")]
    Image,
    /// Lambda changes it just now.
    #[error("an update of it is under way")]
    Updating,
    /// Its last update failed.
    #[error("its last update failed: {reason}")]
    UpdateFailed {
        /// In Lambda's words.
        reason: String,
    },
    /// Lambda says what this version of Countersign does not know.
    #[error("{what}, which this version of Countersign does not know")]
    UnknownState {
        /// Which value, of what.
        what: String,
    },
    /// Lambda reads the package out of a bucket.
    #[error(
        "Lambda reads its package out of a bucket of yours (S3ObjectStorageMode REFERENCE); the gate's update would \
         make a copy of it, or is refused"
    )]
    Referenced,
    /// Lambda does not say where the package is.
    #[error("Lambda does not say where its package can be had")]
    NoLocation,
    /// It has a configuration of its own.
    #[error("it has another code signing configuration: {csc}")]
    OtherCsc {
        /// That one.
        csc: CscArn,
    },
    /// Somebody else signed what runs.
    #[error(
        "what it runs was signed by {signer}, and not by way of the gate; Signer signs nothing twice"
    )]
    SignedElsewhere {
        /// The version of the signing profile.
        signer: String,
    },
    /// Something else runs than the gate deployed.
    #[error("it runs {found}; the gate deployed {expected} last")]
    Drifted {
        /// `CodeSha256` on record.
        expected: String,
        /// `CodeSha256` of `$LATEST`.
        found: String,
    },
    /// The alias that the gate would move runs other code.
    #[error("its alias {alias} runs other code than $LATEST, and the gate would move it there")]
    AliasElsewhere {
        /// The alias.
        alias: String,
    },
    /// It is to be enforced, and what runs did not come by way of the gate.
    #[error("what it runs did not come by way of the gate yet")]
    NotAdopted,
}

impl Obstacle {
    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NoFunction => "check the name and the region",
            Self::OwnFunction { .. } | Self::Image => "leave it out",
            Self::OutOfScope { .. } => {
                "change TargetFunctions by an update of the stack, or leave it out"
            }
            Self::NotTagged => {
                "tag it (aws lambda tag-resource --resource FUNCTION_ARN --tags countersign:managed=true), or leave it out"
            }
            Self::Updating => "run the command again in a minute",
            Self::UpdateFailed { .. } => {
                "mend that first: update its code or configuration, and see that it ends well"
            }
            Self::UnknownState { .. } => {
                "see what Lambda says of it (aws lambda get-function-configuration), wait until it is Active, or take a \
                 newer version of countersign"
            }
            Self::Referenced => {
                "leave it out, or let Lambda have a copy first (aws lambda update-function-code without \
                 --s3-object-storage-mode); a stack with CodeStorage=reference deploys what you push to it"
            }
            Self::NoLocation => "see whether you may read its code: aws lambda get-function",
            Self::OtherCsc { .. } => {
                "if it is to have the stack's, attach that by hand (aws lambda put-function-code-signing-config), \
                 and run the command again"
            }
            Self::SignedElsewhere { .. } => {
                "push the unsigned package that it was built from: countersign push"
            }
            Self::Drifted { .. } => {
                "find out in CloudTrail who changed it; push the package that is to run, or roll back"
            }
            Self::AliasElsewhere { .. } => {
                "push the package that is to run: countersign push; or take the tag countersign:alias off first"
            }
            Self::NotAdopted => "run the command with --apply and without --enforce first",
        }
    }
}

/// What is to be done with a function, or why nothing can be.
pub fn plan_adoption(
    goal: &AdoptionGoal,
    facts: &AdoptionFacts<'_>,
) -> Result<AdoptionPlan, Obstacle> {
    let candidate = facts.candidate.ok_or(Obstacle::NoFunction)?;
    check_function(goal, facts.name, candidate)?;
    let attach = attachment(goal, facts.csc)?;
    let code = code_step(candidate, facts)?;
    if goal.enforces && code != CodeStep::Adopted {
        return Err(Obstacle::NotAdopted);
    }
    Ok(AdoptionPlan {
        attach,
        code,
        warnings: warnings(goal, candidate),
    })
}

/// What stands against a function that is no matter of its code.
pub(super) fn check_function(
    goal: &AdoptionGoal,
    name: &FunctionName,
    candidate: &AdoptionCandidate,
) -> Result<(), Obstacle> {
    if let Some(gate) = &candidate.gate {
        return Err(Obstacle::OwnFunction {
            stack: gate.stack.clone(),
        });
    }
    let out_of_scope = |pattern: &&NamePattern| !pattern.matches(name.as_str());
    if let Some(pattern) = goal.scope.as_ref().filter(out_of_scope) {
        return Err(Obstacle::OutOfScope {
            pattern: pattern.to_string(),
        });
    }
    if goal.requires_managed_tag && !is_managed(&candidate.function.tags) {
        return Err(Obstacle::NotTagged);
    }
    if candidate.function.is_image {
        return Err(Obstacle::Image);
    }
    match &candidate.function.update {
        UpdateStatus::Successful => {}
        UpdateStatus::InProgress => return Err(Obstacle::Updating),
        UpdateStatus::Failed { reason } => {
            return Err(Obstacle::UpdateFailed {
                reason: reason.clone(),
            });
        }
        UpdateStatus::Unknown { what } => {
            return Err(Obstacle::UnknownState { what: what.clone() });
        }
    }
    if candidate.is_referenced {
        return Err(Obstacle::Referenced);
    }
    Ok(())
}

/// The configuration that has to be attached, if one has.
fn attachment(goal: &AdoptionGoal, now: &FunctionCsc) -> Result<Option<CscArn>, Obstacle> {
    let first = goal.first.as_ref().unwrap_or(&goal.csc);
    let wanted = if goal.enforces { &goal.csc } else { first };
    match now {
        FunctionCsc::NoFunction => Err(Obstacle::NoFunction),
        FunctionCsc::NoneAttached => Ok(Some(wanted.clone())),
        FunctionCsc::Attached(csc) if csc == wanted => Ok(None),
        // The way leads from the first to the last, and not back.
        FunctionCsc::Attached(csc) if *csc == goal.csc => Ok(None),
        FunctionCsc::Attached(csc) if Some(csc) == goal.first.as_ref() => Ok(Some(wanted.clone())),
        FunctionCsc::Attached(csc) => Err(Obstacle::OtherCsc { csc: csc.clone() }),
    }
}

fn code_step(
    candidate: &AdoptionCandidate,
    facts: &AdoptionFacts<'_>,
) -> Result<CodeStep, Obstacle> {
    let code = &candidate.function.code;
    let on_its_way = facts.newest.filter(|newest| newest.outcome.is_none());
    if let Some(newest) = on_its_way {
        return Ok(CodeStep::Follow {
            label: newest.label.clone(),
        });
    }
    if let Some(live) = facts.live {
        let expected = &live.deployed.code_sha256;
        if *expected == code.sha256 {
            return Ok(CodeStep::Adopted);
        }
        return Err(Obstacle::Drifted {
            expected: expected.clone(),
            found: code.sha256.clone(),
        });
    }
    if let Some(signer) = &code.profile_version_arn {
        return Err(Obstacle::SignedElsewhere {
            signer: signer.clone(),
        });
    }
    if let Some((alias, sha256)) = facts.alias
        && sha256 != code.sha256
    {
        return Err(Obstacle::AliasElsewhere {
            alias: alias.to_owned(),
        });
    }
    if candidate.location.is_none() {
        return Err(Obstacle::NoLocation);
    }
    Ok(CodeStep::Sign)
}

fn warnings(goal: &AdoptionGoal, candidate: &AdoptionCandidate) -> Vec<String> {
    let mut warnings = Vec::new();
    if !candidate.unsigned_layers.is_empty() {
        let layers = candidate.unsigned_layers.join(", ");
        let when = if goal.enforces {
            "is refused"
        } else {
            "will be refused once the configuration enforces"
        };
        warnings.push(format!(
            "layers that are not signed: {layers}; Lambda judges layers when the function's configuration is \
             changed, and such a change {when}: upload them as layers/NAME.zip, and attach the signed versions"
        ));
    }
    if candidate.function.kms_key_arn.is_some() {
        warnings.push(
            "its code is under a KMS key of yours: the gate's roles need access to it (docs/deploying.md)".to_owned(),
        );
    }
    warnings
}
