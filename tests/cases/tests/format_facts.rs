//! The facts about the format: an honest package confirms them, and each thing that is changed makes exactly the facts about it differ.

#![expect(
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use countersign_cases::PKI;
use countersign_package::{
    Limits, TrustRoots,
    format::{Answer, FACTS, Observation, observe},
};
use countersign_testkit::{
    asn1,
    package::{content_digest, sample, sign, sign_with, with_signature},
    pki::{Hash, Pki},
    signature::{Lengths, SignatureForge, attribute, generalized},
    zip::{EntryForge, FLAG_UTF8, ZipForge},
};

fn look(signed: &[u8], source: Option<&[u8]>) -> Vec<Observation> {
    let roots = TrustRoots::from_pem(PKI.root_pem().as_bytes()).expect("a sound root");
    let seen = observe(signed, source, &Limits::default(), &roots);
    let facts: Vec<_> = seen.iter().map(Observation::fact).collect();
    assert_eq!(facts, FACTS, "each fact once, in its place");
    seen
}

fn answered(seen: &[Observation], answer: Answer) -> Vec<&'static str> {
    let of = seen.iter().filter(|one| one.answer() == answer);
    of.map(|one| one.fact().id()).collect()
}

fn seen_of<'a>(seen: &'a [Observation], id: &str) -> &'a str {
    let found = seen.iter().find(|one| one.fact().id() == id);
    found.expect("it is a fact").seen()
}

/// The facts that differ after a change to the signature.
fn differing(change: impl FnOnce(&mut SignatureForge)) -> Vec<&'static str> {
    let signed = sign_with(&sample(), &PKI, change).build();
    answered(&look(&signed, Some(&sample().build())), Answer::Differs)
}

#[test]
fn honest_package_confirms_every_fact() {
    let seen = look(&sign(&sample(), &PKI).build(), Some(&sample().build()));
    assert_eq!(answered(&seen, Answer::Differs), [""; 0], "{seen:#?}");
    assert_eq!(answered(&seen, Answer::Unknown), [""; 0]);
    assert_eq!(answered(&seen, Answer::NotAsked), [""; 0]);
    let modes = seen_of(&seen, "modes-in-package");
    assert!(modes.contains("1 files that can be run"), "{modes}");
}

#[test]
fn without_the_source_what_was_kept_is_not_asked() {
    let seen = look(&sign(&sample(), &PKI).build(), None);
    assert_eq!(answered(&seen, Answer::Differs), [""; 0]);
    assert_eq!(answered(&seen, Answer::NotAsked).len(), 8);
}

#[test]
fn each_change_to_the_signature_is_seen_where_it_is() {
    type Change = fn(&mut SignatureForge);
    let cases: [(&[&str], Change); 8] = [
        (&["armour", "strict-cms"], |it| {
            it.pem.newline = "\r\n".to_owned();
        }),
        (&["outer-levels-indefinite"], |it| {
            it.lengths = Lengths::Definite;
        }),
        (&["outer-levels-indefinite", "strict-cms"], |it| {
            it.signers_lengths = Lengths::Indefinite;
        }),
        (&["strict-cms", "one-signer"], |it| {
            it.signer().unsigned_attributes = Some(Vec::new());
        }),
        (&["attribute-order"], |it| {
            it.signer()
                .attributes
                .iter_mut()
                .for_each(|all| all.reverse());
        }),
        (&["strict-cms", "seven-attributes"], |it| {
            let signer = it.signer();
            signer.remove_attribute(attribute::ALGORITHM_PROTECTION);
            signer.sort_attributes();
        }),
        (&["signing-time-form"], |it| {
            let signer = it.signer();
            signer.set_attribute(attribute::SIGNING_TIME, generalized("2026-09-28T09:19:26Z"));
            signer.sort_attributes();
        }),
        (&["strict-cms", "job-arn"], |it| {
            let signer = it.signer();
            signer.set_attribute(
                attribute::JOB,
                asn1::utf8("arn:aws:signer:us-east-1:1:/signing-jobs/x"),
            );
            signer.sort_attributes();
        }),
    ];
    for (expected, change) in cases {
        let found = differing(change);
        assert_eq!(found, expected);
    }
}

