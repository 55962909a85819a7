//! Who may change whom Lambda trusts, by a wildcard: a right that nobody may have meant to give.
//!
//! It is the paper that is read. Denials, boundaries, service control policies and conditions may take the right away
//! again, and a role may be out of everybody's reach; `iam:SimulatePrincipalPolicy` tells of one principal.

use serde::{Deserialize, de::IgnoredAny};

use crate::ports::{AccessPolicy, Principal};

/// The calls that change whom Lambda trusts (service model, grade A).
const CSC_CHANGES: [&str; 4] = [
    "lambda:updatecodesigningconfig",
    "lambda:deletecodesigningconfig",
    "lambda:putfunctioncodesigningconfig",
    "lambda:deletefunctioncodesigningconfig",
];

/// How far a wildcard reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Into some of the account: `lambda:*`, `lambda:Update*`.
    Lambda,
    /// Everything: an administrator.
    Everything,
    /// The policy was not handed out, or is none: what it allows is not known.
    NotKnown,
}

/// A right by wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WildcardRight {
    pub(super) reach: Reach,
    /// The policy, and the action as it stands there.
    pub(super) message: String,
}

/// The widest right of a principal to change whom Lambda trusts, if it has one by a wildcard.
pub(super) fn wildcard_right(principal: &Principal) -> Option<WildcardRight> {
    let rights = principal.policies.iter().filter_map(right_of);
    let known = |right: &WildcardRight| right.reach != Reach::NotKnown;
    let (known, unknown): (Vec<_>, Vec<_>) = rights.partition(known);
    known
        .into_iter()
        .max_by_key(|right| right.reach)
        .or_else(|| unknown.into_iter().next())
}

fn right_of(policy: &AccessPolicy) -> Option<WildcardRight> {
    let name = &policy.name;
    let Ok(document) = serde_json::from_str::<Document>(&policy.document) else {
        return Some(WildcardRight {
            reach: Reach::NotKnown,
            message: format!("its policy {name} could not be read"),
        });
    };
    let allowing = document.statement.into_iter();
    let allowing = allowing.filter(|statement| statement.effect == "Allow");
    let rights = allowing.filter_map(|statement| {
        let (reach, action) = statement.widest()?;
        let condition = if statement.condition.is_some() {
            ", under a condition"
        } else {
            ""
        };
        Some(WildcardRight {
            reach,
            message: format!("its policy {name} allows {action}{condition}"),
        })
    });
    rights.max_by_key(|right| right.reach)
}

/// A policy document (IAM's reference of policy elements, grade B).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    statement: OneOrMany<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: String,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    condition: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_iter(self) -> impl Iterator<Item = T> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), Vec::new()),
            Self::Many(many) => (None, many),
        };
        one.into_iter().chain(many)
    }

    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Statement {
    /// The widest wildcard that takes one of these calls in, and how it is written.
    fn widest(&self) -> Option<(Reach, String)> {
        let actions = self.action.iter().flat_map(OneOrMany::as_slice);
        let wildcards = actions.filter(|action| action.contains(['*', '?']));
        let by_action = wildcards.filter_map(|action| {
            let lower = action.to_ascii_lowercase();
            let takes_in = CSC_CHANGES.iter().any(|call| is_match(&lower, call));
            let reach = if lower.contains(':') && !lower.starts_with('*') {
                Reach::Lambda
            } else {
                Reach::Everything
            };
            takes_in.then(|| (reach, action.clone()))
        });
        let but = self.not_action.as_ref().and_then(|but| {
            let patterns: Vec<String> = but
                .as_slice()
                .iter()
                .map(|it| it.to_ascii_lowercase())
                .collect();
            let is_left_out = |call: &str| patterns.iter().any(|pattern| is_match(pattern, call));
            let takes_in = !CSC_CHANGES.iter().all(|call| is_left_out(call));
            takes_in.then(|| {
                (
                    Reach::Everything,
                    format!("all but {}", but.as_slice().join(", ")),
                )
            })
        });
        by_action.chain(but).max_by_key(|(reach, _)| *reach)
    }
}

