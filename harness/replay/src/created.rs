//! Undoing what an attempt did that should have failed.
//!
//! Where a failure is absent, the attempts of the reproduce phase succeed. What they created is removed again, so that verify finds the
//! cluster as it would be had they failed.

use http::Method;
use proofmark_env::{ApiRequest, Cluster, Exchange, Identity};

use crate::expect::Expect;
use crate::{Evidence, Outcome, StepResult, StepVerdict};

/// The paths of what was created, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Created(Vec<String>);

impl Created {
    /// Notes what these exchanges created.
    pub(crate) fn note(&mut self, exchanges: &[Exchange]) {
        self.0.extend(exchanges.iter().filter_map(created_by));
    }

    /// Removes it, newest first; none if there is nothing.
    pub(crate) async fn remove(self, cluster: &Cluster) -> Option<StepResult> {
        if self.0.is_empty() {
            return None;
        }
        let paths: Vec<String> = self.0.into_iter().rev().collect();
        let mut left = Vec::new();
        for path in &paths {
            match cluster.send(&Identity::Admin, ApiRequest::delete(path)).await {
                Ok(exchange) if matches!(exchange.response.status, 200..300 | 404) => {}
                Ok(exchange) => left.push(format!("{path}: {}", Outcome::of(&exchange).in_words())),
                Err(error) => left.push(format!("{path}: {error}")),
            }
        }
        Some(StepResult {
            title: "what the attempts created is removed again".to_owned(),
            identity: Identity::Admin.to_string(),
            action: format!("delete {}", paths.join(", ")),
            expected: vec![Expect::Succeeds.in_words()],
            should_be_missing: false,
            verdict: if left.is_empty() { StepVerdict::AsExpected } else { StepVerdict::InnerError },
            found: if left.is_empty() { "removed".to_owned() } else { left.join("; ") },
            text: None,
            differences: Vec::new(),
            history: Vec::new(),
            permissions: None,
            evidence: cluster.take_exchanges().iter().map(|exchange| Evidence::of(exchange).into()).collect(),
        })
    }
}

/// The path of the object that an exchange created, if it did.
fn created_by(exchange: &Exchange) -> Option<String> {
    let (path, query) = exchange.request.path.split_once('?').unwrap_or((&exchange.request.path, ""));
    if exchange.response.status != 201 || query.contains("dryRun") {
        return None;
    }
    let name = exchange.response.body.json()["metadata"]["name"].as_str()?;
    match exchange.request.method {
        // A POST below an object (`serviceaccounts/x/token`) answers with that object's name and creates nothing that could be removed.
        Method::POST if !path.split('/').any(|segment| segment == name) => Some(format!("{path}/{name}")),
        Method::PUT | Method::PATCH => Some(path.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proofmark_env::{ApiResponse, Body, PatchFormat};
    use proofmark_json::json;

    use super::*;

    #[rstest::rstest]
    #[case::a_post(ApiRequest::post("/api/v1/namespaces/a/pods?x=1", json!({})), 201, Some("/api/v1/namespaces/a/pods/m"))]
    #[case::an_apply(ApiRequest::patch("/api/v1/namespaces/a/pods/m", PatchFormat::Apply, json!({})), 201, Some("/api/v1/namespaces/a/pods/m"))]
    #[case::a_change(ApiRequest::patch("/api/v1/namespaces/a/pods/m", PatchFormat::Merge, json!({})), 200, None)]
    #[case::a_dry_run(ApiRequest::post("/api/v1/namespaces/a/pods?dryRun=All", json!({})), 201, None)]
    #[case::a_token(ApiRequest::post("/api/v1/namespaces/a/serviceaccounts/m/token", json!({})), 201, None)]
    #[case::a_refusal(ApiRequest::post("/api/v1/namespaces/a/pods", json!({})), 403, None)]
    fn only_what_is_new_is_noted(#[case] request: ApiRequest, #[case] status: u16, #[case] path: Option<&str>) {
        let body = Body::Json(json!({"metadata": {"name": "m"}}));
        let response = ApiResponse { status, headers: Vec::new(), body };
        let exchange =
            Exchange { at: Duration::ZERO, who: Identity::Admin.to_string(), request, response, decision: None };
        assert_eq!(created_by(&exchange).as_deref(), path);
    }
}
