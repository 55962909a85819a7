//! A small AWS on a loopback port, for the real SDK to talk to: S3 with versions, delete markers
//! and conditional writes, SQS that takes what it is given, a Signer that remembers the jobs that
//! it was asked for, and of the other services exactly the answers that a test lays down.
//!
//! It keeps every call, in order, under the name that AWS gives it, so that a test can say what must
//! *not* have been called. An operation without an answer is refused loudly: a call that a test did
//! not expect fails it.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    io,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    checkout,
    http::{Request, Response, Server, read_chunks},
};

/// When every object of the fake was last modified: 2026-11-21T21:44:00Z.
const LAST_MODIFIED: &str = "Sat, 21 Nov 2026 21:44:00 GMT";

const LAST_MODIFIED_ISO: &str = "2026-11-21T21:44:00.000Z";

/// One call as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As AWS names it: `s3:PutObject`.
    pub name: String,
    /// What was sent.
    pub request: Request,
}

/// The fake AWS; it stops when dropped.
#[derive(Debug)]
pub struct FakeAws {
    server: Server,
    world: Arc<Mutex<World>>,
}

#[derive(Debug, Default)]
struct World {
    /// Versions by bucket and key, the current one last.
    objects: BTreeMap<(String, String), Vec<Version>>,
    versions_made: u32,
    unversioned: Vec<String>,
    once: BTreeMap<String, VecDeque<Response>>,
    always: BTreeMap<String, Response>,
    /// Answers to the calls of an operation that mention a text, the newest first.
    about: Vec<(String, String, Response)>,
    calls: Vec<Call>,
    /// What the jobs were started with, by job id.
    jobs: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    id: String,
    /// Nothing for a delete marker.
    body: Option<Vec<u8>>,
    metadata: Vec<(String, String)>,
}

impl FakeAws {
    /// Starts on a free port, with nothing in it.
    pub fn start() -> io::Result<Self> {
        let world = Arc::new(Mutex::new(World::default()));
        let shared = Arc::clone(&world);
        let server = Server::start(move |request| lock(&shared).answer(request))?;
        Ok(Self { server, world })
    }

    /// The value for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// `countersign` with this AWS, somebody's keys, and nothing else in its environment.
    #[must_use]
    pub fn countersign(&self) -> Command {
        let mut command = Command::new(checkout::program("countersign"));
        command
            .env_clear()
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    /// Puts an object and answers its version id.
    pub fn put(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) -> String {
        lock(&self.world).put(bucket, key, Some(body.into()), Vec::new())
    }

    /// Puts a delete marker on top of an object's versions.
    pub fn delete(&self, bucket: &str, key: &str) {
        lock(&self.world).put(bucket, key, None, Vec::new());
    }

    /// Removes one version for good.
    pub fn remove_version(&self, bucket: &str, key: &str, id: &str) {
        let mut world = lock(&self.world);
        if let Some(versions) = world.objects.get_mut(&(bucket.to_owned(), key.to_owned())) {
            versions.retain(|version| version.id != id);
        }
    }

    /// Makes a bucket forget that it is versioned: its objects have no version ids from now on.
    pub fn without_versions(&self, bucket: &str) {
        lock(&self.world).unversioned.push(bucket.to_owned());
    }

    /// The current body of an object.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        lock(&self.world).versions(bucket, key).last()?.body.clone()
    }

    /// The keys of a bucket, in order.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        lock(&self.world).keys(bucket, "")
    }

    /// Answers this operation so from now on.
    pub fn answers(&self, call: &str, response: Response) {
        lock(&self.world).always.insert(call.to_owned(), response);
    }

    /// Answers this operation so from now on where the call mentions `about`: in its path, its query, or its body.
    pub fn answers_about(&self, call: &str, about: &str, response: Response) {
        let answer = (call.to_owned(), about.to_owned(), response);
        lock(&self.world).about.insert(0, answer);
    }

    /// Answers this operation so once, before any other answer. Several take turns.
    pub fn answers_once(&self, call: &str, response: Response) {
        let mut world = lock(&self.world);
        world
            .once
            .entry(call.to_owned())
            .or_default()
            .push_back(response);
    }

    /// Drops every answer that was laid down for this operation.
    pub fn forget(&self, call: &str) {
        let mut world = lock(&self.world);
        world.once.remove(call);
        world.always.remove(call);
        world.about.retain(|(of, _, _)| of != call);
    }

    /// Every call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.world).calls.clone()
    }

    /// The names of all calls so far.
    #[must_use]
    pub fn called(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.name).collect()
    }
}

