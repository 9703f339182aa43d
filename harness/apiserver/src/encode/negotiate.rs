//! What a client accepts.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/negotiation`, release 1.35: the clauses of `Accept` in order of quality, the
//! first that can be served wins; `as`, `g` and `v` ask for another shape.

use http::{HeaderMap, header};

use crate::refusal::Refusal;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Yaml,
    Protobuf,
}

/// The shape that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The object itself.
    Object,
    /// `meta.k8s.io` Table, of a version.
    Table(&'static str),
    /// PartialObjectMetadata, of a version.
    Partial(&'static str),
    /// PartialObjectMetadataList, of a version.
    PartialList(&'static str),
    /// Aggregated discovery.
    Discovery,
}

/// What a client accepts.
#[derive(Debug, Clone)]
pub(crate) struct Negotiated {
    pub(crate) form: Form,
    pub(crate) shape: Shape,
    /// Nothing that the client accepts can be served.
    pub(crate) unacceptable: bool,
    /// A shape was asked for that does not exist.
    pub(crate) bad_shape: bool,
}

struct Clause<'a> {
    media: &'a str,
    params: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl Negotiated {
    /// Reads a request's `Accept`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = accepted(headers);
        let plain = |form| Self { form, shape: Shape::Object, unacceptable: false, bad_shape: false };
        if text.trim().is_empty() {
            return plain(Form::Json);
        }
        let mut bad_shape = false;
        for clause in clauses(&text) {
            let form = match clause.media {
                "application/json" | "*/*" => Form::Json,
                "application/yaml" => Form::Yaml,
                "application/vnd.kubernetes.protobuf" => Form::Protobuf,
                _ => continue,
            };
            // Tables have no protobuf.
            match shape(&clause).filter(|shape| form != Form::Protobuf || !matches!(shape, Shape::Table(_))) {
                Some(shape) => {
                    return Self { form, shape, unacceptable: false, bad_shape: false };
                }
                None => bad_shape = true,
            }
        }
        Self { unacceptable: true, bad_shape, ..plain(Form::Json) }
    }

    /// The refusal, if a plain object cannot be served. That of custom resources does not tell unknown forms from unknown shapes.
    pub(crate) fn refuses_object(&self, custom: bool, watch: bool) -> Option<Refusal> {
        self.unacceptable.then(|| match custom || self.bad_shape {
            true => super::only_media_types(),
            false => super::not_acceptable(watch),
        })
    }
}

/// The offered media type that a client likes best; none when it takes none of them. Without wishes of its own that is the first.
///
/// Source: `k8s.io/kube-openapi/pkg/handler`, which reads `Accept` by rules of its own.
pub(crate) fn choose<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let text = accepted(headers);
    let text = if text.trim().is_empty() { "*/*" } else { &text };
    clauses(text).iter().find_map(|clause| {
        let (kind, subtype) = clause.media.split_once('/')?;
        let fits = |media: &&&str| {
            media.split_once('/').is_some_and(|(k, s)| (kind == "*" || kind == k) && (subtype == "*" || subtype == s))
        };
        offered.iter().find(fits).copied()
    })
}

fn accepted(headers: &HeaderMap) -> String {
    let text: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok()).collect();
    text.join(",")
}

/// The clauses of an Accept header in order of quality.
fn clauses(text: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = text
        .split(',')
        .map(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let media = pieces.next().unwrap_or_default();
            let params: Vec<(&str, &str)> = pieces.filter_map(|p| p.split_once('=')).collect();
            let quality = params.iter().find(|(k, _)| *k == "q").and_then(|(_, v)| v.parse().ok()).unwrap_or(1.0);
            Clause { media, params, quality }
        })
        .collect();
    clauses.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    clauses
}

/// The shape that a clause asks for; none for one that does not exist.
fn shape(clause: &Clause<'_>) -> Option<Shape> {
    let param = |name: &str| clause.params.iter().find(|(k, _)| *k == name).map_or("", |(_, v)| *v);
    let version = match param("v") {
        "v1" => Some("v1"),
        "v1beta1" => Some("v1beta1"),
        _ => None,
    };
    match (param("as"), param("g")) {
        ("", _) => Some(Shape::Object),
        ("APIGroupDiscoveryList", "apidiscovery.k8s.io") if param("v") == "v2" => Some(Shape::Discovery),
        ("Table", "meta.k8s.io") => version.map(Shape::Table),
        ("PartialObjectMetadata", "meta.k8s.io") => version.map(Shape::Partial),
        ("PartialObjectMetadataList", "meta.k8s.io") => version.map(Shape::PartialList),
        _ => None,
    }
}
