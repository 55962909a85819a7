//! What must hold for any bytes at all: the bodies of the fuzz targets.
//!
//! libFuzzer runs them for as long as one likes (`tests/fuzz`); the ordinary test suite runs the
//! same bodies over a fixed number of mutants of the same seeds.

use std::sync::LazyLock;

use countersign_package::{Archive, Limits, Package, Signature, TrustRoots, origin};
use countersign_testkit::package::{sample, sign};
use countersign_testkit::signature::{JOB, Lengths, PROFILE_VERSION, PemForge, SignatureForge};
use countersign_testkit::zip::ZipForge;

use crate::readers::{
    Contents, core, directories_once, kinds_in_core, kinds_in_zip_crate, zip_crate,
    zip_crate_from_front,
};
use crate::{PKI, content, mutate::Dice, random, second_opinion, table};

/// A target: its name, its body, and what to start from.
pub struct Target {
    /// As in `cargo fuzz run NAME`.
    pub name: &'static str,
    /// Panics when something that must hold does not.
    pub body: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: [Target; 4] = [
    Target {
        name: "zip",
        body: zip,
        seeds: zip_seeds,
    },
    Target {
        name: "records",
        body: records,
        seeds: records_seeds,
    },
    Target {
        name: "cms",
        body: cms,
        seeds: cms_seeds,
    },
    Target {
        name: "whole",
        body: whole,
        seeds: whole_seeds,
    },
];

/// Any bytes as a zip: the core does not panic, and what it accepts is what others see.
pub fn zip(bytes: &[u8]) {
    let agreed = readers_agree(bytes);
    assert!(agreed.is_ok(), "{agreed:?}");
}

/// Any bytes as choices of what a zip is made of, for the same: libFuzzer finds combinations of
/// records faster than records.
pub fn records(bytes: &[u8]) {
    zip(&random::zip(&mut random::Bytes::new(bytes)).build());
}

/// Whether the core accepts a zip, in which case the readers at hand see the same in it: the `zip`
/// crate from the directory at the end, the same crate from the front, as far as it gets, and with
/// the same kinds.
pub fn readers_agree(bytes: &[u8]) -> Result<bool, String> {
    if Package::read(bytes, &Limits::default()).is_err() {
        return Ok(false);
    }
    let ours = core(bytes)?;
    let theirs = match zip_crate(bytes) {
        Ok(theirs) => theirs,
        // Where zip64 records stand that nothing asks for, and the first header of the directory is
        // as long as they are, it begins with the second header, comes to the records and gives up.
        Err(error) if error.contains("Invalid Central Directory header") => return Ok(true),
        Err(error) => return Err(format!("the zip crate: {error}")),
    };
    if directories_once(ours.clone()) != directories_once(theirs) {
        return Err("accepted, but read in two ways".to_owned());
    }
    if kinds_in_core(bytes)? != kinds_in_zip_crate(bytes)? {
        return Err("accepted, but of two kinds".to_owned());
    }
    let from_front = zip_crate_from_front(bytes);
    let read = ours.get(..from_front.len()).unwrap_or_default();
    if read != from_front {
        return Err("accepted, but read from the front in another way".to_owned());
    }
    Ok(true)
}

/// Any bytes as a signature, in armour and as armour: the core does not panic, and no signature is
/// accepted but the one that was made.
pub fn cms(bytes: &[u8]) {
    for entry in [bytes.to_vec(), PemForge::default().write(bytes)] {
        let Ok(signature) = Signature::parse(&entry) else {
            continue;
        };
        let Ok(verified) = signature.verify(&ROOTS) else {
            continue;
        };
        let agreed = second_opinion::agree(&entry, &PKI.root_pem());
        assert!(agreed == Ok(true), "{agreed:?}");
        let claims = verified.claims();
        assert_eq!(claims.profile_version().to_string(), PROFILE_VERSION);
        assert_eq!(claims.job().to_string(), JOB);
    }
}

/// Any bytes as a signed package: no contents are accepted but those that were signed, and with the
/// source no names, bodies, kinds or modes but the source's.
pub fn whole(bytes: &[u8]) {
    let limits = Limits::default();
    let Ok(package) = Package::read(bytes, &limits) else {
        return;
    };
    if package.verify(&ROOTS).is_err() {
        return;
    }
    let signature = package.signature_entry().expect("it was verified");
    let agreed = second_opinion::agree(signature, &PKI.root_pem());
    assert!(agreed == Ok(true), "{agreed:?}");
    let seen = core(bytes).expect("what was read once can be read again");
    let unsigned = |contents: &Contents| -> Vec<u8> {
        let signature = countersign_package::SIGNATURE_ENTRY.as_bytes();
        contents
            .iter()
            .filter(|(name, _)| name != signature)
            .flat_map(|(name, body)| [&name[..], body].concat())
            .collect()
    };
    assert!(
        unsigned(&seen) == unsigned(&SIGNED.1),
        "verified, but never signed"
    );
    let source = Archive::parse(&SOURCE.0, &limits).expect("the source is sound");
    if origin::prove(&package, &source).is_ok() {
        let own = seen
            .len()
            .checked_sub(2)
            .and_then(|count| seen.get(..count));
        assert_eq!(own, Some(&SOURCE.1[..]), "proven, but not the source");
        let shape = |archive: &Archive<'_>| -> Vec<_> {
            let entries = archive.entries().iter().take(SOURCE.1.len());
            entries.map(|entry| (entry.kind(), entry.mode())).collect()
        };
        assert_eq!(
            shape(package.archive()),
            shape(&source),
            "proven, but of other kinds or modes"
        );
    }
}

