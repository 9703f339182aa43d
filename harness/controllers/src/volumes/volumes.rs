//! The phases of volumes (`syncVolume`): free, bound, or released by a claim that is gone. What was released stays as it is: there is nobody here
//! who could delete or clean what it stands for.

use proofmark_json::{Value, json};

use super::{BINDER, BOUND_BY_CONTROLLER, CLAIMS, VOLUMES};
use crate::context::Context;
use crate::kit::{Error, Informer, Next, Objects, Reconcile, Selection, object, queue};

pub(super) fn start(context: &mut Context) {
    let api = context.account(BINDER);
    let volumes = context.objects(&api, Selection::whole(VOLUMES));
    let claims = context.objects(&api, Selection::whole(CLAIMS));
    let (queue, worker) = queue::new();
    let changed = queue.clone();
    volumes.on_change(move |change| changed.add(object::name(change.latest()).to_owned()));
    let all = Informer::clone(&volumes);
    claims.on_change(move |change| {
        let claim = change.latest();
        for volume in all.all() {
            if volume["spec"]["claimRef"]["name"] == object::name(claim) {
                queue.add(object::name(&volume).to_owned());
            }
        }
    });
    let caches = vec![Informer::clone(&volumes), Informer::clone(&claims)];
    context.run(worker, caches, Volumes { volumes, claims });
}

struct Volumes {
    volumes: Objects,
    claims: Objects,
}

impl Reconcile for Volumes {
    /// A volume.
    type Key = String;
    type Error = Error;

    async fn reconcile(&self, name: &String) -> Result<Next, Error> {
        self.volumes.settled().await;
        let Some(volume) = self.volumes.get("", name) else { return Ok(Next::Done) };
        let reference = &volume["spec"]["claimRef"];
        let (namespace, of, uid) =
            (object::text(reference, "/namespace"), object::text(reference, "/name"), object::text(reference, "/uid"));
        if uid.is_empty() {
            self.set_phase(&volume, "Available").await?;
            return Ok(Next::Done);
        }
        let mut claim = self.claims.get(namespace, of).map(|claim| Value::clone(&claim));
        if claim.as_ref().is_none_or(|claim| object::uid(claim) != uid) {
            // A cache may not know the claim yet.
            claim = self.claims.read(namespace, of).await?;
        }
        match claim.filter(|claim| object::uid(claim) == uid) {
            None => self.release(&volume).await?,
            Some(claim) if claim["spec"]["volumeName"] == **name => self.set_phase(&volume, "Bound").await?,
            Some(claim) if object::text(&claim, "/spec/volumeName").is_empty() => {}
            Some(_) => self.unbind(&volume).await?,
        }
        Ok(Next::Done)
    }
}

impl Volumes {
    async fn set_phase(&self, volume: &Value, phase: &str) -> Result<(), Error> {
        if volume["status"]["phase"] == phase {
            return Ok(());
        }
        let mut changed = volume.clone();
        changed["status"]["phase"] = json!(phase);
        self.volumes.update_status(&changed).await.map(|_| ())
    }

    async fn release(&self, volume: &Value) -> Result<(), Error> {
        if matches!(object::text(volume, "/status/phase"), "Released" | "Failed") {
            return Ok(());
        }
        self.set_phase(volume, "Released").await
    }

    /// Frees a volume whose claim has another one.
    async fn unbind(&self, volume: &Value) -> Result<(), Error> {
        let mut freed = volume.clone();
        let ours = object::annotation(volume, BOUND_BY_CONTROLLER).is_some();
        if ours {
            freed["spec"]["claimRef"] = Value::Null;
            let annotations = freed.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
            annotations.and_then(|annotations| annotations.shift_remove(BOUND_BY_CONTROLLER));
        } else {
            freed["spec"]["claimRef"]["uid"] = Value::Null;
        }
        let freed = self.volumes.update(&freed).await?;
        self.set_phase(&freed, "Available").await
    }
}
