//! `push` of what builds leave behind: whose package is which, by manifests and by `countersign.toml`.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;

use std::{collections::BTreeMap, fs, path::Path};

use countersign_package::{Archive, Limits};
use countersign_testkit::{checkout, package::sample};
use gate::{Gate, Ran, UPLOADS, package};
use serde_json::json;

/// A gate with what this tool made, in this folder.
fn built(tool: &str, folder: &str) -> Gate {
    let gate = Gate::new();
    let from = checkout::path("cli/tests/builds");
    copy(&from.join(tool), &gate.folder.path().join(folder));
    gate
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn write(gate: &Gate, path: &str, contents: impl AsRef<[u8]>) {
    let path = gate.folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
}

fn push(gate: &Gate, packages: &[&str]) -> Ran {
    gate.run(&[&["push", "--no-wait"], packages].concat())
}

/// The files of each package that was uploaded, by key.
fn uploaded(gate: &Gate) -> BTreeMap<String, Vec<String>> {
    let keys = gate.aws.keys(UPLOADS).into_iter();
    keys.map(|key| {
        let zip = gate.aws.object(UPLOADS, &key).unwrap();
        let archive = Archive::parse(&zip, &Limits::default()).unwrap();
        let names = archive
            .entries()
            .iter()
            .map(|entry| entry.name().to_owned());
        (key, names.collect())
    })
    .collect()
}

fn keys(gate: &Gate) -> Vec<String> {
    gate.aws.keys(UPLOADS)
}

const SAM: &str = "\
ignore = ['.aws-sam/build/InlineFunction']
[targets]
'functions/dev-orders' = '.aws-sam/build/OrdersFunction'
";

#[test]
fn sam_build_is_pushed_with_its_nested_stacks() {
    let gate = built("sam", ".aws-sam/build");
    write(&gate, "layer/python/tls.py", "x = 1\n");
    write(&gate, "countersign.toml", SAM);
    push(&gate, &[".aws-sam/build"]).ends_with(0);
    let app = vec!["app.py".to_owned()];
    let expected = BTreeMap::from([
        ("functions/dev-orders.zip".to_owned(), app.clone()),
        ("functions/refund.zip".to_owned(), app.clone()),
        ("functions/shop.zip".to_owned(), app),
        (
            "layers/tls.zip".to_owned(),
            vec!["python/tls.py".to_owned()],
        ),
    ]);
    assert_eq!(uploaded(&gate), expected);
    let calls = gate.aws.calls();
    let layer = calls
        .iter()
        .find(|call| call.name == "s3:PutObject" && call.request.path.contains("layers/"));
    let header = "x-amz-meta-compatible-runtimes";
    assert_eq!(layer.unwrap().request.header(header), Some("python3.13"));
}

#[test]
fn part_of_a_build_is_pushed() {
    for (path, expected) in [
        (".aws-sam/build/Child", "functions/refund.zip"),
        ("./.aws-sam/build/ShopFunction/", "functions/shop.zip"),
        (
            "functions/other=.aws-sam/build/OrdersFunction",
            "functions/other.zip",
        ),
    ] {
        let gate = built("sam", ".aws-sam/build");
        push(&gate, &[path]).ends_with(0);
        assert_eq!(keys(&gate), [expected], "{path}");
    }
}

#[test]
fn unknown_names_are_asked_for() {
    let gate = built("sam", ".aws-sam/build");
    let ran = push(&gate, &[".aws-sam/build"]);
    ran.ends_with(2);
    for expected in [
        "the names of 2 of its packages",
        "\"functions/NAME\" = \".aws-sam/build/OrdersFunction\"",
    ] {
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    assert!(gate.aws.called().is_empty());
}

#[test]
fn code_in_a_template_cannot_be_pushed() {
    let gate = built("sam", ".aws-sam/build");
    let ran = push(&gate, &["functions/x=.aws-sam/build/InlineFunction"]);
    ran.ends_with(2);
    assert!(ran.err.contains("in the template itself"), "{}", ran.err);
}

#[test]
fn template_that_is_not_built_is_no_build() {
    let gate = Gate::new();
    let template = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      \
                    CodeUri: src/\n      FunctionName: shop\n";
    write(&gate, "app/template.yaml", template);
    let ran = push(&gate, &["app"]);
    ran.ends_with(2);
    assert!(ran.err.contains("nothing that a build made"), "{}", ran.err);
}

const CDK: &str = "\
ignore = ['cdk.out/ShopStack/Custom::*', 'cdk.out/ShopStack/Inline', 'cdk.out/Prod/*']
[targets]
'functions/anon' = 'cdk.out/ShopStack/Anon0C2C8175'
";

#[test]
fn cdk_out_is_pushed_with_its_nested_stacks() {
    let gate = built("cdk", "cdk.out");
    write(&gate, "countersign.toml", CDK);
    push(&gate, &["cdk.out"]).ends_with(0);
    let code = vec!["index.js".to_owned()];
    let expected = BTreeMap::from([
        ("functions/anon.zip".to_owned(), code.clone()),
        ("functions/deep.zip".to_owned(), code.clone()),
        ("functions/orders.zip".to_owned(), code),
        ("layers/tls.zip".to_owned(), vec!["x.txt".to_owned()]),
    ]);
    assert_eq!(uploaded(&gate), expected);
}

#[test]
fn stage_of_a_cdk_app_has_paths_of_its_own() {
    let gate = built("cdk", "cdk.out");
    let toml = "[targets]\n'functions/prod' = 'cdk.out/Prod/ShopStack/Nested/Deep'\n";
    write(&gate, "countersign.toml", toml);
    push(&gate, &[]).ends_with(0);
    assert_eq!(keys(&gate), ["functions/prod.zip"]);
}

#[test]
fn serverless_packages_are_pushed() {
    let gate = built("serverless", ".serverless");
    write(
        &gate,
        ".serverless/hello.zip",
        package("hello.js", "x").build(),
    );
    write(
        &gate,
        ".serverless/other.zip",
        package("other.js", "x").build(),
    );
    push(&gate, &[".serverless"]).ends_with(0);
    let expected = BTreeMap::from([
        (
            "functions/other-fn.zip".to_owned(),
            vec!["other.js".to_owned()],
        ),
        (
            "functions/shop-dev-hello.zip".to_owned(),
            vec!["hello.js".to_owned()],
        ),
    ]);
    assert_eq!(uploaded(&gate), expected);
}

#[test]
fn cargo_lambda_folders_are_pushed() {
    let gate = Gate::new();
    write(&gate, "target/lambda/shop/bootstrap", "#!");
    write(
        &gate,
        "target/lambda/orders/bootstrap.zip",
        package("bootstrap", "#!").build(),
    );
    write(&gate, "target/lambda/extensions/telemetry", "#!");
    push(&gate, &["target/lambda"]).ends_with(0);
    let program = vec!["bootstrap".to_owned()];
    let expected = BTreeMap::from([
        ("functions/orders.zip".to_owned(), program.clone()),
        ("functions/shop.zip".to_owned(), program),
    ]);
    assert_eq!(uploaded(&gate), expected);
}

/// What Chalice keeps of a stage.
fn deployed(stage: &str) -> String {
    let arn =
        |name: &str| format!("arn:aws:lambda:eu-west-1:111122223333:function:shop-{stage}{name}");
    json!({"schema_version": "2.0", "backend": "api", "resources": [
        {"name": "default-role", "resource_type": "iam_role", "role_name": "shop"},
        {"name": "api_handler", "resource_type": "lambda_function", "lambda_arn": arn("")},
        {"name": "tick", "resource_type": "lambda_function", "lambda_arn": arn("-tick")},
    ]})
    .to_string()
}

#[test]
fn chalice_folder_is_pushed_a_stage_at_a_time() {
    let gate = Gate::new();
    let zip = package("app.py", "x").build();
    write(&gate, ".chalice/deployments/0a1b-python3.13.zip", &zip);
    write(
        &gate,
        ".chalice/deployments/managed-layer-0a1b-python3.13.zip",
        &zip,
    );
    write(&gate, ".chalice/deployed/dev.json", deployed("dev"));
    push(&gate, &[".chalice"]).ends_with(0);
    let dev = ["functions/shop-dev-tick.zip", "functions/shop-dev.zip"];
    assert_eq!(keys(&gate), dev);
    write(&gate, ".chalice/deployed/prod.json", deployed("prod"));
    let ran = push(&gate, &[".chalice"]);
    ran.ends_with(2);
    assert!(ran.err.contains("say which one: .chalice/"), "{}", ran.err);
    push(&gate, &[".chalice/dev"]).ends_with(0);
    assert_eq!(keys(&gate), dev);
    write(&gate, ".chalice/deployments/9f-python3.13.zip", &zip);
    let ran = push(&gate, &[".chalice/dev"]);
    ran.ends_with(2);
    assert!(ran.err.contains("has 2 packages"), "{}", ran.err);
}

#[test]
fn chalice_package_is_pushed_by_its_template() {
    let gate = built("chalice", "out");
    write(&gate, "out/deployment.zip", package("app.py", "x").build());
    push(&gate, &["functions/shop=out/APIHandler"]).ends_with(0);
    assert_eq!(keys(&gate), ["functions/shop.zip"]);
}

#[test]
fn folder_is_zipped_the_same_way_each_time() {
    let zips: Vec<Option<Vec<u8>>> = (0..2)
        .map(|_| {
            let gate = Gate::new();
            write(&gate, "dist/shop/handler.py", "x");
            push(&gate, &["functions/shop=dist/shop"]).ends_with(0);
            gate.aws.object(UPLOADS, "functions/shop.zip")
        })
        .collect();
    assert!(zips[0].is_some());
    assert_eq!(zips[0], zips[1]);
}

#[test]
fn project_names_targets_and_metadata() {
    let gate = Gate::new();
    let toml = "[targets]\n'functions/shop' = 'shop.zip'\n'layers/tls' = 'shop.zip'\n\
                [metadata.'layers/tls']\ncompatible-runtimes = 'nodejs24.x'\n";
    write(&gate, "deploy/prod.toml", toml);
    write(&gate, "deploy/shop.zip", sample().build());
    let config = ["--config", "deploy/prod.toml"];
    push(&gate, &config).ends_with(0);
    assert_eq!(keys(&gate), ["functions/shop.zip", "layers/tls.zip"]);
    push(&gate, &[&config[..], &["deploy/shop.zip"]].concat()).ends_with(0);
    let calls = gate.aws.calls();
    let puts = calls.iter().filter(|call| call.name == "s3:PutObject");
    let runtimes = puts.map(|call| call.request.header("x-amz-meta-compatible-runtimes"));
    let layer = Some("nodejs24.x");
    assert_eq!(runtimes.collect::<Vec<_>>(), [None, layer, None, layer]);
    push(&gate, &[&config[..], &["functions/shop"]].concat()).ends_with(0);
}

#[test]
fn wrong_projects_and_builds_make_no_call() {
    for (file, contents, arguments, expected) in [
        (
            "countersign.toml",
            "[targets]\nshop = 'shop.zip'\n",
            &[][..],
            "countersign.toml:2:",
        ),
        (
            "countersign.toml",
            "ignore = 3\n",
            &[],
            "countersign.toml:1:",
        ),
        ("x", "", &[], "not said what to upload"),
        ("x", "", &["gone"], "there is no gone"),
        ("x", "", &["--config", "gone.toml"], "gone.toml"),
        (
            "cdk.out/manifest.json",
            "{\n",
            &["cdk.out/Shop"],
            "there is no",
        ),
        (
            ".serverless/serverless-state.json",
            "{\n]",
            &[".serverless"],
            ".json:2",
        ),
        (
            "t/x/bootstrap",
            "",
            &["t/y"],
            "the packages of the build in t are x",
        ),
        (
            "t/x/bootstrap",
            "",
            &["functions/a=t/y"],
            "the packages of the build in t are x",
        ),
    ] {
        let gate = Gate::new();
        write(&gate, file, contents);
        let ran = push(&gate, arguments);
        ran.ends_with(2);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains("fix:"), "{}", ran.err);
        assert!(gate.aws.called().is_empty());
    }
}
