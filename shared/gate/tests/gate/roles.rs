//! Least privilege: each right of a function's role is used by a call that the function makes, and each call has its right.
//!
//! The calls are those that the use cases make in the small AWS in memory; which rights of the role a call takes is the table
//! of each role here, by the statement of `template.yaml` that gives it. So a right fails the test that no call takes, and
//! so does a call of which the table does not know, and a row of it that no call asks for.

use std::collections::BTreeSet;

use countersign_gate::events::SweepRun;
use countersign_testkit::template::allowed;

use crate::{
    aliases::give_alias,
    exceptions_told::looked,
    happy_path::{BROKEN, GOOD, OTHER, SWAPPED, change, go, world},
    page_samples::body,
    people::ORDER,
    pruning::{deploy_daily, pruned, settings as pruning},
    storage_mode::go_by_reference,
    summaries::summarized,
    sweep::{pass, swept},
    told_once::tell_all,
    world::{
        FUNCTION, LAYER, World,
        run::{admitted, deploy_settings, deployed, patient},
    },
};

type Right = (&'static str, &'static str);
type Uses = (&'static str, &'static [Right]);

/// What each role needs beside its use case.
const OF_EACH_FUNCTION: &[Right] = &[
    // Lambda takes messages off the queue with the rights of the function.
    ("TakesWork", "sqs:ReceiveMessage"),
    ("TakesWork", "sqs:DeleteMessage"),
    ("TakesWork", "sqs:GetQueueAttributes"),
    // `function_runtime` hides a message until its next attempt, and gives one up.
    ("TakesWork", "sqs:ChangeMessageVisibility"),
    ("SetsAside", "sqs:SendMessage"),
    ("Logs", "logs:CreateLogStream"),
    ("Logs", "logs:PutLogEvents"),
    // S3, SQS and SNS use the stack's key in the name of their caller.
    ("UsesKey", "kms:Decrypt"),
    ("UsesKey", "kms:GenerateDataKey"),
];

/// Holds what a role may against the calls that were made in its name.
fn assert_fits(resource: &str, made: &BTreeSet<&'static str>, table: &[Uses], others: &[Right]) {
    let known: BTreeSet<&str> = table.iter().map(|(call, _)| *call).collect();
    assert_eq!(
        *made, known,
        "{resource}: what is called, and what the table has"
    );
    let of_calls = table.iter().flat_map(|(_, rights)| rights.iter());
    let used = of_calls.chain(OF_EACH_FUNCTION).chain(others);
    let used = used.map(|(sid, action)| ((*sid).to_owned(), (*action).to_owned()));
    let used: BTreeSet<(String, String)> = used.collect();
    assert_eq!(
        allowed(resource),
        used,
        "{resource}: what it may, and what is used"
    );
}

fn take_calls(world: &World) -> BTreeSet<&'static str> {
    std::mem::take(&mut world.state().calls)
        .into_iter()
        .collect()
}

const FIND: Right = ("FindsObjects", "s3:ListBucket");

/// Without the right to list, S3 does not tell an absent object, or version, from one that is denied.
const SIGN: &[Uses] = &[
    (
        "s3:HeadObject",
        &[
            FIND,
            ("FindsVersions", "s3:ListBucketVersions"),
            ("ReadsUploads", "s3:GetObject"),
            ("ReadsUploads", "s3:GetObjectVersion"),
            // It tells how many tags there are to those who may read them.
            ("ReadsUploads", "s3:GetObjectTagging"),
        ],
    ),
    (
        "s3:GetObject upload",
        &[("ReadsUploads", "s3:GetObjectVersion")],
    ),
    (
        "s3:GetObjectTagging",
        &[("ReadsUploads", "s3:GetObjectVersionTagging")],
    ),
    ("s3:ListObjectsV2", &[FIND]),
    ("s3:GetObject record", &[("ReadsRecords", "s3:GetObject")]),
    (
        "s3:PutObject record",
        &[("WritesItsRecords", "s3:PutObject")],
    ),
    (
        "lambda:GetFunction",
        &[
            ("LooksAtTargets", "lambda:GetFunction"),
            // It tells the tags to those who may list them.
            ("LooksAtTargets", "lambda:ListTags"),
        ],
    ),
    (
        "signer:StartSigningJob",
        &[
            ("Signs", "signer:StartSigningJob"),
            // Signer writes in the name of its caller.
            ("WritesSigned", "s3:PutObject"),
        ],
    ),
    (
        "signer:DescribeSigningJob",
        &[("LooksAtJobs", "signer:DescribeSigningJob")],
    ),
    (
        "events:PutEvents",
        &[("AnnouncesOutcomes", "events:PutEvents")],
    ),
];

