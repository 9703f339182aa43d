//! The schemas of KServe's kinds, in full.
//!
//! Upstream's definitions are made by controller-gen from Go types and spell out a whole pod wherever one can be written. Here a fixture says only what is
//! KServe's own and names the rest, and this module writes it out for a release:
//!
//! * [`expand`] reads the notation of the fixtures: `$ref` and `$omit`.
//! * [`kubernetes`] writes the schemas of Kubernetes' own types, as controller-gen would at a release of Kubernetes.
//! * [`history`] is the table of what those types had when.
//!
//! It refuses to guess: a fixture that names what does not exist is a defect of the build and panics. The tests write out every release.

mod expand;
mod history;
mod kubernetes;

use include_dir::Dir;
use proofmark_json::Value;

use crate::release::Release;
use expand::Expansion;

/// The definitions of `release` with their schemas written out, with types that are not Kubernetes' from `types`.
pub(crate) fn written_out(types: &'static Dir<'static>, release: Release, outlines: Vec<Value>) -> Vec<Value> {
    let mut expansion = Expansion::new(types, release, minor(release));
    outlines.into_iter().map(|outline| expansion.definition(outline)).collect()
}

/// The minor version of Kubernetes whose types KServe is built with, from a release on (`k8s.io/api` in its `go.mod`).
const BUILT_WITH: [(Release, u8); 6] = [
    (Release::V0_11_0, 26),
    (Release::V0_12_0Rc0, 28),
    (Release::V0_14_0, 30),
    (Release::V0_15_0Rc0, 32),
    (Release::V0_16_0, 33),
    (Release::V0_17_0, 34),
];

fn minor(release: Release) -> u8 {
    BUILT_WITH.iter().rev().find(|(since, _)| *since <= release).map_or(0, |(_, minor)| *minor)
}
