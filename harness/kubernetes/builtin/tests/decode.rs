//! Go's typed decoding. Every expectation was compared with `sigs.k8s.io/json` of Kubernetes 1.35 and, where it is an error or a
//! complaint, with a real API server's answer.

use proofmark_builtin::decode::{DecodeError, MAX_DEPTH, Text, decode, decode_text, parse, untyped};
use proofmark_builtin::type_of;
use proofmark_json::{Value, json};
use proofmark_types::TypeId;
use rstest::rstest;

fn core(kind: &str) -> TypeId {
    type_of("", "v1", kind).unwrap()
}

/// The error of a Pod whose only container has this member.
fn container(member: &str) -> String {
    pod(&format!(r#"{{"spec":{{"containers":[{{"name":"a",{member}}}]}}}}"#))
}

fn pod(text: &str) -> String {
    decode_text(text.as_bytes(), core("Pod"), true).unwrap_err().to_string()
}

#[rstest]
#[case(r#""x""#, "json: cannot unmarshal string into Go value of type v1.Pod")]
#[case(r#"{"spec":[]}"#, "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec")]
#[case(
    r#"{"metadata":{"labels":"x"}}"#,
    "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string"
)]
#[case(
    r#"{"metadata":{"labels":{"a":1}}}"#,
    "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
)]
#[case(
    r#"{"metadata":{"creationTimestamp":5}}"#,
    "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"
)]
#[case(
    r#"{"metadata":{"creationTimestamp":"x"}}"#,
    r#"parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006""#
)]
#[case(
    r#"{"spec":{"containers":{}}}"#,
    "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container"
)]
#[case(
    r#"{"spec":{"containers":[5]}}"#,
    "json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container"
)]
#[case(
    r#"{"spec":{"volumes":[{"emptyDir":5}]}}"#,
    "json: cannot unmarshal number into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource"
)]
#[case(
    r#"{"spec":{"restartPolicy":true}}"#,
    "json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"
)]
#[case(
    r#"{"spec":{"activeDeadlineSeconds":1e2}}"#,
    "json: cannot unmarshal number 1e2 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64"
)]
fn misfits(#[case] text: &str, #[case] error: &str) {
    assert_eq!(pod(text), error);
}

#[rstest]
#[case(
    r#""tty":"yes""#,
    "json: cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool"
)]
#[case(
    r#""livenessProbe":{"periodSeconds":99999999999}"#,
    "json: cannot unmarshal number 99999999999 into Go struct field Probe.spec.containers.livenessProbe.periodSeconds of type int32"
)]
#[case(
    r#""livenessProbe":{"httpGet":{"port":1.5}}"#,
    "json: cannot unmarshal number 1.5 into Go struct field \
     HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32"
)]
#[case(
    r#""resources":{"limits":{"cpu":"1x"}}"#,
    r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)]
#[case(r#""resources":{"limits":{"cpu":"1ee"}}"#, "unable to parse quantity's suffix")]
// A custom decoder's error ends the decoding; an earlier misfit gives way to it.
#[case(r#""tty":"yes","resources":{"limits":{"cpu":"1ee"}}"#, "unable to parse quantity's suffix")]
fn misfits_of_containers(#[case] member: &str, #[case] error: &str) {
    assert_eq!(container(member), error);
}

