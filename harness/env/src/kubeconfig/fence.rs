//! Lets a run make objects, and change what it made; nothing else.
//!
//! A request passes if it reads, or if it asks something without leaving an object behind (access reviews, tokens, dry runs). A creation gets the run's
//! label and is remembered. A change or a deletion passes if it is about something that was remembered, or about something in a namespace that was:
//! what controllers put in there is ours as well. So is a namespace that a controller made for an object of ours, which its owners tell. The deletion of a whole
//! collection passes if everything in it was remembered, and then only for what has the run's label, whatever comes in between.
//! An apply of something that is not there is a creation. Where nothing may be written at all, only reading and asking passes. Anything else is not sent; the caller gets [`EnvError::Foreign`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use proofmark_json::{Value, json};

use super::LABEL;
use super::path::ApiPath;
use super::removal::Made;
use crate::EnvError;
use crate::transport::{BoxError, Transport, WireBody, full, send, transport};

/// Groups whose objects are questions.
const QUESTIONS: [&str; 2] = ["authorization.k8s.io", "authentication.k8s.io"];

/// The fence around one case.
pub(super) struct Fence {
    open: Transport,
    run: String,
    read_only: bool,
    ledger: Mutex<Ledger>,
}

/// What a case has made.
#[derive(Default)]
struct Ledger {
    /// Objects, oldest first.
    made: Vec<Made>,
    namespaces: BTreeSet<String>,
}

/// What is to happen with a request.
enum Ruling {
    Pass,
    /// It makes something.
    Label,
    /// It deletes a collection.
    Narrow,
    Refuse,
}

impl Fence {
    pub(super) fn new(open: Transport, run: &str, read_only: bool) -> Self {
        Self { open, run: run.to_owned(), read_only, ledger: Mutex::default() }
    }

    /// The way to the cluster through this fence.
    pub(super) fn transport(self: Arc<Self>) -> Transport {
        transport(tower::service_fn(move |request: Request<WireBody>| {
            let fence = self.clone();
            async move { fence.pass(request).await }
        }))
    }

    /// Takes what an earlier case of the run has made for this one's.
    pub(super) fn adopt(&self, made: Vec<Made>) {
        self.ledger(|ledger| ledger.made.splice(..0, made).for_each(drop));
    }

    /// What was made, oldest first.
    pub(super) fn made(&self) -> Vec<Made> {
        self.ledger(|ledger| ledger.made.clone())
    }

