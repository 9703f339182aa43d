//! Ctrl-C during a run: cases that have not begun are skipped, and what was played is still told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::ExpectedError;

/// A flag that the first Ctrl-C sets. The second ends the program at once.
pub(crate) fn flag() -> Result<Arc<AtomicBool>, ExpectedError> {
    let failed = |source| ExpectedError::System { what: "watch for Ctrl-C", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let flag = Arc::new(AtomicBool::new(false));
    let interrupted = flag.clone();
    std::thread::Builder::new()
        .name("ctrl-c".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                if tokio::signal::ctrl_c().await.is_ok() {
                    interrupted.store(true, Ordering::Relaxed);
                }
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(130);
                }
            });
        })
        .map_err(failed)?;
    Ok(flag)
}
