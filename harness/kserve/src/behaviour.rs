//! What differs between releases in behaviour, in one table.
//!
//! Code asks this table, never a release: a new release is a new row of dates here. Sources: the recordings of v0.11.2, v0.12.1, v0.13.0, v0.14.1,
//! v0.15.2, v0.16.0, v0.17.0, v0.19.0 and v0.20.0, and the sources of the tags between them. What v0.12.1 does and v0.11.2 does not is dated
//! v0.12.0-rc0, whose sources were not at hand.

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
    /// Models for Triton speak V2 unless they say otherwise, whichever way they are written.
    triton_speaks_v2: from V0_11_2;
    /// Pods without a collector of metrics are read at 9091 instead of 9090.
    metrics_of_proxy: from V0_11_2;
    /// Refusals have a message; before, what is wrong was their reason.
    refusals_have_messages: from V0_12_0Rc0;
    /// Events name who reports them once more (`reportingComponent`).
    events_name_reporters: from V0_12_0Rc0;
    /// Predictors have a block `huggingface`; without a URI its models are not taken for a server of several.
    hugging_face_block: from V0_12_0Rc0;
    /// The autoscaler class `external`.
    external_autoscalers: from V0_12_0Rc0;
    /// Whatever is wrong in an autoscaler is set right, not its metrics and numbers alone.
    compares_autoscalers: from V0_12_0Rc0;
    /// A `transformer-container` beside a server is probed, answers instead of it, and names no model.
    transformers_in_front: from V0_12_0Rc0;
    /// The server of a user's own containers is the one with its name, wherever it stands.
    named_servers: from V0_12_0Rc0;
    /// How long revisions may take until they begin to answer is stated, too.
    limits_first_answers: from V0_12_0Rc0;
    /// What Knative fills in is left to Knative.
    leaves_defaults_to_knative: from V0_12_0Rc0;
    /// `disableIngressCreation` is understood in raw mode.
    optional_ingress: from V0_12_0Rc0;
    /// Graphs can be deployed in raw mode.
    raw_graphs: from V0_12_0Rc0;
    /// A runtime's priorities for one format must be the same.
    one_priority: from V0_12_0Rc0;
    /// What is said of too small a target for requests per second begins with a small letter.
    small_target: from V0_12_0Rc0;
    /// Batchers have no timeout.
    no_batch_timeout: from V0_12_0Rc0;
    /// The port where Knative's proxy shows collected metrics is one of its container's.
    opens_metrics_port: from V0_12_0Rc0;
    /// Storage initializers take the user of Istio's proxy where its CNI redirects traffic.
    follows_istio: from V0_12_0Rc0;
    /// Servers of TorchServe's kind are told V2 of models that are asked by gRPC, too.
    envelopes_of_grpc: from V0_12_0Rc0;
    /// Secrets and ConfigMaps with authorities can be mounted beside models (kserve/kserve#3250).
    ca_bundles: from V0_12_0Rc0;
    /// A PVC is mounted where the model is wanted, without an init container.
    direct_pvc: from V0_12_0Rc0;
    /// Secrets for Azure need not hold a client's secret.
    azure_identities: from V0_12_0Rc0;
    /// `oci://` models run as a container beside the server.
    modelcars: from V0_12_0Rc0;
    /// Without Knative's and Istio's kinds the manager does without; before, its controllers waited for them.
    looks_for_kinds: from V0_13_0;
    /// Secrets are read past what is watched: what is missing is told in other words.
    reads_secrets_anew: from V0_13_0;
    /// Alibi's explainers are gone.
    no_alibi: from V0_13_0;
    /// Error texts begin with a small letter and end without a full stop.
    small_letters: from V0_14_0;
    /// A defaulter that cannot read its configuration refuses instead of panicking.
    defaulter_refuses: from V0_14_0;
    /// Webhooks that panic say so instead of ending the exchange.
    recovers_panics: from V0_15_0Rc0;
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
    /// Secrets for Azure may hold a storage's access key beside a client.
    azure_access_keys: from V0_15_0Rc0;
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
    /// `serving.kserve.io/stop` stops services in every mode, and whether one is stopped is always told.
    stops_in_every_mode: from V0_16_0;
    /// Claims are mounted where the model is wanted, whatever the configuration says.
    always_direct_pvc: from V0_16_0;
    /// Initializers get variables that speed up downloads from Hugging Face, unless they have them.
    hugging_face_speed: from V0_16_0;
    /// Progress and failures of a Deployment decide as well whether a component is ready, not its availability alone.
    progress_decides: from V0_16_0;
    /// How many copies of a model are ready is always told.
    counts_copies: from V0_16_0;
    /// Images that are named by a digest keep it.
    keeps_digests: from V0_16_0;
    /// Secrets for S3 may state what their annotations can.
    s3_data: from V0_16_0;
    /// Secrets for Azure may hold an access token; of a client nothing but its tenant is asked for.
    azure_tokens: from V0_16_0;
    /// The ClusterStorageContainer is chosen by the URI that the service states, before a secret tells its scheme.
    chooses_by_stated_uri: from V0_16_0;
    /// Ready services that are told not to follow their runtime are not looked at any more.
    rests_when_ready: from V0_16_0;
    /// Models have no name of their own.
    nameless_models: from V0_16_0;
    /// ScaledObjects say how fast they scale, name who identifies them, and quote quantities as they were stated.
    keda_behaviour: from V0_16_0;
    /// The storage initializer's quantities are looked at before anything is deployed; those of model images must be there at first.
    checks_initializer: from V0_16_0;
    optional_modelcar_resources: from V0_17_0;
    /// Loggers may store events instead of sending them.
    logger_stores: from V0_16_0;
    /// Graphs ask services whose runtime is stated by the protocol of that.
    asks_runtimes: from V0_16_0;
    /// Models in images can be served by several nodes, too.
    workers_of_images: from V0_16_0;
    /// Only services on a ClusterServingRuntime follow it; before, every service did.
    follows_own_cluster_runtime: from V0_17_0;
    /// Statuses of services that cannot be deployed have conditions.
    conditions_before_deployment: from V0_17_0;
    /// Older names of modes become the new ones in services.
    renames_modes: from V0_17_0;
    /// A service that is being deleted is not asked whether its mode changed.
    lets_go: from V0_17_0;
    /// Servers and transformers are told which service they are of (`INFERENCE_SERVICE_NAME`).
    names_service: from V0_17_0;
    /// Services are annotated with the format of their model.
    annotates_format: from V0_17_0;
    /// Services without Istio's VirtualServices are deployed, with a warning.
    without_mesh: from V0_17_0;
    /// Conditions that are true keep their reason.
    reasons_of_true: from V0_17_0;
    /// A component that cannot be deployed has a condition that says why.
    tells_failed_components: from V0_17_0;
    /// Addresses of services without an address of the cluster have the port of the server.
    ports_of_headless: from V0_17_0;
    /// Endpoints of S3 may name their scheme; whether to use HTTPS is told with an endpoint alone.
    s3_schemes: from V0_17_0;
    /// Times that nobody set are left out of what Knative gets.
    omits_null_times: from V0_17_0;
    /// Loggers may collect events before they send them.
    logger_batches: from V0_17_0;
    /// What becomes of init containers is seen at once, not with the next change of a Deployment.
    watches_initializers: from V0_17_0;
    /// Runtimes may name a scheduler.
    runtime_schedulers: from V0_17_0;
    /// Runtimes say by an annotation what kind of server they are.
    server_types: from V0_17_0;
    /// Workers are told how a model is cut into parts, and how they find each other.
    workers_find_each_other: from V0_19_0;
    /// Addresses within the cluster are asked by plain HTTP, whatever the scheme outside.
    plain_addresses: from V0_19_0;
    /// The agent is probed where the server is.
    mirrors_probes: from V0_19_0;
    /// Of the mode that a service was first deployed in the meaning counts, and of one that was not deployed yet that it would be `Standard`: others
    /// cannot be changed any more, their first finalizer included, until [`Self::modes_by_meaning`].
    normalises_kept_modes: from V0_19_0;
    /// What is being deleted is not validated.
    lets_all_go: from V0_19_0;
    /// Containers may not set `PYTHONPATH`.
    no_python_path: from V0_19_0;
    /// The defaulter looks for the predictor's implementation whether or not models are cached, and panics where there is none.
    looks_for_implementation: from V0_19_0;
    /// Cached models lie under a hash of where they came from.
    hashes_local_models: from V0_19_0;
    /// What a server's security context says stays when its model is in an image.
    keeps_security_of_servers: from V0_19_0;
    /// HTTPRoutes lead gRPC to a port of its own, and may have no timeout.
    grpc_routes: from V0_19_0;
    /// What the defaulter would leave out of a service as empty stays as it was given.
    keeps_empty_fields: from V0_20_0;
    /// Images may be mounted as volumes (`oci+native://`).
    native_images: from V0_20_0;
    /// A service whose routes are waited for says so.
    tells_missing_routes: from V0_20_0;
    /// Services are made before the Deployments that they lead to.
    services_first: from V0_20_0;
    /// Predictors may have a name, and say by which container their model is loaded.
    named_predictors: from V0_20_0;
    /// Where a Deployment is available, it does not matter that it still progresses.
    availability_over_progress: from V0_20_0;
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
