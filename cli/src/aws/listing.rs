//! Lists of code signing configurations and of their functions, page by page.

use std::collections::BTreeSet;

use countersign_gate::{
    domain::{Csc, CscArn},
    ports::{FunctionInventory as _, ListingPage, Pages, PortError},
};

use crate::{aws::session::Session, io::error::CliError};

/// All configurations of the account and region.
pub(crate) async fn configurations(session: &Session) -> Result<Vec<Csc>, CliError> {
    let mut found = Vec::new();
    let mut pages = Pages::default();
    while pages.has_next() {
        let page = session.lambda.list_cscs(pages.marker()).await;
        let page = page.map_err(|error| {
            let action = "lambda:ListCodeSigningConfigs";
            session.failed_lambda_call("list the code signing configurations", action, &error)
        })?;
        found.extend(pages.take_items(page));
    }
    Ok(found)
}

/// The names of the functions of a configuration, in order.
pub(crate) async fn functions_of(
    session: &Session,
    csc: &CscArn,
) -> Result<BTreeSet<String>, CliError> {
    let mut found = BTreeSet::new();
    let mut pages = Pages::default();
    while pages.has_next() {
        let page = session.lambda.functions_of_csc(csc, pages.marker()).await;
        let page: ListingPage<String> = page.map_err(|error: PortError| {
            let action = "lambda:ListFunctionsByCodeSigningConfig";
            session.failed_lambda_call(&format!("list the functions of {csc}"), action, &error)
        })?;
        found.extend(pages.take_items(page));
    }
    Ok(found)
}
