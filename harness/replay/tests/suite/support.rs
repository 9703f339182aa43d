//! A small world to play in: an API server with one kind of object, one bug, and one fix.
//!
//! Objects are kept by path. Who impersonates nobody may do anything. Others may use `models` if the bug is not there (or the ClusterRole
//! `fix` is): viewers may read, everybody else may also write.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use proofmark_env::{
    Cluster, Decision, EnvError, Environment, Identity, Plan, Rest, Universe, WireBody, simulated_runtime, transport,
};
use proofmark_json::{Value, json};
use proofmark_replay::{Affected, Expected, Link, Resource, Scenario, Target, permissions, step};
use proofmark_status::Status;

pub(crate) const MODELS: Resource = Resource::new("example.org", "v1", "models", "Model");
pub(crate) const ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");

/// How long a case may take here.
pub(crate) const LIMIT: Duration = Duration::from_secs(3600);

/// A world with this is slow: nobody knows when its controllers have done their work, and the model `late` is only there after [`LATE`].
pub(crate) const SLOW: &str = "Slow";
/// When a slow world's controllers have done their work, and how long that is doubted.
pub(crate) const LATE: Duration = Duration::from_secs(5);
pub(crate) const DOUBT: Duration = Duration::from_secs(20);

/// Which worlds there are: with the bug, without it, a slow one, one that cannot be built, one that never stands, one that answers nothing, one that cannot be
/// taken away, and one that never is.
pub(crate) struct World;

impl Environment for World {
    fn runtime(&self) -> io::Result<tokio::runtime::Runtime> {
        simulated_runtime()
    }

    fn case_limit(&self) -> Option<Duration> {
        Some(LIMIT)
    }

    fn prepare(&self, plan: Plan) -> LocalBoxFuture<'_, Result<Universe, EnvError>> {
        async move {
            let is = |what: &str| plan.manifests.iter().any(|object| object["kind"] == what);
            if is("Broken") {
                return Err(EnvError::Prepare { what: "the world".into(), why: "it is broken".into() });
            }
            if is("Endless") {
                std::future::pending::<()>().await;
            }
            if is("Silent") {
                let silent = tower::service_fn(|_| std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>());
                return Ok(Universe::new(Cluster::new(transport(silent), Duration::from_millis(1)), ()));
            }
            let api = Api { bug: is("Bug"), seed: plan.seed, objects: Arc::default() };
            if is(SLOW) {
                let objects = api.objects.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(LATE).await;
                    let path = MODELS.in_namespace("a").named("late").path();
                    objects.lock().unwrap().push((path, MODELS.object(Some("a"), "late", json!({}))));
                });
            }
            let service = transport(tower::service_fn(move |request| api.clone().answer(request)));
            let instant = Duration::from_millis(1);
            let guess = Rest::WhenStill { still: instant, limit: instant, doubt: DOUBT };
            let rest = if is(SLOW) { guess } else { Rest::After(instant) };
            let universe = Universe::new(Cluster::new(service, rest), ());
            let stays = || async { Err(EnvError::LeftBehind("the world".into())) }.boxed_local();
            if is("Stuck") {
                return Ok(universe.ending(|| std::future::pending().boxed_local()));
            }
            Ok(if is("Sticky") { universe.ending(stays) } else { universe })
        }
        .boxed_local()
    }
}

