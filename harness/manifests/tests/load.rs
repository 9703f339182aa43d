//! Files, lists, folders and what is wrong with them: what is read, where it stands, and what is said about it.

use std::fs;
use std::path::Path;

use proofmark_json::json;
use proofmark_manifests::{Source, load, to_yaml};

/// Lays files out in a folder, reads a part of it, and tells the story.
fn story(files: &[(&str, &str)], sources: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    tell(folder.path(), sources)
}

fn tell(folder: &Path, sources: &[&str]) -> String {
    let sources: Vec<Source> = sources
        .iter()
        .map(|source| match source.strip_prefix("stdin:") {
            Some(text) => Source::Stdin(text.to_owned()),
            None => Source::from(folder.join(source)),
        })
        .collect();
    let mut lines = Vec::new();
    let findings = match load(&sources) {
        Ok(set) => {
            for object in &set.objects {
                lines.push(format!("{} {}", object.at, object.identity()));
                lines.extend(object.patched_by.iter().map(|patch| format!("  patched by {patch}")));
            }
            set.warnings
        }
        Err(errors) => errors,
    };
    for finding in findings {
        if let (Some(position), Some(text)) = (&finding.position, &finding.source_text) {
            assert!(text.is_char_boundary(position.span.start), "{finding}: {:?}", position.span);
            assert!(position.span.end <= text.len(), "{finding}: {:?}", position.span);
        }
        lines.push(format!("{}: {finding}", finding.severity));
    }
    let folder = format!("{}/", folder.display());
    lines.join("\n").replace(&folder, "").replace(folder.trim_end_matches('/'), ".")
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
}

#[test]
fn files_hold_documents_and_lists() {
    let list = "# a list\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: first}\n- {apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: second, namespace: ns}}]}\n---\n---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: third}\n";
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"one\"}}\n{\"apiVersion\": \"v1\",\n  \"kind\": \"Secret\", \"metadata\": {\"name\": \"two\"}}\n";
    let files = [
        ("list.yaml", list),
        ("stream.json", json),
        ("bom.yml", "\u{feff}apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: windows\r\n"),
    ];
    insta::assert_snapshot!(story(
        &files,
        &["list.yaml", "stream.json", "bom.yml", "stdin:{apiVersion: v1, kind: Node, metadata: {name: one}}"]
    ));
}

#[test]
fn a_broken_file_says_where() {
    let mut stories = Vec::new();
    for text in [
        "a: 1\nb: [1, 2\nc: 3\n",
        "a:\n\tb: 1\n",
        "a: 1\na: 2\n",
        "kind: {{ .Values.kind }}\n",
        "a: *nowhere\n",
        "just a text\n",
        "- apiVersion: v1\n",
        "apiVersion: v1\nmetadata: {name: a}\n",
        "kind: ConfigMap\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: b\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: b-\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 8080\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: n\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"\"\n",
        "apiVersion: v1\nkind: List\nitems: {}\n",
        "values: 1\n",
        "a: .nan\n",
        "{\"a\": 1} {\"b\": }",
        "a: \"\u{e9}\\q\"\n",
    ] {
        stories.push(format!("{text:?}\n{}", story(&[("f.yaml", text)], &["f.yaml"])));
    }
    insta::assert_snapshot!(stories.join("\n\n"));
}

