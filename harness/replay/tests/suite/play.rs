//! Scenarios played in a small world: verdicts, order, evidence, failures of the harness.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use proofmark_env::{Body, CloudPlan, Identity, Plan};
use proofmark_json::json;
use proofmark_replay::{
    Bottom, Event, Expected, MASK, Phase, Resource, RunResult, Runner, Scenario, StepVerdict, Target, Verdict, step,
};
use proofmark_status::Status;

use crate::support::{
    DOUBT, LATE, LIMIT, MODELS, SLOW, World, always, broken, buggy, by_manifests, editor, fixed, model, sound, target,
    viewer,
};

fn run(scenarios: &[Scenario], targets: &[Target]) -> RunResult {
    Runner::new(&World).run(scenarios, targets, &mut |_: &Event| Ok(())).unwrap()
}

/// Plays one scenario on one target; its only case.
fn play(scenario: Scenario, target: Target) -> proofmark_replay::CaseResult {
    let mut result = run(&[scenario], &[target]);
    assert_eq!(result.cases.len(), 1);
    result.cases.remove(0)
}

fn one_fix(affected: proofmark_replay::Affected) -> Scenario {
    sound(affected).only_variant("role").unwrap()
}

#[rstest::rstest]
#[case::that_never_stands("Endless", "waited 3600s in vain for the universe of the case")]
#[case::that_answers_nothing(
    "Silent",
    "arrange: what everybody may do is noted: waited 3600s in vain for the end of the case, which was at this step"
)]
#[case::that_never_goes("Stuck", "waited 3600s in vain for what the case made to be taken away")]
fn a_world_ends_its_case_in_time(#[case] kind: &str, #[case] why: &str) {
    let case = play(one_fix(always(Expected::Absent)), target("slow", &[kind]));
    let reason = case.conclusion.reason.unwrap();
    assert_eq!((case.conclusion.verdict, reason.ends_with(why)), (Verdict::InnerError, true), "{reason}");
}

#[test]
fn what_does_not_come_in_the_time_of_a_case_is_told() {
    let waits = || step("a model comes").get(MODELS.in_namespace("a").named("m")).succeeds().within(LIMIT * 2);
    let case = play(one_fix(by_manifests()).arrange(move |_| vec![waits()]), buggy());
    let found = &case.phases[0].steps[0].found;
    let (over, last) = found.split_once("; what was found last: ").unwrap();
    assert_eq!(over, "waited 3600s in vain for the end of the case, which was at this step");
    assert!(last.contains("404"), "{last}");
    assert_eq!(case.conclusion.verdict, Verdict::InnerError);
}

#[test]
fn a_sound_story_plays_all_five_phases_where_it_is_affected() {
    let case = play(one_fix(by_manifests()), buggy());
    assert_eq!((case.conclusion.verdict, case.conclusion.reason.as_deref()), (Verdict::Passed, None));
    let phases: Vec<_> = case.phases.iter().map(|phase| (phase.phase, phase.steps.len())).collect();
    assert_eq!(
        phases,
        [(Phase::Arrange, 1), (Phase::Reproduce, 3), (Phase::Fix, 1), (Phase::Verify, 2), (Phase::Guard, 2)]
    );
    assert_eq!(case.case.rerun, "proofmark run model-403/role --world 'old world' --seed 0");

    let apply = &case.phases[1].steps[0];
    assert_eq!(
        apply.text.as_deref(),
        Some(
            "Error from server (Forbidden): error when retrieving current configuration of:\n\
             Resource: \"example.org/v1, Resource=models\", GroupVersionKind: \"example.org/v1, Kind=Model\"\n\
             Name: \"m\", Namespace: \"a\"\n\
             from server for: \"model.yaml\": models.example.org \"m\" is forbidden: User \"system:serviceaccount:a:editor\" cannot get \
             resource \"models\" in API group \"example.org\" in the namespace \"a\""
        )
    );
    assert_eq!(apply.evidence.len(), 2, "it stays so: looked at twice");
    assert_eq!(apply.evidence[0].decision.as_ref().map(|d| d.allowed), Some(false));
}

