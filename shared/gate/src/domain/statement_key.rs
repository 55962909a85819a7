//! Keys of the uploads bucket that are no uploads: statements about uploads, made by builders and by people.
//!
//! | key | says |
//! |---|---|
//! | `attestations/<sha256>/<name>` | where the upload was built |
//! | `approvals/<functions or layers>/<name>/<sha256>/<name>.json` | somebody agrees that it is deployed |
//! | `freeze/<name>.json` | nothing is deployed to some targets for a while |
//! | `break-glass/<functions or layers>/<name>/<sha256>.json` | it is to be deployed although a policy refuses it |
//!
//! `<sha256>` is an [`UploadDigest`].

use super::{target::Target, upload_digest::UploadDigest};

/// Where attestations are.
pub const ATTESTATIONS: &str = "attestations/";
/// Where approvals are.
pub const APPROVALS: &str = "approvals/";
/// Where freezes are.
pub const FREEZES: &str = "freeze/";
/// Where break-glass statements are.
pub const BREAK_GLASS: &str = "break-glass/";

/// A key may be long; the name of one statement is not.
const MAX_NAME_BYTES: usize = 128;

/// What the gate calls a freeze by its key: `freeze/<name>`. Of a key that names none, a dot and 16 hexadecimal digits are its
/// name, which no key can name.
#[must_use]
pub fn freeze_subject(key: &str) -> String {
    let named = key.strip_prefix(FREEZES).and_then(freeze);
    if let Some(StatementKey::Freeze { name }) = named {
        return format!("{FREEZES}{name}");
    }
    let hash = UploadDigest::of_upload(key.as_bytes()).to_string();
    format!("{FREEZES}.{}", hash.get(..16).unwrap_or(&hash))
}

/// Whether [`freeze_subject`] gives such names.
#[must_use]
pub fn is_freeze_subject(text: &str) -> bool {
    let name = text.strip_prefix(FREEZES);
    let is_hash = |name: &str| {
        let digits = name.strip_prefix('.').unwrap_or_default();
        digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    name.is_some_and(|name| is_hash(name) || statement_name(name).is_some())
}

/// What a statement's key says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKey {
    /// Where an upload was built.
    Attestation {
        /// The upload.
        upload: UploadDigest,
        /// Its name among those of the upload.
        name: String,
    },
    /// Somebody agrees.
    Approval {
        /// To a deployment to this target.
        target: Target,
        /// Of this upload.
        upload: UploadDigest,
        /// Its name among those of the upload, without `.json`.
        name: String,
    },
    /// Nothing is to be deployed for a while.
    Freeze {
        /// Its name, without `.json`.
        name: String,
    },
    /// A policy is to be passed over.
    BreakGlass {
        /// For this target.
        target: Target,
        /// By this upload.
        upload: UploadDigest,
    },
}

/// Why a key below the folder of one kind of statement names none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {key:?} names no statement; it has to be {form}")]
pub struct StatementKeyError {
    key: String,
    form: &'static str,
}

impl StatementKey {
    /// Whether the key is below the folder of one kind of statement, whatever the rest of it is.
    #[must_use]
    pub fn is_below_a_folder(key: &str) -> bool {
        [ATTESTATIONS, APPROVALS, FREEZES, BREAK_GLASS]
            .iter()
            .any(|folder| key.starts_with(folder))
    }

    /// Reads a key; `None` when it is below none of the folders.
    ///
    /// # Errors
    ///
    /// It is below one, and is not written as a statement's key there.
    #[must_use]
    pub fn parse(key: &str) -> Option<Result<Self, StatementKeyError>> {
        let (read, form): (Option<Self>, _) = if let Some(rest) = key.strip_prefix(ATTESTATIONS) {
            let form = "attestations/<SHA-256 of the upload, in hexadecimal>/<name>";
            (attestation(rest), form)
        } else if let Some(rest) = key.strip_prefix(APPROVALS) {
            let form = "approvals/functions/<name>/<SHA-256 of the upload, in hexadecimal>/<name>.json, or the same \
                        with layers/";
            (approval(rest), form)
        } else if let Some(rest) = key.strip_prefix(FREEZES) {
            (freeze(rest), "freeze/<name>.json")
        } else if let Some(rest) = key.strip_prefix(BREAK_GLASS) {
            let form = "break-glass/functions/<name>/<SHA-256 of the upload, in hexadecimal>.json, or the same with \
                        layers/";
            (break_glass(rest), form)
        } else {
            return None;
        };
        Some(read.ok_or_else(|| StatementKeyError {
            key: key.to_owned(),
            form,
        }))
    }

    /// The folder, in the uploads bucket and in the records, of the approvals of one upload for one target.
    #[must_use]
    pub fn approvals_of(target: &Target, upload: &UploadDigest) -> String {
        format!("{APPROVALS}{target}/{upload}/")
    }

    /// The key of the approval of one upload for one target that a principal gives by its unique id: each has its own, so
    /// that nobody's takes the place of another's. `None` where the id is none of IAM's.
    #[must_use]
    pub fn approval_by(target: &Target, upload: &UploadDigest, user_id: &str) -> Option<String> {
        // A colon is in no key, and a dot in no id before the session's name.
        let name = statement_name(&user_id.replacen(':', ".", 1))?;
        Some(format!("{}{name}.json", Self::approvals_of(target, upload)))
    }

