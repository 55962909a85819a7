//! A stack with people round it: a developer who may upload, an intruder who may call Lambda, an
//! insider to whom IAM allows everything, an administrator who may mend the gate's data, a pager,
//! and demo functions.

use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, Stack},
    error::HarnessError,
    observer::{Observer, PATIENCE, Poll, wait_until},
    packages,
    pages::Pages,
    session::{Credentials, Session, body, bytes, list, text},
};

/// The value of the stack's parameter `AdministratorRoles` that makes [`LocalStack::administrator`] one.
pub const ADMINISTRATOR: &str = "arn:aws:iam::000000000000:user/administrator";
const TRUST_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// Whether a code signing configuration stops untrusted code or only complains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// The stack's own configuration, which enforces.
    Enforce,
    /// One with the same publisher, which warns.
    Warn,
    /// No configuration.
    None,
}

/// The stack and everybody who has to do with it.
#[derive(Debug)]
pub struct LocalStack<'a> {
    cloud: &'a Cloud,
    stack: &'a Stack,
    root: Session,
    developer: Credentials,
    intruder: Session,
    insider: Session,
    administrator: Session,
    administrator_keys: Credentials,
    role: String,
    lenient: String,
    /// Pages of the stack's topic.
    pub pages: Pages,
}

/// An upload that has been made.
#[derive(Clone, Debug)]
pub struct Upload {
    /// `functions/NAME` or `layers/NAME`.
    pub target: String,
    /// The S3 version.
    pub version: String,
}

impl<'a> LocalStack<'a> {
    /// Creates the people round a deployed stack, once for each stack.
    pub fn populate(cloud: &'a Cloud, stack: &'a Stack) -> Result<Self, HarnessError> {
        let root = cloud.session(&Credentials::root())?;
        let uploads = stack.output("UploadsBucket")?;
        let developer = create_user(
            &root,
            "developer",
            &json!([
                {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"],
                 "Resource": format!("arn:aws:s3:::{uploads}/*")},
                {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
                 "Resource": stack.output("Key")?},
            ]),
        )?;
        let intruder = create_user(
            &root,
            "intruder",
            &json!([{"Effect": "Allow", "Action": "lambda:UpdateFunctionCode",
                     "Resource": "arn:aws:lambda:*:*:function:demo*"}]),
        )?;
        let everything = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
        let insider = create_user(&root, "insider", &everything)?;
        let administrator = create_user(&root, "administrator", &everything)?;
        let answer = root.call(
            "iam",
            "create_role",
            json!({"RoleName": "demo", "AssumeRolePolicyDocument": TRUST_LAMBDA}),
        )?;
        let role = text(&answer, "/Role/Arn")?;
        let strict = root.call(
            "lambda",
            "get_code_signing_config",
            json!({"CodeSigningConfigArn": stack.output("CodeSigningConfig")?}),
        )?;
        let publishers = strict
            .pointer("/CodeSigningConfig/AllowedPublishers")
            .cloned()
            .unwrap_or_default();
        let answer = root.call(
            "lambda",
            "create_code_signing_config",
            json!({"Description": "The same publisher, but it only warns",
                   "AllowedPublishers": publishers,
                   "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}),
        )?;
        let lenient = text(&answer, "/CodeSigningConfig/CodeSigningConfigArn")?;
        Ok(Self {
            pages: Pages::subscribe(cloud, stack)?,
            intruder: cloud.session(&intruder)?,
            insider: cloud.session(&insider)?,
            administrator: cloud.session(&administrator)?,
            administrator_keys: administrator,
            cloud,
            stack,
            root,
            developer,
            role,
            lenient,
        })
    }

    /// The account's root, who sees everything.
    #[must_use]
    pub fn root(&self) -> &Session {
        &self.root
    }

    /// Somebody who may put code on the functions, and nothing else.
    #[must_use]
    pub fn intruder(&self) -> &Session {
        &self.intruder
    }

    /// Somebody to whom IAM allows everything, and the stack's own policies nothing.
    #[must_use]
    pub fn insider(&self) -> &Session {
        &self.insider
    }

    /// Somebody whom the stack's policies let mend things, if it was deployed with [`ADMINISTRATOR`].
    #[must_use]
    pub fn administrator(&self) -> &Session {
        &self.administrator
    }

    /// The keys of [`Self::administrator`].
    #[must_use]
    pub fn administrator_keys(&self) -> &Credentials {
        &self.administrator_keys
    }

    /// The upload that is the current version of a target's key.
    pub fn current(&self, target: &str) -> Result<Upload, HarnessError> {
        let bucket = self.stack.output("UploadsBucket")?;
        let head = json!({"Bucket": bucket, "Key": format!("{target}.zip")});
        let head = self.root.call("s3", "head_object", head)?;
        Ok(Upload {
            target: target.to_owned(),
            version: text(&head, "/VersionId")?,
        })
    }

    /// The ARN of a role for functions.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The stack.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        self.stack
    }

    /// The local AWS.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        self.cloud
    }