#[test]
fn where_it_is_absent_the_fix_is_left_out_and_attempts_are_undone() {
    let case = play(sound(by_manifests()), fixed());
    assert_eq!((case.conclusion.verdict, case.conclusion.reason.as_deref()), (Verdict::Passed, None));
    let phases: Vec<_> = case.phases.iter().map(|phase| phase.phase).collect();
    assert_eq!(phases, [Phase::Arrange, Phase::Reproduce, Phase::Verify, Phase::Guard]);
    let reproduce = &case.phases[1].steps;
    assert!(reproduce[0].should_be_missing && !reproduce[2].should_be_missing);
    assert_eq!(reproduce[0].text.as_deref(), Some("model.example.org/m created"));
    assert_eq!(reproduce[3].action, "delete /apis/example.org/v1/namespaces/a/models/m");
}

#[rstest::rstest]
#[case::fixed_where_affected(one_fix(always(Expected::Reproduces)), fixed(), Verdict::DidNotReproduce)]
#[case::occurs_where_absent(sound(always(Expected::Absent)), buggy(), Verdict::Failed)]
#[case::no_meaning(sound(always(Expected::NotApplicable { reason: "no models here".into() })), buggy(), Verdict::NotApplicable)]
#[case::no_symptom(one_fix(by_manifests()).reproduce(|_| vec![]), buggy(), Verdict::DidNotReproduce)]
#[case::a_control_fails(
    one_fix(by_manifests()).reproduce(|_| vec![
        step("symptom").by(&editor()).list(MODELS.in_namespace("a")).forbidden(),
        step("control").list(MODELS.in_namespace("a")).lists(&["x"]).either_way(),
    ]),
    buggy(), Verdict::Failed
)]
#[case::arrange_fails(one_fix(by_manifests()).arrange(|_| vec![step("x").get(MODELS.in_namespace("a").named("x"))]), buggy(), Verdict::Failed)]
#[case::verify_fails(
    one_fix(by_manifests()).verify(|_| vec![step("x").get(MODELS.in_namespace("a").named("x"))]), buggy(), Verdict::Failed
)]
#[case::too_much_opened(
    one_fix(by_manifests()).guard(|_| vec![step("nothing was opened").compare("before").opens(vec![])]), buggy(), Verdict::Failed
)]
#[case::world_is_broken(one_fix(always(Expected::Reproduces)), broken(), Verdict::InnerError)]
#[case::a_step_panics(
    one_fix(by_manifests()).verify(|_| vec![step("x").client("a call", |_| async { panic!("off the rails"); #[expect(unreachable_code, reason = "gives the type")] Ok(()) })]),
    buggy(), Verdict::InnerError
)]
#[case::a_script_panics(one_fix(by_manifests()).fix_variant("z", "z", |_| vec![]).verify(|_| panic!("no script")).only_variant("role").unwrap(), buggy(), Verdict::InnerError)]
fn verdicts(#[case] scenario: Scenario, #[case] target: Target, #[case] verdict: Verdict) {
    let case = play(scenario, target);
    assert_eq!(case.conclusion.verdict, verdict, "{:?}", case.conclusion);
    assert!(case.conclusion.reason.is_some());
}

#[test]
fn what_is_left_behind_is_told_whatever_else_happened() {
    // A world with the bug that does not go.
    let told = |scenario| play(scenario, target("sticky", &["Bug", "Sticky"])).conclusion;
    let good = told(one_fix(by_manifests()));
    assert_eq!((good.verdict, good.reason.as_deref()), (Verdict::InnerError, Some("left behind: the world")));
    let bad = told(one_fix(by_manifests()).verify(|_| vec![step("x").get(MODELS.in_namespace("a").named("x"))]));
    assert_eq!(bad.verdict, Verdict::InnerError);
    let reason = bad.reason.unwrap();
    assert!(reason.starts_with("verify: x: ") && reason.ends_with("; left behind: the world"), "{reason}");
}

#[test]
fn a_panic_is_an_inner_error_of_its_step_and_leaves_other_cases_alone() {
    let panics = one_fix(by_manifests()).verify(|_| {
        vec![step("it breaks").client("a call", |_| async {
            assert!(std::hint::black_box(false), "off the rails");
            Ok(())
        })]
    });
    let result = run(&[panics, one_fix(by_manifests())], &[buggy()]);
    let verdicts: Vec<_> = result.cases.iter().map(|case| case.conclusion.verdict).collect();
    assert_eq!(verdicts, [Verdict::InnerError, Verdict::Passed]);
    assert_eq!(result.bottom(), Bottom::InnerError);
    let broken = &result.cases[0].phases.last().unwrap().steps[0];
    assert_eq!((broken.verdict, broken.found.as_str()), (StepVerdict::InnerError, "panic: off the rails"));
}

#[test]
fn a_universe_without_the_cloud_that_a_story_needs_is_no_place_for_it() {
    let plan = |target: &Target| Plan { cloud: Some(CloudPlan::default()), ..target.plan.clone() };
    let case = play(one_fix(by_manifests()).universe(plan), buggy());
    let conclusion = (case.conclusion.verdict, case.conclusion.reason.as_deref(), case.phases.len());
    assert_eq!(conclusion, (Verdict::Skipped, Some("this environment has no cloud"), 0));
}

#[test]
fn guard_is_played_although_verify_failed() {
    let case =
        play(one_fix(by_manifests()).verify(|_| vec![step("x").code(404).list(MODELS.in_namespace("a"))]), buggy());
    let phases: Vec<_> = case.phases.iter().map(|phase| phase.phase).collect();
    assert_eq!(phases, [Phase::Arrange, Phase::Reproduce, Phase::Fix, Phase::Verify, Phase::Guard]);
    assert_eq!(case.conclusion.reason.as_deref(), Some("verify: x: 200 ModelList of 0"));
}

#[test]
fn one_seed_gives_the_same_events_whatever_the_threads() {
    let events = |threads: usize, seed: u64| {
        let mut told = Vec::new();
        let scenarios: Vec<_> = (0..8).map(|_| sound(by_manifests())).collect();
        Runner::new(&World)
            .threads(NonZeroUsize::new(threads).unwrap())
            .seed(seed)
            .run(&scenarios, &[buggy(), fixed()], &mut |event: &Event| {
                told.push(proofmark_json::to_string(event).unwrap());
                Ok(())
            })
            .unwrap();
        told.join("\n")
    };
    let alone = events(1, 7);
    assert_eq!(alone, events(4, 7));
    assert_ne!(
        alone,
        events(1, 8).replace("--seed 8", "--seed 7").replace("\"seed\":8", "\"seed\":7"),
        "seeds reach the universe"
    );
}

#[test]
fn a_case_alone_plays_as_it_did_among_others() {
    let among = run(&[sound(by_manifests())], &[fixed(), buggy()]);
    let alone = run(&[sound(by_manifests()).only_variant("other").unwrap()], &[buggy()]);
    assert_eq!(among.cases.last(), alone.cases.last());
}

#[test]
fn an_interrupted_run_skips_what_has_not_begun() {
    let flag = Arc::new(AtomicBool::new(true));
    let result = Runner::new(&World)
        .interrupted_by(flag)
        .run(&[sound(by_manifests())], &[buggy()], &mut |_: &Event| Ok(()))
        .unwrap();
    assert!(result.cases.iter().all(|case| case.conclusion.verdict == Verdict::Skipped));
    assert_eq!((result.cases.len(), result.totals().skipped), (2, 2));
}

#[test]
fn a_sink_that_fails_ends_the_run() {
    let mut left = 3;
    let failed = Runner::new(&World).run(&[sound(by_manifests())], &[buggy()], &mut |_: &Event| {
        left -= 1;
        if left == 0 { Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe)) } else { Ok(()) }
    });
    assert_eq!(failed.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    assert_eq!(left, 0);
}

#[test]
fn secrets_do_not_reach_the_evidence() {
    const SECRETS: Resource = Resource::new("", "v1", "secrets", "Secret");
    let secret = || SECRETS.object(Some("a"), "s", json!({"stringData": {"key": "hush-hush"}}));
    let case = play(
        one_fix(by_manifests())
            .arrange(move |_| {
                vec![
                    step("a secret is applied").apply("s.yaml", &SECRETS, secret()),
                    step("it is not what it should be")
                        .get(SECRETS.in_namespace("a").named("s"))
                        .shows(json!({"stringData": {"key": "x"}})),
                ]
            })
            .reproduce(|_| vec![]),
        buggy(),
    );
    let text = proofmark_json::to_string(&case).unwrap();
    assert!(!text.contains("hush-hush"), "{text}");
    let Body::Json(sent) = &case.phases[0].steps[0].evidence[1].request.body else { panic!("no body") };
    assert_eq!(sent["stringData"]["key"], MASK);
    assert_eq!(case.phases[0].steps[1].differences[0].path, "stringData.key");
}

#[test]
fn time_passes_only_as_told_and_values_are_kept_with_their_times() {
    let case = play(
        one_fix(by_manifests()).arrange(|_| {
            vec![
                step("ten minutes pass").wait(Duration::from_secs(600)),
                step("nothing comes").get(MODELS.in_namespace("a").named("m")).within(Duration::from_secs(30)),
            ]
        }),
        buggy(),
    );
    let steps = &case.phases[0].steps;
    assert_eq!(steps[0].verdict, StepVerdict::AsExpected);
    assert_eq!(steps[1].verdict, StepVerdict::Unexpected);
    assert_eq!(steps[1].history.len(), 1, "an unchanged value is told once: {:?}", steps[1].history);
    assert_eq!(case.conclusion.simulated_ms, 630_002);
}

#[test]
fn an_answer_that_tells_something_is_final_where_a_step_says_so() {
    let told = |answers: &'static [&'static str]| {
        let asked = Arc::new(AtomicUsize::new(0));
        step("how it ended").client("a look", move |_| {
            let answer = answers[asked.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1)];
            async move { Ok(if answer.is_empty() { json!({}) } else { json!({"ended": answer}) }) }
        })
    };
    let (minute, good) = (Duration::from_secs(60), json!({"ended": "good"}));
    let case = play(
        one_fix(by_manifests()).arrange(move |_| {
            vec![
                told(&["", "", "good"]).shows(good.clone()).answered_within(minute),
                told(&["", "bad", "good"]).shows(good.clone()).within(minute),
                told(&["", "bad", "good"]).shows(good.clone()).answered_within(minute),
            ]
        }),
        buggy(),
    );
    let steps = &case.phases[0].steps;
    let verdicts: Vec<_> = steps.iter().map(|step| step.verdict).collect();
    assert_eq!(verdicts, [StepVerdict::AsExpected, StepVerdict::AsExpected, StepVerdict::Unexpected]);
    assert!(case.conclusion.simulated_ms < 1000, "nobody waits for another answer");
}

