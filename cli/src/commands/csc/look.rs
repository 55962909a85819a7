//! What Lambda, Signer and the last sweep say of configurations and their functions.

use std::collections::{BTreeMap, BTreeSet};

use countersign_gate::{
    client::{CscUser, audit::read_swept},
    domain::{Csc, CscArn, ProfileName, ProfileStatus, Target},
    ports::{FunctionInventory as _, Functions as _, Pages, Signer as _},
};
use countersign_package::ProfileVersionArn;

use crate::{
    aws::{listing::functions_of, session::Session},
    io::error::CliError,
};

/// One configuration.
pub(super) async fn configuration(session: &Session, arn: &CscArn) -> Result<Csc, CliError> {
    let found = session.lambda.csc(arn).await.map_err(|error| {
        let what = format!("read the code signing configuration {arn}");
        session.failed_lambda_call(&what, "lambda:GetCodeSigningConfig", &error)
    })?;
    found.ok_or_else(|| {
        CliError::new(
            format!("there is no code signing configuration {arn}"),
            "see which there are: countersign csc list",
        )
    })
}

/// The functions of a configuration, and who signed what they run; layers as the last sweep saw them, where there is
/// a records bucket.
pub(super) async fn users_of(
    session: &Session,
    csc: &CscArn,
    has_records: bool,
) -> Result<Vec<CscUser>, CliError> {
    let names = functions_of(session, csc).await?;
    let mut layers = if has_records {
        layer_signers(session).await?
    } else {
        BTreeMap::new()
    };
    let mut users = Vec::new();
    let mut pages = Pages::of("lambda:ListFunctions");
    while pages.has_next() {
        let page = session.lambda.list_functions(pages.marker()).await;
        let items = page.and_then(|page| pages.take_items(page));
        let items = items.map_err(|error| {
            session.failed_lambda_call("list the functions", "lambda:ListFunctions", &error)
        })?;
        for function in items {
            if names.contains(&function.name) {
                users.push(CscUser {
                    layer_signers: layers.remove(&function.name).unwrap_or_default(),
                    name: function.name,
                    signer: function.code.profile_version_arn,
                });
            }
        }
    }
    users.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(users)
}

/// Who signed the layers of functions that have a key in the uploads bucket.
async fn layer_signers(session: &Session) -> Result<BTreeMap<String, BTreeSet<String>>, CliError> {
    let swept = read_swept(&session.records)
        .await
        .map_err(|error| session.unread("the posture", &error))?;
    let targets = swept.into_iter().flat_map(|swept| swept.posture.targets);
    Ok(targets
        .filter_map(|target| match &target.target {
            Target::Function(name) => {
                let signers = target.layers.iter();
                let signers = signers.filter_map(|layer| layer.signing_profile_version.clone());
                Some((name.to_string(), signers.collect()))
            }
            Target::Layer(_) => None,
        })
        .collect())
}

/// What should be known of a publisher before it is trusted; empty when it is the current version of a profile that
/// signs.
pub(super) async fn doubts(session: &Session, publisher: &ProfileVersionArn) -> Vec<String> {
    let Ok(name) = ProfileName::parse(publisher.profile_name().to_owned()) else {
        return vec![format!("{publisher} has no name that a profile could have")];
    };
    match session.signer.profile(&name, publisher.account()).await {
        Ok(None) => vec![format!(
            "Signer knows no profile {name} of the account {}: nothing can be signed by it",
            publisher.account()
        )],
        Ok(Some(profile)) => {
            let mut doubts = Vec::new();
            match profile.status {
                ProfileStatus::Active => {}
                ProfileStatus::Canceled => {
                    doubts.push(format!(
                        "the profile {name} is canceled: it signs nothing more"
                    ));
                }
                ProfileStatus::Revoked { effective_from } => doubts.push(format!(
                    "the profile {name} is revoked from {effective_from} on"
                )),
            }
            if profile.version_arn != *publisher {
                doubts.push(format!(
                    "it is not the current version of the profile {name}, which is {}",
                    profile.version_arn
                ));
            }
            doubts
        }
        Err(error) => vec![format!(
            "how the profile {name} stands is not known: {error}"
        )],
    }
}
