//! The scripted server: S3, STS, instance metadata, GCS and a web server in one, with the failures that a run asks for.

use crate::content;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest as _, Md5};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proofmark_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

type Body = BoxBody<Bytes, io::Error>;

/// The server of one run.
pub(crate) struct Server {
    script: Value,
    buckets: BTreeMap<String, BTreeMap<String, Object>>,
    now: Timestamp,
    state: Mutex<State>,
}

/// An object. Its bytes are shared, and its digest is made once: some are large.
struct Object {
    bytes: Bytes,
    etag: String,
}

#[derive(Default)]
struct State {
    requests: Vec<Value>,
    /// How often each failure has matched.
    matched: BTreeMap<usize, u64>,
}

/// A request, as far as the script is concerned.
struct Asked<'a> {
    method: &'a str,
    host: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: &'a HeaderMap,
    body: BTreeMap<String, String>,
}

/// An answer in the making.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// Only so much of the body is sent.
    truncate: Option<usize>,
}

impl Answer {
    fn new(status: u16, media_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        Self { status, headers, body: body.into(), truncate: None }
    }

    fn xml_error(status: u16, code: &str, message: &str, extra: &str) -> Self {
        let xml =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message>{extra}</Error>");
        Self::new(status, "application/xml", xml)
    }
}

impl Server {
    pub(crate) fn new(script: &Value, now: Timestamp) -> Self {
        let mut buckets: BTreeMap<String, BTreeMap<String, Object>> = BTreeMap::new();
        let mut fill = |bucket: &str, objects: &Map| {
            let object = |key: &str, content: &Value| {
                let bytes = content::build(content, &format!("{bucket}/{key}"));
                Object { etag: format!("\"{}\"", hex::encode(Md5::digest(&bytes))), bytes: bytes.into() }
            };
            let objects = objects.iter().map(|(key, content)| (key.to_string(), object(key, content)));
            buckets.insert(bucket.to_owned(), objects.collect());
        };
        match (script.get("buckets").and_then(Value::as_object), script.get("objects").and_then(Value::as_object)) {
            (Some(all), _) => all.iter().for_each(|(bucket, objects)| fill(bucket, objects.as_object().unwrap())),
            (None, Some(objects)) => fill("models-bucket", objects),
            (None, None) => fill("models-bucket", &Map::new()),
        }
        Self { script: script.clone(), buckets, now, state: Mutex::default() }
    }

    pub(crate) fn requests(&self) -> Vec<Value> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The content of an object of the first bucket.
    pub(crate) fn object(&self, key: &str) -> Option<&[u8]> {
        self.buckets.values().find_map(|objects| objects.get(key)).map(|object| &*object.bytes)
    }