#[test]
fn a_reader_looks_again_where_controllers_may_have_work_left() {
    let get = |name: &str| step("a look").get(MODELS.in_namespace("a").named(name));
    let case = play(
        one_fix(always(Expected::Absent))
            .arrange(|_| vec![])
            .reproduce(move |_| vec![get("late").code(404).stays()])
            .verify(move |_| {
                let taken = || step("made").create(&MODELS, model());
                vec![
                    get("late"),
                    taken(),
                    taken().refused(&Status::not_found("example.org", "models", "m")),
                    get("never"),
                    get("nor-later"),
                ]
            }),
        target("slow", &[SLOW]),
    );
    let steps: Vec<_> = case.phases.iter().flat_map(|phase| &phase.steps).collect();
    let verdicts: Vec<_> = steps.iter().map(|step| (step.verdict, step.evidence.len())).collect();
    let (fine, wrong) = (StepVerdict::AsExpected, StepVerdict::Unexpected);
    assert_eq!(verdicts[..6], [(fine, 1), (fine, 1), (fine, 1), (wrong, 1), (wrong, 1), (wrong, 1)], "{steps:#?}");
    let took = Duration::from_millis(case.conclusion.simulated_ms);
    assert!(
        (LATE + DOUBT..LATE + DOUBT * 2).contains(&took),
        "a write is not tried again, and who has waited need not wait again: {took:?}"
    );
}

