//! What the fuzz targets share.
//!
//! An input is a few texts with a NUL between them (a document, NUL, a patch). The fuzzer finds that out from the seeds, which are the
//! requests of the recorded exchanges (`seeds`).

use proofmark_json::Value;

/// The texts of an input; those that are missing are empty.
pub fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut parts = data.splitn(N, |byte| *byte == 0);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// A text as JSON, read as the API server reads a body.
pub fn json(text: &[u8]) -> Option<Value> {
    proofmark_builtin::decode::parse(text).ok()
}

/// A server in this process.
pub struct Server {
    runtime: tokio::runtime::Runtime,
    server: proofmark_apiserver::ApiServer,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A new one.
    pub fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let server = runtime.block_on(async { proofmark_apiserver::ApiServer::builder().seed(1).build() });
        Self { runtime, server: server.expect("a server") }
    }

    /// Sends a request as the administrator; false when it is none that HTTP allows. A watch is opened and dropped.
    pub fn send(&self, method: &[u8], path: &[u8], content_type: &[u8], body: &[u8]) -> bool {
        use tower::ServiceExt as _;
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .body(http_body_util::Full::new(bytes::Bytes::copy_from_slice(body)));
        let Ok(request) = request else { return false };
        let response = self.runtime.block_on(self.server.service().oneshot(request)).expect("no fault");
        assert!(response.status().as_u16() < 600);
        true
    }
}
