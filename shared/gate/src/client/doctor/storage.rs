//! Key and buckets.

use super::{
    check::{CheckKind, StackCheck},
    kinds::{BUCKET_POLICY, ENCRYPTION, KEY, NOTIFICATION, PUBLIC, SUMMARY_KEY, VERSIONING},
    parts::Parts,
};
use crate::{
    domain::shell_word,
    ports::{BucketSettings, StackInspection},
};

/// The buckets, and the statements that the stack's policies put there.
const BUCKETS: [(&str, &[&str]); 4] = [
    ("UploadsBucket", &["TlsOnly"]),
    (
        "SignedBucket",
        &[
            "OnlySignerAndDeployWrite",
            "SignsPlaces",
            "DeploysPlaces",
            "NobodyDeletes",
            "TlsOnly",
        ],
    ),
    (
        "RecordsBucket",
        &[
            "OnlyTheGateWrites",
            "SignsDocuments",
            "DeploysDocuments",
            "AlertsDocuments",
            "SweepsDocuments",
            "WriteOnce",
            "NobodyDeletesVersions",
            "NobodyDeletes",
            "TlsOnly",
        ],
    ),
    ("TrailBucket", &["TrailChecks", "TrailWrites", "TlsOnly"]),
];

/// The one that tells of new objects.
const UPLOADS: &str = "UploadsBucket";
/// The one that Lambda reads where code is deployed by reference, and the statement that lets it.
const SIGNED: &str = "SignedBucket";
const REFERENCED: &str = "LambdaReadsReferencedCode";
/// How the key of summaries has to be made: `KeyUsage` and `KeySpec`.
const SIGNS: &str = "SIGN_VERIFY";
const P384: &str = "ECC_NIST_P384";
/// The one that a stack may be without.
const OPTIONAL: &str = "TrailBucket";

pub(super) async fn check<I: StackInspection>(inspection: &I, parts: &Parts) -> Vec<StackCheck> {
    let mut checks = vec![key(inspection, parts).await];
    checks.extend(summary_key(inspection, parts).await);
    for (logical_id, statements) in BUCKETS {
        let Some(bucket) = parts.physical(logical_id) else {
            if logical_id != OPTIONAL {
                let why = "the stack has no such resource";
                checks.push(missing(logical_id, why, parts.events_command()));
            }
            continue;
        };
        match inspection.bucket_settings(bucket).await {
            // All is asked together, so that none of it is known.
            Err(error) => {
                let mut kinds: Vec<&'static CheckKind> =
                    vec![&VERSIONING, &PUBLIC, &ENCRYPTION, &BUCKET_POLICY];
                if logical_id == UPLOADS {
                    kinds.push(&NOTIFICATION);
                }
                let told = kinds.into_iter();
                checks.extend(told.map(|kind| StackCheck::no_answer(kind, logical_id, &error)));
            }
            Ok(None) => {
                let why = "it was deleted past CloudFormation";
                checks.push(missing(logical_id, why, parts.drift_command(logical_id)));
            }
            Ok(Some(settings)) => {
                let mut statements = statements.to_vec();
                if logical_id == SIGNED && parts.deploys_by_reference() {
                    statements.push(REFERENCED);
                }
                checks.extend(bucket_checks(
                    parts,
                    logical_id,
                    bucket,
                    &settings,
                    &statements,
                ));
            }
        }
    }
    checks
}

fn missing(logical_id: &str, why: &str, command: Option<String>) -> StackCheck {
    let message = format!("there is no such bucket: {why}");
    let fix = "deploy the stack again";
    StackCheck::failure(&VERSIONING, logical_id, message, fix, command)
}