    fn ledger<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn pass(&self, request: Request<WireBody>) -> Result<Response<WireBody>, BoxError> {
        let (mut parts, body) = request.into_parts();
        let mut body = body.collect().await?.to_bytes();
        let labels = match self.rule(&parts).await? {
            Ruling::Pass => false,
            Ruling::Label => true,
            Ruling::Narrow => {
                parts.uri = narrowed(&parts.uri, &self.run)?;
                false
            }
            Ruling::Refuse => {
                let what = format!("{} {}", parts.method, parts.uri.path());
                return Err(EnvError::Foreign(what).into());
            }
        };
        if labels {
            body = self
                .labelled(&body)
                .ok_or_else(|| EnvError::Request("what is made must be an object in JSON".to_owned()))?;
            parts.headers.remove(header::CONTENT_LENGTH);
        }
        let path = parts.uri.path().to_owned();
        let response = send(&self.open, Request::from_parts(parts, full(body))).await?;
        if !labels || response.status() != StatusCode::CREATED {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        self.remember(&path, &proofmark_json::from_slice(&body).unwrap_or_default());
        Ok(Response::from_parts(parts, full(body)))
    }

    async fn rule(&self, request: &http::request::Parts) -> Result<Ruling, BoxError> {
        if matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(Ruling::Pass);
        }
        let Some(path) = ApiPath::parse(request.uri.path()) else { return Ok(Ruling::Refuse) };
        let asks = QUESTIONS.contains(&path.group)
            || (path.resource == "serviceaccounts" && path.subresource == Some("token"));
        let dry = request.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "dryRun=All"));
        if asks || dry {
            return Ok(Ruling::Pass);
        }
        if self.read_only {
            return Ok(Ruling::Refuse);
        }
        if request.method == Method::POST && path.subresource.is_none() {
            return Ok(Ruling::Label);
        }
        if request.method == Method::DELETE && path.name.is_none() && path.namespace.is_none() {
            let all_ours = self.made_all(path.place).await?;
            return Ok(if all_ours { Ruling::Narrow } else { Ruling::Refuse });
        }
        if self.ledger(|ledger| ledger.made.iter().any(|made| made.path == path.place)) {
            return Ok(Ruling::Pass);
        }
        let in_ours = match path.namespace {
            Some(namespace) if path.resource != "namespaces" => self.is_ours(namespace).await?,
            _ => false,
        };
        if is_apply(request) && self.get(path.place).await?.is_none() {
            return Ok(Ruling::Label);
        }
        Ok(if in_ours { Ruling::Pass } else { Ruling::Refuse })
    }

    /// Whether everything in a collection was made by this case.
    async fn made_all(&self, collection: &str) -> Result<bool, BoxError> {
        let list = self.get(collection).await?.unwrap_or_default();
        let Some(items) = list["items"].as_array() else { return Ok(false) };
        let is_ours = |ledger: &Ledger, item: &Value| {
            let (name, uid) = (&item["metadata"]["name"], &item["metadata"]["uid"]);
            let path = format!("{collection}/{}", name.as_str().unwrap_or_default());
            ledger.made.iter().any(|made| *uid == made.uid.as_str() && made.path == path)
        };
        Ok(self.ledger(|ledger| items.iter().all(|item| is_ours(ledger, item))))
    }

    /// Whether a namespace was made by this case, or for an object of this case.
    async fn is_ours(&self, namespace: &str) -> Result<bool, BoxError> {
        if self.ledger(|ledger| ledger.namespaces.contains(namespace)) {
            return Ok(true);
        }
        let Some(object) = self.get(&format!("/api/v1/namespaces/{namespace}")).await? else { return Ok(false) };
        let owners = object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(self.ledger(|ledger| {
            let owned = owners
                .iter()
                .filter_map(|owner| owner["uid"].as_str())
                .any(|uid| ledger.made.iter().any(|made| made.uid == uid));
            if owned {
                ledger.namespaces.insert(namespace.to_owned());
            }
            owned
        }))
    }

    /// What is at a path, if anything is.
    async fn get(&self, path: &str) -> Result<Option<Value>, BoxError> {
        let mut request = Request::new(full(Bytes::new()));
        *request.uri_mut() = path.parse()?;
        let response = send(&self.open, request).await?;
        let found = response.status() != StatusCode::NOT_FOUND;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(found.then(|| proofmark_json::from_slice(&body).unwrap_or_default()))
    }

    fn labelled(&self, body: &[u8]) -> Option<Bytes> {
        let mut object: Value = proofmark_json::from_slice(body).ok()?;
        let metadata = object.as_object_mut()?.entry("metadata").or_insert_with(|| json!({})).as_object_mut()?;
        let labels = metadata.entry("labels").or_insert_with(|| json!({}));
        if labels.is_null() {
            *labels = json!({});
        }
        labels.as_object_mut()?.insert(LABEL.to_owned(), self.run.as_str().into());
        Some(object.to_string().into())
    }

    fn remember(&self, path: &str, object: &Value) {
        let (metadata, Some(parsed)) = (&object["metadata"], ApiPath::parse(path)) else { return };
        let Some(name) = metadata["name"].as_str() else { return };
        self.ledger(|ledger| {
            let path = if parsed.name.is_some() { parsed.place.to_owned() } else { format!("{}/{name}", parsed.place) };
            ledger.made.push(Made { path, uid: metadata["uid"].as_str().unwrap_or_default().to_owned() });
            if parsed.group.is_empty() && parsed.resource == "namespaces" {
                ledger.namespaces.insert(name.to_owned());
            }
        });
    }
}

fn is_apply(request: &http::request::Parts) -> bool {
    let media_type =
        request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method == Method::PATCH && media_type.starts_with("application/apply-patch")
}

/// The same address of a collection for no more than what has the run's label. Of several label selectors an API server takes the first, so ours joins the one that is there.
fn narrowed(uri: &Uri, run: &str) -> Result<Uri, BoxError> {
    let given: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let (selectors, others): (Vec<_>, Vec<_>) = given.into_iter().partition(|(name, _)| name == "labelSelector");
    let selector = selectors.into_iter().next().map(|(_, selector)| selector).filter(|selector| !selector.is_empty());
    let selector = selector.into_iter().chain([format!("{LABEL}={run}")]).collect::<Vec<_>>().join(",");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others).append_pair("labelSelector", &selector);
    Ok(format!("{}?{}", uri.path(), query.finish()).parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/apis/g/v1/xs", "/apis/g/v1/xs?labelSelector=proofmark.dev%2Frun%3Dr")]
    #[case(
        "/apis/g/v1/xs?labelSelector=a%3Db&timeoutSeconds=5&labelSelector=c",
        "/apis/g/v1/xs?timeoutSeconds=5&labelSelector=a%3Db%2Cproofmark.dev%2Frun%3Dr"
    )]
    fn a_collection_is_narrowed_to_what_is_ours(#[case] asked: &str, #[case] sent: &str) {
        assert_eq!(narrowed(&asked.parse().unwrap(), "r").unwrap(), sent);
    }
}
