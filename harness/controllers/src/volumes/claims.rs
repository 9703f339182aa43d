//! Claims that look for a volume, and those that have one (`syncClaim`).

use proofmark_json::{Value, json};

use super::{BIND_COMPLETED, BINDER, BOUND_BY_CONTROLLER, CLAIMS, CLASSES, COMPONENT, VOLUMES, matching};
use crate::context::Context;
use crate::kit::{Error, Informer, Next, Objects, Reconcile, Recorder, Selection, object, queue};
use crate::workloads::pods::{self, is_finished};
use crate::workloads::template::set_annotation;
use crate::workloads::{Key, children};

/// Provisioners of this prefix are part of Kubernetes itself.
const INTERNAL: &str = "kubernetes.io/";
/// The provisioner of classes whose volumes somebody makes by hand.
const NONE: &str = "kubernetes.io/no-provisioner";

pub(super) fn start(context: &mut Context) {
    let api = context.account(BINDER);
    let claims = context.objects(&api, Selection::whole(CLAIMS));
    let volumes = context.objects(&api, Selection::whole(VOLUMES));
    let classes = context.informer(Selection::whole(CLASSES));
    let pods = context.informer(pods::selection());
    let (queue, worker) = queue::new();
    children::follow_own(&claims, &queue);
    // A volume that comes, or becomes free, may be what any claim waits for.
    let (all, freed) = (Informer::clone(&claims), queue.clone());
    volumes.on_change(move |_| {
        for claim in all.all().iter() {
            freed.add(children::key(claim));
        }
    });
    let all = Informer::clone(&claims);
    classes.on_change(move |_| {
        for claim in all.all().iter().filter(|claim| claim["status"]["phase"] == "Pending") {
            queue.add(children::key(claim));
        }
    });
    let caches = vec![Informer::clone(&claims), Informer::clone(&volumes), classes.clone(), pods.clone()];
    let recorder = context.recorder(&api, COMPONENT);
    context.run(worker, caches, Claims { claims, volumes, classes, pods, recorder });
}

struct Claims {
    claims: Objects,
    volumes: Objects,
    classes: Informer,
    pods: Informer,
    recorder: Recorder,
}

impl Reconcile for Claims {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.claims.settled().await;
        self.volumes.settled().await;
        let Some(claim) = self.claims.get(namespace, name) else { return Ok(Next::Done) };
        let bound = object::annotation(&claim, BIND_COMPLETED).is_some();
        if bound {
            self.keep(&claim).await?
        } else {
            self.find(&claim).await?
        }
        Ok(Next::Done)
    }
}

impl Claims {
    /// A claim that has a volume keeps it, or has lost it.
    async fn keep(&self, claim: &Value) -> Result<(), Error> {
        let name = object::text(claim, "/spec/volumeName");
        if name.is_empty() {
            let why = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
            return self.lose(claim, "ClaimLost", why).await;
        }
        let Some(volume) = self.volumes.get("", name) else {
            let why = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            return self.lose(claim, "ClaimLost", why).await;
        };
        let owner = object::text(&volume, "/spec/claimRef/uid");
        if volume["spec"]["claimRef"].is_null() || owner == object::uid(claim) {
            return self.bind(&volume, claim).await;
        }
        let why = "Two claims are bound to the same volume, this one is bound incorrectly";
        self.lose(claim, "ClaimMisbound", why).await
    }

    async fn lose(&self, claim: &Value, reason: &str, why: &str) -> Result<(), Error> {
        if claim["status"]["phase"] != "Lost" {
            self.recorder.warning(claim, reason, why);
            let mut lost = claim.clone();
            lost["status"]["phase"] = json!("Lost");
            self.claims.update_status(&lost).await?;
        }
        Ok(())
    }

    async fn find(&self, claim: &Value) -> Result<(), Error> {
        let named = object::text(claim, "/spec/volumeName");
        if !named.is_empty() {
            return self.find_named(claim, named).await;
        }
        let class = self.classes.get("", matching::class(claim));
        let waits = class.as_ref().is_some_and(|class| class["volumeBindingMode"] == "WaitForFirstConsumer");
        if let Some(volume) = matching::best(&self.volumes.all(), claim, waits) {
            return self.bind(&volume, claim).await;
        }
        // A scheduler that has chosen a node says so.
        if waits && object::annotation(claim, "volume.kubernetes.io/selected-node").is_none() {
            let (reason, message) = self.awaited(claim);
            self.recorder.normal(claim, reason, message);
        } else if !matching::class(claim).is_empty() {
            self.provision(claim, class.as_deref()).await?;
        } else {
            let why = "no persistent volumes available for this claim and no storage class is set";
            self.recorder.normal(claim, "FailedBinding", why);
        }
        Ok(())
    }

