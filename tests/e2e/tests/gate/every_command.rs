//! Each block of shell commands in the docs is pasted by a test, or there is a reason why it is not.

use std::collections::BTreeSet;

use countersign_testkit::checkout;

/// The documents, and the first line of each block in them, with the test that pastes it or the reason why
/// none does.
const BLOCKS: [(&str, &[(&str, Pasted)]); 7] = [
    (
        "README.md",
        &[
            (
                "cargo xtask local",
                Not("the suite runs its scenes: `happy_path::five_scenes`"),
            ),
            ("cargo xtask test", Not("it is what runs this")),
            (
                "export PATH=\"$PWD/.local/venv/bin:$PATH\"",
                Not(
                    "the suite builds and deploys so, with answers for the questions: `cloud::build`, `Cloud::deploy`",
                ),
            ),
            (
                "output() { aws cloudformation describe-stacks --stack-name countersign \\",
                By(README),
            ),
            (
                "aws lambda put-function-code-signing-config --function-name shop --code-signing-config-arn \"$CSC_ARN\"",
                By(README),
            ),
            (
                "aws s3 cp shop.zip \"s3://$UPLOADS_BUCKET/functions/shop.zip\" --metadata commit=4f2a91c",
                By(README),
            ),
            (
                "aws s3api copy-object --bucket \"$UPLOADS_BUCKET\" --key functions/shop.zip \\",
                By(README),
            ),
            (
                "curl -o signed.zip \"$(aws lambda get-function --function-name shop --query Code.Location --output text)\"",
                By(README),
            ),
            (
                "countersign status functions/shop --records-bucket \"$RECORDS_BUCKET\"",
                By(README),
            ),
            (
                "curl -fLO https://github.com/DataDog/datadog-serverless-functions/releases/download/aws-dd-forwarder-3.127.0/aws-dd-forwarder-3.127.0.zip &&",
                Not(
                    "no test fetches anything; its second command is pasted in cli/tests/vectors.rs, about another package",
                ),
            ),
        ],
    ),
    (
        "docs/deploying.md",
        &[
            (
                "sam deploy --parameter-overrides RequireManagedTag=true",
                Not(
                    "the stack that all tests share has no such demand: `variants::stack_deploys_only_to_functions_that_are_tagged_for_it`",
                ),
            ),
            (
                "sam build",
                Not(
                    "the suite builds and deploys so, with answers for the questions: `cloud::build`, `Cloud::deploy`",
                ),
            ),
            (
                "countersign doctor --stack countersign --fix-hint",
                By("doctor::whole_stack_has_no_failure"),
            ),
            (
                "cargo xtask package",
                Not("the suite runs it before its tests"),
            ),
            (
                "(cd target/package && sha256sum --check --quiet SHA256SUMS)",
                By(RELEASE),
            ),
            (
                "CODE_BUCKET=…    # a bucket of yours, in the region of the stack",
                By(RELEASE),
            ),
            (
                "aws cloudformation deploy --template-file bootstrap.yaml --stack-name countersign-gate",
                By(RELEASE),
            ),
            ("CODE_BUCKET=$(gate CodeBucket)", By(RELEASE)),
            (
                "aws cloudformation deploy --template-file network.yaml --stack-name countersign-network \\",
                Not("tests/local-aws/tests/test_network.py deploys both stacks so"),
            ),
            (
                "output() { aws cloudformation describe-stacks --stack-name countersign \\",
                By(ONBOARDING),
            ),
            (
                "aws lambda put-function-code-signing-config \\",
                By(ONBOARDING),
            ),
            (
                "aws s3 cp shop.zip \"s3://$UPLOADS_BUCKET/functions/shop.zip\"",
                By(ONBOARDING),
            ),
            (
                "aws cloudformation describe-stack-resources --stack-name countersign \\",
                By(ONBOARDING),
            ),
            (
                "aws lambda create-function --function-name shop --runtime python3.14 --handler app.handler --role \"$ROLE_ARN\" \\",
                By(
                    "documented_commands::documented_command_creates_a_function_from_its_prepared_package",
                ),
            ),
            (
                "aws s3 cp util.zip \"s3://$UPLOADS_BUCKET/layers/util.zip\" \\",
                By(ONBOARDING),
            ),
            (
                "sam delete --stack-name countersign",
                Not("all tests share the stack"),
            ),
        ],
    ),
    (
        "docs/operating.md",
        &[
            (
                "output() { aws cloudformation describe-stacks --stack-name countersign \\",
                By(ROLLBACK),
            ),
            (
                "countersign status \"functions/$NAME\" --records-bucket \"$RECORDS_BUCKET\"",
                By(OUTCOME),
            ),
            (
                "KEY=$(aws s3api list-objects-v2 --bucket \"$RECORDS_BUCKET\" --prefix \"functions/$NAME/\" \\",
                By(OUTCOME),
            ),
            (
                "aws s3api list-objects-v2 --bucket \"$RECORDS_BUCKET\" --prefix \"functions/$NAME/\" \\",
                By(ROLLBACK),
            ),
            (
                "aws s3api copy-object --bucket \"$UPLOADS_BUCKET\" --key \"functions/$NAME.zip\" \\",
                By(ROLLBACK),
            ),
            (
                "aws s3 cp \"s3://$RECORDS_BUCKET/posture.json\" - | grep -B 8 -A 1 '\"drift\": \\[$' || echo \"nothing\"",
                By("documented_commands::documented_command_shows_what_stands_out"),
            ),
            (
                "QUEUE=$(aws sqs get-queue-url --queue-name countersign-deploy-dead-letters --query QueueUrl --output text)",
                By(DEAD_LETTERS),
            ),
            (
                "ARN=$(aws sqs get-queue-attributes --queue-url \"$QUEUE\" --attribute-names QueueArn \\",
                By(DEAD_LETTERS),
            ),
            (
                "sam deploy --parameter-overrides AdministratorRoles=arn:aws:iam::111122223333:role/gate-repair",
                Not("the stack of the suite is deployed with this parameter: `deployed`"),
            ),
        ],
    ),
    (
        "docs/first-day.md",
        &[
            (
                "sam build",
                Not(
                    "the suite builds and deploys so, with answers for the questions: `cloud::build`, `Cloud::deploy`",
                ),
            ),
            (
                "output() { aws cloudformation describe-stacks --stack-name countersign \\",
                By(FIRST_DAY),
            ),
            (
                "countersign adopt functions/shop functions/orders functions/pay",
                By(FIRST_DAY),
            ),
            (
                "countersign adopt functions/shop functions/orders functions/pay --apply",
                By(FIRST_DAY),
            ),
            ("countersign history functions/shop", By(FIRST_DAY)),
            (
                "sam deploy",
                Not("all tests share the stack, which enforces"),
            ),
            ("countersign check shop.zip --function shop", By(FIRST_DAY)),
            ("head -c 100 shop.zip > broken.zip", By(FIRST_DAY)),
            (
                "countersign rollback functions/shop --dry-run",
                By(FIRST_DAY),
            ),
            (
                "aws lambda update-function-code --function-name pay --zip-file fileb://shop.zip",
                By(FIRST_DAY),
            ),
            (
                "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=UpdateFunctionCode20150331v2 > events.json",
                Not("pages of calls past the gate are provoked one by one in `detections`"),
            ),
            ("countersign audit", By(FIRST_DAY)),
        ],
    ),
    ("docs/verdicts.md", &[]),
    ("docs/records.md", &[]),
    ("docs/reason-codes.md", &[]),
];

