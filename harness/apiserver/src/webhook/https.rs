//! A call over the network: one TLS connection, one HTTP/1.1 request.

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::certificate;
use super::target::ClientConfig;

/// Sends a request to `address` (`host:port`). The error is Go's text.
pub(super) async fn post(
    config: &ClientConfig,
    address: &str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    let tls = certificate::client(&config.ca_bundle)?;
    let stream = TcpStream::connect(address).await.map_err(|error| dialing(address, &error))?;
    let _ = stream.set_nodelay(true);
    let name = config.server_name();
    let server_name =
        ServerName::try_from(name.clone()).map_err(|_| format!("dial tcp: lookup {name}: no such host"))?;
    let stream =
        TlsConnector::from(tls).connect(server_name, stream).await.map_err(|e| certificate::words(&e, &name))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| interrupted(&e))?;
    let driver = tokio::spawn(connection);
    let outcome = exchange(&mut sender, request).await;
    driver.abort();
    outcome.map_err(|e| interrupted(&e))
}

async fn exchange(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    request: Request<Bytes>,
) -> hyper::Result<Response<Bytes>> {
    let (mut parts, body) = request.into_parts();
    // On the wire the host has a header of its own.
    if let Some(host) = parts.uri.authority().and_then(|a| header::HeaderValue::from_str(a.as_str()).ok()) {
        parts.headers.insert(header::HOST, host);
    }
    if let Some(path) = parts.uri.path_and_query().cloned() {
        parts.uri = path.into();
    }
    let response = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
    let (parts, body) = response.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}

/// Go's words for a connection that was not made.
fn dialing(address: &str, error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let is_ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok();
    let why = match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset by peer",
        ErrorKind::TimedOut => "connection timed out",
        ErrorKind::HostUnreachable => "no route to host",
        ErrorKind::NetworkUnreachable => "network is unreachable",
        _ if !is_ip => return format!("dial tcp: lookup {host}: no such host"),
        _ => return format!("dial tcp {address}: connect: {error}"),
    };
    format!("dial tcp {address}: connect: {why}")
}

/// Go's words for a connection that ended early.
fn interrupted(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_closed() { "EOF".to_owned() } else { error.to_string() }
}