    /// Notes a connection that did not become TLS.
    pub(crate) fn no_handshake(&self, error: &io::Error) {
        use rustls::AlertDescription::{CertificateExpired, UnknownCA};
        // The handshake was done, and the client left before the server's last words.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return;
        }
        let why = match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(UnknownCA)) => "TLSV1_ALERT_UNKNOWN_CA".to_owned(),
            Some(rustls::Error::AlertReceived(CertificateExpired)) => "SSLV3_ALERT_CERTIFICATE_EXPIRED".to_owned(),
            Some(other) => other.to_string(),
            None => "UNEXPECTED_EOF_WHILE_READING".to_owned(),
        };
        self.state.lock().unwrap().requests.push(json!({"tls": format!("no handshake: {why}")}));
    }

    /// Which operation a request is, and the bucket and key that it is for.
    fn classify(&self, asked: &Asked<'_>) -> (Option<String>, String, String) {
        let none = || (String::new(), String::new());
        if asked.host.starts_with("169.254.") {
            let (bucket, key) = none();
            return (Some("metadata".to_owned()), bucket, key);
        }
        if let Some(action) = asked.body.get("Action") {
            let (bucket, key) = none();
            return (Some(action.clone()), bucket, key);
        }
        let is_web = self.script.get("http").is_some() || self.script.get("gcs").is_some();
        if is_web {
            let (bucket, key) = none();
            return (None, bucket, key);
        }
        let name = asked.host.split(':').next().unwrap_or_default();
        let by_host = ["localhost", "s3.", "s3-", "s3express"].iter().find_map(|marker| {
            let at = name.find(&format!(".{marker}"))?;
            Some(name[..at].to_owned())
        });
        let path = percent_decode_str(asked.path.trim_start_matches('/')).decode_utf8_lossy().into_owned();
        let (bucket, key) = match by_host {
            Some(bucket) => (bucket, path),
            None => {
                let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
                (bucket.to_owned(), key.to_owned())
            }
        };
        let operation = match (asked.method, key.is_empty()) {
            ("HEAD", true) => "HeadBucket",
            ("HEAD", false) => "HeadObject",
            ("GET", true) if asked.query.contains_key("session") => "CreateSession",
            ("GET", true) => "ListObjects",
            _ => "GetObject",
        };
        (Some(operation.to_owned()), bucket, key)
    }

    /// The failure that the script has for a request.
    fn failure(&self, operation: &str, key: &str, asked: &Asked<'_>) -> Option<Value> {
        let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let authorization =
            asked.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap()).unwrap_or_default();
        let region = authorization.split('/').nth(2).unwrap_or_default();
        for (number, entry) in self.script.get("fail")?.as_array()?.iter().enumerate() {
            let fits = text(entry, "op").is_none_or(|op| op == "*" || op == operation)
                && text(entry, "key").is_none_or(|wanted| wanted == key)
                && text(entry, "region").is_none_or(|wanted| wanted == region)
                && text(entry, "host").is_none_or(|wanted| wanted == asked.host)
                && text(entry, "nohost").is_none_or(|unwanted| unwanted != asked.host);
            if !fits {
                continue;
            }
            let mut state = self.state.lock().unwrap();
            let matched = state.matched.entry(number).or_default();
            *matched += 1;
            let after = entry.get("after").and_then(Value::as_u64).unwrap_or_default();
            let times = entry.get("times").and_then(Value::as_u64).unwrap_or(u64::MAX);
            if *matched > after && *matched - after <= times {
                return Some(entry.clone());
            }
        }
        None
    }

    fn answer(&self, operation: Option<&str>, bucket: &str, key: &str, asked: &Asked<'_>) -> Answer {
        match operation {
            Some("metadata") => self.metadata(asked),
            Some("AssumeRole" | "AssumeRoleWithWebIdentity") => self.sts(operation.unwrap(), asked),
            Some(operation) => self.s3(operation, bucket, key, asked),
            None if self.script.get("gcs").is_some() => self.gcs(asked),
            None => self.web(asked),
        }
    }

    fn credentials(&self, id: &str) -> Value {
        json!({
            "Code": "Success",
            "AccessKeyId": id,
            "SecretAccessKey": "secret",
            "Token": format!("session-token-of-{id}"),
            "Expiration": (self.now + SignedDuration::from_hours(6)).to_string(),
        })
    }

    fn metadata(&self, asked: &Asked<'_>) -> Answer {
        let role = self.script.pointer("/imds/role").and_then(Value::as_str);
        let found = match (asked.path.as_str(), role) {
            ("/v1/credentials", _) if self.script.get("podIdentity").is_some() => {
                Some(self.credentials("ASIAPODIDENTITY").to_string())
            }
            ("/latest/api/token", Some(_)) => Some("<imds token>".to_owned()),
            ("/latest/meta-data/iam/security-credentials/", Some(role)) => Some(role.to_owned()),
            (path, Some(role)) if path.ends_with(role) => Some(self.credentials("ASIANODEROLE").to_string()),
            _ => None,
        };
        match found {
            Some(text) => Answer::new(200, "text/plain", text),
            None => Answer::new(404, "text/plain", ""),
        }
    }

    fn sts(&self, action: &str, asked: &Asked<'_>) -> Answer {
        if !asked.host.starts_with("sts.") && self.script.get("stsHere").is_none() {
            return Answer::xml_error(
                405,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
                "",
            );
        }
        let id = if action == "AssumeRole" { "ASIAASSUMEDROLE" } else { "ASIAWEBIDENTITY" };
        let lifetime = self.script.get("stsLifetime").and_then(Value::as_i64).unwrap_or(3600);
        let expires = self.now + SignedDuration::from_secs(lifetime);
        Answer::new(
            200,
            "text/xml",
            format!(
                "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials><AccessKeyId>{id}</AccessKeyId>\
                 <SecretAccessKey>secret</SecretAccessKey><SessionToken>session-token-of-{id}</SessionToken><Expiration>{expires}</Expiration>\
                 </Credentials></{action}Result></{action}Response>"
            ),
        )
    }

    fn s3(&self, operation: &str, bucket: &str, key: &str, asked: &Asked<'_>) -> Answer {
        let Some(objects) = self.buckets.get(bucket) else {
            return Answer::xml_error(404, "NoSuchBucket", "The specified bucket does not exist", "");
        };
        match operation {
            "HeadBucket" => {
                let mut answer = Answer::new(200, "application/xml", "");
                let region = self.script.get("region").and_then(Value::as_str).unwrap_or("us-east-1");
                answer.headers.push(("x-amz-bucket-region".to_owned(), region.to_owned()));
                answer
            }
            "ListObjects" => self.list(objects, asked),
            _ => match objects.get(key) {
                Some(content) => self.object_answer(content, asked),
                None => Answer::xml_error(404, "NoSuchKey", "The specified key does not exist.", ""),
            },
        }
    }

    fn list(&self, objects: &BTreeMap<String, Object>, asked: &Asked<'_>) -> Answer {
        let prefix = asked.query.get("prefix").map_or("", String::as_str);
        let marker = asked.query.get("marker").map_or("", String::as_str);
        let most = self.script.get("pageSize").and_then(Value::as_u64).unwrap_or(1000);
        let most = usize::try_from(most).unwrap();
        let all: Vec<_> = objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > marker).collect();
        let contents: String = all
            .iter()
            .take(most)
            .map(|(key, content)| {
                let key = utf8_percent_encode(key, NON_ALPHANUMERIC);
                format!("<Contents><Key>{key}</Key><Size>{}</Size></Contents>", content.bytes.len())
            })
            .collect();
        let truncated = all.len() > most;
        let xml = format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>\
             <IsTruncated>{truncated}</IsTruncated>{contents}</ListBucketResult>"
        );
        Answer::new(200, "application/xml", xml)
    }

    fn object_answer(&self, object: &Object, asked: &Asked<'_>) -> Answer {
        let content = &object.bytes;
        let mut answer = Answer::new(200, "binary/octet-stream", content.clone());
        answer.headers.push(("etag".to_owned(), object.etag.clone()));
        if let Some(range) = asked.headers.get(header::RANGE) {
            let (start, end) = range.to_str().unwrap().trim_start_matches("bytes=").split_once('-').unwrap();
            let start: usize = start.parse().unwrap();
            let end = end.parse::<usize>().map_or(content.len(), |end| (end + 1).min(content.len()));
            answer.status = 206;
            answer.body = content.slice(start..end);
        }
        for (name, value) in self.script.get("objectHeaders").and_then(Value::as_object).into_iter().flatten() {
            answer.headers.push((name.to_string(), value.as_str().unwrap().to_owned()));
        }
        if let Some(checksum) = self.script.get("checksum").and_then(Value::as_str)
            && asked.method == "GET"
            && asked.headers.contains_key("x-amz-checksum-mode")
        {
            use base64::Engine as _;
            let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, content);
            let right = base64::engine::general_purpose::STANDARD.encode(u32::try_from(crc).unwrap().to_be_bytes());
            let value = if checksum.ends_with("right") { right } else { "AAAAAA==".to_owned() };
            answer.headers.push(("x-amz-checksum-crc32".to_owned(), value));
        }
        answer
    }

    fn gcs(&self, asked: &Asked<'_>) -> Answer {
        let gcs = &self.script["gcs"];
        let error = |status: u16, message: &str| {
            let errors = json!([{"message": message, "domain": "global", "reason": "x"}]);
            // In the order of the recordings' server, with blanks as Python writes them.
            let text = format!(
                "{{\"error\": {{\"code\": {status}, \"message\": {}, \"errors\": [{{\"message\": {}, \"domain\": \"global\", \"reason\": \"x\"}}]}}}}",
                errors[0]["message"], errors[0]["message"]
            );
            Answer::new(status, "application/json", text)
        };
        if let Some(fail) = gcs.get("fail") {
            return error(u16::try_from(fail["status"].as_u64().unwrap()).unwrap(), fail["message"].as_str().unwrap());
        }
        let (bucket, rest) = asked.path.split_once("/b/").and_then(|(_, rest)| rest.split_once("/o")).unwrap();
        let Some(objects) = gcs.get(bucket).and_then(Value::as_object) else {
            return error(404, "The specified bucket does not exist.");
        };
        let build = |name: &str| Some(content::build(objects.get(name)?, &format!("gs://{bucket}/{name}")));
        match rest.strip_prefix('/') {
            Some(name) => {
                let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
                match build(&name) {
                    Some(bytes) => Answer::new(200, "application/octet-stream", bytes),
                    None => error(404, &format!("No such object: {bucket}/{name}")),
                }
            }
            None => {
                let prefix = &asked.query["prefix"];
                let items: Vec<Value> = objects
                    .keys()
                    .filter(|name| name.starts_with(prefix))
                    .map(|name| json!({"name": name, "generation": "1"}))
                    .collect();
                Answer::new(200, "application/json", json!({"items": items}).to_string())
            }
        }
    }

    fn web(&self, asked: &Asked<'_>) -> Answer {
        let Some(page) = self.script.get("http").and_then(|http| http.get(&asked.path)) else {
            return Answer::new(404, "text/plain", "");
        };
        let body = page.get("content").map(|content| content::build(content, &asked.path).into()).unwrap_or_default();
        let status = page.get("status").and_then(Value::as_u64).unwrap_or(200);
        let mut answer = Answer { status: u16::try_from(status).unwrap(), headers: Vec::new(), body, truncate: None };
        answer
            .headers
            .extend(page.get("type").map(|text| ("content-type".to_owned(), text.as_str().unwrap().to_owned())));
        for (name, value) in page.get("headers").and_then(Value::as_object).into_iter().flatten() {
            answer.headers.push((name.to_string(), value.as_str().unwrap().to_owned()));
        }
        answer.truncate = page.get("truncate").and_then(Value::as_u64).map(|size| usize::try_from(size).unwrap());
        answer
    }
}