    /// The key, in the uploads bucket, of the break-glass statement about one upload for one target.
    #[must_use]
    pub fn break_glass_of(target: &Target, upload: &UploadDigest) -> String {
        format!("{BREAK_GLASS}{target}/{upload}.json")
    }
}

fn attestation(rest: &str) -> Option<StatementKey> {
    let (digest, name) = rest.split_once('/')?;
    Some(StatementKey::Attestation {
        upload: UploadDigest::parse(digest).ok()?,
        // Builders name their files as they like.
        name: Some(name).filter(|name| !name.is_empty())?.to_owned(),
    })
}

fn approval(rest: &str) -> Option<StatementKey> {
    let (of_target, name) = rest.rsplit_once('/')?;
    let (target, digest) = of_target.rsplit_once('/')?;
    Some(StatementKey::Approval {
        target: Target::try_from(target.to_owned()).ok()?,
        upload: UploadDigest::parse(digest).ok()?,
        name: statement_name(name.strip_suffix(".json")?)?,
    })
}

fn freeze(rest: &str) -> Option<StatementKey> {
    Some(StatementKey::Freeze {
        name: statement_name(rest.strip_suffix(".json")?)?,
    })
}

fn break_glass(rest: &str) -> Option<StatementKey> {
    let (target, file) = rest.rsplit_once('/')?;
    Some(StatementKey::BreakGlass {
        target: Target::try_from(target.to_owned()).ok()?,
        upload: UploadDigest::parse(file.strip_suffix(".json")?).ok()?,
    })
}

/// Letters, digits and `_ . - @ + = ,`, the characters of a session's name, and not a dot first.
fn statement_name(text: &str) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-@+=,".contains(&byte);
    let is_name = (1..=MAX_NAME_BYTES).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(is_allowed);
    is_name.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn digest() -> UploadDigest {
        UploadDigest::parse(DIGEST).unwrap()
    }

    #[test]
    fn each_kind_is_told_by_its_key() {
        let function = || Target::from_key("functions/checkout.zip").unwrap();
        let layer = || Target::from_key("layers/common.zip").unwrap();
        for (key, expected) in [
            (
                format!("attestations/{DIGEST}/build.sigstore.json"),
                StatementKey::Attestation {
                    upload: digest(),
                    name: "build.sigstore.json".to_owned(),
                },
            ),
            (
                format!("approvals/functions/checkout/{DIGEST}/ann@example.org.json"),
                StatementKey::Approval {
                    target: function(),
                    upload: digest(),
                    name: "ann@example.org".to_owned(),
                },
            ),
            (
                format!("approvals/layers/common/{DIGEST}/ann.json"),
                StatementKey::Approval {
                    target: layer(),
                    upload: digest(),
                    name: "ann".to_owned(),
                },
            ),
            (
                "freeze/black-friday.json".to_owned(),
                StatementKey::Freeze {
                    name: "black-friday".to_owned(),
                },
            ),
            (
                format!("break-glass/functions/checkout/{DIGEST}.json"),
                StatementKey::BreakGlass {
                    target: function(),
                    upload: digest(),
                },
            ),
        ] {
            assert_eq!(StatementKey::parse(&key), Some(Ok(expected)), "{key}");
        }
        let folder = StatementKey::approvals_of(&function(), &digest());
        assert_eq!(folder, format!("approvals/functions/checkout/{DIGEST}/"));
        let key = StatementKey::break_glass_of(&function(), &digest());
        assert!(matches!(
            StatementKey::parse(&key),
            Some(Ok(StatementKey::BreakGlass { .. }))
        ));
    }

    #[test]
    fn other_keys_are_none() {
        for key in [
            "functions/checkout.zip",
            "approvals",
            "Freeze/x.json",
            "",
            "/freeze/x.json",
        ] {
            assert_eq!(StatementKey::parse(key), None, "{key}");
            assert!(!StatementKey::is_below_a_folder(key), "{key}");
        }
    }

    #[test]
    fn malformed_key_says_how_it_is_written() {
        let upper = DIGEST.to_uppercase();
        for key in [
            "attestations/".to_owned(),
            format!("attestations/{upper}/build.json"),
            format!("attestations/{DIGEST}/"),
            "approvals/functions/checkout/ann.json".to_owned(),
            format!("approvals/checkout/{DIGEST}/ann.json"),
            format!("approvals/functions/checkout/{DIGEST}/ann.txt"),
            format!("approvals/functions/checkout/{DIGEST}/.json"),
            format!("approvals/functions/checkout/{DIGEST}/a b.json"),
            format!("approvals/functions/check out/{DIGEST}/ann.json"),
            format!("approvals/functions/a/b/{DIGEST}/ann.json"),
            "freeze/".to_owned(),
            "freeze/all/now.json".to_owned(),
            "freeze/now".to_owned(),
            format!("freeze/{}.json", "a".repeat(129)),
            format!("break-glass/functions/checkout/{DIGEST}"),
            "break-glass/functions/checkout.json".to_owned(),
        ] {
            assert!(StatementKey::is_below_a_folder(&key), "{key}");
            let error = StatementKey::parse(&key).unwrap().unwrap_err().to_string();
            let folder = key.split_once('/').unwrap().0;
            assert!(
                error.contains(&format!("it has to be {folder}/")),
                "{error}"
            );
        }
    }
}
