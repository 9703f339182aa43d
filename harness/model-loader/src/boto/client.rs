//! One call of an operation: resolved, signed, sent, and sent again where that may help.

use super::answer::{self, Failure, Listing};
use super::credentials::Credentials;
use super::endpoint::{self, Endpoint, Rules};
use super::exceptions::Teller;
use super::retry::{Attempt, RetryRule};
use super::{redirect, settings};
use crate::exception::{Exception, Result};
use crate::host::Host;
use crate::net::{self, Body, NameCheck, NetError, Trust, Url};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use proofmark_aws_sigv4 as sigv4;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So often a region is asked for while a region is being asked for, before Python's stack is full.
const DEEPEST: usize = 80;

/// The operation that directory buckets ask for first.
const CREATE_SESSION: &str = "CreateSession";

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    S3,
    Sts,
}

/// How buckets are addressed where an endpoint leaves the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Addressing {
    #[default]
    Auto,
    Virtual,
}

/// What a client is told when it is made; what is left out comes from the settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) endpoint: Option<String>,
    pub(crate) trust: Option<Trust>,
    pub(crate) retries: Option<RetryRule>,
    /// Seconds.
    pub(crate) connect_timeout: Option<u64>,
    /// Seconds.
    pub(crate) read_timeout: Option<u64>,
    pub(crate) anonymous: bool,
    pub(crate) addressing: Addressing,
    pub(crate) accelerate: bool,
}

/// A client of a service.
pub(crate) struct Client {
    pub(crate) host: Host,
    pub(crate) behaviour: crate::release::Behaviour,
    pub(super) service: Service,
    rules: Rules,
    sts: Option<Endpoint>,
    http: net::Client,
    retries: RetryRule,
    timeouts: (u64, u64),
    /// Nothing: requests are not signed.
    pub(crate) credentials: Option<Credentials>,
    /// Buckets that turned out to be in another region.
    elsewhere: Mutex<BTreeMap<String, String>>,
}

/// An operation of a service.
#[derive(Debug, Clone)]
pub(crate) struct Operation<'a> {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) bucket: &'a str,
    pub(crate) key: Option<&'a str>,
    /// As it is sent.
    pub(crate) query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// Whether the body of the answer is left to the caller.
    pub(crate) streams: bool,
}

impl<'a> Operation<'a> {
    /// An operation of S3 without a body.
    pub(crate) fn s3(name: &'static str, method: Method, bucket: &'a str, key: Option<&'a str>) -> Self {
        Self {
            name,
            method,
            bucket,
            key,
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            streams: false,
        }
    }
}

/// An answer that is no error.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Payload {
    Whole(Bytes),
    Stream(Body),
}

impl Reply {
    /// The body as far as it has been read: nothing of one that streams.
    pub(crate) fn whole(self) -> Bytes {
        match self.payload {
            Payload::Whole(bytes) => bytes,
            Payload::Stream(_) => Bytes::new(),
        }
    }
}

/// What came of one attempt.
enum Outcome {
    Reply(Reply),
    Refused { status: u16, failure: Failure, headers: HeaderMap },
    Failed(Exception),
    Unsendable(Exception),
}

impl Client {
    /// A client for S3. Credentials are looked for, unless some are given.
    pub(crate) async fn s3(
        host: &Host,
        settings: &settings::Settings,
        given: Option<Credentials>,
        options: Options,
    ) -> Result<Self> {
        let region = settings.region()?;
        let retries = match options.retries {
            Some(rule) => rule,
            None => settings.retries()?,
        };
        let credentials = match (options.anonymous, given) {
            (true, _) => None,
            (false, Some(given)) => Some(given),
            (false, None) => Some(Credentials::resolve(host, settings).await?),
        };
        let endpoint = match options.endpoint {
            Some(url) => {
                settings::check_endpoint(&url)?;
                Some(url)
            }
            None => settings.endpoint("s3")?,
        };
        let profile = |key: &str| settings.profile().and_then(|profile| profile.get(key)).map(String::as_str);
        let is_virtual = options.addressing == Addressing::Virtual || profile("s3.addressing_style") == Some("virtual");
        let accelerate = options.accelerate || profile("s3.use_accelerate_endpoint") == Some("true");
        let path_style = !accelerate
            && if endpoint.is_some() {
                !is_virtual
            } else {
                !is_virtual && profile("s3.addressing_style") == Some("path")
            };
        let regional = settings.get("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3.us_east_1_regional_endpoint");
        if region.as_deref() == Some("") && endpoint.is_none() {
            settings::check_endpoint("https://s3..amazonaws.com")?;
        }
        // An endpoint of one's own is taken as it is.
        let custom = endpoint.is_some();
        let rules = Rules {
            region: region.unwrap_or_else(|| "aws-global".to_owned()),
            endpoint,
            path_style,
            accelerate,
            dual_stack: !custom && settings.is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
                || profile("s3.use_dualstack_endpoint") == Some("true"),
            fips: !custom && settings.is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            global: regional != Some("regional"),
            express: settings.behaviour.express,
        };
        let timeouts = (options.connect_timeout.unwrap_or(60), options.read_timeout.unwrap_or(60));
        Ok(Self::build(host, settings, Service::S3, rules, None, options.trust, retries, timeouts, credentials))
    }

