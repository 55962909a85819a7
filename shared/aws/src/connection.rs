//! How this gate talks to AWS: as whom, where to, and with how much patience.

use std::{collections::BTreeMap, sync::OnceLock, time::Duration};

use aws_config::{
    AppName, BehaviorVersion, Region, SdkConfig,
    environment::EnvironmentVariableCredentialsProvider, identity::IdentityCache,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_s3::config::{AsyncSleep, SharedAsyncSleep, SharedCredentialsProvider, Sleep};

/// How the gate is named in the user agent, and so in CloudTrail. The SDK puts `app/` before it.
const APP: &str = concat!("countersign-", env!("CARGO_PKG_VERSION"));

/// Tries of one call, the first included. Between them the SDK waits a random part of a doubling
/// time (full jitter), so five tries bridge about three seconds on average: enough for Lambda's 15
/// control plane requests a second to free up. What takes longer waits in the queue, where it costs
/// nothing.
const TRIES: u32 = 5;

/// The first of the doubling times.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// For a TCP and TLS handshake within a region, which takes milliseconds.
const CONNECT: Duration = Duration::from_secs(3);

/// For one try of a call that answers with a state: a hundred times what it takes.
const ATTEMPT: Duration = Duration::from_secs(10);

/// For one try of a Lambda call. `UpdateFunctionCode` and `PublishLayerVersion` fetch, unpack and
/// judge up to 250 MB before they answer.
const LAMBDA_ATTEMPT: Duration = Duration::from_secs(90);

/// Configuration and credentials. Clients are made when they are first used: making one reads the
/// machine's certificates, and takes time that a function's start does not have.
#[derive(Debug, Clone)]
pub struct Connection {
    config: SdkConfig,
    path_style: bool,
    clients: Clients,
}

#[derive(Debug, Clone, Default)]
struct Clients {
    s3: OnceLock<aws_sdk_s3::Client>,
    signer: OnceLock<aws_sdk_signer::Client>,
    lambda: OnceLock<aws_sdk_lambda::Client>,
    eventbridge: OnceLock<aws_sdk_eventbridge::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
}

impl Connection {
    /// Reads region, endpoints and the way to credentials as every AWS tool does, by way of this profile:
    /// for a person's machine. No call is made.
    pub async fn with_profile(profile: &str) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .profile_name(profile)
            .retry_config(retry())
            .timeout_config(timeouts(ATTEMPT));
        if let Ok(name) = AppName::new(APP) {
            loader = loader.app_name(name);
        }
        Self::new(loader.load().await)
    }

    /// Takes region, credentials and endpoint from the variables that Lambda sets, and looks nowhere
    /// else. The search of [`Self::with_profile`] would make an HTTP client for credentials that
    /// are never fetched, and take its code along: two thirds of a function's start.
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
            .timeout_config(timeouts(ATTEMPT))
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
            clients: Clients::default(),
        }
    }

    /// Whether there is a region to talk to.
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

    pub(crate) fn signer(&self) -> &aws_sdk_signer::Client {
        self.clients
            .signer
            .get_or_init(|| aws_sdk_signer::Client::new(&self.config))
    }

    pub(crate) fn lambda(&self) -> &aws_sdk_lambda::Client {
        self.clients.lambda.get_or_init(|| {
            let config = aws_sdk_lambda::config::Builder::from(&self.config)
                .timeout_config(timeouts(LAMBDA_ATTEMPT))
                .build();
            aws_sdk_lambda::Client::from_conf(config)
        })
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
}

/// Adaptive retries would hold calls back on the client's side without bound, in a process whose time
/// is bounded: standard it is.
fn retry() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(TRIES)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE)
}

/// Waiting between tries, on the function's own runtime.
#[derive(Debug)]
struct TokioSleep;

impl AsyncSleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(duration))
    }
}

/// The whole call is not bounded here: the message that asks for it is.
fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .build()
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_sdk_s3::config::Credentials;

    use super::*;

    #[test]
    fn a_function_takes_its_place_from_lambdas_variables() {
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

    /// A connection to a test's own endpoint, with made-up credentials, that tries twice and hardly pauses.
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
            .timeout_config(timeouts(Duration::from_mins(1)))
            .app_name(AppName::new(APP).unwrap())
            .build();
        Connection::new(config)
    }
}
