//! Rights: what a user may do is what the cluster says, asked anew each time.

use http::StatusCode;
use proofmark_json::{Value, json};

use super::{Cluster, Resource};
use crate::failure::Failure;
use crate::python::{self, Style};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

impl Cluster {
    /// Refuses a user who may not do something; without a namespace, in all of them.
    pub(crate) async fn ensure(
        &self,
        user: &str,
        verb: &str,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> Result<(), Failure> {
        let Resource { group, version, plural } = *resource;
        let mut attributes = json!({"group": group, "resource": plural, "verb": verb, "version": version});
        if let Some(namespace) = namespace {
            attributes["namespace"] = json!(namespace);
        }
        let review = json!({"spec": {"resourceAttributes": attributes, "user": user}});
        let answer = self.post(REVIEWS, python::write(&review, Style::Plain)).await?;
        if answer.pointer("/status/allowed").and_then(Value::as_bool) == Some(true) {
            return Ok(());
        }
        let what = if group.is_empty() { String::new() } else { format!("{group}/") };
        let place = namespace.map(|namespace| format!(" in namespace '{namespace}'")).unwrap_or_default();
        let words = format!("User '{user}' is not authorized to {verb} {what}{version}/{plural}{place}");
        Err(Failure::refused(StatusCode::FORBIDDEN, words))
    }
}
