//! `AWS API Call via CloudTrail`: a call that somebody made to AWS.
//!
//! Genuine records were seen of `UpdateFunctionCode`, `UpdateFunctionConfiguration` and `AddPermission`
//! (grade A); of the others their names (grade C). So little is relied on: a call counts by its name
//! without the API version that Lambda puts behind the names of calls from before 2019, and a parameter
//! that is not there is not there.

use super::{
    envelope::{Envelope, EventError},
    role_id::RoleId,
};
use crate::domain::{Arn, FunctionName, LayerName};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The `detail-type` of these events.
pub(crate) const API_CALL: &str = "AWS API Call via CloudTrail";

/// A call as CloudTrail recorded it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiCall {
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: String,
    event_time: Timestamp,
    #[serde(default)]
    event_source: String,
    #[serde(default)]
    aws_region: String,
    #[serde(default)]
    recipient_account_id: String,
    #[serde(rename = "sourceIPAddress", default)]
    source_address: String,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    user_identity: Value,
    #[serde(default)]
    request_parameters: Value,
    #[serde(default)]
    response_elements: Value,
    #[serde(default)]
    additional_event_data: Value,
}

impl ApiCall {
    /// Reads an event of the bus.
    pub fn parse(body: &str) -> Result<Self, EventError> {
        Self::of_envelope(serde_json::from_str(body)?)
    }

    pub(crate) fn of_envelope(envelope: Envelope) -> Result<Self, EventError> {
        if envelope.detail_type != API_CALL || !envelope.source.starts_with("aws.") {
            return Err(EventError::Kind {
                source_name: envelope.source,
                detail_type: envelope.detail_type,
            });
        }
        Ok(Self::deserialize(envelope.detail)?)
    }