#[test]
fn sign_has_no_right_that_it_does_not_use() {
    let world = world();
    let tags = [("team".to_owned(), "shop".to_owned())];
    world.state().upload_tags = tags.into();
    admitted(&world, FUNCTION, GOOD);
    admitted(&world, LAYER, OTHER);
    admitted(&world, FUNCTION, BROKEN);
    let version = world.state().uploads[FUNCTION][0].version.clone();
    // Delivered again.
    let event = crate::world::run::event(&world, FUNCTION, Some(version));
    crate::sweep::take_in(&world, &event).unwrap();
    assert_fits("SignRights", &take_calls(&world), SIGN, &[]);
}

const READ: [Right; 2] = [
    ("ReadsUploadsAndSigned", "s3:GetObject"),
    ("ReadsUploadsAndSigned", "s3:GetObjectVersion"),
];
const DEPLOY_GET_FUNCTION: &[Right] = &[
    ("LooksAtTargets", "lambda:GetFunction"),
    ("LooksAtTargets", "lambda:ListTags"),
];

const DEPLOY: &[Uses] = &[
    (
        "s3:HeadObject",
        &[FIND, ("FindsVersions", "s3:ListBucketVersions"), READ[1]],
    ),
    ("s3:HeadObject current", &[FIND, READ[0]]),
    ("s3:GetObject upload", &[READ[0]]),
    ("s3:GetObject signed", &[READ[0], READ[1]]),
    (
        "s3:CopyObject",
        &[READ[1], ("KeepsCurrentPackages", "s3:PutObject")],
    ),
    ("s3:ListObjectsV2", &[FIND]),
    ("s3:GetObject record", &[("ReadsRecords", "s3:GetObject")]),
    (
        "s3:PutObject record",
        &[("WritesItsRecords", "s3:PutObject")],
    ),
    (
        "signer:DescribeSigningJob",
        &[("LooksAtJobsAndProfiles", "signer:DescribeSigningJob")],
    ),
    (
        "signer:GetSigningProfile",
        &[("LooksAtJobsAndProfiles", "signer:GetSigningProfile")],
    ),
    ("lambda:GetFunction", DEPLOY_GET_FUNCTION),
    ("lambda:GetFunction version", DEPLOY_GET_FUNCTION),
    (
        "lambda:GetFunctionCodeSigningConfig",
        &[("LooksAtTargets", "lambda:GetFunctionCodeSigningConfig")],
    ),
    (
        "lambda:GetCodeSigningConfig",
        &[("ReadsPolicies", "lambda:GetCodeSigningConfig")],
    ),
    (
        "lambda:UpdateFunctionCode DryRun",
        &[("DeploysToTargets", "lambda:UpdateFunctionCode")],
    ),
    (
        "lambda:UpdateFunctionCode",
        &[("DeploysToTargets", "lambda:UpdateFunctionCode")],
    ),
    (
        "lambda:PublishVersion",
        &[("DeploysToTargets", "lambda:PublishVersion")],
    ),
    ("lambda:GetAlias", &[("LooksAtTargets", "lambda:GetAlias")]),
    (
        "lambda:UpdateAlias",
        &[("DeploysToTargets", "lambda:UpdateAlias")],
    ),
    (
        "lambda:ListLayerVersions",
        &[("FindsLayerVersions", "lambda:ListLayerVersions")],
    ),
    (
        "lambda:GetLayerVersion",
        &[("PublishesLayers", "lambda:GetLayerVersion")],
    ),
    (
        "lambda:PublishLayerVersion",
        &[("PublishesLayers", "lambda:PublishLayerVersion")],
    ),
    (
        "lambda:ListVersionsByFunction",
        &[("SeesWhatUsesVersions", "lambda:ListVersionsByFunction")],
    ),
    (
        "lambda:ListAliases",
        &[("SeesWhatUsesVersions", "lambda:ListAliases")],
    ),
    (
        "lambda:ListProvisionedConcurrencyConfigs",
        &[(
            "SeesWhatUsesVersions",
            "lambda:ListProvisionedConcurrencyConfigs",
        )],
    ),
    (
        "lambda:DeleteFunction version",
        &[("DeletesOldVersions", "lambda:DeleteFunction")],
    ),
    ("kms:Sign", &[("SignsSummaries", "kms:Sign")]),
    (
        "events:PutEvents",
        &[("AnnouncesOutcomes", "events:PutEvents")],
    ),
];

#[test]
fn deploy_has_no_right_that_it_does_not_use() {
    let world = world();
    give_alias(&world, "$LATEST");
    let mut made = BTreeSet::new();
    for (key, slot) in [(FUNCTION, GOOD), (LAYER, GOOD), (LAYER, OTHER)] {
        let admission = admitted(&world, key, slot);
        take_calls(&world);
        deployed(&world, &deploy_settings(), admission, &patient(&world)).unwrap();
        made.extend(take_calls(&world));
    }
    let last = deploy_daily(&world, 6);
    take_calls(&world);
    pruned(&world, &pruning(2, 1), &last).unwrap();
    summarized(&world, &last).unwrap();
    made.extend(take_calls(&world));
    assert_fits("DeployRole", &made, DEPLOY, &[]);
}

