//! Bringing a Profile's objects to where they should be.

use kube::Client;
use proofmark_controllers::kit::{
    Api, Change, Error, Informer, Next, Reason as _, Reconcile, Resource, Selection, object, queue,
};
use proofmark_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::children::{self, EDITOR, VIEWER};
use super::config::Config;
use super::model::{PROFILES, Profile};
use super::plugins::{self, PluginError};
use crate::roles;

/// A running profile controller. Dropping it stops it.
pub struct ProfileController {
    informers: Vec<Informer>,
    _stop: DropGuard,
}

impl ProfileController {
    /// Waits until the controller knows what there was when it started. What follows from that may still be under way.
    pub async fn ready(&self) {
        for informer in &self.informers {
            informer.synced().await;
        }
    }
}

/// Starts the controller on the current tokio runtime. `client` needs the rights of an administrator, as the real one has.
pub fn start(client: Client, config: Config) -> ProfileController {
    // The name of the real one's program, so that the fields it writes have the same manager.
    let api = Api::new(client, "manager/proofmark (linux/amd64) profile-controller");
    let (queue, worker) = queue::new();
    let profiles = Informer::new(api.clone(), Selection::metadata(PROFILES));
    let changed = queue.clone();
    profiles.on_change(move |change| {
        if let Some(profile) = &change.new {
            changed.add(object::name(profile).to_owned());
        }
    });
    let mut informers = vec![profiles];
    for resource in children::WATCHED {
        let informer = Informer::new(api.clone(), Selection::metadata(resource));
        let queue = queue.clone();
        informer.on_change(move |change| owners(change).for_each(|name| queue.add(name.to_owned())));
        informers.push(informer);
    }
    let stop = CancellationToken::new();
    for informer in informers.clone() {
        spawn(&stop, informer.run());
    }
    let synced = informers.clone();
    spawn(&stop, async move {
        for informer in synced {
            informer.synced().await;
        }
        worker.run(Profiles { api, config }).await;
    });
    ProfileController { informers, _stop: stop.drop_guard() }
}

fn spawn(stop: &CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.clone();
    tokio::spawn(async move {
        stop.run_until_cancelled(task).await;
    });
}

/// The Profiles that control an object now or did before.
fn owners(change: &Change) -> impl Iterator<Item = &str> {
    [&change.old, &change.new].into_iter().flatten().filter_map(|object| object::controller(object)).filter_map(
        |owner| {
            let of_group =
                object::text(owner, "/apiVersion").split_once('/').is_some_and(|(group, _)| group == PROFILES.group);
            (of_group && object::text(owner, "/kind") == PROFILES.kind).then(|| object::text(owner, "/name"))
        },
    )
}

struct Profiles {
    api: Api,
    config: Config,
}

impl Reconcile for Profiles {
    /// The name of a Profile.
    type Key = String;
    type Error = PluginError;

    async fn reconcile(&self, name: &String) -> Result<Next, PluginError> {
        let mut profile = match self.api.get(&PROFILES, "", name).await {
            Ok(object) => Profile::read(object),
            Err(error) if error.is_not_found() => return Ok(Next::Done),
            Err(error) => return Err(error.into()),
        };
        if !self.namespace(&profile).await? {
            profile.add_failure(&format!(
                "namespace already exist, but not owned by profile creator {}",
                profile.owner_name()
            ));
            self.write(&profile).await?;
            return Ok(Next::Done);
        }
        self.children(&profile).await?;
        if let Some(account) = &self.config.workload_identity
            && let Some(plugin) = plugins::default_workload_identity(profile.plugins(), account)
        {
            profile.add_plugin(plugin);
        }
        profile = self.write(&profile).await?;
        let plugins = plugins::read(profile.plugins());
        for plugin in &plugins {
            plugin.apply(&self.api, self.config.aws.as_ref(), name).await?;
        }
        if !profile.is_being_deleted() {
            if !profile.has_finalizer() {
                profile.set_finalizer(true);
                self.write(&profile).await?;
            }
        } else if profile.has_finalizer() {
            for plugin in &plugins {
                plugin.revoke(&self.api, self.config.aws.as_ref(), name).await?;
            }
            profile.set_finalizer(false);
            self.write(&profile).await?;
        }
        Ok(Next::Done)
    }
}

impl Profiles {
    async fn write(&self, profile: &Profile) -> Result<Profile, Error> {
        self.api.update(&PROFILES, profile.object()).await.map(Profile::read)
    }

    /// Makes the namespace, or adopts it; whether it is the owner's.
    async fn namespace(&self, profile: &Profile) -> Result<bool, Error> {
        let Some(mut found) = self.get(&children::NAMESPACES, "", profile.name()).await? else {
            self.api.create(&children::NAMESPACES, &children::namespace(profile, &self.config)).await?;
            return Ok(true);
        };
        if object::annotation(&found, "owner") != Some(profile.owner_name()) {
            return Ok(false);
        }
        if children::label(&mut found, &self.config) {
            self.api.update(&children::NAMESPACES, &found).await?;
        }
        Ok(true)
    }

    async fn children(&self, profile: &Profile) -> Result<(), Error> {
        self.ensure(&children::POLICIES, children::authorization_policy(profile, &self.config), &["spec"]).await?;
        for (name, role) in [(EDITOR, roles::EDIT), (VIEWER, roles::VIEW)] {
            self.ensure(&children::ACCOUNTS, children::account(profile, name), &[]).await?;
            self.ensure(&children::BINDINGS, children::account_binding(profile, name, role), &["roleRef", "subjects"])
                .await?;
        }
        self.ensure(&children::BINDINGS, children::owner_binding(profile), &["roleRef", "subjects"]).await?;
        match profile.quota() {
            Some(spec) => self.ensure(&children::QUOTAS, children::quota(profile, spec), &["spec"]).await,
            None => match self.get(&children::QUOTAS, profile.name(), children::QUOTA).await? {
                Some(_) => {
                    self.api.delete(&children::QUOTAS, profile.name(), children::QUOTA, &json!({})).await.map(|_| ())
                }
                None => Ok(()),
            },
        }
    }

    /// Makes an object, or brings these of its fields to where they should be and leaves the others.
    async fn ensure(&self, of: &Resource, wanted: Value, fields: &[&str]) -> Result<(), Error> {
        let Some(mut found) = self.get(of, object::namespace(&wanted), object::name(&wanted)).await? else {
            return self.api.create(of, &wanted).await.map(|_| ());
        };
        if fields.iter().all(|field| found.get(field) == wanted.get(field)) {
            return Ok(());
        }
        for field in fields {
            found[*field] = wanted[*field].clone();
        }
        self.api.update(of, &found).await.map(|_| ())
    }

    async fn get(&self, of: &Resource, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        match self.api.get(of, namespace, name).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
