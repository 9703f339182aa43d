//! Plays cases: sends what their steps say to a server in this process, and compares the answers.
//!
//! Requests carry the administrator's token, as those of the recordings did, unless a step brings other credentials or none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WARNING};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use proofmark_apiserver::{ApiServer, Body};
use proofmark_controllers::{Controllers, LegacyToken, Options, SecretTokens};
use proofmark_handover::Offered;
use proofmark_identity::{Claims, ObjectRef, TokenSigner};
use proofmark_json::{Map, Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::case::{Act, Case, Names, Step};
use crate::webhook::Hook;
use crate::{body, diff, normalise};

/// Passes before a step, as on any network: what the step before set off is done by then.
const PACE: Duration = Duration::from_millis(1);
/// How long an answer is waited for, and the one that a step wants.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long events are waited for.
const EVENTS: Duration = Duration::from_secs(10);
/// The first and the longest pause between two tries of a request.
const RETRY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// Why a step has no answer.
type Failure = Box<dyn std::error::Error>;

/// A step that was played.
pub(crate) struct Played {
    /// What it did.
    pub(crate) step: String,
    /// How its answer differs from the recorded one.
    pub(crate) differences: Vec<String>,
}

/// A server, with its controllers or alone.
pub(crate) struct World {
    server: ApiServer,
    _controllers: Option<Controllers>,
    /// Whether bodies are handed over as values instead of as text.
    offers: bool,
}

impl World {
    /// A fresh server alone.
    pub(crate) fn bare() -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        Self { server, _controllers: None, offers: false }
    }

    /// A fresh one.
    pub(crate) async fn start() -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let signer = TokenSigner::simulator();
        let sign = move |token: LegacyToken<'_>| {
            let account =
                ObjectRef { name: token.service_account.to_owned(), uid: token.service_account_uid.to_owned() };
            signer.sign(&Claims::legacy(token.namespace, &account, token.secret))
        };
        let clock = server.clone();
        let options = Options {
            clock: Arc::new(move || clock.now()),
            root_ca: server.authority().certificate_pem(),
            secret_tokens: Some(SecretTokens::new(sign)),
        };
        let controllers = proofmark_controllers::start(kube::Client::new(server.service(), "default"), options);
        controllers.ready().await;
        Self { server, _controllers: Some(controllers), offers: false }
    }

    /// The same, whose clients hand the bodies of requests over instead of writing them.
    pub(crate) fn offering(self) -> Self {
        Self { offers: true, ..self }
    }

    /// Plays every step of a case in order.
    pub(crate) async fn play(&self, case: &Case) -> Vec<Played> {
        let mut names = Names::of(case);
        let mut watches = BTreeMap::new();
        let mut hook = None;
        let mut all = Vec::with_capacity(case.steps.len());
        for step in &case.steps {
            sleep(PACE).await;
            let step = names.read(step).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            if step.act == Act::Serve {
                let hook = hook.get_or_insert_with(|| Hook::serve(self.server.webhooks()));
                hook.answer(step.answers);
                hook.name(&mut names);
                continue;
            }
            let told = told(&step);
            let acted = match (step.act, &hook) {
                (Act::Seen, Some(hook)) => Ok(json!({"body": hook.seen()})),
                _ => self.act(&step, &mut watches).await,
            };
            let differences = match acted {
                Ok(answer) => {
                    save(&step, &answer, &mut names);
                    let answer = normalise::comparable(answer, &step.compared);
                    diff::diff(&normalise::expectation(step.expect), &answer)
                }
                Err(failure) => vec![format!("no answer: {failure}")],
            };
            all.push(Played { step: told, differences });
        }
        all
    }

    async fn act(&self, step: &Step, watches: &mut BTreeMap<String, Watch>) -> Result<Value, Failure> {
        match step.act {
            Act::Request => self.ask(step).await,
            Act::Watch => {
                let response = self.send(step).await?;
                if response.status() != 200 {
                    return answer(response).await;
                }
                watches.insert(step.id.clone(), Watch::on(response.into_body()));
                Ok(json!({"status": 200, "body": null}))
            }
            Act::Serve | Act::Seen => Err("no webhook is served".into()),
            Act::Events => {
                let watch = watches.get_mut(&step.id).ok_or("the watch is not open")?;
                Ok(json!({"body": watch.take(step.count, Duration::try_from_secs_f64(step.quiet)?).await}))
            }
        }
    }

    /// Sends a request until its answer satisfies the step, or patience ends.
    async fn ask(&self, step: &Step) -> Result<Value, Failure> {
        let (end, mut pause) = (Instant::now() + PATIENCE, RETRY.0);
        loop {
            let answer = answer(self.send(step).await?).await?;
            if satisfies(&answer, &step.wait) || Instant::now() >= end {
                return Ok(answer);
            }
            sleep(pause).await;
            pause = RETRY.1.min(pause * 2);
        }
    }

    async fn send(&self, step: &Step) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder().method(step.method.as_str()).uri(&step.path);
        let raw = || step.raw.clone().map(String::into_bytes);
        let body = step.body.as_ref().map(body::write).transpose()?.or_else(raw);
        if let Some(headers) = request.headers_mut() {
            headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
            if body.is_some() {
                headers.insert(CONTENT_TYPE, step.content_type.parse()?);
            }
            for (name, value) in &step.headers {
                headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
            }
            let token = step.token.as_deref().unwrap_or(self.server.admin_token());
            if !token.is_empty() {
                headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
            }
            if let Some(user) = &step.user {
                headers.append("impersonate-user", HeaderValue::try_from(user)?);
                for group in &step.groups {
                    headers.append("impersonate-group", HeaderValue::try_from(group)?);
                }
                for (key, value) in &step.extra {
                    let name = HeaderName::try_from(format!("impersonate-extra-{key}"))?;
                    headers.append(name, HeaderValue::try_from(value)?);
                }
            }
        }
        let mut request = request.body(Bytes::from(body.unwrap_or_default()))?;
        if let Some(value) = step.body.clone().filter(|_| self.offers && !quotes_body(step)) {
            *request.body_mut() = Bytes::new();
            request.extensions_mut().insert(Offered(value));
        }
        Ok(timeout(PATIENCE, self.server.handle(request)).await??)
    }
}

