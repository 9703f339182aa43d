//! `conversion`: between versions, by nobody or by a webhook.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use super::definition::{Definition, object, text};
use super::go;
use super::options::Options;
use super::spec::{one_of, version_label};
use crate::path::item;
use proofmark_text::{Url, content};

/// The versions of `ConversionReview` that the server understands.
const REVIEWS: [&str; 2] = ["v1", "v1beta1"];

/// Everything wrong with the conversion.
pub(super) fn validate(new: &Definition<'_>, options: &Options) -> Vec<FieldError> {
    let Some(conversion) = new.conversion else {
        return Vec::new();
    };
    let mut errors = Vec::new();
    let strategy = text(conversion, "strategy");
    if strategy != "None" && new.preserve_unknown_fields {
        let detail = "must be None if spec.preserveUnknownFields is true";
        errors.push(FieldError::invalid("spec.conversion.strategy", strategy, detail));
    }
    errors.extend(one_of("spec.conversion.strategy", strategy, &["None", "Webhook"]));
    let webhook = object(conversion, "webhook");
    let client = webhook.and_then(|w| object(w, "clientConfig"));
    let reviews = reviews(webhook);
    let at = "spec.conversion.webhookClientConfig";
    if strategy == "Webhook" {
        match client {
            None => errors.push(FieldError::required(at, "required when strategy is set to Webhook")),
            Some(client) => errors.extend(validate_client(client, at, options)),
        }
        errors.extend(validate_reviews(webhook, &reviews, options));
    } else {
        let detail = "should not be set when strategy is not set to Webhook";
        if client.is_some() {
            errors.push(FieldError::forbidden(at, detail));
        }
        if !reviews.is_empty() {
            errors.push(FieldError::forbidden("spec.conversion.conversionReviewVersions", detail));
        }
    }
    errors
}

/// The versions of `ConversionReview` that a webhook takes.
pub(super) fn reviews(webhook: Option<&Map>) -> Vec<&str> {
    let all = webhook.and_then(|w| w.get("conversionReviewVersions")).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether the server understands one of them, or there are none.
pub(super) fn understood_or_none(reviews: &[&str]) -> bool {
    reviews.is_empty() || reviews.iter().any(|r| REVIEWS.contains(r))
}

fn validate_reviews(webhook: Option<&Map>, reviews: &[&str], options: &Options) -> Vec<FieldError> {
    let at = "spec.conversion.conversionReviewVersions";
    if reviews.is_empty() {
        return vec![FieldError::required(at, "")];
    }
    let mut errors = Vec::new();
    for (i, version) in reviews.iter().enumerate() {
        if reviews[..i].contains(version) {
            errors.push(FieldError::invalid(item(at, i), *version, "duplicate version"));
        } else {
            errors.extend(version_label(&item(at, i), version));
        }
    }
    if options.require_known_review && !understood_or_none(reviews) {
        let value = webhook.map_or(Value::Null, |w| go::texts(w, "conversionReviewVersions"));
        errors.push(FieldError::invalid(at, value, format!("must include at least one of {}", REVIEWS.join(", "))));
    }
    errors
}

fn validate_client(client: &Map, at: &str, options: &Options) -> Vec<FieldError> {
    let url = client.get("url").and_then(Value::as_str);
    let mut errors = match (url, object(client, "service")) {
        (Some(url), None) => validate_url(url, &format!("{at}.url")),
        (None, Some(service)) => validate_service(service, &format!("{at}.service")),
        _ => vec![FieldError::required(at, "exactly one of url or service is required")],
    };
    let bundle = text(client, "caBundle");
    if !options.allow_invalid_bundle && is_bad_bundle(bundle) {
        let detail = "unable to load root certificates: unable to parse bytes as PEM block";
        errors.push(FieldError::invalid(format!("{at}.caBundle"), bundle, detail));
    }
    errors
}

/// Whether a CA bundle (base64 of PEM) is given and holds no certificate.
pub(super) fn is_bad_bundle(bundle: &str) -> bool {
    let certificate = |pem: &[u8]| {
        let pem = String::from_utf8_lossy(pem);
        let body = pem
            .split_once("-----BEGIN CERTIFICATE-----")
            .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"));
        let body: Option<String> = body.map(|(body, _)| body.split_whitespace().collect());
        body.is_some_and(|body| STANDARD.decode(body).is_ok_and(|der| !der.is_empty()))
    };
    !bundle.is_empty() && !STANDARD.decode(bundle).is_ok_and(|pem| certificate(&pem))
}

fn validate_url(text: &str, at: &str) -> Vec<FieldError> {
    let form = "; desired format: https://host[/path]";
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(why) => {
            return vec![FieldError::required(at, format!("url must be a valid URL: {why}{form}"))];
        }
    };
    let mut errors = Vec::new();
    if url.scheme != "https" {
        errors.push(FieldError::invalid(at, url.scheme, format!("'https' is the only allowed URL scheme{form}")));
    }
    if url.host.is_empty() {
        errors.push(FieldError::invalid(at, url.host, format!("host must be specified{form}")));
    }
    if let Some(user) = url.user {
        errors.push(FieldError::invalid(at, user, "user information is not permitted in the URL"));
    }
    if !url.fragment.is_empty() {
        errors.push(FieldError::invalid(at, url.fragment, "fragments are not permitted in the URL"));
    }
    if !url.query.is_empty() {
        errors.push(FieldError::invalid(at, url.query, "query parameters are not permitted in the URL"));
    }
    errors
}

fn validate_service(service: &Map, at: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    // Kubernetes hands over name and namespace in the wrong order: a missing namespace is reported as a missing name.
    for (given, reported) in [("namespace", "name"), ("name", "namespace")] {
        if text(service, given).is_empty() {
            errors.push(FieldError::required(format!("{at}.{reported}"), ""));
        }
    }
    let port = service.get("port").and_then(Value::as_i64).unwrap_or_default();
    if !(1..=65535).contains(&port) {
        let detail = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(format!("{at}.port"), port, detail));
    }
    errors.extend(validate_path(text(service, "path"), &format!("{at}.path")));
    errors
}

fn validate_path(path: &str, at: &str) -> Vec<FieldError> {
    let complain = |detail: String| FieldError::invalid(at, path, detail);
    match path {
        "" | "/" => return Vec::new(),
        "//" => return vec![complain("segment[0] may not be empty".to_owned())],
        _ => {}
    }
    let mut errors = Vec::new();
    if !path.starts_with('/') {
        errors.push(complain("must start with a '/'".to_owned()));
    }
    let mut rest = path.chars();
    rest.next();
    let rest = rest.as_str();
    for (i, step) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if step.is_empty() {
            errors.push(complain(format!("segment[{i}] may not be empty")));
        } else {
            errors.extend(content::dns_subdomain(step).into_iter().map(|why| complain(format!("segment[{i}]: {why}"))));
        }
    }
    errors
}