#[derive(Clone)]
struct Api {
    bug: bool,
    seed: u64,
    objects: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Api {
    async fn answer(self, request: Request<WireBody>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let body: Value = proofmark_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or(Value::Null);
        let user = parts.headers.get("impersonate-user").map(|v| v.to_str().unwrap().to_owned());
        let (status, answer) = self.handle(parts.method.as_str(), parts.uri.path(), user.as_deref(), body);
        let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
        *response.status_mut() = status.try_into().unwrap();
        let (allowed, user) = (status != 403, user.unwrap_or_else(|| "admin".into()));
        let explanation = if allowed {
            "allowed: the world lets it pass"
        } else {
            "denied: nothing grants it\n  a role that would: ClusterRole fix"
        };
        response.extensions_mut().insert(Decision::in_words(allowed, user, explanation));
        Ok(response)
    }

    fn handle(&self, method: &str, path: &str, user: Option<&str>, body: Value) -> (u16, Value) {
        let mut objects = self.objects.lock().unwrap();
        let fixed = !self.bug || objects.iter().any(|(path, _)| path.ends_with("/clusterroles/fix"));
        let verbs: &[&str] = match user {
            Some(user) if user.contains("viewer") => &["get", "list"],
            _ => &["get", "list", "create", "patch", "delete"],
        };
        if path.ends_with("/selfsubjectrulesreviews") {
            let rule = json!({"apiGroups": ["example.org"], "resources": ["models"], "verbs": verbs});
            return (
                201,
                json!({"kind": "SelfSubjectRulesReview", "status": {"resourceRules": if fixed { vec![rule] } else { vec![] }}}),
            );
        }
        let segments: Vec<&str> = path.split('/').collect();
        let (namespace, name) = (segments.get(5).copied().unwrap_or_default(), segments.get(7).copied());
        if path.contains("/models") {
            let verb = match (method, name) {
                ("GET", Some(_)) => "get",
                ("GET", None) => "list",
                ("POST", _) => "create",
                ("PATCH", _) => "patch",
                _ => "delete",
            };
            if let Some(user) = user.filter(|_| !fixed || !verbs.contains(&verb)) {
                let place = MODELS.in_namespace(namespace);
                let place = name.map_or(place.clone(), |name| place.named(name));
                return (403, place.forbidden(user, verb).to_value());
            }
        }
        let at = objects.iter().position(|(kept, _)| kept == path);
        match (method, at) {
            ("GET", None) if path.ends_with("/models") => {
                let items: Vec<_> =
                    objects.iter().filter(|(kept, _)| kept.starts_with(path)).map(|(_, o)| o.clone()).collect();
                (200, json!({"kind": "ModelList", "items": items}))
            }
            ("GET", Some(at)) => (200, objects[at].1.clone()),
            ("DELETE", Some(at)) => (200, objects.remove(at).1),
            ("PATCH", Some(at)) => {
                objects[at].1["patched"] = body;
                (200, objects[at].1.clone())
            }
            ("POST", _) => {
                let mut object = body;
                object["metadata"]["uid"] = self.seed.to_string().into();
                let path = format!("{path}/{}", object["metadata"]["name"].as_str().unwrap());
                if objects.iter().any(|(kept, _)| *kept == path) {
                    return (409, Status::already_exists("example.org", "models", "m").to_value());
                }
                objects.push((path, object.clone()));
                (201, object)
            }
            _ => {
                let (resource, name) = (segments[segments.len() - 2], segments[segments.len() - 1]);
                (404, Status::not_found("example.org", resource, name).to_value())
            }
        }
    }
}

pub(crate) fn editor() -> Identity {
    Identity::service_account("a", "editor")
}

pub(crate) fn viewer() -> Identity {
    Identity::service_account("a", "viewer")
}

/// A world of this name with an object of each of these kinds.
pub(crate) fn target(name: &str, kinds: &[&str]) -> Target {
    Target::new(name, &["--world", name], Plan::manifests(kinds.iter().map(|kind| json!({"kind": kind})).collect()))
}

/// A world with the bug.
pub(crate) fn buggy() -> Target {
    target("old world", &["Bug"])
}

/// A world without it.
pub(crate) fn fixed() -> Target {
    target("new-world", &[])
}

/// A world that cannot be built.
pub(crate) fn broken() -> Target {
    target("broken", &["Broken"])
}

/// The bug is expected where it is.
pub(crate) fn by_manifests() -> Affected {
    Affected::new("the old world", |target| {
        if target.plan.manifests.iter().any(|object| object["kind"] == "Bug") {
            Expected::Reproduces
        } else {
            Expected::Absent
        }
    })
}

pub(crate) fn always(expected: Expected) -> Affected {
    Affected::new("always the same", move |_| expected.clone())
}

pub(crate) fn model() -> Value {
    MODELS.object(Some("a"), "m", json!({"spec": {"size": 1}}))
}

/// A sound story: the editor cannot create models; the role `fix` lets him; the viewer still cannot.
pub(crate) fn sound(affected: Affected) -> Scenario {
    Scenario::new("model-403", "Editors cannot create models", affected)
        .family("tests")
        .summary("Editors are refused.")
        .link(Link::issue("example/example", 1))
        .arrange(|_| {
            vec![
                step("what everybody may do is noted")
                    .survey("before", vec![(editor(), "a".into()), (viewer(), "a".into())]),
            ]
        })
        .reproduce(|_| {
            vec![
                step("the editor applies a model")
                    .by(&editor())
                    .apply("model.yaml", &MODELS, model())
                    .forbidden()
                    .stays(),
                step("the editor lists models").by(&editor()).list(MODELS.in_namespace("a")).forbidden(),
                step("nobody is let in by mistake")
                    .by(&Identity::Admin)
                    .get(MODELS.in_namespace("a").named("none"))
                    .code(404)
                    .either_way(),
            ]
        })
        .fix_variant("role", "the role", |_| {
            vec![step("the role is applied").apply(
                "role.yaml",
                &ROLES,
                ROLES.object(None, "fix", json!({"rules": []})),
            )]
        })
        .fix_variant("other", "the role, by another name for this test", |_| {
            vec![step("the role is created").create(&ROLES, ROLES.object(None, "fix", json!({})))]
        })
        .verify(|_| {
            vec![
                step("the editor applies the model")
                    .by(&editor())
                    .apply("model.yaml", &MODELS, model())
                    .prints("model.example.org/m created"),
                step("the editor sees it").by(&editor()).list(MODELS.in_namespace("a")).lists(&["m"]),
            ]
        })
        .guard(|target| {
            let all = ["get", "list", "create", "patch", "delete"];
            let opened = match target.plan.manifests.is_empty() {
                true => vec![],
                false => [permissions(&editor(), "a", &MODELS, &all), permissions(&viewer(), "a", &MODELS, &all[..2])]
                    .concat(),
            };
            vec![
                step("the viewer still cannot create").by(&viewer()).create(&MODELS, model()).forbidden().stays(),
                step("nothing else was opened").compare("before").opens(opened),
            ]
        })
}
