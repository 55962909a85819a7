//! What a change of a code signing configuration does: what it would let in, whom it would lock out, and how one
//! publisher takes the place of another without a gap.
//!
//! What runs goes on running whatever is changed: Lambda judges a package when it is deployed, and a layer when a
//! function's configuration is changed.

use std::collections::BTreeSet;

use countersign_package::ProfileVersionArn;
use serde::Serialize;

use crate::domain::Csc;

/// Publishers of a configuration, at most (`AllowedPublishers`, grade A).
pub const MAX_PUBLISHERS: usize = 20;

/// A function of a configuration, and who signed what it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CscUser {
    /// Its name.
    pub name: String,
    /// Who signed its code; `None` when nobody did.
    pub signer: Option<String>,
    /// Who signed its layers, as far as that is known.
    pub layer_signers: BTreeSet<String>,
}

/// A change of the publishers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChange {
    /// One more may sign.
    Add(ProfileVersionArn),
    /// One may sign no more.
    Remove(ProfileVersionArn),
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustPlan {
    /// The publishers afterwards.
    pub publishers: BTreeSet<String>,
    /// Functions that run what would not be let in again today, and would be afterwards.
    pub let_in: Vec<String>,
    /// Functions that run what would be let in again today, and would not be afterwards.
    pub locked_out: Vec<String>,
}

/// Why the publishers cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustObstacle {
    /// There is nothing to add.
    #[error("it is a publisher of the configuration already")]
    AlreadyThere,
    /// There is nothing to remove.
    #[error("it is no publisher of the configuration")]
    NotThere,
    /// A configuration has at least one.
    #[error("it is the only publisher of the configuration, and a configuration has at least one")]
    OnlyOne,
    /// A configuration has at most [`MAX_PUBLISHERS`].
    #[error("the configuration has {MAX_PUBLISHERS} publishers, which is as many as it can have")]
    TooMany,
    /// Both are the same one.
    #[error("the old and the new publisher are the same")]
    Same,
}

/// The next step on the way from one publisher to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The new one has to be trusted before anything is signed by it.
    Add(TrustPlan),
    /// These still run what the old one signed: they have to be deployed again, signed by the new one.
    Wait(Vec<String>),
    /// Nothing runs that the old one signed: it can go.
    Remove(TrustPlan),
    /// The new one is trusted, and the old one is not.
    Done,
}

impl TrustObstacle {
    /// What to do.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::AlreadyThere | Self::NotThere => {
                "there is nothing to do; countersign csc list shows the publishers"
            }
            Self::OnlyOne => "add the one that is to take its place first, or use csc rotate",
            Self::TooMany => {
                "remove one that signed nothing that runs: countersign audit tells (PUBLISHER_IDLE)"
            }
            Self::Same => "give the version of the new profile with --to",
        }
    }
}

/// What a change of the publishers does to the functions of the configuration.
pub fn plan_trust(
    csc: &Csc,
    change: &TrustChange,
    users: &[CscUser],
) -> Result<TrustPlan, TrustObstacle> {
    let before: BTreeSet<String> = csc.publishers().map(str::to_owned).collect();
    let mut after = before.clone();
    match change {
        TrustChange::Add(publisher) => {
            if !after.insert(publisher.to_string()) {
                return Err(TrustObstacle::AlreadyThere);
            }
            if after.len() > MAX_PUBLISHERS {
                return Err(TrustObstacle::TooMany);
            }
        }
        TrustChange::Remove(publisher) => {
            if !after.remove(&publisher.to_string()) {
                return Err(TrustObstacle::NotThere);
            }
            if after.is_empty() {
                return Err(TrustObstacle::OnlyOne);
            }
        }
    }
    let (let_in, locked_out) = compare_trust(&before, &after, users);
    Ok(TrustPlan {
        publishers: after,
        let_in,
        locked_out,
    })
}

/// The functions that would be let in with these publishers and were not with those, and the other way round.
#[must_use]
pub fn compare_trust(
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
    users: &[CscUser],
) -> (Vec<String>, Vec<String>) {
    let names = |from: &BTreeSet<String>, to: &BTreeSet<String>| {
        let found = users
            .iter()
            .filter(|user| !is_let_in(user, from) && is_let_in(user, to));
        found.map(|user| user.name.clone()).collect()
    };
    (names(before, after), names(after, before))
}

/// Whether what a function runs could be deployed again. What nobody signed cannot be, whoever is trusted; layers
/// that nobody signed are not known here.
fn is_let_in(user: &CscUser, publishers: &BTreeSet<String>) -> bool {
    let code = user
        .signer
        .as_ref()
        .is_some_and(|signer| publishers.contains(signer));
    code && user.layer_signers.is_subset(publishers)
}

