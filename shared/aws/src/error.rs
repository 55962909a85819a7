//! What the SDK says, in the gate's terms.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use countersign_gate::{
    domain::Refusal,
    ports::{Cause, PortError, error_chain},
};

/// Why a call gave no usable answer: the cause inside a [`PortError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// AWS answered with an error.
    #[error("{}", answer(code, message, *status, request_id))]
    Answer {
        /// The exception's name, `-` when the answer names none (a `HeadObject` has no body).
        code: String,
        /// The message, perhaps empty.
        message: String,
        /// The HTTP status.
        status: u16,
        /// What AWS support asks for, `-` when the answer has none.
        request_id: String,
    },
    /// There was no answer, or it broke off; the SDK's whole chain of causes.
    #[error("{0}")]
    NoAnswer(String),
    /// Nothing was asked: there are no credentials to ask with; the SDK's whole chain of causes.
    #[error("no credentials: {0}")]
    NoCredentials(String),
    /// An answer lacks a field that it must have, or the field cannot be read.
    #[error("{field} is {problem}")]
    Field {
        /// The field as the service model names it.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// What an answer says. One without a body, such as to a `HeadObject`, says no more than its status.
fn answer(code: &str, message: &str, status: u16, request_id: &str) -> String {
    let said = match (code, message) {
        ("-" | "", "") => "AWS says no more".to_owned(),
        ("-" | "", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{code}: {message}"),
    };
    let request = match request_id {
        "-" | "" => String::new(),
        id => format!(", request {id}"),
    };
    format!("{said} (HTTP {status}{request})")
}

/// Codes by which AWS services say that they were asked too often, beside HTTP 429.
const THROTTLED: [&str; 12] = [
    // A KMS key that S3 or SQS use is asked too often, in the one's and in the other's words.
    "KMS.ThrottlingException",
    "KmsThrottled",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    // Signer.
    "ServiceLimitExceededException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Turns an error that is not an answer into the port's error.
pub(crate) fn port_error<E>(call: &'static str, error: SdkError<E>) -> PortError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let class = match &error {
        SdkError::ServiceError(_) => ErrorClass::of(status(&error), code(&error)),
        SdkError::ResponseError(_) => ErrorClass::of(status(&error), ""),
        SdkError::ConstructionFailure(_) => ErrorClass::NotMade,
        // Timeouts, connections, credentials that could not be had just now. The command line knows by the cause those that
        // nobody configured.
        _ => ErrorClass::Unavailable,
    };
    class.port_error(call, cause(error))
}

fn cause<E>(error: SdkError<E>) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let request_id = error.request_id().unwrap_or("-").to_owned();
    let status = status(&error);
    match error {
        SdkError::ServiceError(answer) => AwsError::Answer {
            code: answer.err().code().unwrap_or("-").to_owned(),
            message: answer.err().message().unwrap_or_default().to_owned(),
            status,
            request_id,
        },
        error => match credentials_error(&error) {
            Some(cause) => AwsError::NoCredentials(error_chain(cause)),
            None => AwsError::NoAnswer(error_chain(&error)),
        },
    }
}

/// The part of the chain that says why there are no credentials.
fn credentials_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e CredentialsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error answer whose code is that of a refusal and whose message says that something could not
/// be reached: it is tried again.
pub(crate) fn could_not_reach<E>(call: &'static str, error: SdkError<E>) -> PortError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    ErrorClass::Unavailable.port_error(call, cause(error))
}

/// The HTTP status of an answer, 0 when there was none.
pub(crate) fn status<E>(error: &SdkError<E>) -> u16 {
    error
        .raw_response()
        .map_or(0, |response| response.status().as_u16())
}

/// The error code of an answer, empty when there was none.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> &str {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .unwrap_or_default()
}

/// The answer; `None` where one of these codes says that the thing is not there.
pub(crate) fn or_absent<T, E>(
    call: &'static str,
    codes: &[&str],
    answer: Result<T, SdkError<E>>,
) -> Result<Option<T>, PortError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if codes.contains(&code(&error)) => Ok(None),
        Err(error) => Err(port_error(call, error)),
    }
}

/// An answer's error as a refusal in AWS's own words.
pub(crate) fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Refusal {
    let message = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::message);
    Refusal {
        exception: code(error).to_owned(),
        message: message.unwrap_or_default().to_owned(),
    }
}

/// An answer that cannot be read.
pub(crate) fn unreadable(
    call: &'static str,
    field: &'static str,
    problem: &impl ToString,
) -> PortError {
    let problem = problem.to_string();
    ErrorClass::Unexpected.port_error(call, AwsError::Field { field, problem })
}

/// A request that cannot be made, so that nothing was asked.
pub(crate) fn not_made(call: &'static str, problem: impl Into<Cause>) -> PortError {
    let source = problem.into();
    PortError::NotMade { call, source }
}