const FIRST_DAY: &str = "documented_commands::first_day_is_walked_from_beginning_to_end";
const README: &str = "documented_commands::readme_is_pasted_from_beginning_to_end";
const ONBOARDING: &str =
    "documented_commands::documented_commands_bring_a_function_and_a_layer_under_the_gate";
const RELEASE: &str =
    "documented_commands::documented_commands_deploy_and_countersign_a_release_without_sam";
const ROLLBACK: &str =
    "documented_commands::documented_rollback_finds_and_copies_what_was_deployed";
const OUTCOME: &str = "documented_commands::documented_commands_show_the_last_outcome";
const DEAD_LETTERS: &str =
    "documented_commands::documented_commands_look_at_dead_letters_and_send_them_through_again";

/// Whether a block is pasted.
#[derive(Clone, Copy)]
enum Pasted {
    /// By this test.
    By(&'static str),
    /// By none, for this reason.
    Not(&'static str),
}
use Pasted::{By, Not};

/// The first lines of the blocks of shell commands in a document.
fn first_lines(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(checkout::path(document)).unwrap();
    let blocks = text.split("\n```").skip(1).step_by(2);
    let of_shell = blocks.filter_map(|block| {
        let (language, body) = block.split_once('\n')?;
        let is_shell = matches!(language, "sh" | "bash" | "console");
        is_shell.then(|| body.lines().next().unwrap_or_default().to_owned())
    });
    of_shell.collect()
}

#[test]
fn every_documented_command_is_pasted_or_says_why_not() {
    for (document, known) in BLOCKS {
        let found: BTreeSet<String> = first_lines(document).into_iter().collect();
        let listed: BTreeSet<String> = known.iter().map(|(line, _)| (*line).to_owned()).collect();
        assert_eq!(found, listed, "{document}: each block is listed here");
        for (line, pasted) in known {
            match pasted {
                By(name) => {
                    let (module, test) = name.split_once("::").unwrap();
                    let file = format!("tests/e2e/tests/gate/{module}.rs");
                    let tests = std::fs::read_to_string(checkout::path(&file)).unwrap();
                    assert!(
                        tests.contains(&format!("fn {test}()")),
                        "{line}: no test {test} in {file}"
                    );
                }
                Not(reason) => assert!(reason.len() > 10, "{line}"),
            }
        }
    }
}