#[test]
fn a_typed_client_meets_the_same_expectations() {
    let refused = MODELS.in_namespace("a").forbidden("system:serviceaccount:a:editor", "list");
    let list = |client: kube::Client| async move {
        let request = http::Request::get(MODELS.in_namespace("a").path()).body(Vec::new()).unwrap();
        client.request::<proofmark_json::Value>(request).await
    };
    let case = play(
        one_fix(by_manifests())
            .reproduce(move |_| {
                vec![step("a notebook lists models").by(&editor()).client("Api::<Model>::list", list).refused(&refused)]
            })
            .verify(move |_| {
                vec![step("a notebook lists models").by(&editor()).client("Api::<Model>::list", list).lists(&[])]
            }),
        buggy(),
    );
    assert_eq!(case.conclusion.verdict, Verdict::Passed, "{:?}", case.conclusion);
    assert_eq!(case.phases[1].steps[0].evidence.len(), 1);
    assert_eq!(case.phases[1].steps[0].identity, Identity::service_account("a", "editor").to_string());
}

#[test]
fn an_unchanged_object_is_not_patched_and_a_changed_one_is() {
    let grown = || MODELS.object(Some("a"), "m", json!({"spec": {"size": 2}}));
    let case = play(
        one_fix(by_manifests())
            .arrange(move |_| {
                vec![
                    step("created").apply("m.yaml", &MODELS, model()).prints("model.example.org/m created"),
                    step("unchanged").apply("m.yaml", &MODELS, model()).prints("model.example.org/m unchanged"),
                    step("changed").apply("m.yaml", &MODELS, grown()).prints("model.example.org/m configured"),
                ]
            })
            .reproduce(|_| vec![]),
        buggy(),
    );
    let requests: Vec<Vec<_>> =
        case.phases[0].steps.iter().map(|s| s.evidence.iter().map(|e| e.request.method.as_str()).collect()).collect();
    assert_eq!(requests, [vec!["GET", "POST"], vec!["GET"], vec!["GET", "PATCH"]]);
    assert!(case.phases[0].steps.iter().all(|s| s.verdict == StepVerdict::AsExpected), "{:#?}", case.phases[0].steps);
}

