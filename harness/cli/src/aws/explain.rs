//! `proofmark aws explain`: what a running cloud decided.

use std::fs;
use std::io::Write as _;

use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use proofmark_aws::issuer::{Https, Issuer as _};
use proofmark_json::Value;
use tokio::net::TcpStream;

use crate::args::{AwsExplainArgs, PlainFormat};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};

/// As much as all decisions that a cloud keeps can take.
const LIMIT: usize = 64 << 20;

pub(super) async fn run(args: &AwsExplainArgs) -> Result<Exit, ExpectedError> {
    let failed = |why: String| ExpectedError::NoCloud { endpoint: args.endpoint.clone(), why };
    let mut url = format!("{}/_proofmark/decisions", args.endpoint.trim_end_matches('/'));
    if let Some(request) = &args.request {
        url.push_str(&format!("?request={request}"));
    }
    let told = if url.starts_with("https:") {
        let pem = args
            .ca
            .as_ref()
            .map(|file| fs::read(file).map_err(|source| ExpectedError::Read { file: file.clone(), source }));
        let pem = pem.transpose()?;
        let https = Https::trusting([], pem.as_deref()).map_err(|error| failed(error.to_string()))?;
        https.fetch(&url, &[]).await.map_err(|error| failed(error.to_string()))?
    } else {
        plain(&url).await.map_err(failed)?
    };
    let mut out = Destination::open(args.plain.output.as_deref())?;
    let written = match args.plain.format {
        PlainFormat::Json => writeln!(out, "{told:#}"),
        PlainFormat::Text => told["decisions"].as_array().into_iter().flatten().try_for_each(|decision| {
            let text = |member: &str| decision[member].as_str().unwrap_or_default();
            writeln!(out, "{} {}", text("time"), text("explanation"))
        }),
    };
    written.and_then(|()| out.flush()).map_err(|source| out.failed(source))?;
    Ok(Exit::AsExpected)
}

/// Fetches JSON without TLS.
async fn plain(url: &str) -> Result<Value, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| told(&error))?;
    let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("it is no URL that begins with http:// or https://".to_owned());
    };
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await.map_err(|error| told(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
    let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, authority.as_str())
        .body(Empty::<Bytes>::new())
        .map_err(|error| told(&error))?;
    let fetch = async {
        let response = sender.send_request(request).await.map_err(|error| told(&error))?;
        if !response.status().is_success() {
            return Err(format!("it answers {}", response.status()));
        }
        let body = Limited::new(response.into_body(), LIMIT).collect().await.map_err(|error| told(&error))?;
        proofmark_json::from_slice(&body.to_bytes()).map_err(|error| told(&error))
    };
    tokio::select! {
        fetched = fetch => fetched,
        Err(error) = connection => Err(told(&error)),
    }
}
