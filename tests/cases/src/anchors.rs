//! Rows about what is pinned: another certificate than the root, more than one, or a root that
//! rolls over.

use countersign_package::SignatureError as E;
use countersign_testkit::package::{sample, sign_with};
use countersign_testkit::pki::{Key, Pki, PkiForge, name, pem};

use crate::{Case, PKI, Sample, accept, refuse, signature};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = within();
    cases.extend(rollover());
    cases
}

/// The sample package under the ordinary PKI with these certificates pinned, and these in its set
/// after its own.
fn pinned(roots: &[&[u8]], more: &[&[u8]]) -> Sample {
    let package = sign_with(&sample(), &PKI, |signature| {
        let set = signature.certificates.get_or_insert_default();
        set.extend(more.iter().map(|certificate| certificate.to_vec()));
    });
    Sample {
        roots: roots.iter().map(|root| pem(root)).collect(),
        ..Sample::from(package)
    }
}

/// A chain may end below the root in its set.
fn within() -> Vec<Case> {
    let surplus = || signature!(E::SurplusCertificate { .. });
    vec![
        accept("the root and the CA below it pinned", || {
            pinned(&[&PKI.root, &PKI.upper], &[])
        }),
        accept("all CAs pinned, the lowest first", || {
            pinned(&[&PKI.lower, &PKI.upper, &PKI.root], &[])
        }),
        accept("the CA below the root pinned in its place", || {
            pinned(&[&PKI.upper], &[])
        }),
        accept("the CA that issued the signer pinned alone", || {
            pinned(&[&PKI.lower], &[])
        }),
        refuse("a CA pinned, and a stranger in the set", surplus(), || {
            let stranger = PkiForge::new("somebody else").mint();
            pinned(&[&PKI.upper], &[&stranger.leaf])
        }),
        refuse(
            "a CA pinned, and a root in the set that did not issue it",
            surplus(),
            || {
                let namesake = PkiForge::new("somebody else").mint();
                pinned(&[&PKI.upper], &[&namesake.root])
            },
        ),
        refuse(
            "a CA pinned, and nothing above it that is a root",
            surplus(),
            || {
                let rootless = sign_with(&sample(), &PKI, |signature| {
                    let set = signature.certificates.get_or_insert_default();
                    set.retain(|certificate| *certificate != PKI.root);
                });
                Sample {
                    roots: pem(&PKI.lower),
                    ..Sample::from(rootless)
                }
            },
        ),
    ]
}

/// A new root, and the old one as a CA below it.
fn successor() -> (Vec<u8>, Vec<u8>) {
    let new_name = name("Test us-west-2 ROOT CA 2");
    let new_key = Key::p384("new root");
    let new = Pki::forge(|pki| {
        pki.root.certificate.subject.clone_from(&new_name);
        pki.root.certificate.issuer.clone_from(&new_name);
        pki.root.certificate.public_key_info = new_key.public_key_info();
        pki.root.signed_by = new_key.clone();
    });
    let crossed = Pki::forge(|pki| {
        pki.root.certificate.issuer = new_name;
        pki.root.signed_by = new_key;
    });
    (new.root, crossed.root)
}

/// While a root is replaced, packages carry the old one signed by the new one, and operators pin
/// either or both.
fn rollover() -> Vec<Case> {
    vec![
        accept(
            "a root that rolls over, the old and the new one pinned",
            || {
                let (new, crossed) = successor();
                pinned(&[&PKI.root, &new], &[&crossed, &new])
            },
        ),
        accept("a root that was replaced, the new one pinned", || {
            let (new, crossed) = successor();
            let replaced = sign_with(&sample(), &PKI, |signature| {
                let set = signature.certificates.get_or_insert_default();
                set.retain(|certificate| *certificate != PKI.root);
                set.extend([crossed, new.clone()]);
            });
            Sample {
                roots: pem(&new),
                ..Sample::from(replaced)
            }
        }),
        refuse(
            "a root that rolls over, only the old one pinned",
            signature!(E::SurplusCertificate { .. }),
            || {
                let (new, crossed) = successor();
                pinned(&[&PKI.root], &[&crossed, &new])
            },
        ),
    ]
}