    /// Creates a function with unsigned code that answers with `words`, and then protects it: that
    /// is how a function that is there already comes under the gate.
    pub fn create_function(
        &self,
        name: &str,
        words: &str,
        protection: Protection,
    ) -> Result<(), HarnessError> {
        self.root.call(
            "lambda",
            "create_function",
            json!({"FunctionName": name, "Runtime": "python3.13", "Role": self.role,
                   "Handler": "app.handler", "Code": {"ZipFile": bytes(&packages::function(words)?)}}),
        )?;
        let configuration = match protection {
            Protection::Enforce => self.stack.output("CodeSigningConfig")?,
            Protection::Warn => &self.lenient,
            Protection::None => return Ok(()),
        };
        self.root.call(
            "lambda",
            "put_function_code_signing_config",
            json!({"FunctionName": name, "CodeSigningConfigArn": configuration}),
        )?;
        Ok(())
    }

    /// Waits until a function that was just created can be called, and no update of it is under way.
    pub fn wait_until_active(
        &self,
        observer: &dyn Observer,
        function: &str,
    ) -> Result<(), HarnessError> {
        wait_until(observer, "the new function", PATIENCE, || {
            let read = json!({"FunctionName": function});
            let answer = self
                .root
                .call("lambda", "get_function_configuration", read)?;
            let state = text(&answer, "/State")?;
            let update = text(&answer, "/LastUpdateStatus")?;
            Ok(match (state.as_str(), update.as_str()) {
                ("Active", "Successful") => Poll::Ready(()),
                _ => Poll::Pending(format!("{state}, {update}")),
            })
        })
    }

    /// What the function answers with when it is called.
    pub fn ask(&self, function: &str) -> Result<String, HarnessError> {
        let answer = self
            .root
            .call("lambda", "invoke", json!({"FunctionName": function}))?;
        let payload = body(&answer, "/Payload")?;
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        text(&payload, "/says")
    }

    /// The developer drops a file into the bucket, with the AWS command line.
    pub fn drop_file(&self, target: &str, package: &[u8]) -> Result<Upload, HarnessError> {
        let file = self
            .cloud
            .tools()
            .local()
            .join(format!("{}.zip", target.replace('/', "-")));
        std::fs::write(&file, package).map_err(|source| HarnessError::File {
            what: file.display().to_string(),
            source,
        })?;
        let bucket = self.stack.output("UploadsBucket")?;
        let source = file.display().to_string();
        let destination = format!("s3://{bucket}/{target}.zip");
        self.cloud
            .aws(&self.developer, &["s3", "cp", &source, &destination])?;
        self.current(target)
    }

    /// Puts an object into the uploads bucket, and gives its version.
    pub fn upload(&self, target: &str, package: &[u8]) -> Result<Upload, HarnessError> {
        let answer = self.root.call(
            "s3",
            "put_object",
            json!({"Bucket": self.stack.output("UploadsBucket")?,
                   "Key": format!("{target}.zip"), "Body": bytes(package)}),
        )?;
        Ok(Upload {
            target: target.to_owned(),
            version: text(&answer, "/VersionId")?,
        })
    }

    /// Copies an older version of a target's package over the current one: that is a rollback.
    pub fn roll_back(&self, target: &str, version: &str) -> Result<Upload, HarnessError> {
        let bucket = self.stack.output("UploadsBucket")?;
        let key = format!("{target}.zip");
        let answer = self.root.call(
            "s3",
            "copy_object",
            json!({"Bucket": bucket, "Key": key,
                   "CopySource": {"Bucket": bucket, "Key": key, "VersionId": version}}),
        )?;
        Ok(Upload {
            target: target.to_owned(),
            version: text(&answer, "/VersionId")?,
        })
    }

