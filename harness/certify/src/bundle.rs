//! The files of a bundle, and the list of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use proofmark_replay::RunResult;
use proofmark_report::{Format, Options, html, output};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::sha256;
use crate::environment::{Subject, Tool};
use crate::report::ConformanceReport;
use crate::signature::{Key, SignatureError};
use crate::{documents, submission};

/// The list of a bundle's files.
pub(crate) const LIST: &str = "bundle.json";
/// Its signature.
pub(crate) const SIGNATURE: &str = "bundle.json.sig";
/// The key that checks it.
pub(crate) const PUBLIC_KEY: &str = "key.pub";
pub(crate) const REPORT: &str = "report.yaml";
pub(crate) const ENVIRONMENT: &str = "environment.yaml";
pub(crate) const CATALOGUE: &str = "catalogue.json";
pub(crate) const README: &str = "README.md";
pub(crate) const EVIDENCE: &str = "evidence.md";
pub(crate) const REQUIREMENT: &str = "robust_controller.yaml";
pub(crate) const SONOBUOY: &str = "sonobuoy_results.yaml";
pub(crate) const EXCHANGES: &str = "record/evidence.json";

/// What is written to see whether there is room for more: a block of every file system.
const PROBE: [u8; 4096] = [0; 4096];

/// A bundle cannot be written.
#[derive(Debug, Error)]
pub enum BundleError {
    /// A file cannot be written.
    #[error("failed to write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is something already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A document cannot be made.
    #[error("failed to make {0}: {1}")]
    Document(&'static str, String),
    /// It cannot be signed.
    #[error("failed to sign")]
    Sign(#[from] SignatureError),
}

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// What came out; the same whenever the same tool looks at the same distribution.
    Result,
    /// What happened that one time.
    Record,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) sha256: String,
    pub(crate) part: Part,
}

/// `bundle.json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List {
    pub(crate) schema_version: u32,
    /// Over the digests of the result.
    pub(crate) digest: String,
    /// Over the digests of the record.
    pub(crate) record_digest: String,
    pub(crate) files: BTreeMap<String, Entry>,
}

impl List {
    /// The version of the list, and of what lies beside it.
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn of(files: BTreeMap<String, Entry>) -> Self {
        // SHA-256 over the lines `sha256  path` of a part's files, by path, as `sha256sum` writes them.
        let digest = |part| {
            let of_part = files.iter().filter(|(_, entry)| entry.part == part);
            let lines: String = of_part.map(|(path, entry)| format!("{}  {path}\n", entry.sha256)).collect();
            sha256(lines.as_bytes())
        };
        let (digest, record_digest) = (digest(Part::Result), digest(Part::Record));
        Self { schema_version: Self::VERSION, digest, record_digest, files }
    }

    /// The one way in which it is written.
    pub(crate) fn to_text(&self) -> Result<String, proofmark_json::Error> {
        proofmark_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

/// `environment.yaml`
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Environment {
    pub(crate) subject: Subject,
    pub(crate) tool: Tool,
    pub(crate) catalogue_sha256: String,
    /// The command line that certifies the same once more.
    pub(crate) command: String,
}

/// A bundle in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, (Part, Vec<u8>)>,
}

impl Bundle {
    /// The bundle of a run. `when` (RFC 3339) and `run` go into the record; `again` is the command line that certifies the same once more.
    ///
    /// # Errors
    /// [`BundleError::Document`] when a document cannot be made, which would be a bug.
    pub fn new(
        report: &ConformanceReport,
        result: &RunResult,
        subject: &Subject,
        tool: &Tool,
        record: &BTreeMap<String, String>,
        again: &str,
    ) -> Result<Self, BundleError> {
        let catalogue = proofmark_json::to_string_pretty(&result.scenarios);
        let catalogue = catalogue.map_err(|error| BundleError::Document(CATALOGUE, error.to_string()))? + "\n";
        let environment = Environment {
            subject: subject.clone(),
            tool: tool.clone(),
            catalogue_sha256: sha256(catalogue.as_bytes()),
            command: again.to_owned(),
        };
        let mut files = BTreeMap::new();
        let mut put = |path: &str, part, text: String| files.insert(path.to_owned(), (part, text.into_bytes()));
        put(REPORT, Part::Result, yaml(REPORT, report)?);
        put(ENVIRONMENT, Part::Result, yaml(ENVIRONMENT, &environment)?);
        put(CATALOGUE, Part::Result, catalogue);
        put(README, Part::Result, documents::readme(report, subject, tool, again));
        put(EVIDENCE, Part::Result, documents::evidence(report, result, subject));
        put(REQUIREMENT, Part::Result, yaml(REQUIREMENT, &submission::robust_controller(report, subject))?);
        put(SONOBUOY, Part::Result, yaml(SONOBUOY, &submission::sonobuoy(report))?);
        put("record/run.yaml", Part::Record, yaml("record/run.yaml", record)?);
        put("record/junit.xml", Part::Record, rendered(result, Format::JUnit)?);
        put(EXCHANGES, Part::Record, rendered(result, Format::Json)?);
        let page = html(result, Some(&documents::cover(report, subject, tool, record)));
        let page = page.map_err(|error| BundleError::Document("record/report.html", error.to_string()))?;
        put("record/report.html", Part::Record, page);
        Ok(Self { files })
    }