/// Whether the answer has to show how the body was spelled.
fn quotes_body(step: &Step) -> bool {
    // Some expect a whole body, others only what is at some pointers of it.
    let messages = ["/body/message", "/body/~1message"];
    let message = messages.iter().find_map(|at| step.expect.pointer(at)).and_then(Value::as_str);
    message.is_some_and(|words| words.contains("is unrecognized"))
}

/// A step in a line.
fn told(step: &Step) -> String {
    match (step.act, &step.user) {
        (Act::Events, _) => format!("events of watch {}", step.id),
        (Act::Serve | Act::Seen, _) => "what the webhook was asked".to_owned(),
        (Act::Watch, _) => format!("watch {}", step.path),
        (Act::Request, Some(user)) => format!("{} {} as {user}", step.method, step.path),
        (Act::Request, None) => format!("{} {}", step.method, step.path),
    }
}

/// Keeps what a step saves. What the answer lacks gets a name that later differences show.
fn save(step: &Step, answer: &Value, names: &mut Names) {
    for (name, at) in &step.save {
        match answer["body"].pointer(at) {
            Some(value) => names.save(name, value),
            None => names.save(name, &format!("nothing-at-{at}").into()),
        }
    }
}

fn satisfies(answer: &Value, wait: &Map) -> bool {
    wait.iter().all(|(at, want)| {
        let found = if at == "status" { answer.get("status") } else { answer["body"].pointer(at) };
        match want.as_str() {
            Some("?") => found.is_some(),
            Some("!") => found.is_none(),
            _ => found == Some(want),
        }
    })
}

/// A whole answer as recordings have it.
async fn answer(response: Response<Body>) -> Result<Value, Failure> {
    let (head, body) = response.into_parts();
    let bytes = timeout(PATIENCE, body.collect()).await??.to_bytes();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let payload: Value = proofmark_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
    let content_type = head.headers.get(CONTENT_TYPE).map(text).unwrap_or_default().replace(' ', "");
    let mut answer = json!({"status": head.status.as_u16(), "type": content_type, "body": payload});
    let warnings: Vec<_> = head.headers.get_all(WARNING).iter().map(text).collect();
    if !warnings.is_empty() {
        answer["warning"] = warnings.into();
    }
    Ok(answer)
}

/// An open watch; its events are read as they come.
struct Watch(UnboundedReceiver<Value>);

impl Watch {
    fn on(mut body: Body) -> Self {
        let (sender, events) = unbounded_channel();
        tokio::spawn(async move {
            let mut rest = Vec::new();
            while let Some(Ok(frame)) = body.frame().await {
                rest.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    match proofmark_json::from_slice(&line).map(|event| sender.send(event)) {
                        Ok(Ok(())) => {}
                        _ => return,
                    }
                }
            }
        });
        Self(events)
    }

    /// The events since the last time: at least so many, unless they stay away, and then until it is quiet for a while.
    async fn take(&mut self, count: usize, quiet: Duration) -> Vec<Value> {
        let (end, mut last) = (Instant::now() + EVENTS, Instant::now());
        let mut events = Vec::new();
        loop {
            let until = if events.len() < count { end } else { end.min(last + quiet) };
            let Ok(Some(event)) = timeout_at(until, self.0.recv()).await else { return events };
            events.push(event);
            last = Instant::now();
        }
    }
}
