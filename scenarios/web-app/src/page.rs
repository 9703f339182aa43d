//! What pages make of answers. Their scripts run in browsers; here is what the two places of them do that the stories are about.
//!
//! The words of a TypeError are those of Chromium. Releases are those that Kubeflow brought with the target's KServe.

use proofmark_json::{Value, json};
use proofmark_kserve::Release;
use proofmark_replay::Target;
use proofmark_scenarios_serving::universe::release;

/// What a page of some release does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// How it is called.
    pub(crate) name: &'static str,
    /// Whether a format that it does not know is nothing to it (kserve/models-web-app#46).
    known_formats_only: bool,
    /// Whether the graphs are made before their namespace is known (kserve/models-web-app#48).
    graphs_come_first: bool,
}

/// The page that goes with a target: of v0.10.0 on the Kubeflow of KServe 0.11 and 0.12.
pub(crate) fn of(target: &Target) -> Page {
    if is_old(release(target)) {
        Page { name: "the page of v0.10.0", known_formats_only: true, graphs_come_first: true }
    } else {
        RECENT
    }
}

/// Whether the page that goes with a release of KServe has both flaws.
pub(crate) fn is_old(release: Release) -> bool {
    release < Release::V0_13_0
}

/// The newest page.
pub(crate) const RECENT: Page =
    Page { name: "the page of v1.0.1", known_formats_only: false, graphs_come_first: false };

/// The formats that were known by name.
const KNOWN: [&str; 10] =
    ["tensorflow", "triton", "sklearn", "onnx", "pytorch", "xgboost", "pmml", "lightgbm", "mlflow", "custom"];

impl Page {
    /// The rows of the list: name, format and address of each service.
    ///
    /// # Errors
    /// The error of the script that ends the whole list.
    pub(crate) fn rows(self, answer: &Value) -> Result<Value, String> {
        let services = answer["inferenceServices"].as_array().map_or(&[][..], Vec::as_slice);
        let rows: Result<Vec<Value>, String> = services.iter().map(|service| self.row(service)).collect();
        Ok(json!({"rows": rows?}))
    }

    fn row(self, service: &Value) -> Result<Value, String> {
        let model = &service["spec"]["predictor"]["model"];
        let format = model["modelFormat"]["name"].as_str().unwrap_or("custom");
        if self.known_formats_only && !KNOWN.contains(&format) {
            return Err("TypeError: Cannot read properties of null (reading 'runtimeVersion')".to_owned());
        }
        Ok(json!({"name": service["metadata"]["name"], "format": format, "storageUri": model["storageUri"]}))
    }

    /// The address of the graph of a service's requests.
    pub(crate) fn graph(self, answer: &Value) -> Value {
        let service = &answer["inferenceService"];
        let namespace = service["metadata"]["namespace"].as_str().filter(|_| !self.graphs_come_first);
        let components = &service["status"]["components"]["predictor"];
        let revision = components["latestReadyRevision"].as_str().unwrap_or_default();
        let configuration = revision.rsplit_once('-').map_or("", |(configuration, _)| configuration);
        let dashboard = "/grafana/dashboard-solo/db/knative-serving-revision-http-requests";
        let namespace = namespace.unwrap_or("undefined");
        json!({"graph": format!("{dashboard}?var-namespace={namespace}&var-configuration={configuration}&var-revision={revision}")})
    }
}
