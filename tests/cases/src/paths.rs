//! Rows about the way from the signer to a pinned root: which certificates are looked for, how far,
//! and what is said where there is none.

use countersign_package::SignatureError as E;
use countersign_testkit::package::{sample, sign, sign_with};
use countersign_testkit::pki::{
    CertificateForge, ExtensionForge, Key, Level, Pki, PkiForge, name, pem,
};

use crate::chain::{mint, under, with_chain, without_path_lengths};
use crate::{Case, PKI, Sample, accept, refuse, signature};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = chains();
    cases.extend(limits());
    cases.extend(failures());
    cases
}

fn chains() -> Vec<Case> {
    let untrusted = || signature!(E::UntrustedIssuer { .. });
    vec![
        accept("a chain without its root", || {
            with_chain(&PKI, |chain| chain.truncate(3))
        }),
        accept("a chain with its root once", || {
            with_chain(&PKI, |chain| chain.truncate(4))
        }),
        accept("a chain in another order", || {
            with_chain(&PKI, |chain| chain.reverse())
        }),
        refuse(
            "a chain with certificates that it does not need",
            signature!(E::SurplusCertificate { .. }),
            || {
                let other = PkiForge::new("somebody else").mint();
                with_chain(&PKI, |chain| {
                    chain.extend([other.leaf, other.lower, other.root]);
                })
            },
        ),
        accept("one of several roots", || Sample {
            roots: PkiForge::new("another").mint().root_pem() + &PKI.root_pem(),
            ..Sample::from(sign(&sample(), &PKI))
        }),
        refuse(
            "another root of the same name",
            signature!(E::CertificateSignature { .. }),
            || {
                let impostor = PkiForge::new("impostor").mint();
                Sample::from(sign(&sample(), &impostor))
            },
        ),
        refuse(
            "a root in the package that nobody pinned",
            untrusted(),
            || {
                let stranger = Pki::forge(|pki| {
                    let own_name = name("Stranger ROOT CA");
                    pki.root.certificate.subject.clone_from(&own_name);
                    pki.root.certificate.issuer.clone_from(&own_name);
                    pki.upper.certificate.issuer = own_name;
                });
                Sample::from(sign(&sample(), &stranger))
            },
        ),
        refuse("a chain without its upper issuer", untrusted(), || {
            with_chain(&PKI, |chain| drop(chain.remove(2)))
        }),
        refuse("a chain without its lower issuer", untrusted(), || {
            with_chain(&PKI, |chain| drop(chain.remove(1)))
        }),
        refuse(
            "a chain without its leaf",
            signature!(E::NoSignerCertificate),
            || with_chain(&PKI, |chain| drop(chain.remove(0))),
        ),
        refuse(
            "a signer that signed its own certificate",
            untrusted(),
            || {
                let pki = Pki::forge(|pki| {
                    pki.leaf.certificate.issuer = pki.leaf.certificate.subject.clone();
                    pki.leaf.signed_by = pki.leaf.key.clone();
                });
                Sample {
                    roots: PKI.root_pem(),
                    ..under(&pki)
                }
            },
        ),
        refuse("two CAs that issued each other", untrusted(), || {
            let pki = Pki::forge(|pki| {
                pki.upper.certificate.issuer = pki.lower.certificate.subject.clone();
                pki.upper.signed_by = pki.lower.key.clone();
                without_path_lengths(pki);
            });
            Sample {
                roots: PKI.root_pem(),
                ..under(&pki)
            }
        }),
        refuse(
            "two certificates for the signer's name and serial number",
            signature!(E::SurplusCertificate { .. }),
            || with_chain(&PKI, |chain| chain.insert(0, twin())),
        ),
        refuse(
            "two certificates for the signer's name and serial number, the signer's first",
            signature!(E::SurplusCertificate { .. }),
            || with_chain(&PKI, |chain| chain.insert(1, twin())),
        ),
    ]
}

/// A certificate under the name and serial number of the leaf, for another key.
fn twin() -> Vec<u8> {
    let other = Pki::forge(|pki| {
        pki.leaf.key = Key::p384("twin");
        pki.leaf.certificate.public_key_info = pki.leaf.key.public_key_info();
    });
    other.leaf
}

fn limits() -> Vec<Case> {
    vec![
        accept("a chain of eight certificates", || chain_of(8)),
        refuse(
            "a chain of nine certificates",
            signature!(E::ChainBudget),
            || chain_of(9),
        ),
        refuse(
            "a search that verifies 64 signatures in vain",
            signature!(E::CertificateSignature { .. }),
            || crowd(|_, _| ()),
        ),
        refuse(
            "a search that would verify 65 signatures",
            signature!(E::ChainBudget),
            || crowd(|chain, _| chain.push(PkiForge::new("impostor").mint().lower)),
        ),
        refuse(
            "a search that meets the same certificate again",
            signature!(E::CertificateSignature { .. }),
            || crowd(|chain, _| chain.push(chain[1].clone())),
        ),
        refuse(
            "a search that meets the pinned certificates again",
            signature!(E::CertificateSignature { .. }),
            || crowd(Vec::extend_from_slice),
        ),
    ]
}

