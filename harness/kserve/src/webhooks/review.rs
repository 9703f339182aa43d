//! Reviews of `admission.k8s.io/v1beta1`, read and answered as controller-runtime does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Response;
use proofmark_controllers::kit::{Error, object};
use proofmark_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::config::ConfigError;

/// A question of the API server.
pub(crate) struct Review {
    uid: String,
    pub(crate) operation: String,
    pub(crate) namespace: String,
    /// The object as it would be stored; on a deletion the one that goes.
    pub(crate) object: Value,
    /// The object as it is stored.
    pub(crate) old: Option<Value>,
}

/// The reason of what a validator refuses.
const FORBIDDEN: &str = "Forbidden";

/// Why something is not admitted.
#[derive(Debug)]
pub(crate) enum Denied {
    /// A code and words; on refusals that come from the API server itself its whole status.
    With(Value),
    /// The original panics with these words.
    Panic(String),
}

impl Denied {
    /// Refuses in a validator's words.
    pub(crate) fn because(words: impl Into<String>) -> Self {
        Self::With(json!({"code": 403, "reason": FORBIDDEN, "message": words.into()}))
    }

    /// The object does not fit the types of the webhook.
    pub(crate) fn unreadable(words: impl Into<String>) -> Self {
        Self::With(json!({"code": 400, "message": words.into()}))
    }

    /// Something went wrong on the way to a decision.
    pub(crate) fn failed(words: impl Into<String>) -> Self {
        Self::With(json!({"code": 500, "message": words.into()}))
    }
}

impl Denied {
    /// The same as an error on the way: whatever code it had, it is 500.
    pub(super) fn on_the_way(self) -> Self {
        match self {
            Self::With(status) => Self::failed(object::text(&status, "/message")),
            panic @ Self::Panic(_) => panic,
        }
    }

    /// The same where everything that goes wrong makes the original panic.
    pub(super) fn panics(self) -> Self {
        match self {
            Self::With(status) => Self::Panic(object::text(&status, "/message").to_owned()),
            panic @ Self::Panic(_) => panic,
        }
    }

    /// What the API server is told; nothing where a panic ends the exchange instead.
    fn status(self, behaviour: Behaviour) -> Option<Value> {
        match self {
            Self::With(status) if status["reason"] == FORBIDDEN && !behaviour.refusals_have_messages => {
                Some(json!({"code": 403, "reason": status["message"]}))
            }
            Self::With(status) => Some(status),
            Self::Panic(words) if behaviour.recovers_panics => {
                Some(json!({"code": 500, "message": format!("panic: {words} [recovered]")}))
            }
            Self::Panic(_) => None,
        }
    }
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(status) => Self::With(proofmark_json::to_value(&*status).unwrap_or_default()),
            other => Self::failed(other.to_string()),
        }
    }
}

impl From<ConfigError> for Denied {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Api(error) => error.into(),
            other => Self::because(other.to_string()),
        }
    }
}

impl Review {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut review: Value = proofmark_json::from_slice(body).ok()?;
        let mut request = review.get_mut("request")?.take();
        let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (uid, operation, namespace) = (text("uid"), text("operation"), text("namespace"));
        let old = request.get_mut("oldObject").map(Value::take).filter(Value::is_object);
        let object = request.get_mut("object").map(Value::take).filter(Value::is_object).or_else(|| old.clone())?;
        Some(Self { uid, operation, namespace, object, old })
    }

    /// Admits, with the object that it shall become if that is another; or denies; or does not answer at all.
    pub(super) fn answer(
        &self,
        decided: Result<Option<Value>, Denied>,
        behaviour: Behaviour,
    ) -> Option<Response<Bytes>> {
        let mut response = json!({"uid": self.uid, "allowed": decided.is_ok()});
        match decided {
            Ok(Some(object)) if object != self.object => {
                let patch = json!([{"op": "replace", "path": "", "value": object}]).to_string();
                response["patchType"] = json!("JSONPatch");
                response["patch"] = json!(STANDARD.encode(patch));
            }
            Ok(_) => {}
            Err(denied) => response["status"] = denied.status(behaviour)?,
        }
        let review = json!({"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "response": response});
        Some(plain(200, &review.to_string()))
    }
}

pub(super) fn plain(code: u16, text: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(text.as_bytes()));
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response
}
