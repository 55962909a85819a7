//! Properties that must hold for whatever packages and damage chance comes up with.

#![expect(
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::sync::LazyLock;

use countersign_cases::PKI;
use countersign_cases::readers::{core, core_in_pieces};
use countersign_package::{Limits, Package, TrustRoots};
use countersign_testkit::package::{sample, sign};
use countersign_testkit::zip::{EntryForge, ZipForge};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

static SIGNED: LazyLock<Vec<u8>> = LazyLock::new(|| sign(&sample(), &PKI).build());
static ROOTS: LazyLock<TrustRoots> =
    LazyLock::new(|| TrustRoots::from_pem(PKI.root_pem().as_bytes()).expect("a sound root"));

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Names and bodies, if the package verifies.
fn verified(bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let package = Package::read(bytes, &Limits::default()).ok()?;
    package.verify(&ROOTS).ok()?;
    core(bytes).ok()
}

/// A zip of some files, some stored, some from a streaming writer.
fn zips() -> impl Strategy<Value = ZipForge> {
    let body = prop_oneof![
        vec(any::<u8>(), 0..2_000),
        (any::<u8>(), 0_usize..40_000).prop_map(|(byte, length)| vec![byte; length]),
    ];
    vec((body, any::<bool>(), any::<bool>()), 1..6).prop_map(|files| {
        let entry = |(number, (body, is_stored, is_streamed)): (usize, (Vec<u8>, bool, bool))| {
            let file = EntryForge::file(format!("file-{number}"), body);
            let file = if is_stored { file.stored() } else { file };
            if is_streamed { file.streamed() } else { file }
        };
        ZipForge::new(files.into_iter().enumerate().map(entry))
    })
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn flipped_byte_never_gives_other_contents(at: Index, flip in 1..=u8::MAX) {
        let mut bytes = SIGNED.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Some(contents) = verified(&bytes) {
            let original = verified(&SIGNED).expect("the package verifies");
            // The signature entry itself may be spelt in another way and still be the same
            // signature.
            let (signature, own) = contents.split_last().expect("it has entries");
            let (true_signature, true_own) = original.split_last().expect("it has entries");
            prop_assert_eq!(own, true_own);
            prop_assert_eq!(&signature.0, &true_signature.0);
        }
    }

    #[test]
    fn cut_package_is_refused(at: Index) {
        let length = at.index(SIGNED.len());
        prop_assert!(verified(&SIGNED[..length]).is_none());
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn pieces_of_any_size_give_the_same_contents(
        zip in zips(),
        pieces in vec(prop_oneof![1_usize..9, 1_usize..5_000, Just(65_536)], 1..8),
    ) {
        let bytes = zip.build();
        let whole = core(&bytes);
        let expected: Vec<_> = zip
            .entries
            .iter()
            .enumerate()
            .map(|(number, entry)| (format!("file-{number}").into_bytes(), entry.body.clone()))
            .collect();
        prop_assert_eq!(&whole, &Ok(expected));
        prop_assert_eq!(core_in_pieces(&bytes, &pieces), whole);
    }

    #[test]
    fn signed_package_verifies(zip in zips()) {
        let bytes = sign(&zip, &PKI).build();
        prop_assert!(verified(&bytes).is_some());
    }
}
