//! How this gate talks to AWS: as whom, where to, how often it retries, and how long it waits.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_config::{
    AppName, BehaviorVersion, Region, SdkConfig,
    environment::EnvironmentVariableCredentialsProvider, identity::IdentityCache,
    imds::region::ImdsRegionProvider, meta::region::RegionProviderChain,
    profile::ProfileFileRegionProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_s3::config::{AsyncSleep, SharedAsyncSleep, SharedCredentialsProvider, Sleep};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};

/// How the gate is named in the user agent, and so in CloudTrail. The SDK puts `app/` before it.
const APP: &str = concat!("countersign-", env!("CARGO_PKG_VERSION"));

/// Attempts of one call, the first included. The SDK retries throttles, timeouts, connection errors
/// and 5xx. Between attempts it waits a random part of a doubling backoff (full jitter), so five
/// attempts bridge about three seconds on average: enough for Lambda's 15 control plane requests a
/// second to free up. What takes longer waits in the queue, where it costs nothing.
const MAX_ATTEMPTS: u32 = 5;

/// The backoff before the second attempt, at most.
const INITIAL_BACKOFF: Duration = Duration::from_millis(400);

/// The backoff before any attempt, at most.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// For a TCP and TLS handshake within a region, which takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// For one attempt of a call that answers with a state: a hundred times what it takes.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// For a call with all its attempts and backoffs: a service that hangs is tried twice, and leaves
/// the rest of an invocation's minute for what comes after the call.
const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// For one attempt of a call that answers when it has copied or taken in a package of up to 250 MB:
/// S3's `CopyObject`, and Lambda's `UpdateFunctionCode` and `PublishLayerVersion`.
const PACKAGE_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(90);

/// For such a call with all its attempts. The function `deploy` has 150 seconds.
const PACKAGE_CALL_TIMEOUT: Duration = Duration::from_mins(2);

/// Configuration and credentials. Clients are made when they are first used: making one reads the
/// machine's certificates, and takes time that a function's start does not have. Clones share the
/// clients.
#[derive(Debug, Clone)]
pub struct Connection {
    config: SdkConfig,
    path_style: bool,
    clients: Arc<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    s3: OnceLock<aws_sdk_s3::Client>,
    signer: OnceLock<aws_sdk_signer::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    eventbridge: OnceLock<aws_sdk_eventbridge::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
    #[cfg(feature = "doctor")]
    cloudformation: OnceLock<aws_sdk_cloudformation::Client>,
    #[cfg(any(feature = "doctor", feature = "lookup"))]
    cloudtrail: OnceLock<aws_sdk_cloudtrail::Client>,
    #[cfg(feature = "doctor")]
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    #[cfg(feature = "doctor")]
    iam: OnceLock<aws_sdk_iam::Client>,
    #[cfg(any(feature = "doctor", feature = "summaries"))]
    kms: OnceLock<aws_sdk_kms::Client>,
    #[cfg(feature = "approvals")]
    sts: OnceLock<aws_sdk_sts::Client>,
}

