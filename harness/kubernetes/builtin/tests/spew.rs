//! A pod template, printed as go-spew printed it.

use proofmark_builtin::spew;

#[test]
fn a_pod_template_as_go_prints_it() {
    let template = proofmark_json::from_str(include_str!("recorded/template.json")).expect("JSON");
    let printed = spew::pod_template(&template);
    let expected = include_str!("recorded/template.spew.txt").trim_end_matches('\n');
    let at = printed.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| text.get(at.saturating_sub(80)..(at + 80).min(text.len())).unwrap_or_default().to_owned();
    assert_eq!(around(&printed), around(expected));
    assert_eq!(printed, expected);
}
