//! Contributors: a RoleBinding and an AuthorizationPolicy each, of the same name.

use http::StatusCode;
use proofmark_controllers::kit::{Error, Reason, Resource, View, object};
use proofmark_json::{Value, json};

use super::body::{Binding, RoleRef, Subject};
use super::route::{Hangup, Kfam, Outcome, parameter, silently};
use crate::profile::{BINDINGS, POLICIES, PROFILES, owner_rule};
use crate::roles;

/// What a role is called here, and the ClusterRole behind it.
const ROLES: [(&str, &str); 3] = [("admin", roles::ADMIN), ("edit", roles::EDIT), ("view", roles::VIEW)];

/// The other name of a role, whichever of both it is given: whoever asks for `kubeflow-edit` gets the ClusterRole `edit`.
fn other_name(role: &str) -> &'static str {
    ROLES
        .iter()
        .find_map(|&(short, long)| if role == short { Some(long) } else { (role == long).then_some(short) })
        .unwrap_or_default()
}

/// The name of both objects: kind and name of user and role, in lower case, with dashes for everything but letters and digits.
fn name(user: &Subject, role: &RoleRef) -> String {
    let parts = [user.kind.as_str(), user.name.as_str(), role.kind.as_str(), role.name.as_str()];
    let mut name = String::new();
    for letter in parts.join("-").to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name
}

pub(super) async fn create(kfam: &Kfam, caller: &str, binding: &Binding) -> Result<Outcome, Hangup> {
    if !kfam.may_manage(caller, &binding.namespace).await {
        return Ok(silently(StatusCode::FORBIDDEN));
    }
    let (user, role) = (binding.user.as_ref().ok_or(Hangup)?, binding.role.as_ref().ok_or(Hangup)?);
    let name = name(user, role);
    let mut metadata = json!({"name": name, "annotations": {"user": user.name, "role": role.name}});
    metadata["namespace"] = json!(binding.namespace);
    let mut subject = json!({"kind": user.kind, "name": user.name});
    for (field, value) in [("apiGroup", &user.api_group), ("namespace", &user.namespace)] {
        if !value.is_empty() {
            subject[field] = json!(value);
        }
    }
    let role_binding = json!({
        "apiVersion": BINDINGS.api_version(), "kind": BINDINGS.kind, "metadata": metadata, "subjects": [subject],
        "roleRef": {"apiGroup": role.api_group, "kind": role.kind, "name": other_name(&role.name)},
    });
    let policy = json!({
        "apiVersion": POLICIES.api_version(), "kind": POLICIES.kind, "metadata": metadata,
        "spec": {"rules": [owner_rule(&user.name, &kfam.settings.profiles)]},
    });
    let made = async {
        kfam.api.create(&BINDINGS, &role_binding).await?;
        kfam.api.create(&POLICIES, &policy).await
    };
    Ok(told(made.await.map(drop)))
}

pub(super) async fn delete(kfam: &Kfam, caller: &str, binding: &Binding) -> Result<Outcome, Hangup> {
    if !kfam.may_manage(caller, &binding.namespace).await {
        return Ok(silently(StatusCode::FORBIDDEN));
    }
    let (user, role) = (binding.user.as_ref().ok_or(Hangup)?, binding.role.as_ref().ok_or(Hangup)?);
    let (name, namespace) = (name(user, role), binding.namespace.as_str());
    let removed = async {
        match kfam.api.get(&BINDINGS, namespace, &name).await {
            // It looks the binding up in its cache, whose complaint names the kind in the singular.
            Err(error) if error.is_not_found() => {
                return Ok(Some(format!("rolebinding.rbac.authorization.k8s.io {name:?} not found")));
            }
            other => other?,
        };
        kfam.api.get(&POLICIES, namespace, &name).await?;
        kfam.api.delete(&BINDINGS, namespace, &name, &json!({})).await?;
        kfam.api.delete(&POLICIES, namespace, &name, &json!({})).await?;
        Ok(None)
    };
    Ok(match removed.await {
        Ok(None) => Ok(String::new()),
        Ok(Some(missing)) => Err((StatusCode::FORBIDDEN, missing)),
        Err(error) => told(Err(error)),
    })
}

