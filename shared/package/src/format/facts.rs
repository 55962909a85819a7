//! All facts, in the order in which they are told. `docs/signature-format.md` tells the same in prose.

use super::fact::{FormatFact, Grade};

pub(super) const STRICT_ZIP: FormatFact = FormatFact::new(
    "strict-zip",
    Grade::D,
    "every byte of the zip belongs to one record, and no name, link or header can be read in two ways",
);
pub(super) const SIGNATURE_ENTRY_NAME: FormatFact = FormatFact::new(
    "signature-entry-name",
    Grade::A,
    "the signature is the entry META_INF/aws_signer_signature_v1.0.SF",
);
pub(super) const APPENDED_LAST: FormatFact = FormatFact::new(
    "appended-last",
    Grade::C,
    "the last two entries are the directory META_INF/ and the signature, in this order",
);
pub(super) const DIRECTORY_HEADER: FormatFact = FormatFact::new(
    "directory-header",
    Grade::Open,
    "what the headers of the directory META_INF/ say",
);
pub(super) const SIGNATURE_HEADER: FormatFact = FormatFact::new(
    "signature-header",
    Grade::Open,
    "what the headers of the signature say",
);
pub(super) const END_OF_FILE: FormatFact = FormatFact::new(
    "end-of-file",
    Grade::Open,
    "how the file ends: its comment, and whether there are zip64 records",
);
pub(super) const ARMOUR: FormatFact = FormatFact::new(
    "armour",
    Grade::A,
    "the signature is one PEM block labelled PKCS7, in lines of 64 characters that end in LF, with nothing around it",
);
pub(super) const OUTER_LEVELS: FormatFact = FormatFact::new(
    "outer-levels-indefinite",
    Grade::A,
    "ContentInfo, its content, SignedData and the certificate set have indefinite lengths (BER), encapContentInfo had one in 2022 and 2023 and has none in 2024, all else has definite ones",
);
pub(super) const STRICT_CMS: FormatFact = FormatFact::new(
    "strict-cms",
    Grade::A,
    "the signature has nothing that is missing, double, unknown or not in its shortest form",
);
pub(super) const DETACHED: FormatFact = FormatFact::new(
    "detached-signed-data",
    Grade::A,
    "it is CMS SignedData version 1 of id-data, without the content itself",
);
pub(super) const ONE_SIGNER: FormatFact = FormatFact::new(
    "one-signer",
    Grade::A,
    "there is one SignerInfo, version 1, by issuer and serial number, without unsigned attributes, and there are no revocation lists",
);
pub(super) const ALGORITHMS: FormatFact = FormatFact::new(
    "algorithms",
    Grade::A,
    "digest SHA-384, signature ecdsa-with-SHA384",
);
pub(super) const ALGORITHM_PARAMETERS: FormatFact = FormatFact::new(
    "algorithm-parameters",
    Grade::A,
    "the parameters of the algorithms are NULL (2022) or absent (since 2023)",
);
pub(super) const SEVEN_ATTRIBUTES: FormatFact = FormatFact::new(
    "seven-attributes",
    Grade::A,
    "the signed attributes are contentType, expiry, signingTime, CMSAlgorithmProtection, messageDigest, job and profile version, each once",
);
pub(super) const ATTRIBUTE_ORDER: FormatFact = FormatFact::new(
    "attribute-order",
    Grade::A,
    "they stand in the order of a DER SET",
);
pub(super) const SIGNING_TIME_FORM: FormatFact = FormatFact::new(
    "signing-time-form",
    Grade::A,
    "signingTime is a GeneralizedTime with milliseconds",
);
pub(super) const EXPIRY_FORM: FormatFact = FormatFact::new(
    "expiry-form",
    Grade::A,
    "the expiry is a GeneralizedTime with milliseconds",
);
pub(super) const VALIDITY: FormatFact = FormatFact::new(
    "validity",
    Grade::A,
    "a signature expires 135 months after it was made, unless its profile has another validity",
);
pub(super) const JOB_ARN: FormatFact = FormatFact::new(
    "job-arn",
    Grade::A,
    "the job is `arn:aws:signer:<region>:<account>:/signing-jobs/<uuid>`",
);
pub(super) const PROFILE_ARN: FormatFact = FormatFact::new(
    "profile-arn",
    Grade::A,
    "the profile version is `arn:aws:signer:<region>:<account>:/signing-profiles/<name>/<10 alphanumerics>`",
);
pub(super) const CERTIFICATE_SET: FormatFact = FormatFact::new(
    "certificate-set",
    Grade::A,
    "the certificate set holds the signer's certificate, two subordinate CAs, and the root once or twice",
);
pub(super) const SIGNER_CERTIFICATE: FormatFact = FormatFact::new(
    "signer-certificate",
    Grade::A,
    "the signer's certificate is called CN=signer, is for code signing alone, and lives for about 73 hours",
);
pub(super) const CHAIN_TO_ROOT: FormatFact = FormatFact::new(
    "chain-to-root",
    Grade::A,
    "at the signing time, the chain leads from the signer to the trusted root",
);
pub(super) const ROOT_IN_SET: FormatFact = FormatFact::new(
    "root-in-set",
    Grade::D,
    "in every region, the root in the set is the trusted one, byte for byte",
);
pub(super) const SIGNATURE_VALUE: FormatFact = FormatFact::new(
    "signature-value",
    Grade::A,
    "the signer's key signed the attributes as they stand, with the tag A0 replaced by 31",
);
pub(super) const DIGEST_FORMULA: FormatFact = FormatFact::new(
    "digest-formula",
    Grade::C,
    "messageDigest is SHA-384 of SHA-384 over names and bodies of all entries but the signature, in the order of the archive",
);
pub(super) const MODES_IN_PACKAGE: FormatFact = FormatFact::new(
    "modes-in-package",
    Grade::Open,
    "which Unix modes and links a signed package has",
);
pub(super) const ENTRIES_KEPT: FormatFact = FormatFact::new(
    "entries-kept",
    Grade::C,
    "the entries of the source come first, with their names and in their order",
);
pub(super) const BODIES_KEPT: FormatFact = FormatFact::new(
    "bodies-kept",
    Grade::C,
    "the bodies are those of the source",
);
pub(super) const KINDS_AND_MODES_KEPT: FormatFact = FormatFact::new(
    "kinds-and-modes-kept",
    Grade::D,
    "files stay files, links stay links, and Unix modes stay as they were",
);
pub(super) const MADE_BY_KEPT: FormatFact = FormatFact::new(
    "made-by-kept",
    Grade::D,
    "the system and version that an entry was made by stay as they were",
);
pub(super) const NAME_MARKS_KEPT: FormatFact = FormatFact::new(
    "name-marks-kept",
    Grade::D,
    "names outside of ASCII that flag 11 marks as UTF-8 stay marked",
);
pub(super) const PACKING_KEPT: FormatFact = FormatFact::new(
    "packing-kept",
    Grade::Open,
    "whether bodies are packed anew",
);
pub(super) const TIMES_KEPT: FormatFact =
    FormatFact::new("times-kept", Grade::Open, "whether times stay as they were");
