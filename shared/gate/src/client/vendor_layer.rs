//! A layer that somebody else made and signed: whether it is what it is taken for, and the unsigned package that
//! the gate can sign. Signer signs nothing that is signed already, so the signature of the vendor has to be taken
//! off; before that it is verified, and after that nothing else may differ.

use std::collections::BTreeMap;

use countersign_package::{
    IntegrityError, Limits, Package, ProfileVersionArn, StripError, StructureError, TrustRoots,
    strip,
};
use jiff::Timestamp;

use crate::{
    domain::{ARCHITECTURES, CodeIdentity, LayerVersionArn, RUNTIMES, sha256_base64},
    ports::LayerCandidate,
    verdict::{Unsignable, check_signable},
};

/// The metadata that says that this is a layer of somebody else.
const ADOPTED: (&str, &str) = ("adopted", "a layer of a vendor");
/// The metadata that names the version of the layer.
const VENDOR_LAYER: &str = "vendor-layer";
/// The metadata with base64 of the SHA-256 of the package as it was, its signature included.
const VENDOR_CODE_SHA256: &str = "vendor-code-sha256";
/// The metadata that names who signed it.
const VENDOR_PUBLISHER: &str = "vendor-publisher";
/// The metadata that names the vendor's signing job.
const VENDOR_JOB: &str = "vendor-signing-job";

/// What is known of the layer beside its bytes, and expected of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct VendorExpectation<'a> {
    /// The layer's version, and what Lambda tells of it; `None` for a file.
    pub layer: Option<(&'a LayerVersionArn, &'a LayerCandidate)>,
    /// Who is to have signed it; `None` when anybody may have.
    pub publisher: Option<&'a ProfileVersionArn>,
}

/// The vendor's signature, which was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorSignature {
    /// The version of the signing profile.
    pub profile_version_arn: String,
    /// The signing job.
    pub job_arn: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// When the signature expires by itself.
    pub expires_at: Timestamp,
}

/// A layer that can be signed once more. Made only by [`open_vendor_layer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorLayer {
    package: Vec<u8>,
    signature: Option<VendorSignature>,
    metadata: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl VendorLayer {
    /// The package without a signature.
    #[must_use]
    pub fn package(&self) -> &[u8] {
        &self.package
    }

    /// The signature that was taken off; `None` when there was none.
    #[must_use]
    pub fn signature(&self) -> Option<&VendorSignature> {
        self.signature.as_ref()
    }

    /// Where it is from, and what it fits, for the metadata of the upload.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// What should be known before it is signed.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Why a layer is not signed once more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VendorObstacle {
    /// The bytes are not those of the layer.
    #[error("its package has the SHA-256 {found}, and Lambda tells {told}")]
    OtherBytes {
        /// Base64 of what the bytes have.
        found: String,
        /// `CodeSha256`.
        told: String,
    },
    /// The package can be read in two ways, or not at all.
    #[error("its package is not sound: {0}")]
    Structure(StructureError),
    /// There is no signature, and one is expected.
    #[error("it carries no signature, and {expected} is to have signed it")]
    NotSigned {
        /// Who is to have signed it.
        expected: String,
    },
    /// The signature does not hold.
    #[error("its signature does not hold: {0}")]
    Integrity(IntegrityError),
    /// Somebody else signed it.
    #[error("{found} signed it, and not {expected}")]
    OtherPublisher {
        /// Who did.
        found: String,
        /// Who is to have.
        expected: String,
    },
    /// The signature cannot be taken off without a change of the rest.
    #[error("its signature cannot be taken off: {0}")]
    NotStripped(StripError),
    /// The gate would not have it signed.
    #[error("{}: {}", .0.code, .0.message)]
    Unsignable(Unsignable),
}

impl VendorObstacle {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::OtherBytes { .. } => "run the command again; if it stays so, ask the vendor",
            Self::NotSigned { .. } => {
                "ask the vendor for the signed package; without --publisher it is taken unsigned"
            }
            Self::Integrity(_) => {
                "do not use it: ask the vendor. A package that was signed in another place than us-east-1 may take \
                 --trust-root"
            }
            Self::OtherPublisher { .. } => {
                "ask the vendor which version of which signing profile signs its layers"
            }
            Self::Structure(_) | Self::NotStripped(_) => {
                "ask the vendor for the package as it was before it was signed"
            }
            Self::Unsignable(unsignable) => unsignable.fix,
        }
    }
}

