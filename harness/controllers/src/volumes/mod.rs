//! PersistentVolumes and their claims.
//!
//! * [`claims`]: claims that look for a volume, and those that have one.
//! * [`volumes`]: the phases of volumes.
//! * [`matching`]: which volume a claim gets.
//! * [`protection`]: claims and volumes that are in use stay until they no longer are.
//!
//! Nothing is provisioned: a claim of a class whose provisioner is somebody else's waits for it.

mod claims;
mod matching;
mod protection;
#[expect(clippy::module_inception, reason = "volumes among volumes and claims")]
mod volumes;

use crate::context::Context;
use crate::kit::Resource;

const VOLUMES: Resource = Resource::cluster("", "v1", "persistentvolumes", "PersistentVolume");
const CLAIMS: Resource = Resource::namespaced("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
const CLASSES: Resource = Resource::cluster("storage.k8s.io", "v1", "storageclasses", "StorageClass");
const BINDER: &str = "persistent-volume-binder";
/// The source of the events of claims.
const COMPONENT: &str = "persistentvolume-controller";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

pub(crate) fn start(context: &mut Context) {
    claims::start(context);
    volumes::start(context);
    protection::start(context);
}