static ROOTS: LazyLock<TrustRoots> = LazyLock::new(|| {
    TrustRoots::from_pem(PKI.root_pem().as_bytes()).expect("the root of the tests is sound")
});
static SOURCE: LazyLock<(Vec<u8>, Contents)> = LazyLock::new(|| with_contents(&sample()));
static SIGNED: LazyLock<(Vec<u8>, Contents)> =
    LazyLock::new(|| with_contents(&sign(&sample(), &PKI)));

fn with_contents(zip: &ZipForge) -> (Vec<u8>, Contents) {
    let bytes = zip.build();
    let contents = core(&bytes).expect("what the forge means to be sound is sound");
    (bytes, contents)
}

/// Every package of the table that is not large.
fn zip_seeds() -> Vec<Vec<u8>> {
    let packages = table().into_iter().map(|case| case.build().package);
    packages.filter(|package| package.len() < 10_000).collect()
}

/// Choices by chance, long enough for five entries.
fn records_seeds() -> Vec<Vec<u8>> {
    let seed = |number| {
        let mut dice = Dice::new(number);
        (0..120).map(|_| dice.below(256) as u8).collect()
    };
    (0..200).map(seed).collect()
}

fn cms_seeds() -> Vec<Vec<u8>> {
    let indefinite = SignatureForge::new(&PKI, &content());
    let definite = SignatureForge {
        lengths: Lengths::Definite,
        ..indefinite.clone()
    };
    vec![indefinite.ber(), definite.ber(), indefinite.entry()]
}

/// Signed packages of the sample, as different writers would have left them.
fn whole_seeds() -> Vec<Vec<u8>> {
    let signed = sign(&sample(), &PKI);
    let streamed = signed.clone().with(|zip| {
        for entry in &mut zip.entries {
            *entry = entry.clone().streamed();
        }
    });
    let stored = signed.clone().with(|zip| {
        for entry in &mut zip.entries {
            *entry = entry.clone().stored();
        }
    });
    let wide = signed.clone().with_zip64_end();
    [signed, streamed, stored, wide]
        .iter()
        .map(ZipForge::build)
        .collect()
}
