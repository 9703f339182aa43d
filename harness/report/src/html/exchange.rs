//! A request and its answer.

use proofmark_env::Body;
use proofmark_replay::Evidence;

use super::decision;
use crate::failure::clip;

/// How many characters of a body a page carries.
const CARRIED: usize = 20_000;

/// An exchange as a page tells it.
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) class: &'static str,
    pub(super) identity: String,
    pub(super) at: String,
    pub(super) sent_headers: String,
    pub(super) sent: String,
    pub(super) got_headers: String,
    pub(super) got: String,
    /// HTML
    pub(super) decision: Option<String>,
}

impl Exchange {
    pub(super) fn of(evidence: &Evidence) -> askama::Result<Self> {
        Ok(Self {
            method: evidence.request.method.clone(),
            path: evidence.request.path.clone(),
            status: evidence.response.status,
            class: match evidence.response.status {
                200..400 => "held",
                _ => "bad",
            },
            identity: evidence.identity.clone(),
            at: time(evidence.at_ms),
            sent_headers: evidence.request.headers.join("\n"),
            sent: body(&evidence.request.body),
            got_headers: evidence.response.headers.join("\n"),
            got: body(&evidence.response.body),
            decision: evidence.decision.as_ref().map(decision::drawn).transpose()?,
        })
    }
}

fn body(body: &Body) -> String {
    match body {
        Body::Empty => String::new(),
        Body::Json(value) => clip(&format!("{value:#}"), CARRIED),
        Body::Text(text) => clip(text, CARRIED),
        Body::Omitted(bytes) => format!("({bytes} bytes, not kept)"),
        Body::Stream => "(a stream)".to_owned(),
    }
}

/// `320 ms`, `12.5 s`
pub(super) fn time(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}
