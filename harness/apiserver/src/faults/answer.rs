//! What becomes of a struck request.
//!
//! The words are those of a real server in the state that the fault pretends. Source: `k8s.io/apiserver/pkg/server/filters` (429, 503, 504),
//! `k8s.io/apiserver/pkg/registry/generic/registry` and `pkg/storage` (409, 410), `go.etcd.io/etcd/api/v3rpc/rpctypes` (500), release 1.35.

use proofmark_json::Value;
use proofmark_registry::meta;
use proofmark_status::{Details, Reason, Status};

use super::{Failure, Moment, NoReply, StatusCode};
use crate::decode::{self, Format};
use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::route;
use crate::server::Call;

/// After so many seconds a real server asks its clients to try again.
const SOON: u32 = 1;

/// Answers a request, unless a fault strikes it. The second part are the faults that did, as text.
pub(crate) async fn answer(call: &Call<'_>) -> (Result<Reply, NoReply>, Vec<String>) {
    let strike = call.server.faults.strike(call.user, call.exchange.info);
    if !strike.latency.is_zero() {
        tokio::time::sleep(strike.latency).await;
    }
    let answered = match strike.failure {
        None => route::route(call).await.map_err(NoReply::Refused),
        Some(Failure::Reset(Moment::Request)) => Err(NoReply::Reset),
        Some(Failure::Reset(Moment::Answer)) => {
            // Whatever the answer is, nobody hears it.
            drop(route::route(call).await);
            Err(NoReply::Reset)
        }
        Some(Failure::EndWatch { events, expired }) => ending(call, events, expired).await,
        Some(Failure::Status { code: StatusCode::Expired, .. }) if call.exchange.info.verb == "watch" => {
            ending(call, 0, true).await
        }
        Some(Failure::Status { code, retry_after }) => Err(refusal(call, code, retry_after).into()),
    };
    (answered, strike.faults)
}

/// A watch that ends after so many events.
async fn ending(call: &Call<'_>, events: u64, expired: bool) -> Result<Reply, NoReply> {
    let mut reply = route::route(call).await?;
    if let Content::Watch(watch) = &mut reply.content {
        watch.end_after(events, expired.then(|| call.server.store.snapshot().revision()));
    }
    Ok(reply)
}

fn refusal(call: &Call<'_>, code: StatusCode, retry_after: Option<u32>) -> Refusal {
    let info = call.exchange.info;
    match code {
        StatusCode::Conflict if info.verb == "create" && info.subresource.is_empty() => taken(call),
        StatusCode::Conflict => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Status::conflict(&info.group, &info.resource, &info.name, why).into()
        }
        StatusCode::Expired => {
            Status::new(410, Reason::Expired, "The resourceVersion for the provided list is too old.").into()
        }
        StatusCode::TooManyRequests => {
            let words = Refusal::Text(429, "Too many requests, please try again later.\n".to_owned());
            Refusal::Later(retry_after.unwrap_or(SOON), Box::new(words))
        }
        StatusCode::InternalError => Refusal::untyped(500, "etcdserver: request timed out"),
        StatusCode::Unavailable => {
            let status = Status::new(503, Reason::ServiceUnavailable, "apiserver is shutting down");
            Refusal::Later(retry_after.unwrap_or(SOON), Box::new(status.into()))
        }
        StatusCode::Timeout => {
            let words = "Timeout: request did not complete within requested timeout - context deadline exceeded";
            Status::new(504, Reason::Timeout, words).with_details(Details::default()).into()
        }
    }
}

/// 409 of a creation: the name is taken, or no generated one was free.
fn taken(call: &Call<'_>) -> Refusal {
    let info = call.exchange.info;
    let object = body(call).unwrap_or_default();
    let (name, prefix) = (meta::text(&object, "name"), meta::text(&object, "generateName"));
    if !name.is_empty() || prefix.is_empty() {
        return Status::already_exists(&info.group, &info.resource, name).into();
    }
    let name = format!("{prefix}{}", call.server.random.suffix());
    let mut status = Status::already_exists(&info.group, &info.resource, &name);
    status.message.push_str(", the server was not able to generate a unique name for the object");
    let about = Details { name, group: info.group.clone(), kind: info.resource.clone(), ..Details::default() };
    status.with_details(Details { retry_after_seconds: SOON, ..about }).into()
}

/// What the client sent, whatever its form.
fn body(call: &Call<'_>) -> Option<Value> {
    let body = &call.exchange.body.text();
    match Format::of(call.exchange.header("content-type"))? {
        Format::Json => decode::json(body).ok(),
        Format::Yaml => decode::yaml(body).ok(),
        Format::Protobuf => proofmark_builtin::proto::decode(body).ok().map(|read| read.value),
    }
}
