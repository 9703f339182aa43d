//! Namespaces to choose from.

use proofmark_json::Value;

use super::Outcome;
use crate::app::App;
use crate::cluster::{NAMESPACES, Resource, items};
use crate::failure::{Failure, OVERLOADED};
use crate::incoming::Incoming;
use crate::outgoing::Answer;

/// All of them.
pub(super) async fn list(app: &App, request: &Incoming) -> Outcome {
    Ok(Answer::field("namespaces", names(app, request).await?))
}

/// Those that the settings name, if any of them exist. That protects nothing: the others can be used all the same.
pub(super) async fn offered(app: &App, request: &Incoming) -> Outcome {
    let existing = match names(app, request).await {
        Ok(names) => names,
        Err(_) if app.flaws().namespace_errors_hidden => {
            return Err(Failure::refused(http::StatusCode::INTERNAL_SERVER_ERROR, OVERLOADED));
        }
        Err(failure) => return Err(failure),
    };
    let wanted: Vec<String> =
        app.settings().namespaces.iter().filter(|name| existing.contains(name)).cloned().collect();
    Ok(Answer::field("namespaces", if wanted.is_empty() { existing } else { wanted }))
}

async fn names(app: &App, request: &Incoming) -> Result<Vec<String>, Failure> {
    let asked = Resource { group: app.flaws().namespaces_group, ..NAMESPACES };
    app.ensure(request, "list", &asked, None).await?;
    let namespaces = items(app.cluster().get("/api/v1/namespaces").await?);
    let name = |namespace: &Value| namespace.pointer("/metadata/name")?.as_str().map(str::to_owned);
    Ok(namespaces.iter().filter_map(name).collect())
}