pub(super) const EXTRA_FIELDS_KEPT: FormatFact = FormatFact::new(
    "extra-fields-kept",
    Grade::Open,
    "whether extra fields, flags and comments stay as they were",
);

/// All of them.
pub const FACTS: [FormatFact; 35] = [
    STRICT_ZIP,
    SIGNATURE_ENTRY_NAME,
    APPENDED_LAST,
    DIRECTORY_HEADER,
    SIGNATURE_HEADER,
    END_OF_FILE,
    ARMOUR,
    OUTER_LEVELS,
    STRICT_CMS,
    DETACHED,
    ONE_SIGNER,
    ALGORITHMS,
    ALGORITHM_PARAMETERS,
    SEVEN_ATTRIBUTES,
    ATTRIBUTE_ORDER,
    SIGNING_TIME_FORM,
    EXPIRY_FORM,
    VALIDITY,
    JOB_ARN,
    PROFILE_ARN,
    CERTIFICATE_SET,
    SIGNER_CERTIFICATE,
    CHAIN_TO_ROOT,
    ROOT_IN_SET,
    SIGNATURE_VALUE,
    DIGEST_FORMULA,
    MODES_IN_PACKAGE,
    ENTRIES_KEPT,
    BODIES_KEPT,
    KINDS_AND_MODES_KEPT,
    MADE_BY_KEPT,
    NAME_MARKS_KEPT,
    PACKING_KEPT,
    TIMES_KEPT,
    EXTRA_FIELDS_KEPT,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_fact_has_a_name_of_its_own() {
        let ids: BTreeSet<_> = FACTS.iter().map(FormatFact::id).collect();
        assert_eq!(ids.len(), FACTS.len());
        let statements: BTreeSet<_> = FACTS.iter().map(FormatFact::statement).collect();
        assert_eq!(statements.len(), FACTS.len());
    }
}