async fn key<I: StackInspection>(inspection: &I, parts: &Parts) -> StackCheck {
    let Some(id) = parts.physical("Key") else {
        let message = "the stack has no such resource";
        let (fix, events) = ("deploy the stack again", parts.events_command());
        return StackCheck::failure(&KEY, "Key", message, fix, events);
    };
    let command = |verb: &str| shell_word(id).map(|id| format!("aws kms {verb} --key-id {id}"));
    match inspection.key_settings(id).await {
        Err(error) => StackCheck::no_answer(&KEY, "Key", &error),
        Ok(None) => StackCheck::failure(
            &KEY,
            "Key",
            "there is no such key: nothing that was encrypted under it can be read again",
            "deploy a new stack; what the buckets hold is lost",
            command("describe-key"),
        ),
        Ok(Some(settings)) => match (settings.state.as_str(), settings.rotates) {
            ("Enabled", Some(true)) => StackCheck::pass(&KEY, "Key", "enabled, and rotates"),
            ("Enabled", _) => {
                StackCheck::warning(&KEY, "Key", "it does not rotate", "let it rotate")
                    .with_command(command("enable-key-rotation"))
            }
            ("PendingDeletion", _) => StackCheck::failure(
                &KEY,
                "Key",
                "it is about to be deleted: everything in the buckets would be lost",
                "cancel that at once, then enable the key",
                command("cancel-key-deletion"),
            ),
            (state, _) => StackCheck::failure(
                &KEY,
                "Key",
                format!("its state is {state}: nothing can be read or written"),
                "enable it",
                command("enable-key"),
            ),
        },
    }
}

/// The key that signs summaries; nothing where the stack signs none.
async fn summary_key<I: StackInspection>(inspection: &I, parts: &Parts) -> Option<StackCheck> {
    const CREATED: &str = "SummarySigningKey";
    let parameter = parts.parameters.get("SummaryKey").map(String::as_str);
    let (subject, id) = match parameter {
        None | Some("none" | "") => return None,
        Some("create") => (CREATED, parts.physical(CREATED)),
        Some(arn) => ("SummaryKey", Some(arn)),
    };
    let Some(id) = id else {
        let message = "SummaryKey is create, and the stack has no such resource";
        let (fix, events) = ("deploy the stack again", parts.events_command());
        return Some(StackCheck::failure(
            &SUMMARY_KEY,
            subject,
            message,
            fix,
            events,
        ));
    };
    let command = |verb: &str| shell_word(id).map(|id| format!("aws kms {verb} --key-id {id}"));
    let failure = |message: String, fix: &str, verb: &str| {
        StackCheck::failure(&SUMMARY_KEY, subject, message, fix, command(verb))
    };
    let another = "create a key with KeySpec ECC_NIST_P384 and KeyUsage SIGN_VERIFY, and name it in SummaryKey";
    let settings = match inspection.key_settings(id).await {
        Err(error) => return Some(StackCheck::no_answer(&SUMMARY_KEY, subject, &error)),
        Ok(None) => {
            let message = "there is no such key: deployments get no summary".to_owned();
            return Some(failure(message, another, "describe-key"));
        }
        Ok(Some(settings)) => settings,
    };
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let (usage, spec) = (said(&settings.usage), said(&settings.spec));
    Some(match settings.state.as_str() {
        _ if usage != SIGNS => {
            let message = format!("its usage is {usage}: it signs no summary");
            failure(message, another, "describe-key")
        }
        _ if spec != P384 => {
            let message =
                format!("it is of the spec {spec}: summaries are signed with ECDSA_SHA_384");
            failure(message, another, "describe-key")
        }
        "Enabled" => StackCheck::pass(&SUMMARY_KEY, subject, "enabled, and signs with ECDSA P-384"),
        "PendingDeletion" => failure(
            "it is about to be deleted: deployments get no summary".to_owned(),
            "cancel that, then enable the key; whoever may have used it is in CloudTrail",
            "cancel-key-deletion",
        ),
        state => failure(
            format!("its state is {state}: deployments get no summary"),
            "enable it",
            "enable-key",
        ),
    })
}