    /// Calls with the permissions of one of the stack's roles, which from then on trusts the
    /// account's root as well as Lambda.
    pub fn act_as(&self, role: &str) -> Result<Session, HarnessError> {
        self.act_as_role_of(self.stack.name(), role)
    }

    /// The same with a role of another stack.
    pub fn act_as_role_of(&self, stack: &str, role: &str) -> Result<Session, HarnessError> {
        let answer = self.root.call(
            "cloudformation",
            "describe_stack_resource",
            json!({"StackName": stack, "LogicalResourceId": role}),
        )?;
        let name = text(&answer, "/StackResourceDetail/PhysicalResourceId")?;
        let answer = self
            .root
            .call("iam", "get_role", json!({"RoleName": name}))?;
        let arn = text(&answer, "/Role/Arn")?;
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "lambda.amazonaws.com", "AWS": "*"}}]});
        self.root.call(
            "iam",
            "update_assume_role_policy",
            json!({"RoleName": name, "PolicyDocument": trust.to_string()}),
        )?;
        let answer = self.root.call(
            "sts",
            "assume_role",
            json!({"RoleArn": arn, "RoleSessionName": "test"}),
        )?;
        self.cloud.session(&Credentials {
            key: text(&answer, "/Credentials/AccessKeyId")?,
            secret: text(&answer, "/Credentials/SecretAccessKey")?,
            token: Some(text(&answer, "/Credentials/SessionToken")?),
        })
    }

    /// The physical id of a resource of the stack.
    pub fn resource(&self, name: &str) -> Result<String, HarnessError> {
        let answer = self.root.call(
            "cloudformation",
            "describe_stack_resource",
            json!({"StackName": self.stack.name(), "LogicalResourceId": name}),
        )?;
        text(&answer, "/StackResourceDetail/PhysicalResourceId")
    }

    /// Has `sweep` take uploads for stuck after a second. Otherwise it leaves them alone for five minutes.
    pub fn make_sweep_impatient(&self) -> Result<(), HarnessError> {
        let function = format!("{}-sweep", self.stack.name());
        let read = json!({"FunctionName": function});
        let found = self
            .root
            .call("lambda", "get_function_configuration", read)?;
        let mut variables = found
            .pointer("/Environment/Variables")
            .cloned()
            .unwrap_or_default();
        if let Some(patience) = variables.get_mut("COUNTERSIGN_UPLOAD_PATIENCE_SECONDS") {
            *patience = "12".into();
        }
        let change = json!({"FunctionName": function, "Environment": {"Variables": variables}});
        self.root
            .call("lambda", "update_function_configuration", change)?;
        Ok(())
    }

    /// A schedule of the stack has its time, by the name of its rule in the template.
    pub fn fire(&self, rule: &str) -> Result<(), HarnessError> {
        let id = self.resource(rule)?;
        let name = id.rsplit(['/', ':']).next().unwrap_or_default();
        let answer =
            self.root
                .call("control", &format!("POST schedules/{name}/fire"), json!({}))?;
        if list(&answer, "/fired").is_empty() {
            return Err(HarnessError::Surprise {
                expected: format!("{rule} to be a schedule that is on"),
                found: answer.to_string(),
            });
        }
        Ok(())
    }

    /// The intruder replaces a function's code past the gate.
    pub fn intrude(&self, function: &str, package: &[u8]) -> Result<Value, HarnessError> {
        self.intruder.call(
            "lambda",
            "update_function_code",
            json!({"FunctionName": function, "ZipFile": bytes(package)}),
        )
    }

    /// The document `name` of an upload's records, when it is there.
    pub fn record(&self, upload: &Upload, name: &str) -> Result<Option<Value>, HarnessError> {
        let bucket = self.stack.output("RecordsBucket")?;
        let answer = self.root.call(
            "s3",
            "list_objects_v2",
            json!({"Bucket": bucket, "Prefix": format!("{}/", upload.target)}),
        )?;
        let ending = format!("-{}/{name}.json", upload.version);
        let keys = list(&answer, "/Contents")
            .iter()
            .filter_map(|object| object.get("Key")?.as_str());
        let Some(key) = keys.into_iter().find(|key| key.ends_with(&ending)) else {
            return Ok(None);
        };
        let answer = self
            .root
            .call("s3", "get_object", json!({"Bucket": bucket, "Key": key}))?;
        Ok(serde_json::from_slice(&body(&answer, "/Body")?).ok())
    }

    /// Waits for the document `name` of an upload's records.
    pub fn wait_for_record(
        &self,
        observer: &dyn Observer,
        upload: &Upload,
        name: &str,
    ) -> Result<Value, HarnessError> {
        let what = format!("{name}.json of {}", upload.target);
        let waited = wait_until(observer, &what, PATIENCE, || {
            if let Some(document) = self.record(upload, name)? {
                return Ok(Poll::Ready(document));
            }
            // An upload may end before it comes that far: no need to wait for what cannot come.
            Ok(match self.record(upload, "outcome")? {
                Some(outcome) if name != "outcome" => {
                    return Err(HarnessError::Surprise {
                        expected: what.clone(),
                        found: format!("the upload ended: {outcome}"),
                    });
                }
                _ => Poll::Pending("no such record".to_owned()),
            })
        });
        waited.map_err(|error| error.with_log(|| self.log_of(&["sign", "deploy"], &upload.version)))
    }

    /// The newest log lines of functions that have `word` in them; why there are none, where they cannot be read.
    #[must_use]
    pub fn log_of(&self, functions: &[&str], word: &str) -> String {
        const MAX_LINES: usize = 40;
        let read = |function: &&str| {
            let group = format!("/aws/lambda/{}-{function}", self.stack.name());
            self.root
                .call("logs", "filter_log_events", json!({"logGroupName": group}))
        };
        let answers: Result<Vec<Value>, HarnessError> = functions.iter().map(read).collect();
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => return format!("no log: {error}"),
        };
        let events = answers.iter().flat_map(|answer| list(answer, "/events"));
        let lines = events.filter_map(|event| event.get("message")?.as_str());
        let lines: Vec<&str> = lines.filter(|line| line.contains(word)).collect();
        let skipped = lines.len().saturating_sub(MAX_LINES);
        lines.get(skipped..).unwrap_or_default().join("\n")
    }

    /// Waits for the upload's end, which must be `state`, and gives the record.
    pub fn wait_for_end(
        &self,
        observer: &dyn Observer,
        upload: &Upload,
        state: &str,
    ) -> Result<Value, HarnessError> {
        let outcome = self.wait_for_record(observer, upload, "outcome")?;
        if outcome.get("state").and_then(Value::as_str) == Some(state) {
            Ok(outcome)
        } else {
            Err(HarnessError::Surprise {
                expected: format!("{} to be {state}", upload.target),
                found: outcome.to_string(),
            })
        }
    }

    /// The signed package of an upload that has a signing record.
    pub fn signed_package(&self, upload: &Upload) -> Result<Vec<u8>, HarnessError> {
        let signing = self.record(upload, "signing")?.unwrap_or_default();
        let key = format!(
            "{}{}.zip",
            text(&signing, "/prefix")?,
            text(&signing, "/job")?
        );
        let answer = self.root.call(
            "s3",
            "get_object",
            json!({"Bucket": text(&signing, "/bucket")?, "Key": key}),
        )?;
        body(&answer, "/Body")
    }
}

/// Creates a user who may do what the statements of a policy say, and gives their keys.
pub fn create_user(
    root: &Session,
    name: &str,
    statements: &Value,
) -> Result<Credentials, HarnessError> {
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    root.call("iam", "create_user", json!({"UserName": name}))?;
    root.call(
        "iam",
        "put_user_policy",
        json!({"UserName": name, "PolicyName": name, "PolicyDocument": policy.to_string()}),
    )?;
    let answer = root.call("iam", "create_access_key", json!({"UserName": name}))?;
    Ok(Credentials {
        key: text(&answer, "/AccessKey/AccessKeyId")?,
        secret: text(&answer, "/AccessKey/SecretAccessKey")?,
        token: None,
    })
}
