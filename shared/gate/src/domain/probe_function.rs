//! The function that the daily probe is for.

use super::{arn::Arn, names::FunctionName};

/// A function that is not there, with the account and region that it would be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeFunction {
    /// The region.
    pub region: String,
    /// The account: 12 digits.
    pub account: String,
    /// Its name.
    pub name: FunctionName,
}

impl ProbeFunction {
    /// Reads `arn:<partition>:lambda:<region>:<account>:function:<name>`; `None` for anything else, also for an ARN
    /// with a version or an alias.
    #[must_use]
    pub fn parse(arn: &str) -> Option<Self> {
        let Arn {
            service: "lambda",
            region,
            account,
            resource,
            ..
        } = Arn::parse(arn)?
        else {
            return None;
        };
        let name = resource.strip_prefix("function:")?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if region.is_empty() || !is_account {
            return None;
        }
        Some(Self {
            region: region.to_owned(),
            account: account.to_owned(),
            name: FunctionName::parse(name).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_tells_region_account_and_name() {
        let arn = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:countersign-probe";
        let probe = ProbeFunction::parse(arn).unwrap();
        assert_eq!(probe.region, "us-gov-west-1");
        assert_eq!(probe.account, "111122223333");
        assert_eq!(probe.name.as_str(), "countersign-probe");
        for wrong in [
            "",
            "countersign-probe",
            "arn:aws:lambda:eu-west-1:111122223333:function:probe:1",
            "arn:aws:lambda:eu-west-1:111122223333:layer:probe",
            "arn:aws:lambda:eu-west-1:11112222333:function:probe",
            "arn:aws:lambda::111122223333:function:probe",
            "arn:aws:lambda:eu-west-1:111122223333:function:pro be",
        ] {
            assert_eq!(ProbeFunction::parse(wrong), None, "{wrong}");
        }
    }
}
