//! Whether a function was put into the gate's hands by its tag, where the stack demands that of every function.

use super::ending::{EarlyExit, OutcomeDraft};
use crate::{
    domain::{MANAGED_TAG, ReasonCode, is_managed},
    ports::Function,
};

/// Refuses a function without the tag. The gate's role has no right to change it; asking would only be denied.
pub(crate) fn check_managed(is_required: bool, function: &Function) -> Result<(), EarlyExit> {
    if !is_required || is_managed(&function.tags) {
        return Ok(());
    }
    let message = match function.tags.get(MANAGED_TAG) {
        Some(value) => format!(
            "the tag {MANAGED_TAG} of {} is {value:?}, and this stack deploys only where it is \"true\"",
            function.arn
        ),
        None => format!(
            "{} has no tag {MANAGED_TAG}, and this stack deploys only where it is \"true\"",
            function.arn
        ),
    };
    let fix = format!(
        "Whoever administers the function tags it, and uploads again: aws lambda tag-resource --resource {} --tags {MANAGED_TAG}=true",
        function.arn
    );
    Err(OutcomeDraft {
        fix: Some(fix),
        ..OutcomeDraft::rejected(ReasonCode::TargetNotManaged, message)
    }
    .into())
}