    fn list(files: &BTreeMap<String, (Part, Vec<u8>)>) -> List {
        let entry = |(part, bytes): &(Part, Vec<u8>)| Entry { sha256: sha256(bytes), part: *part };
        List::of(files.iter().map(|(path, file)| (path.clone(), entry(file))).collect())
    }

    /// The digest of the result.
    pub fn digest(&self) -> String {
        Self::list(&self.files).digest
    }

    /// Whether a bundle can be written into a folder: it is empty or can be made, and takes what is written. That is better known before anything is played
    /// than after.
    ///
    /// # Errors
    /// When it is not so.
    pub fn vacant(folder: &Path) -> Result<(), BundleError> {
        let failed = |source| BundleError::Write { path: folder.to_owned(), source };
        let is_there = folder.is_dir();
        std::fs::create_dir_all(folder).map_err(failed)?;
        if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
            return Err(BundleError::NotEmpty(folder.to_owned()));
        }
        let probe = folder.join(LIST);
        let written = std::fs::write(&probe, PROBE);
        let removed = std::fs::remove_file(&probe);
        if !is_there {
            // What fails later leaves nothing behind.
            std::fs::remove_dir(folder).map_err(failed)?;
        }
        written.and(removed).map_err(failed)
    }

    /// Writes it into a folder, which must be empty or not be there, and signs it if there is a key.
    ///
    /// # Errors
    /// When a file cannot be written, or the list not be signed.
    pub fn write(&self, folder: &Path, key: Option<&Key>) -> Result<(), BundleError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| BundleError::Write { path, source }
        };
        Self::vacant(folder)?;
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, bytes)).map_err(failed(&path))
        };
        let mut files = self.files.clone();
        if let Some(key) = key {
            files.insert(PUBLIC_KEY.to_owned(), (Part::Record, key.public_pem().as_bytes().to_vec()));
        }
        for (name, (_, bytes)) in &files {
            write(name, bytes)?;
        }
        let list = Self::list(&files).to_text().map_err(|error| BundleError::Document(LIST, error.to_string()))?;
        write(LIST, list.as_bytes())?;
        if let Some(key) = key {
            write(SIGNATURE, key.sign(list.as_bytes())?.as_bytes())?;
        }
        Ok(())
    }
}

fn yaml<T: Serialize>(name: &'static str, value: &T) -> Result<String, BundleError> {
    serde_yaml::to_string(value).map_err(|error| BundleError::Document(name, error.to_string()))
}

/// A result in one of the formats of reports.
fn rendered(result: &RunResult, format: Format) -> Result<String, BundleError> {
    let failed = |error: &dyn std::fmt::Display| BundleError::Document("record", error.to_string());
    let mut out = Vec::new();
    let mut sink = output(format, &mut out, &Options::default());
    for event in result.events() {
        sink.event(&event).map_err(|error| failed(&error))?;
    }
    drop(sink);
    String::from_utf8(out).map_err(|error| failed(&error))
}
