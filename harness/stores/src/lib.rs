//! Object stores that are not ours: one at an address, or MinIO and LocalStack in containers (feature `docker`).
//!
//! A store is less than a cloud: most know one account, some check no signature. [`Store::can`] says what of it a story may rely on; what a story needs
//! beyond that is unsupported there, which is neither a success nor a failure.
//!
//! | module | what it is |
//! |---|---|
//! | [`Store`] | an address, keys, and what is behind them |
//! | `containers` | stores that are started for a test and end with it |

#[cfg(feature = "docker")]
mod containers;
mod store;

#[cfg(feature = "docker")]
pub use containers::{Container, Product, StartError};
pub use store::{Ability, Store};