/// The next step from one publisher to another. It is found from how things stand, so that whoever was cut off goes
/// on by asking again.
pub fn plan_rotation(
    csc: &Csc,
    old: &ProfileVersionArn,
    new: &ProfileVersionArn,
    users: &[CscUser],
) -> Result<Rotation, TrustObstacle> {
    if old == new {
        return Err(TrustObstacle::Same);
    }
    if !csc.allows(new) {
        return plan_trust(csc, &TrustChange::Add(new.clone()), users).map(Rotation::Add);
    }
    if !csc.allows(old) {
        return Ok(Rotation::Done);
    }
    let old_text = old.to_string();
    let waiting: Vec<String> = users
        .iter()
        .filter(|user| {
            user.signer.as_ref() == Some(&old_text) || user.layer_signers.contains(&old_text)
        })
        .map(|user| user.name.clone())
        .collect();
    if waiting.is_empty() {
        plan_trust(csc, &TrustChange::Remove(old.clone()), users).map(Rotation::Remove)
    } else {
        Ok(Rotation::Wait(waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CscPolicy;

    fn publisher(version: u8) -> ProfileVersionArn {
        let arn = format!(
            "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop/AbCdEfGh{version:02}"
        );
        ProfileVersionArn::parse(&arn).unwrap()
    }

    fn csc(publishers: impl IntoIterator<Item = u8>) -> Csc {
        let publishers = publishers.into_iter().map(|of| publisher(of).to_string());
        Csc::new(None, CscPolicy::Enforce, publishers)
    }

    fn user(name: &str, signer: Option<u8>, layers: &[u8]) -> CscUser {
        CscUser {
            name: name.to_owned(),
            signer: signer.map(|of| publisher(of).to_string()),
            layer_signers: layers.iter().map(|of| publisher(*of).to_string()).collect(),
        }
    }

    #[test]
    fn change_tells_whom_it_lets_in_and_locks_out() {
        let users = [
            user("a", Some(1), &[]),
            user("b", Some(2), &[]),
            user("c", Some(1), &[2]),
            user("d", None, &[]),
        ];
        let add = plan_trust(&csc([1]), &TrustChange::Add(publisher(2)), &users).unwrap();
        assert_eq!(add.let_in, ["b", "c"]);
        assert!(add.locked_out.is_empty());
        assert_eq!(add.publishers.len(), 2);
        let remove = plan_trust(&csc([1, 2]), &TrustChange::Remove(publisher(2)), &users).unwrap();
        assert!(remove.let_in.is_empty());
        assert_eq!(remove.locked_out, ["b", "c"]);
        assert_eq!(remove.publishers.len(), 1);
    }

    #[test]
    fn impossible_changes_are_told() {
        for (publishers, change, expected) in [
            (
                csc([1]),
                TrustChange::Add(publisher(1)),
                TrustObstacle::AlreadyThere,
            ),
            (
                csc([1]),
                TrustChange::Remove(publisher(2)),
                TrustObstacle::NotThere,
            ),
            (
                csc([1]),
                TrustChange::Remove(publisher(1)),
                TrustObstacle::OnlyOne,
            ),
            (
                csc(0..20),
                TrustChange::Add(publisher(20)),
                TrustObstacle::TooMany,
            ),
        ] {
            assert_eq!(plan_trust(&publishers, &change, &[]), Err(expected));
        }
    }

    /// At every moment, what is signed by the one that signs is let in.
    #[test]
    fn rotation_has_no_gap() {
        let (old, new) = (publisher(1), publisher(2));
        let step =
            |trusted: &Csc, users: &[CscUser]| plan_rotation(trusted, &old, &new, users).unwrap();
        let runs_old = [user("a", Some(1), &[]), user("b", Some(2), &[1])];
        let Rotation::Add(added) = step(&csc([1]), &runs_old) else {
            unreachable!("the new one comes first")
        };
        assert!(added.locked_out.is_empty() && added.publishers.len() == 2);
        let waiting = step(&csc([1, 2]), &runs_old);
        assert_eq!(
            waiting,
            Rotation::Wait(vec!["a".to_owned(), "b".to_owned()])
        );
        let Rotation::Remove(removed) = step(&csc([1, 2]), &[user("a", Some(2), &[2])]) else {
            unreachable!("nothing runs that the old one signed")
        };
        assert!(removed.locked_out.is_empty());
        assert_eq!(step(&csc([2]), &runs_old), Rotation::Done);
        let same = plan_rotation(&csc([1]), &old, &old, &[]);
        assert_eq!(same, Err(TrustObstacle::Same));
    }
}
