//! What differs between releases of KServe's storage initializer, as one table.
//!
//! A release is KServe's own Python code together with the libraries of its lock file (boto3, botocore, s3transfer, urllib3). [`Release::behaviour`]
//! says what both do; the rest of the crate reads the table and knows no release by name.
//!
//! Source: `kserve.storage` (0.11 to 0.15) and `kserve_storage` (0.16 and later) as published on PyPI, and runs of them.

use std::fmt;
use std::str::FromStr;

/// A release of the storage initializer that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 0.11.2: boto3 1.27.0.
    V0_11,
    /// 0.12.0-rc0: CA bundles from ConfigMaps, while `certificate` still is a path. Libraries are taken to be those of 0.12.1.
    V0_12Rc0,
    /// 0.12.0-rc1: in everything that is told here, 0.12.0-rc0.
    V0_12Rc1,
    /// 0.12.1: boto3 1.34.88.
    V0_12,
    /// 0.13.1: boto3 1.34.89.
    V0_13,
    /// 0.14.1: boto3 1.35.23, urllib3 2.
    V0_14,
    /// 0.15.2: boto3 1.38.4.
    V0_15,
    /// 0.16.0: a package of its own, several models in one run.
    V0_16,
    /// 0.17.1: HeadBucket first, objects in parallel, errors translated.
    V0_17,
    /// 0.18.0: every worker has a session of its own.
    V0_18,
    /// 0.20.0: models one after the other, the global CA bundle for everything.
    V0_20,
    /// 0.21.0: ModelScope and OCI.
    V0_21,
}

/// How an object's key becomes a path below the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapping {
    /// The prefix is cut out wherever it occurs; a file whose name begins with the prefix's last part keeps what follows the prefix's parent.
    CutEverywhere,
    /// Like [`Mapping::CutEverywhere`], but such a file keeps nothing but its name.
    FlattenSiblings,
    /// The prefix and one slash behind it are cut off the front.
    CutFrontOneSlash,
    /// The prefix and all slashes behind it are cut off the front.
    CutFront,
}

/// Where the CA bundle for S3 comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleRule {
    /// `S3_VERIFY_SSL` and the ConfigMap are ignored; only botocore's own variables count.
    Botocore,
    /// With a ConfigMap: `AWS_CA_BUNDLE`, or the mounted file. Without: botocore's own variables.
    OnlyWithConfigMap,
    /// `AWS_CA_BUNDLE` first, then the ConfigMap's mounted file.
    BundleFirst,
}

/// How the entry point takes its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arguments {
    /// One URI and one destination.
    One,
    /// Pairs, all at once.
    Parallel,
    /// Pairs, one after the other; destinations are made with their parents.
    Sequential,
}

/// How lines of the log begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// `INFO:root:`
    Root,
    /// Time, process and place; the logger's name is given.
    Named(&'static str),
}

/// How exceptions of urllib3 read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urllib3 {
    /// 1.26
    V1,
    /// 2.0 and later.
    V2,
    /// 2.6 and later: connections are shown by host and port.
    V2Named,
}

/// How S3 objects are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// One after the other, while listing.
    None,
    /// In processes that inherit the credentials of their parent.
    Inherit,
    /// In processes that look for credentials themselves.
    Own,
}

