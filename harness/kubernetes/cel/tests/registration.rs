//! What a real API server said of rules when they were registered; null where it accepted them.

use proofmark_cel::{Env, ListKind, Program, Property, Shape, Type};
use proofmark_json::Map;

fn environment() -> Env {
    let property = |name: &str, shape| Property { name: name.to_owned(), shape, required: false };
    let text = |format| Shape::string(format, None, []);
    let shape = Shape::object(
        "selfType",
        [
            property("n", Shape::integer()),
            property("s", text("")),
            property("l", Shape::list(Shape::integer(), ListKind::Atomic, None)),
            property("m", Shape::map(text(""), None)),
            property("d", text("date-time")),
        ],
    );
    Env::kubernetes().with_shape("self", &shape).with_shape("oldSelf", &shape)
}

fn judge(env: &Env, rule: &str) -> Option<String> {
    match env.compile(rule) {
        Err(issues) => Some(format!("compilation failed: {issues}")),
        Ok(ast) if *ast.output_type() != Type::Bool => Some("cel expression must evaluate to a bool".to_owned()),
        Ok(ast) => Program::new(&ast).err().map(|error| format!("program instantiation failed: {error}")),
    }
}

#[test]
fn rules_are_refused_in_the_words_of_a_real_server() {
    let cases: Map = proofmark_json::from_str(include_str!("registration.json")).expect("well formed");
    let env = environment();
    for (rule, want) in &cases {
        // kubectl, by which the answers came, has taken the spaces off their ends.
        let got = judge(&env, rule).map(|text| text.trim_end().to_owned());
        assert_eq!(got.as_deref(), want.as_str(), "{rule}");
    }
}
