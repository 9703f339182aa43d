//! Label and field selectors, as a list's query has them: a label selector, NUL, a field selector.

#![no_main]

use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proofmark_fuzz::Server;

thread_local! {
    static SERVER: Server = Server::new();
}

fuzz_target!(|data: &[u8]| {
    let [labels, fields] = proofmark_fuzz::parts(data);
    let encode = |text| percent_encode(text, NON_ALPHANUMERIC);
    let query = format!("/api/v1/namespaces?labelSelector={}&fieldSelector={}", encode(labels), encode(fields));
    SERVER.with(|server| server.send(b"GET", query.as_bytes(), b"", b""));
});
