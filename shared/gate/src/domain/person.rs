//! Who did something, as a person and not as a session.
//!
//! S3's notification names a principal by its unique id (grade B): `AWS:AIDA…` a user of IAM, `AWS:AROA…:session` a session
//! of a role. A session's name is chosen by whoever takes the role, unless something else sets it: so all sessions of a
//! role are one person, except of roles that the operator names, because a service sets the name there (IAM Identity
//! Center sets its users' names; grade D).
//!
//! What this cannot tell: one human who has a user and a role, or two roles, is two persons here.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// Somebody, in one spelling: two are the same person where they are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person(String);

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a principal is nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{principal:?} is neither a user of IAM (AWS:AIDA…) nor a session of a role (AWS:AROA…:NAME)"
)]
pub struct PrincipalError {
    principal: String,
}

/// The roles whose sessions have the names of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<String>", into = "BTreeSet<String>")]
pub struct PersonalRoles(BTreeSet<String>);

impl TryFrom<BTreeSet<String>> for PersonalRoles {
    type Error = String;

    fn try_from(ids: BTreeSet<String>) -> Result<Self, String> {
        match ids.iter().find(|id| !is_id(id, "AROA")) {
            Some(id) => Err(no_role_id(id)),
            None => Ok(Self(ids)),
        }
    }
}

impl From<PersonalRoles> for BTreeSet<String> {
    fn from(roles: PersonalRoles) -> Self {
        roles.0
    }
}

impl PersonalRoles {
    /// Reads unique ids of roles, separated by commas.
    ///
    /// # Errors
    ///
    /// One of them is no such id: it begins with `AROA`, then letters in upper case and digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .map(|id| {
                if is_id(id, "AROA") {
                    Ok(id.to_owned())
                } else {
                    Err(no_role_id(id))
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The person behind a principal.
    ///
    /// # Errors
    ///
    /// The principal is no user and no session of a role: an account, a service, or something that is not known.
    pub fn person(&self, principal: &str) -> Result<Person, PrincipalError> {
        let id = principal.strip_prefix("AWS:").unwrap_or(principal);
        if is_id(id, "AIDA") {
            return Ok(Person(id.to_owned()));
        }
        match id.split_once(':') {
            Some((role, session)) if is_id(role, "AROA") && !session.is_empty() => {
                // A trust policy may compare names without regard to case, and then two spellings are one person.
                let is_personal = self.0.contains(role);
                let session = session.to_lowercase();
                Ok(Person(if is_personal {
                    format!("{role}:{session}")
                } else {
                    role.to_owned()
                }))
            }
            _ => Err(PrincipalError {
                principal: principal.to_owned(),
            }),
        }
    }
}

fn no_role_id(id: &str) -> String {
    format!("{id:?} is not the unique id of a role, AROA…, which IAM calls RoleId")
}

/// A unique id of IAM: its prefix tells what it is of (grade B), then 8 to 124 letters in upper case and digits.
fn is_id(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    let is_allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (8..=124).contains(&rest.len()) && rest.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "AROAEXAMPLEROLEID0000";

    fn person(roles: &PersonalRoles, principal: &str) -> String {
        roles.person(principal).unwrap().to_string()
    }

    #[test]
    fn sessions_of_a_role_are_one_person_unless_a_service_names_them() {
        let nobody = PersonalRoles::default();
        let ann = format!("AWS:{ROLE}:ann@example.org");
        let bob = format!("AWS:{ROLE}:bob@example.org");
        assert_eq!(person(&nobody, &ann), person(&nobody, &bob));
        let named = PersonalRoles::parse(ROLE).unwrap();
        assert_ne!(person(&named, &ann), person(&named, &bob));
        let loud = format!("AWS:{ROLE}:Ann@Example.org");
        assert_eq!(person(&named, &ann), person(&named, &loud));
        let other = PersonalRoles::parse("AROAEXAMPLEROLEID0001").unwrap();
        assert_eq!(person(&other, &ann), person(&other, &bob));
    }

    #[test]
    fn users_are_people() {
        let roles = PersonalRoles::default();
        assert_eq!(
            person(&roles, "AWS:AIDAEXAMPLEUSERID0000"),
            person(&roles, "AIDAEXAMPLEUSERID0000")
        );
    }

    #[test]
    fn principal_without_a_person_is_nobody() {
        for principal in [
            "",
            "111122223333",
            "AWS:111122223333",
            "AWS:111122223333:ann",
            "signer.amazonaws.com",
            "A3NL1KOZZKExample",
            "AWS:AROAEXAMPLEROLEID0000",
            "AWS:AROAEXAMPLEROLEID0000:",
            "AWS:AROA:ann",
            "AWS:AIDAEXAMPLEUSERID0000:ann",
        ] {
            assert!(
                PersonalRoles::default().person(principal).is_err(),
                "{principal}"
            );
        }
    }

    #[test]
    fn roles_are_given_by_their_unique_ids() {
        let two = "AROAEXAMPLEROLEID0000, AROAEXAMPLEROLEID0001";
        assert_eq!(PersonalRoles::parse(two).unwrap().0.len(), 2);
        for bad in [
            "",
            "arn:aws:iam::111122223333:role/x",
            "AIDAEXAMPLEUSERID0000",
            "AROA1,",
        ] {
            assert!(PersonalRoles::parse(bad).is_err(), "{bad}");
        }
    }
}