const ALERT: &[Uses] = &[
    ("s3:ListObjectsV2", &[("FindsRecords", "s3:ListBucket")]),
    ("s3:GetObject record", &[("ReadsRecords", "s3:GetObject")]),
    (
        "s3:PutObject record",
        &[("WritesItsRecords", "s3:PutObject")],
    ),
    ("sns:Publish", &[("Pages", "sns:Publish")]),
];

#[test]
fn alert_has_no_right_that_it_does_not_use() {
    let world = world();
    tell_all(&world, &[body("alert-cloudtrail-code-changed")]);
    assert_fits("AlertRole", &take_calls(&world), ALERT, &[]);
}

const LOOK: Right = ("LooksAtTargets", "lambda:GetFunction");
const LIST_TAGS: Right = ("LooksAtTargets", "lambda:ListTags");

const SWEEP: &[Uses] = &[
    (
        "s3:GetObject statement",
        &[("ReadsFreezes", "s3:GetObject")],
    ),
    (
        "s3:ListObjectVersions",
        &[("ListsUploads", "s3:ListBucketVersions")],
    ),
    ("s3:ListObjectsV2", &[("ListsRecords", "s3:ListBucket")]),
    ("s3:GetObject record", &[("ReadsRecords", "s3:GetObject")]),
    (
        "s3:PutObject record",
        &[("WritesItsRecords", "s3:PutObject")],
    ),
    (
        "s3:HeadObject current",
        &[
            ("LooksForPackages", "s3:ListBucket"),
            ("LooksAtCurrentPackages", "s3:GetObject"),
        ],
    ),
    (
        "s3:ListObjectVersions signed",
        &[("LooksForPackages", "s3:ListBucketVersions")],
    ),
    (
        "s3:GetLifecycleConfiguration",
        &[("LooksForPackages", "s3:GetLifecycleConfiguration")],
    ),
    (
        "signer:DescribeSigningJob",
        &[("LooksAtJobsAndProfiles", "signer:DescribeSigningJob")],
    ),
    (
        "signer:GetSigningProfile",
        &[("LooksAtJobsAndProfiles", "signer:GetSigningProfile")],
    ),
    ("lambda:GetFunction", &[LOOK, LIST_TAGS]),
    ("lambda:GetFunction version", &[LOOK, LIST_TAGS]),
    (
        "lambda:GetFunctionCodeSigningConfig",
        &[("LooksAtTargets", "lambda:GetFunctionCodeSigningConfig")],
    ),
    (
        "lambda:ListAliases",
        &[("LooksAtTargets", "lambda:ListAliases")],
    ),
    (
        "lambda:GetLayerVersion",
        &[("LooksAtLayers", "lambda:GetLayerVersion")],
    ),
    (
        "lambda:ListLayerVersions",
        &[("Lists", "lambda:ListLayerVersions")],
    ),
    ("lambda:ListFunctions", &[("Lists", "lambda:ListFunctions")]),
    (
        "lambda:ListCodeSigningConfigs",
        &[("Lists", "lambda:ListCodeSigningConfigs")],
    ),
    (
        "lambda:ListFunctionsByCodeSigningConfig",
        &[(
            "ListsUsersOfConfigurations",
            "lambda:ListFunctionsByCodeSigningConfig",
        )],
    ),
    ("sqs:SendMessage", &[("SendsAgain", "sqs:SendMessage")]),
    (
        "events:PutEvents",
        &[("AnnouncesDrift", "events:PutEvents")],
    ),
];

/// The daily probe has an AWS of its own in these tests (`probe/memory_aws.rs`), which panics at each other call of these buckets.
const PROBE: &[Right] = &[
    ("Probes", "s3:PutObject"),
    ("Probes", "s3:GetObject"),
    ("Probes", "s3:GetObjectVersion"),
    ("ReadsWhatWasProbed", "s3:GetObject"),
];

#[test]
fn sweep_has_no_right_that_it_does_not_use() {
    let world = world();
    go_by_reference(&world, FUNCTION, GOOD);
    go(&world, LAYER, OTHER);
    go(&world, FUNCTION, SWAPPED);
    // Something is told, and an event is lost.
    change(&world, |function| function.csc = None);
    world.upload("functions/other.zip", GOOD);
    pass(&world, 90);
    take_calls(&world);
    for run in [SweepRun::Unfinished, SweepRun::Everything] {
        assert_eq!(swept(&world, run).troubles, [""; 0]);
    }
    world.state_that("freeze/friday.json", ORDER);
    looked(&world, true);
    assert_fits("SweepRights", &take_calls(&world), SWEEP, PROBE);
}
