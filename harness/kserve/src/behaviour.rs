//! What differs between releases in behaviour, in one table.
//!
//! Code asks this table, never a release: a new release is a new row of dates here. Sources: the recordings of v0.13.0 and v0.15.2, and the release
//! notes and sources of the tags between them.

use crate::release::Release;

macro_rules! behaviour {
    ($($(#[$doc:meta])* $name:ident: from $release:ident;)+) => {
        /// What a release does that older ones do not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct Behaviour {
            $($(#[$doc])* pub(crate) $name: bool,)+
        }

        impl Behaviour {
            /// The behaviour of `release`.
            pub(crate) fn of(release: Release) -> Self {
                Self { $($name: release >= Release::$release,)+ }
            }
        }
    };
}

behaviour! {
    /// Secrets and ConfigMaps with authorities can be mounted beside models (kserve/kserve#3250).
    ca_bundles: from V0_12_0Rc0;
    /// `storage.kserve.io` containers choose what loads a model (ClusterStorageContainer).
    storage_containers: from V0_12_0Rc0;
    /// A PVC is mounted where the model is wanted, without an init container.
    direct_pvc: from V0_12_0Rc0;
    /// `oci://` models run as a container beside the server.
    modelcars: from V0_12_0Rc0;
    /// Error texts begin with a small letter and end without a full stop.
    small_letters: from V0_14_0;
    /// A defaulter that cannot read its configuration refuses instead of panicking.
    defaulter_refuses: from V0_14_0;
    /// Secrets may hold a Hugging Face token.
    hugging_face: from V0_14_0;
    /// Requests to agents and by them may be encrypted, and loggers pass on headers (`--logger-tls-skip-verify`, `--metadata-headers`).
    logger_tls: from V0_14_0;
    /// Images with models are fetched by an init container as well.
    prefetched_modelcars: from V0_14_0;
    /// Routers of graphs run without privileges and without a token.
    guarded_routers: from V0_14_0;
    /// `security.autoMountServiceAccountToken` decides whether pods get a token.
    token_choice: from V0_14_0;
    /// `--model_name name` is understood beside `--model_name=name`.
    spaced_model_names: from V0_14_0;
    /// Predictors have a block `workerSpec`, which is listed among the implementations.
    worker_block: from V0_14_0;
    /// Deployments are patched instead of replaced. What is gone from a service stays in them until [`Self::removes_from_deployments`].
    patches_deployments: from V0_14_0;
    /// Routes tell servers which service is meant (`KServe-Isvc-Name`).
    routes_name_services: from V0_14_0;
    /// Knative's gateway within the cluster can be another than KServe's; the ingress' service is no longer asked for.
    knative_gateway: from V0_14_0;
    /// The event that readiness was lost names the conditions, and is told only of one that is false.
    names_lost_conditions: from V0_14_0;
    /// The storage initializer keeps its own security context instead of a copy of the server's (kserve/kserve#3985).
    own_security_context: from V0_14_0;
    /// `storage.kserve.io/readonly: "false"` lets servers write into the model's folder.
    writable_models: from V0_14_0;
    /// Proxies within the mesh lead to serverless services as well, by the whole name of a host.
    mesh_gateway: from V0_14_0;
    /// Models cached on nodes (LocalModelCache).
    local_models: from V0_14_1;
    /// Default resources of containers are read from the configuration.
    configured_resources: from V0_15_0Rc0;
    /// A `transformer-container` may run beside a model's server.
    collocation: from V0_15_0Rc0;
    /// `hf://` is a storage URI whatever ClusterStorageContainers say.
    hugging_face_uris: from V0_15_0Rc0;
    /// HTTPRoutes of the Gateway API instead of Ingresses, where the configuration says so.
    gateway_api: from V0_15_0Rc0;
    /// Servers of Hugging Face's models have an image of their own for GPUs.
    hugging_face_gpu: from V0_15_0Rc0;
    /// Several nodes serve one model (`workerSpec`).
    worker_spec: from V0_15_0Rc0;
    /// What is wrong with a runtime is told in one way, in the status and in the event.
    tells_unfit_runtimes: from V0_15_0Rc0;
    /// Autoscaler classes `keda` and `none`.
    keda: from V0_15_0Rc0;
    /// In raw mode revisions of Deployments are no longer shown in the status.
    no_raw_revisions: from V0_15_0Rc0;
    /// Services and Ingresses that are changed or taken away are looked after at once, not with the next change of something else.
    watches_ways_in: from V0_15_0Rc0;
    /// `serving.kserve.io/stop` stops services in serverless mode.
    stop: from V0_15_1;
    /// The mode that a service was first deployed in is kept in its status and cannot be changed.
    sticky_mode: from V0_15_2;
    /// What is gone from a service is taken out of its Deployments.
    removes_from_deployments: from V0_15_1;
    /// A failing init container of the newest pod is told although an older pod still serves.
    init_before_ready: from V0_15_2;
    /// Routes are waited for until there is something to lead to; before, their absence was an error.
    waits_for_routes: from V0_16_0;
    /// Services follow the runtime that serves them, unless they are told not to, and name it in their status.
    follows_runtimes: from V0_16_0;
    /// Modes are called `Knative` and `Standard`; the older names are understood.
    new_mode_names: from V0_16_0;
    /// Tokens for Hugging Face are references to their secret instead of plain text.
    token_references: from V0_16_0;
    /// Only services on a ClusterServingRuntime follow it; before, every service did.
    follows_own_cluster_runtime: from V0_17_0;
    /// Statuses of services that cannot be deployed have conditions.
    conditions_before_deployment: from V0_17_0;
    /// Whether a mode changed is asked of what its names mean (kserve/kserve#5799).
    modes_by_meaning: from V0_20_0;
    /// Of a value and a reference for one variable that of the container that is laid over another counts (kserve/kserve#5541).
    whole_variables: from V0_20_0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_release_does_the_next_does_too() {
        let rows: Vec<_> = Release::all().iter().map(|release| format!("{:?}", Behaviour::of(*release))).collect();
        let trues = |row: &String| row.matches("true").count();
        assert!(rows.is_sorted_by_key(trues));
        assert!(!Behaviour::of(Release::V0_13_1).small_letters && Behaviour::of(Release::V0_14_0).small_letters);
    }
}