impl Connection {
    /// Reads region, endpoints and the way to credentials as every AWS tool does, by way of this
    /// profile: for a person's machine. The region is the one that is given, from an option or a variable (the SDK would
    /// take a variable that is set to nothing for a region), else the profile's, else the machine's. No call is made.
    pub async fn with_profile(profile: &str, region: Option<&str>) -> Self {
        let of_profile = ProfileFileRegionProvider::builder().profile_name(profile);
        let regions =
            RegionProviderChain::first_try(region.map(|name| Region::new(name.to_owned())))
                .or_else(of_profile.build())
                .or_else(ImdsRegionProvider::builder().build());
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .profile_name(profile)
            .region(regions)
            .retry_config(retry())
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, CALL_TIMEOUT));
        if let Ok(name) = AppName::new(APP) {
            loader = loader.app_name(name);
        }
        Self::new(loader.load().await)
    }

    /// Takes region, credentials and endpoint from the variables that Lambda sets, and looks
    /// nowhere else. The search of [`Self::with_profile`] would make an HTTP client for credentials
    /// that are never fetched, and take its code along: two thirds of a function's start.
    #[must_use]
    pub fn in_lambda(variables: &BTreeMap<String, String>) -> Self {
        let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        let is_set = |name: &str| variable(name).is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let credentials = EnvironmentVariableCredentialsProvider::new();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(variable("AWS_REGION").cloned().map(Region::new))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::lazy().build())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep))
            .retry_config(retry())
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, CALL_TIMEOUT))
            .use_fips(is_set("AWS_USE_FIPS_ENDPOINT"))
            .use_dual_stack(is_set("AWS_USE_DUALSTACK_ENDPOINT"));
        config.set_endpoint_url(variable("AWS_ENDPOINT_URL").cloned());
        config.set_app_name(AppName::new(APP).ok());
        Self::new(config.build())
    }

    fn new(config: SdkConfig) -> Self {
        // AWS tells buckets apart by host name. A local endpoint has one name.
        let path_style = config.endpoint_url().is_some();
        Self {
            config,
            path_style,
            clients: Arc::default(),
        }
    }

    /// The region that is talked to; `None` if none was found.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    pub(crate) fn s3(&self) -> &aws_sdk_s3::Client {
        self.clients.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.config)
                .force_path_style(self.path_style)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// What differs for an S3 call that copies a package.
    pub(crate) fn s3_package_call() -> aws_sdk_s3::config::Builder {
        aws_sdk_s3::config::Builder::new().timeout_config(package_timeouts())
    }

    pub(crate) fn signer(&self) -> &aws_sdk_signer::Client {
        self.clients
            .signer
            .get_or_init(|| aws_sdk_signer::Client::new(&self.config))
    }

    pub(crate) fn lambda(&self) -> &aws_sdk_lambda::Client {
        self.clients
            .lambda
            .get_or_init(|| aws_sdk_lambda::Client::new(&self.config))
    }

    /// What differs for a Lambda call that looks at a package.
    pub(crate) fn lambda_package_call() -> aws_sdk_lambda::config::Builder {
        aws_sdk_lambda::config::Builder::new().timeout_config(package_timeouts())
    }

    /// What differs for one that takes a package in. The queue repeats what gave no answer: a second attempt here would be
    /// told about the first, "busy" or "the revision changed", as if somebody else had made it.
    pub(crate) fn lambda_package_change() -> aws_sdk_lambda::config::Builder {
        Self::lambda_package_call().retry_classifier(OnlyThrottles)
    }

    pub(crate) fn eventbridge(&self) -> &aws_sdk_eventbridge::Client {
        self.clients
            .eventbridge
            .get_or_init(|| aws_sdk_eventbridge::Client::new(&self.config))
    }

    pub(crate) fn sns(&self) -> &aws_sdk_sns::Client {
        self.clients
            .sns
            .get_or_init(|| aws_sdk_sns::Client::new(&self.config))
    }

    pub(crate) fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.clients
            .sqs
            .get_or_init(|| aws_sdk_sqs::Client::new(&self.config))
    }

    #[cfg(feature = "doctor")]
    pub(crate) fn cloudformation(&self) -> &aws_sdk_cloudformation::Client {
        self.clients
            .cloudformation
            .get_or_init(|| aws_sdk_cloudformation::Client::new(&self.config))
    }

    #[cfg(any(feature = "doctor", feature = "lookup"))]
    pub(crate) fn cloudtrail(&self) -> &aws_sdk_cloudtrail::Client {
        self.clients
            .cloudtrail
            .get_or_init(|| aws_sdk_cloudtrail::Client::new(&self.config))
    }

    #[cfg(feature = "doctor")]
    pub(crate) fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        self.clients
            .cloudwatch
            .get_or_init(|| aws_sdk_cloudwatch::Client::new(&self.config))
    }

    #[cfg(feature = "doctor")]
    pub(crate) fn iam(&self) -> &aws_sdk_iam::Client {
        self.clients
            .iam
            .get_or_init(|| aws_sdk_iam::Client::new(&self.config))
    }

    #[cfg(any(feature = "doctor", feature = "summaries"))]
    pub(crate) fn kms(&self) -> &aws_sdk_kms::Client {
        self.clients
            .kms
            .get_or_init(|| aws_sdk_kms::Client::new(&self.config))
    }

    #[cfg(feature = "approvals")]
    pub(crate) fn sts(&self) -> &aws_sdk_sts::Client {
        self.clients
            .sts
            .get_or_init(|| aws_sdk_sts::Client::new(&self.config))
    }

    /// The endpoint that replaces those of AWS, without a slash at its end.
    #[cfg(feature = "function-runtime")]
    pub(crate) fn endpoint(&self) -> Option<&str> {
        let endpoint = self.config.endpoint_url()?;
        Some(endpoint.trim_end_matches('/'))
    }
}

/// The mode `standard`, which has jitter. The mode `adaptive` also holds calls back on the client's
/// side, without bound, and learns its rate from one client's calls: an execution environment makes
/// some thirty calls for an upload and its time is bounded, so it would wait where it should go
/// back to the queue.
fn retry() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

/// The HTTP status of a throttled call.
const TOO_MANY_REQUESTS: u16 = 429;

