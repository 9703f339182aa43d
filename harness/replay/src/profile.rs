//! Conformance profiles: what a distribution can be certified for.
//!
//! A scenario can count for several profiles, and not everywhere as much: what one profile requires is beyond another. Profiles can build on each other.
//! That is how the Gateway API's profiles are made, whose features are core in some and extended in others.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much a distribution that conforms must get right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Required.
    Core,
    /// Beyond what is required.
    Extended,
}

impl Level {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Extended => "extended",
        }
    }
}

/// A set of scenarios that make sense together, each of them required or beyond that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Models are served: runtimes, storage, webhooks.
    KserveCore,
    /// What KServe offers beyond that: graphs, caches, several nodes, a mesh.
    KserveExtended,
    /// Several teams on one Kubeflow, each in a profile of its own.
    KubeflowMultiuser,
    /// Models in an AWS account that is not the cluster's.
    AwsCrossAccount,
    /// The web application in which people see and make models.
    ModelsWebApp,
}

impl Profile {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Self; 5] =
        [Self::KserveCore, Self::KserveExtended, Self::KubeflowMultiuser, Self::AwsCrossAccount, Self::ModelsWebApp];

    /// Its name: `kserve-core`.
    pub fn name(self) -> &'static str {
        match self {
            Self::KserveCore => "kserve-core",
            Self::KserveExtended => "kserve-extended",
            Self::KubeflowMultiuser => "kubeflow-multiuser",
            Self::AwsCrossAccount => "aws-cross-account",
            Self::ModelsWebApp => "models-web-app",
        }
    }

    /// The profile that it builds on: whatever counts for that one, at either level, is required here.
    pub fn base(self) -> Option<Self> {
        (self == Self::KserveExtended).then_some(Self::KserveCore)
    }

    /// What it is about, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::KserveCore => "KServe serves models",
            Self::KserveExtended => "KServe's further features",
            Self::KubeflowMultiuser => "several teams on one Kubeflow",
            Self::AwsCrossAccount => "models in another AWS account",
            Self::ModelsWebApp => "the models web application",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| format!("unknown profile {name}; there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