/// What a release does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// How the entry point takes its arguments.
    pub arguments: Arguments,
    /// Whether failures end in one line of the log instead of a traceback, and wrong arguments in an exit code of 1.
    pub tells_failures: bool,
    /// How lines of the log begin.
    pub log: LogFormat,
    /// The schemes that the message for unknown URIs lists, as written there.
    pub known_schemes: &'static str,
    /// `storage-config` sets every variable, also those that it does not have.
    pub config_sets_all: bool,
    /// The key of `storage-config` that becomes `AWS_CA_BUNDLE`.
    pub config_bundle: &'static str,
    /// Local paths are looked at before every scheme.
    pub local_first: bool,
    /// `hf://` is known.
    pub huggingface: bool,
    /// `modelscope://` and `oci://` are known.
    pub modelscope_and_oci: bool,
    /// `https://...git` is cloned.
    pub git: bool,
    /// Azure's newer host names are known; how many digits a zone has.
    pub azure_zone_digits: Option<(u8, u8)>,
    /// Refusals of `hf://` URIs are worded like those of the other schemes.
    pub huggingface_errors_named: bool,
    /// How keys become paths.
    pub mapping: Mapping,
    /// Where the CA bundle comes from.
    pub bundle: BundleRule,
    /// The mounted CA bundle is exported for everything but S3.
    pub global_bundle: bool,
    /// `S3_USE_ACCELERATE` is read.
    pub accelerate: bool,
    /// The legacy endpoint with a region of its own is addressed by host name.
    pub legacy_endpoint_virtual: bool,
    /// HeadBucket first; `S3_CONNECT_TIMEOUT` and its like; patterns; empty objects skipped; errors translated.
    pub modern_s3: bool,
    /// How objects are fetched.
    pub workers: Workers,
    /// `AWS_ENDPOINT_URL` and its like are read by botocore itself, for STS too.
    pub configured_endpoints: bool,
    /// EKS Pod Identity's addresses are allowed.
    pub pod_identity: bool,
    /// Checksums of answers are asked for and compared; errors inside of answers with status 200 are seen.
    pub checksums: bool,
    /// Parts of an object must belong to the object that was looked at first.
    pub parts_if_match: bool,
    /// Directory buckets are recognised.
    pub express: bool,
    /// A single object can be named by a `gs://` URI.
    pub gcs_single: bool,
    /// Google's library looks for a metadata server even if it will not need it, and sends fewer headers.
    pub gcs_old_library: bool,
    /// Members of archives that would leave the destination are refused.
    pub archive_filter: bool,
    /// How exceptions of urllib3 read.
    pub urllib3: Urllib3,
    /// What Python says when redirects never end.
    pub recursion: &'static str,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 12] = [
        Self::V0_11,
        Self::V0_12Rc0,
        Self::V0_12Rc1,
        Self::V0_12,
        Self::V0_13,
        Self::V0_14,
        Self::V0_15,
        Self::V0_16,
        Self::V0_17,
        Self::V0_18,
        Self::V0_20,
        Self::V0_21,
    ];

    /// The version that is played, without a `v`.
    pub fn version(self) -> &'static str {
        match self {
            Self::V0_11 => "0.11.2",
            Self::V0_12Rc0 => "0.12.0-rc0",
            Self::V0_12Rc1 => "0.12.0-rc1",
            Self::V0_12 => "0.12.1",
            Self::V0_13 => "0.13.1",
            Self::V0_14 => "0.14.1",
            Self::V0_15 => "0.15.2",
            Self::V0_16 => "0.16.0",
            Self::V0_17 => "0.17.1",
            Self::V0_18 => "0.18.0",
            Self::V0_20 => "0.20.0",
            Self::V0_21 => "0.21.0",
        }
    }

    /// What the release does. Each entry says what changed against the release before it.
    pub fn behaviour(self) -> Behaviour {
        let mut is = Behaviour {
            arguments: Arguments::One,
            tells_failures: false,
            log: LogFormat::Root,
            known_schemes: "'gs://', 's3://', 'file://', and 'http(s)://' are the current available storage type.",
            config_sets_all: true,
            config_bundle: "certificate",
            local_first: false,
            huggingface: false,
            modelscope_and_oci: false,
            git: false,
            azure_zone_digits: None,
            huggingface_errors_named: false,
            mapping: Mapping::CutEverywhere,
            bundle: BundleRule::Botocore,
            global_bundle: false,
            accelerate: false,
            legacy_endpoint_virtual: false,
            modern_s3: false,
            workers: Workers::None,
            configured_endpoints: false,
            pod_identity: false,
            checksums: false,
            parts_if_match: false,
            express: false,
            gcs_single: false,
            gcs_old_library: true,
            archive_filter: false,
            urllib3: Urllib3::V1,
            recursion: "maximum recursion depth exceeded",
        };
        if self >= Self::V0_12Rc0 {
            is.config_sets_all = false;
            is.mapping = Mapping::FlattenSiblings;
            is.bundle = BundleRule::OnlyWithConfigMap;
            is.accelerate = true;
            is.configured_endpoints = true;
            is.pod_identity = true;
            is.express = true;
            is.gcs_old_library = false;
        }
        if self >= Self::V0_12 {
            is.config_bundle = "ca_bundle";
        }
        if self >= Self::V0_13 {
            is.log = LogFormat::Named("kserve");
        }
        if self >= Self::V0_14 {
            is.local_first = true;
            is.huggingface = true;
            is.azure_zone_digits = Some((2, 2));
            is.urllib3 = Urllib3::V2;
        }
        if self >= Self::V0_15 {
            is.azure_zone_digits = Some((1, 2));
            is.mapping = Mapping::CutFrontOneSlash;
            is.legacy_endpoint_virtual = true;
            is.checksums = true;
            is.gcs_single = true;
        }
        if self >= Self::V0_16 {
            is.arguments = Arguments::Parallel;
            is.log = LogFormat::Named("storage.initializer");
            is.known_schemes =
                "'gs://', 's3://', 'file://', 'http(s)://' and 'hf://' are the current available storage type.";
            is.bundle = BundleRule::BundleFirst;
            is.parts_if_match = true;
            is.archive_filter = true;
        }
        if self >= Self::V0_17 {
            is.tells_failures = true;
            is.huggingface_errors_named = true;
            is.git = true;
            is.mapping = Mapping::CutFront;
            is.modern_s3 = true;
            is.workers = Workers::Inherit;
        }
        if self >= Self::V0_18 {
            is.workers = Workers::Own;
        }
        if self >= Self::V0_20 {
            is.arguments = Arguments::Sequential;
            is.global_bundle = true;
            is.recursion = "maximum recursion depth exceeded while calling a Python object";
        }
        if self >= Self::V0_21 {
            is.known_schemes = "'gs://', 's3://', 'file://', 'http(s)://', 'hf://', 'modelscope://' and 'oci://' are the current available storage types.";
            is.modelscope_and_oci = true;
            is.urllib3 = Urllib3::V2Named;
        }
        is
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}

