//! Ctrl-C during a run, or another signal to end: the step that is under way is the last, what was made is taken away, and what was played is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::ExpectedError;
use crate::process::Signals;

/// A flag that the first signal sets. The second ends the program at once.
pub(crate) fn flag() -> Result<Arc<AtomicBool>, ExpectedError> {
    let failed = |source| ExpectedError::System { what: "watch for Ctrl-C", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let flag = Arc::new(AtomicBool::new(false));
    let interrupted = flag.clone();
    std::thread::Builder::new()
        .name("ctrl-c".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                signals.next().await;
                interrupted.store(true, Ordering::Relaxed);
                signals.next().await;
                std::process::exit(130);
            });
        })
        .map_err(failed)?;
    Ok(flag)
}