#[rstest]
#[case("aGVsbG8", 4)]
#[case("aGV$bG8=", 3)]
#[case("aA=", 3)]
#[case("aA=\\n=x", 5)]
#[case("aGVsbG8=x", 8)]
#[case("====", 0)]
fn bad_base64(#[case] data: &str, #[case] place: usize) {
    let text = format!(r#"{{"data":{{"a":"{data}"}}}}"#);
    let error = decode_text(text.as_bytes(), core("Secret"), false).unwrap_err();
    assert_eq!(error.to_string(), format!("illegal base64 data at input byte {place}"));
}

#[rstest]
#[case("2026-01-02T03:04:05.999Z", json!("2026-01-02T03:04:05Z"))]
#[case("2024-02-29T23:59:59-07:30", json!("2024-03-01T07:29:59Z"))]
#[case("2026-01-02T3:04:05Z", json!("2026-01-02T03:04:05Z"))]
#[case("0001-01-01T00:00:00Z", json!(null))]
fn times(#[case] text: &str, #[case] written: Value) {
    let pod = decode(&json!({"metadata": {"deletionTimestamp": text}}), core("Pod"), true).unwrap();
    assert_eq!(pod.value["metadata"]["deletionTimestamp"], written);
}

#[rstest]
#[case("2026-13-02T03:04:05Z", r#"parsing time "2026-13-02T03:04:05Z": month out of range"#)]
#[case("2026-02-30T03:04:05Z", r#"parsing time "2026-02-30T03:04:05Z": day out of range"#)]
#[case("2026-01-02T03:04:05Zx", r#"parsing time "2026-01-02T03:04:05Zx": extra text: "x""#)]
#[case("2026-01-02", r#"parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#)]
#[case(
    "20é6-01-02T03:04:05Z",
    r#"parsing time "20\xc3\xa96-01-02T03:04:05Z" as "2006-01-02T15:04:05Z07:00": cannot parse "20\xc3\xa96-01-02T03:04:05Z" as "2006""#
)]
fn bad_times(#[case] text: &str, #[case] error: &str) {
    let body = json!({"metadata": {"deletionTimestamp": text}});
    assert_eq!(decode(&body, core("Pod"), true).unwrap_err().to_string(), error);
}

#[test]
fn micro_times_have_six_digits() {
    let lease = type_of("coordination.k8s.io", "v1", "Lease").unwrap();
    let read = |text: &str| decode(&json!({"spec": {"renewTime": text}}), lease, true);
    let kept = "2026-01-02T03:04:05.000600Z";
    assert_eq!(read(kept).unwrap().value["spec"]["renewTime"], kept);
    assert_eq!(
        read("2026-01-02T03:04:05Z").unwrap_err().to_string(),
        r#"parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#
    );
}

#[test]
fn unknown_and_duplicate_fields_come_in_the_order_of_the_body() {
    let text = br#"{"bogus":1,"metadata":{"name":"a","name":"b","x\"y":2},"Spec":{},"spec":{"containers":[{"foo":1},{"foo":{"bar":2}}],
        "nodeSelector":{"a":"1","a":"2"},"volumes":[{"csi":{"attributes":{}}}]},"bogus":2}"#;
    let decoded = decode_text(text, core("Pod"), true).unwrap();
    let expected = [
        r#"unknown field "bogus""#,
        r#"duplicate field "metadata.name""#,
        r#"unknown field "metadata.x\"y""#,
        r#"unknown field "Spec""#,
        r#"unknown field "spec.containers[0].foo""#,
        r#"unknown field "spec.containers[1].foo""#,
        r#"duplicate field "spec.nodeSelector.a""#,
        r#"unknown field "spec.volumes[0].csi.attributes""#,
    ];
    assert_eq!(decoded.complaints.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    assert_eq!(decoded.value["metadata"]["name"], "b");
    assert!(decode_text(text, core("Pod"), false).unwrap().complaints.is_empty());
    let many: Value = (0..200).map(|i| (format!("f{i}"), json!(1))).collect::<proofmark_json::Map>().into();
    assert_eq!(decode(&many, core("Pod"), true).unwrap().complaints.len(), 100);
}

#[test]
fn what_is_given_twice_is_put_together() {
    let text = br#"{"data":{"a":"1","b":"2"},"data":{"b":"3"},"immutable":true,"immutable":null,"metadata":{"labels":{"a":"1"}},
        "metadata":{"labels":null,"name":"n"}}"#;
    let decoded = decode_text(text, core("ConfigMap"), false).unwrap().value;
    assert_eq!(decoded, json!({"metadata": {"name": "n"}, "data": {"a": "1", "b": "3"}}));
    let text = br#"{"spec":{"containers":[{"name":"a"},{"name":"b"}],"containers":[{"image":"x"}]}}"#;
    let decoded = decode_text(text, core("Pod"), false).unwrap().value;
    assert_eq!(decoded["spec"]["containers"], json!([{"name": "a", "image": "x", "resources": {}}]));
}

