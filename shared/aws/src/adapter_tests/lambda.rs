use std::collections::BTreeMap;

use countersign_gate::{
    domain::{
        AliasName, Architecture, AttachedLayer, CodeIdentity, CodeStorage, CscPolicy, ExecWrapper,
        FunctionConfiguration, FunctionName, LayerName, ReferencedObject, RevisionId, SignedObject,
        VersionId,
    },
    ports::{
        AliasMove, CodeUpdate, Function, FunctionCsc, Functions, LATEST_PUBLISHED, Layers,
        PortError, Publication, UpdateOptions, UpdateStatus, VersionPublish, VersionRequest,
        VersionState,
    },
};
use countersign_testkit::fake_aws::{FakeAws, exception, json};

use super::{call, is_denied, is_throttled, is_unavailable, is_unexpected, sent, stack};
use crate::Aws;

const CSC: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1";

fn name() -> FunctionName {
    FunctionName::parse("orders").unwrap()
}

fn revision() -> RevisionId {
    RevisionId::parse("r-1").unwrap()
}

fn signed() -> SignedObject {
    SignedObject {
        bucket: "signed".to_owned(),
        key: "functions/orders/x/job.zip".to_owned(),
        version: VersionId::parse("v7").unwrap(),
    }
}

/// The function as it was looked at, its code under this key.
fn seen(kms_key_arn: Option<&str>) -> Function {
    Function {
        arn: "arn:aws:lambda:eu-west-1:111122223333:function:orders".to_owned(),
        is_image: false,
        code: CodeIdentity {
            sha256: "b2xk".to_owned(),
            job_arn: None,
            profile_version_arn: None,
        },
        configuration: FunctionConfiguration::default(),
        kms_key_arn: kms_key_arn.map(str::to_owned),
        referenced: None,
        is_on_managed_instances: false,
        revision: revision(),
        update: UpdateStatus::Successful,
        tags: BTreeMap::new(),
    }
}

/// A copy, for the processor that the function has.
fn plain() -> UpdateOptions {
    UpdateOptions::default()
}

/// What Lambda says of a function's code, with `more` fields.
fn code(more: &str) -> String {
    format!(
        r#"{{"FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders",
        "PackageType":"Zip","CodeSha256":"c2hh","RevisionId":"r-1","State":"Active",
        "LastModified":"2026-11-21T21:44:00.012+0000",
        "LastUpdateStatus":"Successful"{more}}}"#
    )
}