#[test]
fn what_is_no_manifest_is_refused_by_name_and_passed_over_in_a_folder() {
    let files = [
        ("values.yaml", "replicas: 1\n"),
        ("README.md", "# read me\n"),
        ("a.yaml", &config_map("a")),
        (".hidden/b.yaml", "broken: [\n"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\n"),
        ("chart/templates/c.yaml", "kind: {{ x }}\n"),
        ("empty.yaml", "# nothing\n"),
    ];
    let stories = [
        &["."][..],
        &["values.yaml"],
        &["README.md"],
        &["b.yaml"],
        &["nowhere/x.yaml"],
        &["empty.yaml"],
        &["vlues.yaml", "chart"],
    ];
    insta::assert_snapshot!(stories.map(|sources| format!("{sources:?}\n{}", story(&files, sources))).join("\n\n"));
}

#[test]
fn an_object_may_stand_once_in_a_file_and_the_last_file_wins() {
    let twice = format!("{}---\n{}", config_map("a"), config_map("a"));
    let files =
        [("1.yaml", config_map("a")), ("2.yaml", config_map("b")), ("3.yaml", config_map("a") + "data: {x: y}\n")];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let within = story(&[("f.yaml", &twice)], &["f.yaml"]);
    insta::assert_snapshot!(format!("{within}\n\n{}", story(&files, &["."])));
}

#[test]
fn plain_folders_hold_kustomizations() {
    let files = [
        ("base/kustomization.yaml", "resources: [role.yaml]\n"),
        ("base/role.yaml", &config_map("base")),
        ("base/forgotten.yaml", &config_map("forgotten")),
        (
            "overlay/kustomization.yml",
            "resources: [../base]\nnamePrefix: over-\npatches: [{path: fragment.yaml, target: {kind: ConfigMap}}]\nconfigurations: [params.yaml]\n",
        ),
        ("overlay/fragment.yaml", "kind: x\nmetadata: {name: x}\ndata: {k: v}\n"),
        ("overlay/params.yaml", "varReference: []\n"),
        (
            "component/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: c-\n",
        ),
        ("plain/deeper/z.yaml", &config_map("z")),
    ];
    let whole = story(&files, &["."]);
    let one = story(&files, &["overlay"]);
    let named = story(&files, &["base/kustomization.yaml"]);
    insta::assert_snapshot!([whole, one, named].join("\n\n"));
}

#[test]
fn kustomizations_that_cannot_be_built_say_why() {
    let a = config_map("a");
    let mut stories = Vec::new();
    for configuration in [
        "resources: [missing.yaml, a.yml, ../outside.yaml]\n",
        "resources: [../circle]\n",
        "resources: [.]\n",
        "resources: [a.yaml, a.yaml]\n",
        "resources: [a.yaml, kustomization.yaml]\n",
        "resources: [../plain]\n",
        "resources: [../component]\n",
        "components: [../base]\n",
        "resources: [fragment.yaml]\n",
        "resource: [a.yaml]\n",
        "resources: a.yaml\n",
        "namespace: 8\n",
        "",
        "kind: ConfigMap\napiVersion: v1\n",
        "apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\nnamespace: x\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        "resources: [a.yaml]\nimages: [{name: x, newTag: 1.5}]\n",
        "resources: [a.yaml]\npatches: [{patch: 'kind: ConfigMap'}]\n",
        "resources: [a.yaml]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}'}]\n",
        "resources: [a.yaml]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}}'}]\n",
        "resources: [a.yaml]\npatches:\n- patch: |-\n    - op: remove\n      path: /spec\n  target: {kind: ConfigMap}\n",
        "resources: [a.yaml]\npatches: [{patch: '[{op: nonsense}]', target: {kind: ConfigMap}}]\n",
        "resources: [a.yaml]\npatches: [{patch: '[]'}]\n",
        "resources: [a.yaml]\npatches: [{patch: '{a: [', target: {kind: ConfigMap}}]\n",
        "resources: [a.yaml]\npatches: [{}]\n",
        "resources: [a.yaml]\npatches: [{path: wrong.yaml}]\n",
        "resources: [a.yaml]\npatches: [{path: a.yaml, target: {name: '('}}]\n",
        "resources: [a.yaml]\npatches: [{path: a.yaml, target: {labelSelector: 'a in b'}}]\n",
        "resources: [a.yaml]\npatchesStrategicMerge: [wrong.yaml]\n",
        "resources: [a.yaml]\npatchesJson6902: [{target: {version: v1, kind: ConfigMap, name: c}, patch: '[]'}]\n",
        "resources: [a.yaml]\nreplicas: [{name: a, count: 3}]\n",
        "resources: [a.yaml]\nreplacements: [{source: {kind: Pod}, targets: [{select: {kind: ConfigMap}}]}]\n",
        "resources: [a.yaml]\nreplacements: [{source: {kind: ConfigMap}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x]}]}]\n",
        "resources: [a.yaml]\nreplacements: [{path: nowhere.yaml}]\n",
        "resources: [a.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: Pod, name: p}}]\n",
        "resources: [a.yaml]\nconfigMapGenerator: [{name: a, literals: [x=y]}]\n",
        "configMapGenerator: [{name: a, literals: [x]}, {literals: [x=y]}]\n",
        "configMapGenerator: [{name: a, literals: [x=y, x=z]}]\n",
        "configMapGenerator: [{name: a, behavior: merge}]\n",
        "configMapGenerator: [{name: a, files: [../outside.yaml]}]\n",
        "resources: [a.yaml]\nconfigurations: [nowhere.yaml]\n",
        "resources: [a.yaml]\ncommonLabels: {a: 1}\n",
    ] {
        let files = [
            ("build/kustomization.yaml", configuration),
            ("build/a.yaml", &a),
            ("build/fragment.yaml", "data: {}\n"),
            ("build/wrong.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nmetadata/x: {}\nkind2: [\n"),
            ("base/kustomization.yaml", "resources: []\n"),
            (
                "component/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: c-\n",
            ),
            ("circle/kustomization.yaml", "resources: [../build]\n"),
            ("plain/x.yaml", &a),
            ("outside.yaml", &a),
        ];
        stories.push(format!("{configuration:?}\n{}", story(&files, &["build"])));
    }
    insta::assert_snapshot!(stories.join("\n\n"));
}

#[test]
fn what_kustomizations_do_not_do_here_is_said() {
    let configuration = "resources:\n- a.yaml\n- https://example.com/remote.yaml\n- github.com/kubeflow/manifests//common?ref=v1.9.1\n\
                         helmCharts:\n- name: minio\ngenerators: [gen.yaml]\ntransformers: [t.yaml]\nvalidators: [v.yaml]\n\
                         openapi: {path: schema.json}\ncrds: [crd.yaml]\nbuildMetadata: [originAnnotations]\nsortOptions: {order: fifo}\n";
    let files = [("kustomization.yaml", configuration), ("a.yaml", &config_map("a"))];
    insta::assert_snapshot!(story(&files, &["."]));
}

#[test]
fn circles_in_a_folder_are_reported_once() {
    let files = [("a/kustomization.yaml", "resources: [../b]\n"), ("b/kustomization.yaml", "resources: [../a]\n")];
    insta::assert_snapshot!(story(&files, &["."]));
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("a.yaml"), config_map("a")).expect("a file");
    std::os::unix::fs::symlink(folder.path(), folder.path().join("up")).expect("a link");
    std::os::unix::fs::symlink("loop.yaml", folder.path().join("loop.yaml")).expect("a link");
    insta::assert_snapshot!(tell(folder.path(), &["."]));
}

