//! The models that a server has loaded, and how it loads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_nodes::logs::LogWriter;
use proofmark_nodes::process::{Container, FileError};
use thiserror::Error;

use super::program::{Layout, Program, Settings};
use super::{Model, ModelError};

/// Why a model is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum LoadError {
    /// There is no file of a name that the server takes.
    #[error("no model file")]
    Missing,
    /// The directory is not there.
    #[error("FileNotFoundError: [Errno 2] No such file or directory: '{0}'")]
    NoDirectory(String),
    #[error("RuntimeError: More than one model file is detected, Only one is allowed within model_dir: [{0}]")]
    Several(String),
    /// joblib's words for what is no pickle: the first byte stands for nothing that can be done.
    #[error("{0}")]
    NoPickle(String),
    /// A file of a real framework, or of ours and wrong.
    #[error("proofmark: {file} cannot be read here: {why}")]
    Unreadable { file: String, why: ModelError },
    #[error("{0}")]
    File(#[from] FileError),
}

impl LoadError {
    /// The lines that the program leaves when it ends with this.
    pub(super) fn traceback(&self) -> Vec<String> {
        match self {
            Self::Unreadable { .. } => vec![self.to_string()],
            _ => vec!["Traceback (most recent call last):".to_owned(), self.to_string()],
        }
    }
}

/// The first byte of every pickle of a version in use.
const PICKLE: u8 = 0x80;

pub(super) struct Repository {
    layout: Layout,
    directory: String,
    container: Container,
    models: Mutex<BTreeMap<String, Arc<Model>>>,
}

impl Repository {
    pub(super) fn new(program: &Program, settings: &Settings, container: Container) -> Self {
        Self { layout: program.layout, directory: settings.directory.clone(), container, models: Mutex::default() }
    }

    pub(super) fn log(&self) -> &LogWriter {
        &self.container.log
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.models.lock().keys().cloned().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Model>> {
        self.models.lock().get(name).cloned()
    }

    /// Forgets a model; whether it was there.
    pub(super) fn unload(&self, name: &str) -> bool {
        self.models.lock().remove(name).is_some()
    }

    /// Loads a model from its own directory in the repository.
    pub(super) async fn load(&self, name: &str) -> Result<(), LoadError> {
        let directory = format!("{}/{name}", self.directory);
        match self.layout {
            Layout::File(_) => self.load_at(name, &directory).await,
            Layout::Repository => {
                // The newest version is the one that is served.
                let numbers = self.folders(&directory).await?;
                let newest = numbers.iter().filter_map(|version| Some((version.parse::<u64>().ok()?, version))).max();
                let (_, version) = newest.ok_or(LoadError::Missing)?;
                self.load_at(name, &format!("{directory}/{version}")).await
            }
        }
    }

    /// Loads every model that has a directory in the repository.
    pub(super) async fn load_all(&self) -> Result<(), LoadError> {
        for name in self.folders(&self.directory).await? {
            match self.load(&name).await {
                // A directory need not be a model's.
                Ok(()) | Err(LoadError::Missing) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Loads a model from a directory that holds its file.
    pub(super) async fn load_at(&self, name: &str, directory: &str) -> Result<(), LoadError> {
        let inside = self.inside(directory).await?;
        if inside.is_empty() && !self.is_mounted(directory) {
            return Err(LoadError::NoDirectory(directory.to_owned()));
        }
        let taken = |file: &&String| match self.layout {
            Layout::File(endings) => endings.iter().any(|ending| file.ends_with(ending)),
            Layout::Repository => true,
        };
        let files: Vec<&String> = inside.iter().filter(|file| !file.contains('/')).filter(taken).collect();
        let file = match files.as_slice() {
            [] => return Err(LoadError::Missing),
            [file] => format!("{directory}/{file}"),
            several => {
                let paths: Vec<String> =
                    several.iter().map(|file| format!("PosixPath('{directory}/{file}')")).collect();
                return Err(LoadError::Several(paths.join(", ")));
            }
        };
        let bytes = self.container.files.read(&file).await?;
        let model = Model::read(&bytes).map_err(|why| self.unreadable(file, &bytes, why))?;
        self.models.lock().insert(name.to_owned(), Arc::new(model));
        Ok(())
    }

    fn unreadable(&self, file: String, bytes: &[u8], why: ModelError) -> LoadError {
        let pickles = matches!(self.layout, Layout::File(endings) if endings.contains(&".joblib"));
        match bytes.first() {
            None if pickles => LoadError::NoPickle("EOFError: No data left in file".to_owned()),
            // Nothing of ours begins otherwise.
            Some(first) if pickles && *first != PICKLE && *first != b'{' => {
                LoadError::NoPickle(format!("KeyError: {first}"))
            }
            _ => LoadError::Unreadable { file, why },
        }
    }

    /// The names of the directories in a directory.
    async fn folders(&self, directory: &str) -> Result<BTreeSet<String>, LoadError> {
        let inside = self.inside(directory).await?;
        Ok(inside.iter().filter_map(|path| path.split_once('/')).map(|(folder, _)| folder.to_owned()).collect())
    }

    /// The paths of the files below a directory, from there.
    async fn inside(&self, directory: &str) -> Result<Vec<String>, LoadError> {
        let files = self.container.files.list(directory).await?;
        let begin = format!("{}/", directory.trim_end_matches('/'));
        Ok(files.iter().filter_map(|path| path.strip_prefix(&begin)).map(str::to_owned).collect())
    }

    fn is_mounted(&self, directory: &str) -> bool {
        self.container.files.mounts().any(|(path, _)| path == directory.trim_end_matches('/'))
    }
}
