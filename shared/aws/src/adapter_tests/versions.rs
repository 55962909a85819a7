//! The versions of a function that may be deleted, and what uses them.

use countersign_gate::{
    domain::{FunctionName, VersionNumber},
    ports::{FunctionAliases, FunctionVersions, VersionDeletion},
};
use countersign_testkit::{
    fake_aws::{exception, json},
    http::Response,
};

use super::{call, is_denied, is_unexpected, stack};

fn name() -> FunctionName {
    FunctionName::parse("orders").unwrap()
}

fn number(text: &str) -> VersionNumber {
    VersionNumber::parse(text).unwrap()
}

#[tokio::test]
async fn versions_are_listed_without_the_latest() {
    let (fake, aws) = stack();
    let page = r#"{"NextMarker":"m","Versions":[{"Version":"$LATEST"},{"Version":"1"},
        {"Version":"12","Description":"countersign:0123 commit=1a2b"}]}"#;
    fake.answers("lambda:ListVersionsByFunction", json(page));
    let listed = aws
        .list_function_versions(&name(), Some("before"))
        .await
        .unwrap();
    let told: Vec<_> = listed
        .items
        .iter()
        .map(|it| (it.number, it.description.as_str()))
        .collect();
    let second = (number("12"), "countersign:0123 commit=1a2b");
    assert_eq!(told, [(number("1"), ""), second]);
    assert_eq!(listed.next.as_deref(), Some("m"));
    let request = &fake.calls()[0].request;
    assert_eq!(request.query_value("Marker"), Some("before"));
    fake.answers(
        "lambda:ListVersionsByFunction",
        json(r#"{"Versions":[{"Version":"v1"}]}"#),
    );
    let error = aws.list_function_versions(&name(), None).await.unwrap_err();
    assert!(is_unexpected(&error));
}

#[tokio::test]
async fn aliases_name_what_they_point_at_and_what_they_weigh() {
    let (fake, aws) = stack();
    let page = r#"{"Aliases":[{"Name":"live","FunctionVersion":"7",
        "RoutingConfig":{"AdditionalVersionWeights":{"6":0.0}}},{"Name":"dev","FunctionVersion":"$LATEST"}]}"#;
    fake.answers("lambda:ListAliases", json(page));
    let listed = aws.list_aliases(&name(), None).await.unwrap().items;
    let versions: Vec<_> = listed.iter().map(|it| it.versions.as_slice()).collect();
    assert_eq!(versions, [&[number("6"), number("7")][..], &[]]);
    assert_eq!(
        (listed[0].name.as_str(), listed[0].version.as_str()),
        ("live", "7")
    );
    assert_eq!(listed[0].weights["6"], "0");
    assert!(listed[0].is_canary() && !listed[1].is_canary());
}

#[tokio::test]
async fn provisioned_concurrency_names_versions_and_aliases() {
    let (fake, aws) = stack();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
    let page = format!(
        r#"{{"ProvisionedConcurrencyConfigs":[{{"FunctionArn":"{arn}:5"}},{{"FunctionArn":"{arn}:live"}}]}}"#
    );
    fake.answers("lambda:ListProvisionedConcurrencyConfigs", json(&page));
    let listed = aws.list_provisioned_versions(&name(), None).await.unwrap();
    assert_eq!(listed.items, [number("5")]);
    let page = format!(r#"{{"ProvisionedConcurrencyConfigs":[{{"FunctionArn":"{arn}"}}]}}"#);
    fake.answers("lambda:ListProvisionedConcurrencyConfigs", json(&page));
    let error = aws
        .list_provisioned_versions(&name(), None)
        .await
        .unwrap_err();
    assert!(is_unexpected(&error), "of which version is not said");
}

#[tokio::test]
async fn one_version_is_deleted_and_never_the_function() {
    let (fake, aws) = stack();
    fake.answers("lambda:DeleteFunction", Response::new(204, ""));
    let answer = aws.delete_version(&name(), number("7")).await.unwrap();
    assert_eq!(answer, VersionDeletion::Deleted);
    let request = call(&fake, "lambda:DeleteFunction");
    assert_eq!(request.query_value("Qualifier"), Some("7"));
    let conflict = "Unable to delete version because the following aliases reference it: [live]";
    fake.answers(
        "lambda:DeleteFunction",
        exception(409, "ResourceConflictException", conflict),
    );
    let answer = aws.delete_version(&name(), number("7")).await.unwrap();
    assert!(matches!(answer, VersionDeletion::InUse(_)));
    fake.answers(
        "lambda:DeleteFunction",
        exception(404, "ResourceNotFoundException", "no"),
    );
    let answer = aws.delete_version(&name(), number("7")).await.unwrap();
    assert_eq!(answer, VersionDeletion::Deleted);
    fake.answers(
        "lambda:DeleteFunction",
        exception(403, "AccessDeniedException", "no"),
    );
    let error = aws.delete_version(&name(), number("7")).await.unwrap_err();
    assert!(is_denied(&error));
}
