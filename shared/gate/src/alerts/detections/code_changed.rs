//! Code was changed by anyone but the gate: unsigned, foreign or validly signed.

use super::detection::{
    ASK, Answer, COMPARE, Context, Detection, EventPredicate, Match, RESTORE_FUNCTION, WatchedCall,
    watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateFunctionCode";
};

pub(super) static DETECTION: Detection = Detection {
    id: "code-changed-past-gate",
    severity: Severity::Critical,
    title: "The code of {subject} was changed past the gate",
    meaning: "Somebody other than the gate's deploy role put code on a function that the gate deploys to. What runs is not what the records say.",
    false_positives: "an emergency fix, or a tool that still deploys by itself.",
    steps: &[
        "See what runs now: aws lambda get-function --function-name {function} --region {region}",
        ASK,
        COMPARE,
        RESTORE_FUNCTION,
        "Take the right to update code away from everyone but the gate's deploy role.",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "Stratus Red Team: aws.persistence.lambda-overwrite-code",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-5",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Function],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_function() {
        return None;
    }
    let call = context.call;
    let mut finding = Match::default();
    finding = match (call.signature_status(), call.signing_job_arn()) {
        (Some(_), job) => {
            let publisher = call.signing_profile_version_arn().unwrap_or("a profile that is not named");
            finding.detail(format!(
                "The package is validly signed by {publisher} (job {}). A signature is not bound to a function: it can be another target's package or an older one.",
                job.unwrap_or("not named"),
            ))
        }
        (None, _) => finding.detail(
            "CloudTrail names no signature. Either the function has no code signing configuration, so that Lambda takes any code for it, or the code is not checked.",
        ),
    };
    if let Some(sha256) = call.response_text("/codeSha256") {
        finding = finding.detail(format!("The code's SHA-256 is {sha256} now."));
    }
    if call.response_text("/packageType") == Some("Image") || call.request("/imageUri").is_some() {
        finding = finding.detail("It is a container image now, which cannot be signed.");
    }
    Some(context.lighter_by_cloudformation(finding))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::{Value, json};

    fn code(function: &str) -> Value {
        event(
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": function}),
        )
    }

    #[test]
    fn code_past_the_gate_pages_signed_or_not() {
        fires(&DETECTION, &code("orders"));
        let valid = json!({"signatureStatus": "VALID", "signingJobArn": "arn:aws:signer:us-east-1:1:/signing-jobs/j"});
        fires(
            &DETECTION,
            &with(&code("orders"), "additionalEventData", valid),
        );
        fires(
            &DETECTION,
            &code("arn:aws:lambda:us-east-1:111122223333:function:orders:live"),
        );
        // A name that cannot be read is not taken for another team's.
        fires_here_alone(&DETECTION, &code("<!channel>"));
    }

    #[test]
    fn session_name_alone_is_no_gate() {
        for arn in [
            "arn:aws:sts::111122223333:assumed-role/Developer/countersign-deploy",
            "arn:aws:sts::444455556666:assumed-role/countersign-DeployRole-1X/countersign-deploy",
            "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-2X/countersign-deploy",
            "arn:aws:iam::111122223333:user/countersign-DeployRole-1X",
        ] {
            fires(
                &DETECTION,
                &with(&code("orders"), "userIdentity", json!({"arn": arn})),
            );
        }
    }

    #[test]
    fn gates_deployment_and_other_targets_are_silent() {
        silent(&by_gate(&code("orders")));
        silent(&code("another-teams"));
        silent(&event(
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "orders", "dryRun": true}),
        ));
    }

    #[test]
    fn template_is_told_to_leave_the_code_out() {
        let page = page(&by_cloudformation(&code("orders")));
        assert_eq!(page.severity, Severity::Warning);
        assert!(
            page.next_steps[0].contains("leave the code out of your template"),
            "{page:?}"
        );
        // Whoever calls chooses the user agent: advice changes, severity does not.
        let terraform = with(
            &code("orders"),
            "userAgent",
            json!("APN/1.0 HashiCorp/1.0 Terraform/1.9"),
        );
        let page = super::super::samples::page(&terraform);
        assert_eq!(page.severity, Severity::Critical);
        assert!(page.next_steps[0].contains("ignore_changes"), "{page:?}");
    }
}
