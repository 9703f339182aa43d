//! The HTML report as a text: what a page carries, packed and unpacked, and that no word of a run becomes part of the page.

#[expect(dead_code, reason = "shared with tests that use more of it")]
#[path = "../../replay/tests/suite/support.rs"]
mod support;

use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use proofmark_env::{Body, Decision, Grounds, IamGrounds, PolicyLayer, RbacGrounds, Ruling, Source, Way};
use proofmark_json::json;
use proofmark_replay::{
    Evidence, Expected, Got, Link, Permission, PermissionChange, RunResult, Runner, Scenario, Sent, Target,
};
use proofmark_report::{Cover, Grade, html};
use support::{World, always, buggy, by_manifests, editor, fixed, sound, viewer};

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&";

fn played(scenarios: &[Scenario], targets: &[Target]) -> RunResult {
    Runner::new(&World).seed(7).run(scenarios, targets, &mut |_: &_| Ok(())).unwrap()
}

fn story() -> Scenario {
    sound(by_manifests())
        .only_variant("role")
        .unwrap()
        .remedy("Apply the role `fix`.")
        .story("An editor applies a model.")
        .cause("No rule names models.")
}

/// The fragments that a page carries, by name.
fn unpacked(page: &str) -> Vec<(String, String)> {
    let data = page.split("<script type=\"application/gzip\" id=\"data:").skip(1);
    data.map(|rest| {
        let (name, rest) = rest.split_once("\">").unwrap();
        let bytes = STANDARD.decode(rest.split_once("</script>").unwrap().0).unwrap();
        let mut text = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        (name.to_owned(), text)
    })
    .collect()
}

/// The page without what is the same in every report, and without the packed cases.
fn bare(page: &str) -> String {
    let mut out = String::new();
    for line in page.split_inclusive('\n') {
        if !line.starts_with("<script type=\"application/gzip\"") {
            out.push_str(line);
        }
    }
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let (before, rest) = out.split_once(open).unwrap();
        let (_, after) = rest.split_once(close).unwrap();
        out = format!("{before}{open}{close}{after}");
    }
    out
}

fn assert_snapshot(name: &str, text: &str) {
    let version = env!("CARGO_PKG_VERSION").replace('.', "\\.");
    let filters = vec![(version.as_str(), "[version]"), (r"sha256-[^']*", "sha256-[hash]")];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_page_and_a_case() {
    let elsewhere = sound(always(Expected::NotApplicable { reason: "there are no models".into() })).named("elsewhere");
    let outdated = sound(always(Expected::Reproduces)).only_variant("role").unwrap().named("outdated");
    let run = played(&[story(), outdated, elsewhere], &[buggy(), fixed()]);
    let page = html(&run, None).unwrap();
    assert_eq!(page, html(&run, None).unwrap(), "the same run gives the same bytes");
    assert_snapshot("page", &bare(&page));
    let fragments = unpacked(&page);
    assert_eq!(fragments.len(), run.cases.len());
    assert_snapshot("fragment", &fragments[0].1);
}

#[test]
fn a_cover_stands_above_what_was_certified() {
    let grade = Grade {
        profile: "kserve-core".into(),
        level: "core".into(),
        outcome: "partial".into(),
        counts: "1 passed".into(),
    };
    let facts = vec![("Organization".to_owned(), HOSTILE.to_owned())];
    let cover = Cover { title: "Conformance of Example".into(), facts, grades: vec![grade] };
    let page = html(&RunResult::default(), Some(&cover)).unwrap();
    assert!(page.contains("<title>Conformance of Example</title>") && page.contains("<li class=\"grade partial\">"));
    assert!(!page.contains("<img"), "{page}");
}

fn decisions() -> [Grounds; 2] {
    let source = Source { role: HOSTILE.into(), says: "lacks the rule".into() };
    let way = Way {
        by: format!("RoleBinding {HOSTILE} of x"),
        role: HOSTILE.into(),
        grants: vec![HOSTILE.into()],
        sources: vec![source],
    };
    let rbac =
        RbacGrounds { request: HOSTILE.into(), ways: vec![way], more_ways: 2, would_allow: vec![HOSTILE.into(); 8] };
    let layer = |account: &str, ruling| PolicyLayer {
        name: "policy".into(),
        account: Some(account.into()),
        ruling,
        rests_on: Some(HOSTILE.into()),
    };
    let iam = IamGrounds {
        principal: HOSTILE.into(),
        account: Some("1".into()),
        action: "s3:GetObject".into(),
        resource: HOSTILE.into(),
        owner: "2".into(),
        allowed: false,
        layers: vec![layer("1", Ruling::Allows), layer("2", Ruling::Nothing), layer("2", Ruling::Denies)],
    };
    [Grounds::Rbac(rbac), Grounds::Iam(vec![iam])]
}

/// Every text of a run that anybody but us can choose.
#[test]
fn no_word_of_a_run_becomes_part_of_the_page() {
    let mut run = played(&[story()], &[buggy()]);
    let about = &mut run.scenarios[0];
    for text in [&mut about.title, &mut about.family, &mut about.story, &mut about.cause, &mut about.fix] {
        *text = HOSTILE.into();
    }
    about.links = vec![Link { title: HOSTILE.into(), url: format!("javascript:alert(1)//{HOSTILE}") }];
    run.targets[0] = HOSTILE.into();
    let case = &mut run.cases[0];
    (case.case.target, case.case.rerun, case.conclusion.reason) =
        (HOSTILE.into(), HOSTILE.into(), Some(HOSTILE.into()));
    let permission = |who| Permission {
        who: format!("{who}"),
        namespace: HOSTILE.into(),
        resource: HOSTILE.into(),
        verb: HOSTILE.into(),
    };
    for (number, step) in case.phases.iter_mut().flat_map(|phase| &mut phase.steps).enumerate() {
        (step.title, step.action, step.identity, step.found) =
            (HOSTILE.into(), HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
        step.text = Some(HOSTILE.into());
        step.permissions =
            Some(PermissionChange { gained: vec![permission(editor())], lost: vec![permission(viewer())] });
        let decision =
            Decision { grounds: Some(decisions()[number % 2].clone()), ..Decision::in_words(false, HOSTILE, HOSTILE) };
        step.evidence = vec![Arc::new(Evidence {
            at_ms: 61_000,
            identity: HOSTILE.into(),
            request: Sent {
                method: "GET".into(),
                path: HOSTILE.into(),
                headers: vec![HOSTILE.into()],
                body: Body::Text(HOSTILE.into()),
            },
            response: Got { status: 403, headers: vec![HOSTILE.into()], body: Body::Json(json!({HOSTILE: HOSTILE})) },
            decision: Some(decision),
        })];
    }
    let page = html(&run, None).unwrap();
    let texts = unpacked(&page).into_iter().map(|(_, text)| text).chain([bare(&page)]);
    for text in texts {
        assert!(
            !text.contains("<img") && !text.contains("href=\"javascript") && !text.contains("</script><"),
            "{text}"
        );
        assert!(text.contains("&#60;img"), "it is told: {text}");
    }
}
