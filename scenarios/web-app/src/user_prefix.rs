//! Users of a login with a prefix are unknown.

use proofmark_env::{ApiRequest, Plan};
use proofmark_json::{Value, json};
use proofmark_replay::{Scenario, Step, Target};
use proofmark_scenarios_serving::TEAM;

use crate::app;
use crate::people::{self, ALICE, CAROL, SERVICES_OF_TEAM};
use crate::requests::{asks, forbidden, listing, services};

/// What Google's identity-aware proxy puts before a name.
const PREFIX: &str = "accounts.google.com:";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("user-prefix", "The Models Web App knows nobody behind a login that adds a prefix")
        .summary("A login puts a prefix before names; the Models Web App takes only the colon away, and knows nobody.")
        .story(
            "Kubeflow stands behind Google's identity-aware proxy, whose header says `accounts.google.com:alice@example.com`. In the Models Web App nobody is \
             authorized to do anything, and the message names a user that does not exist: `accounts.google.comalice@example.com`.",
        )
        .cause("USERID_PREFIX is what the app takes out of the header. Where it is not set that is a colon, for releases of the app as KServe installs it.")
        .remedy("Set USERID_PREFIX to the prefix of the login, and restart the app.")
        .link(crate::library("settings.py of Kubeflow's web apps", "settings.py"))
        .link(crate::library("authn.py of Kubeflow's web apps", "authn.py"))
        .universe(universe)
        .arrange(|_| {
            let mut steps = vec![app::running()];
            steps.extend(people::services());
            steps
        })
        .reproduce(|_| {
            let misread = "accounts.google.comalice@example.com";
            vec![forbidden(list("alice opens the page", ALICE), misread, "list", TEAM).stays()]
        })
        .fix(|_| app::reconfigure("the administrator sets the prefix", &json!({"USERID_PREFIX": PREFIX})))
        .verify(|_| {
            let mut seen: Value = listing(&SERVICES_OF_TEAM);
            seen["user"] = json!(ALICE);
            vec![list("alice opens the page again", ALICE).code(200).shows(seen)]
        })
        .guard(|_| {
            let account = "system:serviceaccount:team-a:default";
            vec![
                forbidden(list("a stranger is a stranger, with and without prefix", CAROL), CAROL, "list", TEAM),
                forbidden(
                    asks("names with colons stay as they are", account, ApiRequest::get(services(TEAM))),
                    account,
                    "list",
                    TEAM,
                ),
            ]
        })
}

/// The app with the prefix that the released ones have unless told.
fn universe(target: &Target) -> Plan {
    app::with(target, &json!({"USERID_PREFIX": ":"}))
}

/// Somebody opens the list behind the proxy.
fn list(title: &str, who: &str) -> Step {
    asks(title, &format!("{PREFIX}{who}"), ApiRequest::get(services(TEAM)))
}
