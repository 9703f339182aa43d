//! Several documents in one request: all are read before the first is created, and what was created stays.
//!
//! Answers have a shape of their own, without the envelope.

use http::StatusCode;
use proofmark_json::{Value, json};

use super::Outcome;
use crate::app::App;
use crate::cluster::{GRAPHS, Kind, SERVICES, TRAINED_MODELS};
use crate::failure::{Failure, phrase};
use crate::incoming::Incoming;
use crate::outgoing::Answer;
use crate::python::{Json, dumps, text};

/// What may be created so.
static SUPPORTED: [&Kind; 3] = [&SERVICES, &GRAPHS, &TRAINED_MODELS];

pub(super) async fn create(app: &App, request: &Incoming) -> Outcome {
    let body = request.json(app.settings())?;
    let namespace = request.namespace();
    let documents = match documents(body) {
        Ok(documents) => documents,
        Err(message) => return Ok(refused(StatusCode::BAD_REQUEST, &[], None, message)),
    };
    let mut kinds = Vec::new();
    for (index, document) in (1..).zip(&documents) {
        match kind_of(index, document) {
            Ok(kind) => kinds.push(kind),
            Err(message) => {
                let about = about(app, document, namespace)?;
                return Ok(refused(StatusCode::BAD_REQUEST, &[], Some((index, about)), message));
            }
        }
    }
    let mut created = Vec::new();
    for ((index, mut document), kind) in (1..).zip(documents).zip(kinds) {
        let about = about(app, &document, namespace)?;
        if let Err(failure) = create_one(app, request, kind, &mut document).await {
            let status = Some(failure.status()).filter(|status| status.as_u16() >= 400);
            let named = |field: &str| document.get(field).map(text).unwrap_or_default();
            let name = document.get("metadata").and_then(|metadata| metadata.get("name")).map(text).unwrap_or_default();
            let reason = reason(app, &failure);
            let message = format!("Failed to create document {index} ({}/{name}): {reason}", named("kind"));
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Ok(refused(status, &created, Some((index, about)), message));
        }
        created.extend(about);
    }
    let message = format!("{} KServe resource(s) successfully created.", created.len());
    Ok(Answer::json(StatusCode::CREATED, json!({"createdResources": created, "message": message})))
}

/// Creates a document in the namespace of the path, whatever it says itself.
async fn create_one(app: &App, request: &Incoming, kind: &Kind, document: &mut Json) -> Result<(), Failure> {
    app.ensure_here(request, "create", &kind.resource).await?;
    if let Json::Dict(members) = document
        && let Some(Json::Dict(metadata)) = members.get_mut("metadata")
    {
        metadata.insert("namespace".to_owned(), Json::Text(request.namespace().to_owned()));
    }
    if app.flaws().reviews_twice {
        app.ensure_here(request, "create", &kind.resource).await?;
    }
    app.cluster().create(&kind.resource, request.namespace(), dumps(document)).await
}

fn documents(body: Json) -> Result<Vec<Json>, String> {
    let Json::Dict(mut members) = body else { return Err("Request body must be a JSON object.".to_owned()) };
    match members.shift_remove("resources") {
        Some(Json::List(documents)) if !documents.is_empty() => Ok(documents),
        _ => Err("Request body must include a non-empty \"resources\" list.".to_owned()),
    }
}

/// What a document wants to be, or what it lacks.
fn kind_of(index: usize, document: &Json) -> Result<&'static Kind, String> {
    if !matches!(document, Json::Dict(_)) {
        return Err(format!("Document {index}: resource must be an object."));
    }
    let missing = |field: &str| Err(format!("Document {index}: missing required field {field}."));
    let given = |field: &str| document.get(field).filter(|value| value.is_truthy());
    let Some(api_version) = given("apiVersion") else { return missing("apiVersion") };
    let Some(kind) = given("kind") else { return missing("kind") };
    let Some(metadata @ Json::Dict(_)) = document.get("metadata") else { return missing("metadata") };
    if !metadata.get("name").is_some_and(Json::is_truthy) {
        return missing("metadata.name");
    }
    if matches!(document.get("spec"), None | Some(Json::Null)) {
        return missing("spec");
    }
    let (api_version, kind) = (text(api_version), text(kind));
    let supported = |known: &&&Kind| known.api_version() == api_version && known.name == kind;
    if let Some(known) = SUPPORTED.iter().find(supported) {
        return Ok(known);
    }
    let all: Vec<String> = SUPPORTED.iter().map(|known| format!("{} {}", known.api_version(), known.name)).collect();
    Err(format!(
        "Document {index}: unsupported resource {api_version} {kind}. Supported resources: {}.",
        all.join(", ")
    ))
}

/// How a document is named in answers, if it says what kind it is.
fn about(app: &App, document: &Json, namespace: &str) -> Result<Option<Value>, Failure> {
    let Some(kind) = document.get("kind").filter(|kind| kind.is_truthy()) else { return Ok(None) };
    let told = |value: Option<&Json>| value.map(Value::from).unwrap_or_default();
    let name = match document.get("metadata") {
        Some(metadata @ Json::Dict(_)) => told(metadata.get("name")),
        Some(metadata) if metadata.is_truthy() && app.flaws().odd_bodies_crash => {
            return Err(Failure::Crash("'str' object has no attribute 'get'".to_owned()));
        }
        _ => Value::Null,
    };
    let api_version = told(document.get("apiVersion"));
    Ok(Some(json!({"apiVersion": api_version, "kind": Value::from(kind), "name": name, "namespace": namespace})))
}

/// Why a document was not created. The original tells the phrase of the status, not what the API server said.
fn reason(app: &App, failure: &Failure) -> String {
    match failure {
        Failure::Refused(status, words) => format!("{} {}: {words}", status.as_u16(), phrase(*status)),
        Failure::Api(api) if app.flaws().reasons_lost => phrase(api.status).to_owned(),
        Failure::Api(_) => failure.words(),
        Failure::Unreachable(why) | Failure::Crash(why) => why.clone(),
    }
}

fn refused(status: StatusCode, created: &[Value], failed: Option<(usize, Option<Value>)>, message: String) -> Answer {
    let mut answer = json!({"createdResources": created, "message": message});
    if let Some((index, about)) = failed {
        answer["failedDocumentIndex"] = json!(index);
        if let Some(about) = about {
            answer["failedResource"] = about;
        }
    }
    Answer::json(status, answer)
}
