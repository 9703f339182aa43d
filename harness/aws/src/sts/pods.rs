//! EKS Pod Identity: what the agent on a node answers to its pods, and EKS to the agent (`AssumeRoleForPodIdentity`).
//!
//! A pod sends the token that its service account has for `pods.eks.amazonaws.com`, and gets credentials of the role that the cluster associates with that
//! service account. The role trusts the service `pods.eks.amazonaws.com`, for `sts:AssumeRole` and, as the session carries six tags, `sts:TagSession`.
//!
//! Source: EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"; the form of answers is that of the SDKs' container credentials.

use super::assume_role::allow;
use super::session::{Origin, RoleRef, Wanted, begin_as, insert};
use super::token::Token;
use crate::authorize::Call;
use crate::gate::Caller;
use crate::world::{Association, Cluster, Provider, Session, World};
use crate::{Body, Cloud, Fault, full};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use proofmark_aws_policy::{Context, Principal};
use proofmark_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where pods ask the agent.
const PATH: &str = "/v1/credentials";
/// Whom roles trust and tokens are for.
const SERVICE: &str = "pods.eks.amazonaws.com";
/// The longest session in seconds, where the role allows it.
const LONGEST: i64 = 21_600;

/// Whether a request means the agent: its path with a token that is no signature.
pub(crate) fn is_meant(parts: &Parts) -> bool {
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    parts.method == Method::GET && parts.uri.path() == PATH && token.is_some_and(|token| !token.starts_with("AWS4-"))
}

/// Answers as the agent does.
pub(crate) async fn answer(cloud: &Cloud, parts: &Parts) -> Response<Body> {
    let id = cloud.random().uuid();
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (status, kind, text) = match credentials(cloud, parts, token, &id).await {
        Ok(credentials) => (StatusCode::OK, "application/json", credentials.to_string()),
        Err(fault) => (fault.status, "text/plain", format!("[{id}]: ({}): {}", fault.code, fault.message)),
    };
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The pod that a token is of.
struct Pod {
    namespace: String,
    service_account: String,
    name: String,
    uid: String,
}

async fn credentials(cloud: &Cloud, parts: &Parts, text: &str, request_id: &str) -> Result<Value, Fault> {
    let invalid = |why: String| Fault::new(400, "InvalidTokenException", why);
    let token = Token::read(text).map_err(|fault| invalid(fault.message))?;
    let issuer = token.issuer().map_err(|fault| invalid(fault.message))?;
    let issuer = cloud.issuer().known_as(issuer).trim_end_matches('/').to_owned();
    let cluster = cloud.world().read().clusters.get(&issuer).cloned();
    let cluster = cluster.ok_or_else(|| {
        Fault::new(404, "ResourceNotFoundException", format!("No cluster issues tokens as {issuer}."))
    })?;
    let provider = Provider {
        url: issuer,
        client_ids: BTreeSet::from([SERVICE.to_owned()]),
        thumbprints: vec![],
        created: cloud.now(),
        tags: BTreeMap::new(),
    };
    token.verify(&provider, &*cloud.issuer(), cloud.now()).await.map_err(|fault| {
        let expired = fault.code == "ExpiredTokenException";
        if expired { fault } else { invalid(fault.message) }
    })?;
    let claim = |pointer: &str| token.at("kubernetes.io", pointer).map(str::to_owned);
    let missing = || invalid("The token is not one of a pod.".to_owned());
    let pod = Pod {
        namespace: claim("/namespace").ok_or_else(missing)?,
        service_account: claim("/serviceaccount/name").ok_or_else(missing)?,
        name: claim("/pod/name").ok_or_else(missing)?,
        uid: claim("/pod/uid").ok_or_else(missing)?,
    };
    let association = cluster.association(&pod.namespace, &pod.service_account).ok_or_else(|| {
        let message = "No association found for the service account of the pod.";
        Fault::new(404, "ResourceNotFoundException", message)
    })?;
    let mut call = Call::new(cloud, parts, Caller::anonymous(), request_id.to_owned());
    call.caller.principal = Principal::Service { name: SERVICE.to_owned() };
    let mut world = cloud.world().write();
    let session = assume(cloud, &world, &call, &cluster, association, &pod)?;
    let account = session.account.to_string();
    let (key, session) = insert(cloud, &mut world, session);
    Ok(json!({
        "AccessKeyId": key, "SecretAccessKey": session.secret, "Token": session.token, "AccountId": account,
        "Expiration": session.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }))
}

/// The session of the associated role, or of the target role that it assumes.
fn assume(
    cloud: &Cloud,
    world: &World,
    call: &Call,
    cluster: &Cluster,
    association: &Association,
    pod: &Pod,
) -> Result<Session, Fault> {
    let role = RoleRef::parse(&association.role)?;
    let tags = [
        ("eks-cluster-arn", cluster.arn()),
        ("eks-cluster-name", cluster.name.clone()),
        ("kubernetes-namespace", pod.namespace.clone()),
        ("kubernetes-service-account", pod.service_account.clone()),
        ("kubernetes-pod-name", pod.name.clone()),
        ("kubernetes-pod-uid", pod.uid.clone()),
    ];
    let tags = BTreeMap::from(tags.map(|(key, value)| (key.to_owned(), value)));
    let name: String =
        format!("eks-{}-{}-{}", cluster.name, pod.name, cloud.random().uuid()).chars().take(64).collect();
    let wanted = Wanted {
        name,
        seconds: role.find(world).map(|role| role.max_session_seconds.min(LONGEST)),
        transitive: tags.keys().cloned().collect(),
        tags,
        ..Wanted::default()
    };
    let mut keys = Context::default().with("aws:SourceArn", cluster.arn());
    keys.set("aws:SourceAccount", cluster.account.as_str());
    permitted(cloud, world, call, &role, &wanted, keys)?;
    let first = begin_as(cloud, world, &role, wanted.clone(), Origin::default())?;
    let Some(target) = &association.target_role else { return Ok(first) };
    let target = RoleRef::parse(target)?;
    let caller = Caller {
        principal: first.principal.clone(),
        tags: first.tags.clone(),
        session: Some(Arc::new(first)),
        ..Caller::anonymous()
    };
    let keys = Context::default().with("sts:ExternalId", cluster.external_id(association));
    let wanted = Wanted { seconds: None, ..wanted };
    permitted(cloud, world, &Call { caller, ..call.clone() }, &target, &wanted, keys)?;
    begin_as(cloud, world, &target, wanted, Origin { chained: true, ..Origin::default() })
}

/// Whether a role may be assumed with these tags.
fn permitted(
    cloud: &Cloud,
    world: &World,
    call: &Call,
    role: &RoleRef,
    wanted: &Wanted,
    mut keys: Context,
) -> Result<(), Fault> {
    wanted.keys(&mut keys);
    for action in ["sts:AssumeRole"].into_iter().chain(wanted.further_actions()) {
        allow(cloud, world, call, role, action, &keys)
            .map_err(|fault| Fault::new(400, "AccessDeniedException", fault.message))?;
    }
    Ok(())
}