    /// Uses connections again, instead of opening one for each request.
    #[must_use]
    pub(crate) fn keeping_connections(mut self) -> Self {
        self.http.kept = Some(net::Pool::default());
        self
    }

    /// A client for STS; without credentials it does not sign.
    pub(crate) fn sts(host: &Host, settings: &settings::Settings, credentials: Option<Credentials>) -> Result<Self> {
        let region = settings.region()?;
        let regional = settings.get("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints") == Some("regional");
        let configured = settings.endpoint("sts")?;
        if region.as_deref() == Some("") && configured.is_none() {
            settings::check_endpoint("https://sts..amazonaws.com")?;
        }
        let endpoint = endpoint::sts(region.as_deref(), configured.as_deref(), regional);
        let retries = settings.retries()?;
        Ok(Self::build(
            host,
            settings,
            Service::Sts,
            Rules::default(),
            Some(endpoint),
            None,
            retries,
            (60, 60),
            credentials,
        ))
    }

    #[expect(clippy::too_many_arguments, reason = "the two constructors above are the only callers")]
    fn build(
        host: &Host,
        settings: &settings::Settings,
        service: Service,
        rules: Rules,
        sts: Option<Endpoint>,
        trust: Option<Trust>,
        retries: RetryRule,
        timeouts: (u64, u64),
        credentials: Option<Credentials>,
    ) -> Self {
        let mut http = net::Client::new(&settings.environment);
        http.trust = trust.unwrap_or_else(|| settings.trust());
        http.names = NameCheck::Afterwards;
        http.connect_timeout = Some(Duration::from_secs(timeouts.0));
        http.read_timeout = Some(Duration::from_secs(timeouts.1));
        let behaviour = settings.behaviour.clone();
        Self {
            host: host.clone(),
            behaviour,
            service,
            rules,
            sts,
            http,
            retries,
            timeouts,
            credentials,
            elsewhere: Mutex::default(),
        }
    }

    /// Whether a bucket is there and may be looked at.
    pub(crate) async fn head_bucket(&self, bucket: &str) -> Result<()> {
        self.call(&Operation::s3("HeadBucket", Method::HEAD, bucket, None)).await.map(drop)
    }

    /// A page of the objects whose keys begin with a prefix.
    pub(crate) async fn list(&self, bucket: &str, prefix: &str, marker: Option<&str>) -> Result<Listing> {
        let mut operation = Operation::s3("ListObjects", Method::GET, bucket, None);
        operation.query = format!("prefix={}", sigv4::encode_query(prefix));
        if let Some(marker) = marker {
            operation.query.push_str(&format!("&marker={}", sigv4::encode_query(marker)));
        }
        operation.query.push_str("&encoding-type=url");
        Listing::parse(&self.call(&operation).await?.whole())
    }

    /// Calls an operation until it succeeds or nothing is left to try.
    pub(crate) async fn call(&self, operation: &Operation<'_>) -> Result<Reply> {
        self.call_within(operation, 0).await
    }

    async fn call_within(&self, operation: &Operation<'_>, depth: usize) -> Result<Reply> {
        if depth > DEEPEST {
            return Err(Exception::new("RecursionError", self.behaviour.recursion));
        }
        if self.service == Service::S3 {
            settings::check_bucket(operation.bucket)?;
        }
        let mut endpoint = self.endpoint(operation.bucket)?;
        if endpoint.express && operation.name != CREATE_SESSION {
            return Err(self.express_session(operation.bucket, depth).await);
        }
        let (mut redirected, mut number, mut dated) = (false, 1, false);
        loop {
            let mut note = if number == 1 { String::new() } else { format!("; max={}", self.retries.attempts) };
            note.insert_str(0, &format!("attempt={number}"));
            if dated && number > 1 {
                note.insert_str(0, &self.time_to_live());
            }
            let outcome = self.attempt(operation, &endpoint, &note, &mut dated).await?;
            let attempt = match &outcome {
                Outcome::Reply(_) => Attempt::Answered { status: 200, code: "" },
                Outcome::Refused { status, failure, .. } => Attempt::Answered { status: *status, code: failure.code() },
                Outcome::Failed(_) => Attempt::Failed,
                Outcome::Unsendable(_) => Attempt::Unsendable,
            };
            let own: &[&str] =
                if self.service == Service::S3 { &["RequestTimeout", "BadDigest"] } else { &["IDPCommunicationError"] };
            let verdict = self.retries.judge(number, attempt, own);
            let (status, failure, headers) = match outcome {
                Outcome::Reply(reply) => return Ok(reply),
                _ if verdict.again => {
                    tokio::time::sleep(self.retries.pause(number)).await;
                    number += 1;
                    continue;
                }
                Outcome::Failed(exception) | Outcome::Unsendable(exception) => return Err(exception),
                Outcome::Refused { status, failure, headers } => (status, failure, headers),
            };
            if self.service == Service::S3
                && !redirected
                && !operation.bucket.starts_with("arn:")
                && redirect::means_elsewhere(operation.name, status, &failure, &headers)
                && let Some(region) = self.region_of(operation.bucket, &failure, &headers, depth).await?
            {
                self.elsewhere().insert(operation.bucket.to_owned(), region);
                endpoint = self.endpoint(operation.bucket)?;
                redirected = true;
                number += 1;
                continue;
            }
            let tries = verdict.exhausted.then(|| number - 1);
            return Err(answer::client_error(self.service, operation.name, &failure, tries, self.behaviour.checksums));
        }
    }

