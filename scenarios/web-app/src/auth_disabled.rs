//! The app's own manifests let everybody do everything.

use proofmark_env::{ApiRequest, Plan};
use proofmark_json::json;
use proofmark_replay::{Level, Link, Profile, Scenario, Target, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::{NEIGHBOUR, TEAM};

use crate::app::{self, URL};
use crate::people::{self, ALICE, CAROL, SERVICE_OF_NEIGHBOUR, SERVICES_OF_TEAM};
use crate::requests::{asks, forbidden, listing, refused, service, services, with_token};

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("auth-disabled-exposes-all", "The Models Web App lets everybody delete every model")
        .summary("Installed from its own manifests, the Models Web App asks nobody's name and reviews nobody's rights.")
        .story(
            "A team installs the Models Web App from its repository, beside KServe without Kubeflow, and publishes it. Whoever reaches the address sees the \
             InferenceServices of all namespaces, and deletes them.",
        )
        .cause(
            "These manifests set APP_DISABLE_AUTH, as there is no gateway that would name users. The app then acts with its own rights, which reach \
             into every namespace. Only the token against forged requests is still asked for, which whoever asks can choose.",
        )
        .remedy("Set APP_DISABLE_AUTH to false, put a gateway in front that logs users in and names them, and restart the app.")
        .link(Link {
            title: "manifests of the Models Web App v1.0.1".to_owned(),
            url: "https://github.com/kserve/models-web-app/tree/v1.0.1/manifests/kustomize/base".to_owned(),
        })
        .universe(universe)
        .profile(Profile::KubeflowMultiuser, Level::Extended)
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps
        })
        .reproduce(|_| {
            let nobody = |mut list: proofmark_json::Value| {
                list["user"] = json!(null);
                list
            };
            vec![
                step("somebody without a name sees one team's services")
                    .http(ApiRequest::get(services(TEAM)))
                    .shows(nobody(listing(&SERVICES_OF_TEAM))),
                step("and another's").http(ApiRequest::get(services(NEIGHBOUR))).shows(nobody(listing(&[SERVICE_OF_NEIGHBOUR]))),
                step("and deletes one")
                    .http(with_token(ApiRequest::delete(service(NEIGHBOUR, SERVICE_OF_NEIGHBOUR))))
                    .code(200)
                    .shows(json!({"message": "InferenceService team-b/fraud successfully deleted."})),
            ]
        })
        .fix(|_| {
            let mut steps = app::reconfigure("the administrator has users asked for", &json!({"APP_DISABLE_AUTH": "false"}));
            steps.extend([
                step("what was deleted is gone")
                    .get(SERVICES.in_namespace(NEIGHBOUR).named(SERVICE_OF_NEIGHBOUR))
                    .code(404)
                    .within(app::PATIENCE),
                step("and the other team deploys its service again")
                    .create(&SERVICES, people::service(NEIGHBOUR, SERVICE_OF_NEIGHBOUR)),
            ]);
            steps
        })
        .verify(|_| {
            let attempt = with_token(ApiRequest::delete(service(NEIGHBOUR, SERVICE_OF_NEIGHBOUR)));
            vec![
                refused(step("nobody without a name sees anything").http(ApiRequest::get(services(TEAM))), 401, "No user detected."),
                refused(step("nor deletes anything").http(attempt), 401, "No user detected."),
                asks("alice sees her team's services", ALICE, ApiRequest::get(services(TEAM))).shows(listing(&SERVICES_OF_TEAM)),
            ]
        })
        .guard(|_| {
            vec![
                forbidden(asks("the other team's are none of hers", ALICE, ApiRequest::get(services(NEIGHBOUR))), ALICE, "list", NEIGHBOUR),
                forbidden(asks("a stranger sees nothing", CAROL, ApiRequest::get(services(TEAM))), CAROL, "list", TEAM),
                step("whether the app lives can be asked without a name").http(ApiRequest::get(format!("{URL}/healthz/liveness"))).code(200),
            ]
        })
}

/// The app as its own manifests set it up.
fn universe(target: &Target) -> Plan {
    app::with(target, &json!({"APP_DISABLE_AUTH": "True"}))
}
