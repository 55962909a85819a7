//! Trust roots (trust anchors): the certificates that are trusted without a signature.

use thiserror::Error;

use super::{certificate::Certificate, pem};

/// `Signer us-west-2 ROOT CA`; its provenance stands in `roots/README.md`.
const AWS_SIGNER: &[u8] = include_bytes!("../../roots/aws-signer-root.pem");

/// Roots that one set may hold: AWS has at most one for each partition, and rolls them over.
const MAX_ROOTS: usize = 16;

/// Why a set of trust roots was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustRootError {
    /// Not PEM, or no certificate in it.
    #[error("the trust roots are not PEM certificates: {fault}")]
    Pem {
        /// What is wrong.
        fault: &'static str,
    },
    /// A certificate in it cannot be read, or cannot be a root.
    #[error("trust root {index} is refused: {fault}")]
    Certificate {
        /// Position in the file, from 0.
        index: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// The roots that a signature may lead to. A root inside a package establishes no trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoots {
    certificates: Vec<Certificate>,
}

impl TrustRoots {
    /// The root of AWS Signer, which both genuine signatures lead to (grade A). Both were made in
    /// us-east-1; that those of the other commercial regions lead to it, too, is inferred (grade
    /// D). The roots of China and `GovCloud` are not known: hand them in with
    /// [`TrustRoots::from_pem`].
    #[must_use]
    pub fn aws() -> Self {
        // Built in and read by a test: cannot fail. If it did, no root is no trust.
        Self::from_pem(AWS_SIGNER).unwrap_or(Self {
            certificates: Vec::new(),
        })
    }

    /// Reads one or more certificates in PEM, which replace the built-in root. Text between the
    /// blocks, and carriage returns, are passed over: this file comes from the operator.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TrustRootError> {
        const BEGIN: &[u8] = b"-----BEGIN ";
        let text: Vec<u8> = pem
            .iter()
            .copied()
            .filter(|byte| *byte != b'\r')
            .chain([b'\n'])
            .collect();
        let mut rest = text.as_slice();
        let mut certificates: Vec<Certificate> = Vec::new();
        while let Some(start) = memchr::memmem::find(rest, BEGIN) {
            let block = rest.get(start..).unwrap_or_default();
            let (der, after) =
                pem::decode(block, "CERTIFICATE").map_err(|fault| TrustRootError::Pem { fault })?;
            rest = after;
            let index = certificates.len();
            let refuse = |fault| TrustRootError::Certificate { index, fault };
            if index == MAX_ROOTS {
                return Err(refuse("there are too many"));
            }
            let certificate =
                Certificate::from_der(&der).map_err(|malformed| refuse(malformed.fault))?;
            if !certificate.is_ca() {
                return Err(refuse("it is not a CA"));
            }
            if !certificate
                .extensions()
                .key_usage
                .is_some_and(|usage| usage.key_cert_sign)
            {
                return Err(refuse("it may not sign certificates"));
            }
            if certificate.key().is_err() {
                return Err(refuse("its key is not of P-384"));
            }
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            return Err(TrustRootError::Pem {
                fault: "there is no certificate in them",
            });
        }
        Ok(Self { certificates })
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_root_is_the_one_of_aws() {
        let roots = TrustRoots::aws();
        let [root] = roots.certificates() else {
            panic!("{roots:?}")
        };
        let pinned = "410220a72bba4576767ba5941b694a9bddc40817f76957f6919fdac89a7849c7";
        assert_eq!(root.sha256_hex(), pinned);
        assert!(
            root.subject().contains("CN=Signer us-west-2 ROOT CA"),
            "{}",
            root.subject()
        );
        assert_eq!(root.subject(), root.issuer());
        assert_eq!(root.not_after().to_string().get(..10), Some("2120-07-16"));
    }

    #[test]
    fn several_roots_may_stand_in_one_file() {
        let twice = [b"# ours\n", AWS_SIGNER, b"\n", AWS_SIGNER].concat();
        assert_eq!(
            TrustRoots::from_pem(&twice).unwrap().certificates().len(),
            2
        );
        let dos = String::from_utf8(AWS_SIGNER.to_vec())
            .unwrap()
            .replace('\n', "\r\n");
        assert_eq!(
            TrustRoots::from_pem(dos.trim().as_bytes()),
            Ok(TrustRoots::aws())
        );
    }

    #[test]
    fn certificate_that_cannot_be_a_root_is_refused() {
        assert!(matches!(
            TrustRoots::from_pem(b""),
            Err(TrustRootError::Pem { .. })
        ));
        let key = b"-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
        assert!(matches!(
            TrustRoots::from_pem(key),
            Err(TrustRootError::Pem { .. })
        ));
        let junk = b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        let error = TrustRoots::from_pem(junk).unwrap_err();
        assert!(matches!(
            error,
            TrustRootError::Certificate { index: 0, .. }
        ));
    }
}
