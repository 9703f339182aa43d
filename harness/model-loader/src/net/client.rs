//! One request, one answer.

use super::pool::{Lent, Pool, Sender};
use super::{Body, ConnectError, NameCheck, NetError, Network, Stream, Trust, Url, proxy, tls};
use crate::environment::Environment;
use crate::host::Host;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

/// Sends requests in one way: what is trusted, how long is waited, whether proxies of the environment are used.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) trust: Trust,
    pub(crate) names: NameCheck,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) proxies: proxy::Proxies,
    /// Connections that are kept; nothing when every request has one of its own.
    pub(crate) kept: Option<Pool>,
}

impl Client {
    /// A client that trusts the system and waits without limit.
    pub(crate) fn new(environment: &Environment) -> Self {
        Self {
            trust: Trust::System,
            names: NameCheck::InHandshake,
            connect_timeout: None,
            read_timeout: None,
            proxies: proxy::Proxies::of(environment),
            kept: None,
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(&self, host: &Host, request: Request) -> Result<Response, NetError> {
        let Request { method, url, mut headers, body } = request;
        let proxy = self.proxies.choose(&url);
        let place = format!("{}:{}:{}", url.https, url.host, url.port_or_default());
        let kept = match &self.kept {
            Some(pool) => pool.take(&place).await,
            None => None,
        };
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.open(host, &url, proxy.as_ref()).await?,
        };
        let target = if proxy.is_some() && !url.https { url.to_string() } else { url.target.clone() };
        let target: http::Uri =
            target.parse().map_err(|_| NetError::Protocol(format!("no request can be made for {url}")))?;
        if !headers.contains_key(header::HOST) {
            let authority =
                HeaderValue::from_str(&url.authority()).map_err(|_| NetError::Connect(ConnectError::UnknownName))?;
            headers.insert(header::HOST, authority);
        }
        let mut message = http::Request::new(Full::new(body));
        *message.method_mut() = method;
        *message.uri_mut() = target;
        *message.headers_mut() = headers;
        let answer = sender.send_request(message);
        let answer = match self.read_timeout {
            Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| NetError::ReadTimeout)?,
            None => answer.await,
        };
        let (parts, incoming) = answer.map_err(|error| failure(&error))?.into_parts();
        let expected = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let lent = self.kept.clone().map(|pool| Lent { pool, place, sender });
        let body = Body::new(incoming, expected, self.read_timeout, lent);
        Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Opens a connection, through a proxy and with TLS where there are to be.
    async fn open(&self, host: &Host, url: &Url, proxy: Option<&Url>) -> Result<Sender, NetError> {
        let stream = match proxy {
            None => self.connect(&*host.network, url).await.map_err(NetError::Connect)?,
            Some(proxy) => {
                let stream =
                    self.connect(&*host.network, proxy).await.map_err(|error| NetError::Proxy(proxy.clone(), error))?;
                if url.https { tunnel(stream, proxy, url).await? } else { stream }
            }
        };
        let stream = match url.https {
            true => tls::handshake(stream, &url.host, &self.trust, self.names, host).await.map_err(NetError::Tls)?,
            false => stream,
        };
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| NetError::Closed)?;
        // Ends by itself when its sender is dropped and the answer has been read or dropped.
        drop(tokio::spawn(connection));
        Ok(sender)
    }

    async fn connect(&self, network: &dyn Network, url: &Url) -> Result<Box<dyn Stream>, ConnectError> {
        let connecting = network.connect(&url.host, url.port_or_default());
        match self.connect_timeout {
            Some(limit) => tokio::time::timeout(limit, connecting).await.map_err(|_| ConnectError::TimedOut)?,
            None => connecting.await,
        }
    }
}

fn failure(error: &hyper::Error) -> NetError {
    if error.is_parse() { NetError::Protocol("bad status line".to_owned()) } else { NetError::Closed }
}

/// Asks a proxy for a tunnel.
async fn tunnel(mut stream: Box<dyn Stream>, proxy: &Url, url: &Url) -> Result<Box<dyn Stream>, NetError> {
    const LONGEST_ANSWER: usize = 16 * 1024;
    let place = format!("{}:{}", url.host, url.port_or_default());
    let ask = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.map_err(|_| NetError::Closed)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > LONGEST_ANSWER {
            return Err(NetError::Protocol("the proxy's answer is too long".to_owned()));
        }
        answer.push(stream.read_u8().await.map_err(|_| NetError::Closed)?);
    }
    let status =
        String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    if status == 200 { Ok(stream) } else { Err(NetError::Tunnel(proxy.clone(), status)) }
}
