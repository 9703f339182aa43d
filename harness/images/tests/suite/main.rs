//! Pods whose containers run what KServe's images run, on simulated nodes, beside a cloud in the same process.

mod agent;
mod initializer;
mod logger;
mod server;
mod world;