/// Whoever asks sees them: of one namespace or of all that belong to Profiles, of everybody or of one user, of every role or of one.
pub(super) async fn list(kfam: &Kfam, query: &str) -> Outcome {
    let refuse = |error: Error| (StatusCode::FORBIDDEN, error.words());
    let (namespace, user, role) = (parameter(query, "namespace"), parameter(query, "user"), parameter(query, "role"));
    let namespaces = if namespace.is_empty() {
        let profiles = all(kfam, &PROFILES, "").await.map_err(refuse)?;
        profiles.iter().map(|profile| object::name(profile).to_owned()).collect()
    } else {
        vec![namespace]
    };
    let mut found = vec![];
    for namespace in namespaces {
        for binding in all(kfam, &BINDINGS, &namespace).await.map_err(refuse)? {
            if let Some(entry) = entry(&binding, &user, &role).map_err(|problem| (StatusCode::UNAUTHORIZED, problem))? {
                found.push(entry);
            }
        }
    }
    let answer = if found.is_empty() { json!({}) } else { json!({"bindings": found}) };
    Ok(answer.to_string())
}

async fn all(kfam: &Kfam, of: &Resource, namespace: &str) -> Result<Vec<Value>, Error> {
    let list = kfam.api.list(of, namespace, &[], View::Whole).await?;
    Ok(object::list(&list, "/items").to_vec())
}

/// A RoleBinding as it is listed; none for those that are nobody's contribution, or not asked for.
fn entry(binding: &Value, user: &str, role: &str) -> Result<Option<Value>, String> {
    let (Some(of), Some(as_role)) = (object::annotation(binding, "user"), object::annotation(binding, "role")) else {
        return Ok(None);
    };
    if !(user.is_empty() || user == of) || !(role.is_empty() || role == as_role) {
        return Ok(None);
    }
    let subjects = object::list(binding, "/subjects");
    let [subject] = subjects else {
        return Err(format!("binding subject length not equal to 1, actual length: {}", subjects.len()));
    };
    let role = other_name(object::text(binding, "/roleRef/name"));
    Ok(Some(json!({
        "user": {"kind": subject["kind"], "name": subject["name"]},
        "referredNamespace": object::namespace(binding),
        "RoleRef": {"apiGroup": "", "kind": binding["roleRef"]["kind"], "name": role},
    })))
}

pub(super) fn told(outcome: Result<(), Error>) -> Outcome {
    outcome.map(|()| String::new()).map_err(|error| (StatusCode::FORBIDDEN, error.words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_letters_and_digits_only() {
        let user = Subject {
            kind: "User".to_owned(),
            api_group: String::new(),
            name: "User.1__x@Org1.com".to_owned(),
            namespace: String::new(),
        };
        let role = RoleRef { api_group: String::new(), kind: "ClusterRole".to_owned(), name: "edit".to_owned() };
        assert_eq!(name(&user, &role), "user-user-1-x-org1-com-clusterrole-edit");
    }

    #[test]
    fn roles_are_translated_both_ways() {
        let names = ["edit", "kubeflow-edit", "cluster-admin"].map(other_name);
        assert_eq!(names, ["kubeflow-edit", "edit", ""]);
    }

    #[test]
    fn a_binding_of_two_cannot_be_listed() {
        let two = json!({"metadata": {"annotations": {"user": "a", "role": "edit"}}, "subjects": [{}, {}]});
        assert_eq!(entry(&two, "", ""), Err("binding subject length not equal to 1, actual length: 2".to_owned()));
        assert_eq!(entry(&two, "b", ""), Ok(None));
    }
}
