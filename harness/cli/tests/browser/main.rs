//! The HTML report in a headless Chromium, from a disk: what is seen, by mouse and by keyboard, with thousands of cases and with hostile words in them.
//!
//! Skipped, visibly, where there is no chromedriver; CI installs one. With `PROOFMARK_SCREENSHOTS=docs/images` it writes the pictures of the documentation.

#[path = "../../../models-web-app/tests/browser/page.rs"]
mod page;

use std::path::{Path, PathBuf};
use std::process::Command;

use page::{Colours, Driver};
use proofmark_json::json;
use proofmark_replay::{About, Case, CaseResult, Conclusion, Expected, RunResult, Verdict};
use proofmark_report::{Cover, html};

const RIGHT: &str = "\u{e014}";
const ENTER: &str = "\u{e007}";

/// A report of the binary's own.
fn reported(arguments: &[&str], folder: &Path) -> PathBuf {
    let file = folder.join("report.html");
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.arg("run").args(arguments).args(["--format", "html", "--output"]).arg(&file);
    let ran = command.output().expect("the binary runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    file
}

fn address(file: &Path) -> String {
    format!("file://{}", file.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_from_the_matrix_to_a_decision() {
    let Some(driver) = Driver::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let scenarios = ["trainedmodel-403", "inferencegraph-403", "cross-account-s3", "trust-without-sub"];
    let releases = ["--kserve", "0.13.1", "--kserve", "0.14.1", "--kserve", "0.15.2"];
    let address = address(&reported(&[&scenarios[..], &releases[..]].concat(), folder.path()));
    for (colours, suffix) in [(Colours::Light, "light"), (Colours::Dark, "dark")] {
        let page = driver.page(colours).await;
        page.open(&address).await;
        page.sees(".matrix", "Nobody in a profile may touch a TrainedModel").await;
        page.shot(&format!("report-{suffix}")).await;

        // By name, to the refusal that the story is about.
        page.fill("#filter", "trainedmodel").await;
        page.sees("#count", "1 of 4").await;
        page.click("td.good a").await;
        page.sees("#case h1", "Nobody in a profile may touch a TrainedModel").await;
        page.sees("#case .decision.denied", "create trainedmodels.serving.kserve.io").await;
        page.asks("document.querySelector('#case .decision.denied').scrollIntoView()").await;
        page.shot(&format!("report-access-{suffix}")).await;
        page.sees("#case .permissions", "trainedmodels.serving.kserve.io").await;
        page.asks("document.querySelector('#case .permissions').scrollIntoView({block: 'center'})").await;
        page.shot(&format!("report-permissions-{suffix}")).await;

        // Every request and answer is there, and opens.
        page.asks("document.querySelector('.open-all').click()").await;
        page.sees("#case .exchange pre", "\"kind\": \"TrainedModel\"").await;
        page.click("#case .crumbs a").await;
        page.sees(".matrix", "trainedmodel-403").await;
        page.sees("#count", "1 of 4").await;

        page.open(&format!("{address}#cross-account-s3/role@KServe-0.15.2")).await;
        page.sees("#case .accounts.two", "owns it").await;
        page.asks("document.querySelector('#case .accounts.two').scrollIntoView({block: 'center'})").await;
        page.shot(&format!("report-accounts-{suffix}")).await;
        let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        assert_eq!(page.asks(wide).await, false, "nothing sticks out");
        page.0.close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keyboards_reach_every_case() {
    let Some(driver) = Driver::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let run = ["trainedmodel-403/role", "--kserve", "0.14.1", "--kserve", "0.15.2"];
    let page = driver.page(Colours::Light).await;
    page.open(&address(&reported(&run, folder.path()))).await;
    assert_eq!(
        page.asks("return document.querySelectorAll('td a[tabindex=\"0\"]').length").await,
        1,
        "one stop for Tab"
    );
    page.press("td a[tabindex='0']", RIGHT).await;
    assert_eq!(
        page.asks("return document.activeElement.getAttribute('href')").await,
        "#trainedmodel-403@KServe-0.15.2"
    );
    page.press("td a[tabindex='0']", ENTER).await;
    page.sees("#case .verdict", "not affected").await;
    assert_eq!(page.asks("return document.activeElement.tagName").await, "H1", "readers are told where they are");
    page.press("#case .crumbs a", ENTER).await;
    page.sees(".matrix", "trainedmodel-403").await;
    assert_eq!(
        page.asks("return document.activeElement.getAttribute('href')").await,
        "#trainedmodel-403@KServe-0.15.2"
    );
    page.0.close().await.expect("closed");
}

/// A run of one real case told a hundred times on twenty targets, in whose words somebody tries to become part of the page.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_cases_and_hostile_words_do_no_harm() {
    const HOSTILE: &str = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>'\"&";
    let Some(driver) = Driver::start().await else { return };
    let about = proofmark_catalog::find("trainedmodel-403").expect("a scenario").about().clone();
    let scenarios: Vec<About> =
        (0..100).map(|n| About { id: format!("{}-{n}", about.id), title: HOSTILE.into(), ..about.clone() }).collect();
    let targets: Vec<String> = (0..20).map(|n| format!("KServe 0.{n}.0 {HOSTILE}")).collect();
    let case = |scenario: &About, target: &String| CaseResult {
        case: Case {
            scenario: scenario.id.clone(),
            variant: None,
            target: target.clone(),
            expected: Expected::Reproduces,
            rerun: HOSTILE.into(),
        },
        conclusion: Conclusion {
            verdict: if scenario.id.ends_with("-7") { Verdict::Failed } else { Verdict::Passed },
            reason: Some(HOSTILE.into()),
            simulated_ms: 7,
            left_out: vec![HOSTILE.into()],
        },
        phases: Vec::new(),
    };
    let cases = scenarios.iter().flat_map(|scenario| targets.iter().map(|target| case(scenario, target))).collect();
    let run = RunResult { scenarios: scenarios.clone(), targets: targets.clone(), cases, ..RunResult::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("many.html");
    let cover = Cover { title: format!("Many {HOSTILE}"), ..Cover::default() };
    std::fs::write(&file, html(&run, Some(&cover)).expect("rendered")).expect("written");

    let page = driver.page(Colours::Light).await;
    page.open(&address(&file)).await;
    page.sees(".totals", "1980 passed").await;
    assert_eq!(page.asks("return document.querySelectorAll('.matrix td a').length").await, 2000);
    page.click("#only-bad").await;
    page.sees("#count", "1 of 100").await;
    page.fill("#filter", "model-403-8").await;
    page.sees("#count", "0 of 100").await;
    page.click("#only-bad").await;
    page.sees("#count", "11 of 100").await;
    page.click("tr:not([hidden]) td a").await;
    page.sees("#case .reason", "onerror").await;
    assert_ne!(page.asks("return document.title").await, "owned", "words stay words");
    assert_eq!(page.asks("return document.images.length").await, json!(0));
    let ready =
        page.asks("return Math.round(performance.timing.domComplete - performance.timing.navigationStart)").await;
    tell(&format!("2,000 cases: the page is complete after {ready} ms"));
    page.0.close().await.expect("closed");
}

#[expect(clippy::print_stderr, reason = "figures are for people")]
fn tell(words: &str) {
    eprintln!("{words}");
}
