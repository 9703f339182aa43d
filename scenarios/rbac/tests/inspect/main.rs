//! What reading manifests finds: in distributions written for this, in the fixtures of every release, and in real distributions.

mod fixtures;
mod support;
mod upstream;
mod written;
