//! KServe's storage initializer: a model's URI and a directory in, files out.
//!
//! [`run`] plays the initializer of a [`Release`], with that release's requests, mistakes, messages and exit codes. It runs on a [`Host`], which is
//! the machine itself or what stands for one: files, network and clock are given, so that the same code runs in a simulated pod.
//!
//! | module | what it is |
//! |---|---|
//! | [`release`] | what differs between releases, as one table |
//! | [`initializer`](run) | the entry point: arguments, log, exit code |
//! | [`fetch`](fetch()) | a loader of our own: fast, resumable, verified |
//! | [`modelmesh`] | ModelMesh's puller, which reads the same `storage-config` in another way |
//! | `storage` | KServe's storage module: sources, paths, failures in words for users |
//! | [`agent`] | the agent's puller, which brings the models of TrainedModels |
//! | `boto` | boto3 under it: credentials, endpoints, signed and repeated requests, downloads in parts |
//! | `aws_go` | aws-sdk-go under the two programs that are written in Go |
//! | `archive` | archives, as Python unpacks them |
//! | [`net`] | HTTP over any kind of connection |
//! | [`files`] | files on disk and in memory |
//! | `python`, `go` | what the standard libraries of these languages do where it shows |
//!
//! What is not played (Azure, HDFS, Hugging Face, ModelScope, OCI, Git) is refused with a message that says so.

pub mod agent;
mod archive;
mod aws_go;
mod boto;
mod environment;
mod exception;
mod fetch;
pub mod files;
mod go;
mod host;
mod initializer;
mod journal;
pub mod modelmesh;
pub mod net;
mod python;
pub mod release;
mod storage;

pub use environment::Environment;
pub use exception::{Exception, Link, Result, ServiceError};
pub use fetch::{FetchError, FetchOptions, Fetched, Parts, Progress, fetch};
pub use host::{Clock, Host};
pub use initializer::{Outcome, run};
pub use journal::{Output, Sink};
pub use release::{Release, Workers};
