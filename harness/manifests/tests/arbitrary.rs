//! Whatever bytes come in, an answer comes out.

use std::fs;

use proofmark_json::Value;
use proofmark_manifests::{Source, load, to_yaml};
use proptest::prelude::*;

/// Pieces of YAML, JSON and manifests, so that more than the first character is tried.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "apiVersion: v1\n",
        "kind: List\n",
        "kind: ConfigMap\n",
        "metadata:\n",
        "  name: a\n",
        "items:\n",
        "- ",
        "  ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        ",",
        "\n",
        "---\n",
        "&a ",
        "*a",
        "<<: ",
        "\"",
        "'",
        "|\n",
        ">\n",
        "#",
        "!!str ",
        "? ",
        "\t",
        "0644",
        "yes",
        "1e400",
        "\u{feff}",
        "é",
        "{\"a\":1}",
        "\r\n",
        "$patch: delete\n",
        "resources: [a.yaml]\n",
        "patches:\n",
        "- path: a.yaml\n",
        "namePrefix: x\n",
        "vars:\n",
        "configMapGenerator:\n",
        "- name: x\n",
        "  literals: [a=b]\n",
        "namespace: n\n",
        "images:\n",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.concat())
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~\\n]{0,100}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[ -~é]{0,20}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn texts_never_panic(text in prop_oneof![any::<String>(), pieces()]) {
        drop(load(&[Source::Stdin(text)]));
    }

    #[test]
    fn kustomizations_never_panic(
        configuration in prop_oneof![prop::collection::vec(any::<u8>(), 0..100), pieces().prop_map(String::into_bytes)],
        resource in prop_oneof![prop::collection::vec(any::<u8>(), 0..100), pieces().prop_map(String::into_bytes)],
    ) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("kustomization.yaml"), configuration).expect("a file");
        fs::write(folder.path().join("a.yaml"), resource).expect("a file");
        drop(load(&[Source::from(folder.path())]));
    }

    #[test]
    fn values_survive_being_written_and_read(value in values()) {
        let object = proofmark_json::json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "value": value});
        let text = to_yaml(&object);
        let set = load(&[Source::Stdin(text.clone())]);
        let set = set.unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        prop_assert_eq!(&set.objects[0].value, &object, "{}", text);
    }
}

#[test]
fn depth_is_bounded() {
    for depth in [10, 150, 1_000, 100_000] {
        for text in
            ["[".repeat(depth), format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)), "- ".repeat(depth)]
        {
            drop(load(&[Source::Stdin(text)]));
        }
    }
    // What is read is also changed and written, on an ordinary stack.
    let deep = |leaf: &str| format!("{}{leaf}{}", "{\"a\": ".repeat(190), "}".repeat(190));
    let object = |spec: &str| format!("{{apiVersion: v1, kind: X, metadata: {{name: x}}, spec: {spec}}}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let configuration =
        "resources: [a.yaml]\npatches: [{path: b.yaml}]\nimages: [{name: i, newTag: t}]\nnamespace: ns\n";
    for (name, text) in [
        ("a.yaml", object(&deep("1"))),
        ("b.yaml", object(&deep("2"))),
        ("kustomization.yaml", configuration.to_owned()),
    ] {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let set = load(&[Source::from(folder.path())]).expect("depth 191 is fine");
    assert!(to_yaml(&set.objects[0].value).contains(": 2"));
    // A bomb of aliases: ten to the power of nine items.
    let bomb = (1..10).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        let items = vec![format!("*a{}", level - 1); 10].join(",");
        text + &format!("a{level}: &a{level} [{items}]\n")
    });
    assert!(load(&[Source::Stdin(bomb)]).is_err());
}
