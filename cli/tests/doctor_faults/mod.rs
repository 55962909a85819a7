//! What can be wrong with a stack: each fault with the one check that does not pass then.

use countersign_testkit::fake_aws::{FakeAws, exception, json, s3_error};

use crate::healthy_stack::{
    self, PROFILE, SHOP_PROFILE, TOPIC, alarms, attributes, changed_mapping, csc, described,
    function, mapping, notification, policy, posture, public_access, query_error, queue, resources,
    selectors, shop, simulated, subscriptions, summarizes, targets, xml,
};

pub(crate) type Change = fn(&FakeAws);

/// What is wrong, and the one check that does not pass then.
#[expect(clippy::too_many_lines, reason = "a table, a row for each fault")]
pub(crate) fn faults() -> Vec<(&'static str, &'static str, &'static str, Change)> {
    vec![
        ("stack", "gate", "warning", |aws| {
            aws.answers(
                "cloudformation:DescribeStacks",
                described("UPDATE_ROLLBACK_COMPLETE", ""),
            );
        }),
        ("stack", "gate", "failure", |aws| {
            aws.answers(
                "cloudformation:DescribeStacks",
                described("UPDATE_ROLLBACK_FAILED", ""),
            );
        }),
        ("stack", "gate", "could_not_tell", |aws| {
            aws.answers(
                "cloudformation:DescribeStacks",
                described("UPDATE_IN_PROGRESS", ""),
            );
        }),
        ("stack-outputs", "gate", "failure", |aws| {
            aws.answers(
                "cloudformation:DescribeStacks",
                described("CREATE_COMPLETE", "EventBus"),
            );
        }),
        ("stack-resources", "gate", "failure", |aws| {
            let answer = resources(&aws.endpoint(), "Bus");
            aws.answers("cloudformation:ListStackResources", answer);
        }),
        ("signing-profile", "gate_profile", "failure", |aws| {
            let profile = format!(r#"{{"status":"Canceled","profileVersionArn":"{PROFILE}"}}"#);
            aws.answers("signer:GetSigningProfile", json(&profile));
        }),
        (
            "code-signing-config",
            "CodeSigningConfig",
            "warning",
            |aws| {
                aws.answers("lambda:GetCodeSigningConfig", csc("Warn", PROFILE));
            },
        ),
        (
            "code-signing-config",
            "CodeSigningConfig",
            "failure",
            |aws| {
                let other = PROFILE.replace("AbCdEfGh12", "ZzCdEfGh12");
                aws.answers("lambda:GetCodeSigningConfig", csc("Enforce", &other));
            },
        ),
        ("function", "SweepFunction", "failure", |aws| {
            let answer = function(&aws.endpoint(), "Sweep", |it| {
                it["Environment"]["Variables"]["COUNTERSIGN_DEPLOY_QUEUE"] = "elsewhere".into();
            });
            aws.answers_about("lambda:GetFunctionConfiguration", "/gate-sweep/", answer);
        }),
        ("function", "DeployFunction", "failure", |aws| {
            let answer = function(&aws.endpoint(), "Deploy", |it| {
                it["State"] = "Failed".into();
            });
            aws.answers_about("lambda:GetFunctionConfiguration", "/gate-deploy/", answer);
        }),
        ("function", "AlertFunction", "failure", |aws| {
            let gone = exception(404, "ResourceNotFoundException", "none");
            aws.answers_about("lambda:GetFunctionConfiguration", "/gate-alert/", gone);
        }),
        ("function-role", "SignFunction", "failure", |aws| {
            let answer = function(&aws.endpoint(), "Sign", |it| {
                it["Role"] = "arn:aws:iam::111122223333:role/somebody-else".into();
            });
            aws.answers_about("lambda:GetFunctionConfiguration", "/gate-sign/", answer);
        }),
        ("function-concurrency", "DeployFunction", "failure", |aws| {
            let held = json(r#"{"ReservedConcurrentExecutions":0}"#);
            aws.answers_about("lambda:GetFunctionConcurrency", "/gate-deploy/", held);
        }),
        ("function-queue", "SignFunction", "failure", |aws| {
            let answer = mapping("Sign", "Disabled", &["ReportBatchItemFailures"]);
            aws.answers_about(
                "lambda:ListEventSourceMappings",
                "FunctionName=gate-sign",
                answer,
            );
        }),
        ("function-queue", "AlertFunction", "failure", |aws| {
            let answer = mapping("Alert", "Enabled", &[]);
            aws.answers_about(
                "lambda:ListEventSourceMappings",
                "FunctionName=gate-alert",
                answer,
            );
        }),
        // Only its clock gets through.
        ("function-queue", "AlertFunction", "failure", |aws| {
            let answer = changed_mapping("Alert", "Enabled", &["ReportBatchItemFailures"], |it| {
                let pattern = r#"{"body": {"run": ["repeats"]}}"#;
                it["FilterCriteria"] = serde_json::json!({"Filters": [{"Pattern": pattern}]});
            });
            aws.answers_about(
                "lambda:ListEventSourceMappings",
                "FunctionName=gate-alert",
                answer,
            );
        }),
        // Under a key, the criteria themselves are not shown.
        ("function-queue", "DeployFunction", "failure", |aws| {
            let answer = changed_mapping("Deploy", "Enabled", &["ReportBatchItemFailures"], |it| {
                it["KMSKeyArn"] = "arn:aws:kms:eu-west-1:111122223333:key/x".into();
            });
            aws.answers_about(
                "lambda:ListEventSourceMappings",
                "FunctionName=gate-deploy",
                answer,
            );
        }),
        ("role-rights", "DeployRole", "failure", |aws| {
            let denied = simulated("lambda:GetCodeSigningConfig");
            aws.answers_about(
                "iam:SimulatePrincipalPolicy",
                "GetCodeSigningConfig",
                denied,
            );
        }),
        ("key", "Key", "failure", |aws| {
            let key = r#"{"KeyMetadata":{"KeyId":"k","KeyState":"PendingDeletion"}}"#;
            aws.answers("kms:DescribeKey", json(key));
        }),
        ("key", "Key", "warning", |aws| {
            aws.answers(
                "kms:GetKeyRotationStatus",
                json(r#"{"KeyRotationEnabled":false}"#),
            );
        }),
        // Disabled, of another usage, of another spec.
        ("summary-key", "SummaryKey", "failure", |aws| {
            summarizes(aws, "Disabled", "SIGN_VERIFY", "ECC_NIST_P384");
        }),
        ("summary-key", "SummaryKey", "failure", |aws| {
            summarizes(aws, "PendingDeletion", "SIGN_VERIFY", "ECC_NIST_P384");
        }),
        ("summary-key", "SummaryKey", "failure", |aws| {
            summarizes(aws, "Enabled", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT");
        }),
        ("summary-key", "SummaryKey", "failure", |aws| {
            summarizes(aws, "Enabled", "SIGN_VERIFY", "ECC_NIST_P256");
        }),
        ("bucket-versioning", "RecordsBucket", "failure", |aws| {
            let suspended =
                "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
            aws.answers_about(
                "s3:GetBucketVersioning",
                "gate-recordsbucket",
                xml(suspended),
            );
        }),
        ("bucket-versioning", "TrailBucket", "failure", |aws| {
            let gone = s3_error(404, "NoSuchBucket");
            aws.answers_about("s3:GetBucketVersioning", "gate-trailbucket", gone);
        }),
        ("bucket-public-access", "UploadsBucket", "failure", |aws| {
            aws.answers_about(
                "s3:GetBucketPublicAccessBlock",
                "gate-uploadsbucket",
                public_access("false"),
            );
        }),
        ("bucket-encryption", "SignedBucket", "failure", |aws| {
            let none = s3_error(404, "ServerSideEncryptionConfigurationNotFoundError");
            aws.answers_about("s3:GetEncryptionConfiguration", "gate-signedbucket", none);
        }),
        ("bucket-policy", "RecordsBucket", "failure", |aws| {
            aws.answers_about(
                "s3:GetBucketPolicy",
                "gate-recordsbucket",
                policy("WriteOnce"),
            );
        }),
        ("bucket-policy", "SignedBucket", "failure", |aws| {
            let none = s3_error(404, "NoSuchBucketPolicy");
            aws.answers_about("s3:GetBucketPolicy", "gate-signedbucket", none);
        }),
        ("uploads-notification", "UploadsBucket", "failure", |aws| {
            aws.answers("s3:GetBucketNotification", notification("deploy"));
        }),
        ("queue", "DeployQueue", "failure", |aws| {
            let answer = queue("deploy", |it| it["RedrivePolicy"] = "{}".into());
            aws.answers_about("sqs:GetQueueAttributes", "/gate-deploy\"", answer);
        }),
        ("queue", "SignDeadLetters", "failure", |aws| {
            let answer = queue("sign-dead-letters", |it| {
                drop(it.as_object_mut().unwrap().remove("Policy"));
            });
            aws.answers_about(
                "sqs:GetQueueAttributes",
                "/gate-sign-dead-letters\"",
                answer,
            );
        }),
        ("dead-letters", "AlertDeadLetters", "warning", |aws| {
            let answer = queue("alert-dead-letters", |it| {
                it["ApproximateNumberOfMessages"] = "3".into();
            });
            aws.answers_about(
                "sqs:GetQueueAttributes",
                "/gate-alert-dead-letters\"",
                answer,
            );
        }),
        ("rule", "JobRule", "failure", |aws| {
            let disabled = json(r#"{"Name":"rule","State":"DISABLED"}"#);
            aws.answers_about("events:DescribeRule", "JobRule", disabled);
        }),
        ("rule", "OutcomeRule", "failure", |aws| {
            aws.answers_about(
                "events:ListTargetsByRule",
                "OutcomeRule",
                json(r#"{"Targets":[]}"#),
            );
        }),
        // The event is replaced by a constant, by a part of it, or by what a template makes of it.
        ("rule", "TrailRule", "failure", |aws| {
            let answer = targets("TrailRule", |it| it[0]["Input"] = "{}".into());
            aws.answers_about("events:ListTargetsByRule", "TrailRule", answer);
        }),
        ("rule", "GateRule", "failure", |aws| {
            let answer = targets("GateRule", |it| it[0]["InputPath"] = "$.time".into());
            aws.answers_about("events:ListTargetsByRule", "GateRule", answer);
        }),
        ("rule", "OutcomeRule", "failure", |aws| {
            let answer = targets("OutcomeRule", |it| {
                it[0]["InputTransformer"] = serde_json::json!({"InputTemplate": "\"x\""});
            });
            aws.answers_about("events:ListTargetsByRule", "OutcomeRule", answer);
        }),
        ("rule", "EverythingRule", "failure", |aws| {
            let answer = targets("EverythingRule", |it| {
                it[0]["Input"] = r#"{"run": "unfinished"}"#.into();
            });
            aws.answers_about("events:ListTargetsByRule", "EverythingRule", answer);
        }),
        // One of two is gone.
        ("rule", "UnfinishedRule", "failure", |aws| {
            let answer = targets("UnfinishedRule", |it| {
                drop(it.as_array_mut().unwrap().pop());
            });
            aws.answers_about("events:ListTargetsByRule", "UnfinishedRule", answer);
        }),
        ("subscription-filters", "email 1", "warning", |aws| {
            let filter = attributes(Some(r#"{"severity":["none"]}"#));
            aws.answers("sns:GetSubscriptionAttributes", filter);
        }),
        ("subscription-filters", "email 1", "could_not_tell", |aws| {
            let denied = query_error("AuthorizationError");
            aws.answers("sns:GetSubscriptionAttributes", denied);
        }),
        ("subscriptions", "Topic", "failure", |aws| {
            aws.answers(
                "sns:ListSubscriptionsByTopic",
                subscriptions(&["PendingConfirmation"]),
            );
        }),
        ("subscriptions", "Topic", "failure", |aws| {
            aws.answers("sns:ListSubscriptionsByTopic", subscriptions(&[]));
        }),
        ("subscriptions", "Topic", "warning", |aws| {
            let both = [format!("{TOPIC}:1"), "PendingConfirmation".to_owned()];
            let both = subscriptions(&[&both[0], &both[1]]);
            aws.answers("sns:ListSubscriptionsByTopic", both);
        }),
        ("alarms", "alarms", "failure", |aws| {
            aws.answers("cloudwatch:DescribeAlarms", alarms(false, TOPIC, "OK"));
        }),
        ("alarms", "alarms", "failure", |aws| {
            aws.answers(
                "cloudwatch:DescribeAlarms",
                alarms(true, "arn:aws:sns:x", "OK"),
            );
        }),
        ("alarm-state", "alarms", "warning", |aws| {
            aws.answers("cloudwatch:DescribeAlarms", alarms(true, TOPIC, "ALARM"));
        }),
        ("trail", "trail", "failure", |aws| {
            aws.answers("cloudtrail:GetTrailStatus", json(r#"{"IsLogging":false}"#));
        }),
        ("trail", "trail", "failure", |aws| {
            aws.answers("cloudtrail:GetEventSelectors", selectors("ReadOnly"));
        }),
        ("trail", "trail", "failure", |aws| {
            aws.answers("cloudtrail:DescribeTrails", json(r#"{"trailList":[]}"#));
        }),
        ("trail", "trail", "could_not_tell", |aws| {
            let denied = exception(400, "AccessDeniedException", "not yours");
            aws.answers("cloudtrail:GetTrailStatus", denied);
        }),
        ("target-standing", "functions/shop", "failure", |aws| {
            let posture = posture(&now(), &["OTHER_CODE_RUNS"]);
            aws.put("gate-recordsbucket", "posture.json", posture);
        }),
        ("sweep", "posture.json", "failure", |aws| {
            let posture = posture("2026-01-01T00:00:00Z", &[]);
            aws.put("gate-recordsbucket", "posture.json", posture);
        }),
        ("sweep", "posture.json", "could_not_tell", |aws| {
            aws.delete("gate-recordsbucket", "posture.json");
        }),
        ("target-deployable", "functions/shop", "failure", |aws| {
            let image = shop(|it| it["Configuration"]["PackageType"] = "Image".into());
            aws.answers("lambda:GetFunction", image);
        }),
        ("target-deployable", "functions/shop", "failure", |aws| {
            let referenced = shop(|it| {
                it["Code"]["ResolvedS3Object"] = serde_json::json!({"S3Bucket": "b", "S3Key": "k"});
            });
            aws.answers("lambda:GetFunction", referenced);
        }),
        ("target-deployable", "functions/shop", "warning", |aws| {
            let busy = shop(|it| it["Configuration"]["LastUpdateStatus"] = "InProgress".into());
            aws.answers("lambda:GetFunction", busy);
        }),
        ("target-alias", "functions/shop", "failure", |aws| {
            let none = exception(404, "ResourceNotFoundException", "none");
            aws.answers("lambda:GetAlias", none);
        }),
        ("target-alias", "functions/shop", "failure", |aws| {
            let odd = shop(|it| it["Tags"]["countersign:alias"] = "-odd name".into());
            aws.answers("lambda:GetFunction", odd);
        }),
        ("target-profile", "functions/shop", "failure", |aws| {
            let odd = shop(|it| it["Tags"]["countersign:profile"] = "not a name".into());
            aws.answers("lambda:GetFunction", odd);
        }),
        ("target-profile", "functions/shop", "failure", |aws| {
            let other = shop(|it| it["Tags"]["countersign:profile"] = "other_profile".into());
            aws.answers("lambda:GetFunction", other);
        }),
        ("target-profile", "functions/shop", "failure", |aws| {
            let none = exception(404, "ResourceNotFoundException", "none");
            aws.answers_about("signer:GetSigningProfile", "shop_profile", none);
        }),
        ("target-profile", "functions/shop", "failure", |aws| {
            let profile =
                format!(r#"{{"status":"Canceled","profileVersionArn":"{SHOP_PROFILE}"}}"#);
            aws.answers_about("signer:GetSigningProfile", "shop_profile", json(&profile));
        }),
        // The next version of it, which nobody has listed yet.
        ("target-profile", "functions/shop", "failure", |aws| {
            let next = SHOP_PROFILE.replace("IjKlMnOp34", "QrStUvWx56");
            let profile = format!(r#"{{"status":"Active","profileVersionArn":"{next}"}}"#);
            aws.answers_about("signer:GetSigningProfile", "shop_profile", json(&profile));
        }),
        (
            "target-profile",
            "functions/shop",
            "could_not_tell",
            |aws| {
                let denied = exception(403, "AccessDeniedException", "no");
                aws.answers("lambda:GetFunctionCodeSigningConfig", denied);
            },
        ),
        ("target-deployable", "functions/shop", "failure", |aws| {
            let demanding = healthy_stack::described_with("CREATE_COMPLETE", "", "true");
            aws.answers("cloudformation:DescribeStacks", demanding);
        }),
        ("target-architecture", "functions/shop", "failure", |aws| {
            let odd = shop(|it| it["Tags"]["countersign:architecture"] = "riscv".into());
            aws.answers("lambda:GetFunction", odd);
        }),
    ]
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command asks the clock how old the posture is"
)]
fn now() -> String {
    jiff::Timestamp::now().to_string()
}
