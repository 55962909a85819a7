//! What a probe asks, of what, and how far its package came.

use std::time::Duration;

use countersign_package::TrustRoots;
use jiff::Timestamp;

use crate::{
    domain::{FunctionName, NamePattern, Upload},
    ports::{PortError, error_chain},
    records::{RecordError, UploadRecords},
};

/// What a probe needs of the world.
#[derive(Debug)]
pub struct ProbeWorld<'a, U, R, O, S, L, C> {
    /// The uploads bucket.
    pub uploads: &'a U,
    /// The records bucket.
    pub records: &'a R,
    /// The signed bucket.
    pub signed: &'a O,
    /// Signer.
    pub signer: &'a S,
    /// Lambda.
    pub lambda: &'a L,
    /// The time.
    pub clock: &'a C,
}

/// What a probe is about.
#[derive(Debug)]
pub struct ProbeSetup<'a> {
    /// The function that the package is uploaded for; there must be none of this name.
    pub function: &'a FunctionName,
    /// The names that the gate may deploy to; `None` when they are not known.
    pub scope: Option<&'a NamePattern>,
    /// A function that Lambda is to judge packages for, without changing it; it must be no target.
    pub dry_run_function: Option<&'a FunctionName>,
    /// The uploads bucket.
    pub uploads_bucket: &'a str,
    /// The records bucket.
    pub records_bucket: &'a str,
    /// The region.
    pub region: &'a str,
    /// The account.
    pub account: &'a str,
    /// Whom signatures may lead to.
    pub roots: &'a TrustRoots,
    /// How long the outcome is waited for.
    pub timeout: Duration,
}

/// Why nothing was probed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The gate would deploy the package to it.
    #[error("there is a function {0}: a probe is for none that is there")]
    FunctionExists(FunctionName),
    /// The gate has no right to it.
    #[error("the stack's parameter TargetFunctions is {pattern}, which leaves {function} out")]
    OutOfScope {
        /// The function.
        function: FunctionName,
        /// The pattern.
        pattern: String,
    },
    /// Something was deployed to it.
    #[error("{0} is a target: dry runs are for a function that was made for them")]
    IsTarget(FunctionName),
    /// Nothing tells this upload from others.
    #[error("the uploads bucket keeps no versions")]
    Unversioned,
    /// AWS gave no answer.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl ProbeError {
    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::FunctionExists(_) | Self::OutOfScope { .. } => {
                "give another name with --probe-name, one that TargetFunctions allows and no function has"
            }
            Self::IsTarget(_) => "give another function with --dry-run-function, or leave it away",
            Self::Unversioned => "see what countersign doctor says of the bucket",
            Self::Port(_) | Self::Record(_) => {
                "a probe takes s3:PutObject on the uploads bucket, s3:GetObject on it, the signed and the records \
                 bucket, kms:GenerateDataKey and kms:Decrypt on the stack's key, signer:DescribeSigningJob, and \
                 lambda:GetFunction"
            }
        }
    }
}

/// How far the package came.
pub(super) struct Sent {
    pub(super) package: Vec<u8>,
    pub(super) upload: Upload,
    pub(super) records: UploadRecords,
    pub(super) began_at: Timestamp,
}

/// An error in a sentence that names nobody: without ARNs, and without the digits of an account.
pub(super) fn plain_error(error: &PortError) -> String {
    let text = error_chain(error);
    let words = text.split(' ').map(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        if word.contains("arn:") || digits >= ACCOUNT_DIGITS {
            "<withheld>"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Digits of an account's id.
const ACCOUNT_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_nobody() {
        let why = "User: arn:aws:iam::111122223333:user/ann may not, in account 111122223333.";
        let error = PortError::Denied {
            call: "s3:GetObject",
            source: why.into(),
        };
        let told = plain_error(&error);
        assert_eq!(
            told,
            "s3:GetObject was denied: User: <withheld> may not, in account <withheld>"
        );
    }
}
