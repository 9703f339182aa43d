//! Who a client is: certificates, service account tokens and the kubeconfigs that carry them.
//!
//! - [`Authority`] is the cluster's certificate authority: it issues certificates for the server and for users, makes the TLS
//!   configuration of the API server and tells which user a client certificate names.
//! - [`TokenSigner`] signs and verifies service account tokens (JWTs) and describes its keys for OpenID Connect discovery;
//!   [`Claims`] is what a token says, [`service_account::authenticate`] checks it against the objects it is bound to.
//! - [`kubeconfig()`] writes the file that `kubectl` and every other client reads.
//!
//! Everything is pure: the time is an argument, nothing is read or written. What an authority makes is random (keys, serial
//! numbers, ECDSA signatures). [`Authority::simulator`] and [`TokenSigner::simulator`] are fixed, and the latter's tokens are the same in
//! every run, so that simulated runs repeat to the byte.

mod authority;
mod certificate;
mod claims;
mod der;
mod key;
mod kubeconfig;
mod peer;
mod pem;
pub mod service_account;
mod signer;
mod tls;
mod user;
mod verify;

pub use authority::{Authority, Issued, SERVER_NAMES};
pub use certificate::CertError;
pub use claims::{Claims, KubernetesClaims, LEGACY_ISSUER, LegacyClaims, ObjectRef};
pub use key::{KeyError, PublicKey};
pub use kubeconfig::{Credentials, KubeconfigUser, kubeconfig};
pub use signer::TokenSigner;
pub use tls::AcceptAnyClient;
pub use user::UserInfoParts;
pub use verify::{LEEWAY_SECONDS, TokenError};
