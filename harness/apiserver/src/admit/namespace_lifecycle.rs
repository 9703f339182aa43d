//! NamespaceLifecycle: nothing is created in a namespace that is missing or on its way out; three namespaces always stay.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle`, release 1.35.

use proofmark_registry::{content, meta};
use proofmark_status::{Cause, Details, Status};

use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Checks the namespace of an object that is to be created.
pub(super) fn create(call: &Call<'_>, target: &Target<'_>) -> Result<(), Refusal> {
    if !target.resource.namespaced || target.namespace.is_empty() || is_review(target) {
        return Ok(());
    }
    let complaints = content::path_segment(target.namespace);
    if !complaints.is_empty() {
        let name = proofmark_status::quote(target.namespace);
        return Err(Status::internal(&format!("invalid resource name {name}: [{}]", complaints.join(" "))).into());
    }
    let Some(namespaces) = call.server.catalog.find("", "v1", "namespaces") else {
        return Ok(());
    };
    let snapshot = call.server.store.snapshot();
    let Some(namespace) = snapshot.get(&namespaces.prefix, target.namespace) else {
        return Err(Status::not_found("", "namespaces", target.namespace).into());
    };
    if meta::text(&namespace.value, "deletionTimestamp").is_empty() {
        return Ok(());
    }
    let resource = target.resource;
    let why = format!("unable to create new content in namespace {} because it is being terminated", target.namespace);
    let mut status = Status::forbidden(&resource.group, &resource.plural, target.name, &why);
    let cause = Cause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {} is being terminated", target.namespace),
        field: "metadata.namespace".to_owned(),
    };
    status.details = Some(Details { causes: vec![cause], ..status.details.unwrap_or_default() });
    Err(status.into())
}

fn is_review(target: &Target<'_>) -> bool {
    target.resource.group == "authorization.k8s.io" && target.resource.plural == "localsubjectaccessreviews"
}

/// Checks a deletion.
pub(super) fn delete(target: &Target<'_>) -> Result<(), Refusal> {
    let is_namespace = target.resource.group.is_empty() && target.resource.plural == "namespaces";
    if is_namespace && IMMORTAL.contains(&target.name) {
        let status = Status::forbidden("", "namespaces", target.name, "this namespace may not be deleted");
        return Err(status.into());
    }
    Ok(())
}
