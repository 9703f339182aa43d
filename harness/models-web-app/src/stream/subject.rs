//! What can be followed.

use proofmark_json::{Value, json};

use crate::app::App;
use crate::cluster::{EVENTS, SERVICES, escape, events_of};
use crate::failure::Failure;
use crate::handlers::{mark, typed_event};

/// What a stream is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Services { namespace: String },
    Service { namespace: String, name: String },
    Events { namespace: String, name: String },
}

impl Subject {
    /// Where it is read.
    pub(super) fn path(&self, app: &App) -> String {
        match self {
            Self::Services { namespace } => app.cluster().path(&SERVICES.resource, namespace, None),
            Self::Service { namespace, name } => app.cluster().path(&SERVICES.resource, namespace, Some(name)),
            Self::Events { namespace, name } => {
                let selector = events_of(SERVICES.name, name, app.flaws().selectors_unescaped);
                format!("{}?{selector}", app.cluster().path(&EVENTS, namespace, None))
            }
        }
    }

    /// Where its changes after a version are read, for a minute.
    pub(super) fn watch_path(&self, app: &App, version: &str) -> String {
        let base = match self {
            Self::Services { .. } => self.path(app) + "?",
            Self::Service { namespace, name } => {
                let selector = escape(&format!("metadata.name={name}"));
                format!("{}?fieldSelector={selector}&", app.cluster().path(&SERVICES.resource, namespace, None))
            }
            Self::Events { .. } => self.path(app) + "&",
        };
        format!("{base}resourceVersion={}&timeoutSeconds=60&watch=True", escape(version))
    }

    /// Whether it is one object.
    pub(super) fn is_one(&self) -> bool {
        matches!(self, Self::Service { .. })
    }

    /// An object as clients see it.
    pub(super) fn shown(&self, app: &App, mut object: Value) -> Value {
        match self {
            Self::Events { .. } => typed_event(&object),
            _ => {
                mark(app, &mut object);
                object
            }
        }
    }

    /// What a client is told first.
    pub(super) fn initial(&self, objects: Vec<Value>) -> Value {
        match self {
            Self::Services { .. } => json!({"type": "INITIAL", "items": objects}),
            Self::Service { .. } => json!({"type": "INITIAL", "object": objects.into_iter().next()}),
            Self::Events { .. } => json!({"type": "INITIAL", "object": null, "items": objects}),
        }
    }

    /// What a client is told of a change.
    pub(super) fn change(&self, kind: &str, object: &Value) -> Value {
        self.with_items(json!({"type": kind, "object": object}))
    }

    /// What a client is told when something went wrong.
    pub(super) fn error(&self, app: &App, failure: &Failure) -> Value {
        let words = words(app, failure);
        let not_found = if self.is_one() && app.flaws().reasons_lost { "Resource not found: " } else { "" };
        self.with_items(json!({"type": "ERROR", "object": {"message": format!("{not_found}{words}")}}))
    }

    fn with_items(&self, mut data: Value) -> Value {
        if matches!(self, Self::Events { .. }) {
            data["items"] = Value::Null;
        }
        data
    }
}

/// The released ones show the exception that they caught.
pub(super) fn words(app: &App, failure: &Failure) -> String {
    if app.flaws().reasons_lost { failure.to_string() } else { failure.words() }
}