/// Whether a pattern of IAM takes a text in: `*` is any number of characters, `?` is one.
fn is_match(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut place) = (0_usize, 0_usize);
    // Where to go on when what follows the last star does not fit: one character further.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(character) = text.get(place) {
        match pattern.get(at) {
            Some(b'*') => {
                at = at.saturating_add(1);
                retry = Some((at, place));
            }
            Some(wanted) if *wanted == b'?' || wanted == character => {
                at = at.saturating_add(1);
                place = place.saturating_add(1);
            }
            _ => {
                let Some((star, from)) = retry else {
                    return false;
                };
                let from = from.saturating_add(1);
                retry = Some((star, from));
                (at, place) = (star, from);
            }
        }
    }
    let rest = pattern.get(at..).unwrap_or_default();
    rest.iter().all(|wanted| *wanted == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn right(documents: &[Value]) -> Option<WildcardRight> {
        let policies = documents.iter().map(|document| AccessPolicy {
            name: "p".to_owned(),
            document: document.to_string(),
        });
        wildcard_right(&Principal {
            arn: "arn:aws:iam::111122223333:role/r".to_owned(),
            policies: policies.collect(),
        })
    }

    fn reach(statement: &Value) -> Option<Reach> {
        right(&[json!({"Version": "2012-10-17", "Statement": statement})]).map(|right| right.reach)
    }

    #[test]
    fn wildcards_over_code_signing_are_found_and_nothing_else() {
        let allow = |action: Value| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        for (action, expected) in [
            (json!("lambda:*"), Some(Reach::Lambda)),
            (json!("Lambda:update*"), Some(Reach::Lambda)),
            (json!("lambda:*CodeSigningConfig"), Some(Reach::Lambda)),
            (
                json!("lambda:DeleteFunctionCodeSigningConfi?"),
                Some(Reach::Lambda),
            ),
            (json!(["s3:*", "lambda:Put*"]), Some(Reach::Lambda)),
            (json!("*"), Some(Reach::Everything)),
            (json!("*:*"), Some(Reach::Everything)),
            (json!("lambda:UpdateCodeSigningConfig"), None),
            (json!("lambda:Get*"), None),
            (json!("lambda:Update*Alias"), None),
            (json!("s3:*"), None),
            (json!("lambdas:*"), None),
        ] {
            assert_eq!(reach(&allow(action.clone())), expected, "{action}");
            assert_eq!(reach(&json!([allow(action.clone())])), expected, "{action}");
            let deny = json!({"Effect": "Deny", "Action": action, "Resource": "*"});
            assert_eq!(reach(&deny), None, "{action}");
        }
    }

    #[test]
    fn everything_but_something_is_everything() {
        let allow = |but: Value| json!({"Effect": "Allow", "NotAction": but, "Resource": "*"});
        assert_eq!(reach(&allow(json!("iam:*"))), Some(Reach::Everything));
        assert_eq!(
            reach(&allow(json!(["iam:*", "lambda:Get*"]))),
            Some(Reach::Everything)
        );
        assert_eq!(reach(&allow(json!("lambda:*"))), None);
        assert_eq!(reach(&allow(json!("*"))), None);
    }

    #[test]
    fn policy_that_cannot_be_read_is_told_unless_more_is_known() {
        let wide = json!({"Statement": {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}});
        assert_eq!(right(&[json!("")]).unwrap().reach, Reach::NotKnown);
        let both = right(&[json!(""), wide]).unwrap();
        assert_eq!(both.message, "its policy p allows lambda:*");
        let under = json!({"Statement": {"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": {}}});
        assert!(
            right(&[under])
                .unwrap()
                .message
                .ends_with("under a condition")
        );
    }

    #[test]
    fn patterns_backtrack() {
        assert!(is_match("a*b*c", "aXbYbZc"));
        assert!(is_match("**", "") && is_match("", ""));
        assert!(!is_match("a*b", "abX") && !is_match("?", ""));
        // Many stars take no more than a moment.
        assert!(!is_match(&"*a".repeat(40), &"a".repeat(39)));
    }
}
