//! The in-toto statement that was signed: which artifacts it speaks of, and what it says of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use sigstore_verify::types::DsseEnvelope;

use crate::{
    bundle::IN_TOTO,
    error::AttestError,
    json,
    limits::{MAX_NESTING, MAX_SUBJECTS},
    predicate::{self, ProvenanceClaims},
    subject::Subject,
    text::shown,
};

/// v0.1 is what SLSA provenance v0.2 travels in.
const TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v0.1",
    "https://in-toto.io/Statement/v1",
];

/// A statement whose form was checked.
pub(crate) struct Statement {
    subjects: Vec<Named>,
    predicate_type: String,
    predicate: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Named>,
    predicate_type: String,
    #[serde(default)]
    predicate: serde_json::Value,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

impl Named {
    /// A digest that is not written as others would write the same one: it would be taken for another one.
    fn odd_digest(&self) -> Option<(&str, &str)> {
        [("sha256", 64), ("sha512", 128)]
            .into_iter()
            .find_map(|(algorithm, digits)| {
                let value = self.digest.get(algorithm)?;
                let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                let is_usual = value.len() == digits && value.bytes().all(is_digit);
                (!is_usual).then_some((algorithm, value.as_str()))
            })
    }
}

/// The digest by which the artifact is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// By its SHA-256.
    Sha256,
    /// By its SHA-512, since the statement has no SHA-256.
    Sha512([u8; 64]),
}

impl Statement {
    /// Reads the payload of an envelope.
    pub(crate) fn parse(envelope: &DsseEnvelope) -> Result<Self, AttestError> {
        let refuse = |fault: String| AttestError::Statement {
            fault: shown(&fault),
        };
        if envelope.payload_type != IN_TOTO {
            let found = &envelope.payload_type;
            return Err(refuse(format!("the payload's type is `{found}`")));
        }
        let payload = envelope.payload.as_bytes();
        if json::is_too_deep(payload, MAX_NESTING) {
            return Err(refuse(format!("it nests more than {MAX_NESTING} deep")));
        }
        json::check_names(payload).map_err(refuse)?;
        let wire: Wire =
            serde_json::from_slice(payload).map_err(|error| refuse(error.to_string()))?;
        if !TYPES.contains(&wire.statement_type.as_str()) {
            return Err(refuse(format!("its type is `{}`", wire.statement_type)));
        }
        if wire.subject.is_empty() {
            return Err(refuse("it names no artifact".to_owned()));
        }
        if wire.subject.len() > MAX_SUBJECTS {
            let count = wire.subject.len();
            return Err(refuse(format!(
                "it names {count} artifacts, at most {MAX_SUBJECTS} are read"
            )));
        }
        if let Some((algorithm, value)) = wire.subject.iter().find_map(Named::odd_digest) {
            return Err(refuse(format!(
                "its {algorithm} `{value}` is not a digest in lower-case hexadecimal"
            )));
        }
        Ok(Self {
            subjects: wire.subject,
            predicate_type: wire.predicate_type,
            predicate: wire.predicate,
        })
    }

    /// Which digest of the artifact the statement can be held against.
    pub(crate) fn lookup(&self, subject: &Subject) -> Result<Lookup, AttestError> {
        let has = |algorithm: &str| {
            let mut subjects = self.subjects.iter();
            subjects.any(|named| named.digest.contains_key(algorithm))
        };
        if has("sha256") {
            return Ok(Lookup::Sha256);
        }
        if let Some(sha512) = subject.sha512().filter(|_| has("sha512")) {
            return Ok(Lookup::Sha512(*sha512));
        }
        let mut algorithms: Vec<&str> = self
            .subjects
            .iter()
            .flat_map(|named| named.digest.keys().map(String::as_str))
            .collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        let found = match algorithms.as_slice() {
            [] => "no digest".to_owned(),
            some => shown(&some.join(", ")),
        };
        let known = match subject.sha512() {
            Some(_) => "sha256 and sha512",
            None => "sha256",
        };
        Err(AttestError::OtherDigest { found, known })
    }

    /// The name under which the statement speaks of the artifact, where it does. All digests that are
    /// known of it have to fit: one that does not would make another file the attested one for a reader
    /// that looks at that digest.
    pub(crate) fn name_of(&self, subject: &Subject) -> Result<&str, AttestError> {
        let sha256 = hex::encode(subject.sha256());
        let sha512 = subject.sha512().map(hex::encode);
        let fits = |named: &&Named| {
            let by_sha256 = named.digest.get("sha256").map(|found| *found == sha256);
            let by_sha512 = named
                .digest
                .get("sha512")
                .zip(sha512.as_ref())
                .map(|(found, wanted)| found == wanted);
            let verdicts = [by_sha256, by_sha512];
            verdicts.contains(&Some(true)) && !verdicts.contains(&Some(false))
        };
        match self.subjects.iter().find(fits) {
            Some(named) => Ok(&named.name),
            None => Err(self.other_subject(sha256)),
        }
    }

    /// The refusal of an artifact that it does not speak of.
    pub(crate) fn other_subject(&self, wanted: String) -> AttestError {
        const MAX_NAMED: usize = 3;
        let mut found: Vec<String> = self
            .subjects
            .iter()
            .take(MAX_NAMED)
            .map(|named| {
                let digest = named.digest.iter().next();
                let digest = digest.map(|(algorithm, value)| format!("{algorithm}:{value}"));
                shown(&format!("{} ({})", named.name, digest.unwrap_or_default()))
            })
            .collect();
        let rest = self.subjects.len().saturating_sub(MAX_NAMED);
        if rest > 0 {
            found.push(format!("{rest} others"));
        }
        AttestError::OtherSubject {
            wanted,
            found: found.join(", "),
        }
    }

    /// The artifacts that it speaks of: name and SHA-256, if it has one.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let named = self.subjects.iter();
        named.map(|named| {
            let sha256 = named.digest.get("sha256").map(String::as_str);
            (named.name.as_str(), sha256)
        })
    }

    /// What it is, and what it says.
    pub(crate) fn predicate(&self) -> (&str, &serde_json::Value) {
        (&self.predicate_type, &self.predicate)
    }

    /// What it tells of the build, if it is SLSA provenance.
    pub(crate) fn told(&self) -> Result<ProvenanceClaims, AttestError> {
        predicate::read(&self.predicate_type, &self.predicate)
    }
}