/// Verifies the vendor's signature where there is one, and takes it off.
pub fn open_vendor_layer(
    bytes: &[u8],
    expected: &VendorExpectation<'_>,
    roots: &TrustRoots,
    now: Timestamp,
) -> Result<VendorLayer, VendorObstacle> {
    let limits = Limits::default();
    let told = expected.layer.map(|(_, candidate)| &candidate.code);
    check_bytes(bytes, told)?;
    let package = Package::read(bytes, &limits).map_err(VendorObstacle::Structure)?;
    let told_signer = told.and_then(|told| told.profile_version_arn.as_deref());
    let wanted = expected.publisher.map(ToString::to_string);
    let mut warnings = Vec::new();
    let (unsigned, signature) = if package.is_signed() {
        let signature = verified(&package, roots)?;
        for wanted in wanted.as_deref().into_iter().chain(told_signer) {
            check_publisher(&signature, wanted)?;
        }
        if expected.publisher.is_none() {
            warnings.push(
                "anybody can sign by way of AWS Signer: say with --publisher who is to have signed it"
                    .to_owned(),
            );
        }
        if signature.expires_at <= now {
            let expired = signature.expires_at;
            warnings.push(format!("the vendor's signature expired at {expired}"));
        }
        let stripped = strip(&package, &limits).map_err(VendorObstacle::NotStripped)?;
        (stripped.into_bytes(), Some(signature))
    } else {
        if let Some(expected) = wanted.or_else(|| told_signer.map(str::to_owned)) {
            return Err(VendorObstacle::NotSigned { expected });
        }
        warnings.push("it carries no signature: nothing tells who made it".to_owned());
        (bytes.to_vec(), None)
    };
    check_signable(&unsigned, &limits).map_err(VendorObstacle::Unsignable)?;
    Ok(VendorLayer {
        metadata: provenance(bytes, expected, signature.as_ref()),
        package: unsigned,
        signature,
        warnings,
    })
}

fn check_bytes(bytes: &[u8], told: Option<&CodeIdentity>) -> Result<(), VendorObstacle> {
    let Some(told) = told else {
        return Ok(());
    };
    let found = sha256_base64(bytes);
    if found == told.sha256 {
        return Ok(());
    }
    let told = told.sha256.clone();
    Err(VendorObstacle::OtherBytes { found, told })
}

fn verified(package: &Package<'_>, roots: &TrustRoots) -> Result<VendorSignature, VendorObstacle> {
    let verified = package.verify(roots).map_err(VendorObstacle::Integrity)?;
    let claims = verified.claims();
    Ok(VendorSignature {
        profile_version_arn: claims.profile_version().to_string(),
        job_arn: claims.job().to_string(),
        signed_at: claims.signed_at(),
        expires_at: claims.expires_at(),
    })
}

fn check_publisher(signature: &VendorSignature, expected: &str) -> Result<(), VendorObstacle> {
    let found = &signature.profile_version_arn;
    if found == expected {
        return Ok(());
    }
    Err(VendorObstacle::OtherPublisher {
        found: found.clone(),
        expected: expected.to_owned(),
    })
}

/// Metadata for the upload. Where Lambda says what the layer fits, the gate's version says the same.
fn provenance(
    bytes: &[u8],
    expected: &VendorExpectation<'_>,
    signature: Option<&VendorSignature>,
) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::from([
        (ADOPTED.0.to_owned(), ADOPTED.1.to_owned()),
        (VENDOR_CODE_SHA256.to_owned(), sha256_base64(bytes)),
    ]);
    if let Some((arn, candidate)) = expected.layer {
        metadata.insert(VENDOR_LAYER.to_owned(), arn.to_string());
        for (name, values) in [
            (RUNTIMES, &candidate.runtimes),
            (ARCHITECTURES, &candidate.architectures),
        ] {
            if !values.is_empty() {
                metadata.insert(name.to_owned(), values.join(","));
            }
        }
    }
    if let Some(signature) = signature {
        metadata.insert(
            VENDOR_PUBLISHER.to_owned(),
            signature.profile_version_arn.clone(),
        );
        metadata.insert(VENDOR_JOB.to_owned(), signature.job_arn.clone());
    }
    metadata
}
