//! Where the account is, for forms that want to know it. The posture has it in the ARNs of the configurations.

use countersign_gate::{client::audit::Audit, domain::Arn};

use crate::io::error::CliError;

/// Partition, region and account.
pub(super) struct Place {
    pub(super) partition: String,
    pub(super) region: String,
    pub(super) account: String,
}

/// Of the first configuration, as every stack has one.
pub(super) fn place(audit: &Audit) -> Result<Place, CliError> {
    let of_arn = |arn: &str| {
        let arn = Arn::parse(arn).filter(|arn| !arn.account.is_empty())?;
        Some(Place {
            partition: arn.partition.to_owned(),
            region: arn.region.to_owned(),
            account: arn.account.to_owned(),
        })
    };
    let mut configurations = audit.configurations.iter();
    configurations
        .find_map(|csc| of_arn(&csc.arn))
        .ok_or_else(|| {
            CliError::new(
                "the last sweep saw no code signing configuration, so that the account is not known",
                "choose another --format, or see with `countersign doctor` why the stack's configuration is gone",
            )
        })
}

impl Place {
    /// The type of a subject as AWS Config and OCSF call it, and its ARN.
    pub(super) fn resource(&self, subject: &str) -> (Kind, String) {
        let Self {
            partition,
            region,
            account,
        } = self;
        let arn = |kind: &str, name: &str| {
            format!("arn:{partition}:lambda:{region}:{account}:{kind}:{name}")
        };
        if let Some(name) = subject.strip_prefix("functions/") {
            (Kind::Function, arn("function", name))
        } else if let Some(name) = subject.strip_prefix("layers/") {
            (Kind::Layer, arn("layer", name))
        } else if let Some((_, resource)) = subject.split_once(":iam::") {
            let kind = match resource.split_once(':') {
                Some((_, name)) if name.starts_with("user/") => Kind::User,
                Some((_, name)) if name.starts_with("group/") => Kind::Group,
                _ => Kind::Role,
            };
            (kind, subject.to_owned())
        } else {
            (Kind::Configuration, subject.to_owned())
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Layer,
    Configuration,
    User,
    Group,
    Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_have_arns() {
        let place = Place {
            partition: "aws-cn".to_owned(),
            region: "cn-north-1".to_owned(),
            account: "111122223333".to_owned(),
        };
        for (subject, kind, arn) in [
            (
                "functions/shop",
                Kind::Function,
                "arn:aws-cn:lambda:cn-north-1:111122223333:function:shop",
            ),
            (
                "layers/tls",
                Kind::Layer,
                "arn:aws-cn:lambda:cn-north-1:111122223333:layer:tls",
            ),
            ("arn:x", Kind::Configuration, "arn:x"),
            (
                "arn:aws:iam::111122223333:role/a/b",
                Kind::Role,
                "arn:aws:iam::111122223333:role/a/b",
            ),
            (
                "arn:aws:iam::111122223333:user/ann",
                Kind::User,
                "arn:aws:iam::111122223333:user/ann",
            ),
            (
                "arn:aws:iam::111122223333:group/ops",
                Kind::Group,
                "arn:aws:iam::111122223333:group/ops",
            ),
        ] {
            assert_eq!(place.resource(subject), (kind, arn.to_owned()));
        }
    }
}