#[test]
fn formula_that_fits_is_named_where_ours_does_not() {
    let mut signed = sample();
    signed.push(EntryForge::directory("META_INF/"));
    let bodies: Vec<u8> = signed
        .entries
        .iter()
        .flat_map(|it| it.body.clone())
        .collect();
    let entry = SignatureForge::new(&PKI, &Hash::Sha384.digest(&bodies)).entry();
    let seen = look(&with_signature(&signed, &entry).build(), None);
    assert_eq!(answered(&seen, Answer::Differs), ["digest-formula"]);
    let told = seen_of(&seen, "digest-formula");
    assert!(
        told.contains("SHA-384 of SHA-384 over bodies of all entries"),
        "{told}"
    );
}

#[test]
fn modes_that_were_dropped_are_seen() {
    let mut flattened = sample();
    for entry in &mut flattened.entries {
        *entry = entry.clone().mode(0o100_644);
    }
    // Directories stay directories.
    flattened.entries[1] = EntryForge::directory("lib/");
    let seen = look(&sign(&flattened, &PKI).build(), Some(&sample().build()));
    assert_eq!(answered(&seen, Answer::Differs), ["kinds-and-modes-kept"]);
    let told = seen_of(&seen, "kinds-and-modes-kept");
    assert!(told.contains("100755") && told.contains("100644"), "{told}");
}

#[test]
fn names_that_lost_their_marks_are_seen() {
    let mut source = sample();
    source.push(EntryForge::file("gr\u{f6}\u{df}e.txt", "odd"));
    let mut unmarked = source.clone();
    let last = unmarked.entries.pop().unwrap();
    unmarked.push(last.both(|header| header.flags &= !FLAG_UTF8));
    let seen = look(&sign(&unmarked, &PKI).build(), Some(&source.build()));
    assert_eq!(answered(&seen, Answer::Differs), ["name-marks-kept"]);
    let seen = look(&sign(&source, &PKI).build(), Some(&unmarked.build()));
    assert_eq!(answered(&seen, Answer::Differs), [""; 0]);
}

#[test]
fn signature_elsewhere_is_seen() {
    let mut zip = ZipForge::new([EntryForge::directory("META_INF/")]);
    zip.entries.extend(sample().entries);
    let entry = SignatureForge::new(&PKI, &content_digest(&zip)).entry();
    let seen = look(&with_signature(&zip, &entry).build(), None);
    assert_eq!(answered(&seen, Answer::Differs), ["appended-last"]);
    assert_eq!(
        seen_of(&seen, "appended-last"),
        "the directory is entry 1 of 6, the signature entry 6 of 6"
    );
}

/// What the parser that judges refuses is still shown, as far as its bytes go.
#[test]
fn refused_package_is_still_told_of() {
    let mut bytes = sign(&sample(), &PKI).build();
    bytes.splice(..0, *b"#!/bin/sh\n");
    let seen = look(&bytes, None);
    assert_eq!(answered(&seen, Answer::Differs)[0], "strict-zip");
    let other = Pki::forge(|pki| pki.leaf.certificate.not_after = asn1::utc_time("270927142942Z"));
    let seen = look(&sign(&sample(), &other).build(), None);
    assert_eq!(answered(&seen, Answer::Differs), ["signer-certificate"]);
}

#[test]
fn nothing_that_identifies_anybody_is_told() {
    let source = sample().build();
    for signed in [sign(&sample(), &PKI).build(), source.clone()] {
        for one in look(&signed, Some(&source)) {
            for secret in [
                "123456789012",
                "orders_service",
                "3f0a5c1e",
                "index.mjs",
                "lib/",
            ] {
                assert!(!one.seen().contains(secret), "{one:?}");
            }
        }
    }
}
