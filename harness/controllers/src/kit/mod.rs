//! What every controller here is built of, and other controllers may be: a plain API client, informers and work queues.
//!
//! * [`api`]: requests for objects as JSON, under a User-Agent that names the controller.
//! * [`informer`]: a cache of one kind that a watch keeps up to date, and tells of changes.
//! * [`objects`]: the two together, where a reader sees his own writes.
//! * [`events`]: what a controller tells of an object.
//! * [`queue`]: what there is to do, each key once, again later when it failed.
//! * [`nodes`]: which nodes an affinity picks.
//! * [`object`]: the parts of an object that controllers look at.
//!
//! kube-runtime has these too, but it reads the machine's clock and its watchers poll; here a task without work is parked for good, so that a
//! run on a paused clock can tell when everything has settled.

pub mod api;
pub mod events;
pub mod informer;
pub mod nodes;
pub mod object;
pub mod objects;
pub mod queue;

pub use api::{Api, Error, Reason, Resource, View};
pub use events::Recorder;
pub use informer::{Change, Informer, Selection};
pub use objects::Objects;
pub use queue::{Next, Queue, Reconcile, Worker};
