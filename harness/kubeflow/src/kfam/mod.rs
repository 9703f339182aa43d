//! KFAM, Kubeflow's access management: owners give others a part in their Profile, over HTTP.
//!
//! [`Kfam`] answers requests through a Kubernetes client; it keeps nothing. A contributor is a RoleBinding and an AuthorizationPolicy of the same
//! name in the Profile's namespace. Behaviour of releases 1.9 and 1.10 (`components/access-management`), oddities included, as recorded on
//! the real one:
//!
//! * whoever asks is whom a header names: nothing is proved here, that is the gateway's part;
//! * strangers, unknown Profiles and missing headers are refused without a word; what the API server refuses is told, always with 403
//!   (401 where a Profile is to be deleted);
//! * lists need no identity at all;
//! * a body without a user or a role makes the real one panic, and the connection ends without an answer: [`Kfam::answer`] gives [`Hangup`].
//!
//! Not simulated: `/metrics`.

mod bindings;
mod body;
mod profiles;
mod route;

pub use route::{Hangup, Kfam, Settings};
