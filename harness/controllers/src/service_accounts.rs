//! The service account `default` in every active namespace (`pkg/controller/serviceaccount/serviceaccounts_controller.go`).

use proofmark_json::json;

use crate::context::{Context, kinds};
use crate::kit::{Api, Error, Informer, Next, Reason as _, Reconcile, Selection, object, queue};

pub(crate) fn start(context: &mut Context) {
    let namespaces = context.informer(Selection::whole(kinds::NAMESPACES));
    let accounts = context.informer(Selection::whole(kinds::SERVICE_ACCOUNTS));
    let api = context.api("service-account-controller");
    let (queue, worker) = queue::new();
    let missing = queue.clone();
    namespaces.on_change(move |change| {
        if let Some(namespace) = &change.new {
            queue.add(object::name(namespace).to_owned());
        }
    });
    accounts.on_change(move |change| {
        if change.new.is_none() {
            missing.add(object::namespace(change.latest()).to_owned());
        }
    });
    context.spawn(async move {
        namespaces.synced().await;
        accounts.synced().await;
        worker.run(ServiceAccounts { api, namespaces, accounts }).await;
    });
}

struct ServiceAccounts {
    api: Api,
    namespaces: Informer,
    accounts: Informer,
}

impl Reconcile for ServiceAccounts {
    /// A namespace.
    type Key = String;
    type Error = Error;

    async fn reconcile(&self, name: &String) -> Result<Next, Error> {
        let active = self
            .namespaces
            .get("", name)
            .is_some_and(|namespace| object::text(&namespace, "/status/phase") == "Active");
        if !active || self.accounts.get(name, "default").is_some() {
            return Ok(Next::Done);
        }
        let account =
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}});
        match self.api.create(&kinds::SERVICE_ACCOUNTS, &account).await {
            Err(error) if !error.is_already_exists() && !error.is_namespace_terminating() => Err(error),
            _ => Ok(Next::Done),
        }
    }
}
