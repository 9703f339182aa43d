//! What a client accepts.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/negotiation`, release 1.35: the clauses of `Accept` in order of quality, the
//! first that can be served wins; `as`, `g` and `v` ask for another shape.

use http::{HeaderMap, header};

use crate::refusal::Refusal;
use crate::request::Query;

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
}

/// What a client accepts.
#[derive(Debug, Clone)]
pub(crate) struct Negotiated {
    pub(crate) form: Form,
    pub(crate) shape: Shape,
    /// How something is written that has no other shape than its own, a `Status` mostly; none if the client takes no such thing.
    pub(crate) plain: Option<Form>,
    /// Discovery is liked best in one document.
    pub(crate) aggregated: bool,
    /// For people to read, with indentation.
    pub(crate) pretty: bool,
    /// Nothing that the client accepts can be served.
    pub(crate) unacceptable: bool,
    /// A media type is named that the routes of built-in resources have; these look at nothing else.
    pub(crate) routed: bool,
}

struct Clause<'a> {
    media: &'a str,
    params: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl Clause<'_> {
    /// A parameter; empty if there is none.
    fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(k, _)| *k == name).map_or("", |(_, v)| *v)
    }
}

impl Negotiated {
    /// Reads a request's `Accept`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = accepted(headers);
        let clauses = clauses(if text.trim().is_empty() { "*/*" } else { &text });
        let routed = clauses.iter().any(|clause| ROUTED.contains(&clause.media));
        let (mut first, mut plain, mut aggregated) = (None, None, false);
        for clause in &clauses {
            let form = match clause.media {
                "application/json" | "*/*" | "application/*" => Form::Json,
                "application/yaml" => Form::Yaml,
                "application/vnd.kubernetes.protobuf" => Form::Protobuf,
                _ => continue,
            };
            match shape(clause) {
                // Tables have no protobuf.
                Some(Shape::Table(_)) if form == Form::Protobuf => {}
                Some(shape) => {
                    plain = plain.or((shape == Shape::Object).then_some(form));
                    first = first.or(Some((form, shape)));
                }
                None => aggregated |= plain.is_none() && asks_for_discovery(clause),
            }
        }
        let unacceptable = first.is_none();
        let (form, shape) = first.unwrap_or((Form::Json, Shape::Object));
        Self { form, shape, plain, aggregated, pretty: false, unacceptable, routed }
    }

    /// Indented if the query says so, or, where it says nothing, for browsers, curl and wget.
    ///
    /// Source: `isPrettyPrint` of the same package.
    #[must_use]
    pub(crate) fn for_people(self, query: &Query, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).map_or(&b""[..], |agent| agent.as_bytes());
        let pretty = match query.get("pretty").filter(|told| !told.is_empty()) {
            Some(told) => crate::request::parse_bool(told),
            None => [&b"curl"[..], b"Wget", b"Mozilla/5.0"].iter().any(|person| agent.starts_with(person)),
        };
        Self { pretty, ..self }
    }

    /// The refusal, if a plain object cannot be served. That of custom resources, which have no routes, does not tell unknown forms from
    /// unknown shapes.
    pub(crate) fn refuses_object(&self, custom: bool, watch: bool) -> Option<Refusal> {
        if !custom && !self.routed {
            return Some(super::not_acceptable(watch));
        }
        self.unacceptable.then(super::only_media_types)
    }
}

/// The media types of the routes of built-in resources.
const ROUTED: [&str; 4] = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "*/*"];

/// Whether a client names JSON at all, or anything: all that routes look at which have nothing else.
pub(crate) fn takes_json(headers: &HeaderMap) -> bool {
    let text = accepted(headers);
    text.trim().is_empty() || clauses(&text).iter().any(|clause| matches!(clause.media, "application/json" | "*/*"))
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

fn asks_for_discovery(clause: &Clause<'_>) -> bool {
    ["as", "g", "v"].map(|name| clause.param(name)) == ["APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"]
}

/// The shape that a clause asks for; none for one that does not exist.
fn shape(clause: &Clause<'_>) -> Option<Shape> {
    let param = |name: &str| clause.param(name);
    let version = match param("v") {
        "v1" => Some("v1"),
        "v1beta1" => Some("v1beta1"),
        _ => None,
    };
    match (param("as"), param("g")) {
        ("", _) => Some(Shape::Object),
        ("Table", "meta.k8s.io") => version.map(Shape::Table),
        ("PartialObjectMetadata", "meta.k8s.io") => version.map(Shape::Partial),
        ("PartialObjectMetadataList", "meta.k8s.io") => version.map(Shape::PartialList),
        _ => None,
    }
}
