//! Rows of the built-in kinds.
//!
//! One function per kind, by subject in the modules below, each reading the object's JSON. What they show and in which words is that of
//! kube-apiserver 1.35 (`k8s.io/kubernetes/pkg/printers/internalversion`), where the server asks for the wide form.

mod access;
mod admission;
mod autoscaling;
mod cluster;
mod event;
mod network;
mod pod;
mod read;
mod service;
mod storage;
mod workload;

use jiff::Timestamp;
use proofmark_json::Value;

use crate::printer::Row;
use read::{cells, name};

/// Makes the row of an object of one kind.
pub(crate) type RowFn = fn(&Value, Timestamp) -> Row;

/// The row of kinds without columns of their own.
pub(crate) fn default(object: &Value) -> Row {
    cells![name(object), read::text(&object["metadata"]["creationTimestamp"])]
}

/// The rows of a kind, by `Kind.group` (`Kind` in the core group).
pub(crate) fn of(group_kind: &str) -> Option<RowFn> {
    Some(match group_kind {
        "Pod" => pod::row,
        "PodTemplate" => workload::pod_template,
        "ReplicationController" => workload::replication_controller,
        "ReplicaSet.apps" => workload::replica_set,
        "Deployment.apps" => workload::deployment,
        "StatefulSet.apps" => workload::stateful_set,
        "DaemonSet.apps" => workload::daemon_set,
        "ControllerRevision.apps" => workload::controller_revision,
        "Job.batch" => workload::job,
        "CronJob.batch" => workload::cron_job,
        "PodDisruptionBudget.policy" => workload::pod_disruption_budget,
        "Scale.autoscaling" | "CustomResourceScale" => autoscaling::scale,
        "HorizontalPodAutoscaler.autoscaling" => autoscaling::horizontal_pod_autoscaler,

        "Service" => service::row,
        "Ingress.networking.k8s.io" => network::ingress,
        "IngressClass.networking.k8s.io" => network::ingress_class,
        "NetworkPolicy.networking.k8s.io" => network::network_policy,
        "ServiceCIDR.networking.k8s.io" => network::service_cidr,
        "IPAddress.networking.k8s.io" => network::ip_address,
        "Endpoints" => network::endpoints,
        "EndpointSlice.discovery.k8s.io" => network::endpoint_slice,

        "Node" => cluster::node,
        "Namespace" => cluster::namespace,
        "Secret" => cluster::secret,
        "ConfigMap" => cluster::config_map,
        "ServiceAccount" | "DeviceClass.resource.k8s.io" | "ResourceClaimTemplate.resource.k8s.io" => {
            cluster::name_and_age
        }
        "ResourceQuota" => cluster::resource_quota,
        "ComponentStatus" => cluster::component_status,
        "PriorityClass.scheduling.k8s.io" => cluster::priority_class,
        "RuntimeClass.node.k8s.io" => cluster::runtime_class,
        "Lease.coordination.k8s.io" => cluster::lease,
        "LeaseCandidate.coordination.k8s.io" => cluster::lease_candidate,
        "FlowSchema.flowcontrol.apiserver.k8s.io" => cluster::flow_schema,
        "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io" => cluster::priority_level,
        "StorageVersion.internal.apiserver.k8s.io" => cluster::storage_version,
        "APIService.apiregistration.k8s.io" => cluster::api_service,
        "Event" | "Event.events.k8s.io" => event::row,

        "PersistentVolume" => storage::persistent_volume,
        "PersistentVolumeClaim" => storage::persistent_volume_claim,
        "StorageClass.storage.k8s.io" => storage::storage_class,
        "VolumeAttributesClass.storage.k8s.io" => storage::volume_attributes_class,
        "VolumeAttachment.storage.k8s.io" => storage::volume_attachment,
        "CSINode.storage.k8s.io" => storage::csi_node,
        "CSIDriver.storage.k8s.io" => storage::csi_driver,
        "ResourceClaim.resource.k8s.io" => storage::resource_claim,
        "ResourceSlice.resource.k8s.io" => storage::resource_slice,
        "DeviceTaintRule.resource.k8s.io" => storage::device_taint_rule,

        "RoleBinding.rbac.authorization.k8s.io" | "ClusterRoleBinding.rbac.authorization.k8s.io" => {
            access::role_binding
        }
        "CertificateSigningRequest.certificates.k8s.io" => access::certificate_signing_request,
        "MutatingWebhookConfiguration.admissionregistration.k8s.io"
        | "ValidatingWebhookConfiguration.admissionregistration.k8s.io" => admission::webhooks,
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io" => admission::validating_policy,
        "MutatingAdmissionPolicy.admissionregistration.k8s.io" => admission::mutating_policy,
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io"
        | "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io" => admission::policy_binding,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kind_with_columns_has_rows() {
        for kind in crate::column::kinds() {
            assert!(super::of(kind).is_some(), "{kind}");
        }
    }
}
