//! The table: what is set in which Go type.

use proofmark_json::Map;

use super::Literal::{self, Bool, Empty, Int, Text};
use super::{network, pod, workload};

/// The defaults of one Go type.
pub(super) struct Rule {
    /// The type as Go prints it.
    pub(super) ty: &'static str,
    /// Fields that are set unless they are.
    pub(super) set: &'static [(&'static str, Literal)],
    /// Defaults that depend on other fields; runs after `set`.
    pub(super) then: Option<fn(&mut Map)>,
}

const fn set(ty: &'static str, set: &'static [(&'static str, Literal)]) -> Rule {
    Rule { ty, set, then: None }
}

const fn then(ty: &'static str, set: &'static [(&'static str, Literal)], then: fn(&mut Map)) -> Rule {
    Rule { ty, set, then: Some(then) }
}

/// The mode of files in volumes: 0644.
const MODE: Literal = Int(0o644);

pub(super) const RULES: &[Rule] = &[
    // Pods
    then("v1.Pod", &[], pod::pod),
    then("v1.PodStatus", &[], pod::addresses),
    then(
        "v1.PodSpec",
        &[
            ("restartPolicy", Text("Always")),
            ("terminationGracePeriodSeconds", Int(30)),
            ("dnsPolicy", Text("ClusterFirst")),
            ("securityContext", Empty),
            ("schedulerName", Text("default-scheduler")),
        ],
        pod::account,
    ),
    then("v1.Container", CONTAINER, pod::container),
    then("v1.EphemeralContainer", CONTAINER, pod::container),
    set("v1.ContainerPort", &[("protocol", Text("TCP"))]),
    set(
        "v1.Probe",
        &[
            ("timeoutSeconds", Int(1)),
            ("periodSeconds", Int(10)),
            ("successThreshold", Int(1)),
            ("failureThreshold", Int(3)),
        ],
    ),
    set("v1.HTTPGetAction", &[("path", Text("/")), ("scheme", Text("HTTP"))]),
    set("v1.GRPCAction", &[("service", Text(""))]),
    set("v1.ObjectFieldSelector", &[("apiVersion", Text("v1"))]),
    set("v1.FileKeySelector", &[("optional", Bool(false))]),
    // Volumes
    then("v1.Volume", &[], pod::volume),
    set("v1.SecretVolumeSource", &[("defaultMode", MODE)]),
    set("v1.ConfigMapVolumeSource", &[("defaultMode", MODE)]),
    set("v1.DownwardAPIVolumeSource", &[("defaultMode", MODE)]),
    set("v1.ProjectedVolumeSource", &[("defaultMode", MODE)]),
    set("v1.ServiceAccountTokenProjection", &[("expirationSeconds", Int(3600))]),
    set("v1.HostPathVolumeSource", &[("type", Text(""))]),
    set("v1.ISCSIVolumeSource", &[("iscsiInterface", Text("default"))]),
    set("v1.ISCSIPersistentVolumeSource", &[("iscsiInterface", Text("default"))]),
    set("v1.RBDVolumeSource", RBD),
    set("v1.RBDPersistentVolumeSource", RBD),
    set("v1.ScaleIOVolumeSource", SCALE_IO),
    set("v1.ScaleIOPersistentVolumeSource", SCALE_IO),
    set(
        "v1.AzureDiskVolumeSource",
        &[
            ("cachingMode", Text("ReadWrite")),
            ("fsType", Text("ext4")),
            ("readOnly", Bool(false)),
            ("kind", Text("Shared")),
        ],
    ),
    set("v1.PersistentVolumeClaimSpec", &[("volumeMode", Text("Filesystem"))]),
    set("v1.PersistentVolumeClaimStatus", &[("phase", Text("Pending"))]),
    set(
        "v1.PersistentVolumeSpec",
        &[("persistentVolumeReclaimPolicy", Text("Retain")), ("volumeMode", Text("Filesystem"))],
    ),
    set("v1.PersistentVolumeStatus", &[("phase", Text("Pending"))]),
    set("v1.StorageClass", &[("reclaimPolicy", Text("Delete")), ("volumeBindingMode", Text("Immediate"))]),
    then(
        "v1.CSIDriverSpec",
        &[
            ("attachRequired", Bool(true)),
            ("podInfoOnMount", Bool(false)),
            ("storageCapacity", Bool(false)),
            ("fsGroupPolicy", Text("ReadWriteOnceWithFSType")),
            ("requiresRepublish", Bool(false)),
            ("seLinuxMount", Bool(false)),
        ],
        workload::driver,
    ),
    // Other core kinds
    set("v1.NamespaceStatus", &[("phase", Text("Active"))]),
    then("v1.NodeStatus", &[], workload::node),
    then("v1.LimitRangeItem", &[], workload::limit),
    set("v1.Secret", &[("type", Text("Opaque"))]),
    set("v1.EndpointPort", &[("name", Text("")), ("protocol", Text("TCP"))]),
    // Services and networks
    then("v1.ServiceSpec", &[("sessionAffinity", Text("None")), ("type", Text("ClusterIP"))], network::service),
    then("v1.ServicePort", &[("protocol", Text("TCP"))], network::port),
    then("v1.NetworkPolicySpec", &[], network::policy),
    set("v1.NetworkPolicyPort", &[("protocol", Text("TCP"))]),
    set("v1.IngressClassParametersReference", &[("scope", Text("Cluster"))]),
    set("v1.ServiceReference", &[("port", Int(443))]),
    // Workloads
    set(
        "v1.DeploymentSpec",
        &[
            ("replicas", Int(1)),
            ("strategy", Empty),
            ("revisionHistoryLimit", Int(10)),
            ("progressDeadlineSeconds", Int(600)),
        ],
    ),
    then("v1.DeploymentStrategy", ROLLING, |s| workload::rolling(s, "25%".into(), "25%".into())),
    then("v1.DaemonSetUpdateStrategy", ROLLING, workload::daemon_rolling),
    then("v1.DaemonSet", &[], workload::daemon_set),
    set("v1.DaemonSetSpec", &[("updateStrategy", Empty), ("revisionHistoryLimit", Int(10))]),
    set("v1.ReplicaSetSpec", &[("replicas", Int(1))]),
    then("v1.ReplicationController", &[], workload::replication_controller),
    set("v1.ReplicationControllerSpec", &[("replicas", Int(1))]),
    then(
        "v1.StatefulSetSpec",
        &[
            ("replicas", Int(1)),
            ("podManagementPolicy", Text("OrderedReady")),
            ("updateStrategy", Empty),
            ("revisionHistoryLimit", Int(10)),
            ("persistentVolumeClaimRetentionPolicy", Empty),
        ],
        workload::claims,
    ),
    then("v1.StatefulSetUpdateStrategy", &[], workload::stateful),
    set(
        "v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        &[("whenDeleted", Text("Retain")), ("whenScaled", Text("Retain"))],
    ),
    then("v1.Job", &[], workload::job),
    set("v1.PodFailurePolicyOnPodConditionsPattern", &[("status", Text("True"))]),
    set(
        "v1.CronJobSpec",
        &[
            ("concurrencyPolicy", Text("Allow")),
            ("suspend", Bool(false)),
            ("successfulJobsHistoryLimit", Int(3)),
            ("failedJobsHistoryLimit", Int(1)),
        ],
    ),
    set("v1.HorizontalPodAutoscalerSpec", &[("minReplicas", Int(1))]),
    then("v2.HorizontalPodAutoscalerSpec", &[("minReplicas", Int(1))], workload::autoscaler),
    // What the control plane is configured with
    set("v1.PriorityClass", &[("preemptionPolicy", Text("PreemptLowerPriority"))]),
    set("v1.ValidatingWebhook", WEBHOOK),
    set("v1.MutatingWebhook", MUTATING_WEBHOOK),
    set("v1.RuleWithOperations", &[("scope", Text("*"))]),
    set("v1.NamedRuleWithOperations", &[("scope", Text("*"))]),
    set("v1.ValidatingAdmissionPolicySpec", &[("failurePolicy", Text("Fail"))]),
    set(
        "v1.MatchResources",
        &[("namespaceSelector", Empty), ("objectSelector", Empty), ("matchPolicy", Text("Equivalent"))],
    ),
    set("v1.FlowSchemaSpec", &[("matchingPrecedence", Int(1000))]),
    set("v1.ExemptPriorityLevelConfiguration", &[("nominalConcurrencyShares", Int(0)), ("lendablePercent", Int(0))]),
    set("v1.LimitedPriorityLevelConfiguration", &[("nominalConcurrencyShares", Int(30)), ("lendablePercent", Int(0))]),
    set("v1.QueuingConfiguration", &[("queues", Int(64)), ("handSize", Int(8)), ("queueLengthLimit", Int(50))]),
    then("v1.ExactDeviceRequest", &[("allocationMode", Text("ExactCount"))], workload::device_count),
    then("v1.DeviceSubRequest", &[("allocationMode", Text("ExactCount"))], workload::device_count),
    set("v1.DeviceToleration", &[("operator", Text("Equal"))]),
];

const CONTAINER: &[(&str, Literal)] =
    &[("terminationMessagePath", Text("/dev/termination-log")), ("terminationMessagePolicy", Text("File"))];

const RBD: &[(&str, Literal)] =
    &[("pool", Text("rbd")), ("user", Text("admin")), ("keyring", Text("/etc/ceph/keyring"))];

const SCALE_IO: &[(&str, Literal)] = &[("storageMode", Text("ThinProvisioned")), ("fsType", Text("xfs"))];

const ROLLING: &[(&str, Literal)] = &[("type", Text("RollingUpdate"))];

const WEBHOOK: &[(&str, Literal)] = &[
    ("failurePolicy", Text("Fail")),
    ("matchPolicy", Text("Equivalent")),
    ("namespaceSelector", Empty),
    ("objectSelector", Empty),
    ("timeoutSeconds", Int(10)),
];

const MUTATING_WEBHOOK: &[(&str, Literal)] = &[
    ("failurePolicy", Text("Fail")),
    ("matchPolicy", Text("Equivalent")),
    ("namespaceSelector", Empty),
    ("objectSelector", Empty),
    ("timeoutSeconds", Int(10)),
    ("reinvocationPolicy", Text("Never")),
];
