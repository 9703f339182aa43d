//! HTTPS: the same service behind a socket, for kubectl and every other client.

mod https;

pub use https::{Listener, TransportError};