/// An answer of a JSON service.
#[must_use]
pub fn json(body: &str) -> Response {
    Response::new(200, body).with("content-type", "application/json")
}

/// An exception of a JSON service.
#[must_use]
pub fn exception(status: u16, name: &str, message: &str) -> Response {
    let body = format!(r#"{{"message":"{message}","Message":"{message}"}}"#);
    Response::new(status, body)
        .with("content-type", "application/json")
        .with("x-amzn-errortype", name)
        .with("x-amzn-requestid", "request-1")
}

/// An error of S3.
#[must_use]
pub fn s3_error(status: u16, code: &str) -> Response {
    let body = format!("<Error><Code>{code}</Code><Message>as told</Message></Error>");
    Response::new(status, body)
        .with("content-type", "application/xml")
        .with("x-amz-request-id", "request-1")
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    fn answer(&mut self, request: Request) -> Response {
        let name = operation(&request);
        let response = self
            .once
            .get_mut(&name)
            .and_then(VecDeque::pop_front)
            .or_else(|| self.about(&name, &request))
            .or_else(|| self.always.get(&name).cloned())
            .unwrap_or_else(|| self.by_itself(&name, &request));
        if name == "signer:StartSigningJob" && response.status == 200 {
            self.start_job(&request, &response);
        }
        self.calls.push(Call { name, request });
        response
    }

    /// The answer that was laid down for calls that mention what this one does.
    fn about(&self, name: &str, request: &Request) -> Option<Response> {
        let body = String::from_utf8_lossy(&request.body);
        let (path, query) = (request.path.as_str(), request.query.as_str());
        let mentions = |text: &str| [path, query, &body].iter().any(|part| part.contains(text));
        let mut answers = self.about.iter();
        answers
            .find(|(call, about, _)| call == name && mentions(about))
            .map(|(_, _, response)| response.clone())
    }

    /// Keeps what a job was started with, so that it can be described.
    fn start_job(&mut self, request: &Request, response: &Response) {
        let parse = |body: &[u8]| serde_json::from_slice(body).unwrap_or(serde_json::Value::Null);
        if let Some(id) = parse(&response.body)["jobId"].as_str() {
            self.jobs.insert(id.to_owned(), parse(&request.body));
        }
    }

    /// A job that was started, as Signer describes it while it is in progress.
    fn describe_job(&self, id: &str) -> Response {
        let Some(job) = self.jobs.get(id) else {
            return exception(404, "ResourceNotFoundException", "no such job");
        };
        let described = serde_json::json!({
            "jobId": id, "status": "InProgress", "source": job["source"],
            "profileName": job["profileName"], "profileVersion": "a1B2c3D4e5",
            "jobOwner": "111122223333", "jobInvoker": "111122223333",
        });
        json(&described.to_string())
    }

    fn by_itself(&mut self, name: &str, request: &Request) -> Response {
        let (bucket, key) = bucket_and_key(&request.path);
        match name {
            "s3:HeadObject" | "s3:GetObject" => self.get(&bucket, &key, request),
            "s3:PutObject" => self.put_object(&bucket, &key, request),
            "s3:CopyObject" => self.copy_object(&bucket, &key, request),
            "s3:DeleteObject" => {
                self.put(&bucket, &key, None, Vec::new());
                Response::new(204, "")
            }
            "s3:ListObjectsV2" => {
                let prefix = decode(request.query_value("prefix").unwrap_or_default());
                let keys = self.keys(&bucket, &prefix);
                match request.query_value("delimiter") {
                    Some(_) => list_folders(&prefix, &keys),
                    None => self.list(&bucket, &keys),
                }
            }
            "s3:ListObjectVersions" => {
                let prefix = decode(request.query_value("prefix").unwrap_or_default());
                self.list_versions(&bucket, &prefix)
            }
            "s3:GetObjectTagging" => xml("<Tagging><TagSet></TagSet></Tagging>"),
            "signer:DescribeSigningJob" => {
                self.describe_job(request.path.rsplit('/').next().unwrap_or_default())
            }
            "sqs:ChangeMessageVisibility" => json(""),
            "sqs:SendMessage" => json(r#"{"MessageId":"00000000-0000-4000-8000-000000000000"}"#),
            _ => exception(
                501,
                "NotPrepared",
                &format!("no answer is laid down for {name}"),
            ),
        }
    }

    fn list(&self, bucket: &str, keys: &[String]) -> Response {
        let size = |key: &String| {
            let body = self.versions(bucket, key).last()?.body.as_ref()?;
            Some(body.len())
        };
        let contents = keys.iter().map(|key| {
            let size = size(key).unwrap_or_default();
            format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>")
        });
        let contents = contents.collect::<String>();
        xml(&format!(
            "<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        ))
    }

    fn versions(&self, bucket: &str, key: &str) -> &[Version] {
        let versions = self.objects.get(&(bucket.to_owned(), key.to_owned()));
        versions.map(Vec::as_slice).unwrap_or_default()
    }

    fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let is_there = |versions: &[Version]| {
            versions
                .last()
                .is_some_and(|version| version.body.is_some())
        };
        self.objects
            .iter()
            .filter(|((of, key), versions)| {
                of == bucket && key.starts_with(prefix) && is_there(versions)
            })
            .map(|((_, key), _)| key.clone())
            .collect()
    }

    /// Keys in order, and of each key the versions, the last one first.
    fn list_versions(&self, bucket: &str, prefix: &str) -> Response {
        let mut list = String::from("<ListVersionsResult><IsTruncated>false</IsTruncated>");
        for ((of, key), versions) in &self.objects {
            if of != bucket || !key.starts_with(prefix) {
                continue;
            }
            for (age, version) in versions.iter().rev().enumerate() {
                let (kind, size) = match &version.body {
                    Some(body) => ("Version", format!("<Size>{}</Size>", body.len())),
                    None => ("DeleteMarker", String::new()),
                };
                let (id, is_latest) = (&version.id, age == 0);
                let _ = write!(
                    list,
                    "<{kind}><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest>\
                     <LastModified>{LAST_MODIFIED_ISO}</LastModified>{size}</{kind}>"
                );
            }
        }
        xml(&(list + "</ListVersionsResult>"))
    }

    fn put(
        &mut self,
        bucket: &str,
        key: &str,
        body: Option<Vec<u8>>,
        metadata: Vec<(String, String)>,
    ) -> String {
        self.versions_made += 1;
        let id = format!("version-{}", self.versions_made);
        let versions = self
            .objects
            .entry((bucket.to_owned(), key.to_owned()))
            .or_default();
        versions.push(Version {
            id: id.clone(),
            body,
            metadata,
        });
        id
    }

    fn get(&self, bucket: &str, key: &str, request: &Request) -> Response {
        let versions = self.versions(bucket, key);
        let wanted = request.query_value("versionId").map(decode);
        let found = match &wanted {
            Some(id) => versions.iter().find(|version| version.id == *id),
            None => versions.last(),
        };
        let Some(found) = found else {
            return s3_error(
                404,
                if wanted.is_some() {
                    "NoSuchVersion"
                } else {
                    "NoSuchKey"
                },
            );
        };
        let Some(body) = &found.body else {
            let marker = match wanted {
                Some(_) => s3_error(405, "MethodNotAllowed"),
                None => s3_error(404, "NoSuchKey"),
            };
            return marker
                .with("x-amz-delete-marker", "true")
                .with("x-amz-version-id", &found.id);
        };
        let mut response = Response::new(200, body.clone())
            .with("last-modified", LAST_MODIFIED)
            .with("etag", etag(&found.id));
        if !self.unversioned.iter().any(|of| of == bucket) {
            response = response.with("x-amz-version-id", &found.id);
        }
        for (name, value) in &found.metadata {
            response = response.with(name, value);
        }
        response
    }

    fn put_object(&mut self, bucket: &str, key: &str, request: &Request) -> Response {
        if let Some(failed) = self.precondition(bucket, key, request) {
            return failed;
        }
        let id = self.put(bucket, key, Some(content(request)), metadata(request));
        let response = Response::new(200, "").with("etag", etag(&id));
        if self.unversioned.iter().any(|of| of == bucket) {
            return response;
        }
        response.with("x-amz-version-id", id)
    }

    fn copy_object(&mut self, bucket: &str, key: &str, request: &Request) -> Response {
        let source = request.header("x-amz-copy-source").unwrap_or_default();
        let (path, version) = source.split_once("?versionId=").unwrap_or((source, ""));
        let (from, name) = bucket_and_key(path);
        let versions = self.versions(&from, &name);
        let version = decode(version);
        let found = versions.iter().find(|found| found.id == version);
        let Some(body) = found.and_then(|found| found.body.clone()) else {
            return s3_error(404, "NoSuchVersion");
        };
        if let Some(failed) = self.precondition(bucket, key, request) {
            return failed;
        }
        let id = self.put(bucket, key, Some(body), metadata(request));
        let result = format!(
            "<CopyObjectResult><ETag>{}</ETag></CopyObjectResult>",
            etag(&id)
        );
        xml(&result).with("x-amz-version-id", id)
    }

    /// Why a conditional write fails, if it does: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.
    fn precondition(&self, bucket: &str, key: &str, request: &Request) -> Option<Response> {
        let last = self.versions(bucket, key).last();
        let current = last.filter(|last| last.body.is_some());
        let failed = s3_error(412, "PreconditionFailed");
        match (
            request.header("if-match"),
            request.header("if-none-match"),
            current,
        ) {
            (Some(_), _, None) => Some(s3_error(404, "NoSuchKey")),
            (Some(wanted), _, Some(current)) if wanted != etag(&current.id) => Some(failed),
            (_, Some("*"), Some(_)) => Some(failed),
            _ => None,
        }
    }
}

/// The entity tag of an object version: another for each version.
fn etag(version: &str) -> String {
    format!("\"etag-{version}\"")
}

/// The user metadata that a request sets.
fn metadata(request: &Request) -> Vec<(String, String)> {
    let headers = request.headers.iter();
    let metadata = headers.filter(|(name, _)| name.starts_with("x-amz-meta-"));
    metadata.cloned().collect()
}

/// The body with `aws-chunked` undone, which is how the SDK sends a checksum after a stream.
fn content(request: &Request) -> Vec<u8> {
    if request.header("x-amz-decoded-content-length").is_some() {
        read_chunks(&mut request.body.as_slice()).unwrap_or_default()
    } else {
        request.body.clone()
    }
}

/// The name of the operation, told from method, path and query as the service models lay them down.
fn operation(request: &Request) -> String {
    let method = request.method.as_str();
    let path = request.path.trim_matches('/');
    let words: Vec<&str> = path.split('/').collect();
    let name = match (method, words.as_slice()) {
        ("POST", [""]) => return of_one_path(request),
        ("GET", ["federation", "credentials"]) => "sso:GetRoleCredentials",
        ("POST", ["signing-jobs"]) => "signer:StartSigningJob",
        ("GET", ["signing-jobs", _]) => "signer:DescribeSigningJob",
        ("GET", ["signing-profiles", _]) => "signer:GetSigningProfile",
        ("GET", ["2015-03-31", "functions"]) => "lambda:ListFunctions",
        ("GET", ["2015-03-31", "functions", _]) => "lambda:GetFunction",
        ("GET", ["2015-03-31", "functions", _, "configuration"]) => {
            "lambda:GetFunctionConfiguration"
        }
        ("GET", ["2019-09-30", "functions", _, "concurrency"]) => "lambda:GetFunctionConcurrency",
        ("GET", ["2015-03-31", "event-source-mappings"]) => "lambda:ListEventSourceMappings",
        ("DELETE", ["2015-03-31", "functions", _]) => "lambda:DeleteFunction",
        ("GET", ["2015-03-31", "functions", _, "versions"]) => "lambda:ListVersionsByFunction",
        ("GET", ["2015-03-31", "functions", _, "aliases"]) => "lambda:ListAliases",
        ("GET", ["2019-09-30", "functions", _, "provisioned-concurrency"]) => {
            "lambda:ListProvisionedConcurrencyConfigs"
        }
        ("PUT", ["2015-03-31", "functions", _, "code"]) => "lambda:UpdateFunctionCode",
        ("POST", ["2015-03-31", "functions", _, "versions"]) => "lambda:PublishVersion",
        ("GET", ["2015-03-31", "functions", _, "aliases", _]) => "lambda:GetAlias",
        ("PUT", ["2015-03-31", "functions", _, "aliases", _]) => "lambda:UpdateAlias",
        ("GET", ["2020-06-30", "functions", _, "code-signing-config"]) => {
            "lambda:GetFunctionCodeSigningConfig"
        }
        ("PUT", ["2020-06-30", "functions", _, "code-signing-config"]) => {
            "lambda:PutFunctionCodeSigningConfig"
        }
        ("GET", ["2020-04-22", "code-signing-configs"]) => "lambda:ListCodeSigningConfigs",
        ("GET", ["2020-04-22", "code-signing-configs", _, "functions"]) => {
            "lambda:ListFunctionsByCodeSigningConfig"
        }
        ("GET", ["2020-04-22", "code-signing-configs", _]) => "lambda:GetCodeSigningConfig",
        ("PUT", ["2020-04-22", "code-signing-configs", _]) => "lambda:UpdateCodeSigningConfig",
        ("GET", ["2018-10-31", "layers"]) if request.query_value("find").is_some() => {
            "lambda:GetLayerVersionByArn"
        }
        ("GET", ["2018-10-31", "layers", _, "versions"]) => "lambda:ListLayerVersions",
        ("POST", ["2018-10-31", "layers", _, "versions"]) => "lambda:PublishLayerVersion",
        ("GET", ["2018-10-31", "layers", _, "versions", _]) => "lambda:GetLayerVersion",
        ("GET", [_]) if request.query_value("versioning").is_some() => "s3:GetBucketVersioning",
        ("GET", [_]) if request.query_value("publicAccessBlock").is_some() => {
            "s3:GetBucketPublicAccessBlock"
        }
        ("GET", [_]) if request.query_value("encryption").is_some() => {
            "s3:GetEncryptionConfiguration"
        }
        ("GET", [_]) if request.query_value("policy").is_some() => "s3:GetBucketPolicy",
        ("GET", [_]) if request.query_value("notification").is_some() => "s3:GetBucketNotification",
        ("GET", [_]) if request.query_value("lifecycle").is_some() => {
            "s3:GetLifecycleConfiguration"
        }
        ("GET", [_]) if request.query_value("list-type") == Some("2") => "s3:ListObjectsV2",
        ("GET", [_]) if request.query_value("versions").is_some() => "s3:ListObjectVersions",
        ("GET", [_, ..]) if request.query_value("tagging").is_some() => "s3:GetObjectTagging",
        ("GET", [_, _, ..]) => "s3:GetObject",
        ("HEAD", [_, _, ..]) => "s3:HeadObject",
        ("PUT", [_, _, ..]) if request.header("x-amz-copy-source").is_some() => "s3:CopyObject",
        ("PUT", [_, _, ..]) => "s3:PutObject",
        ("DELETE", [_, _, ..]) => "s3:DeleteObject",
        _ => return format!("unknown:{method} {path}"),
    };
    name.to_owned()
}

/// Services whose operations all have the path `/`: a header or a form field names the operation.
fn of_one_path(request: &Request) -> String {
    if let Some(target) = request.header("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let service = match target.split_once('.') {
            Some(("AWSEvents", _)) => "events",
            Some(("AmazonSQS", _)) => "sqs",
            Some(("TrentService", _)) => "kms",
            _ if target.contains("CloudTrail") => "cloudtrail",
            _ => "unknown",
        };
        return format!("{service}:{operation}");
    }
    let body = String::from_utf8_lossy(&request.body);
    let action = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    let action = action.unwrap_or("Unknown");
    let service = match action {
        "DescribeStacks" | "ListStackResources" => "cloudformation",
        "SimulatePrincipalPolicy" | "GetAccountAuthorizationDetails" => "iam",
        "DescribeAlarms" => "cloudwatch",
        "GetCallerIdentity" => "sts",
        _ if action.starts_with("AssumeRole") => "sts",
        _ => "sns",
    };
    format!("{service}:{action}")
}

fn bucket_and_key(path: &str) -> (String, String) {
    let path = path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (bucket.to_owned(), decode(key))
}

/// Undoes percent-encoding; what is malformed stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%');
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if byte.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
        bytes.push(byte.unwrap_or(first));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The folders directly below a prefix, with the delimiter `/`.
fn list_folders(prefix: &str, keys: &[String]) -> Response {
    let mut folders: Vec<&str> = keys
        .iter()
        .filter_map(|key| key.strip_prefix(prefix)?.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    folders.dedup();
    let mut body = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    for folder in folders {
        let _ = write!(
            body,
            "<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>"
        );
    }
    xml(&(body + "</ListBucketResult>"))
}

fn xml(body: &str) -> Response {
    Response::new(200, body).with("content-type", "application/xml")
}
