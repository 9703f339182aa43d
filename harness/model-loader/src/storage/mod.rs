//! KServe's storage module: a URI and a directory in, files out.
//!
//! | module | what it handles |
//! |---|---|
//! | [`spec`] | `storage-config` secrets |
//! | [`mapping`] | where an object's file goes |
//! | [`patterns`] | which files are wanted |
//! | [`s3`], [`gcs`], [`web`], [`local`] | the sources that are played |
//! | [`refused`] | the sources that are not |
//! | [`ca`] | certificates of authorities, mounted from a ConfigMap |
//! | [`translate`] | failures in words for users |

mod ca;
mod gcs;
mod local;
mod mapping;
mod patterns;
mod refused;
mod s3;
mod spec;
mod translate;
mod web;

pub(crate) use s3::options as s3_options;

use crate::environment::Environment;
use crate::exception::{Exception, Result};
use crate::host::Host;
use crate::journal::Journal;
use crate::release::Behaviour;
use regex::Regex;

/// Where the agent of multi-model serving puts models.
const MODEL_MOUNT: &str = "/mnt/models";
/// Where a volume claim is mounted.
const PVC_MOUNT: &str = "/mnt/pvc";

/// The storage module in a process.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) host: Host,
    pub(crate) is: Behaviour,
    pub(crate) journal: Journal,
    /// The environment of the process, which the module writes to.
    pub(crate) environment: Environment,
}

impl Storage {
    pub(crate) fn new(host: &Host, is: Behaviour, journal: Journal) -> Self {
        Self { host: host.clone(), is, journal, environment: host.environment.clone() }
    }

    /// Fetches what a URI names into a directory.
    pub(crate) async fn download(&mut self, uri: &str, to: &str) -> Result<()> {
        spec::apply(&mut self.environment, &self.is)?;
        let wanted = patterns::Patterns::of(&self.environment, self.is.modern_s3);
        self.journal.info("storage.py:download()", format_args!("Copying contents of {uri} to local"));
        wanted.tell(&self.journal);
        let files = self.host.files.clone();
        if uri.starts_with(PVC_MOUNT) && files.kind(uri).is_none() {
            return Err(Exception::new("Exception", format!("Cannot locate source uri {uri} for PVC")));
        }
        let local = uri.starts_with("file://") || files.kind(uri).is_some();
        if !local
            && self.is.global_bundle
            && !["/mnt/models", "hdfs://", "webhdfs://"].iter().any(|no| uri.starts_with(no))
        {
            ca::export(self)?;
        }
        if files.kind(to).is_none() {
            match self.is.global_bundle {
                true => files.create_directories(to)?,
                false => files.create_directory(to)?,
            }
        }
        let tells_end = match self.kind_of(uri, local) {
            Kind::Mounted => self.is.local_first,
            Kind::Local => {
                local::link(self, uri, to, &wanted)?;
                self.is.local_first
            }
            Kind::Gcs => {
                gcs::download(self, uri, to, &wanted).await?;
                true
            }
            Kind::S3 => {
                s3::download(self, uri, to, &wanted).await?;
                true
            }
            Kind::Web => {
                web::download(self, uri, to).await?;
                self.is.local_first
            }
            Kind::Refused(source) => return Err(refused::refuse(source, uri, &self.is)),
            Kind::Unknown => {
                let message = format!("Cannot recognize storage type for {uri}\n{}", self.is.known_schemes);
                return Err(Exception::new("Exception", message));
            }
        };
        if tells_end {
            self.journal.info("storage.py:download()", format_args!("Successfully copied {uri} to {to}"));
        }
        Ok(())
    }

    /// Who handles a URI. The order is the original's, and it matters: releases before 0.14 look at schemes before paths.
    fn kind_of(&self, uri: &str, local: bool) -> Kind {
        use refused::Source;
        let is = &self.is;
        let scheme = |scheme: &str| uri.starts_with(scheme);
        if is.local_first && local {
            return Kind::Local;
        }
        if is.local_first && scheme(MODEL_MOUNT) {
            return Kind::Mounted;
        }
        if scheme("gs://") {
            return Kind::Gcs;
        }
        if scheme("s3://") {
            return Kind::S3;
        }
        if scheme("hdfs://") || scheme("webhdfs://") {
            return Kind::Refused(Source::Hdfs);
        }
        if self.is_azure(uri, "blob") {
            return Kind::Refused(Source::AzureBlob);
        }
        if self.is_azure(uri, "file") {
            return Kind::Refused(Source::AzureFile);
        }
        if !is.local_first && local {
            return Kind::Local;
        }
        let hugging_face = is.huggingface && scheme("hf://");
        if is.git {
            // Everything with a scheme of its own stands before what is caught by a pattern.
            if hugging_face {
                return Kind::Refused(Source::HuggingFace);
            }
            if is.modelscope_and_oci && scheme("modelscope://") {
                return Kind::Refused(Source::ModelScope);
            }
            if is.modelscope_and_oci && scheme("oci://") {
                return Kind::Refused(Source::Oci);
            }
            if found(r"https://.+\.git", uri) {
                return Kind::Refused(Source::Git);
            }
        }
        if found("https?://(.+)/(.+)", uri) {
            return Kind::Web;
        }
        if hugging_face {
            return Kind::Refused(Source::HuggingFace);
        }
        if !is.local_first && scheme(MODEL_MOUNT) {
            return Kind::Mounted;
        }
        Kind::Unknown
    }

    fn is_azure(&self, uri: &str, service: &str) -> bool {
        found(&format!("https://(.+?).{service}.core.windows.net/(.+)"), uri)
            || self.is.azure_zone_digits.is_some_and(|(least, most)| {
                found(&format!("https://(.+?).z[0-9]{{{least},{most}}}.{service}.storage.azure.net/(.+)"), uri)
            })
    }
}

fn found(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// Who handles a URI.
enum Kind {
    Local,
    /// A model that somebody else puts in place.
    Mounted,
    Gcs,
    S3,
    Web,
    Refused(refused::Source),
    Unknown,
}