fn bucket_checks(
    parts: &Parts,
    logical_id: &str,
    bucket: &str,
    settings: &BucketSettings,
    statements: &[&str],
) -> Vec<StackCheck> {
    let judged = |kind: &'static CheckKind, holds: bool, good: &str, bad: &str, command: &str| {
        if holds {
            return StackCheck::pass(kind, logical_id, good);
        }
        let fix =
            "deploy the stack again, or mend it by hand; find out in CloudTrail who changed it";
        let command = shell_word(bucket).map(|bucket| command.replace("BUCKET", bucket));
        StackCheck::failure(kind, logical_id, bad, fix, command)
    };
    let mut checks = vec![
        judged(
            &VERSIONING,
            settings.is_versioned,
            "Enabled",
            "it keeps no versions: what was judged can be replaced",
            "aws s3api put-bucket-versioning --bucket BUCKET --versioning-configuration Status=Enabled",
        ),
        judged(
            &PUBLIC,
            settings.blocks_public_access,
            "all four blocks are on",
            "public access is not blocked as a whole",
            "aws s3api put-public-access-block --bucket BUCKET --public-access-block-configuration \
             BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        ),
    ];
    let key = parts.physical("Key").unwrap_or_default();
    let is_ours = |found: &String| found == key || found.ends_with(&format!(":key/{key}"));
    checks.push(match &settings.key {
        Some(found) if is_ours(found) => {
            StackCheck::pass(&ENCRYPTION, logical_id, "the stack's key")
        }
        found => StackCheck::failure(
            &ENCRYPTION,
            logical_id,
            format!(
                "it encrypts under {}",
                found.as_deref().unwrap_or("no key of KMS")
            ),
            "deploy the stack again, or mend it by hand; find out in CloudTrail who changed it",
            encrypt(bucket, parts.key_arn().as_deref()),
        ),
    });
    checks.push(policy(
        logical_id,
        bucket,
        settings.policy.as_deref(),
        statements,
    ));
    if logical_id == UPLOADS {
        let queue = parts.queue_arn("SignQueue").unwrap_or_default();
        let is_told = settings.told_of_objects.contains(&queue);
        checks.push(judged(
            &NOTIFICATION,
            is_told,
            "SignQueue is told",
            "it does not tell the queue of sign of new objects: an upload waits for the next sweep",
            "aws s3api get-bucket-notification-configuration --bucket BUCKET",
        ));
    }
    checks
}

/// The command that has a bucket encrypt as the template says.
fn encrypt(bucket: &str, key: Option<&str>) -> Option<String> {
    let (bucket, key) = (shell_word(bucket)?, shell_word(key?)?);
    let rules = format!(
        r#"{{"Rules":[{{"ApplyServerSideEncryptionByDefault":{{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"{key}"}},"BucketKeyEnabled":true}}]}}"#
    );
    Some(format!(
        "aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration '{rules}'"
    ))
}

fn policy(logical_id: &str, bucket: &str, policy: Option<&str>, statements: &[&str]) -> StackCheck {
    let parsed: Option<serde_json::Value> =
        policy.and_then(|policy| serde_json::from_str(policy).ok());
    let found: Vec<&str> = parsed
        .as_ref()
        .and_then(|policy| policy.get("Statement")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(|statement| statement.get("Sid")?.as_str())
        .collect();
    let missing: Vec<&str> = statements
        .iter()
        .filter(|wanted| !found.contains(*wanted))
        .copied()
        .collect();
    if missing.is_empty() {
        return StackCheck::pass(&BUCKET_POLICY, logical_id, found.join(", "));
    }
    StackCheck::failure(
        &BUCKET_POLICY,
        logical_id,
        format!("its policy is without {}", missing.join(", ")),
        "deploy the stack again; find out in CloudTrail who changed it",
        shell_word(bucket).map(|bucket| format!("aws s3api get-bucket-policy --bucket {bucket}")),
    )
}
