//! How the access of whoever made a call is taken away: the command, with the names that the event has.

use super::{
    detection::Context,
    fill::{is_plain, plain},
};
use crate::domain::Arn;

/// Denies what was signed in before now, and nothing that signs in later. `aws:TokenIssueTime`, and the name that the console
/// gives to such a policy, are those of the IAM user guide (grade B). The shell fills in the time.
const OLDER_SESSIONS: &str = "--policy-name AWSRevokeOlderSessions --policy-document \
    '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\
    \"Condition\":{\"DateLessThan\":{\"aws:TokenIssueTime\":\"'$(date -u +%FT%TZ)'\"}}}]}'";

/// Keys of a user, not of a session, begin like this (the IAM user guide, grade B).
const KEY_OF_A_USER: &str = "AKIA";

/// Roles of IAM Identity Center, which nobody but it can change (its user guide, grade B).
const OF_IDENTITY_CENTER: &str = "AWSReservedSSO_";

impl Context<'_> {
    /// What to do about the caller if nobody knows of the call; `None` where the event names nobody that a command could
    /// be about.
    pub(super) fn revocation(&self) -> Option<String> {
        let call = self.call;
        let unknown = "If nobody knows of it,";
        let key = call.access_key().and_then(plain);
        match call.identity_type()? {
            "IAMUser" => {
                let user = call.user_name().and_then(plain)?;
                Some(match key {
                    Some(key) if key.starts_with(KEY_OF_A_USER) => format!(
                        "{unknown} turn off the key that made it: aws iam update-access-key --user-name {user} \
                         --access-key-id {key} --status Inactive"
                    ),
                    _ => format!(
                        "{unknown} deny all sessions that the user has opened until now: aws iam put-user-policy --user-name {user} \
                         {OLDER_SESSIONS}"
                    ),
                })
            }
            "AssumedRole" => {
                let arn = call.role_arn()?;
                let role = arn.rsplit('/').next().filter(|role| is_plain(role))?;
                if role.starts_with(OF_IDENTITY_CENTER) {
                    return Some(format!(
                        "{unknown} end the user's sessions in IAM Identity Center, and disable the user: the role {role} \
                         can be changed there alone."
                    ));
                }
                let account = Arn::parse(&arn)
                    .map(|arn| arn.account)
                    .filter(|account| *account != call.account());
                let place = account
                    .and_then(plain)
                    .map(|account| format!(", in the account {account}"))
                    .unwrap_or_default();
                Some(format!(
                    "{unknown} deny all sessions that the role has opened until now{place}: aws iam put-role-policy --role-name {role} \
                     {OLDER_SESSIONS}"
                ))
            }
            "Root" => Some(format!(
                "{unknown} the account's root is in other hands: as root, change its password and second factor, and delete \
                 its access keys."
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::*;
    use serde_json::{Value, json};

    fn first_step(identity: Value) -> String {
        let event = event(
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "orders"}),
        );
        let page = page(&with(&event, "userIdentity", identity));
        let ask = |step: &&String| step.starts_with("Ask whoever made the call. ");
        page.next_steps.iter().find(ask).unwrap().clone()
    }

    #[test]
    fn key_of_a_user_is_turned_off_by_its_id() {
        let arn = "arn:aws:iam::111122223333:user/team/ann";
        let user =
            json!({"type": "IAMUser", "arn": arn, "userName": "ann", "accessKeyId": "AKIAEXAMPLE"});
        assert!(first_step(user).ends_with(
            "aws iam update-access-key --user-name ann --access-key-id AKIAEXAMPLE --status Inactive"
        ));
    }

    #[test]
    fn sessions_are_denied_where_there_is_no_key_to_turn_off() {
        let arn = "arn:aws:iam::111122223333:user/ann";
        for key in [json!("ASIAEXAMPLE"), Value::Null] {
            let step = first_step(
                json!({"type": "IAMUser", "arn": arn, "userName": "ann", "accessKeyId": key}),
            );
            assert!(
                step.contains("aws iam put-user-policy --user-name ann --policy-name"),
                "{step}"
            );
        }
        let role = |account: &str, name: &str| {
            let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/somebody");
            first_step(json!({"type": "AssumedRole", "arn": arn, "accessKeyId": "ASIAEXAMPLE"}))
        };
        let step = role("111122223333", "Developer");
        assert!(
            step.contains("has opened until now: aws iam put-role-policy --role-name Developer "),
            "{step}"
        );
        assert!(
            step.ends_with(r#"{"DateLessThan":{"aws:TokenIssueTime":"'$(date -u +%FT%TZ)'"}}}]}'"#),
            "{step}"
        );
        assert!(
            role("444455556666", "Developer").contains(", in the account 444455556666: aws iam")
        );
        let step = role("111122223333", "AWSReservedSSO_Admin_0123456789abcdef");
        assert!(
            step.contains("IAM Identity Center") && !step.contains("aws iam"),
            "{step}"
        );
    }

    /// Whoever chooses a name must not choose what is pasted into a shell.
    #[test]
    fn caller_without_a_plain_name_gets_no_command() {
        for identity in [
            json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/x", "userName": "x; curl evil", "accessKeyId": "AKIAEXAMPLE"}),
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/a$(id)/s"}),
            json!({"type": "AWSService", "invokedBy": "x.amazonaws.com"}),
            json!({}),
        ] {
            assert_eq!(
                first_step(identity),
                "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it."
            );
        }
    }
}
