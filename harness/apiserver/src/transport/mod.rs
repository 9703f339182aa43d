//! HTTPS: the same service behind a socket, for kubectl and every other client.

mod https;
mod socket;

pub use https::{Listener, TransportError};