    /// `eventID`.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event_id
    }

    /// The name of the call without an API version: `UpdateFunctionCode`.
    #[must_use]
    pub fn name(&self) -> &str {
        without_version(&self.event_name)
    }

    /// The name as it is in CloudTrail: `UpdateFunctionCode20150331v2`.
    #[must_use]
    pub fn event_name(&self) -> &str {
        &self.event_name
    }

    /// The service, `lambda` of `lambda.amazonaws.com`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.event_source
            .split_once('.')
            .map_or(self.event_source.as_str(), |(service, _)| service)
    }

    /// When it was made.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.event_time
    }

    /// The region it was made in.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.aws_region
    }

    /// The account whose trail recorded it.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.recipient_account_id
    }

    /// The address it came from, or the AWS service that made it for somebody.
    #[must_use]
    pub fn source_address(&self) -> &str {
        &self.source_address
    }

    /// What the caller's program called itself. Callers choose it.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// `errorCode`; `None` when the call was accepted.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// `errorMessage`.
    #[must_use]
    pub fn error_message(&self) -> Option<&str> {
        self.error_message.as_deref()
    }

    /// Whether it was refused for want of rights.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.error_code().is_some_and(|error| {
            error.starts_with("AccessDenied")
                || error.contains("UnauthorizedOperation")
                // SNS's word for it (service model, grade A).
                || error.starts_with("AuthorizationError")
        })
    }

    /// Who made it: the ARN where there is one, else what else there is.
    #[must_use]
    pub fn principal(&self) -> &str {
        ["/arn", "/principalId", "/invokedBy", "/type"]
            .iter()
            .find_map(|name| self.identity(name))
            .unwrap_or("unknown")
    }

    /// The partition of whoever made it, `aws` where there is no ARN that says so.
    #[must_use]
    pub fn partition(&self) -> &str {
        let arn = self.identity("/arn").unwrap_or_default();
        Arn::parse(arn).map_or("aws", |arn| arn.partition)
    }

    /// What kind of principal made it: `IAMUser`, `AssumedRole`, `Root`, …
    #[must_use]
    pub fn identity_type(&self) -> Option<&str> {
        self.identity("/type")
    }

    /// The name of the IAM user that made it.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        self.identity("/userName")
    }

    /// The id of the access key that the call was signed with; it is no secret.
    #[must_use]
    pub fn access_key(&self) -> Option<&str> {
        self.identity("/accessKeyId")
    }

    /// The session's name, when the caller is a role's session.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        Some(self.assumed_role()?.session)
    }

    /// The role whose session made the call, as its own ARN.
    #[must_use]
    pub fn role_arn(&self) -> Option<String> {
        let role = self.assumed_role()?;
        let of_session = format!(
            "arn:{}:iam::{}:role/{}",
            role.partition, role.account, role.name
        );
        // The issuer's ARN has the path of the role, too. It is believed only if it is the same role.
        let issuer = self.identity("/sessionContext/sessionIssuer/arn");
        let issuer = issuer.filter(|arn| RoleId::of_role(arn) == RoleId::of_role(&of_session));
        Some(issuer.map_or(of_session, str::to_owned))
    }

    /// Whether the session was opened with a second factor, where CloudTrail says so.
    #[must_use]
    pub fn has_mfa(&self) -> Option<bool> {
        let said = self
            .user_identity
            .pointer("/sessionContext/attributes/mfaAuthenticated")?;
        said.as_bool().or_else(|| said.as_str()?.parse().ok())
    }

    /// When the session was opened.
    #[must_use]
    pub fn session_since(&self) -> Option<&str> {
        self.identity("/sessionContext/attributes/creationDate")
    }

    /// The AWS service that made the call for the principal: `cloudformation.amazonaws.com`. AWS writes
    /// it, callers cannot.
    #[must_use]
    pub fn invoked_by(&self) -> Option<&str> {
        self.identity("/invokedBy")
    }

    /// Whether CloudFormation made the call: a template is at work, not a hand.
    #[must_use]
    pub fn is_by_cloudformation(&self) -> bool {
        self.invoked_by() == Some("cloudformation.amazonaws.com")
    }

    /// Whether it is only asked what would happen: nothing is changed by it, whoever makes it.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        // No other call has the parameter, and one that somebody sends along changes nothing of what is done.
        self.name() == "UpdateFunctionCode"
            && self.request("/dryRun").and_then(Value::as_bool) == Some(true)
    }

    /// A parameter by its JSON pointer.
    #[must_use]
    pub fn request(&self, pointer: &str) -> Option<&Value> {
        self.request_parameters.pointer(pointer)
    }

    /// A parameter that is a text.
    #[must_use]
    pub fn request_text(&self, pointer: &str) -> Option<&str> {
        self.request(pointer)?.as_str()
    }

    /// All parameters.
    #[must_use]
    pub fn request_parameters(&self) -> &Value {
        &self.request_parameters
    }

    /// A field of the answer by its JSON pointer.
    #[must_use]
    pub fn response(&self, pointer: &str) -> Option<&Value> {
        self.response_elements.pointer(pointer)
    }

    /// A field of the answer that is a text.
    #[must_use]
    pub fn response_text(&self, pointer: &str) -> Option<&str> {
        self.response(pointer)?.as_str()
    }

    /// What Lambda says of the signature of code that it took; `VALID`, or what is wrong with it.
    #[must_use]
    pub fn signature_status(&self) -> Option<&str> {
        self.additional_event_data.get("signatureStatus")?.as_str()
    }

    /// The signing job of code that Lambda took.
    #[must_use]
    pub fn signing_job_arn(&self) -> Option<&str> {
        self.additional_event_data.get("signingJobArn")?.as_str()
    }

    /// The publisher of code that Lambda took.
    #[must_use]
    pub fn signing_profile_version_arn(&self) -> Option<&str> {
        self.additional_event_data
            .get("signingProfileVersionArn")?
            .as_str()
    }

    /// The function that it is about. Callers name it by a name, a partial or a whole ARN, with or
    /// without a qualifier, and CloudTrail writes down what they typed (grade A).
    #[must_use]
    pub fn function(&self) -> Option<FunctionName> {
        [
            self.request_text("/fullyQualifiedArn/relativeId/functionName"),
            self.request_text("/functionName"),
            self.request_text("/resource"),
            // Of `PutResourcePolicy`; the name in events follows that of the API (grade D).
            self.request_text("/resourceArn"),
            self.response_text("/functionName"),
            // Of an event source mapping, whose calls name it by its id alone.
            self.response_text("/functionArn"),
        ]
        .into_iter()
        .flatten()
        .find_map(function_of)
    }

    /// The layer that it is about, by a name or an ARN.
    #[must_use]
    pub fn layer(&self) -> Option<LayerName> {
        let text = self.request_text("/layerName")?;
        let name = text.split_once(":layer:").map_or(text, |(_, rest)| rest);
        let name = name.split(':').next().unwrap_or(name);
        LayerName::parse(name).ok()
    }

    /// The versions of layers that it attaches, by their ARNs; a call that names layers replaces all (service model, grade A).
    #[must_use]
    pub fn layers(&self) -> Vec<&str> {
        let layers = self.request("/layers").and_then(Value::as_array);
        let layers = layers.into_iter().flatten();
        layers.filter_map(Value::as_str).collect()
    }

    fn identity(&self, pointer: &str) -> Option<&str> {
        self.user_identity.pointer(pointer)?.as_str()
    }

    fn assumed_role(&self) -> Option<AssumedRole<'_>> {
        let arn = Arn::parse(self.identity("/arn")?).filter(|arn| arn.service == "sts")?;
        let (name, session) = arn
            .resource
            .strip_prefix("assumed-role/")?
            .split_once('/')?;
        Some(AssumedRole {
            partition: arn.partition,
            account: arn.account,
            name,
            session,
        })
    }
}