#[test]
fn fields_have_positions() {
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: r\nrules:\n- apiGroups: [\"\"]\n  resources:\n  - pods\n  - {x: y}\n- verbs: [get, list]\n  a/b: c\n";
    let set = load(&[Source::Stdin(role.to_owned())]).expect("a role");
    let object = &set.objects[0];
    for (pointer, line, column, text) in [
        ("", 1, 1, ""),
        ("/metadata/name", 4, 3, "name"),
        ("/rules", 5, 1, "rules"),
        ("/rules/0", 6, 3, ""),
        ("/rules/0/resources", 7, 3, "resources"),
        ("/rules/0/resources/0", 8, 5, "pods"),
        ("/rules/1/verbs/1", 10, 16, "list"),
        ("/rules/1/a~1b", 11, 3, "a/b"),
        ("/rules/7", 5, 1, "rules"),
        ("/spec/replicas", 1, 1, ""),
    ] {
        let position = object.position_of(pointer);
        assert_eq!((position.line, position.column), (line, column), "{pointer}");
        assert_eq!(&object.source_text()[position.span], text, "{pointer}");
    }
}

#[test]
fn scalars_are_what_kubectl_reads() {
    let text = "apiVersion: v1\nkind: X\nmetadata: {name: x}\nspec: {a: 0644, b: yes, c: on, d: 1.0, e: 1e3, f: 0x1F, g: 1_000, h: 2024-01-01, i: 1:30, j: y, k: ~, l: 0o17, m: 0b11, o: .5, p: -0.0, q: 08, r: 1., s: 'yes', t: =, u: 123456789012345678, v: !!str 5, w: &w [1], x: *w, y: {<<: {z: 1}, q: 2}}\n";
    let set = load(&[Source::Stdin(text.to_owned())]).expect("an object");
    // What `kubectl label --local -o json` prints for this text.
    let expected = json!({
        "a": 420, "b": true, "c": true, "d": 1, "e": 1000, "f": 31, "g": 1000, "h": "2024-01-01", "i": "1:30", "j": true,
        "k": null, "l": 15, "m": 3, "o": 0.5, "p": 0, "q": 8, "r": 1, "s": "yes", "t": "=", "u": 123_456_789_012_345_678_i64,
        "v": "5", "w": [1], "x": [1], "y": {"z": 1, "q": 2},
    });
    assert_eq!(set.objects[0].value["spec"], expected);
}

#[test]
fn yaml_that_is_written_is_read_back() {
    let value = json!({
        "apiVersion": "v1", "kind": "X", "metadata": {"name": "x"},
        "strings": ["yes", "no", "1_000", "2024-01-01", "1:30", "0644", "null", "~", "", " a ", "a: b", "# c", "- d", "\t", "é\u{1F600}", "a\nb", "a\n\n", "\n", "a\r\nb", "*x", "&y", "!z", "{", "[", "%", "@", "`", "true", "1.0", ".inf", "<<", "=", "y", "on", "0x1F", "1e3", "\u{7f}\u{85}\u{2028}\u{feff}", "a \nb", "  a\nb"],
        "long": "word ".repeat(60), "long-lines": format!("{}\n{}", "word ".repeat(60), "x".repeat(200)),
        "numbers": [0, -1, 1.5, 1e21, u64::MAX], "empty": [{}, [], null, true], "yes": 1, "1": 2, "": 3, "a b": {"c:d": [[1], [[2]]]},
    });
    let text = to_yaml(&value);
    let set = load(&[Source::Stdin(text.clone())]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    assert_eq!(set.objects[0].value, value, "{text}");
}
