//! Names that KServe gives to things: annotations, labels, containers, kinds.

use proofmark_controllers::kit::Resource;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)+
    };
}

names! {
    /// The ConfigMap with the settings of the control plane.
    CONFIG = "inferenceservice-config";
    DEPLOYMENT_MODE = "serving.kserve.io/deploymentMode";
    AUTOSCALER_CLASS = "serving.kserve.io/autoscalerClass";
    METRICS = "serving.kserve.io/metrics";
    TARGET_UTILIZATION = "serving.kserve.io/targetUtilizationPercentage";
    STOP = "serving.kserve.io/stop";
    KNATIVE_AUTOSCALING_CLASS = "autoscaling.knative.dev/class";
    KNATIVE_MIN_SCALE = "autoscaling.knative.dev/min-scale";
    KNATIVE_MAX_SCALE = "autoscaling.knative.dev/max-scale";
    KNATIVE_ROLLOUT = "serving.knative.dev/rolloutDuration";
    /// The label of everything that belongs to an InferenceService; the pod webhook selects by it.
    SERVICE_LABEL = "serving.kserve.io/inferenceservice";
    GRAPH_LABEL = "serving.kserve.io/inferencegraph";
    COMPONENT_LABEL = "component";
    VISIBILITY = "networking.kserve.io/visibility";
    KNATIVE_VISIBILITY = "networking.knative.dev/visibility";
    CLUSTER_LOCAL = "cluster-local";
    SOURCE_URI = "internal.serving.kserve.io/storage-initializer-sourceuri";
    STORAGE_SPEC = "internal.serving.kserve.io/storage-spec";
    STORAGE_SPEC_PARAM = "internal.serving.kserve.io/storage-spec-param";
    STORAGE_SPEC_KEY = "internal.serving.kserve.io/storage-spec-key";
    LOGGER = "internal.serving.kserve.io/logger";
    LOGGER_URL = "internal.serving.kserve.io/logger-sink-url";
    LOGGER_MODE = "internal.serving.kserve.io/logger-mode";
    LOGGER_HEADERS = "internal.serving.kserve.io/logger-metadata-headers";
    LOGGER_ANNOTATIONS = "internal.serving.kserve.io/logger-metadata-annotations";
    BATCHER = "internal.serving.kserve.io/batcher";
    BATCHER_SIZE = "internal.serving.kserve.io/batcher-max-batchsize";
    BATCHER_LATENCY = "internal.serving.kserve.io/batcher-max-latency";
    BATCHER_TIMEOUT = "internal.serving.kserve.io/batcher-timeout";
    AGENT = "internal.serving.kserve.io/agent";
    AGENT_CONFIG = "internal.serving.kserve.io/configVolumeName";
    AGENT_CONFIG_DIR = "internal.serving.kserve.io/configMountPath";
    AGENT_MODEL_DIR = "internal.serving.kserve.io/modelDir";
    DISABLE_LOCAL_MODEL = "serving.kserve.io/disable-localmodel";
    /// Keeps a service that is ready as it is when its runtime changes.
    DISABLE_AUTO_UPDATE = "serving.kserve.io/disable-auto-update";
    NODE_GROUP = "serving.kserve.io/nodegroup";
    LOCAL_MODEL_LABEL = "internal.serving.kserve.io/localmodel";
    LOCAL_MODEL_SOURCE = "internal.serving.kserve.io/localmodel-sourceuri";
    LOCAL_MODEL_PVC = "internal.serving.kserve.io/localmodel-pvc-name";
    SCRAPING = "serving.kserve.io/enable-prometheus-scraping";
    AGGREGATION = "serving.kserve.io/enable-metric-aggregation";
    INITIALIZER_UID = "serving.kserve.io/storage-initializer-uid";
    READ_ONLY = "storage.kserve.io/readonly";
    FINALIZER = "inferenceservice.finalizers";
    MODEL_FINALIZER = "trainedmodel.finalizer";
    /// The label of a TrainedModel that names its parent.
    PARENT_LABEL = "inferenceservice";
    ALLOCATED_LABEL = "serving.kserve.io/trainedmodel-allocated";
    SERVER_CONTAINER = "kserve-container";
    TRANSFORMER_CONTAINER = "transformer-container";
    WORKER_CONTAINER = "worker-container";
    INITIALIZER_CONTAINER = "storage-initializer";
    MODEL_DIR = "/mnt/models";
}

const GROUP: &str = "serving.kserve.io";

/// Kinds of KServe, and those that it reads or makes.
pub(crate) mod kinds {
    use super::{GROUP, Resource};

    pub(crate) const SERVICES: Resource =
        Resource::namespaced(GROUP, "v1beta1", "inferenceservices", "InferenceService");
    pub(crate) const GRAPHS: Resource = Resource::namespaced(GROUP, "v1alpha1", "inferencegraphs", "InferenceGraph");
    pub(crate) const TRAINED_MODELS: Resource =
        Resource::namespaced(GROUP, "v1alpha1", "trainedmodels", "TrainedModel");
    pub(crate) const RUNTIMES: Resource = Resource::namespaced(GROUP, "v1alpha1", "servingruntimes", "ServingRuntime");
    pub(crate) const CLUSTER_RUNTIMES: Resource =
        Resource::cluster(GROUP, "v1alpha1", "clusterservingruntimes", "ClusterServingRuntime");
    pub(crate) const STORAGE_CONTAINERS: Resource =
        Resource::cluster(GROUP, "v1alpha1", "clusterstoragecontainers", "ClusterStorageContainer");
    pub(crate) const LOCAL_MODELS: Resource =
        Resource::cluster(GROUP, "v1alpha1", "localmodelcaches", "LocalModelCache");
    pub(crate) const LOCAL_MODEL_NODES: Resource =
        Resource::cluster(GROUP, "v1alpha1", "localmodelnodes", "LocalModelNode");
    pub(crate) const LOCAL_MODEL_NODE_GROUPS: Resource =
        Resource::cluster(GROUP, "v1alpha1", "localmodelnodegroups", "LocalModelNodeGroup");
    pub(crate) const NODES: Resource = Resource::cluster("", "v1", "nodes", "Node");
    pub(crate) const VOLUMES: Resource = Resource::cluster("", "v1", "persistentvolumes", "PersistentVolume");
    pub(crate) const CLAIMS: Resource =
        Resource::namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
    pub(crate) const CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
    pub(crate) const SECRETS: Resource = Resource::namespaced("", "v1", "secrets", "Secret");
    pub(crate) const ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
    pub(crate) const PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");
    pub(crate) const CORE_SERVICES: Resource = Resource::namespaced("", "v1", "services", "Service");
    pub(crate) const DEPLOYMENTS: Resource = Resource::namespaced("apps", "v1", "deployments", "Deployment");
    pub(crate) const AUTOSCALERS: Resource =
        Resource::namespaced("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler");
    pub(crate) const INGRESSES: Resource = Resource::namespaced("networking.k8s.io", "v1", "ingresses", "Ingress");
    pub(crate) const KNATIVE_SERVICES: Resource =
        Resource::namespaced("serving.knative.dev", "v1", "services", "Service");
    pub(crate) const VIRTUAL_SERVICES: Resource =
        Resource::namespaced("networking.istio.io", "v1beta1", "virtualservices", "VirtualService");
    pub(crate) const SCALED_OBJECTS: Resource =
        Resource::namespaced("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject");
    pub(crate) const HTTP_ROUTES: Resource =
        Resource::namespaced("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute");
    pub(crate) const CRDS: Resource =
        Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");
}
