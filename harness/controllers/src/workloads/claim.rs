//! Which objects an owner controls (`pkg/controller/controller_ref_manager.go`): it adopts orphans that its selector picks, and releases what its
//! selector no longer picks. Nobody takes what another controls, and an owner that is being deleted takes and gives nothing.

use std::sync::Arc;

use proofmark_json::{Value, json};

use super::{SyncError, children};
use crate::kit::{Objects, Reason as _, object};

/// What an owner controls among `candidates`, after it adopted and released.
///
/// `adoptable` narrows the orphans that it takes beyond its selector. `finalizer` is put on what it adopts and taken off what it releases.
pub(crate) async fn claim(
    owner: &Value,
    owners: &Objects,
    candidates: Vec<Arc<Value>>,
    objects: &Objects,
    adoptable: impl Fn(&Value) -> bool,
    finalizer: Option<&str>,
) -> Result<Vec<Arc<Value>>, SyncError> {
    let candidates = candidates.into_iter().map(|child| (child, false)).collect();
    claim_others(owner, owners, candidates, objects, adoptable, finalizer).await
}

/// The same where of some candidates it is known that the owner controls and picks them, and may.
pub(crate) async fn claim_others(
    owner: &Value,
    owners: &Objects,
    candidates: Vec<(Arc<Value>, bool)>,
    objects: &Objects,
    adoptable: impl Fn(&Value) -> bool,
    finalizer: Option<&str>,
) -> Result<Vec<Arc<Value>>, SyncError> {
    let selector = children::selector(owner);
    let uid = object::uid(owner);
    let leaving = object::is_being_deleted(owner);
    let mut claimed = Vec::with_capacity(candidates.len());
    let mut checked = false;
    for (child, own) in candidates {
        if own {
            claimed.push(child);
            continue;
        }
        let picked = || children::selects(&selector, &child);
        match object::controller(&child) {
            Some(reference) if object::text(reference, "/uid") != uid => {}
            Some(_) if picked() && adoptable(&child) => claimed.push(child),
            Some(_) if leaving => {}
            Some(_) => release(owner, &child, objects, finalizer).await?,
            None if leaving || object::is_being_deleted(&child) || !picked() || !adoptable(&child) => {}
            None => {
                if !checked {
                    may_adopt(owner, owners).await?;
                    checked = true;
                }
                match adopt(owner, owners, &child, objects, finalizer).await {
                    Ok(adopted) => claimed.push(Arc::new(adopted)),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    Ok(claimed)
}

/// Asks the server, because a cache may not know yet that the owner goes.
async fn may_adopt(owner: &Value, owners: &Objects) -> Result<(), SyncError> {
    let (namespace, name) = (object::namespace(owner), object::name(owner));
    let kind = &owners.resource().kind;
    let gone = |why: String| Err(SyncError::Gone(why));
    match owners.read(namespace, name).await? {
        None => gone(format!("original {kind} {namespace}/{name} is gone")),
        Some(found) if object::uid(&found) != object::uid(owner) => {
            let (got, wanted) = (object::uid(&found), object::uid(owner));
            gone(format!("original {kind} {namespace}/{name} is gone: got uid {got}, wanted {wanted}"))
        }
        Some(found) if object::is_being_deleted(&found) => gone(format!(
            "{namespace}/{name} has just been deleted at {}",
            object::text(&found, "/metadata/deletionTimestamp")
        )),
        Some(_) => Ok(()),
    }
}

async fn adopt(
    owner: &Value,
    owners: &Objects,
    child: &Value,
    objects: &Objects,
    finalizer: Option<&str>,
) -> Result<Value, crate::kit::Error> {
    let reference = children::reference(owner, owners.resource());
    let mut patch = json!({"metadata": {"ownerReferences": [reference], "uid": object::uid(child)}});
    if let Some(finalizer) = finalizer {
        patch["metadata"]["finalizers"] = json!([finalizer]);
    }
    objects.patch(child, &patch).await
}

async fn release(
    owner: &Value,
    child: &Value,
    objects: &Objects,
    finalizer: Option<&str>,
) -> Result<(), crate::kit::Error> {
    let reference = json!({"$patch": "delete", "uid": object::uid(owner)});
    let mut patch = json!({"metadata": {"ownerReferences": [reference], "uid": object::uid(child)}});
    if let Some(finalizer) = finalizer {
        patch["metadata"]["$deleteFromPrimitiveList/finalizers"] = json!([finalizer]);
    }
    match objects.patch(child, &patch).await {
        // Gone, or another object of that name, or without this owner already.
        Err(error) if !error.is_not_found() && !error.is_invalid() => Err(error),
        _ => Ok(()),
    }
}
