//! The entry point: arguments in, an exit code out.

use crate::exception::{Exception, Result};
use crate::host::Host;
use crate::journal::{Journal, Level, Output, Sink};
use crate::python;
use crate::release::{Arguments, Release, Workers};
use crate::storage::Storage;
use futures_util::future::join_all;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code of the process.
    pub exit: i32,
    /// What the download failed with.
    pub raised: Option<Exception>,
}

/// Runs the storage initializer of a release with the arguments that its container gets: `<uri> <destination>`, or several such pairs from 0.16 on.
/// What it writes goes to `sink`, line by line.
pub async fn run(release: Release, arguments: &[String], host: &Host, sink: Sink) -> Outcome {
    let is = release.behaviour();
    let journal = Journal::new(is.log, host.clock.clone(), sink);
    // Read when the module is loaded, before anything is known about arguments.
    if is.workers != Workers::None
        && let Some(exception) = bad_constant(host)
    {
        exception.traceback().iter().for_each(|line| journal.raw(Output::Stderr, line));
        return Outcome { exit: 1, raised: None };
    }
    let usage = match is.arguments {
        Arguments::One if arguments.len() == 2 => None,
        Arguments::One => Some("Usage: initializer-entrypoint src_uri dest_path"),
        _ if !arguments.is_empty() && arguments.len().is_multiple_of(2) => None,
        _ => Some("Usage: initializer-entrypoint src_uri_0 dest_path_0 ... src_uri_n dest_path_n"),
    };
    if let Some(usage) = usage {
        journal.raw(Output::Stdout, usage);
        return Outcome { exit: i32::from(is.tells_failures), raised: None };
    }
    let pairs: Vec<(&str, &str)> =
        arguments.chunks_exact(2).filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str()))).collect();
    let described: Vec<String> =
        pairs.iter().map(|(uri, to)| format!("({}, {})", python::repr(uri), python::repr(to))).collect();
    match (is.arguments, pairs.as_slice()) {
        (Arguments::One, [(uri, to)]) => {
            journal.info(
                "initializer-entrypoint:<module>()",
                format_args!("Initializing, args: src_uri [{uri}] dest_path[ [{to}]"),
            );
        }
        _ => journal.info(
            "initializer-entrypoint:<module>()",
            format_args!("Initializing, args: (src_uri, dest_path): [{}]", described.join(", ")),
        ),
    }
    let tells_failures = is.tells_failures;
    let storage = Storage::new(host, is, journal.clone());
    let Err(exception) = download(storage, &pairs).await else { return Outcome { exit: 0, raised: None } };
    if tells_failures {
        let what = if exception.class == "RuntimeError" {
            "Storage initialization failed"
        } else {
            "Unexpected error during storage initialization"
        };
        journal.write(Level::Error, "initializer-entrypoint:<module>()", &format!("{what}: {}", exception.message));
    } else {
        exception.traceback().iter().for_each(|line| journal.raw(Output::Stderr, line));
    }
    Outcome { exit: 1, raised: Some(exception) }
}

/// Numbers in variables that the module reads as constants.
fn bad_constant(host: &Host) -> Option<Exception> {
    ["S3_MAX_FILE_CONCURRENCY", "AZURE_MAX_FILE_CONCURRENCY", "AZURE_MAX_CHUNK_CONCURRENCY"]
        .into_iter()
        .filter_map(|name| host.environment.get(name))
        .find_map(|text| python::int(text).err())
}

async fn download(mut storage: Storage, pairs: &[(&str, &str)]) -> Result<()> {
    match storage.is.arguments {
        Arguments::Parallel => {
            let downloads = pairs.iter().map(|(uri, to)| {
                let mut storage = storage.clone();
                async move { storage.download(uri, to).await }
            });
            join_all(downloads).await.into_iter().collect()
        }
        Arguments::One | Arguments::Sequential => {
            if storage.is.arguments == Arguments::Sequential {
                for (_, to) in pairs.iter().filter(|(_, to)| !to.is_empty()) {
                    storage.host.files.create_directories(to)?;
                }
            }
            for (uri, to) in pairs {
                storage.download(uri, to).await?;
            }
            Ok(())
        }
    }
}
