//! How a cluster comes to rest: when nobody in it has work left.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use proofmark_json::Value;
use tokio::time::{Instant, sleep, timeout_at};
use tower::ServiceExt;

use crate::transport::{Transport, full};

/// How one knows that nobody has work left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// After this long. On a simulated clock any moment will do, because time passes there only when nobody has work left.
    After(Duration),
    /// When nothing was written anywhere in the cluster for as long as `still`; after `limit` in any case, for clusters that others use too.
    ///
    /// Every list of a Kubernetes API server tells the revision of its whole store, whatever was listed, so a look costs one small request.
    /// On a real clock this is a guess, though a good one: a controller may take longer than `still` to think. Whoever finds something else than
    /// was to be expected looks again for as long as `doubt`.
    WhenStill {
        /// How long nothing may be written.
        still: Duration,
        /// How long to wait at most.
        limit: Duration,
        /// How much longer a controller may take, after what was changed last.
        doubt: Duration,
    },
}

impl From<Duration> for Rest {
    fn from(time: Duration) -> Self {
        Self::After(time)
    }
}

impl Rest {
    /// How much longer controllers may have work than was waited for; nothing where one knows.
    pub(crate) fn doubt(self) -> Duration {
        match self {
            Self::After(_) => Duration::ZERO,
            Self::WhenStill { doubt, .. } => doubt,
        }
    }

    /// Waits for it.
    pub(crate) async fn wait(self, transport: &Transport) {
        let (still, limit) = match self {
            Self::After(time) => return sleep(time).await,
            Self::WhenStill { still, limit, .. } => (still, limit),
        };
        let start = Instant::now();
        // A server that does not answer is not still; whoever asks it next is told.
        let _ = timeout_at(start + limit, async {
            let (mut last, mut since) = (revision(transport).await, start);
            while since.elapsed() < still {
                sleep(still / 5).await;
                let now = revision(transport).await;
                if now.is_none() || now != last {
                    (last, since) = (now, Instant::now());
                }
            }
        })
        .await;
    }
}

/// The revision of the cluster's store; none if it could not be had.
async fn revision(transport: &Transport) -> Option<String> {
    let mut request = Request::new(full(bytes::Bytes::new()));
    *request.uri_mut() = http::Uri::from_static("/api/v1/namespaces?limit=1");
    let body = transport.clone().oneshot(request).await.ok()?.into_body().collect().await.ok()?.to_bytes();
    let list: Value = proofmark_json::from_slice(&body).ok()?;
    list["metadata"]["resourceVersion"].as_str().map(str::to_owned)
}