/// Doubling a field at each of many levels must not double the work at each.
#[test]
fn nested_duplicates_stay_cheap() {
    let schema = (0..60).fold("{}".to_owned(), |inner, _| format!(r#"{{"not":{inner},"not":{{}}}}"#));
    let text = format!(r#"{{"spec":{{"versions":[{{"schema":{{"openAPIV3Schema":{schema}}}}}]}}}}"#);
    let ty = type_of("apiextensions.k8s.io", "v1", "CustomResourceDefinition").unwrap();
    assert_eq!(decode_text(text.as_bytes(), ty, true).unwrap().complaints.len(), 60);
}

#[test]
fn zero_values_are_written_as_go_writes_them() {
    let zero = |group: &str, version: &str, kind: &str| {
        decode(&json!({}), type_of(group, version, kind).unwrap(), true).unwrap().value
    };
    let pod = json!({"metadata": {}, "spec": {"containers": null}, "status": {}});
    assert_eq!(zero("", "v1", "Pod"), pod);
    assert_eq!(zero("rbac.authorization.k8s.io", "v1", "Role"), json!({"metadata": {}, "rules": null}));
    assert_eq!(zero("apps", "v1", "ControllerRevision"), json!({"metadata": {}, "data": null, "revision": 0}));
    assert_eq!(
        zero("apps", "v1", "Deployment"),
        json!({"metadata": {}, "spec": {"selector": null, "template": {"metadata": {}, "spec": {"containers": null}}, "strategy": {}},
            "status": {}})
    );
    // Zero values are kept behind a pointer, and dropped without one.
    let body = json!({"spec": {"replicas": 0, "minReadySeconds": 0, "paused": false, "template": null}});
    let spec = &decode(&body, type_of("apps", "v1", "Deployment").unwrap(), true).unwrap().value["spec"];
    assert_eq!((spec.get("replicas"), spec.get("minReadySeconds"), spec.get("paused")), (Some(&json!(0)), None, None));
}

#[test]
fn fields_come_in_gos_order_and_maps_sorted() {
    let text = br#"{"status":{},"data":{"b":"2","a":"1"},"metadata":{"labels":{"z":"","y":null},"name":"n"},"apiVersion":"v1","kind":"ConfigMap"}"#;
    let value = decode_text(text, core("ConfigMap"), true).unwrap().value;
    assert_eq!(
        value.to_string(),
        r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n","labels":{"y":"","z":""}},"data":{"a":"1","b":"2"}}"#
    );
}

#[test]
fn values_are_written_anew() {
    let body = json!({"spec": {"containers": [{"name": "a", "resources": {"limits": {"memory": "0.5Gi", "cpu": 1.50}},
        "livenessProbe": {"httpGet": {"port": "80"}}}]}});
    let value = decode(&body, core("Pod"), true).unwrap().value;
    let container = &value["spec"]["containers"][0];
    assert_eq!(container["resources"]["limits"], json!({"cpu": "1500m", "memory": "512Mi"}));
    assert_eq!(container["livenessProbe"]["httpGet"]["port"], "80");
    // A text knows how its numbers were spelled.
    let text = br#"{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":1.50,"memory":1e3,"a":1.500}}}]}}"#;
    let value = decode_text(text, core("Pod"), true).unwrap().value;
    assert_eq!(
        value["spec"]["containers"][0]["resources"]["limits"],
        json!({"a": "1.500", "cpu": "1500m", "memory": "1e3"})
    );
    let secret = decode(&json!({"data": {"a": "aGVs\nbG8=", "b": "aB==", "c": [104, 105]}}), core("Secret"), true)
        .unwrap()
        .value;
    assert_eq!(secret["data"], json!({"a": "aGVsbG8=", "b": "aA==", "c": "aGk="}));
}

#[test]
fn schemas_decode_themselves() {
    let ty = type_of("apiextensions.k8s.io", "v1", "CustomResourceDefinition").unwrap();
    let wrap = |schema: Value| json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}});
    let schema = json!({"properties": {"a": {"items": [{"bogus": 1, "type": "string"}], "additionalProperties": true,
        "dependencies": {"x": ["y"]}, "maximum": 10.0, "default": {"z": 1, "a": 2}}}});
    let decoded = decode(&wrap(schema), ty, true).unwrap();
    assert_eq!(decoded.complaints, []); // nothing within is looked at strictly
    let written = decoded.value.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/a").unwrap();
    assert_eq!(
        written.to_string(),
        r#"{"default":{"z":1,"a":2},"maximum":10,"items":[{"type":"string"}],"additionalProperties":true,"dependencies":{"x":["y"]}}"#
    );
    let error = |schema: Value| decode(&wrap(schema), ty, true).unwrap_err().to_string();
    assert_eq!(error(json!({"additionalProperties": 5})), "boolean or JSON schema expected");
    assert_eq!(
        error(json!({"items": {"not": {"type": 5}}})),
        "json: cannot unmarshal number into Go struct field \
         JSONSchemaProps.spec.versions.schema.openAPIV3Schema.items.not.type of type string"
    );
}

