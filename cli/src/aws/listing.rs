//! Lists of code signing configurations and of their functions, page by page.

use std::collections::BTreeSet;

use countersign_gate::{
    domain::{Csc, CscArn},
    ports::{FunctionInventory as _, ListingPage, PortError},
};

use crate::{aws::session::Session, io::error::CliError};

/// Pages of a listing: more than any account has.
pub(crate) const MAX_PAGES: usize = 10_000;

/// All configurations of the account and region.
pub(crate) async fn configurations(session: &Session) -> Result<Vec<Csc>, CliError> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = session.lambda.list_cscs(marker.as_deref()).await;
        let page = page.map_err(|error| {
            let action = "lambda:ListCodeSigningConfigs";
            session.failed_lambda_call("list the code signing configurations", action, &error)
        })?;
        found.extend(page.items);
        if page.next.is_none() || page.next == marker {
            break;
        }
        marker = page.next;
    }
    Ok(found)
}

/// The names of the functions of a configuration, in order.
pub(crate) async fn functions_of(
    session: &Session,
    csc: &CscArn,
) -> Result<BTreeSet<String>, CliError> {
    let mut found = BTreeSet::new();
    let mut marker: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = session
            .lambda
            .functions_of_csc(csc, marker.as_deref())
            .await;
        let page: ListingPage<String> = page.map_err(|error: PortError| {
            let action = "lambda:ListFunctionsByCodeSigningConfig";
            session.failed_lambda_call(&format!("list the functions of {csc}"), action, &error)
        })?;
        found.extend(page.items);
        if page.next.is_none() || page.next == marker {
            break;
        }
        marker = page.next;
    }
    Ok(found)
}
