//! The page in a headless Chromium, over an embedded API server: list, open, logs, create, delete, being refused; by keyboard, in a dashboard, with many
//! services and with odd ones.
//!
//! Skipped, visibly, where there is no chromedriver; CI installs one. With `PROOFMARK_SCREENSHOTS=docs/images` it writes the pictures of the documentation.

mod page;
#[path = "../shared/mod.rs"]
mod shared;
mod world;

use page::{Colours, Driver};
use proofmark_json::json;
use shared::{SERVICES, create};
use world::{cluster, serve, service, serving};

#[tokio::test(flavor = "multi_thread")]
async fn people_manage_models() {
    let Some(driver) = Driver::start().await else { return };
    let cluster = cluster().await;
    let (allowed, refused) = (serve(&cluster, "alice").await, serve(&cluster, "carol").await);
    let page = driver.page(Colours::Light).await;

    page.open(&format!("http://{allowed}/#/default")).await;
    page.sees("tbody tr", "iris").await;
    page.sees("tbody .status", "Ready").await;

    page.click("tbody a[href$='/iris']").await;
    page.sees("#panel", "sklearn").await;
    page.press("[role=tab][aria-selected=true]", "\u{e014}").await; // to the right
    page.sees("[role=tab][aria-selected=true]", "Details").await;
    page.click("#tab-logs").await;
    page.sees("#panel pre", "line one").await;
    page.click("#tab-yaml").await;
    page.sees("#panel pre", "storageUri: gs://example/iris").await;

    page.open(&format!("http://{allowed}/#/default/+new")).await;
    let lacking = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: fresh\nspec: {}\n";
    page.fill("#yaml", lacking).await;
    page.click("#create").await;
    page.sees("#refused .error", "Line 5: ").await;
    page.sees("#refused .error", "spec.predictor: Required value").await;
    page.fill("#yaml", &lacking.replace("{}", "{predictor: {}}")).await;
    page.click("#create").await;
    page.sees("tbody", "fresh").await;

    page.click("button[aria-label='Delete fresh']").await;
    page.click("#delete-for-good").await;
    page.sees("tbody", "Deleting").await;

    page.open(&format!("http://{refused}/#/default")).await;
    page.sees(".error", "User 'carol' is not authorized to list").await;
    page.0.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn keyboards_reach_everything() {
    let Some(driver) = Driver::start().await else { return };
    let cluster = cluster().await;
    let app = serve(&cluster, "alice").await;
    let page = driver.page(Colours::Light).await;

    page.open(&format!("http://{app}/#/empty")).await;
    page.sees("#main", "No model servers in empty.").await;
    assert_eq!(page.asks("return document.getElementById('ns').value").await, "empty");

    page.open(&format!("http://{app}/#/default/iris/yaml")).await;
    page.sees("#panel pre", "kind: InferenceService").await;
    page.press(".skip", "\u{e007}").await; // enter
    page.sees("#panel pre", "kind: InferenceService").await;
    assert_eq!(page.asks("return document.activeElement.id").await, "main");

    // Whoever stands on a button stays there when its row changes.
    page.open(&format!("http://{app}/#/default")).await;
    page.sees("tbody tr", "Ready").await;
    page.asks("document.querySelector('button[aria-label=\"Delete iris\"]').focus()").await;
    create(&cluster, SERVICES, &service("another", "onnx", &json!({}))).await;
    page.sees("tbody tr", "another").await;
    assert_eq!(page.asks("return document.activeElement.ariaLabel").await, "Delete iris");
    page.0.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_chooses_the_namespace() {
    let Some(driver) = Driver::start().await else { return };
    let cluster = cluster().await;
    let page = driver.page(Colours::Light).await;
    page.open(&format!("http://{}/dashboard", serve(&cluster, "alice").await)).await;
    page.0.enter_frame(0).await.expect("a frame");
    page.sees("tbody tr", "iris").await;
    assert_eq!(page.asks("return document.getElementById('ns')").await, json!(null), "one choice is enough");
    page.0.enter_parent_frame().await.expect("the dashboard");
    page.asks("say('namespace-selected', 'empty')").await;
    page.0.enter_frame(0).await.expect("a frame");
    page.sees("#main", "No model servers in empty.").await;
    page.0.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_services_are_shown() {
    let Some(driver) = Driver::start().await else { return };
    let cluster = cluster().await;
    for n in 0..999 {
        let name = format!("model-{n}");
        create(&cluster, SERVICES, &service(&name, "sklearn", &serving(&name))).await;
    }
    let page = driver.page(Colours::Light).await;
    page.open(&format!("http://{}/#/default", serve(&cluster, "alice").await)).await;
    page.sees("tbody tr", "iris").await;
    assert_eq!(page.asks("return document.querySelectorAll('tbody tr').length").await, 1000);
    let shown = page.asks("return Math.round(performance.getEntriesByName('listed')[0].startTime)").await;
    tell(&format!("1,000 services: the first row after {shown} ms"));
    page.0.close().await.expect("closed");
}

/// Services of every state, one of them with as long a name as there can be.
#[tokio::test(flavor = "multi_thread")]
async fn odd_services_fit_in() {
    let Some(driver) = Driver::start().await else { return };
    let cluster = cluster().await;
    let long = "fraud-detection-for-instant-payments-of-european-retail-banks-2"; // 63 letters, the most
    let failed = "Revision \"churn-predictor-00002\" failed with message: Container failed with: OSError: no file at /mnt/models";
    let not_ready = json!({"type": "Ready", "status": "False", "reason": "PredictorNotReady", "message": failed});
    for (name, format, status) in [
        ("churn", "xgboost", json!({"conditions": [not_ready]})),
        (long, "in-house", serving(long)),
        ("new", "onnx", json!({})),
    ] {
        create(&cluster, SERVICES, &service(name, format, &status)).await;
    }
    let app = serve(&cluster, "alice").await;
    for (colours, suffix) in [(Colours::Light, "light"), (Colours::Dark, "dark")] {
        let page = driver.page(colours).await;
        page.open(&format!("http://{app}/#/default")).await;
        page.sees("tbody tr", long).await;
        page.sees("tbody tr", "OSError").await;
        let wide =
            page.asks("return document.documentElement.scrollWidth > document.documentElement.clientWidth").await;
        assert_eq!(wide, false, "nothing sticks out");
        page.shot(&format!("list-{suffix}")).await;
        page.open(&format!("http://{app}/#/default/iris")).await;
        page.sees("#panel", "Conditions").await;
        page.shot(&format!("service-{suffix}")).await;
        page.0.close().await.expect("closed");
    }
}

#[expect(clippy::print_stderr, reason = "figures are for people")]
fn tell(words: &str) {
    eprintln!("{words}");
}