#[tokio::test]
async fn function_is_read_with_its_tags() {
    let (fake, aws) = stack();
    let signing = r#","SigningJobArn":"job-arn","SigningProfileVersionArn":"profile-arn""#;
    let tags = r#""Tags":{"countersign:alias":"live"}"#;
    fake.answers(
        "lambda:GetFunction",
        json(&format!(r#"{{"Configuration":{},{tags}}}"#, code(signing))),
    );
    let function = aws.function(&name()).await.unwrap().unwrap();
    assert_eq!(
        function.arn,
        "arn:aws:lambda:eu-west-1:111122223333:function:orders"
    );
    assert!(!function.is_image);
    assert_eq!(function.tags["countersign:alias"], "live");
    assert_eq!(function.code.sha256, "c2hh");
    assert_eq!(function.code.job_arn.as_deref(), Some("job-arn"));
    assert_eq!(
        function.code.profile_version_arn.as_deref(),
        Some("profile-arn")
    );
    assert_eq!(function.revision, revision());
    assert_eq!(function.update, UpdateStatus::Successful);
}

#[tokio::test]
async fn image_absence_and_denied_tags_are_told_apart() {
    let (fake, aws) = stack();
    let image = code("").replace("Zip", "Image");
    fake.answers_once(
        "lambda:GetFunction",
        json(&format!(r#"{{"Configuration":{image}}}"#)),
    );
    assert!(aws.function(&name()).await.unwrap().unwrap().is_image);
    let unseen = r#""Code":{"Error":{"ErrorCode":"AccessDeniedException","Message":"no"}}"#;
    fake.answers_once(
        "lambda:GetFunction",
        json(&format!(r#"{{"Configuration":{image},{unseen}}}"#)),
    );
    let function = aws.function(&name()).await.unwrap().unwrap();
    assert!(function.is_image, "whatever is said of where it is kept");
    let denied = r#""TagsError":{"ErrorCode":"AccessDeniedException","Message":"no"}"#;
    fake.answers_once(
        "lambda:GetFunction",
        json(&format!(r#"{{"Configuration":{},{denied}}}"#, code(""))),
    );
    assert!(is_denied(&aws.function(&name()).await.unwrap_err()));
    fake.answers(
        "lambda:GetFunction",
        exception(404, "ResourceNotFoundException", "no"),
    );
    assert_eq!(aws.function(&name()).await.unwrap(), None);
}

#[tokio::test]
async fn update_status_is_read_from_state_and_last_update() {
    let (fake, aws) = stack();
    let failed = |reason: &str| UpdateStatus::Failed {
        reason: reason.to_owned(),
    };
    let unknown = |what: &str| UpdateStatus::Unknown {
        what: what.to_owned(),
    };
    for (state, last, expected) in [
        ("Active", "Successful", UpdateStatus::Successful),
        ("Inactive", "Successful", UpdateStatus::Successful),
        ("Active", "InProgress", UpdateStatus::InProgress),
        ("Pending", "Successful", UpdateStatus::InProgress),
        ("Active", "Failed", failed("of the update")),
        ("Failed", "Successful", failed("of the state")),
        ("Failed", "InProgress", failed("of the state")),
        ("ActiveNonInvocable", "Successful", UpdateStatus::Successful),
        ("ActiveNonInvocable", "Failed", failed("of the update")),
        ("Deactivated", "Successful", UpdateStatus::Successful),
        ("Deactivating", "Successful", UpdateStatus::InProgress),
        ("Deleting", "Successful", UpdateStatus::InProgress),
        (
            "Active",
            "Confused",
            unknown("LastUpdateStatus is Confused"),
        ),
        ("Confused", "Successful", unknown("State is Confused")),
        ("Confused", "Failed", unknown("State is Confused")),
    ] {
        let reasons = r#","StateReason":"of the state","LastUpdateStatusReason":"of the update""#;
        let code = code(reasons)
            .replace(
                r#""LastUpdateStatus":"Successful""#,
                &format!(r#""LastUpdateStatus":"{last}""#),
            )
            .replace(r#""State":"Active""#, &format!(r#""State":"{state}""#));
        fake.answers_once(
            "lambda:GetFunction",
            json(&format!(r#"{{"Configuration":{code}}}"#)),
        );
        let answer = aws.function(&name()).await;
        assert_eq!(answer.unwrap().unwrap().update, expected, "{state} {last}");
    }
}

#[tokio::test]
async fn csc_is_read_or_absent() {
    let (fake, aws) = stack();
    let call = "lambda:GetFunctionCodeSigningConfig";
    fake.answers_once(call, json(r#"{"FunctionName":"orders"}"#));
    let found = aws.function_csc(&name()).await.unwrap();
    assert_eq!(found, FunctionCsc::NoneAttached);
    fake.answers_once(call, exception(404, "ResourceNotFoundException", ""));
    let found = aws.function_csc(&name()).await.unwrap();
    assert_eq!(found, FunctionCsc::NoFunction);
    fake.answers_once(
        call,
        json(&format!(r#"{{"CodeSigningConfigArn":"{CSC}"}}"#)),
    );
    let found = aws.function_csc(&name()).await.unwrap();
    let FunctionCsc::Attached(arn) = found else {
        panic!("{found:?}")
    };
    assert_eq!(arn.as_str(), CSC);

    let config = |policy: &str| {
        json(&format!(
            r#"{{"CodeSigningConfig":{{"CodeSigningConfigId":"csc-1","CodeSigningConfigArn":"{CSC}",
            "LastModified":"","AllowedPublishers":{{"SigningProfileVersionArns":["one","two"]}},
            "CodeSigningPolicies":{{"UntrustedArtifactOnDeployment":"{policy}"}}}}}}"#
        ))
    };
    fake.answers_once("lambda:GetCodeSigningConfig", config("Warn"));
    let csc = aws.csc(&arn).await.unwrap().unwrap();
    assert_eq!(csc.policy(), CscPolicy::Warn);
    assert_eq!(csc.publishers().collect::<Vec<_>>(), ["one", "two"]);
    fake.answers_once("lambda:GetCodeSigningConfig", config("Enforce"));
    assert_eq!(
        aws.csc(&arn).await.unwrap().unwrap().policy(),
        CscPolicy::Enforce
    );
    fake.answers_once("lambda:GetCodeSigningConfig", config("enforce"));
    assert!(
        is_unexpected(&aws.csc(&arn).await.unwrap_err()),
        "an unknown policy is no policy"
    );
    fake.answers_once(
        "lambda:GetCodeSigningConfig",
        exception(404, "ResourceNotFoundException", ""),
    );
    assert_eq!(aws.csc(&arn).await.unwrap(), None);
}

#[tokio::test]
async fn kms_key_of_the_code_is_kept() {
    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/7c9b";
    let (fake, aws) = stack();
    let location = format!(r#""Code":{{"RepositoryType":"S3","SourceKMSKeyArn":"{KEY}"}}"#);
    fake.answers(
        "lambda:GetFunction",
        json(&format!(r#"{{"Configuration":{},{location}}}"#, code(""))),
    );
    let function = aws.function(&name()).await.unwrap().unwrap();
    assert_eq!(function.kms_key_arn.as_deref(), Some(KEY));
    let denied = r#""Code":{"Error":{"ErrorCode":"AccessDeniedException","Message":"no"}}"#;
    fake.answers_once(
        "lambda:GetFunction",
        json(&format!(r#"{{"Configuration":{},{denied}}}"#, code(""))),
    );
    assert!(is_denied(&aws.function(&name()).await.unwrap_err()));
    fake.answers("lambda:UpdateFunctionCode", json("{}"));
    aws.dry_run_update(&name(), &signed(), &seen(Some(KEY)), plain())
        .await
        .unwrap();
    let request = call(&fake, "lambda:UpdateFunctionCode");
    assert_eq!(sent(&request)["SourceKMSKeyArn"], KEY);
}

async fn dry_run(fake: &FakeAws, aws: &Aws, status: u16, name_of: &str) -> CodeUpdate<()> {
    fake.answers_once(
        "lambda:UpdateFunctionCode",
        exception(status, name_of, "as told"),
    );
    aws.dry_run_update(&name(), &signed(), &seen(None), plain())
        .await
        .unwrap()
}

#[tokio::test]
async fn dry_run_names_version_and_revision() {
    let (fake, aws) = stack();
    // What else the answer to a dry run says is not recorded anywhere, so nothing may depend on it.
    fake.answers("lambda:UpdateFunctionCode", json("{}"));
    let answer = aws
        .dry_run_update(&name(), &signed(), &seen(None), plain())
        .await
        .unwrap();
    assert_eq!(answer, CodeUpdate::Accepted(()));
    let request = call(&fake, "lambda:UpdateFunctionCode");
    assert_eq!(request.path, "/2015-03-31/functions/orders/code");
    assert_eq!(
        sent(&request),
        serde_json::json!({
            "S3Bucket": "signed",
            "S3Key": "functions/orders/x/job.zip",
            "S3ObjectVersion": "v7",
            "RevisionId": "r-1",
            "DryRun": true,
        })
    );
    assert_eq!(
        fake.called(),
        ["lambda:UpdateFunctionCode"],
        "nothing else is called"
    );
}

#[tokio::test]
async fn storage_mode_and_processor_are_said_where_they_are_asked_for() {
    let (fake, aws) = stack();
    fake.answers("lambda:UpdateFunctionCode", json("{}"));
    let options = UpdateOptions {
        storage: CodeStorage::Referenced,
        architecture: Some(Architecture::Arm64),
    };
    for options in [options, plain()] {
        let answer = aws
            .dry_run_update(&name(), &signed(), &seen(None), options)
            .await;
        assert_eq!(answer.unwrap(), CodeUpdate::Accepted(()));
    }
    let calls = fake.calls();
    let sent: Vec<_> = calls.iter().map(|call| sent(&call.request)).collect();
    assert_eq!(sent[0]["S3ObjectStorageMode"], "REFERENCE");
    assert_eq!(sent[0]["Architectures"], serde_json::json!(["arm64"]));
    assert_eq!(sent[1].get("S3ObjectStorageMode"), None);
    assert_eq!(sent[1].get("Architectures"), None);
}

#[tokio::test]
async fn refusals_of_code_are_told_apart() {
    let (fake, aws) = stack();
    for name in [
        "CodeVerificationFailedException",
        "InvalidCodeSignatureException",
        "CodeSigningConfigNotFoundException",
    ] {
        let CodeUpdate::Refused(refusal) = dry_run(&fake, &aws, 400, name).await else {
            panic!("{name} is a refusal");
        };
        assert!(refusal.is_about_signature());
        assert_eq!(
            (refusal.exception.as_str(), refusal.message.as_str()),
            (name, "as told")
        );
    }
    for name in [
        "InvalidParameterValueException",
        "CodeStorageExceededException",
    ] {
        let answer = dry_run(&fake, &aws, 400, name).await;
        assert!(matches!(answer, CodeUpdate::Refused(refusal) if !refusal.is_about_signature()));
    }
    let answer = dry_run(&fake, &aws, 412, "PreconditionFailedException").await;
    assert_eq!(answer, CodeUpdate::RevisionChanged);
    assert_eq!(
        dry_run(&fake, &aws, 409, "ResourceConflictException").await,
        CodeUpdate::Busy
    );
    assert_eq!(
        dry_run(&fake, &aws, 404, "ResourceNotFoundException").await,
        CodeUpdate::Gone
    );
    assert_eq!(fake.called().len(), 8, "none of these is tried again");
}

#[tokio::test]
async fn other_errors_of_an_update_are_port_errors() {
    type Is = fn(&PortError) -> bool;
    let (fake, aws) = stack();
    let answers: [(u16, &str, Is); 4] = [
        (403, "AccessDeniedException", is_denied),
        (429, "TooManyRequestsException", is_throttled),
        (500, "ServiceException", is_unavailable),
        (400, "SomethingNewException", is_unexpected),
    ];
    for (status, exception_name, is_expected) in answers {
        fake.answers(
            "lambda:UpdateFunctionCode",
            exception(status, exception_name, ""),
        );
        let error = aws
            .dry_run_update(&name(), &signed(), &seen(None), plain())
            .await
            .unwrap_err();
        assert!(is_expected(&error), "{exception_name}: {error}");
        assert_eq!(error.call(), "lambda:UpdateFunctionCode");
    }
}

#[tokio::test]
async fn unfetched_package_is_not_refused() {
    let (fake, aws) = stack();
    let message = "Error occurred while GetObject. S3 Error Code: SlowDown. S3 Error Message: …";
    fake.answers(
        "lambda:UpdateFunctionCode",
        exception(400, "InvalidParameterValueException", message),
    );
    let answer = aws
        .dry_run_update(&name(), &signed(), &seen(None), plain())
        .await;
    let error = answer.unwrap_err();
    assert!(is_unavailable(&error), "{error}");
    assert!(error.error_chain().contains("SlowDown"), "{error}");
}

#[tokio::test]
async fn version_is_published_of_the_given_code() {
    let (fake, aws) = stack();
    let request = VersionRequest {
        function: name(),
        code_sha256: "c2hh".to_owned(),
        description: "commit 6533b80".to_owned(),
        publication: Publication::Version,
    };
    fake.answers_once("lambda:PublishVersion", json(r#"{"Version":"7"}"#));
    let answer = aws.publish_version(&request).await.unwrap();
    assert_eq!(answer, VersionPublish::Version("7".to_owned()));
    let sent = sent(&call(&fake, "lambda:PublishVersion"));
    assert_eq!(
        sent,
        serde_json::json!({"CodeSha256": "c2hh", "Description": "commit 6533b80"})
    );
    let invalid = "InvalidParameterValueException";
    let stale = "CodeSHA256 (a) is different from current CodeSHA256 in $LATEST (b).";
    for (answer, expected) in [
        (exception(400, invalid, stale), VersionPublish::CodeChanged),
        (
            exception(409, "ResourceConflictException", ""),
            VersionPublish::Busy,
        ),
        (
            exception(404, "ResourceNotFoundException", ""),
            VersionPublish::Gone,
        ),
    ] {
        fake.answers_once("lambda:PublishVersion", answer);
        assert_eq!(aws.publish_version(&request).await.unwrap(), expected);
    }
    fake.answers_once("lambda:PublishVersion", exception(400, invalid, "too long"));
    let answer = aws.publish_version(&request).await.unwrap();
    assert!(matches!(answer, VersionPublish::Refused(_)));
}

#[tokio::test]
async fn latest_is_published_by_name_and_read_by_its_qualifier() {
    let (fake, aws) = stack();
    let request = VersionRequest {
        function: name(),
        code_sha256: "c2hh".to_owned(),
        description: "d".to_owned(),
        publication: Publication::LatestPublished,
    };
    let answer = json(r#"{"Version":"$LATEST.PUBLISHED"}"#);
    fake.answers_once("lambda:PublishVersion", answer);
    aws.publish_version(&request).await.unwrap();
    let sent = sent(&call(&fake, "lambda:PublishVersion"));
    assert_eq!(sent["PublishTo"], "LATEST_PUBLISHED");

    let instances = r#","CapacityProviderConfig":{"LambdaManagedInstancesCapacityProviderConfig":
        {"CapacityProviderArn":"arn:aws:lambda:eu-west-1:111122223333:capacity-provider:own"}}"#;
    let answer = format!(r#"{{"Configuration":{}}}"#, code(instances));
    fake.answers("lambda:GetFunction", json(&answer));
    let function = aws.function(&name()).await.unwrap().unwrap();
    assert!(function.is_on_managed_instances);
    let found = aws.version(&name(), LATEST_PUBLISHED).await.unwrap();
    assert_eq!(found.unwrap().code.sha256, "c2hh");
    let asked = fake.calls().pop().unwrap();
    let qualifier = asked.request.query_value("Qualifier");
    // As it is written in a query.
    assert_eq!(qualifier, Some("%24LATEST.PUBLISHED"));
}

#[tokio::test]
async fn object_that_code_is_read_from_is_told() {
    let (fake, aws) = stack();
    let referenced = async |of_code: &str| {
        let answer = format!(r#"{{"Configuration":{},"Code":{{{of_code}}}}}"#, code(""));
        fake.answers_once("lambda:GetFunction", json(&answer));
        let found = aws.function(&name()).await;
        found.map(|found| found.unwrap().referenced)
    };
    assert_eq!(referenced("").await.unwrap(), None);
    let object =
        |version: &str| format!(r#""ResolvedS3Object":{{"S3Bucket":"b","S3Key":"k"{version}}}"#);
    let with = |version: Option<&str>| ReferencedObject {
        bucket: "b".to_owned(),
        key: "k".to_owned(),
        version: version.map(|version| VersionId::parse(version).unwrap()),
    };
    let named = object(r#","S3ObjectVersion":"v1""#);
    assert_eq!(referenced(&named).await.unwrap(), Some(with(Some("v1"))));
    // In a bucket without versions.
    for unnamed in [object(""), object(r#","S3ObjectVersion":"null""#)] {
        assert_eq!(referenced(&unnamed).await.unwrap(), Some(with(None)));
    }
    let nowhere = r#""ResolvedS3Object":{"S3Key":"k"}"#;
    assert!(is_unexpected(&referenced(nowhere).await.unwrap_err()));
}

#[tokio::test]
async fn configuration_is_read_as_far_as_it_decides_which_code_runs() {
    let (fake, aws) = stack();
    let layer = "arn:aws:lambda:eu-west-1:111122223333:layer:common:3";
    let configuration = async |more: &str, of_code: &str| {
        let answer = format!(r#"{{"Configuration":{},"Code":{{{of_code}}}}}"#, code(more));
        fake.answers_once("lambda:GetFunction", json(&answer));
        aws.function(&name())
            .await
            .map(|found| found.unwrap().configuration)
    };
    let bare = configuration("", "").await.unwrap();
    assert_eq!(bare, FunctionConfiguration::default());
    let more = format!(
        r#","Runtime":"nodejs24.x","Handler":"index.handler","Architectures":["arm64"],"Layers":[
        {{"Arn":"{layer}","CodeSize":1,"SigningJobArn":"job","SigningProfileVersionArn":"profile"}}],
        "Environment":{{"Variables":{{"AWS_LAMBDA_EXEC_WRAPPER":"/opt/w","SECRET":"s"}}}}"#
    );
    let object = r#""ResolvedS3Object":{"S3Bucket":"b","S3Key":"k","S3ObjectVersion":"v"}"#;
    let full = configuration(&more, object).await.unwrap();
    let attached = AttachedLayer {
        arn: layer.to_owned(),
        zip_bytes: Some(1),
        job_arn: Some("job".to_owned()),
        profile_version_arn: Some("profile".to_owned()),
    };
    assert_eq!(full.layers, [attached]);
    assert_eq!(full.exec_wrapper, ExecWrapper::Set("/opt/w".to_owned()));
    assert_eq!(full.storage, CodeStorage::Referenced);
    assert_eq!(full.runtime.as_deref(), Some("nodejs24.x"));
    assert_eq!(full.handler.as_deref(), Some("index.handler"));
    assert_eq!(full.architecture, Some(Architecture::Arm64));
    let unknown = configuration(r#","Architectures":["riscv64"]"#, "").await;
    assert_eq!(unknown.unwrap().architecture, None);
    let undecrypted = r#","Environment":{"Error":{"ErrorCode":"AccessDeniedException"}}"#;
    let unknown = configuration(undecrypted, "").await.unwrap();
    assert_eq!(unknown.exec_wrapper, ExecWrapper::Unknown);
    let nameless = r#","Layers":[{"CodeSize":1}]"#;
    assert!(is_unexpected(
        &configuration(nameless, "").await.unwrap_err()
    ));
}

#[tokio::test]
async fn version_state_is_told() {
    let (fake, aws) = stack();
    let refused = |reason: &str| VersionState::Failed {
        reason: reason.to_owned(),
    };
    let failed = refused("no subnet");
    for (said, expected) in [
        (r#""State":"Active""#, VersionState::Ready),
        (r#""State":"Inactive""#, VersionState::Ready),
        (
            r#""State":"Inactive","StateReasonCode":"Idle","StateReason":"The function is idle.""#,
            VersionState::Ready,
        ),
        (
            r#""State":"Inactive","StateReasonCode":"","StateReason":"Lambda cannot read the package.""#,
            refused("its state is Inactive: Lambda cannot read the package."),
        ),
        (
            r#""State":"Inactive","StateReasonCode":"KMSKeyAccessDenied","StateReason":"no key""#,
            refused("its state is Inactive: KMSKeyAccessDenied, no key"),
        ),
        (
            r#""State":"Inactive","StateReasonCode":"S3AccessLost""#,
            refused("its state is Inactive: S3AccessLost"),
        ),
        (
            r#""State":"Odd","StateReasonCode":"Idle""#,
            VersionState::Unknown {
                state: "Odd".to_owned(),
            },
        ),
        (r#""State":"Pending""#, VersionState::Pending),
        (r#""State":"Failed","StateReason":"no subnet""#, failed),
        (r#""State":"Deactivating""#, VersionState::Pending),
        (r#""State":"Deleting""#, VersionState::Pending),
        (
            r#""State":"ActiveNonInvocable""#,
            refused("its state is ActiveNonInvocable"),
        ),
        (
            r#""State":"Deactivated","StateReason":"idle""#,
            refused("its state is Deactivated: idle"),
        ),
    ] {
        let answer = format!(
            r#"{{"Configuration":{{"Version":"7","CodeSha256":"c2hh","ConfigSha256":"c",{said}}}}}"#
        );
        fake.answers_once("lambda:GetFunction", json(&answer));
        let found = aws.version(&name(), "7").await.unwrap().unwrap();
        assert_eq!(found.state, expected);
        assert_eq!(found.code.sha256, "c2hh");
    }
    let calls = fake.calls();
    let mut asked = calls
        .iter()
        .map(|call| call.request.query_value("Qualifier"));
    assert!(asked.all(|qualifier| qualifier == Some("7")));
    // Without a state, nothing is known.
    let stateless = json(r#"{"Configuration":{"Version":"7","CodeSha256":"c2hh"}}"#);
    fake.answers_once("lambda:GetFunction", stateless);
    assert!(is_unexpected(&aws.version(&name(), "7").await.unwrap_err()));
    fake.answers_once(
        "lambda:GetFunction",
        exception(404, "ResourceNotFoundException", ""),
    );
    assert_eq!(aws.version(&name(), "7").await.unwrap(), None);
}

#[tokio::test]
async fn alias_is_moved_with_all_its_traffic() {
    let (fake, aws) = stack();
    let alias = AliasName::parse("live").unwrap();
    let answer = json(r#"{"FunctionVersion":"6","RevisionId":"a-1"}"#);
    fake.answers_once("lambda:GetAlias", answer.clone());
    let found = aws.alias(&name(), &alias).await.unwrap().unwrap();
    assert_eq!(
        (found.version.as_str(), found.revision.as_str()),
        ("6", "a-1")
    );
    for (weights, is_canary) in [("{}", false), (r#"{"5":0.1}"#, true)] {
        let answer = format!(
            r#"{{"FunctionVersion":"6","RevisionId":"a-1","RoutingConfig":{{"AdditionalVersionWeights":{weights}}}}}"#
        );
        fake.answers_once("lambda:GetAlias", json(&answer));
        let found = aws.alias(&name(), &alias).await.unwrap().unwrap();
        assert_eq!(found.is_canary(), is_canary);
    }
    fake.answers_once(
        "lambda:GetAlias",
        exception(404, "ResourceNotFoundException", ""),
    );
    assert_eq!(aws.alias(&name(), &alias).await.unwrap(), None);

    fake.answers_once("lambda:UpdateAlias", answer);
    let moved = aws
        .move_alias(&name(), &alias, "7", &found.revision)
        .await
        .unwrap();
    assert_eq!(moved, AliasMove::Moved);
    assert_eq!(
        sent(&call(&fake, "lambda:UpdateAlias")),
        serde_json::json!({
            "FunctionVersion": "7",
            "RevisionId": "a-1",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
        })
    );
    for (answer, expected) in [
        (
            exception(412, "PreconditionFailedException", ""),
            AliasMove::RevisionChanged,
        ),
        (
            exception(409, "ResourceConflictException", ""),
            AliasMove::Busy,
        ),
        (
            exception(404, "ResourceNotFoundException", ""),
            AliasMove::Gone,
        ),
    ] {
        fake.answers_once("lambda:UpdateAlias", answer);
        assert_eq!(
            aws.move_alias(&name(), &alias, "7", &found.revision)
                .await
                .unwrap(),
            expected
        );
    }
}

#[tokio::test]
async fn layer_versions_come_newest_first() {
    let (fake, aws) = stack();
    let layer = LayerName::parse("common").unwrap();
    let versions = r#"{"LayerVersions":[
        {"Version":1,"LayerVersionArn":"arn:1"},
        {"Version":3,"LayerVersionArn":"arn:3","Description":"third"},
        {"Version":2,"LayerVersionArn":"arn:2"}]}"#;
    fake.answers_once("lambda:ListLayerVersions", json(versions));
    let found = aws.layer_versions(&layer, 2).await.unwrap();
    assert_eq!(
        found.iter().map(|found| found.version).collect::<Vec<_>>(),
        [3, 2]
    );
    assert_eq!(found[0].description, "third");
    assert_eq!(
        call(&fake, "lambda:ListLayerVersions").query_value("MaxItems"),
        Some("2")
    );
    fake.answers_once(
        "lambda:ListLayerVersions",
        exception(404, "ResourceNotFoundException", ""),
    );
    assert!(aws.layer_versions(&layer, 2).await.unwrap().is_empty());
}

#[tokio::test]
async fn layer_content_is_read_or_absent() {
    let (fake, aws) = stack();
    let layer = LayerName::parse("common").unwrap();
    let version = r#"{"Version":3,"LayerVersionArn":"arn:3","Description":"d",
        "Content":{"CodeSha256":"c2hh","SigningJobArn":"job-arn"}}"#;
    fake.answers_once("lambda:GetLayerVersion", json(version));
    let content = aws.layer_content(&layer, 3).await.unwrap().unwrap();
    assert_eq!(content.version.arn, "arn:3");
    assert_eq!(content.code.sha256, "c2hh");
    assert_eq!(content.code.job_arn.as_deref(), Some("job-arn"));
    assert_eq!(content.code.profile_version_arn, None);
    assert_eq!(content.storage, CodeStorage::Copied);
    let referenced = version.replace(
        r#""CodeSha256""#,
        r#""ResolvedS3Object":{"S3Bucket":"b","S3Key":"k","S3ObjectVersion":"v"},"CodeSha256""#,
    );
    fake.answers_once("lambda:GetLayerVersion", json(&referenced));
    let content = aws.layer_content(&layer, 3).await.unwrap().unwrap();
    assert_eq!(content.storage, CodeStorage::Referenced);
    assert_eq!(content.referenced.unwrap().key, "k");
    fake.answers_once(
        "lambda:GetLayerVersion",
        exception(404, "ResourceNotFoundException", ""),
    );
    assert_eq!(aws.layer_content(&layer, 3).await.unwrap(), None);
    fake.answers_once(
        "lambda:GetLayerVersion",
        json(r#"{"Version":3,"LayerVersionArn":"arn:3"}"#),
    );
    assert!(is_unexpected(
        &aws.layer_content(&layer, 3).await.unwrap_err()
    ));
}
