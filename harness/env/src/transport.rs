//! The way to an API server: any tower service that answers HTTP requests, with its types erased.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

/// An error of unknown type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A message body of unknown type.
pub type WireBody = UnsyncBoxBody<Bytes, BoxError>;
/// A service that answers requests to the Kubernetes API. Whoever sends without impersonation headers must be an administrator.
pub type Transport = BoxCloneSyncService<Request<WireBody>, Response<WireBody>, BoxError>;

/// Makes a [`Transport`] of a service.
pub fn transport<S, B>(service: S) -> Transport
where
    S: Service<Request<WireBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    BoxCloneSyncService::new(service.map_response(|response| response.map(erase)).map_err(Into::into))
}

/// Erases a body's type.
pub(crate) fn erase<B>(body: B) -> WireBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// A body that is complete.
pub(crate) fn full(bytes: Bytes) -> WireBody {
    erase(Full::new(bytes))
}

/// Sends one request.
pub(crate) fn send(
    by: &Transport,
    request: Request<WireBody>,
) -> BoxFuture<'static, Result<Response<WireBody>, BoxError>> {
    by.clone().oneshot(request).boxed()
}
