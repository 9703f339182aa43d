//! What the app reads and writes.

/// A collection of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
}

impl Resource {
    const fn new(group: &'static str, version: &'static str, plural: &'static str) -> Self {
        Self { group, version, plural }
    }
}

/// A kind that the app manages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) resource: Resource,
    /// Under which field one of them is answered, and under which a list.
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

impl Kind {
    pub(crate) fn api_version(&self) -> String {
        format!("{}/{}", self.resource.group, self.resource.version)
    }
}

const KSERVE: &str = "serving.kserve.io";

pub(crate) static SERVICES: Kind = Kind {
    name: "InferenceService",
    resource: Resource::new(KSERVE, "v1beta1", "inferenceservices"),
    one: "inferenceService",
    many: "inferenceServices",
};

pub(crate) static GRAPHS: Kind = Kind {
    name: "InferenceGraph",
    resource: Resource::new(KSERVE, "v1alpha1", "inferencegraphs"),
    one: "inferenceGraph",
    many: "inferenceGraphs",
};

/// Created together with others only.
pub(crate) static TRAINED_MODELS: Kind = Kind {
    name: "TrainedModel",
    resource: Resource::new(KSERVE, "v1alpha1", "trainedmodels"),
    one: "trainedModel",
    many: "trainedModels",
};

pub(crate) const RUNTIMES: Resource = Resource::new(KSERVE, "v1alpha1", "servingruntimes");
pub(crate) const EVENTS: Resource = Resource::new("", "v1", "events");
/// What is asked for in reviews; its group differs by release.
pub(crate) const NAMESPACES: Resource = Resource::new("", "v1", "namespaces");

/// Something that KServe makes of a service, read by its name.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) resource: Resource,
    /// Under which field it is answered.
    pub(crate) field: &'static str,
}

const KNATIVE: &str = "serving.knative.dev";

impl Child {
    pub(crate) const KNATIVE_SERVICE: Self =
        Self { resource: Resource::new(KNATIVE, "v1", "services"), field: "knativeService" };
    pub(crate) const CONFIGURATION: Self =
        Self { resource: Resource::new(KNATIVE, "v1", "configurations"), field: "knativeConfiguration" };
    pub(crate) const REVISION: Self =
        Self { resource: Resource::new(KNATIVE, "v1", "revisions"), field: "knativeRevision" };
    pub(crate) const ROUTE: Self = Self { resource: Resource::new(KNATIVE, "v1", "routes"), field: "knativeRoute" };
    pub(crate) const DEPLOYMENT: Self =
        Self { resource: Resource::new("apps", "v1", "deployments"), field: "deployment" };
    pub(crate) const SERVICE: Self = Self { resource: Resource::new("", "v1", "services"), field: "service" };
    pub(crate) const AUTOSCALER: Self =
        Self { resource: Resource::new("autoscaling", "v2", "horizontalpodautoscalers"), field: "hpa" };
}
