//! What the adapter of `doctor` lists: page by page to the end, and never a part for the whole.

use countersign_gate::ports::{AccessPolicies, CallHistory, PortError, StackInspection};
use countersign_testkit::{
    fake_aws::{FakeAws, json},
    http::Response,
};

use super::is_unexpected;
use crate::{CloudTrail, IamPolicies, StackInspector, connection::tests::connection_to};

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:pages";
const ROLE: &str = "arn:aws:iam::111122223333:role/deploy";

fn inspector() -> (FakeAws, StackInspector) {
    let fake = FakeAws::start().unwrap();
    let inspector = StackInspector::new(connection_to(&fake.endpoint()));
    (fake, inspector)
}

/// An answer of a service that speaks the query protocol.
fn query(operation: &str, result: &str) -> Response {
    let body = format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
    );
    Response::new(200, body).with("content-type", "application/xml")
}

fn simulated(action: &str, more: &str) -> Response {
    let result = format!(
        "<EvaluationResults><member><EvalActionName>{action}</EvalActionName><EvalDecision>allowed</EvalDecision></member>\
         </EvaluationResults>{more}"
    );
    query("SimulatePrincipalPolicy", &result)
}

fn bodies(fake: &FakeAws) -> Vec<String> {
    let calls = fake.calls().into_iter();
    let bodies = calls.map(|call| String::from_utf8(call.request.body).unwrap());
    bodies.collect()
}

/// An action on the second page would be taken for one that nobody asked about.
#[tokio::test]
async fn simulated_actions_are_read_page_by_page() {
    let (fake, inspector) = inspector();
    let call = "iam:SimulatePrincipalPolicy";
    let more = "<IsTruncated>true</IsTruncated><Marker>m1</Marker>";
    fake.answers_once(call, simulated("s3:GetObject", more));
    let last = "<IsTruncated>false</IsTruncated>";
    fake.answers_once(call, simulated("s3:PutObject", last));
    let actions = ["s3:GetObject", "s3:PutObject"];
    let found = inspector.simulate(ROLE, &actions, "*").await.unwrap();
    let found: Vec<&str> = found.iter().map(|found| found.action.as_str()).collect();
    assert_eq!(found, actions);
    let bodies = bodies(&fake);
    assert!(!bodies[0].contains("Marker="), "{bodies:?}");
    assert!(bodies[1].contains("Marker=m1"), "{bodies:?}");
    assert!(bodies[1].contains("s3%3APutObject"), "{bodies:?}");
}

#[tokio::test]
async fn page_that_is_cut_and_names_no_next_one_is_not_taken_for_the_last() {
    let (fake, inspector) = inspector();
    let cut = "<IsTruncated>true</IsTruncated>";
    fake.answers(
        "iam:SimulatePrincipalPolicy",
        simulated("s3:GetObject", cut),
    );
    let actions = ["s3:GetObject", "s3:PutObject"];
    let error = inspector.simulate(ROLE, &actions, "*").await.unwrap_err();
    assert!(is_unexpected(&error), "{error:?}");

    fake.answers(
        "iam:GetAccountAuthorizationDetails",
        query("GetAccountAuthorizationDetails", cut),
    );
    let policies = IamPolicies::new(connection_to(&fake.endpoint()));
    let error = policies.principals().await.unwrap_err();
    assert!(is_unexpected(&error), "{error:?}");
}

/// More pages than the fifty after which they were once cut.
#[tokio::test]
async fn long_listing_is_read_to_its_end() {
    let (fake, inspector) = inspector();
    let call = "sns:ListSubscriptionsByTopic";
    let page = |more: &str| {
        let one = format!(
            "<member><SubscriptionArn>{TOPIC}:1</SubscriptionArn><Protocol>email</Protocol></member>"
        );
        let result = format!("<Subscriptions>{one}</Subscriptions>{more}");
        query("ListSubscriptionsByTopic", &result)
    };
    for number in 1..60 {
        let more = format!("<NextToken>t{number}</NextToken>");
        fake.answers_once(call, page(&more));
    }
    fake.answers_once(call, page(""));
    let found = inspector.subscriptions(TOPIC).await.unwrap().unwrap();
    assert_eq!(found.len(), 60);
}

/// Each names itself as the next page, and would be read for ever, or cut.
#[tokio::test]
async fn listing_that_goes_round_is_an_error() {
    let (fake, inspector) = inspector();
    let token = "<NextToken>t</NextToken>";
    for (call, answer) in [
        (
            "sns:ListSubscriptionsByTopic",
            query("ListSubscriptionsByTopic", token),
        ),
        (
            "cloudformation:ListStackResources",
            query("ListStackResources", token),
        ),
        ("cloudwatch:DescribeAlarms", query("DescribeAlarms", token)),
        (
            "lambda:ListEventSourceMappings",
            json(r#"{"NextMarker":"t"}"#),
        ),
        ("events:DescribeRule", json(r#"{"State":"ENABLED"}"#)),
        ("events:ListTargetsByRule", json(r#"{"NextToken":"t"}"#)),
        ("cloudtrail:LookupEvents", json(r#"{"NextToken":"t"}"#)),
    ] {
        fake.answers(call, answer);
    }
    let trail = CloudTrail::new(connection_to(&fake.endpoint()));
    let names = ["age".to_owned()];
    let errors: [PortError; 6] = [
        inspector.subscriptions(TOPIC).await.unwrap_err(),
        inspector.stack_resources("gate").await.unwrap_err(),
        inspector.alarms(&names).await.unwrap_err(),
        inspector.queue_mappings("gate-sign").await.unwrap_err(),
        inspector.rule_settings(None, "rule").await.unwrap_err(),
        trail.recorded_call("e").await.unwrap_err(),
    ];
    for error in errors {
        let text = error.error_chain();
        assert!(text.contains("the listing does not end"), "{text}");
    }
    assert_eq!(fake.calls().len(), 2 * 6 + 1, "{:?}", fake.called());
}

#[tokio::test]
async fn targets_of_a_rule_are_read_page_by_page() {
    let (fake, inspector) = inspector();
    fake.answers("events:DescribeRule", json(r#"{"State":"ENABLED"}"#));
    let call = "events:ListTargetsByRule";
    let page = |id: &str, more: &str| {
        json(&format!(
            r#"{{"Targets":[{{"Id":"{id}","Arn":"{TOPIC}"}}]{more}}}"#
        ))
    };
    fake.answers_once(call, page("one", r#","NextToken":"t""#));
    fake.answers_once(call, page("two", ""));
    let found = inspector
        .rule_settings(None, "rule")
        .await
        .unwrap()
        .unwrap();
    let found: Vec<&str> = found.targets.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(found, ["one", "two"]);
}
