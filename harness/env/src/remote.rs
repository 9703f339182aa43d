//! The way to an API server in another process or on another machine.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::Config;
use kube::client::{Body, ClientBuilder};
use tower::layer::layer_fn;

use crate::EnvError;
use crate::error::told;
use crate::limit::Limited;
use crate::transport::{BoxError, Transport, WireBody, erase, transport};

/// A client by a configuration, for controllers: it tries again what the server asks to try again. An answer must come within `answer`, all attempts counted.
///
/// # Errors
/// [`EnvError::Kubeconfig`] when the credentials cannot be had.
pub(crate) fn client(config: Config, answer: Duration) -> Result<kube::Client, EnvError> {
    let builder = ClientBuilder::try_from(config).map_err(|error| EnvError::Kubeconfig(told(&error)))?;
    Ok(builder.with_layer(&layer_fn(|inner| Limited { inner, answer })).build())
}

/// A transport by a configuration, for scenarios: one request is one exchange.
///
/// # Errors
/// [`EnvError::Kubeconfig`] when the credentials cannot be had.
pub(crate) fn connect(mut config: Config, answer: Duration) -> Result<Transport, EnvError> {
    config.default_retry = false;
    let client = Arc::new(client(config, answer)?);
    Ok(transport(tower::service_fn(move |request: Request<WireBody>| send(client.clone(), request))))
}

async fn send(client: Arc<kube::Client>, request: Request<WireBody>) -> Result<Response<WireBody>, BoxError> {
    let (parts, body) = request.into_parts();
    let body: Bytes = body.collect().await?.to_bytes();
    let response = client.send(Request::from_parts(parts, Body::from(body))).await.map_err(|error| match error {
        kube::Error::Service(error) => error,
        error => error.into(),
    })?;
    Ok(response.map(erase))
}
