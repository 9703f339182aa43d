//! Service account tokens: TokenRequest, which makes them, and TokenReview, which asks whose they are.
//!
//! Source: `pkg/registry/core/serviceaccount/storage/token.go` and `pkg/registry/authentication/tokenreview`, release 1.35.

use jiff::{SignedDuration, Timestamp};
use proofmark_identity::{Claims, KubernetesClaims, ObjectRef, service_account};
use proofmark_json::{Value, json};
use proofmark_registry::meta;
use proofmark_status::{FieldError, Status};

use super::body;
use super::options::WriteOptions;
use super::reply::Content;
use super::{Reply, Target, bad_request, managed, reviews};
use crate::admit;
use crate::authn;
use crate::refusal::Refusal;
use crate::server::Call;

const GROUP: &str = "authentication.k8s.io";
/// Tokens live at least this long (seconds).
const SHORTEST: i64 = 600;
/// Tokens live at most this long (seconds).
const LONGEST: i64 = 1 << 32;
/// The life of a token whose request does not say (seconds).
const USUAL: i64 = 3600;
/// What a pod asks for so that its token lives for a year, with a warning from this age on (seconds).
const OF_PODS: i64 = 3607;
/// How long such a token really lives (seconds).
const EXTENDED: i64 = 365 * 24 * 3600;

/// POST to `serviceaccounts/{name}/token`.
pub(super) async fn request(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let of_request =
        call.server.catalog.find_virtual(GROUP, "v1", "TokenRequest").ok_or_else(Refusal::no_such_resource)?;
    let read = body::read(call, &of_request, &options)?;
    let mut asked = read;
    body::settle_namespace(&mut asked, &Target { resource: &of_request, ..*target })?;
    Spec::read(&mut asked, &call.server.issuer);
    let mut asked =
        managed::of_virtual(call, "authentication.k8s.io/v1", "TokenRequest", &asked, &options.manager, "token");
    let request = admit::Request::create(call, target, &options).through("token", &of_request);
    admit::mutate(&request, &mut asked).await?;
    let snapshot = call.server.store.snapshot();
    let account = snapshot.get(&target.resource.prefix, &target.place()).ok_or_else(|| target.not_found())?;
    check_place(&asked, target)?;
    let spec = Spec::read(&mut asked, &call.server.issuer);
    asked["spec"]["audiences"] = json!(spec.audiences);
    let fields = meta::of_mut(&mut asked);
    fields.insert("name", json!(target.name));
    fields.insert("namespace", json!(target.namespace));
    fields.insert("uid", json!(meta::text(&account.value, "uid")));
    fields.insert("creationTimestamp", json!(call.server.clock.stamp()));
    body::complete(&of_request, &mut asked);
    spec.check()?;
    admit::validate(&request, &asked).await?;
    let bound = bind(call, target, &spec)?;
    let now = call.server.clock.now();
    let claims = claims(call, target, &spec, &account.value, bound, now);
    let expires = now.checked_add(SignedDuration::from_secs(spec.seconds)).unwrap_or(now);
    asked["status"] = json!({
        "token": call.server.signer.sign(&claims),
        "expirationTimestamp": proofmark_clock::stamp(expires),
    });
    Ok(Reply::new(201, Content::Other(asked)))
}

/// A name or namespace in the request must be the account's.
fn check_place(asked: &Value, target: &Target<'_>) -> Result<(), Refusal> {
    let given = meta::text(asked, "name");
    if !given.is_empty() && given != target.name {
        let error = FieldError::invalid("metadata.name", given, "must match the service account name if specified");
        return Err(Status::invalid(GROUP, "TokenRequest", target.name, &[error]).into());
    }
    Ok(())
}

/// What a TokenRequest asks for, with defaults.
struct Spec {
    audiences: Vec<String>,
    seconds: i64,
    bound: Option<Value>,
}

impl Spec {
    /// Reads the spec and writes the defaults into it.
    fn read(asked: &mut Value, issuer: &str) -> Self {
        let spec = asked.get("spec").cloned().unwrap_or(json!({}));
        let given: Vec<String> = spec
            .get("audiences")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let audiences = if given.is_empty() { vec![issuer.to_owned()] } else { given };
        let seconds = spec.get("expirationSeconds").and_then(Value::as_i64).unwrap_or(USUAL);
        let bound = spec.get("boundObjectRef").filter(|b| b.is_object()).cloned();
        asked["spec"]["expirationSeconds"] = json!(seconds);
        Self { audiences, seconds, bound }
    }

    fn check(&self) -> Result<(), Refusal> {
        let field = "spec.expirationSeconds";
        let error = if self.seconds < SHORTEST {
            FieldError::invalid(field, self.seconds, "may not specify a duration less than 10 minutes")
        } else if self.seconds > LONGEST {
            FieldError::invalid(field, self.seconds, "may not specify a duration larger than 2^32 seconds")
        } else {
            return Ok(());
        };
        Err(Status::invalid(GROUP, "TokenRequest", "", &[error]).into())
    }
}

/// The objects that a token is bound to.
#[derive(Default)]
struct Bound {
    pod: Option<ObjectRef>,
    secret: Option<ObjectRef>,
    node: Option<ObjectRef>,
}