struct AssumedRole<'a> {
    partition: &'a str,
    account: &'a str,
    name: &'a str,
    session: &'a str,
}

/// The name in whatever names a function: `name`, `account:name`, `account:function:name`, an ARN, each with or
/// without a qualifier.
fn function_of(text: &str) -> Option<FunctionName> {
    FunctionName::parse(unqualified(text)?.0).ok()
}

/// Name and qualifier of a function, read from the left as the pattern of Lambda's parameter `FunctionName`
/// reads them (grade A): each part before the name may be left out.
pub(crate) fn unqualified(text: &str) -> Option<(&str, Option<&str>)> {
    let mut rest = text;
    if let Some(arn) = text.strip_prefix("arn:") {
        let (_partition, service) = arn.split_once(':')?;
        // Another resource's ARN.
        rest = service.strip_prefix("lambda:")?;
    }
    for is_part in [is_region, is_account, |part: &str| part == "function"] {
        if let Some((part, behind)) = rest.split_once(':')
            && is_part(part)
        {
            rest = behind;
        }
    }
    // A layer's or another resource's.
    let is_arn_of_function = || text.contains(":function:");
    if text.starts_with("arn:") && !is_arn_of_function() {
        return None;
    }
    Some(match rest.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (rest, None),
    })
}

fn is_account(part: &str) -> bool {
    part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Such as `us-east-1` or `us-gov-west-1`.
fn is_region(part: &str) -> bool {
    let mut parts = part.split('-');
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    parts.next_back().is_some_and(is_number)
        && part.matches('-').count() >= 2
        && parts
            .next()
            .is_some_and(|first| is_word(first) && first.len() <= 4)
        && parts.all(is_word)
}

/// The name of a call without the API version behind it: the eight digits of a date, and for a later
/// edition `v` and a number.
fn without_version(name: &str) -> &str {
    let without_date = |name| -> Option<_> {
        let (call, date) = str::split_at_checked(name, name.len().checked_sub(8)?)?;
        date.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(call)
    };
    let without_edition = || {
        name.trim_end_matches(|character: char| character.is_ascii_digit())
            .strip_suffix('v')
    };
    without_date(name)
        .or_else(|| without_date(without_edition()?))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(detail: &Value) -> ApiCall {
        let mut whole = json!({
            "eventID": "1",
            "eventName": "UpdateFunctionCode20150331v2",
            "eventSource": "lambda.amazonaws.com",
            "eventTime": "2026-11-21T21:50:12Z",
        });
        for (name, value) in detail.as_object().unwrap() {
            whole[name] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn api_version_is_no_part_of_a_name() {
        for (name, call) in [
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("PublishVersion20150331", "PublishVersion"),
            (
                "AddLayerVersionPermission20181031",
                "AddLayerVersionPermission",
            ),
            ("RemovePermission20150331v2", "RemovePermission"),
            ("CreateFunctionUrlConfig", "CreateFunctionUrlConfig"),
            ("Call", "Call"),
            ("Call20200630v12", "Call"),
            ("Curv20150331", "Curv"),
            ("CallV2", "CallV2"),
            ("Callv2", "Callv2"),
            ("Call2015033", "Call2015033"),
            ("20150331", ""),
            ("ü2015033", "ü2015033"),
            ("v2", "v2"),
            ("", ""),
        ] {
            assert_eq!(without_version(name), call, "{name}");
        }
    }

    #[test]
    fn function_is_one_name_however_it_is_typed() {
        for typed in [
            "orders",
            "orders:live",
            "orders:$LATEST",
            "111122223333:function:orders",
            "111122223333:function:orders:7",
            "function:orders",
            "111122223333:orders",
            "111122223333:orders:function",
            "us-east-1:111122223333:function:orders:live",
            "arn:aws:lambda:us-east-1:111122223333:function:orders",
            "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:orders:live",
        ] {
            let call = call(&json!({"requestParameters": {"functionName": typed}}));
            assert_eq!(call.function().unwrap().as_str(), "orders", "{typed}");
        }
        for typed in [
            "",
            "a b",
            "arn:aws:lambda:us-east-1:1:layer:orders",
            "<!channel>",
        ] {
            let call = call(&json!({"requestParameters": {"functionName": typed}}));
            assert_eq!(call.function(), None, "{typed}");
        }
        // A name that ends like the word before a name.
        for typed in [
            "arn:aws:lambda:us-east-1:111122223333:function:orders-function:live",
            "orders-function:live",
        ] {
            let call = call(&json!({"requestParameters": {"functionName": typed}}));
            assert_eq!(
                call.function().unwrap().as_str(),
                "orders-function",
                "{typed}"
            );
        }
        let mapping = call(
            &json!({"requestParameters": {"uUID": "1"}, "responseElements": {
            "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:orders"}}),
        );
        assert_eq!(mapping.function().unwrap().as_str(), "orders");
        let tagged = call(&json!({"requestParameters": {
            "resource": "arn:aws:lambda:us-east-1:111122223333:function:orders"}}));
        assert_eq!(tagged.function().unwrap().as_str(), "orders");
    }

    #[test]
    fn layer_is_one_name_however_it_is_typed() {
        for typed in [
            "base",
            "arn:aws:lambda:us-east-1:1:layer:base",
            "arn:aws:lambda:us-east-1:1:layer:base:3",
        ] {
            let call = call(&json!({"requestParameters": {"layerName": typed}}));
            assert_eq!(call.layer().unwrap().as_str(), "base", "{typed}");
        }
    }

    #[test]
    fn role_is_that_of_the_session() {
        let session = "arn:aws:sts::111122223333:assumed-role/Deployer/ci";
        let of = |issuer: Value| {
            call(&json!({"userIdentity": {"arn": session, "sessionContext": {
                "sessionIssuer": {"arn": issuer},
                "attributes": {"mfaAuthenticated": "true"},
            }}}))
        };
        let with_path = of(json!("arn:aws:iam::111122223333:role/team/Deployer"));
        assert_eq!(
            with_path.role_arn().unwrap(),
            "arn:aws:iam::111122223333:role/team/Deployer"
        );
        assert_eq!(with_path.session(), Some("ci"));
        assert_eq!(with_path.has_mfa(), Some(true));
        for issuer in [
            Value::Null,
            json!("arn:aws:iam::111122223333:role/Other"),
            json!("arn:aws:iam::444455556666:role/Deployer"),
        ] {
            assert_eq!(
                of(issuer).role_arn().unwrap(),
                "arn:aws:iam::111122223333:role/Deployer"
            );
        }
        let user = call(&json!({"userIdentity": {"arn": "arn:aws:iam::111122223333:user/ann"}}));
        assert_eq!(
            (user.role_arn(), user.session(), user.has_mfa()),
            (None, None, None)
        );
        assert_eq!(call(&json!({})).principal(), "unknown");
    }
}
