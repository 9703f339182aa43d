//! What `k8s-openapi` knows about the built-in types and our tables do not: descriptions, and the names of definitions.
//!
//! The crate is generated from the OpenAPI document of the release that the embedded server follows. Its schemas are read when a client
//! first asks for OpenAPI; the prose is upstream's, and is nowhere written down here.

use std::sync::LazyLock;

use k8s_openapi::schemars::SchemaGenerator;
use k8s_openapi::schemars::generate::SchemaSettings;
use proofmark_json::{Map, Value};

static DEFINITIONS: LazyLock<Map> = LazyLock::new(|| {
    let mut generator = SchemaSettings::openapi3().into_generator();
    every_kind(&mut generator);
    generator.take_definitions(false).into_iter().map(|(name, schema)| (name, schema.into())).collect()
});

/// A definition by its name, `io.k8s.api.core.v1.ConfigMap`.
pub(super) fn definition(name: &str) -> Option<&'static Value> {
    DEFINITIONS.get(name)
}

/// A field of a definition.
pub(super) fn field<'a>(definition: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    definition?.get("properties")?.get(name)
}

/// What the items of a list, or the values of a map, are.
pub(super) fn inner<'a>(schema: Option<&'a Value>, keyword: &str) -> Option<&'a Value> {
    schema?.get(keyword)
}

/// The definition that a schema refers to, by name.
pub(super) fn referred(schema: Option<&Value>) -> Option<&str> {
    schema?.get("$ref")?.as_str()?.rsplit('/').next()
}

/// The prose of a schema.
pub(super) fn description(schema: Option<&Value>) -> Option<&str> {
    schema?.get("description")?.as_str()
}

macro_rules! kinds {
    ($generator:ident; $($($module:ident)::+ { $($kind:ident),+ })+) => {
        $({
            use k8s_openapi::$($module)::+::{$($kind),+};
            $($generator.subschema_for::<$kind>();)+
        })+
    };
}

/// Every kind that is served, and with it everything that it holds.
fn every_kind(generator: &mut SchemaGenerator) {
    kinds! { generator;
        api::admissionregistration::v1 {
            MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration
        }
        api::apps::v1 { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet }
        api::authentication::v1 { SelfSubjectReview, TokenRequest, TokenReview }
        api::authorization::v1 { LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview }
        api::autoscaling::v1 { HorizontalPodAutoscaler, Scale }
        api::autoscaling::v2 { HorizontalPodAutoscaler }
        api::batch::v1 { CronJob, Job }
        api::certificates::v1 { CertificateSigningRequest }
        api::coordination::v1 { Lease }
        api::core::v1 {
            Binding, ComponentStatus, ConfigMap, Endpoints, Event, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod,
            PodTemplate, ReplicationController, ResourceQuota, Secret, Service, ServiceAccount
        }
        api::discovery::v1 { EndpointSlice }
        api::events::v1 { Event }
        api::flowcontrol::v1 { FlowSchema, PriorityLevelConfiguration }
        api::networking::v1 { IPAddress, Ingress, IngressClass, NetworkPolicy, ServiceCIDR }
        api::node::v1 { RuntimeClass }
        api::policy::v1 { Eviction, PodDisruptionBudget }
        api::rbac::v1 { ClusterRole, ClusterRoleBinding, Role, RoleBinding }
        api::resource::v1 { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice }
        api::scheduling::v1 { PriorityClass }
        api::storage::v1 { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment, VolumeAttributesClass }
        apiextensions_apiserver::pkg::apis::apiextensions::v1 { CustomResourceDefinition }
        kube_aggregator::pkg::apis::apiregistration::v1 { APIService }
        apimachinery::pkg::apis::meta::v1 { DeleteOptions, ListMeta, Status }
    }
}