#[test]
fn a_refused_patch_is_told_as_kubectl_tells_it() {
    let grown = || MODELS.object(Some("a"), "m", json!({"spec": {"size": 2}}));
    let case = play(
        one_fix(by_manifests()).verify(move |_| {
            vec![
                step("created").apply("m.yaml", &MODELS, model()),
                step("the viewer changes it").by(&viewer()).apply("m.yaml", &MODELS, grown()).code(403),
            ]
        }),
        buggy(),
    );
    assert_eq!(
        case.phases[3].steps[1].text.as_deref(),
        Some(concat!(
            "Error from server (Forbidden): error when applying patch:\n",
            r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"example.org/v1\",\"kind\":\"Model\",\"metadata\":{\"annotations\":{},\"name\":\"m\",\"namespace\":\"a\"},\"spec\":{\"size\":2}}\n"}},"spec":{"size":2}}"#,
            "\nto:\n",
            r#"Resource: "example.org/v1, Resource=models", GroupVersionKind: "example.org/v1, Kind=Model""#,
            "\n",
            r#"Name: "m", Namespace: "a""#,
            "\n",
            r#"for: "m.yaml": error when patching "m.yaml": models.example.org "m" is forbidden: User "system:serviceaccount:a:viewer" cannot patch resource "models" in API group "example.org" in the namespace "a""#,
        ))
    );
}
