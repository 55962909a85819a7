//! What is demanded of where a package was built: by the stack for all of its targets, and by the tags of a function.
//!
//! Both have the same five parts, and a package has to meet all of them. A tag adds to what the stack demands and takes
//! nothing of it away: tags are written by whoever may configure a function, and in many accounts that is whoever
//! deploys it, too. So the stack's demand holds whatever a tag says.

use std::{collections::BTreeMap, fmt, str::FromStr};

use countersign_attest::{
    Demand, Level, Mismatch, PatternError, Provenance, RefPattern, SourcePattern, WorkflowPattern,
    shown,
};

use crate::domain::{BUILDER_TAG, LEVEL_TAG, REF_TAG, SOURCE_TAG, WORKFLOW_TAG};

/// Why a demand cannot be judged by. Never the same as no demand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct DemandError {
    /// The tag, or what of the demand.
    place: &'static str,
    /// What is wrong with it, and how it is written.
    fault: String,
}

/// Who has to vouch for a build, where that is not the platform that hosts the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Builder {
    /// The issuer of the build's identity, as certificates name it: `https://…`.
    Issuer(String),
    /// The holder of the key with this SHA-256.
    Key([u8; 32]),
}

/// What is demanded in one place; what is absent is not demanded there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemandParts {
    /// The repository, or all of an owner.
    pub source: Option<SourcePattern>,
    /// The file that describes the build, or the one that signed.
    pub workflow: Option<WorkflowPattern>,
    /// The branch or tag.
    pub git_ref: Option<RefPattern>,
    /// The least build level.
    pub level: Option<Level>,
    /// Who has to vouch for the build.
    pub builder: Option<Builder>,
}

/// All that is demanded of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenanceDemand {
    /// Each has to be met, by one and the same provenance.
    demands: Vec<Demand>,
    /// The same in words.
    words: String,
}

impl FromStr for Builder {
    type Err = &'static str;

    /// `https://…`, or `sha256:` and the digest of a key in hexadecimal.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FAULT: &str = "write the issuer as certificates name it, from https:// on, or a key as sha256: and the 64 \
                             hexadecimal digits of its digest";
        if text.starts_with("https://") {
            return Ok(Self::Issuer(text.to_owned()));
        }
        let digest = text.strip_prefix("sha256:").and_then(digest_of);
        digest.map(Self::Key).ok_or(FAULT)
    }
}

/// The 32 bytes that 64 hexadecimal digits stand for.
fn digest_of(digits: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).ok()?;
    Some(digest)
}

impl DemandParts {
    /// What the tags of a function demand. A tag that is there and cannot be read is an error.
    pub fn of_tags(tags: &BTreeMap<String, String>) -> Result<Self, DemandError> {
        Ok(Self {
            source: read_tag(tags, SOURCE_TAG, "github.com/owner/repository")?,
            workflow: read_tag(tags, WORKFLOW_TAG, ".github/workflows/release.yml")?,
            git_ref: read_tag(tags, REF_TAG, "refs/heads/main")?,
            level: read_tag(tags, LEVEL_TAG, "2")?,
            builder: read_tag(tags, BUILDER_TAG, "https://oidc.example.com")?,
        })
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The demand of this place. Of which source, and who vouches for it, the other place may say instead.
    fn demand(&self, other: &Self, lender: Option<&Self>) -> Result<Demand, DemandError> {
        let source = self.source.as_ref().or(other.source.as_ref());
        let Some(source) = source.cloned() else {
            let fault = format!(
                "provenance is demanded ({}) and no source is named; set this tag on the function, or the stack's \
                 parameter ProvenanceSource, to a repository such as github.com/owner/repository, or to \
                 github.com/owner/ for all of an owner",
                self.words()
            );
            return Err(DemandError::new(SOURCE_TAG, fault));
        };
        let lent = || lender.and_then(|lender| lender.builder.as_ref());
        let builder = self.builder.as_ref().or_else(lent);
        let mut demand = match builder {
            Some(Builder::Key(sha256)) => Demand::signed_with_key(source, *sha256),
            Some(Builder::Issuer(issuer)) => Demand::vouched_for_by(source, issuer)
                .map_err(|error| DemandError::new(BUILDER_TAG, error.to_string()))?,
            None => Demand::built_on_platform(source)
                .map_err(|error| DemandError::without_builder(&error))?,
        };
        if let Some(workflow) = &self.workflow {
            demand = demand.with_workflow(workflow.clone());
        }
        if let Some(git_ref) = &self.git_ref {
            demand = demand.with_ref(git_ref.clone());
        }
        if let Some(level) = self.level {
            demand = demand.with_level(level);
        }
        Ok(demand)
    }

    fn words(&self) -> String {
        let builder = self.builder.as_ref().map(|builder| match builder {
            Builder::Issuer(issuer) => format!("vouched for by {}", shown(issuer)),
            Builder::Key(sha256) => format!("signed with the key sha256:{}", hex::encode(sha256)),
        });
        let parts = [
            self.source
                .as_ref()
                .map(|source| format!("source {source}")),
            self.workflow
                .as_ref()
                .map(|workflow| format!("workflow {workflow}")),
            self.git_ref
                .as_ref()
                .map(|git_ref| format!("ref {git_ref}")),
            self.level.map(|level| format!("level {level} or more")),
            builder,
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(", ")
    }
}

/// One tag, if it is there; `example` is one that can be read.
fn read_tag<T: FromStr<Err: fmt::Display>>(
    tags: &BTreeMap<String, String>,
    name: &'static str,
    example: &str,
) -> Result<Option<T>, DemandError> {
    let Some(text) = tags.get(name) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|fault: T::Err| {
        let fault = format!(
            "its value `{}` is not usable: {fault}; write it as in `{example}`",
            shown(text)
        );
        DemandError::new(name, fault)
    })
}

impl DemandError {
    fn new(place: &'static str, fault: impl Into<String>) -> Self {
        Self {
            place,
            fault: fault.into(),
        }
    }

