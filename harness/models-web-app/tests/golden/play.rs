//! Takes the steps of a case.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use kube::Client;
use proofmark_json::{Value, json};
use proofmark_models_web_app::{App, Assets, Body, Release, Settings, Tokens};

use crate::calls::{Calls, Credentials};
use crate::compare::{differ, normal, plain};
use crate::world::{AWAY, Beginnings, REFUSING, World, settle};
use crate::{list, text};

/// What became of an exchange.
pub(crate) struct Judged {
    pub(crate) what: String,
    pub(crate) differences: Vec<String>,
}

/// Headers that say nothing of the app: what the connection or the file system gives.
const SKIPPED_HEADERS: [&str; 4] = ["Transfer-Encoding", "ETag", "Last-Modified", "Content-Length"];

/// How many heartbeats are waited for a frame.
const PATIENCE: usize = 20;

struct Player {
    world: World,
    calls: Calls,
    app: App,
    managed: bool,
    judged: Vec<Judged>,
}

pub(crate) async fn play(release: Release, case: &Value, beginnings: &mut Beginnings) -> Vec<Judged> {
    let world = World::start(release, case, beginnings).await;
    let credentials = match text(case, "appCredentials") {
        "" if release == Release::V0_14_0 => Credentials::User("system:serviceaccount:kserve:kserve-models-web-app"),
        "" => Credentials::User("system:serviceaccount:kserve:kserve-models-web-application"),
        words if words.contains("cluster-admin") => Credentials::User("root@example.com"),
        words if words.contains("unbound") => Credentials::User("system:serviceaccount:kserve:unbound"),
        words if words.contains("port is closed") => Credentials::Away,
        _ => Credentials::Unknown,
    };
    let calls = Calls::new(world.server.clone(), credentials);
    let settings = Settings::read(release, |name| case["env"][name].as_str().map(str::to_owned)).expect("settings");
    let app = App::with(Client::new(calls.clone(), "default"), settings, assets(case), Tokens::seeded(1));
    let managed = text(case, "case") == "isvc-get-managed-fields";
    let mut player = Player { world, calls, app, managed, judged: Vec::new() };
    // The recorder waited for the app with this.
    player.ask(&json!({"request": {"method": "GET", "path": "/healthz/liveness"}})).await;
    for step in list(case, "then") {
        if step.get("request").is_some() {
            player.exchange(step).await;
        } else {
            player.act(step).await;
        }
    }
    player.judged
}

/// The files that stood in for the frontend.
fn assets(case: &Value) -> Assets {
    const INDEX: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <meta charset=\"utf-8\" />\n    <base href=\"/\" />\n    <title>stand-in page</title>\n  </head>\n  <body>stand-in</body>\n</html>\n";
    let mut files = vec![
        ("main.js", "console.log(\"stand-in\");\n"),
        ("styles.css", "body { margin: 0 }\n"),
        ("data.json", "{\"a\": 1}\n"),
    ];
    match case.get("index") {
        None => files.push(("index.html", INDEX)),
        Some(Value::String(page)) => files.push(("index.html", page)),
        Some(_) => {}
    }
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    Assets::new(files, "2023-11-14T22:13:20Z".parse().expect("a time"))
}

impl Player {
    /// A change made by the administrator.
    async fn act(&self, step: &Value) {
        let request = &step["kubernetes"];
        let (method, path) = (text(request, "method"), text(request, "path"));
        let webhook = if text(step, "what").contains("away") { AWAY } else { REFUSING };
        let mut body = request.get("body").map(|body| {
            let body = body.to_string().replace("https://<addr>", &format!("https://{webhook}"));
            let authority = self.world.server.authority().certificate_pem();
            let body = body.replace("\"<random>\"", &json!(base64(authority.as_bytes())).to_string());
            proofmark_json::from_str::<Value>(&body).expect("JSON")
        });
        let owners = body.as_mut().and_then(|body| body.pointer_mut("/metadata/ownerReferences")?.as_array_mut());
        for owner in owners.into_iter().flatten() {
            owner["uid"] = self.world.uid(owner, "team-a").await;
        }
        let (code, answer) = self.world.ask(method, path, body.as_ref()).await;
        assert_eq!(Some(u64::from(code)), request["code"].as_u64(), "{step}: {answer}");
        if !path.starts_with("/api/v1/namespaces/ending") {
            settle().await;
        }
    }

