//! ARNs, taken apart in one place.

/// `arn:<partition>:<service>:<region>:<account>:<resource>`. Region and account may be empty, the resource may hold more
/// colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: &'a str,
    /// `lambda`
    pub service: &'a str,
    /// Empty for services that have none, such as IAM.
    pub region: &'a str,
    /// The number of the account.
    pub account: &'a str,
    /// What it is there: `function:orders:7`, `role/deploy`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes it apart; `None` for anything that is no ARN. Whether the parts are what they should be, its user looks.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    /// The resource of an ARN of this service that has exactly six parts.
    #[must_use]
    pub fn only_resource_of(&self, service: &str) -> Option<&'a str> {
        let is_it = self.service == service && !self.resource.contains(':');
        is_it.then_some(self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_is_taken_apart() {
        let arn =
            Arn::parse("arn:aws-cn:lambda:cn-north-1:111122223333:function:orders:7").unwrap();
        assert_eq!(
            arn,
            Arn {
                partition: "aws-cn",
                service: "lambda",
                region: "cn-north-1",
                account: "111122223333",
                resource: "function:orders:7",
            }
        );
        assert_eq!(arn.only_resource_of("lambda"), None);
        let arn = Arn::parse("arn:aws:iam::111122223333:role/a").unwrap();
        assert_eq!((arn.region, arn.resource), ("", "role/a"));
        assert_eq!(arn.only_resource_of("iam"), Some("role/a"));
        assert_eq!(arn.only_resource_of("sts"), None);
    }

    #[test]
    fn text_with_fewer_parts_is_no_arn() {
        for text in [
            "",
            "arn",
            "arn:aws:iam::111122223333",
            "orders",
            "urn:aws:iam::1:role/a",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
