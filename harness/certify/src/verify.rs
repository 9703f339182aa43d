//! Checks a bundle, offline: that no byte of it has changed, and who signed it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::bundle::{LIST, List, PUBLIC_KEY, SIGNATURE};
use crate::consistency;
use crate::digest::sha256;
use crate::environment::Tool;
use crate::report::ConformanceReport;
use crate::signature::{SignatureError, is_signed};

/// A bundle is not what it was.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// A file is not there, or cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what it was.
    #[error("{0}: changed")]
    Changed(String),
    /// A file was not there.
    #[error("{0}: not in bundle.json")]
    Added(String),
    /// A file that every bundle has is not in the list, or not where it belongs.
    #[error("{0}: not in bundle.json where it belongs")]
    Missing(String),
    /// A file says something else than another one shows.
    #[error("{0}: does not say what {1} shows")]
    Contradicts(String, &'static str),
    /// A file cannot be understood.
    #[error("{0}: {1}")]
    Unreadable(String, String),
    /// The signature is not by this key over this list.
    #[error("bundle.json.sig: not a signature of bundle.json by {0}")]
    Signature(String),
    /// There is a key, here or given, and no signature.
    #[error("bundle.json.sig: not there")]
    Unsigned,
    /// A key is none.
    #[error("{0}: {1}")]
    Key(&'static str, SignatureError),
}

/// Who signed a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// The owner of the key that the caller named.
    ByGivenKey,
    /// The owner of the key that lies in the bundle, by the SHA-256 of its file. Whoever changed the bundle could have put it there.
    ByOwnKey(String),
    /// Nobody.
    No,
}

/// A bundle that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The digest of the result.
    pub digest: String,
    /// How many files there are.
    pub files: usize,
    /// Who signed it.
    pub signed: Signed,
    /// What it says.
    pub report: ConformanceReport,
    /// What made it.
    pub tool: Tool,
}

/// Checks every byte of a bundle, that its documents say what its evidence shows, and the signature by `key` (PEM) or by the key in the bundle.
///
/// # Errors
/// [`VerifyError`] with the first file that is not as it was.
pub fn verify(folder: &Path, key: Option<&str>) -> Result<Verified, VerifyError> {
    let bytes = read(folder, LIST)?;
    let signed = signature(folder, key, &bytes)?;
    let list: List = parsed(LIST, proofmark_json::from_slice(&bytes))?;
    if list.schema_version != List::VERSION {
        let why = format!("version {}; this program knows {}", list.schema_version, List::VERSION);
        return Err(VerifyError::Unreadable(LIST.to_owned(), why));
    }
    let again = List::of(list.files.clone());
    if again != list || parsed(LIST, again.to_text())?.as_bytes() != bytes {
        return Err(VerifyError::Changed(LIST.to_owned()));
    }
    for (name, entry) in &list.files {
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(VerifyError::Changed(LIST.to_owned()));
        }
        if sha256(&read(folder, name)?) != entry.sha256 {
            return Err(VerifyError::Changed(name.clone()));
        }
    }
    let mut known: BTreeSet<&str> = list.files.keys().map(String::as_str).collect();
    known.extend([LIST, SIGNATURE]);
    if let Some(added) = names(folder, "")?.into_iter().find(|name| !known.contains(name.as_str())) {
        return Err(VerifyError::Added(added));
    }
    let (report, environment) = consistency::check(&list, |name| read(folder, name))?;
    Ok(Verified { digest: list.digest, files: list.files.len(), signed, report, tool: environment.tool })
}

/// What was read of a file, or that it cannot be understood.
pub(crate) fn parsed<T, E: std::fmt::Display>(name: &str, read: Result<T, E>) -> Result<T, VerifyError> {
    read.map_err(|error| VerifyError::Unreadable(name.to_owned(), error.to_string()))
}

fn signature(folder: &Path, key: Option<&str>, list: &[u8]) -> Result<Signed, VerifyError> {
    if !folder.join(SIGNATURE).exists() {
        // A key in the bundle stands for a signature that was taken away.
        let wanted = key.is_some() || folder.join(PUBLIC_KEY).exists();
        return if wanted { Err(VerifyError::Unsigned) } else { Ok(Signed::No) };
    }
    let text = |name: &str| read(folder, name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let signature = text(SIGNATURE)?;
    let own = text(PUBLIC_KEY)?;
    if !is_signed(&own, list, &signature).map_err(|error| VerifyError::Key(PUBLIC_KEY, error))? {
        return Err(VerifyError::Signature(PUBLIC_KEY.to_owned()));
    }
    match key {
        Some(key) => {
            match is_signed(key, list, &signature).map_err(|error| VerifyError::Key("the given key", error))? {
                true => Ok(Signed::ByGivenKey),
                false => Err(VerifyError::Signature("the given key".to_owned())),
            }
        }
        None => Ok(Signed::ByOwnKey(sha256(own.as_bytes()))),
    }
}

/// The content of a plain file; links lead out of the bundle and are none.
fn read(folder: &Path, name: &str) -> Result<Vec<u8>, VerifyError> {
    let path = folder.join(name);
    let plain = |path: &Path| match std::fs::symlink_metadata(path)?.is_file() {
        true => std::fs::read(path),
        false => Err(io::Error::other("not a file")),
    };
    plain(&path).map_err(|source| VerifyError::Read { path: name.into(), source })
}

/// The files in a folder, at any depth, and the folders that hold nothing: no bundle has such.
fn names(folder: &Path, within: &str) -> Result<Vec<String>, VerifyError> {
    let failed = |source| VerifyError::Read { path: folder.join(within), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.join(within)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{within}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            let inside = names(folder, &format!("{name}/"))?;
            found.extend(if inside.is_empty() { vec![name] } else { inside });
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}