/// Serves one connection.
pub(crate) async fn serve(
    server: Arc<Server>,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    tls: bool,
) {
    let service = hyper::service::service_fn(move |request| respond(server.clone(), request, tls));
    // A connection that breaks is part of the script.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(server: Arc<Server>, request: Request<Incoming>, tls: bool) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let query = parts.uri.query();
    let asked = Asked {
        method: parts.method.as_str(),
        host: parts.headers.get(header::HOST).map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect(),
        headers: &parts.headers,
        body: form_urlencoded::parse(&body).into_owned().collect(),
    };
    let (operation, bucket, key) = server.classify(&asked);
    let mut noted = json!({"method": asked.method, "host": asked.host, "path": asked.path});
    if let Some(query) = query {
        noted["query"] = query.into();
    }
    let headers = noted_headers(&parts.headers);
    if !headers.is_empty() {
        noted["headers"] = Value::Object(headers);
    }
    if !asked.body.is_empty() {
        noted["body"] = json!(asked.body);
    }
    if tls {
        noted["scheme"] = "https".into();
    }
    noted["op"] = json!(operation);
    server.state.lock().unwrap().requests.push(noted);
    let failure = operation.as_deref().and_then(|operation| server.failure(operation, &key, &asked));
    let page = server.script.get("http").and_then(|http| http.get(&asked.path)).filter(|_| operation.is_none());
    let closes = |entry: &Value| entry.get("close").is_some();
    if failure.as_ref().is_some_and(closes) || page.is_some_and(closes) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let mut answer = None;
    if let Some(failure) = &failure {
        if let Some(seconds) = failure.get("delay").and_then(Value::as_f64) {
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        }
        answer = scripted(failure, operation.as_deref());
    }
    let mut answer = answer.unwrap_or_else(|| server.answer(operation.as_deref(), &bucket, &key, &asked));
    if let Some(size) = failure.as_ref().and_then(|failure| failure.get("truncate")?.as_u64()) {
        answer.truncate = Some(usize::try_from(size).unwrap());
    }
    Ok(finish(answer, asked.method == "HEAD"))
}

