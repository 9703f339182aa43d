//! Failures of access: kinds that the roles of Kubeflow's users forgot.
//!
//! All of them are one story, told of different kinds: a component brings a kind for users, its ClusterRoles do not name it, and everybody in a
//! profile is answered 403. [`scenarios`] lists them.
//!
//! * `stories` holds what is particular to each kind, as data; the folder `stories` beside the sources one that is a scenario file.
//! * `play` makes the steps of the five phases out of it.
//! * `inspect` finds the same failure in manifests by reading them, of any kind, also of those that have no story.
//!
//! The stories of `play` stay in Rust because the fixed roles, the words and the expected permissions of each follow from its kind and the release; a file says one story once.

mod inspect;
mod play;
mod stories;

pub use stories::scenarios;
