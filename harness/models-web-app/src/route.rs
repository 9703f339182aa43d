//! Paths and methods. The rules are written as Flask's are, because metrics name them.

use http::Method;

use crate::cluster::{Child, GRAPHS, Kind, SERVICES};
use crate::release::{Behaviour, Part};

/// What a route does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Endpoint {
    Liveness,
    Readiness,
    Metrics,
    Info,
    Namespaces,
    StorageClasses,
    DefaultStorageClass,
    Config,
    ConfigNamespaces,
    List(&'static Kind),
    Get(&'static Kind),
    Create(&'static Kind),
    Update(&'static Kind),
    Delete(&'static Kind),
    Events(&'static Kind),
    Containers,
    ContainerLogs,
    Child(&'static Child),
    Standard,
    ModelMesh,
    Resources,
    StreamList,
    StreamOne,
    StreamEvents,
    StreamLogs,
    Static,
    Page,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) rule: &'static str,
    method: Method,
    pub(crate) endpoint: Endpoint,
    /// The part of the app to which it belongs; every release has those without.
    part: Option<Part>,
}

/// A route, and what its path says.
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) route: &'static Route,
    pub(crate) names: Names,
}

/// What the variable parts of a path hold.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(&'static str, String)>);

impl Names {
    /// A variable part; empty when the rule has none of this name.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// All of them.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

const fn get(rule: &'static str, endpoint: Endpoint, part: Option<Part>) -> Route {
    Route { rule, method: Method::GET, endpoint, part }
}

const fn post(rule: &'static str, endpoint: Endpoint, part: Option<Part>) -> Route {
    Route { rule, method: Method::POST, endpoint, part }
}

const fn put(rule: &'static str, endpoint: Endpoint, part: Option<Part>) -> Route {
    Route { rule, method: Method::PUT, endpoint, part }
}

const fn delete(rule: &'static str, endpoint: Endpoint, part: Option<Part>) -> Route {
    Route { rule, method: Method::DELETE, endpoint, part }
}

const CHILDREN: Option<Part> = Some(Part::Children);
const LATER: Option<Part> = Some(Part::Graphs);
const STREAMS: Option<Part> = Some(Part::Streams);

/// The first rule that fits a path is the one.
#[rustfmt::skip]
static ROUTES: &[Route] = &[
    get("/healthz/liveness", Endpoint::Liveness, None),
    get("/healthz/readiness", Endpoint::Readiness, None),
    get("/metrics", Endpoint::Metrics, None),
    get("/info", Endpoint::Info, None),
    get("/api/namespaces", Endpoint::Namespaces, None),
    get("/api/storageclasses", Endpoint::StorageClasses, None),
    get("/api/storageclasses/default", Endpoint::DefaultStorageClass, None),
    get("/api/config", Endpoint::Config, CHILDREN),
    get("/api/config/namespaces", Endpoint::ConfigNamespaces, LATER),
    get("/api/namespaces/<namespace>/inferenceservices", Endpoint::List(&SERVICES), None),
    post("/api/namespaces/<namespace>/inferenceservices", Endpoint::Create(&SERVICES), None),
    get("/api/namespaces/<namespace>/inferenceservices/<name>", Endpoint::Get(&SERVICES), None),
    put("/api/namespaces/<namespace>/inferenceservices/<name>", Endpoint::Update(&SERVICES), CHILDREN),
    delete("/api/namespaces/<namespace>/inferenceservices/<name>", Endpoint::Delete(&SERVICES), None),
    get("/api/namespaces/<namespace>/inferenceservices/<name>/events", Endpoint::Events(&SERVICES), None),
    get("/api/namespaces/<namespace>/inferenceservices/<name>/components/<component>/pods/containers", Endpoint::Containers, LATER),
    get("/api/namespaces/<namespace>/inferenceservices/<name>/components/<component>/pods/containers/<container>/logs", Endpoint::ContainerLogs, LATER),
    get("/api/namespaces/<namespace>/inferenceservices/<name>/standard/<component>", Endpoint::Standard, CHILDREN),
    get("/api/namespaces/<namespace>/inferenceservices/<name>/modelmesh/<component>", Endpoint::ModelMesh, CHILDREN),
    get("/api/namespaces/<namespace>/knativeServices/<name>", Endpoint::Child(&Child::KNATIVE_SERVICE), None),
    get("/api/namespaces/<namespace>/configurations/<name>", Endpoint::Child(&Child::CONFIGURATION), None),
    get("/api/namespaces/<namespace>/revisions/<name>", Endpoint::Child(&Child::REVISION), None),
    get("/api/namespaces/<namespace>/routes/<name>", Endpoint::Child(&Child::ROUTE), None),
    get("/api/namespaces/<namespace>/deployments/<name>", Endpoint::Child(&Child::DEPLOYMENT), CHILDREN),
    get("/api/namespaces/<namespace>/services/<name>", Endpoint::Child(&Child::SERVICE), CHILDREN),
    get("/api/namespaces/<namespace>/hpas/<name>", Endpoint::Child(&Child::AUTOSCALER), CHILDREN),
    get("/api/namespaces/<namespace>/inferencegraphs", Endpoint::List(&GRAPHS), LATER),
    post("/api/namespaces/<namespace>/inferencegraphs", Endpoint::Create(&GRAPHS), LATER),
    get("/api/namespaces/<namespace>/inferencegraphs/<name>", Endpoint::Get(&GRAPHS), LATER),
    put("/api/namespaces/<namespace>/inferencegraphs/<name>", Endpoint::Update(&GRAPHS), LATER),
    delete("/api/namespaces/<namespace>/inferencegraphs/<name>", Endpoint::Delete(&GRAPHS), LATER),
    get("/api/namespaces/<namespace>/inferencegraphs/<name>/events", Endpoint::Events(&GRAPHS), LATER),
    post("/api/namespaces/<namespace>/kserve-resources", Endpoint::Resources, Some(Part::Resources)),
    get("/api/sse/namespaces/<namespace>/inferenceservices", Endpoint::StreamList, STREAMS),
    get("/api/sse/namespaces/<namespace>/inferenceservices/<name>", Endpoint::StreamOne, STREAMS),
    get("/api/sse/namespaces/<namespace>/inferenceservices/<name>/events", Endpoint::StreamEvents, STREAMS),
    get("/api/sse/namespaces/<namespace>/inferenceservices/<name>/logs", Endpoint::StreamLogs, STREAMS),
    get("/static/<path:filename>", Endpoint::Static, None),
    get("/index.html", Endpoint::Page, None),
    get("/", Endpoint::Page, None),
    get("/<path:path>", Endpoint::Page, None),
];

/// The route of a request; a path that has none for the method gives nothing.
pub(crate) fn find(behaviour: &Behaviour, metrics: bool, method: &Method, path: &str) -> Option<Match> {
    let mut fitting = fitting(behaviour, metrics, path);
    // Every path answers OPTIONS; the first rule that fits speaks for it.
    let asked = |route: &Route| match *method {
        Method::OPTIONS => true,
        Method::HEAD => route.method == Method::GET,
        _ => route.method == *method,
    };
    fitting.find(|(route, _)| asked(route)).map(|(route, names)| Match { route, names })
}

/// The methods that a path has, sorted.
pub(crate) fn methods(behaviour: &Behaviour, metrics: bool, path: &str) -> Vec<String> {
    let mut methods: Vec<String> =
        fitting(behaviour, metrics, path).map(|(route, _)| route.method.to_string()).collect();
    methods.push(Method::OPTIONS.to_string());
    if methods.iter().any(|method| method == "GET") {
        methods.push(Method::HEAD.to_string());
    }
    methods.sort_unstable();
    methods.dedup();
    methods
}

fn fitting<'a>(
    behaviour: &'a Behaviour,
    metrics: bool,
    path: &'a str,
) -> impl Iterator<Item = (&'static Route, Names)> + 'a {
    let served = move |route: &&Route| {
        let off = matches!(route.endpoint, Endpoint::Metrics) && !metrics;
        !off && route.part.is_none_or(|part| behaviour.has(part))
    };
    let path = path.trim_start_matches('/');
    ROUTES
        .iter()
        .filter(served)
        .filter_map(move |route| Some((route, names(route.rule.trim_start_matches('/'), path)?)))
}

/// Whether a path fits a rule, and what its variable parts hold then.
fn names(rule: &'static str, path: &str) -> Option<Names> {
    let mut names = Vec::new();
    let (mut rule, mut path) = (rule.split('/'), path.split('/'));
    loop {
        match (rule.next(), path.next()) {
            (None, None) => return Some(Names(names)),
            (Some(part), Some(first)) => match part.strip_prefix('<').and_then(|part| part.strip_suffix('>')) {
                None if part == first => {}
                None => return None,
                Some(_) if first.is_empty() => return None,
                Some(name) => match name.strip_prefix("path:") {
                    Some(name) => {
                        let rest: Vec<&str> = std::iter::once(first).chain(path).collect();
                        names.push((name, rest.join("/")));
                        return Some(Names(names));
                    }
                    None => names.push((name, first.to_owned())),
                },
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::Release;

    #[rstest]
    #[case(
        Release::V1_0_1,
        "GET",
        "/api/namespaces/a/inferenceservices",
        Some("/api/namespaces/<namespace>/inferenceservices")
    )]
    #[case(Release::V1_0_1, "GET", "//info", Some("/info"))]
    #[case(Release::V1_0_1, "GET", "/info/", Some("/<path:path>"))]
    #[case(Release::V1_0_1, "POST", "/info", None)]
    #[case(Release::V1_0_1, "HEAD", "/static/a/b.js", Some("/static/<path:filename>"))]
    #[case(Release::V1_0_1, "GET", "/static/", Some("/<path:path>"))]
    #[case(Release::V1_0_1, "GET", "/api/namespaces//inferenceservices", Some("/<path:path>"))]
    #[case(Release::V1_0_1, "FOO", "/", None)]
    #[case(Release::V0_14_0, "GET", "/api/config", Some("/<path:path>"))]
    #[case(Release::V0_14_0, "PUT", "/api/namespaces/a/inferenceservices/b", None)]
    fn the_first_rule_that_fits(
        #[case] release: Release,
        #[case] method: Method,
        #[case] path: &str,
        #[case] rule: Option<&str>,
    ) {
        assert_eq!(find(release.behaviour(), true, &method, path).map(|found| found.route.rule), rule);
    }

    #[test]
    fn every_rule_of_a_path_adds_its_method() {
        let path = "/api/namespaces/a/inferenceservices/b";
        assert_eq!(methods(Release::V1_0_1.behaviour(), true, path), ["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]);
        assert_eq!(methods(Release::V0_14_0.behaviour(), true, path), ["DELETE", "GET", "HEAD", "OPTIONS"]);
    }
}
