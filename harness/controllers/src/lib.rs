//! Kubernetes' own controllers as plain API clients: what kube-controller-manager does and a bare kube-apiserver lacks (behaviour of release 1.35).
//!
//! [`start`] runs them against any API server, until the returned [`Controllers`] is dropped. They know nothing of the embedded server.
//!
//! | controller | what it does |
//! |---|---|
//! | clusterrole-aggregation | fills aggregated ClusterRoles from the roles that they select |
//! | serviceaccount | the service account `default` in every namespace |
//! | root-ca-certificate-publisher | the ConfigMap `kube-root-ca.crt` in every namespace |
//! | serviceaccount-token | fills Secrets of type `kubernetes.io/service-account-token`, deletes them with their account |
//! | namespace | empties namespaces that are being deleted, says what holds them, lets them go |
//! | garbage-collector | deletes what has lost its owners: in the background, in the foreground, or orphans it |
//! | replicaset, replicationcontroller, deployment, statefulset, daemonset | pods from templates, rolled out by revision |
//! | job, cronjob, ttl-after-finished | pods that run to completion |
//! | endpoint, endpointslice, endpointslice-mirroring | where services lead |
//! | resourcequota, disruption, horizontal-pod-autoscaler | what is used, what may go, how many there are |
//! | persistentvolume-binder, pvc-protection, pv-protection | claims and volumes |
//!
//! All of them act on events only. A task without work is parked without a timer, and the only timers are those of retries and of moments that objects name
//! (deadlines, schedules), so on a paused
//! tokio clock a run comes to rest. [`kit`] has the parts that further controllers can be built of.

mod aggregation;
mod autoscaling;
mod context;
mod controllers;
mod discovery;
mod disruption;
mod garbage;
pub mod kit;
mod monitors;
mod namespaces;
mod quota;
mod root_ca;
mod service_accounts;
mod services;
mod token_secrets;
mod volumes;
mod workloads;

pub use controllers::{Clock, Controllers, Options, start};
pub use token_secrets::{LegacyToken, SecretTokens};