    async fn exchange(&mut self, step: &Value) {
        let (request, wanted) = (&step["request"], &step["response"]);
        let path = text(request, "path");
        self.calls.take();
        let response = self.ask(step).await;
        let mut differences = Vec::new();
        differ("code", &wanted["code"], &json!(response.status().as_u16()), &mut differences);
        self.compare_headers(wanted, &response, &mut differences);
        let metrics =
            response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
        if wanted.get("stream").is_some() {
            self.compare_stream(step, response, &mut differences).await;
        } else {
            let bytes = response.into_body().collect().await.expect("readable").to_bytes();
            self.compare_body(wanted, &bytes, metrics, &mut differences);
            if !path.starts_with("/static/") {
                check_writing(&bytes, &mut differences);
            }
        }
        // What a watcher still does for clients that have gone is not part of what follows.
        let mut calls: Vec<Value> = self.calls.take().iter().map(|call| normal(call, false)).collect();
        let mut expected: Vec<Value> = list(step, "apiCalls").iter().map(|call| normal(call, false)).collect();
        if path.starts_with("/api/sse/") && path.contains("/logs") {
            calls = distinct(calls);
            expected = distinct(expected);
        }
        differ("calls", &json!(expected), &json!(calls), &mut differences);
        self.judged
            .push(Judged { what: format!("{}: {} {path}", text(step, "what"), text(request, "method")), differences });
    }

    fn compare_headers(&self, wanted: &Value, response: &Response<Body>, differences: &mut Vec<String>) {
        let wanted: proofmark_json::Map = wanted["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !SKIPPED_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect();
        let skipped =
            |name: &HeaderName| SKIPPED_HEADERS.iter().any(|skipped| skipped.eq_ignore_ascii_case(name.as_str()));
        let mut found = proofmark_json::Map::new();
        for (name, value) in response.headers().iter().filter(|(name, _)| !skipped(name)) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let value = match value.strip_prefix("XSRF-TOKEN=").and_then(|rest| rest.split_once(';')) {
                Some((_, attributes)) => format!("XSRF-TOKEN=<token>;{attributes}"),
                None => value,
            };
            found.insert(name.as_str().to_owned(), json!(value));
        }
        let sort = |mut map: proofmark_json::Map| {
            map.sort_keys();
            Value::Object(map)
        };
        differ("headers", &sort(wanted), &sort(found), differences);
    }

    fn compare_body(&self, wanted: &Value, bytes: &[u8], metrics: bool, differences: &mut Vec<String>) {
        let written = String::from_utf8_lossy(bytes);
        if let Some(wanted) = wanted.get("bodyText").and_then(Value::as_str) {
            let found = if metrics { kept_metrics(&written) } else { plain(&written) };
            return differ("text", &json!(wanted), &json!(found), differences);
        }
        let Ok(found) = proofmark_json::from_slice::<Value>(bytes) else {
            return differ("body", &wanted["body"], &json!(written), differences);
        };
        let mut compared = normal(&found, self.managed);
        // The text of a Python exception is no contract.
        if text(&wanted["body"], "message").contains("urllib3") {
            compared["message"] = wanted["body"]["message"].clone();
        }
        differ("body", &normal(&wanted["body"], self.managed), &compared, differences);
    }

    /// Reads as many frames as were recorded, and does meanwhile what was done then.
    async fn compare_stream(&self, step: &Value, response: Response<Body>, differences: &mut Vec<String>) {
        let mut body = response.into_body();
        let mut during = list(step, "during").iter().peekable();
        let frames = list(&step["response"], "stream");
        for (index, wanted) in frames.iter().enumerate() {
            while let Some(action) = during.next_if(|action| action["framesBefore"] == index) {
                self.act(action).await;
            }
            // Whether one comes between two frames is a matter of milliseconds.
            let beat = wanted.get("comment").is_some();
            if beat && index + 1 < frames.len() {
                continue;
            }
            let mut silence = 0;
            let found = loop {
                let Some(Ok(frame)) = body.frame().await else { break json!("the end") };
                let chunk = String::from_utf8_lossy(frame.data_ref().expect("data")).into_owned();
                let frame = read_frame(&chunk);
                silence += 1;
                if beat || frame.get("comment").is_none() || silence > PATIENCE {
                    break frame;
                }
            };
            differ(
                &format!("frame {index}"),
                &masked(&normal(wanted, false)),
                &masked(&normal(&found, false)),
                differences,
            );
        }
    }

