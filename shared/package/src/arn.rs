//! The two ARNs that Signer signs into a package: a version of a signing profile, and a signing
//! job.
//!
//! Both are parsed whole, so that comparing two of them is comparing what they mean, and nothing
//! can hide in a wildcard, an empty part or an odd character.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Why a text is not the ARN it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArnError {
    /// Not six parts of which the first is `arn`.
    #[error("it is not an ARN")]
    NotAnArn,
    /// A partition other than `aws`, `aws-cn`, `aws-eusc` and `aws-us-gov`.
    #[error("its partition is not known")]
    Partition,
    /// A service other than `signer`.
    #[error("its service is not signer")]
    Service,
    /// A region that is not of the form `us-east-1`.
    #[error("its region is malformed")]
    Region,
    /// An account that is not twelve digits.
    #[error("its account is not twelve digits")]
    Account,
    /// An alias of a signing profile. AWS announced them; what is behind one can change, so that it says nothing
    /// about who signed.
    #[error("it is an alias of a signing profile, and not a version of one")]
    ProfileAlias,
    /// Another kind of resource, or a malformed name in it.
    #[error("its resource is malformed or of another kind")]
    Resource,
}

/// What the ARNs of Signer have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Owner {
    partition: String,
    region: String,
    account: String,
}

impl Owner {
    /// Takes everything but the resource, which is returned.
    ///
    /// The genuine samples are of `aws` and us-east-1 (grade A). That Signer writes its ARNs of the
    /// other partitions and regions in the same form is inferred (grade D).
    fn parse(arn: &str) -> Result<(Self, &str), ArnError> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next().ok_or(ArnError::NotAnArn);
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        if scheme != "arn" {
            return Err(ArnError::NotAnArn);
        }
        if !matches!(partition, "aws" | "aws-cn" | "aws-eusc" | "aws-us-gov") {
            return Err(ArnError::Partition);
        }
        if service != "signer" {
            return Err(ArnError::Service);
        }
        if !is_region(region) {
            return Err(ArnError::Region);
        }
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ArnError::Account);
        }
        let owner = Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        };
        Ok((owner, resource))
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
        } = self;
        write!(f, "arn:{partition}:signer:{region}:{account}:")
    }
}

/// Lower-case words and a number, as in `us-gov-west-1` and `ap-southeast-4`. That all regions are
/// named so is inferred (grade D).
fn is_region(region: &str) -> bool {
    let Some((words, number)) = region.rsplit_once('-') else {
        return false;
    };
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    region.len() <= 32
        && words.contains('-')
        && words.split('-').all(is_word)
        && matches!(number.len(), 1 | 2)
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// How the resource of an alias begins, as it was announced (grade C).
const ALIASED_PROFILES: &str = "/aliased-signing-profiles/";

/// One version of a signing profile: the publisher of a package.
///
/// `arn:aws:signer:us-east-1:123456789012:/signing-profiles/my_profile/AbCdEf1234`
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileVersionArn {
    owner: Owner,
    profile_name: String,
    version: String,
}

impl ProfileVersionArn {
    /// Parses the ARN of a profile version: name of 2 to 64 of `[0-9A-Za-z_]`, version of 10 of
    /// `[0-9A-Za-z]` (both patterns from Signer's service model).
    pub fn parse(arn: &str) -> Result<Self, ArnError> {
        let (owner, resource) = Owner::parse(arn)?;
        if resource.starts_with(ALIASED_PROFILES) {
            return Err(ArnError::ProfileAlias);
        }
        let path = resource
            .strip_prefix("/signing-profiles/")
            .ok_or(ArnError::Resource)?;
        let (profile_name, version) = path.split_once('/').ok_or(ArnError::Resource)?;
        let is_name = (2..=64).contains(&profile_name.len())
            && profile_name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_version =
            version.len() == 10 && version.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_name || !is_version {
            return Err(ArnError::Resource);
        }
        Ok(Self {
            owner,
            profile_name: profile_name.to_owned(),
            version: version.to_owned(),
        })
    }

    /// The partition, such as `aws`.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.owner.partition
    }

    /// The region, such as `us-east-1`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.owner.region
    }

    /// The account, twelve digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.owner.account
    }

    /// The profile's name.
    #[must_use]
    pub fn profile_name(&self) -> &str {
        &self.profile_name
    }

    /// The version, ten characters.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl fmt::Display for ProfileVersionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner,
            profile_name,
            version,
        } = self;
        write!(f, "{owner}/signing-profiles/{profile_name}/{version}")
    }
}

impl FromStr for ProfileVersionArn {
    type Err = ArnError;

    fn from_str(arn: &str) -> Result<Self, ArnError> {
        Self::parse(arn)
    }
}

/// A signing job: the one act that signed a package.
///
/// `arn:aws:signer:us-east-1:123456789012:/signing-jobs/cf0489c1-3eb6-4ff0-989e-f651a4275d78`
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SigningJobArn {
    owner: Owner,
    job_id: String,
}

impl SigningJobArn {
    /// Parses the ARN of a signing job, whose id is a UUID in lower case.
    pub fn parse(arn: &str) -> Result<Self, ArnError> {
        let (owner, resource) = Owner::parse(arn)?;
        let job_id = resource
            .strip_prefix("/signing-jobs/")
            .ok_or(ArnError::Resource)?;
        if !is_uuid(job_id) {
            return Err(ArnError::Resource);
        }
        Ok(Self {
            owner,
            job_id: job_id.to_owned(),
        })
    }

