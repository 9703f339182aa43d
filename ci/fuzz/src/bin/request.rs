//! Whole requests: method, NUL, path with query, NUL, content type, NUL, body. Every one is answered, and never as an inner error.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::{Corpus, fuzz_target};
use proofmark_fuzz::Server;

/// After so many requests the server begins anew, so that an input that fails needs only a few before it.
const REQUESTS: usize = 200;

thread_local! {
    static SERVER: RefCell<(usize, Server)> = RefCell::new((0, Server::new()));
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let [method, path, content_type, body] = proofmark_fuzz::parts(data);
    SERVER.with_borrow_mut(|(asked, server)| {
        *asked += 1;
        if *asked > REQUESTS {
            (*asked, *server) = (0, Server::new());
        }
        if server.send(method, path, content_type, body) { Corpus::Keep } else { Corpus::Reject }
    })
});