    fn without_builder(error: &PatternError) -> Self {
        let fault = format!("{error}, in this tag or in the parameter ProvenanceBuilder");
        Self::new(BUILDER_TAG, fault)
    }
}

impl ProvenanceDemand {
    /// What the stack and a target's own tags demand together; `None` if neither demands anything.
    pub fn of(stack: &DemandParts, tags: &DemandParts) -> Result<Option<Self>, DemandError> {
        // A tag says whom to believe where the stack leaves the source to it. Of a source that the stack names, whoever
        // may tag a function must not have others believed.
        let lent = stack.source.is_none().then_some(tags);
        let places = [(stack, tags, lent), (tags, stack, Some(stack))];
        let demanding = places.iter().filter(|(place, ..)| !place.is_empty());
        let demands = demanding
            .map(|(place, other, lender)| place.demand(other, *lender))
            .collect::<Result<Vec<_>, _>>()?;
        let words = places.map(|(place, ..)| place.words());
        let mut words: Vec<String> = words
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect();
        words.dedup();
        let words = words.join("; and ");
        Ok((!demands.is_empty()).then_some(Self { demands, words }))
    }

    /// Everything in which a provenance falls short; nothing if it meets all of the demand.
    #[must_use]
    pub fn judge(&self, provenance: &Provenance) -> Vec<Mismatch> {
        let mut mismatches: Vec<Mismatch> = Vec::new();
        for mismatch in self
            .demands
            .iter()
            .flat_map(|demand| demand.judge(provenance))
        {
            if !mismatches.contains(&mismatch) {
                mismatches.push(mismatch);
            }
        }
        mismatches
    }
}

impl fmt::Display for ProvenanceDemand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        tags.iter().map(own).collect()
    }

    fn demand(
        stack: &[(&str, &str)],
        target: &[(&str, &str)],
    ) -> Result<Option<ProvenanceDemand>, DemandError> {
        let stack = DemandParts::of_tags(&tags(stack)).unwrap();
        ProvenanceDemand::of(&stack, &DemandParts::of_tags(&tags(target))?)
    }

    #[test]
    fn nothing_is_demanded_where_nobody_says_so() {
        assert_eq!(demand(&[], &[]), Ok(None));
        assert_eq!(demand(&[], &[("countersign:alias", "live")]), Ok(None));
    }

    #[test]
    fn tag_that_cannot_be_read_is_told_with_how_to_write_it() {
        let key = "countersign:builder";
        let short = "sha256:abcd";
        let long = format!("sha256:{}0", "ab".repeat(32));
        let odd = format!("sha256:{}", "xy".repeat(32));
        for (name, value, how) in [
            ("countersign:source", "", "owner/repository"),
            ("countersign:source", "acme/shop", "names no host"),
            ("countersign:source", "github.com/acme", "end it with `/`"),
            ("countersign:source", "github.com/*/shop", "without `*`"),
            (
                "countersign:source",
                "http://github.com/acme/shop",
                "https://",
            ),
            (
                "countersign:source",
                "github.com/acme/shop/tree/main",
                "nothing behind it",
            ),
            ("countersign:workflow", "", "is empty"),
            (
                "countersign:workflow",
                "/release.yml",
                "path within the repository",
            ),
            ("countersign:ref", "main", "refs/heads/main"),
            ("countersign:ref", "refs/heads/a b", "spaces"),
            ("countersign:level", "4", "1, 2 or 3"),
            ("countersign:level", "", "1, 2 or 3"),
            (key, "github", "https://"),
            (key, short, "64"),
            (key, &long, "64"),
            (key, &odd, "64"),
        ] {
            let error = demand(
                &[],
                &[
                    ("countersign:source", "github.com/acme/shop"),
                    (name, value),
                ],
            );
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
            assert!(error.contains(how), "{how} is not in {error}");
        }
    }

    #[test]
    fn hostile_value_is_told_short_and_escaped() {
        let value = format!("\u{1b}[2J\u{202e}{}", "x".repeat(5_000));
        for name in [SOURCE_TAG, WORKFLOW_TAG, REF_TAG, LEVEL_TAG, BUILDER_TAG] {
            let error = demand(&[], &[(name, &value)]).unwrap_err().to_string();
            assert!(error.len() < 1_000, "{}", error.len());
            assert!(!error.contains(['\u{1b}', '\u{202e}']), "{error}");
        }
    }

    #[test]
    fn demand_without_a_source_is_no_demand_that_could_be_judged() {
        for (stack, target) in [
            (vec![], vec![("countersign:ref", "refs/heads/main")]),
            (vec![("countersign:level", "2")], vec![]),
            (
                vec![("countersign:level", "2")],
                vec![("countersign:workflow", "a.yml")],
            ),
        ] {
            let error = demand(&stack, &target).unwrap_err().to_string();
            assert!(error.starts_with("countersign:source: "), "{error}");
            assert!(error.contains("ProvenanceSource"), "{error}");
        }
    }

    #[test]
    fn source_of_another_host_needs_who_vouches_for_it() {
        let source = ("countersign:source", "git.example/acme/shop");
        let error = demand(&[], &[source]).unwrap_err().to_string();
        assert!(error.starts_with("countersign:builder: "), "{error}");
        assert!(error.contains("ProvenanceBuilder"), "{error}");
        let key = format!("sha256:{}", "ab".repeat(32));
        for builder in ["https://git.example", &key] {
            let both = demand(&[], &[source, ("countersign:builder", builder)]);
            assert!(both.unwrap().is_some(), "{builder}");
        }
        // Nobody else speaks of GitHub's repositories.
        let other = demand(
            &[("countersign:builder", "https://git.example")],
            &[("countersign:source", "github.com/acme/shop")],
        );
        assert!(other.unwrap_err().to_string().contains("no say"));
    }

    /// Whoever may tag a function does not choose who is believed about the stack's source.
    #[test]
    fn tag_replaces_no_builder_of_the_stack() {
        let stack = [
            ("countersign:source", "github.com/acme/"),
            ("countersign:ref", "refs/heads/main"),
        ];
        let key = format!("sha256:{}", "ab".repeat(32));
        let both = demand(&stack, &[("countersign:builder", &key)]);
        let both = both.unwrap().unwrap();
        let alone = demand(&stack, &[]).unwrap().unwrap();
        assert_eq!(both.demands.first(), alone.demands.first());
        assert_eq!(both.demands.len(), 2);
        // Without one on its host, the stack's demand stays without.
        let elsewhere = [("countersign:source", "git.example/acme/")];
        let error = demand(
            &elsewhere,
            &[("countersign:builder", "https://git.example")],
        );
        assert!(error.unwrap_err().to_string().contains("ProvenanceBuilder"));
    }

    #[test]
    fn both_places_demand_and_either_may_name_the_source() {
        let stack = [("countersign:source", "github.com/acme/")];
        let one = demand(&stack, &[]).unwrap().unwrap();
        assert_eq!(one.demands.len(), 1);
        assert_eq!(one.to_string(), "source https://github.com/acme/");
        let both = demand(&stack, &[("countersign:ref", "refs/heads/main")]);
        let both = both.unwrap().unwrap();
        assert_eq!(both.demands.len(), 2);
        let words = "source https://github.com/acme/; and ref refs/heads/main";
        assert_eq!(both.to_string(), words);
        let other = demand(&stack, &[("countersign:source", "github.com/evil/shop")]);
        assert_eq!(
            other.unwrap().unwrap().demands.len(),
            2,
            "neither is dropped"
        );
        let from_tag = demand(
            &[("countersign:level", "2")],
            &[("countersign:source", "github.com/acme/shop")],
        );
        assert_eq!(from_tag.unwrap().unwrap().demands.len(), 2);
    }
}