    async fn ask(&self, step: &Value) -> Response<Body> {
        let request = &step["request"];
        let path = expanded(text(request, "path"));
        let mut sent = Request::builder().method(text(request, "method")).uri(path);
        for (name, value) in request.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for value in values {
                let latin: Vec<u8> = expanded(value.as_str().expect("a text"))
                    .chars()
                    .map(|c| u8::try_from(u32::from(c)).expect("Latin-1"))
                    .collect();
                sent = sent.header(name.as_str(), HeaderValue::from_bytes(&latin).expect("a value"));
            }
        }
        let body = match (request.get("bodyText"), request.get("body")) {
            (Some(text), _) => bytes_of(text.as_str().expect("a text")),
            (None, Some(body)) => {
                let other = text(step, "what").starts_with("other uid");
                self.as_it_is(text(request, "path"), &expanded(&body.to_string()), other).await.into_bytes()
            }
            (None, None) => Vec::new(),
        };
        self.app.answer(sent.body(Bytes::from(body)).expect("a request")).await
    }

    /// A body in which the object of the path says its version and identity.
    async fn as_it_is(&self, path: &str, body: &str, other: bool) -> String {
        if !body.contains("<rv>") {
            return body.to_owned();
        }
        let group = if path.contains("inferencegraphs") { "v1alpha1" } else { "v1beta1" };
        let path = path.replace("/api/namespaces", &format!("/apis/serving.kserve.io/{group}/namespaces"));
        let object = self.world.ask("GET", &path, None).await.1;
        let of = |key: &str| text(&object["metadata"], key).to_owned();
        let uid = if other { "00000000-0000-0000-0000-000000000000".to_owned() } else { of("uid") };
        body.replace("<rv>", &of("resourceVersion")).replace("<uid>", &uid).replace("<time>", &of("creationTimestamp"))
    }
}

/// `<x repeated 300000 times>`, written out.
fn expanded(text: &str) -> String {
    let Some((before, rest)) = text.split_once('<').filter(|(_, rest)| rest.contains(" repeated ")) else {
        return text.to_owned();
    };
    let Some((run, after)) = rest.split_once(" times>") else { return text.to_owned() };
    match run.split_once(" repeated ") {
        Some((what, count)) => format!("{before}{}{}", what.repeat(count.parse().expect("a number")), expanded(after)),
        None => text.to_owned(),
    }
}

/// The bytes of a body: what was no UTF-8 was recorded as U+FFFD, in one case for the byte order mark of UTF-16.
fn bytes_of(text: &str) -> Vec<u8> {
    let mut strays = [0xFF, 0xFE].into_iter().cycle();
    let mut bytes = Vec::new();
    for c in text.chars() {
        if c == char::REPLACEMENT_CHARACTER {
            bytes.extend(strays.next());
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    bytes
}

fn distinct(calls: Vec<Value>) -> Vec<Value> {
    let mut kept = Vec::new();
    for call in calls {
        if !kept.contains(&call) {
            kept.push(call);
        }
    }
    kept
}

fn read_frame(chunk: &str) -> Value {
    match chunk.strip_prefix("data: ").and_then(|data| data.strip_suffix("\n\n")) {
        Some(data) => json!({"data": proofmark_json::from_str::<Value>(data).expect("JSON")}),
        None => json!({"comment": chunk.trim().trim_start_matches(':').trim()}),
    }
}

/// Exceptions of Python are no contract.
fn masked(frame: &Value) -> Value {
    let mut frame = frame.clone();
    if frame["data"]["type"] == "ERROR" {
        for place in ["/data/object/message", "/data/message"] {
            if let Some(message) = frame.pointer_mut(place) {
                *message = json!("<message>");
            }
        }
    }
    frame
}

/// The lines of metrics that were recorded, sorted.
fn kept_metrics(written: &str) -> String {
    let kept = |line: &&str| !line.contains("_bucket{") && !line.contains("_sum{");
    let mut lines: Vec<&str> = written.lines().filter(kept).collect();
    lines.sort_unstable();
    lines.join("\n") + "\n"
}

/// Objects are written compact, members sorted, nothing but ASCII, a newline at the end; or indented, which texts are compared for.
fn check_writing(bytes: &[u8], differences: &mut Vec<String>) {
    let written = String::from_utf8_lossy(bytes);
    let Ok(mut sorted @ Value::Object(_)) = proofmark_json::from_slice(bytes) else { return };
    sorted.sort_all_objects();
    let escaped =
        |c: char| -> String { c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect() };
    let ascii = |c: char| if (' '..='~').contains(&c) { c.to_string() } else { escaped(c) };
    let compact: String = sorted.to_string().chars().map(ascii).collect();
    if !written.starts_with("{\n") && !written.starts_with("{\"error\"") && written != compact + "\n" {
        differences.push(format!("not as Flask writes it: {written}"));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