    /// What a claim that is bound with its first pod waits for.
    fn awaited(&self, claim: &Value) -> (&'static str, String) {
        let uses = |pod: &Value| {
            let volumes = object::list(pod, "/spec/volumes").iter();
            volumes.into_iter().any(|v| v["persistentVolumeClaim"]["claimName"] == object::name(claim))
        };
        let pods = self.pods.within(object::namespace(claim));
        let waiting =
            pods.iter().filter(|pod| object::text(pod, "/spec/nodeName").is_empty() && !is_finished(pod) && uses(pod));
        let names: Vec<&str> = waiting.map(|pod| object::name(pod)).collect();
        match names.as_slice() {
            [] => ("WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
            [one] => ("WaitForPodScheduled", format!("waiting for pod {one} to be scheduled")),
            many => ("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", many.join(","))),
        }
    }

    /// Asks the provisioner of a class for a volume; it is none of ours.
    async fn provision(&self, claim: &Value, class: Option<&Value>) -> Result<(), Error> {
        let Some(class) = class else {
            let message = format!("storageclass.storage.k8s.io \"{}\" not found", matching::class(claim));
            self.recorder.warning(claim, "ProvisioningFailed", message);
            return Ok(());
        };
        let provisioner = object::text(class, "/provisioner");
        if provisioner == NONE {
            return Ok(());
        }
        if provisioner.starts_with(INTERNAL) {
            let message = format!("no volume plugin matched name: {provisioner}");
            self.recorder.warning(claim, "ProvisioningFailed", message);
            return Ok(());
        }
        let mut asked = claim.clone();
        for key in ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"] {
            set_annotation(&mut asked, key, provisioner);
        }
        let claim = if asked == *claim { asked } else { self.claims.update(&asked).await? };
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If \
             volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        self.recorder.normal(&claim, "ExternalProvisioning", message);
        Ok(())
    }

    /// A claim that names a volume gets that one or none.
    async fn find_named(&self, claim: &Value, name: &str) -> Result<(), Error> {
        let Some(volume) = self.volumes.get("", name) else { return Ok(()) };
        if volume["spec"]["claimRef"].is_null() {
            match matching::mismatch(&volume, claim) {
                None => return self.bind(&volume, claim).await,
                Some(why) => {
                    let message = format!("Cannot bind to requested volume \"{name}\": {why}");
                    self.recorder.warning(claim, "VolumeMismatch", message);
                }
            }
        } else if matching::is_kept_for(&volume, claim) {
            return self.bind(&volume, claim).await;
        } else {
            let message = format!("volume \"{name}\" already bound to a different claim.");
            self.recorder.warning(claim, "FailedBinding", message);
        }
        Ok(())
    }

    /// Binds both to each other, in four steps that each may be the last: the volume, its phase, the claim, its phase.
    async fn bind(&self, volume: &Value, claim: &Value) -> Result<(), Error> {
        let mut of_volume = volume.clone();
        let reference = &volume["spec"]["claimRef"];
        if reference["uid"] != object::uid(claim) {
            if reference.is_null() {
                set_annotation(&mut of_volume, BOUND_BY_CONTROLLER, "yes");
            }
            of_volume["spec"]["claimRef"] = json!({
                "kind": CLAIMS.kind, "apiVersion": CLAIMS.api_version(),
                "namespace": object::namespace(claim), "name": object::name(claim), "uid": object::uid(claim),
                "resourceVersion": object::resource_version(claim),
            });
            of_volume = self.volumes.update(&of_volume).await?;
        }
        if of_volume["status"]["phase"] != "Bound" {
            of_volume["status"]["phase"] = json!("Bound");
            self.volumes.update_status(&of_volume).await?;
        }
        let mut of_claim = claim.clone();
        if of_claim["spec"]["volumeName"] != object::name(volume) {
            of_claim["spec"]["volumeName"] = json!(object::name(volume));
            set_annotation(&mut of_claim, BOUND_BY_CONTROLLER, "yes");
        }
        set_annotation(&mut of_claim, BIND_COMPLETED, "yes");
        if of_claim != *claim {
            of_claim = self.claims.update(&of_claim).await?;
        }
        if of_claim["status"]["phase"] != "Bound" {
            of_claim["status"] = json!({
                "phase": "Bound",
                "accessModes": volume["spec"]["accessModes"],
                "capacity": volume["spec"]["capacity"],
            });
            self.claims.update_status(&of_claim).await?;
        }
        Ok(())
    }
}