fn bind(call: &Call<'_>, target: &Target<'_>, spec: &Spec) -> Result<Bound, Refusal> {
    let Some(reference) = &spec.bound else {
        return Ok(Bound::default());
    };
    let text = |field: &str| reference.get(field).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind, name, uid) = (text("apiVersion"), text("kind"), text("name"), text("uid"));
    let group = api_version.split_once('/').map_or("", |(g, _)| g);
    let plural = match (group, kind) {
        ("", "Pod") => "pods",
        ("", "Secret") => "secrets",
        ("", "Node") => "nodes",
        _ => {
            // A group version as Go prints it: the core group shows as nothing before the slash.
            let shown = if api_version.contains('/') { api_version.to_owned() } else { format!("/{api_version}") };
            return Err(bad_request(format!("cannot bind token to object of type {shown}, Kind={kind}")));
        }
    };
    if name.is_empty() {
        return Err(bad_request("Name parameter required."));
    }
    let resource = call.server.catalog.find("", "v1", plural).ok_or_else(Refusal::no_such_resource)?;
    let snapshot = call.server.store.snapshot();
    let object = snapshot
        .get(&resource.prefix, &resource.place(target.namespace, name))
        .ok_or_else(|| Refusal::from(Status::not_found("", plural, name)))?;
    if plural == "pods" && crate::value::text_at(&object.value, "/spec/serviceAccountName") != target.name {
        let account = proofmark_status::quote(target.name);
        let message = format!(
            "cannot bind token for serviceaccount {account} to pod running with different serviceaccount name."
        );
        return Err(bad_request(message));
    }
    let have = meta::text(&object.value, "uid");
    if !uid.is_empty() && uid != have {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(Status::conflict("", kind, name, &why).into());
    }
    let found = Some(ObjectRef { name: name.to_owned(), uid: have.to_owned() });
    Ok(match plural {
        "pods" => Bound { pod: found, node: node_of(call, &object.value), ..Bound::default() },
        "secrets" => Bound { secret: found, ..Bound::default() },
        _ => Bound { node: found, ..Bound::default() },
    })
}

/// The node that runs a pod, if it is known.
fn node_of(call: &Call<'_>, pod: &Value) -> Option<ObjectRef> {
    let name = crate::value::text_at(pod, "/spec/nodeName");
    let nodes = call.server.catalog.find("", "v1", "nodes")?;
    if name.is_empty() {
        return None;
    }
    let uid = call.server.store.snapshot().get(&nodes.prefix, &name).map(|n| meta::text(&n.value, "uid").to_owned());
    Some(ObjectRef { name, uid: uid.unwrap_or_default() })
}

fn claims(call: &Call<'_>, target: &Target<'_>, spec: &Spec, account: &Value, bound: Bound, now: Timestamp) -> Claims {
    let seconds = now.as_second();
    let of_pod = spec.seconds == OF_PODS && bound.pod.is_some() && spec.audiences == [call.server.issuer.clone()];
    Claims {
        aud: spec.audiences.clone(),
        exp: Some(seconds + if of_pod { EXTENDED } else { spec.seconds }),
        iat: Some(seconds),
        iss: call.server.issuer.clone(),
        jti: call.server.random.uid(),
        kubernetes: Some(KubernetesClaims {
            namespace: target.namespace.to_owned(),
            node: bound.node,
            pod: bound.pod,
            secret: bound.secret,
            serviceaccount: ObjectRef { name: target.name.to_owned(), uid: meta::text(account, "uid").to_owned() },
            warnafter: of_pod.then_some(seconds + OF_PODS),
        }),
        legacy: None,
        nbf: Some(seconds),
        sub: service_account::username(target.namespace, target.name),
    }
}

/// POST to `tokenreviews`: whose token is this?
pub(super) fn review(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let (asked, options) = reviews::read(call, target)?;
    let token = crate::value::text_at(&asked, "/spec/token");
    if token.is_empty() {
        return Err(bad_request("token is required for TokenReview in authentication"));
    }
    if !meta::text(&asked, "namespace").is_empty() {
        return Err(bad_request("namespace is not allowed on this type: "));
    }
    let audiences: Vec<String> = asked
        .pointer("/spec/audiences")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let mut answered = asked.clone();
    answered["status"] = status(call, &token, &audiences);
    Ok(reviews::reply(call, target, &asked, answered, &options))
}

fn status(call: &Call<'_>, token: &str, audiences: &[String]) -> Value {
    let server = call.server;
    if let Some(user) = server.tokens.user(token) {
        let user = authn::authenticated(user);
        let mut status = json!({"authenticated": true, "user": reviews::user_info(&user)});
        // Static tokens know no audiences: they hold for the server's own.
        if !audiences.is_empty() && !audiences.contains(&server.issuer) {
            return json!({"user": {}, "error": "invalid bearer token"});
        }
        status["audiences"] = json!([server.issuer]);
        return status;
    }
    match authn::check_token(server, token, Some(audiences).filter(|a| !a.is_empty())) {
        Ok(account) => {
            let user = authn::authenticated(authn::user(account.user));
            json!({"authenticated": true, "user": reviews::user_info(&user), "audiences": account.audiences})
        }
        Err(error) => json!({"user": {}, "error": error.review_error()}),
    }
}
