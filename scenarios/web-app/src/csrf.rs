//! A script without the token against forged requests is refused.

use proofmark_env::ApiRequest;
use proofmark_json::json;
use proofmark_replay::{Scenario, Step, step};
use proofmark_scenarios_serving::TEAM;
use proofmark_scenarios_serving::kinds::SERVICES;

use crate::app::{self, URL};
use crate::people::{self, ALICE, BOB};
use crate::requests::{asks, changes, forbidden, refused, services, with_cookie, with_header_token, with_token};

const NO_COOKIE: &str = "Could not find CSRF cookie XSRF-TOKEN in the request.";
const NO_HEADER: &str = "Could not detect CSRF protection header X-XSRF-TOKEN.";
const OTHER: &str = "CSRF check failed. Token in cookie XSRF-TOKEN doesn't match token in header X-XSRF-TOKEN.";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    crate::begin("csrf-missing", "A script that creates a service through the Models Web App is refused")
        .summary("A script sends what the page sends, with the user's session, and is told about a cookie that it does not know.")
        .story(
            "A user copies the request that creates an InferenceService out of the browser's tools into a script. It has his session, and is refused: `Could not find \
             CSRF cookie XSRF-TOKEN in the request.` He adds the cookie, and the words change.",
        )
        .cause(
            "Every request that changes something must bring one token twice: in the cookie that comes with the page, and in a header that only the page's own \
             script can set. This keeps other sites from using the session. It holds where users are not asked for, too.",
        )
        .remedy("Fetch the page first, keep its cookie XSRF-TOKEN, and repeat its value in the header X-XSRF-TOKEN.")
        .link(crate::library("csrf.py of Kubeflow's web apps", "csrf.py"))
        .arrange(|_| vec![app::running()])
        .reproduce(|_| {
            let other = with_cookie(create()).with_header("x-xsrf-token", "of-something-else");
            vec![
                refused(post("a script creates a service", create()), 403, NO_COOKIE),
                refused(post("it brings the header alone", with_header_token(create())), 403, NO_COOKIE),
                refused(post("it brings the cookie alone", with_cookie(create())), 403, NO_HEADER),
                refused(post("it brings an old token", other), 403, OTHER),
                step("and there is no service").list(SERVICES.in_namespace(TEAM)).lists(&[]).either_way(),
            ]
        })
        .fix(|_| {
            vec![
                asks("the script fetches the page, which brings the cookie", ALICE, ApiRequest::get(format!("{URL}/")))
                    .code(200)
                    .header("cache-control", "no-cache, no-store, must-revalidate, max-age=0"),
            ]
        })
        .verify(|_| {
            vec![
                changes("the script brings the token twice", ALICE, create())
                    .code(200)
                    .shows(json!({"message": "InferenceService successfully created."})),
                step("and there is a service").list(SERVICES.in_namespace(TEAM)).lists(&["iris"]),
            ]
        })
        .guard(|_| {
            vec![
                refused(post("a page of another site, for which the browser sends the cookie, is refused", with_cookie(create())), 403, NO_HEADER),
                forbidden(changes("the token gives nobody a right", BOB, create()), BOB, "create", TEAM),
                refused(step("nor a name").http(with_token(create())), 401, "No user detected."),
            ]
        })
}

fn create() -> ApiRequest {
    ApiRequest::post(services(TEAM), people::service(TEAM, "iris"))
}

fn post(title: &str, request: ApiRequest) -> Step {
    asks(title, ALICE, request)
}