#[rstest]
#[case("", "unexpected end of JSON input")]
#[case("{", "unexpected end of JSON input")]
#[case("{]", "invalid character ']' looking for beginning of object key string")]
#[case(r#"{"a""#, "unexpected end of JSON input")]
#[case(r#"{"a"}"#, "invalid character '}' after object key")]
#[case(r#"{"a":1 "b"}"#, "invalid character '\"' after object key:value pair")]
#[case("[1 2]", "invalid character '2' after array element")]
#[case("{} x", "invalid character 'x' after top-level value")]
#[case("nul", "invalid character ' ' in literal null (expecting 'l')")]
#[case("-x", "invalid character 'x' in numeric literal")]
#[case("1.", "invalid character ' ' after decimal point in numeric literal")]
#[case("1e+", "invalid character ' ' in exponent of numeric literal")]
#[case("\"\t\"", r"invalid character '\t' in string literal")]
#[case(r#""\x""#, "invalid character 'x' in string escape code")]
#[case(r#""\u12g4""#, r"invalid character 'g' in \u hexadecimal character escape")]
#[case("'a'", r"invalid character '\'' looking for beginning of value")]
#[case("\u{e9}", "invalid character 'Ã' looking for beginning of value")]
fn texts_that_are_no_json(#[case] text: &str, #[case] error: &str) {
    assert_eq!(parse(text.as_bytes()), Err(DecodeError::Syntax(error.to_owned())));
}

#[test]
fn untyped_values_are_written_as_go_writes_maps() {
    let value =
        parse(br#"{"b":[1.0,1e2,1.5,-3,1152921504606846976.0,9007199254740993],"a":{"z":null,"y":1e30}}"#).unwrap();
    let written = r#"{"a":{"y":1e30,"z":null},"b":[1,100,1.5,-3,1152921504606847000,9007199254740993]}"#;
    assert_eq!(untyped(value).to_string().replace("e+", "e"), written);
}

#[test]
fn strings_are_made_unicode() {
    assert_eq!(
        parse(br#""\ud83d\ude00 \ud800x \udc00 \ud800\u0041 \/""#).unwrap(),
        "\u{1f600} \u{fffd}x \u{fffd} \u{fffd}A /"
    );
    assert_eq!(parse(b"\"a\xffb\"").unwrap(), "a\u{fffd}b");
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().to_string(), "exceeded max depth");
    let ty = type_of("apiextensions.k8s.io", "v1", "CustomResourceDefinition").unwrap();
    let schema = (0..MAX_DEPTH - 6).fold("{}".to_owned(), |inner, _| format!(r#"{{"items":{inner}}}"#));
    let text = format!(r#"{{"spec":{{"versions":[{{"schema":{{"openAPIV3Schema":{schema}}}}}]}}}}"#);
    assert!(decode_text(text.as_bytes(), ty, true).is_ok());
}

#[test]
fn duplicates_without_a_type() {
    let text = br#"{"a":{"b":1,"b":{"c":1,"c":2}},"l":[{"x":1},{"x":1,"x":1}],"a":2,"a":3}"#;
    let expected = [
        r#"duplicate field "a.b""#,
        r#"duplicate field "a.b.c""#,
        r#"duplicate field "l[1].x""#,
        r#"duplicate field "a""#,
    ];
    let find_duplicates = |text| Text::parse(text).map_or_else(|_| Vec::new(), |text| text.duplicates());
    assert_eq!(find_duplicates(text), expected);
    assert!(find_duplicates(b"{").is_empty());
    let error =
        Text::parse(br#"{"a":[1e308,-1e309]}"#).and_then(|text| text.untyped()).expect_err("no float64 holds it");
    assert_eq!(error.to_string(), "json: cannot unmarshal number -1e309 into Go value of type float64");
}