/// The answer that a failure has instead of the right one.
fn scripted(failure: &Value, operation: Option<&str>) -> Option<Answer> {
    let status = u16::try_from(failure.get("status")?.as_u64()?).unwrap();
    let text = |name: &str| failure.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut answer = match failure.get("body").and_then(Value::as_str) {
        Some(body) => {
            Answer::new(status, failure.get("type").and_then(Value::as_str).unwrap_or("text/html"), body.to_owned())
        }
        None if operation.is_some_and(|operation| operation.starts_with("AssumeRole")) => Answer::new(
            status,
            "text/xml",
            format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>",
                text("code"),
                text("message")
            ),
        ),
        None => Answer::xml_error(status, text("code"), text("message"), text("extra")),
    };
    for (name, value) in failure.get("headers").and_then(Value::as_object).into_iter().flatten() {
        answer.headers.push((name.to_string(), value.as_str().unwrap().to_owned()));
    }
    Some(answer)
}

fn finish(answer: Answer, head: bool) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response = response.header(header::CONTENT_LENGTH, answer.body.len());
    let body: Body = match answer.truncate {
        _ if head => Full::new(Bytes::new()).map_err(|never| match never {}).boxed(),
        None => Full::new(answer.body).map_err(|never| match never {}).boxed(),
        Some(size) => {
            let begin = answer.body.slice(..size);
            let frames = stream::unfold(Some(begin), |begin| async move {
                let begin = begin?;
                if begin.is_empty() {
                    // What was sent must have arrived before the connection breaks.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    return Some((Err(io::ErrorKind::ConnectionReset.into()), None));
                }
                Some((Ok(Frame::data(begin)), Some(Bytes::new())))
            });
            StreamBody::new(frames).boxed()
        }
    };
    response.body(body).unwrap()
}

/// The headers that recordings tell.
fn noted_headers(headers: &HeaderMap) -> Map {
    const UNTOLD: [&str; 8] = [
        "host",
        "user-agent",
        "connection",
        "x-amz-date",
        "amz-sdk-invocation-id",
        "content-type",
        "content-length",
        "transfer-encoding",
    ];
    let mut noted = Map::new();
    for (name, value) in headers {
        let (name, value) = (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned());
        let empty_hash = value == proofmark_aws_sigv4::EMPTY_SHA256;
        if UNTOLD.contains(&name) || name.starts_with("accept") || empty_hash {
            continue;
        }
        let value = match value.strip_prefix("AWS4-HMAC-SHA256 Credential=") {
            Some(rest) => {
                let credential = rest.split(',').next().unwrap();
                let parts: Vec<&str> = credential.split('/').collect();
                format!("AWS4-HMAC-SHA256 {}/<date>/{}", parts[0], parts[2..].join("/"))
            }
            None => value,
        };
        noted.insert(name.to_owned(), value.into());
    }
    noted
}
