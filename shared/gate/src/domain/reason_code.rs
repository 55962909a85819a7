//! Reason codes: why an upload is not, or not without a warning, what runs.
//!
//! A code is for programs and for search; it never changes its meaning. Each has one row here, and
//! `docs/reason-codes.md` is checked against these rows by a test.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands in the documentation of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonText {
    /// What it says.
    pub meaning: &'static str,
    /// How it usually comes about.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// Defines the codes, their documentation, and the list of all of them, in one place.
macro_rules! codes {
    ($( $name:ident = $text:literal { $meaning:literal, $cause:literal, $fix:literal } )*) => {
        /// A reason, stable for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReasonCode {
            $( #[doc = $meaning] #[serde(rename = $text)] $name, )*
        }

        impl ReasonCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// The code as records, events and metrics have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$name => $text, )* }
            }

            /// Meaning, usual cause, and fix.
            #[must_use]
            pub fn about(self) -> ReasonText {
                match self {
                    $( Self::$name => ReasonText { meaning: $meaning, cause: $cause, fix: $fix }, )*
                }
            }
        }
    };
}

codes! {
    // The key and the target.
    KeyPrefix = "KEY_PREFIX" {
        "The key is neither under functions/ nor under layers/.",
        "The zip was put at the top of the bucket or in a folder of its own.",
        "Upload it as functions/<function-name>.zip or layers/<layer-name>.zip."
    }
    KeyNested = "KEY_NESTED" {
        "There is a folder below functions/ or layers/.",
        "Uploads were sorted into folders, or a whole directory was synchronised.",
        "Upload it as functions/<function-name>.zip, without folders between."
    }
    KeySuffix = "KEY_SUFFIX" {
        "The key does not end in .zip, in lower case.",
        "Another kind of file, or an extension in upper case.",
        "Upload a zip under a key that ends in .zip."
    }
    KeyName = "KEY_NAME" {
        "The key names nothing that Lambda could have.",
        "Spaces, dots or other characters in the name, or a name that is too long.",
        "Name the function (at most 64) or layer (at most 140) with letters, digits, hyphens and underscores, as in Lambda."
    }
    BucketNotVersioned = "BUCKET_NOT_VERSIONED" {
        "The upload has no version id.",
        "Versioning is off or suspended on the uploads bucket, so that what is judged could be replaced under the same id.",
        "Turn versioning on for the uploads bucket and upload again."
    }
    TargetNotManaged = "TARGET_NOT_MANAGED" {
        "This stack is not configured to manage the target.",
        "The stack's parameter TargetFunctions or TargetLayers leaves its name out, RequireManagedTag is on and the function has no tag countersign:managed, or the upload was meant for the bucket of another stack.",
        "Upload it to the stack that manages the target, or widen the parameter or set the tag, and upload again."
    }
    TargetNotFound = "TARGET_NOT_FOUND" {
        "There is no such function.",
        "A misspelt name, another account or region, or the function was deleted.",
        "Correct the name, or let the gate prepare uploads for new functions (parameter CodeSigningConfigForNewFunctions); then upload again."
    }
    TargetIsImage = "TARGET_IS_IMAGE" {
        "The function is a container image.",
        "Only zip packages can be signed for Lambda.",
        "Sign images by other means, or make the function a zip function."
    }
    TargetIsGate = "TARGET_IS_GATE" {
        "The function is one of the gate's own.",
        "An upload under the name of a Countersign function.",
        "Deploy Countersign with its own template; the gate never changes itself."
    }
    ProfileTag = "PROFILE_TAG" {
        "The tag countersign:profile of the function is not the name of a signing profile.",
        "A misspelt tag, or an ARN where a name is expected.",
        "Set the tag to the profile's name, 2 to 64 letters, digits and underscores; or remove it to use the stack's profile."
    }
    ProfileNotManaged = "PROFILE_NOT_MANAGED" {
        "The tag countersign:profile of the function names a signing profile that the gate was not given.",
        "The stack's parameter TaggedProfiles, empty by default, leaves the profile out.",
        "Set TaggedProfiles, and AdditionalPublishers where the stack's CSC judges the function; or remove the tag to use the stack's profile. Then upload again."
    }
    AliasTag = "ALIAS_TAG" {
        "The tag countersign:alias of the function names no alias of it.",
        "A misspelt tag, or the alias was never created or was deleted.",
        "Create the alias, or correct or remove the tag; then upload again."
    }
    ArchitectureTag = "ARCHITECTURE_TAG" {
        "The tag countersign:architecture of the function names no processor that Lambda has.",
        "A misspelt tag, such as amd64 or aarch64.",
        "Set the tag to x86_64 or arm64, or remove it to leave the function's processor as it is; then upload again."
    }
    StorageReferenced = "STORAGE_REFERENCED" {
        "Lambda reads the target's code from a bucket (storage mode REFERENCE), and this stack has Lambda make copies.",
        "The function, or the newest version of the layer, was created with S3ObjectStorageMode REFERENCE; or the stack's parameter CodeStorage was reference before.",
        "Set the stack's parameter CodeStorage to reference, and the gate deploys from its own signed bucket; or let Lambda make a copy first (aws lambda update-function-code with --s3-object-storage-mode COPY). Then upload again."
    }
    LayerMetadata = "LAYER_METADATA" {
        "The upload's metadata compatible-runtimes or compatible-architectures cannot be used.",
        "More than 15 runtimes or 2 architectures, or an odd character in them.",
        "Upload with comma-separated values as Lambda names them; the aws CLI takes a comma in a value only as JSON: --metadata '{\"compatible-runtimes\":\"python3.13,python3.14\"}'."
    }

    // The zip.
    PackageTooLarge = "PACKAGE_TOO_LARGE" {
        "The zip is larger than what Signer takes.",
        "More than 250 MB.",
        "Make the package smaller, or move what is large to layers, S3 or EFS."
    }
    UnpackedTooLarge = "UNPACKED_TOO_LARGE" {
        "The zip unpacks to more than Lambda takes.",
        "More than 250 MB unpacked, or a compression ratio that no honest package has.",
        "Make the package smaller, or move what is large to layers, S3 or EFS."
    }
    PackageEmpty = "PACKAGE_EMPTY" {
        "The zip holds no file.",
        "An empty folder was zipped, or the build put its output elsewhere. Signer signs no empty zip, and nothing could run.",
        "Zip what the build made, and see whether the folder is the right one."
    }
    TooManyEntries = "TOO_MANY_ENTRIES" {
        "The zip has more entries than the gate reads.",
        "A directory of dependencies or caches was packed as it is.",
        "Pack fewer files."
    }
    NotAZip = "NOT_A_ZIP" {
        "The file is not a zip, is cut short, or has bytes after its end.",
        "An upload that broke off, a tar archive, or something was appended.",
        "Build the zip again and upload it whole."
    }
    ZipTruncated = "ZIP_TRUNCATED" {
        "A record of the zip is cut short or not where it should be.",
        "A damaged file, or a tool that wrote wrong offsets.",
        "Build the zip again with a current tool."
    }
    ZipAmbiguous = "ZIP_AMBIGUOUS" {
        "The zip can be read in two ways.",
        "Bytes that belong to no record, records that overlap or contradict each other, or a second end record: a self-extracting stub, an archive changed in place, or an attack.",
        "Build the zip anew from files; do not append to, prefix or patch an archive. A pex or shiv file begins with a script: pack what is in it instead, for instance with `pex3 venv create --layout flat-zipped`."
    }
    EntryName = "ENTRY_NAME" {
        "An entry has a name that is not safe to unpack.",
        "An absolute name, a name with `..` (zip slip, path traversal), a backslash, a control or an invisible character, or one that is not UTF-8.",
        "Pack with relative, plain names, from inside the directory. Compress-Archive of Windows PowerShell writes backslashes: use `tar.exe -a -cf ..\\package.zip .` there. Info-ZIP's zip on Linux marks names as UTF-8 only where the locale en_US.UTF-8 is installed, whatever LC_ALL says: `localedef -i en_US -f UTF-8 en_US.UTF-8` installs it."
    }
    EntryDuplicate = "ENTRY_DUPLICATE" {
        "Two entries unpack to the same path.",
        "The zip was built by adding to an existing one, or a file is also a directory.",
        "Build the zip anew, so that each path occurs once. In Gradle, set duplicatesStrategy = DuplicatesStrategy.EXCLUDE on the task that packs. Two names outside of ASCII that meet only in another encoding: rename one of them."
    }
    EntryUnsupported = "ENTRY_UNSUPPORTED" {
        "An entry uses a feature of the zip format that Lambda's world does not share.",
        "Encryption, a compression method other than stored and deflated, or an entry for another system.",
        "Pack with stored or deflated entries, without a password. An entry that asks for another system: build the zip anew with a tool of docs/packages.md."
    }
    EntryKind = "ENTRY_KIND" {
        "An entry is neither a plain file, a directory nor a symbolic link, or contradicts itself.",
        "A device, a socket, or a directory with content.",
        "Pack plain files, directories and links only."
    }
    EntryDamaged = "ENTRY_DAMAGED" {
        "An entry does not unpack to what the zip says of it.",
        "Damage in transit, or sizes and checksums that lie.",
        "Build the zip again and upload it whole."
    }
    LinkUnsafe = "LINK_UNSAFE" {
        "A symbolic link leaves the package, or something is written through it.",
        "An absolute link, or one that climbs.",
        "Replace the link by the file (`zip -r` without `-y` does), or make it relative and keep it inside. A link into /opt, where layers are, may stay."
    }
    SignatureEntry = "SIGNATURE_ENTRY" {
        "The signature entry of the zip is not as Signer writes it.",
        "A package that imitates a signature, or a tool that repacked a signed one.",
        "Upload the unsigned package; the gate has it signed."
    }
    StructureUnsound = "STRUCTURE_UNSOUND" {
        "The zip is refused for a reason that has no code of its own. Kept for old records: today every reason has one.",
        "See the message.",
        "Build the zip again with a current tool."
    }
    AlreadySigned = "ALREADY_SIGNED" {
        "The uploaded zip is signed already, or holds a folder for signatures.",
        "A signed package was uploaded; Signer takes unsigned ones only.",
        "Upload the unsigned package. To go back to older code, copy the older version of the key over it. What was downloaded from Lambda and edited gets rid of its old signature by `zip -d package.zip 'META_INF/*'`."
    }

    // Signing.
    SignerRefused = "SIGNER_REFUSED" {
        "Signer would not start a job for this upload.",
        "The signing profile does not exist in the stack's account and region, is canceled or revoked, or is for another platform.",
        "Check the signing profile that the message names (tag countersign:profile, or the stack's)."
    }
    SigningFailed = "SIGNING_FAILED" {
        "The signing job failed.",
        "Signer found the zip empty, malformed or signed, or could not read or write the buckets; its own words are in the message.",
        "Follow Signer's reason, then upload again."
    }

    // What the package is.
    Unsigned = "UNSIGNED" {
        "The package is not signed.",
        "It was never given to Signer, or its signature was removed.",
        "Drop the package into the uploads bucket: the gate has it signed. Before that, `countersign check` says whether the gate would take it."
    }
    SignatureMalformed = "SIGNATURE_MALFORMED" {
        "The signature cannot be read.",
        "It was changed or cut, or was not made by Signer.",
        "Have the package signed again. If this is what Signer wrote, report it: the gate may not know a new format."
    }
    SignatureFormat = "SIGNATURE_FORMAT" {
        "The signature is not of the form that Signer writes for Lambda.",
        "Another tool or another signing platform; something was put into the signature, such as a certificate that is no part of the chain; or AWS changed the format.",
        "Have the package signed again by a profile of the platform AWSLambda-SHA384-ECDSA. If this is what Signer wrote, report it."
    }
    SignatureAttributes = "SIGNATURE_ATTRIBUTES" {
        "The signed attributes are not those that Signer writes.",
        "A forged or damaged signature; or AWS changed the format.",
        "Have the package signed again. If this is what Signer wrote, report it."
    }
    ProfileAlias = "PROFILE_ALIAS" {
        "The signature names an alias of a signing profile where it should name a version of one.",
        "The package was signed through an alias, which AWS announced. What is behind an alias can change, so that it does not say who the publisher is.",
        "Have the package signed by the profile itself. Take the alias out of whatever starts the signing job; if the gate started it, report it."
    }
    SignerCertificate = "SIGNER_CERTIFICATE" {
        "The certificate of the signer, or of a CA above it, is not one for signing code.",
        "A certificate without the purpose, a CA that signed by itself, or no certificate of the signer's at all.",
        "Treat the package as forged; have the source signed again."
    }
    ChainInvalid = "CHAIN_INVALID" {
        "The certificate chain was not valid when the package was signed.",
        "A certificate outside its validity, a CA that may not issue, a chain that is too long, a critical extension that is not understood, or a broken link.",
        "Treat the package as forged; have the source signed again. If this is what Signer wrote just now, report it: AWS may have changed its certificates."
    }
    ChainUntrusted = "CHAIN_UNTRUSTED" {
        "The certificate chain does not lead to a trusted root.",
        "Signed by another authority, or in a region whose root is not among the trust roots. The built-in root is known to be that of us-east-1; China, GovCloud and perhaps other regions have another (grade D).",
        "Set the trust roots if the signer's root is known to be right; otherwise treat the package as forged."
    }
    SignatureInvalid = "SIGNATURE_INVALID" {
        "The signature does not verify.",
        "The signature or its attributes were changed after signing.",
        "Treat the package as tampered with; have the source signed again."
    }
    ContentChanged = "CONTENT_CHANGED" {
        "The contents are not those that were signed.",
        "The package was changed after signing.",
        "Treat the package as tampered with; find out who could write it, and have the source signed again."
    }
    IntegrityUnsound = "INTEGRITY_UNSOUND" {
        "The signature is refused for a reason that has no code of its own. Kept for old records: today every reason has one.",
        "See the message.",
        "Have the package signed again."
    }
    OriginMismatch = "ORIGIN_MISMATCH" {
        "The signed package is not the uploaded one plus its signature.",
        "The signed object was replaced; names, modes or bodies were changed in a way that the signature does not cover; or, offline, it is compared with another zip than the one that was signed.",
        "Offline, check that the source is the very zip that was signed. In the gate, find out who could write to the signed bucket; upload again."
    }
    SourceSigned = "SOURCE_SIGNED" {
        "The uploaded package holds a signature itself, or the directory for one.",
        "A signed package was uploaded, or one that imitates it.",
        "Upload the unsigned package."
    }
    SourceUnreadable = "SOURCE_UNREADABLE" {
        "The uploaded package cannot be read as a zip, so nothing can be compared with it.",
        "A malformed zip.",
        "Build the zip again and upload it."
    }
    SourceAbsent = "SOURCE_ABSENT" {
        "The uploaded version no longer exists, so nothing can be compared with it.",
        "The version was deleted after it was signed.",
        "Upload again."
    }
    JobMismatch = "JOB_MISMATCH" {
        "The package carries the signature of another signing job.",
        "The signed object was replaced by one that was signed for something else.",
        "Find out who could write to the signed bucket; upload again."
    }
    ProfileMismatch = "PROFILE_MISMATCH" {
        "The package was signed with another profile than its signing job says.",
        "The signed object was replaced.",
        "Find out who could write to the signed bucket; upload again."
    }
    JobLeftUnsigned = "JOB_LEFT_UNSIGNED" {
        "A signing job succeeded, and yet the package it wrote is not signed.",
        "The signed object was replaced by an unsigned one.",
        "Find out who could write to the signed bucket; upload again."
    }

    // Policy.
    SignatureExpired = "SIGNATURE_EXPIRED" {
        "The signature has expired.",
        "The profile's validity period is over for this package.",
        "Have the source signed again: upload it again."
    }
    PublisherNotAllowed = "PUBLISHER_NOT_ALLOWED" {
        "The signing profile version is not among the allowed publishers.",
        "The code signing configuration names other profiles, or another version of this one.",
        "Add the profile version's ARN to the code signing configuration, or have the package signed with an allowed profile (tag countersign:profile)."
    }
    NoCodeSigningConfig = "NO_CODE_SIGNING_CONFIG" {
        "Nothing says who may sign for this target.",
        "The function has no code signing configuration; for a layer, the stack's parameter names none.",
        "Attach a code signing configuration to the function (aws lambda put-function-code-signing-config), or set the stack's parameter for layers."
    }
    JobRevoked = "JOB_REVOKED" {
        "The signature was revoked.",
        "Someone revoked this very signing job.",
        "Find out why it was revoked; upload good code."
    }
    ProfileRevoked = "PROFILE_REVOKED" {
        "The signing profile was revoked for the time of this signature.",
        "Someone revoked the profile version, effective before this was signed.",
        "Find out why; have the source signed with another profile."
    }

    // Whether it can start.
    EntryPointMissing = "ENTRY_POINT_MISSING" {
        "What the function would start is not in the package.",
        "The folder was zipped instead of what is in it, or the handler's file has another name.",
        "Zip what is in the folder, so that the handler's file (or `bootstrap`) is where the runtime looks, or set the function's handler. `countersign check` says so before the upload."
    }
    BootstrapUnusable = "BOOTSTRAP_UNUSABLE" {
        "The file `bootstrap` of a custom runtime cannot be executed.",
        "It was zipped without the execute bits for everybody, has no first line `#!…`, has the line ends of Windows, or wants a loader that Amazon Linux does not have.",
        "Follow the finding: `chmod 755 bootstrap` before zipping, or build it for Amazon Linux."
    }
    WrongArchitecture = "WRONG_ARCHITECTURE" {
        "Native code in the package was built for another processor or system than the function's.",
        "It was built, or its dependencies were installed, on a machine with another processor, or on macOS or Windows.",
        "Build for Linux on the function's architecture, or change the architecture of the function."
    }
    WrongRuntimeVersion = "WRONG_RUNTIME_VERSION" {
        "Compiled modules in the package were built for another version of the function's runtime, or for another C library.",
        "Dependencies were installed by another version of Python than the function's, or on a Linux with musl.",
        "Install the dependencies for the function's version, or set its runtime to the version that they are for."
    }
    FilesUnreadable = "FILES_UNREADABLE" {
        "Files or folders in the package cannot be read by the user that the runtime runs as.",
        "They were private to the user who zipped them, or a tool writes modes like 0600.",
        "Run `chmod -R u=rwX,go=rX .` before zipping."
    }
    TooLargeWithLayers = "TOO_LARGE_WITH_LAYERS" {
        "The package and the function's layers unpack to more than Lambda takes.",
        "More than 250 MB together.",
        "Make the package or a layer smaller, or take a layer off the function."
    }
    LayerUntrusted = "LAYER_UNTRUSTED" {
        "The function has a layer that its code signing configuration does not trust.",
        "The layer is not signed, or its publisher is not among the allowed ones. Lambda does not look at a layer again once it is attached.",
        "Publish the layer through the gate, or add its publisher to the configuration; or take it off the function."
    }

    // What people say.
    ApprovalMissing = "APPROVAL_MISSING" {
        "Fewer people approved the upload than the target demands.",
        "Nobody was asked, an approval was withdrawn, it is older than ApprovalHours, or it is by whoever uploaded or by somebody who approved already.",
        "Have other people put an object below approvals/<target>/<SHA-256 of the upload>/; where the wait is over, upload again: what was approved stays so for ApprovalHours."
    }
    ApprovalsTag = "APPROVALS_TAG" {
        "The tag countersign:approvals of the function is not a number from 0 to 10.",
        "A misspelt tag.",
        "Set the tag to how many people have to approve, or remove it for what the stack demands of every target; then upload again."
    }
    UploaderUnknown = "UPLOADER_UNKNOWN" {
        "Approvals are demanded, and it is not on record which person uploaded, so that nobody is known to be another.",
        "The notification of S3 was lost and the upload found by sweep, or it named an account or a service.",
        "Upload again, as a user of IAM or with a role."
    }
    Frozen = "FROZEN" {
        "A freeze covers the target: nothing is deployed to it for now.",
        "Somebody put an object below freeze/; or there is one that cannot be read, which freezes everything.",
        "Wait for its end, or have it lifted by deleting the object that the message names. Where the wait is over, upload again afterwards."
    }

    BreakGlassUsed = "BREAK_GLASS_USED" {
        "A policy refused the upload, and it passes because somebody broke the glass for it.",
        "An emergency: an object below break-glass/ has a justification, was put there by another person than the uploader, and has not ended.",
        "Read the justification and what was passed over. When the emergency is over, upload what needs no break-glass."
    }
    BreakGlassInvalid = "BREAK_GLASS_INVALID" {
        "There is a break-glass object for the upload, and it does not count.",
        "It ended, was put there by the uploader or by nobody who is on record, or cannot be read.",
        "Have another person put it there: schema, justification, until at most 24 hours later. Then upload again, if the upload has ended."
    }

    // What could not be established.
    PeopleUnknown = "PEOPLE_UNKNOWN" {
        "Approvals or freezes could not be read.",
        "Throttling or a denied call.",
        "It is tried again by itself. If it stays, check the permissions of the gate's role."
    }
    ConfigurationUnknown = "CONFIGURATION_UNKNOWN" {
        "The function's configuration could not be read, so whether the package can start is not known.",
        "Throttling or a denied call.",
        "It is tried again by itself. If it stays, check the permissions of the gate's role."
    }
    CscUnknown = "CSC_UNKNOWN" {
        "The code signing configuration could not be read.",
        "Throttling, a denied call, or the configuration was deleted meanwhile.",
        "It is tried again by itself. If it stays, check the permissions of the gate's role."
    }
    SourceUnknown = "SOURCE_UNKNOWN" {
        "The uploaded version could not be read.",
        "Throttling, a denied call, or a key policy that forbids decryption.",
        "It is tried again by itself. If it stays, check the permissions of the gate's role and key."
    }
    ExpiryUnknown = "EXPIRY_UNKNOWN" {
        "It could not be established whether the signature has expired: it says that it was made after the time that it is judged at.",
        "An `--at` before the signing, or a clock that is wrong: here, or where it was signed.",
        "Offline, give an --at after the signing, or none. In the gate it is tried again by itself."
    }
    RevocationUnknown = "REVOCATION_UNKNOWN" {
        "It could not be established whether the signature was revoked.",
        "Throttling, a denied call, or a profile of which nothing can be seen from this account.",
        "It is tried again by itself. If it stays, check that the gate's role may read the signing profile."
    }
    JobUnknown = "JOB_UNKNOWN" {
        "The signing job could not be read.",
        "Throttling or a denied call.",
        "It is tried again by itself. If it stays, check the permissions of the gate's role."
    }
    SecondOpinionUnknown = "SECOND_OPINION_UNKNOWN" {
        "Lambda could not be asked for its own verdict.",
        "Throttling, a denied call, or a function that is busy for long.",
        "It is tried again by itself. If it stays, check the permissions of the gate's role."
    }
    ForeignSigningJob = "FOREIGN_SIGNING_JOB" {
        "Somebody else started a signing job under this upload's client token, or the job wrote to another place than it was told.",
        "Whoever may call signer:StartSigningJob can compute the token of an upload, and came first.",
        "Ask whoever started the job (CloudTrail: StartSigningJob); take the right away from everyone but the gate's sign role; then upload again."
    }
    ProvenanceMissing = "PROVENANCE_MISSING" {
        "The target demands to know where its packages were built, and there is no attestation of this one.",
        "The build makes none, it was not uploaded below attestations/<sha256 of the zip>/, or the zip was changed after it was attested.",
        "Upload the attestation of exactly this zip to attestations/<sha256 of the zip>/ of the uploads bucket, then upload the zip again."
    }
    ProvenanceInvalid = "PROVENANCE_INVALID" {
        "There are attestations of this package, and none of them proves anything about it.",
        "An attestation of another file, one that is no provenance (an SBOM, a release), one of an instance or key that the stack does not trust, or a forged one; the message has each.",
        "Attest the very zip that is uploaded with SLSA provenance, by an instance or key that the stack trusts, and upload the bundle as the builder wrote it."
    }
    ProvenanceMismatch = "PROVENANCE_MISMATCH" {
        "The package is proven to have been built, and not as its target demands.",
        "Another repository, branch, workflow or event, a lower build level, or a tag that demands something else than what is meant; the message says what was expected and what was found.",
        "Build it from where it is expected to come. If the demand is wrong, correct the tag of the function or the parameter of the stack; then upload again."
    }
    ProvenanceDemand = "PROVENANCE_DEMAND" {
        "What is demanded of the package's provenance cannot be judged by.",
        "A tag countersign:source, workflow, ref, level or builder that is misspelt, or a demand that names no source.",
        "Correct the tag or the parameter that the message names, then upload again."
    }
    ProvenanceUnknown = "PROVENANCE_UNKNOWN" {
        "The attestations of the package could not be read.",
        "Throttling or a denied call.",
        "It is tried again by itself. If it stays, check that the gate's role may list and read the uploads bucket, and its key."
    }
    CanaryRunning = "CANARY_RUNNING" {
        "The alias that is to be moved splits its traffic: a canary runs on it.",
        "A gradual deployment by CodeDeploy or by hand, and the stack's parameter CanaryOnAlias says that the gate does not end it.",
        "End the canary (give one version all traffic), then upload again; or let the gate wait or take over by CanaryOnAlias."
    }
    AliasRefused = "ALIAS_REFUSED" {
        "Lambda refuses to move the alias. The version is published; the alias points where it did.",
        "Something is bound to the alias that the new version does not have, for instance provisioned concurrency; the message has Lambda's words.",
        "Remove what Lambda names, then point the alias at the version by hand or upload again."
    }
    NotCompleted = "NOT_COMPLETED" {
        "It was accepted, and could not be brought to its end within the patience.",
        "The calls that the message names failed each time, or Lambda took longer than PatienceSeconds. The message and `deployed` say how far it came.",
        "Remove the cause that the message names, then upload again; the same package goes on from what runs."
    }
    Undecided = "UNDECIDED" {
        "No verdict was reached within the patience.",
        "The calls that the message names failed each time. Where one was denied, a policy of the organisation, of a key or of a bucket keeps the gate out, or the stack's parameters changed after the upload.",
        "Remove the cause that the message names, then upload again."
    }

    // Lambda's part.
    LambdaDisagrees = "LAMBDA_DISAGREES" {
        "The gate would deploy this package; Lambda says its signature is not acceptable.",
        "The gate and AWS see the format or the configuration differently, or the configuration was changed in between.",
        "Do not force it. Compare both verdicts in the record, and report it."
    }
    LambdaWouldAccept = "LAMBDA_WOULD_ACCEPT" {
        "The gate refuses the package's integrity; Lambda would take it.",
        "A package made to deceive Lambda, or a format that the gate does not know in full.",
        "Do not force it. Compare both verdicts in the record, and report it."
    }
    LambdaRefused = "LAMBDA_REFUSED" {
        "Lambda refuses the package for another reason than its signature.",
        "Size with layers, storage quota, or a zip that Lambda cannot use.",
        "Follow Lambda's message, then upload again."
    }
    UpdateFailed = "UPDATE_FAILED" {
        "Lambda took the package and could not make it run.",
        "Its reason is in the message: a network interface, a key, a missing handler.",
        "Remove the cause and upload again; the alias was left where it was."
    }
    DeployedMismatch = "DEPLOYED_MISMATCH" {
        "What Lambda reports is not what was verified.",
        "The signed object changed under its version id, or Lambda recorded another signing job or profile.",
        "Treat the function as compromised: roll back, and find out who could write to the signed bucket."
    }

    // Order.
    Replaced = "REPLACED" {
        "A newer version of the same key is current.",
        "Several uploads in short time.",
        "Nothing: the newer one is handled by itself. To go back, copy the older version over the key."
    }
    Deleted = "DELETED" {
        "The key, or this version of it, was deleted before its turn.",
        "A delete marker was put on the key, or the version was deleted for good. Then another version, perhaps an older one, is current.",
        "Nothing, if that was meant. The target keeps what it runs; upload again to change it."
    }
}

impl ReasonCode {
    /// Whether someone should be woken: the code says that somebody may be at work who should not
    /// be, or that the gate and AWS do not see the same thing.
    #[must_use]
    pub fn is_critical(self) -> bool {
        matches!(
            self,
            Self::ForeignSigningJob
                | Self::BreakGlassUsed
                | Self::ContentChanged
                | Self::SignatureInvalid
                | Self::SignerCertificate
                | Self::ChainInvalid
                | Self::ChainUntrusted
                | Self::OriginMismatch
                | Self::JobMismatch
                | Self::ProfileMismatch
                | Self::JobLeftUnsigned
                | Self::LambdaDisagrees
                | Self::LambdaWouldAccept
                | Self::DeployedMismatch
        )
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