    fn elsewhere(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self, bucket: &str) -> Result<Endpoint> {
        if let Some(endpoint) = &self.sts {
            return Ok(endpoint.clone());
        }
        match self.elsewhere().get(bucket) {
            Some(region) => endpoint::s3(bucket, &Rules { region: region.clone(), ..self.rules.clone() }),
            None => endpoint::s3(bucket, &self.rules),
        }
    }

    /// The region of a bucket that is elsewhere: told by the answer, or else by HeadBucket.
    async fn region_of(
        &self,
        bucket: &str,
        failure: &Failure,
        headers: &HeaderMap,
        depth: usize,
    ) -> Result<Option<String>> {
        if let Some(region) = redirect::region(headers).or_else(|| failure.region.clone()) {
            return Ok(Some(region));
        }
        let head = Operation::s3("HeadBucket", Method::HEAD, bucket, None);
        match Box::pin(self.call_within(&head, depth + 1)).await {
            Ok(reply) => Ok(redirect::region(&reply.headers)),
            Err(exception) if exception.is_client_error() => Ok(None),
            Err(exception) => Err(exception),
        }
    }

    /// Asks for the session that requests to a directory bucket are signed with. Nothing here can use one.
    async fn express_session(&self, bucket: &str, depth: usize) -> Exception {
        let mut create = Operation::s3(CREATE_SESSION, Method::GET, bucket, None);
        create.query = "session".to_owned();
        match Box::pin(self.call_within(&create, depth)).await {
            Ok(_) => {
                Exception::runtime(format!("{bucket} is a directory bucket; sessions of S3 Express are not supported"))
            }
            Err(exception) => exception,
        }
    }

    /// Until when an attempt makes sense, once the server's clock is known.
    fn time_to_live(&self) -> String {
        let until = (self.host.clock)() + jiff::SignedDuration::from_secs(i64::try_from(self.timeouts.1).unwrap_or(60));
        format!("ttl={}; ", sigv4::amz_date(until))
    }

    async fn attempt(
        &self,
        operation: &Operation<'_>,
        endpoint: &Endpoint,
        note: &str,
        dated: &mut bool,
    ) -> Result<Outcome> {
        let text = endpoint.url(operation.key, &operation.query);
        let Some(url) = Url::parse(&text) else {
            return Err(Exception::value(format!("Invalid endpoint: {}", endpoint.base)));
        };
        let mut request = match self.request(operation, &url, endpoint).await? {
            Ok(request) => request,
            Err(unsendable) => return Ok(Outcome::Unsendable(unsendable)),
        };
        if let Ok(note) = HeaderValue::from_str(note) {
            request.headers.insert("amz-sdk-request", note);
        }
        let tell = |error: &NetError| {
            let (connect_timeout, read_timeout) = self.timeouts;
            let teller =
                Teller { urllib3: self.behaviour.urllib3, url: &url, text: &text, read_timeout, connect_timeout };
            Outcome::Failed(teller.botocore(error))
        };
        let response = match self.http.send(&self.host, request).await {
            Ok(response) => response,
            Err(error) => return Ok(tell(&error)),
        };
        *dated |= response.headers.contains_key(header::DATE);
        let good = response.status < 301;
        if good && operation.streams {
            return Ok(Outcome::Reply(Reply { headers: response.headers, payload: Payload::Stream(response.body) }));
        }
        let Ok(body) = response.body.bytes().await else { return Ok(tell(&NetError::Closed)) };
        let hidden = response.status == 200
            && self.behaviour.checksums
            && self.service == Service::S3
            && answer::hides_error(&body);
        if good && !hidden {
            return Ok(Outcome::Reply(Reply { headers: response.headers, payload: Payload::Whole(body) }));
        }
        let status = if hidden { 500 } else { response.status };
        let failure = answer::failure(self.service, status, &body)?;
        Ok(Outcome::Refused { status, failure, headers: response.headers })
    }
}