/// A field that every answer must have.
pub(crate) fn required<T>(
    call: &'static str,
    field: &'static str,
    value: Option<T>,
) -> Result<T, PortError> {
    value.ok_or_else(|| unreadable(call, field, &"missing"))
}

/// What to ask for the next page with, where an answer says apart whether there is one.
#[cfg(feature = "doctor")]
pub(crate) fn next_marker(
    call: &'static str,
    is_truncated: bool,
    marker: Option<String>,
) -> Result<Option<String>, PortError> {
    is_truncated
        .then(|| required(call, "Marker", marker))
        .transpose()
}

/// The error of an error that came inside a successful answer, classed by its code alone.
pub(crate) fn port_error_inside(call: &'static str, code: &str, message: &str) -> PortError {
    port_error_of_answer(call, 200, code, message)
}

/// The error of an answer that the SDK did not read, classed by its status and code.
pub(crate) fn port_error_of_answer(
    call: &'static str,
    status: u16,
    code: &str,
    message: &str,
) -> PortError {
    let cause = AwsError::Answer {
        code: code.to_owned(),
        message: message.to_owned(),
        status,
        request_id: "-".to_owned(),
    };
    ErrorClass::of(status, code).port_error(call, cause)
}

/// The error of a body that broke off while it was read.
pub(crate) fn broken_off(
    call: &'static str,
    error: impl Error + Send + Sync + 'static,
) -> PortError {
    let cause = AwsError::NoAnswer(error_chain(&error));
    ErrorClass::Unavailable.port_error(call, cause)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorClass {
    Throttled,
    Denied,
    Unavailable,
    Unexpected,
    NotMade,
}

impl ErrorClass {
    fn of(status: u16, code: &str) -> Self {
        let denied = code.starts_with("AccessDenied")
            || matches!(
                code,
                "UnauthorizedOperation" | "NotAuthorized" | "AuthorizationError"
            );
        // S3 gives up on a request whose bytes came too slowly, with status 400.
        let internal = code.starts_with("Internal")
            || code.starts_with("ServiceUnavailable")
            || code.starts_with("RequestTimeout");
        if status == 429 || THROTTLED.contains(&code) {
            Self::Throttled
        } else if status == 401 || status == 403 || denied {
            Self::Denied
        } else if status >= 500 || internal {
            Self::Unavailable
        } else {
            Self::Unexpected
        }
    }

    fn port_error(self, call: &'static str, cause: AwsError) -> PortError {
        let source = Box::new(cause);
        match self {
            Self::Throttled => PortError::Throttled { call, source },
            Self::Denied => PortError::Denied { call, source },
            Self::Unavailable => PortError::Unavailable { call, source },
            Self::Unexpected => PortError::Unexpected { call, source },
            Self::NotMade => PortError::NotMade { call, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_shows_what_it_has_and_nothing_else() {
        for (code, message, id, shown) in [
            (
                "AccessDenied",
                "no",
                "R1",
                "AccessDenied: no (HTTP 403, request R1)",
            ),
            ("AccessDenied", "", "-", "AccessDenied (HTTP 403)"),
            ("-", "", "R1", "AWS says no more (HTTP 403, request R1)"),
            ("-", "", "-", "AWS says no more (HTTP 403)"),
        ] {
            let error = AwsError::Answer {
                code: code.to_owned(),
                message: message.to_owned(),
                status: 403,
                request_id: id.to_owned(),
            };
            assert_eq!(error.to_string(), shown);
        }
    }

    #[test]
    fn error_class_comes_from_code_and_status() {
        for (status, code, class) in [
            (429, "TooManyRequestsException", ErrorClass::Throttled),
            (503, "SlowDown", ErrorClass::Throttled),
            (400, "ThrottlingException", ErrorClass::Throttled),
            (402, "ServiceLimitExceededException", ErrorClass::Throttled),
            (400, "KmsThrottled", ErrorClass::Throttled),
            (200, "ThrottlingException", ErrorClass::Throttled),
            (403, "AccessDenied", ErrorClass::Denied),
            (400, "AccessDeniedException", ErrorClass::Denied),
            (403, "", ErrorClass::Denied),
            (500, "ServiceException", ErrorClass::Unavailable),
            (503, "", ErrorClass::Unavailable),
            (200, "InternalFailure", ErrorClass::Unavailable),
            (400, "RequestTimeout", ErrorClass::Unavailable),
            (400, "ValidationException", ErrorClass::Unexpected),
            (404, "NoSuchBucket", ErrorClass::Unexpected),
            (400, "ExpiredToken", ErrorClass::Unexpected),
        ] {
            assert_eq!(ErrorClass::of(status, code), class, "{status} {code}");
        }
    }
}