    /// The partition, such as `aws`.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.owner.partition
    }

    /// The region, such as `us-east-1`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.owner.region
    }

    /// The account, twelve digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.owner.account
    }

    /// The job's id, a UUID.
    #[must_use]
    pub fn job_id(&self) -> &str {
        &self.job_id
    }
}

/// 8-4-4-4-12 lower-case hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || is_hex(byte))
}

impl fmt::Display for SigningJobArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/signing-jobs/{}", self.owner, self.job_id)
    }
}

impl FromStr for SigningJobArn {
    type Err = ArnError;

    fn from_str(arn: &str) -> Result<Self, ArnError> {
        Self::parse(arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str =
        "arn:aws:signer:us-east-1:123456789012:/signing-profiles/my_profile/AbCdEf1234";
    const JOB: &str = "arn:aws-us-gov:signer:us-gov-west-1:123456789012:/signing-jobs/cf0489c1-3eb6-4ff0-989e-f651a4275d78";

    #[test]
    fn arns_survive_a_round_trip() {
        let profile = ProfileVersionArn::parse(PROFILE).unwrap();
        assert_eq!(profile.to_string(), PROFILE);
        assert_eq!(profile.profile_name(), "my_profile");
        assert_eq!(profile.version(), "AbCdEf1234");
        let job: SigningJobArn = JOB.parse().unwrap();
        assert_eq!(job.to_string(), JOB);
        assert_eq!(
            (job.partition(), job.region()),
            ("aws-us-gov", "us-gov-west-1")
        );
        assert_eq!(job.account(), "123456789012");
    }

    #[test]
    fn arns_of_every_partition_are_read() {
        for (partition, region) in [
            ("aws", "us-east-1"),
            ("aws-cn", "cn-north-1"),
            ("aws-eusc", "eusc-de-east-1"),
            ("aws-us-gov", "us-gov-east-1"),
        ] {
            let arn = PROFILE.replace(
                "arn:aws:signer:us-east-1",
                &format!("arn:{partition}:signer:{region}"),
            );
            let profile = ProfileVersionArn::parse(&arn).unwrap();
            assert_eq!((profile.partition(), profile.region()), (partition, region));
            assert_eq!(profile.to_string(), arn);
        }
    }

    #[test]
    fn each_malformed_part_is_named() {
        let cases = [
            ("", ArnError::NotAnArn),
            ("arn:aws:signer:us-east-1:123456789012", ArnError::NotAnArn),
            (
                "urn:aws:signer:us-east-1:123456789012:/signing-profiles/pp/AbCdEf1234",
                ArnError::NotAnArn,
            ),
            (
                "arn:aws-x:signer:us-east-1:123456789012:/signing-profiles/pp/AbCdEf1234",
                ArnError::Partition,
            ),
            (
                "arn:aws:signer:us-east-1:123456789012:/aliased-signing-profiles/pp",
                ArnError::ProfileAlias,
            ),
            (
                "arn:aws:lambda:us-east-1:123456789012:/signing-profiles/pp/AbCdEf1234",
                ArnError::Service,
            ),
            (
                "arn:aws:signer::123456789012:/signing-profiles/pp/AbCdEf1234",
                ArnError::Region,
            ),
            (
                "arn:aws:signer:*:123456789012:/signing-profiles/pp/AbCdEf1234",
                ArnError::Region,
            ),
            (
                "arn:aws:signer:us-east-1:12345678901:/signing-profiles/pp/AbCdEf1234",
                ArnError::Account,
            ),
            (
                "arn:aws:signer:us-east-1:12345678901x:/signing-profiles/pp/AbCdEf1234",
                ArnError::Account,
            ),
            (
                "arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/AbCdEf1234",
                ArnError::Resource,
            ),
            (
                "arn:aws:signer:us-east-1:123456789012:/signing-profiles/pp/AbCdEf123",
                ArnError::Resource,
            ),
            (
                "arn:aws:signer:us-east-1:123456789012:/signing-profiles/pp/AbCdEf1234/x",
                ArnError::Resource,
            ),
            (
                "arn:aws:signer:us-east-1:123456789012:/signing-profiles/pp",
                ArnError::Resource,
            ),
        ];
        for (arn, expected) in cases {
            assert_eq!(ProfileVersionArn::parse(arn), Err(expected), "{arn}");
        }
        for region in [
            "us-east-",
            "us-east-x",
            "us-east-1x",
            "us-east-123",
            "us-east-٣",
            "us-east",
            "us-1",
            "-east-1",
            "us--1",
            "US-east-1",
            "us-e4st-1",
            "us east-1",
            "us-somewhere-far-beyond-the-sea-1",
        ] {
            let arn = PROFILE.replace("us-east-1", region);
            assert_eq!(
                ProfileVersionArn::parse(&arn),
                Err(ArnError::Region),
                "{arn}"
            );
        }
        for region in ["ap-southeast-4", "eu-central-12", "us-iso-east-1"] {
            let arn = PROFILE.replace("us-east-1", region);
            assert!(ProfileVersionArn::parse(&arn).is_ok(), "{arn}");
        }
        for job in [
            "",
            "CF0489C1-3eb6-4ff0-989e-f651a4275d78",
            "cf0489c13eb64ff0989ef651a4275d78",
        ] {
            let arn = format!("arn:aws:signer:us-east-1:123456789012:/signing-jobs/{job}");
            assert_eq!(SigningJobArn::parse(&arn), Err(ArnError::Resource), "{job}");
        }
    }
}
