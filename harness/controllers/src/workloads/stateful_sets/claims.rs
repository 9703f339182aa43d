//! The claims of a StatefulSet's pods: made from templates, kept or deleted as the retention policy says.

use proofmark_json::{Value, json};

use super::{CLAIMS, STATEFUL_SETS, StatefulSets, pods};
use crate::kit::{Error, Reason as _, object};
use crate::workloads::children;
use crate::workloads::pods::PODS;

/// The claims that a pod has by its set's templates, each with the name of its volume.
fn of(set: &Value, ordinal: i64) -> Vec<(String, Value)> {
    let templates = object::list(set, "/spec/volumeClaimTemplates").iter();
    let claims = templates.map(|template| {
        let mut claim = template.clone();
        let volume = object::name(template).to_owned();
        claim["apiVersion"] = json!(CLAIMS.api_version());
        claim["kind"] = json!(CLAIMS.kind);
        claim["metadata"]["name"] = json!(format!("{volume}-{}-{ordinal}", object::name(set)));
        claim["metadata"]["namespace"] = json!(object::namespace(set));
        let selected = set.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
        let mut labels = object::labels(&claim).cloned().unwrap_or_default();
        labels.extend(selected.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        claim["metadata"]["labels"] = json!(labels);
        if let Some(claim) = claim.as_object_mut() {
            claim.shift_remove("status");
        }
        (volume, claim)
    });
    claims.collect()
}

/// Gives a pod the volumes of its claims.
pub(super) fn mount(set: &Value, pod: &mut Value, ordinal: i64) {
    let claims = of(set, ordinal);
    let mut volumes: Vec<Value> = claims
        .iter()
        .map(|(volume, claim)| json!({"name": volume, "persistentVolumeClaim": {"claimName": object::name(claim)}}))
        .collect();
    let claimed = |volume: &Value| claims.iter().any(|(name, _)| volume["name"] == **name);
    volumes.extend(object::list(pod, "/spec/volumes").iter().filter(|volume| !claimed(volume)).cloned());
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = json!(volumes);
    }
}

/// Whether a pod's volumes are those of its claims.
pub(super) fn are_mounted(set: &Value, pod: &Value, ordinal: i64) -> bool {
    of(set, ordinal).iter().all(|(name, claim)| {
        let volume = object::list(pod, "/spec/volumes").iter().find(|volume| volume["name"] == **name);
        volume.is_some_and(|volume| object::text(volume, "/persistentVolumeClaim/claimName") == object::name(claim))
    })
}

impl StatefulSets {
    /// Makes the claims of a pod that are missing.
    pub(super) async fn make_claims(&self, set: &Value, pod: &Value, ordinal: i64) -> Result<(), Error> {
        for (_, claim) in of(set, ordinal) {
            let name = object::name(&claim);
            if self.claims.get(object::namespace(set), name).is_some() {
                continue;
            }
            let (pod, owner) = (object::name(pod), object::name(set));
            match self.claims.create(&claim).await {
                Ok(_) => {
                    let message = format!("Create Claim {name} Pod {pod} in StatefulSet {owner} success");
                    self.recorder.normal(set, "SuccessfulCreate", message);
                }
                Err(error) if error.is_already_exists() => {}
                Err(error) => {
                    let why = error.words();
                    let message =
                        format!("Create Claim {name} for Pod {pod} in StatefulSet {owner} failed error: {why}");
                    self.recorder.warning(set, "FailedCreate", message);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether a claim of a pod is on its way out, so that the pod has to wait for another.
    pub(super) fn claims_are_going(&self, set: &Value, ordinal: i64) -> bool {
        of(set, ordinal).iter().any(|(_, claim)| {
            let found = self.claims.get(object::namespace(set), object::name(claim));
            found.is_some_and(|found| object::is_being_deleted(&found))
        })
    }

    /// Has the claims of a pod go with it or with its set, as the retention policy says.
    pub(super) async fn own_claims(&self, set: &Value, pod: &Value, ordinal: i64) -> Result<(), Error> {
        for (_, claim) in of(set, ordinal) {
            let Some(found) = self.claims.get(object::namespace(set), object::name(&claim)) else { continue };
            if let Some(owners) = owners(set, pod, ordinal, &found) {
                let mut changed = Value::clone(&found);
                changed["metadata"]["ownerReferences"] = json!(owners);
                self.claims.update(&changed).await?;
            }
        }
        Ok(())
    }
}

/// The owners that a claim should have; none where it has them, or others own it.
fn owners(set: &Value, pod: &Value, ordinal: i64, claim: &Value) -> Option<Vec<Value>> {
    let deletes = |when: &str| {
        set.pointer("/spec/persistentVolumeClaimRetentionPolicy").is_some_and(|policy| policy[when] == "Delete")
    };
    let (when_scaled, when_deleted) = (deletes("whenScaled"), deletes("whenDeleted"));
    let references = object::list(claim, "/metadata/ownerReferences");
    let is = |reference: &Value, kind: &str, owner: &Value| {
        object::text(reference, "/kind") == kind && object::text(reference, "/name") == object::name(owner)
    };
    let ours = |reference: &Value| is(reference, "StatefulSet", set) || is(reference, "Pod", pod);
    let strange = |reference: &Value| match reference {
        of_set if is(of_set, "StatefulSet", set) => of_set["uid"] != object::uid(set),
        of_pod if is(of_pod, "Pod", pod) => of_pod["uid"] != object::uid(pod),
        other => other["controller"] == true,
    };
    if references.iter().any(|reference| ours(reference) && strange(reference)) {
        return None;
    }
    let mut wanted: Vec<Value> = references.iter().filter(|reference| !ours(reference)).cloned().collect();
    let others_control = (when_scaled || when_deleted) && references.iter().any(strange);
    if !others_control {
        let surplus = !pods::in_range(set, ordinal);
        if when_scaled && surplus {
            wanted.push(children::reference(pod, &PODS));
        } else if when_deleted {
            wanted.push(children::reference(set, &STATEFUL_SETS));
        }
    }
    (wanted.as_slice() != references).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_decides_who_owns_a_claim() {
        let set = |scaled: &str, deleted: &str| {
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "uid": "s"}, "spec": {"replicas": 1,
                "persistentVolumeClaimRetentionPolicy": {"whenScaled": scaled, "whenDeleted": deleted}}})
        };
        let pod = json!({"metadata": {"name": "db-1", "uid": "p"}});
        let claim = json!({"metadata": {"name": "data-db-1"}});
        let kinds = |set: &Value, ordinal: i64| {
            let owners = owners(set, &pod, ordinal, &claim).unwrap_or_default();
            owners.iter().map(|owner| object::text(owner, "/kind").to_owned()).collect::<Vec<_>>()
        };
        for (scaled, deleted, ordinal, expected) in [
            ("Retain", "Retain", 1, vec![]),
            ("Retain", "Delete", 1, vec!["StatefulSet"]),
            ("Delete", "Retain", 0, vec![]),
            ("Delete", "Retain", 1, vec!["Pod"]),
            ("Delete", "Delete", 0, vec!["StatefulSet"]),
            ("Delete", "Delete", 1, vec!["Pod"]),
        ] {
            assert_eq!(kinds(&set(scaled, deleted), ordinal), expected, "{scaled} {deleted} {ordinal}");
        }
    }
}