/// Repeats only what was throttled, which had no effect.
#[derive(Debug)]
struct OnlyThrottles;

impl ClassifyRetry for OnlyThrottles {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context
            .output_or_error()
            .is_some_and(|answer| answer.is_err());
        let status = context
            .response()
            .map(|response| response.status().as_u16());
        if failed && status != Some(TOO_MANY_REQUESTS) {
            return RetryAction::RetryForbidden;
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "only throttles"
    }

    /// The last word.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Waiting between tries, on the function's own runtime.
#[derive(Debug)]
struct TokioSleep;

impl AsyncSleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(duration))
    }
}

/// Bodies that are streamed are not counted: the SDK has a minimum throughput for them (stalled
/// stream protection, part of the behaviour version).
pub(crate) fn timeouts(attempt: Duration, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(call)
        .build()
}

fn package_timeouts() -> TimeoutConfig {
    timeouts(PACKAGE_ATTEMPT_TIMEOUT, PACKAGE_CALL_TIMEOUT)
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_sdk_s3::config::Credentials;
    use countersign_testkit::fake_aws::{FakeAws, exception, json};

    use super::*;

    const UPDATE: &str = "lambda:UpdateFunctionCode";

    #[test]
    fn variables_of_lambda_configure_a_function() {
        let variables = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("AWS_USE_FIPS_ENDPOINT", "true"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let connection = Connection::in_lambda(&BTreeMap::from(variables));
        assert_eq!(connection.region(), Some("eu-west-1"));
        assert_eq!(connection.config.endpoint_url(), Some("http://127.0.0.1:9"));
        assert!(connection.path_style);
        assert_eq!(connection.config.use_fips(), Some(true));
        assert_eq!(connection.config.use_dual_stack(), Some(false));

        let nowhere = Connection::in_lambda(&BTreeMap::new());
        assert_eq!(nowhere.region(), None);
        assert!(!nowhere.path_style);
    }

    /// What had no answer may have had its effect: only what was throttled is sent again.
    #[tokio::test]
    async fn changes_are_repeated_only_when_they_were_throttled() {
        for (status, exception_name, sent) in [
            (429, "TooManyRequestsException", 2),
            (500, "ServiceException", 1),
            (503, "ServiceUnavailableException", 1),
            (409, "ResourceConflictException", 1),
        ] {
            let fake = FakeAws::start().unwrap();
            fake.answers_once(UPDATE, exception(status, exception_name, ""));
            fake.answers(UPDATE, json("{}"));
            let connection = connection_to(&fake.endpoint());
            let call = connection.lambda().update_function_code();
            let change = call.function_name("orders").customize();
            let change = change.config_override(Connection::lambda_package_change());
            let answer = change.send().await;
            assert_eq!(answer.is_ok(), sent == 2, "{exception_name}");
            assert_eq!(fake.called(), vec![UPDATE; sent], "{exception_name}");
            // Looking is harmless, and is repeated.
            let fake = FakeAws::start().unwrap();
            fake.answers_once(UPDATE, exception(status, exception_name, ""));
            fake.answers(UPDATE, json("{}"));
            let connection = connection_to(&fake.endpoint());
            let call = connection.lambda().update_function_code();
            let look = call.function_name("orders").dry_run(true).customize();
            let look = look.config_override(Connection::lambda_package_call());
            assert_eq!(look.send().await.is_ok(), status != 409, "{exception_name}");
        }
    }

    #[test]
    fn clones_share_their_clients() {
        let connection = connection_to("http://127.0.0.1:9");
        let clone = connection.clone();
        assert!(std::ptr::eq(connection.s3(), clone.s3()));
    }

    #[test]
    fn call_timeouts_leave_room_for_a_second_attempt_and_for_the_rest_of_the_invocation() {
        assert!(CALL_TIMEOUT > ATTEMPT_TIMEOUT * 2);
        assert!(PACKAGE_CALL_TIMEOUT > PACKAGE_ATTEMPT_TIMEOUT);
        assert!(PACKAGE_CALL_TIMEOUT < Duration::from_secs(130));
    }

    /// A connection to a test's own endpoint, with made-up credentials, that tries twice and hardly
    /// pauses.
    pub(crate) fn connection_to(endpoint: &str) -> Connection {
        let retry = RetryConfig::standard()
            .with_max_attempts(2)
            .with_initial_backoff(Duration::from_millis(1));
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep))
            .endpoint_url(endpoint)
            .retry_config(retry)
            .timeout_config(timeouts(Duration::from_mins(1), Duration::from_mins(2)))
            .app_name(AppName::new(APP).unwrap())
            .build();
        Connection::new(config)
    }
}
