//! What a body must hold.

use http::StatusCode;

use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::python::Json;

const REQUIRED: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// The object in a body. Whether it is one that the path can take is left to the API server.
pub(super) fn object(app: &App, request: &Incoming) -> Result<Json, Failure> {
    let body = request.json(app.settings())?;
    let missing = |name: &str| {
        Failure::refused(StatusCode::BAD_REQUEST, format!("Parameter '{name}' is missing from the request's body."))
    };
    if !app.flaws().odd_bodies_crash && !matches!(body, Json::Dict(_)) {
        return Err(Failure::refused(StatusCode::BAD_REQUEST, "Request body must be a JSON object."));
    }
    for name in REQUIRED {
        // What `name in body` means in Python depends on what the body is.
        let is_there = match &body {
            Json::Dict(members) => members.contains_key(name),
            Json::List(items) => items.contains(&Json::Text(name.to_owned())),
            Json::Text(text) => text.contains(name),
            _ => return Err(Failure::Crash("the body is not iterable".to_owned())),
        };
        if !is_there {
            return Err(missing(name));
        }
    }
    Ok(body)
}
