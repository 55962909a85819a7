//! Lists of code signing configurations and of their functions, page by page.

use std::collections::BTreeSet;

use countersign_gate::{
    domain::{Csc, CscArn},
    ports::{FunctionInventory as _, Pages},
};

use crate::{aws::session::Session, io::error::CliError};

const LIST_CSCS: &str = "lambda:ListCodeSigningConfigs";
const LIST_FUNCTIONS_OF_CSC: &str = "lambda:ListFunctionsByCodeSigningConfig";

/// All configurations of the account and region.
pub(crate) async fn configurations(session: &Session) -> Result<Vec<Csc>, CliError> {
    let mut found = Vec::new();
    let mut pages = Pages::of(LIST_CSCS);
    while pages.has_next() {
        let page = session.lambda.list_cscs(pages.marker()).await;
        let items = page.and_then(|page| pages.take_items(page));
        found.extend(items.map_err(|error| {
            session.failed_lambda_call("list the code signing configurations", LIST_CSCS, &error)
        })?);
    }
    Ok(found)
}

/// The names of the functions of a configuration, in order.
pub(crate) async fn functions_of(
    session: &Session,
    csc: &CscArn,
) -> Result<BTreeSet<String>, CliError> {
    let mut found = BTreeSet::new();
    let mut pages = Pages::of(LIST_FUNCTIONS_OF_CSC);
    while pages.has_next() {
        let page = session.lambda.functions_of_csc(csc, pages.marker()).await;
        let items = page.and_then(|page| pages.take_items(page));
        found.extend(items.map_err(|error| {
            let what = format!("list the functions of {csc}");
            session.failed_lambda_call(&what, LIST_FUNCTIONS_OF_CSC, &error)
        })?);
    }
    Ok(found)
}
