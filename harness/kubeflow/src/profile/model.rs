//! A Profile as the controller's Go types hold it.

use proofmark_builtin::quantity::Quantity;
use proofmark_controllers::kit::{Resource, object};
use proofmark_json::{Map, Value, json};

/// Where Profiles are served.
pub(crate) const PROFILES: Resource = Resource::cluster("kubeflow.org", "v1", "profiles", "Profile");

/// The finalizer by which plugins get to undo what they did.
pub(super) const FINALIZER: &str = "profile-finalizer";

/// A Profile. Reading one and writing it back changes it: fields that are no pointers in Go always appear, unknown ones vanish.
#[derive(Debug, Clone)]
pub(super) struct Profile(Value);

impl Profile {
    pub(super) fn read(mut object: Value) -> Self {
        let owner = kept(object.pointer("/spec/owner"), &["apiGroup", "namespace"], &["kind", "name"]);
        let plugins = object::list(&object, "/spec/plugins")
            .iter()
            .map(|plugin| kept(Some(plugin), &["kind", "apiVersion", "spec"], &[]));
        let plugins: Vec<Value> = plugins.collect();
        let quota = quota(object.pointer("/spec/resourceQuotaSpec"));
        let mut spec = json!({"owner": owner});
        if !plugins.is_empty() {
            spec["plugins"] = json!(plugins);
        }
        spec["resourceQuotaSpec"] = quota;
        object["spec"] = spec;
        Self(object)
    }

    /// As it is written.
    pub(super) fn object(&self) -> &Value {
        &self.0
    }

    /// Its name, which is its namespace's name too.
    pub(super) fn name(&self) -> &str {
        object::name(&self.0)
    }

    /// The owner as the subject of a binding.
    pub(super) fn owner(&self) -> &Value {
        &self.0["spec"]["owner"]
    }

    pub(super) fn owner_name(&self) -> &str {
        object::text(&self.0, "/spec/owner/name")
    }

    pub(super) fn plugins(&self) -> &[Value] {
        object::list(&self.0, "/spec/plugins")
    }

    pub(super) fn add_plugin(&mut self, plugin: Value) {
        let mut plugins = self.plugins().to_vec();
        plugins.push(plugin);
        self.0["spec"]["plugins"] = json!(plugins);
    }

    /// The quota that the namespace is to have, if any.
    pub(super) fn quota(&self) -> Option<&Value> {
        let quota = self.0.pointer("/spec/resourceQuotaSpec")?;
        quota.get("hard").and_then(Value::as_object).is_some_and(|hard| !hard.is_empty()).then_some(quota)
    }

    pub(super) fn is_being_deleted(&self) -> bool {
        object::is_being_deleted(&self.0)
    }

    pub(super) fn has_finalizer(&self) -> bool {
        object::has_finalizer(&self.0, FINALIZER)
    }

    /// Puts the controller's finalizer on, or takes it off.
    pub(super) fn set_finalizer(&mut self, on: bool) {
        let mut finalizers: Vec<&str> =
            object::finalizers(&self.0).filter(|finalizer| *finalizer != FINALIZER).collect();
        if on {
            finalizers.push(FINALIZER);
        }
        self.0["metadata"]["finalizers"] = json!(finalizers);
    }

    /// Adds a condition that says why nothing was done.
    pub(super) fn add_failure(&mut self, message: &str) {
        let mut conditions = object::list(&self.0, "/status/conditions").to_vec();
        conditions.push(json!({"type": "Failed", "message": message}));
        self.0["status"]["conditions"] = json!(conditions);
    }

    /// A reference to it as the controlling owner.
    pub(super) fn as_owner(&self) -> Value {
        json!({
            "apiVersion": PROFILES.api_version(), "kind": PROFILES.kind, "name": self.name(), "uid": object::uid(&self.0),
            "controller": true, "blockOwnerDeletion": true,
        })
    }
}

/// The known fields of a struct: `optional` ones where they say something, `always` ones in any case.
fn kept(of: Option<&Value>, optional: &[&str], always: &[&str]) -> Value {
    let field = |key: &str| of.and_then(|of| of.get(key)).filter(|value| !value.is_null() && **value != json!(""));
    let mut kept = Map::new();
    for key in always {
        kept.insert((*key).to_owned(), field(key).cloned().unwrap_or_else(|| json!("")));
    }
    for key in optional {
        if let Some(value) = field(key) {
            kept.insert((*key).to_owned(), value.clone());
        }
    }
    Value::Object(kept)
}

/// `ResourceQuotaSpec`, with amounts in canonical form.
fn quota(of: Option<&Value>) -> Value {
    let mut quota = Map::new();
    let hard = of.and_then(|of| of.get("hard")).and_then(Value::as_object).filter(|hard| !hard.is_empty());
    if let Some(hard) = hard {
        let hard: Map = hard.iter().map(|(what, amount)| (what.clone(), canonical(amount))).collect();
        quota.insert("hard", Value::Object(hard));
    }
    for key in ["scopes", "scopeSelector"] {
        if let Some(value) = of.and_then(|of| of.get(key)).filter(|value| !value.is_null() && **value != json!([])) {
            quota.insert(key.to_owned(), value.clone());
        }
    }
    Value::Object(quota)
}

fn canonical(amount: &Value) -> Value {
    let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
    Quantity::parse(&text).map_or_else(|_| amount.clone(), |quantity| json!(quantity.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_go_holds_it() {
        let read =
            |spec: Value| Profile::read(json!({"metadata": {"name": "a"}, "spec": spec})).object()["spec"].clone();
        let owner = json!({"kind": "User", "name": "alice@example.com"});
        assert_eq!(read(json!({"owner": owner})), json!({"owner": owner, "resourceQuotaSpec": {}}));
        assert_eq!(read(Value::Null), json!({"owner": {"kind": "", "name": ""}, "resourceQuotaSpec": {}}));
        assert_eq!(
            read(
                json!({"owner": owner, "plugins": [], "resourceQuotaSpec": {"hard": {"cpu": 2, "memory": "0.5Gi"}, "scopes": []}})
            ),
            json!({"owner": owner, "resourceQuotaSpec": {"hard": {"cpu": "2", "memory": "512Mi"}}})
        );
    }

    #[test]
    fn the_finalizer_goes_on_once() {
        let mut profile = Profile::read(json!({"metadata": {"name": "a", "finalizers": ["x/y"]}}));
        profile.set_finalizer(true);
        profile.set_finalizer(true);
        assert_eq!(profile.object()["metadata"]["finalizers"], json!(["x/y", FINALIZER]));
        profile.set_finalizer(false);
        assert!(!profile.has_finalizer());
    }
}
