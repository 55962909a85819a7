//! Who uploaded, as a person.

use crate::domain::{Person, PersonalRoles};

/// The person who uploaded, or why that is not known.
pub(super) fn person_who_uploaded(
    principal: Option<&str>,
    personal_roles: &PersonalRoles,
) -> Result<Person, String> {
    match principal {
        Some(principal) => {
            let person = personal_roles.person(principal);
            person.map_err(|error| format!("the notification of the upload names {error}"))
        }
        None => Err("the notification of the upload was lost, or named nobody".to_owned()),
    }
}
