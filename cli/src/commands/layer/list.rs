//! Which functions use which layers, and what Enforce says to each.

use std::{collections::BTreeMap, time::Duration};

use countersign_gate::{
    domain::{AttachedLayer, Csc, CscArn},
    ports::{Adoption as _, Functions as _, LayerUser, Pages},
};

use super::report::{EnforceAnswer, LayerRow, ListReport, UserRow};
use crate::{
    aws::{
        listing::{configurations, functions_of},
        session::Session,
    },
    following::reporter::Reporter,
    io::error::CliError,
};

/// Looks at all functions. Listings alone: a call for 50 functions, and one for each configuration.
pub(super) async fn list(
    session: &Session,
    default: Option<&CscArn>,
    reporter: &Reporter,
) -> Result<ListReport, CliError> {
    let default = match default {
        Some(arn) => Some(configuration(session, arn).await?),
        None => None,
    };
    reporter.wait("listing code signing configurations", Duration::ZERO);
    let mut configuration_of: BTreeMap<String, Csc> = BTreeMap::new();
    for csc in configurations(session).await? {
        let Some(arn) = csc.arn() else { continue };
        for function in functions_of(session, arn).await? {
            configuration_of.insert(function, csc.clone());
        }
    }
    let users = users(session, reporter).await?;
    reporter.done();
    let functions_total = users.len();
    let mut functions: Vec<UserRow> = users
        .into_iter()
        .filter(|user| !user.layers.is_empty())
        .map(|user| {
            let own = configuration_of.get(&user.function);
            row(user, own.or(default.as_ref()), own.is_some())
        })
        .collect();
    functions.sort_by(|a, b| a.function.cmp(&b.function));
    Ok(ListReport {
        functions,
        functions_total,
    })
}

async fn configuration(session: &Session, arn: &CscArn) -> Result<Csc, CliError> {
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

async fn users(session: &Session, reporter: &Reporter) -> Result<Vec<LayerUser>, CliError> {
    let mut found = Vec::new();
    let mut pages = Pages::of("lambda:ListFunctions");
    while pages.has_next() {
        reporter.wait(
            &format!("listing functions, {} so far", found.len()),
            Duration::ZERO,
        );
        let page = session.lambda.list_layer_users(pages.marker()).await;
        let items = page.and_then(|page| pages.take_items(page));
        let items = items.map_err(|error| {
            session.failed_lambda_call("list the functions", "lambda:ListFunctions", &error)
        })?;
        found.extend(items);
    }
    Ok(found)
}

fn row(user: LayerUser, csc: Option<&Csc>, is_attached: bool) -> UserRow {
    UserRow {
        function: user.function,
        csc: csc.and_then(Csc::arn).map(ToString::to_string),
        policy: csc.map(Csc::policy),
        is_attached,
        layers: user
            .layers
            .into_iter()
            .map(|layer| layer_row(layer, csc))
            .collect(),
    }
}

fn layer_row(layer: AttachedLayer, csc: Option<&Csc>) -> LayerRow {
    let why = csc.and_then(|csc| layer.doubt_under(csc));
    let enforce = match (csc, &why) {
        (None, _) => EnforceAnswer::NoConfiguration,
        (Some(_), None) => EnforceAnswer::Takes,
        (Some(_), Some(_)) => EnforceAnswer::Refuses,
    };
    LayerRow {
        account: layer.account().map(str::to_owned),
        arn: layer.arn,
        signing_profile_version: layer.profile_version_arn,
        signing_job: layer.job_arn,
        enforce,
        why,
    }
}
