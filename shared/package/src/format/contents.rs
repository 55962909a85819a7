//! The digest of the contents, and which other formula would fit where ours does not.

use sha2::{Digest as _, Sha384};

use super::{
    facts::{DIGEST_FORMULA, MODES_IN_PACKAGE},
    observation::{Answer, Observation},
    subject::Subject,
};
use crate::{
    package::Package,
    signature_entry::{SIGNATURE_DIRECTORY, SIGNATURE_ENTRY},
    zip::{Body, Entry, EntryKind, inflater},
};

/// Bytes that are hashed at a time.
const PART_BYTES: usize = 64 << 10;

pub(super) fn observe(subject: &Subject<'_>, source: Option<&[u8]>) -> Vec<Observation> {
    vec![digest(subject, source), modes(subject)]
}

fn digest(subject: &Subject<'_>, source: Option<&[u8]>) -> Observation {
    let Some(package) = subject.proven() else {
        let why = subject.why_no_package();
        let answer = if subject.package.is_none() {
            Answer::NotAsked
        } else {
            Answer::Unknown
        };
        return Observation::new(DIGEST_FORMULA, answer, why);
    };
    let Some(signature) = subject.parsed() else {
        return Observation::unknown(DIGEST_FORMULA, subject.why_no_signature());
    };
    let signed = signature.message_digest();
    if Sha384::digest(package.content_digest().as_bytes()).as_slice() == signed {
        return Observation::judged(DIGEST_FORMULA, true, "the digest fits");
    }
    let seen = match other_formula(package, source, signed) {
        Some(formula) => format!("the digest does not fit, and {formula} does"),
        None => {
            "the digest does not fit, nor does that of another formula that was tried".to_owned()
        }
    };
    Observation::judged(DIGEST_FORMULA, false, seen)
}

/// Which entries a formula counts.
#[derive(Clone, Copy)]
enum Counted {
    All,
    WithoutSignatureDirectory,
    Files,
}

const COUNTED: [(Counted, &str); 3] = [
    (Counted::All, "all entries"),
    (
        Counted::WithoutSignatureDirectory,
        "all entries but META_INF/",
    ),
    (Counted::Files, "files and links alone"),
];

impl Counted {
    fn counts(self, entry: &Entry<'_>) -> bool {
        match self {
            Self::All => true,
            Self::WithoutSignatureDirectory => entry.name() != SIGNATURE_DIRECTORY,
            Self::Files => entry.kind() != EntryKind::Directory,
        }
    }
}

/// The formula near ours by which the signed digest is reached.
fn other_formula(package: &Package<'_>, source: Option<&[u8]>, signed: &[u8]) -> Option<String> {
    let fits = |inner: &[u8]| {
        if inner == signed {
            Some("SHA-384")
        } else if Sha384::digest(inner).as_slice() == signed {
            Some("SHA-384 of SHA-384")
        } else {
            None
        }
    };
    if let Some(source) = source
        && let Some(rounds) = fits(&Sha384::digest(source))
    {
        return Some(format!("{rounds} over the whole file of the source"));
    }
    let contents: Vec<&Entry<'_>> = package
        .archive()
        .entries()
        .iter()
        .filter(|entry| entry.name() != SIGNATURE_ENTRY)
        .collect();
    let mut by_name = contents.clone();
    by_name.sort_by_key(|entry| entry.name());
    let orders = [(contents, "of the archive"), (by_name, "of the names")];
    for (entries, order) in &orders {
        for (counted, which) in COUNTED {
            let entries: Vec<&Entry<'_>> = entries
                .iter()
                .copied()
                .filter(|entry| counted.counts(entry))
                .collect();
            for (with_names, parts) in [(true, "names and bodies"), (false, "bodies")] {
                let inner = hash(&entries, with_names)?;
                if let Some(rounds) = fits(&inner) {
                    return Some(format!(
                        "{rounds} over {parts} of {which}, in the order {order}"
                    ));
                }
            }
        }
    }
    None
}

/// SHA-384 over the entries, one after another.
fn hash(entries: &[&Entry<'_>], with_names: bool) -> Option<Vec<u8>> {
    let mut hasher = Sha384::new();
    let mut part = vec![0; PART_BYTES];
    for entry in entries {
        if with_names {
            hasher.update(entry.name().as_bytes());
        }
        let mut body = Body::new(entry, inflater());
        loop {
            match body.next(&mut part).ok()? {
                0 => break,
                length => hasher.update(part.get(..length)?),
            }
        }
    }
    Some(hasher.finalize().to_vec())
}

/// Which modes there are: where Signer drops them, none that can be run would be left.
fn modes(subject: &Subject<'_>) -> Observation {
    let Some(package) = subject.proven() else {
        let answer = if subject.package.is_none() {
            Answer::NotAsked
        } else {
            Answer::Unknown
        };
        return Observation::new(MODES_IN_PACKAGE, answer, subject.why_no_package());
    };
    let count = |is_one: &dyn Fn(&Entry<'_>) -> bool| {
        let entries = package.archive().entries().iter();
        entries
            .filter(|entry| entry.path() != SIGNATURE_ENTRY)
            .filter(|entry| is_one(entry))
            .count()
    };
    let with_mode = count(&|entry| entry.mode().is_some_and(|mode| mode != 0));
    let executable = count(&|entry| {
        entry.kind() == EntryKind::File && entry.mode().is_some_and(|mode| mode & 0o111 != 0)
    });
    let links = count(&|entry| entry.kind() == EntryKind::Symlink);
    let seen = format!(
        "{with_mode} entries with a mode, {executable} files that can be run, {links} links"
    );
    Observation::new(MODES_IN_PACKAGE, Answer::Seen, seen)
}