/// No release of that name can be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no storage initializer of release {0:?} is known; there are {known}", known = known())]
pub struct UnknownRelease(String);

fn known() -> String {
    Release::ALL.map(Release::version).join(", ")
}

impl FromStr for Release {
    type Err = UnknownRelease;

    /// Takes `0.15.2`, `v0.15.2`, `v0.12.0-rc1`, or any patch release of a minor release that is known: `0.15`, `v0.15.0-rc1`.
    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let minor = |version: &str| version.split('.').take(2).collect::<Vec<_>>().join(".");
        let wanted = text.trim().trim_start_matches('v');
        let exact = Self::ALL.into_iter().find(|release| release.version() == wanted);
        // Candidates come before the release that stands for the others.
        let like = || Self::ALL.into_iter().rev().find(|release| minor(release.version()) == minor(wanted));
        exact.or_else(like).ok_or_else(|| UnknownRelease(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_found_by_their_minor_version() {
        for (text, release) in [
            ("0.15.2", Some(Release::V0_15)),
            ("v0.13.0", Some(Release::V0_13)),
            ("v0.15.0-rc1", Some(Release::V0_15)),
            ("v0.12.0-rc0", Some(Release::V0_12Rc0)),
            ("0.12.0", Some(Release::V0_12)),
            ("0.12", Some(Release::V0_12)),
            ("0.19.0", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), release, "{text}");
        }
    }
}
