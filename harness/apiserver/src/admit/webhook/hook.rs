//! One webhook of a configuration, and whether it wants to see a request.

use std::sync::Arc;
use std::time::Duration;

use proofmark_json::Value;
use proofmark_registry::meta;

use super::conditions;
use crate::admit::matching::{View, selects_namespace, selects_object, view};
use crate::admit::{Request, stored};
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Object;
use crate::webhook::ClientConfig;

/// One webhook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    configuration: Arc<Object>,
    index: usize,
}

/// The webhooks of a kind of configuration (a resource), in the order in which they are asked.
pub(super) fn all(call: &Call<'_>, plural: &str) -> Vec<Hook> {
    let configurations = stored(call, "admissionregistration.k8s.io", "v1", plural, "");
    let hooks = configurations.into_iter().flat_map(|configuration| {
        let count = configuration.value.get("webhooks").and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).map(move |index| Hook { configuration: configuration.clone(), index })
    });
    hooks.collect()
}

impl Hook {
    fn field(&self, name: &str) -> &Value {
        let hook = self.configuration.value.get("webhooks").and_then(|hooks| hooks.get(self.index));
        hook.and_then(|h| h.get(name)).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> &str {
        self.field(name).as_str().unwrap_or_default()
    }

    /// Names it among all webhooks.
    pub(super) fn id(&self) -> (String, usize) {
        (meta::text(&self.configuration.value, "name").to_owned(), self.index)
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> &str {
        self.text("name")
    }

    /// Whether it does not matter if it cannot be asked.
    pub(super) fn ignores_failures(&self) -> bool {
        self.text("failurePolicy") == "Ignore"
    }

    /// Whether it wants to be asked again after others changed the object.
    pub(super) fn is_reinvocable(&self) -> bool {
        self.text("reinvocationPolicy") == "IfNeeded"
    }

    /// Whether it may be asked about what will not happen.
    pub(super) fn takes_dry_runs(&self) -> bool {
        matches!(self.text("sideEffects"), "None" | "NoneOnDryRun")
    }

    /// The first version of reviews that it and the server know.
    pub(super) fn review_version(&self) -> Option<&str> {
        let versions = self.field("admissionReviewVersions").as_array().into_iter().flatten();
        versions.filter_map(Value::as_str).find(|v| matches!(*v, "v1" | "v1beta1"))
    }

    pub(super) fn client(&self) -> ClientConfig {
        ClientConfig::read(self.field("clientConfig"))
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.field("timeoutSeconds").as_u64().map(Duration::from_secs)
    }

    /// How it sees a request; none if it does not want to.
    pub(super) async fn matches(&self, request: &Request<'_>, object: Option<&Value>) -> Result<Option<View>, Refusal> {
        // That the namespace is missing counts only for webhooks that would be asked.
        let namespace = selects_namespace(self.field("namespaceSelector"), request, object);
        if matches!(namespace, Ok(false)) || !selects_object(self.field("objectSelector"), object, request.old) {
            return Ok(None);
        }
        let rules = self.field("rules").as_array().map(Vec::as_slice).unwrap_or_default();
        let equivalent = self.text("matchPolicy") == "Equivalent";
        let Some(view) = view(request, rules, equivalent, |_| true) else { return Ok(None) };
        namespace?;
        let conditions = self.field("matchConditions").as_array().map(Vec::as_slice).unwrap_or_default();
        let met = Box::pin(conditions::met(conditions, request, &view, object, self.ignores_failures())).await?;
        Ok(met.then_some(view))
    }
}
