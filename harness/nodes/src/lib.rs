//! Simulated nodes: what kube-scheduler and kubelets do, as plain API clients (behaviour of release 1.35).
//!
//! [`start`] registers nodes, schedules pods onto them and lets their containers live: image pulls, init containers, sidecars, probes, restarts
//! with back-off, volumes, tokens, logs, graceful deletion, with the statuses and events that a kubelet writes. It knows nothing of the embedded
//! API server and runs against any.
//!
//! | module | what it does |
//! |---|---|
//! | [`process`] | what runs in containers: images, processes, scripts |
//! | `kubelet` | a pod's life on its node |
//! | `scheduler` | which node a pod goes to |
//! | `node` | the nodes themselves, their addresses and heartbeats |
//! | `recorder` | events |
//! | [`logs`] | what containers wrote |
//!
//! Nothing runs in a container but what [`process::Images`] knows by the image's name: a [`process::Script`], or a function. Unknown images run until
//! they are stopped and answer every probe.
//!
//! All of it acts on events. Timers exist only where something happens by itself at that time (a back-off, a probe, a grace period); a probe
//! whose answer has settled is asked again when its process says that something changed. So on a paused tokio clock a run comes to rest.
//! Heartbeats are the exception, and off unless asked for ([`Options::heartbeat`]).

mod cluster;
mod kinds;
mod kubelet;
pub mod logs;
mod node;
pub mod process;
mod recorder;
mod resources;
mod scheduler;

pub use cluster::{Nodes, Options, WeakNodes, start};
pub use kubelet::{ExecError, LogError};
pub use node::NodePool;
