//! The stack as CloudFormation names it, and where its targets are.

use super::{
    arn::Arn,
    names::{FunctionName, LayerName},
    target::Target,
};

/// `arn:<partition>:cloudformation:<region>:<account>:stack/<name>/<id>`: who verified, in what others are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackArn {
    text: String,
    partition: String,
    region: String,
    account: String,
}

impl StackArn {
    /// Reads the ARN; `None` for anything else.
    #[must_use]
    pub fn parse(arn: &str) -> Option<Self> {
        let parts = Arn::parse(arn)?;
        let stack = parts.only_resource_of("cloudformation")?;
        let Arn {
            partition,
            region,
            account,
            ..
        } = parts;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let (name, id) = stack.strip_prefix("stack/")?.split_once('/')?;
        let is_whole = [partition, region, name, id]
            .iter()
            .all(|part| !part.is_empty());
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | ':');
        if !is_account || !is_whole || id.contains('/') || !arn.chars().all(is_plain) {
            return None;
        }
        Some(Self {
            text: arn.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        })
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The ARN of a target in the stack's account and region, with its version if it has one.
    #[must_use]
    pub fn target(&self, target: &Target, version: Option<&str>) -> String {
        let (kind, name) = match target {
            Target::Function(name) => ("function", FunctionName::as_str(name)),
            Target::Layer(name) => ("layer", LayerName::as_str(name)),
        };
        let Self {
            partition,
            region,
            account,
            ..
        } = self;
        let arn = format!("arn:{partition}:lambda:{region}:{account}:{kind}:{name}");
        match version {
            Some(version) => format!("{arn}:{version}"),
            None => arn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str =
        "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/gate/5d1e0000-0000-4000";

    #[test]
    fn arn_tells_where_targets_are() {
        let stack = StackArn::parse(STACK).unwrap();
        assert_eq!(stack.as_str(), STACK);
        let function = Target::from_key("functions/orders.zip").unwrap();
        assert_eq!(
            stack.target(&function, Some("7")),
            "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:orders:7"
        );
        let layer = Target::from_key("layers/common.zip").unwrap();
        assert_eq!(
            stack.target(&layer, None),
            "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:layer:common"
        );
    }

    #[test]
    fn other_text_is_no_stack() {
        for wrong in [
            "",
            "gate",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/gate",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack//x",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/gate/x/y",
            "arn:aws:cloudformation:eu-west-1:11112222333:stack/gate/x",
            "arn:aws:cloudformation::111122223333:stack/gate/x",
            "arn:aws:lambda:eu-west-1:111122223333:stack/gate/x",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/ga te/x",
        ] {
            assert_eq!(StackArn::parse(wrong), None, "{wrong}");
        }
    }
}
