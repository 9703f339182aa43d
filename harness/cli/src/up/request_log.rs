//! `up --request-log`: every request as a line of JSON.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use proofmark_apiserver::Audit;

use crate::error::ExpectedError;
use crate::tell;

/// Where the lines go. Each is written at once, so that others can follow along.
pub(super) struct Log(Mutex<Option<Box<dyn Write + Send>>>);

/// Creates the file, or takes standard output for `-`.
pub(super) fn open(path: &Path) -> Result<Log, ExpectedError> {
    let writer: Box<dyn Write + Send> = if path == Path::new("-") {
        Box::new(io::stdout())
    } else {
        let file = File::create(path).map_err(|source| ExpectedError::Write { file: path.to_owned(), source })?;
        Box::new(file)
    };
    Ok(Log(Mutex::new(Some(writer))))
}

impl Log {
    /// Writes one request. After the first line that cannot be written there are no more.
    pub(super) fn write(&self, request: &Audit) {
        let Ok(mut line) = proofmark_json::to_vec(request) else { return };
        line.push(b'\n');
        let Ok(mut writer) = self.0.lock() else { return };
        if let Some(Err(error)) = writer.as_mut().map(|writer| writer.write_all(&line).and_then(|()| writer.flush())) {
            *writer = None;
            tell::line(format_args!("warning: the request log ends here: {error}"));
        }
    }
}
