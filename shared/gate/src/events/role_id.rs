//! A role, by what makes it one.

use crate::domain::Arn;

/// What makes a role one role: a name is unique within an account whatever the path before it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleId {
    partition: String,
    account: String,
    name: String,
}

impl RoleId {
    /// Reads `arn:<partition>:iam::<account>:role/<path><name>`.
    #[must_use]
    pub fn of_role(arn: &str) -> Option<Self> {
        let arn = Arn::parse(arn).filter(|arn| arn.region.is_empty())?;
        let resource = arn.only_resource_of("iam")?;
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        let is_whole = !arn.partition.is_empty() && !arn.account.is_empty() && !name.is_empty();
        is_whole.then(|| Self {
            partition: arn.partition.to_owned(),
            account: arn.account.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Patterns of its ARN, without a path and with one.
    #[must_use]
    pub fn arns(&self) -> [String; 2] {
        let Self {
            partition,
            account,
            name,
        } = self;
        ["", "*/"].map(|path| format!("arn:{partition}:iam::{account}:role/{path}{name}"))
    }

    /// A pattern of the ARNs of its sessions.
    #[must_use]
    pub fn sessions(&self) -> String {
        let Self {
            partition,
            account,
            name,
        } = self;
        format!("arn:{partition}:sts::{account}:assumed-role/{name}/*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_is_itself_whatever_its_path() {
        let id = |arn| RoleId::of_role(arn);
        assert_eq!(
            id("arn:aws:iam::1:role/a/b/Gate"),
            id("arn:aws:iam::1:role/Gate")
        );
        assert_ne!(
            id("arn:aws:iam::1:role/Gate"),
            id("arn:aws:iam::2:role/Gate")
        );
        assert_ne!(
            id("arn:aws:iam::1:role/Gate"),
            id("arn:aws:iam::1:role/Gate2")
        );
        for wrong in [
            "",
            "Gate",
            "arn:aws:iam::1:user/Gate",
            "arn:aws:iam::1:role/",
            "arn:aws:iam:::role/x",
        ] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }
}