/// The sample package under a chain of this many certificates, root and signer among them.
fn chain_of(length: usize) -> Sample {
    let mut forge = PkiForge::new("countersign");
    let mut above = forge.root.clone();
    let mut chain = vec![mint(&above)];
    for number in 2..length {
        let next = below(&above, &forge.upper, number as u8);
        chain.insert(0, mint(&next));
        above = next;
    }
    forge.leaf.certificate.issuer = above.certificate.subject;
    forge.leaf.signed_by = above.key;
    let pki = forge.mint();
    chain.insert(0, pki.leaf.clone());
    with_chain(&pki, |certificates| *certificates = chain)
}

/// A CA below another one, with no bound on what may be below itself.
fn below(above: &Level, like: &Level, number: u8) -> Level {
    let key = Key::p384(&format!("CA {number}"));
    let mut certificate = CertificateForge {
        serial: vec![number; 16],
        issuer: above.certificate.subject.clone(),
        subject: name(&format!("CA {number}")),
        public_key_info: key.public_key_info(),
        ..like.certificate.clone()
    };
    certificate.set_extension(ExtensionForge::basic_constraints(Some(None)));
    Level {
        certificate,
        key,
        signed_by: above.key.clone(),
    }
}

/// Eight certificates of the CA above the signer, under one name and key. Seven certificates are
/// pinned under the name of its issuer, none of which issued it. So each of the eight costs a
/// signature, and seven more.
fn crowd(change: fn(&mut Vec<Vec<u8>>, &[Vec<u8>])) -> Sample {
    let forge = PkiForge::new("countersign");
    let copy = |number: u8| {
        let mut lower = forge.lower.clone();
        lower.certificate.serial = vec![number; 16];
        mint(&lower)
    };
    let impostor = |number: u8| {
        let mut root = PkiForge::new(&format!("impostor {number}")).root;
        let name = &forge.upper.certificate.subject;
        root.certificate.subject.clone_from(name);
        root.certificate.issuer.clone_from(name);
        mint(&root)
    };
    let pinned: Vec<_> = (1..=7).map(impostor).collect();
    let mut chain = vec![PKI.leaf.clone()];
    chain.extend((1..=8).map(copy));
    change(&mut chain, &pinned);
    let package = sign_with(&sample(), &PKI, |signature| {
        signature.certificates = Some(chain);
    });
    Sample {
        roots: pinned.iter().map(|certificate| pem(certificate)).collect(),
        ..Sample::from(package)
    }
}

/// Where there is no way, the first reason says why that is more than an issuer that nobody knows.
fn failures() -> Vec<Case> {
    let expired = || {
        lower(|level| {
            level.certificate.not_after = countersign_testkit::asn1::utc_time("260901000000Z");
        })
    };
    let impostor = || PkiForge::new("impostor").mint().lower;
    let lost = |issuer: &'static str| {
        let mut level = PkiForge::new("countersign").lower;
        level.certificate.issuer = name(issuer);
        mint(&level)
    };
    let row = |what: &str, expected, issuers: Vec<Vec<u8>>| {
        refuse(what, expected, move || {
            with_chain(&PKI, |chain| drop(chain.splice(1..2, issuers.clone())))
        })
    };
    vec![
        row(
            "an expired issuer, and an impostor of it",
            signature!(E::Expired { .. }),
            vec![expired(), impostor()],
        ),
        row(
            "an impostor of an issuer, and the issuer expired",
            signature!(E::Expired { .. }),
            vec![impostor(), expired()],
        ),
        row(
            "an issuer that nobody issued, and one that is expired",
            signature!(E::Expired { .. }),
            vec![lost("nobody"), expired()],
        ),
        row(
            "an expired issuer, and one that nobody issued",
            signature!(E::Expired { .. }),
            vec![expired(), lost("nobody")],
        ),
        row(
            "two issuers that nobody issued",
            signature!(E::UntrustedIssuer { issuer } if issuer.contains("no one")),
            vec![lost("nobody"), lost("no one")],
        ),
    ]
}

/// Another certificate of the CA above the signer.
fn lower(change: fn(&mut Level)) -> Vec<u8> {
    let mut level = PkiForge::new("countersign").lower;
    change(&mut level);
    mint(&level)
}
