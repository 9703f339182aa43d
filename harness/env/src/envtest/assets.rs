//! The binaries of envtest.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Where controller-runtime's `envtest` looks when nobody says otherwise.
const USUAL: &str = "/usr/local/kubebuilder/bin";

/// A folder with `kube-apiserver` and `etcd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    pub(super) kube_apiserver: PathBuf,
    pub(super) etcd: PathBuf,
}

/// The folder does not have what is needed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no {missing} in {}", folder.display())]
pub struct MissingAssets {
    /// Where it was looked for.
    pub folder: PathBuf,
    /// `kube-apiserver` or `etcd`.
    pub missing: &'static str,
}

impl MissingAssets {
    /// How to get the binaries.
    pub fn help(&self) -> &'static str {
        "fetch them with `go run sigs.k8s.io/controller-runtime/tools/setup-envtest@latest use -p path`, \
         and name the folder that it prints with --assets or KUBEBUILDER_ASSETS"
    }
}

impl Assets {
    /// The binaries in this folder, or in the usual one.
    ///
    /// # Errors
    /// [`MissingAssets`] for the first that is not there.
    pub fn find(folder: Option<&Path>) -> Result<Self, MissingAssets> {
        let folder = folder.unwrap_or(Path::new(USUAL));
        // Processes are started elsewhere, so the path must hold there, too.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let find = |name: &'static str| {
            let path = folder.join(name);
            if path.is_file() { Ok(path) } else { Err(MissingAssets { folder: folder.clone(), missing: name }) }
        };
        Ok(Self { kube_apiserver: find("kube-apiserver")?, etcd: find("etcd")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = |folder: &Path| Assets::find(Some(folder)).unwrap_err().missing;
        assert_eq!(missing(folder.path()), "kube-apiserver");
        std::fs::write(folder.path().join("kube-apiserver"), "").unwrap();
        assert_eq!(missing(folder.path()), "etcd");
        std::fs::write(folder.path().join("etcd"), "").unwrap();
        assert_eq!(Assets::find(Some(folder.path())).unwrap().etcd, folder.path().join("etcd"));
    }
}
