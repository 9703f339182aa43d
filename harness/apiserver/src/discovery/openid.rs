//! The keys of service account tokens, for whoever trusts the cluster's issuer.

use bytes::Bytes;
use http::header;

use crate::encode;
use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::server::Call;

const JWKS: &str = "application/jwk-set+json";

/// `/openid/v1/jwks`
pub(super) fn keys(call: &Call<'_>) -> Result<Reply, Refusal> {
    let accept = call.exchange.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let fine = accept.is_empty()
        || accept
            .split(',')
            .any(|a| matches!(a.split(';').next().unwrap_or_default().trim(), JWKS | "*/*" | "application/*"));
    if !fine {
        return Err(encode::not_available(JWKS));
    }
    let body = Bytes::from(call.server.signer.jwks().to_string());
    Ok(Reply::new(200, Content::Document { content_type: JWKS, body }))
}

/// `/.well-known/openid-configuration`
pub(super) fn configuration(call: &Call<'_>) -> Result<Reply, Refusal> {
    if !encode::takes_json(call.exchange.headers) {
        return Err(encode::only_json());
    }
    let keys = format!("https://{}/openid/v1/jwks", call.server.address);
    let document = call.server.signer.openid_configuration(&call.server.issuer, &keys);
    let body = Bytes::from(document.to_string());
    Ok(Reply::new(200, Content::Document { content_type: "application/json", body }))
}
