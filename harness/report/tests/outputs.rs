//! Every output of the same run, as a whole.
//!
//! The run is a real one, in the small world of the replay crate's tests; the findings are made up here.

#[path = "../../replay/tests/suite/support.rs"]
mod support;

use std::time::Duration;

use proofmark_json::json;
use proofmark_replay::{
    Collector, Event, Expected, Finding, Inspection, Link, Location, Missing, RunResult, Runner, Scenario, Severity,
    Sink, Target, Totals, step,
};
use proofmark_report::{Format, GithubSummary, Options, Report, Styles, Tee, output};
use support::{MODELS, World, always, broken, buggy, by_manifests, editor, fixed, model, sound, viewer};

/// A story that goes wrong wherever it is played: the fix opens too little, and something never comes.
fn unsound() -> Scenario {
    sound(by_manifests()).only_variant("role").unwrap().arrange(|_| vec![]).guard(|_| vec![]).verify(|_| {
        vec![
            step("the viewer creates a model").by(&viewer()).apply("model.yaml", &MODELS, model()),
            step("the model grows")
                .by(&editor())
                .get(MODELS.in_namespace("a").named("m"))
                .shows(json!({"spec": {"size": 2, "colour": "blue"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}))
                .within(Duration::from_secs(1)),
        ]
    })
}

fn renamed(scenario: Scenario, id: &str) -> Scenario {
    scenario
        .named(id)
        .remedy("Apply the role `fix`.")
        .story("An editor applies a model.")
        .cause("No rule names models.")
}

fn many() -> (Vec<Scenario>, Vec<Target>) {
    let scenarios = vec![
        renamed(sound(by_manifests()), "sound"),
        renamed(unsound(), "unsound"),
        renamed(sound(always(Expected::Reproduces)).only_variant("role").unwrap(), "outdated"),
        renamed(sound(always(Expected::NotApplicable { reason: "there are no models".into() })), "elsewhere"),
    ];
    (scenarios, vec![buggy(), fixed(), broken()])
}

fn events(scenarios: &[Scenario], targets: &[Target]) -> Vec<Event> {
    let mut told = Vec::new();
    Runner::new(&World)
        .seed(7)
        .run(scenarios, targets, &mut |event: &Event| {
            told.push(event.clone());
            Ok(())
        })
        .unwrap();
    told
}

fn check() -> Vec<Event> {
    let about = |id: &str| renamed(sound(by_manifests()), id).about().clone();
    let finding = |severity, line, message: &str| Finding {
        id: "missing-permission".into(),
        scenario: "roles".into(),
        severity,
        message: message.into(),
        location: Some(Location { file: "dist/role, edit.yaml".into(), line, column: 3 }),
        missing: Some(Missing {
            resource: "models.example.org".into(),
            role: "edit".into(),
            verbs: vec!["get".into(), "list".into()],
        }),
        help: "Add the rule to role `edit`.".into(),
        links: vec![Link::issue("example/example", 1)],
    };
    let findings = vec![
        finding(Severity::Error, 12, "role edit says nothing of models.example.org"),
        finding(Severity::Warning, 40, "role edit names gadgets.example.org, which no CRD defines: 100% <wrong> | odd"),
    ];
    let inspection = |scenario: &str, findings: Vec<Finding>, inner_error: Option<&str>| Event::InspectionFinished {
        inspection: Inspection { scenario: scenario.into(), findings, inner_error: inner_error.map(Into::into) },
    };
    vec![
        Event::RunStarted {
            shard: None,
            seed: 0,
            scenarios: vec![about("roles"), about("clean"), about("odd")],
            targets: vec![],
            cases: 0,
        },
        inspection("roles", findings, None),
        inspection("clean", vec![], None),
        inspection("odd", vec![], Some("panic: off the rails")),
        Event::RunFinished { totals: Totals { errors: 1, warnings: 1, ..Totals::default() } },
    ]
}

#[test]
fn a_json_report_is_read_back_as_it_was() {
    let (scenarios, targets) = many();
    for told in [events(&scenarios, &targets), check()] {
        let read = Report::read(&rendered(Format::Json, &Options::default(), &told)).unwrap();
        let mut run = Collector::default();
        told.iter().for_each(|event| run.take(event));
        assert_eq!(&read.run, run.result());
    }
}

#[rstest::rstest]
#[case("", "not a report in JSON")]
#[case(r#"{"schemaVersion": 2, "run": 7}"#, "a report of format 2; this program reads 1")]
#[case(r#"{"schemaVersion": 1}"#, "not a report in JSON")]
fn what_is_no_report_is_refused(#[case] text: &str, #[case] words: &str) {
    assert_eq!(Report::read(text).unwrap_err().to_string(), words);
}

fn rendered(format: Format, options: &Options, events: &[Event]) -> String {
    let mut out = Vec::new();
    let mut sink = output(format, &mut out, options);
    events.iter().for_each(|event| sink.event(event).unwrap());
    drop(sink);
    String::from_utf8(out).unwrap()
}

fn assert_snapshot(name: &str, text: &str) {
    insta::with_settings!({filters => vec![(r#""proofmark": "\d[^"]*""#, r#""proofmark": "[version]""#), (r"Proofmark \d[^,]*,", "Proofmark [version],")]}, {
        insta::assert_snapshot!(name, text);
    });
}

#[rstest::rstest]
#[case(Format::Text)]
#[case(Format::Json)]
#[case(Format::NdJson)]
#[case(Format::JUnit)]
#[case(Format::Markdown)]
#[case(Format::Github)]
fn every_format_tells_the_same_run(#[case] format: Format) {
    let (scenarios, targets) = many();
    assert_snapshot(&format!("run.{format}"), &rendered(format, &Options::default(), &events(&scenarios, &targets)));
    assert_snapshot(&format!("check.{format}"), &rendered(format, &Options::default(), &check()));
}

#[test]
fn one_case_is_told_in_full() {
    let good = events(&[renamed(sound(by_manifests()).only_variant("role").unwrap(), "sound")], &[buggy()]);
    assert_snapshot("case.good", &rendered(Format::Text, &Options::default(), &good));
    let absent = events(&[renamed(sound(by_manifests()), "sound")], &[fixed()]);
    assert_snapshot("case.absent", &rendered(Format::Text, &Options::default(), &absent));
    let bad = events(&[renamed(unsound(), "unsound")], &[buggy()]);
    assert_snapshot("case.bad", &rendered(Format::Text, &Options::default(), &bad));
}

#[test]
fn options_change_text() {
    let (scenarios, targets) = many();
    let told = events(&scenarios, &targets);
    assert_snapshot("text.quiet", &rendered(Format::Text, &Options { quiet: true, ..Options::default() }, &check()));
    let matrix = |events: &[Event], width| {
        let text = rendered(Format::Text, &Options { width, ..Options::default() }, events);
        text.split("\n\n").next().unwrap_or_default().to_owned()
    };
    assert_snapshot("text.narrow", &matrix(&told, 20));
    let (scenarios, targets) = many();
    let releases: Vec<_> =
        (1..9).map(|number| Target { name: format!("Release 0.{number}.0"), ..targets[number % 2].clone() }).collect();
    assert_snapshot("text.many_targets", &matrix(&events(&scenarios[..2], &releases), 40));
    let coloured = rendered(Format::Text, &Options { styles: Styles::coloured(), ..Options::default() }, &told);
    assert_snapshot(
        "text.coloured",
        &coloured.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n").replace('\u{1b}', "ESC"),
    );
}

#[test]
fn several_outputs_hear_the_same() {
    let (mut summary, mut lines, told) = (Vec::new(), Vec::new(), check());
    let mut tee = Tee::new().and(Box::new(GithubSummary::new(&mut summary))).and(output(
        Format::NdJson,
        &mut lines,
        &Options::default(),
    ));
    told.iter().for_each(|event| tee.event(event).unwrap());
    drop(tee);
    assert_eq!(String::from_utf8(summary).unwrap(), rendered(Format::Markdown, &Options::default(), &told));
    assert_eq!(String::from_utf8(lines).unwrap(), rendered(Format::NdJson, &Options::default(), &told));
}

#[test]
fn an_empty_run_says_so() {
    let mut told = Vec::new();
    let nothing: RunResult = Runner::new(&World)
        .run(&[], &[], &mut |event: &Event| {
            told.push(event.clone());
            Ok(())
        })
        .unwrap();
    assert!(nothing.cases.is_empty());
    assert_eq!(rendered(Format::Text, &Options::default(), &told), "nothing played (seed 0)\n");
}
