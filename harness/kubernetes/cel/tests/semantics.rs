//! What expressions come to: values, errors, costs.

use std::collections::BTreeMap;

use proofmark_cel::{Env, Program, Shape, Value};
use proofmark_json::{Value as Json, json};

const LIMIT: u64 = 1_000_000;

fn data() -> Json {
    json!({
        "n": 3, "z": 0, "s": "hello", "e": [], "l": [3, 1, 2], "m": {"a": 1, "b": 2}, "d": 1.5, "b": true, "nul": null,
        "o": [{"v": 1}, {}], "words": ["b", "a"],
    })
}

/// The value as text, or the error.
fn evaluate(source: &str) -> Result<String, String> {
    let env = Env::kubernetes().with_shape("x", &Shape::untyped());
    let ast = env.compile(source).map_err(|issues| issues.to_string())?;
    let program = Program::new(&ast).map_err(|error| error.to_string())?;
    let data = data();
    let variables = BTreeMap::from([("x", Value::untyped(&data))]);
    let result = program.eval(&variables, LIMIT).result;
    result.map(|value| value.to_string()).map_err(|error| error.to_string())
}

fn all_true(sources: &[&str]) {
    for source in sources {
        assert_eq!(evaluate(source).as_deref(), Ok("true"), "{source}");
    }
}

fn all_fail(cases: &[(&str, &str)]) {
    for (source, want) in cases {
        assert_eq!(evaluate(source).as_deref().map_err(String::as_str), Err(*want), "{source}");
    }
}

#[test]
fn arithmetic_and_comparison() {
    all_true(&[
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1",
        "2u + 3u == 5u",
        "0.1 + 0.2 > 0.3",
        "dyn(1) == 1.0 && dyn(1u) == 1 && 2.0 > 1u && 1 < 1.5",
        "1 < 2 && 'a' < 'b' && false < true && b'a' < b'b'",
        "'a' + 'b' == 'ab' && b'a' + b'b' == b'ab' && [1] + [2] == [1, 2]",
        "--1 == 1 && !!true && -(-9223372036854775807) > 0",
        "x.n in [1, 2, 3] && !(4 in [1, 2, 3]) && 'a' in x.m && !('c' in x.m)",
        "1 != 2 && x.nul == null && x.n != null && [1, 2] != [2, 1]",
        "{'a': dyn(1)} == {'a': dyn(1.0)} && {dyn(1): 2} == {dyn(1u): 2}",
        "type(1) == int && type('') == string && type(x.l) == list && type(type(1)) == type",
        "type(timestamp('2024-01-01T00:00:00Z')) == google.protobuf.Timestamp",
    ]);
    all_fail(&[
        ("1 / x.z", "division by zero"),
        ("1 % x.z", "modulus by zero"),
        ("9223372036854775807 + x.n", "integer overflow"),
        ("-(x.z - 9223372036854775807 - 1)", "integer overflow"),
        ("18446744073709551615u * 2u", "unsigned integer overflow"),
        ("x.s + 1", "no such overload"),
        ("x.s < 1", "no such overload"),
    ]);
}

#[test]
fn fields_elements_and_presence() {
    all_true(&[
        "x.m.a == 1 && x.m['b'] == 2 && x['m']['a'] == 1 && x.l[1] == 1 && x.l[1u] == 1 && x.l[1.0] == 1",
        "has(x.m.a) && !has(x.m.c) && has(x.nul) && !has(x.n.y)",
        "x.?m.?a.orValue(0) == 1 && x.?nope.?a.orValue(7) == 7 && !x.m.?c.hasValue()",
        "x.l[?0].value() == 3 && x.l[?9].orValue(-1) == -1 && x.m[?'c'] == optional.none()",
        "[?x.m.?a, ?x.m.?c, dyn(5)] == [1, 5] && {'k': dyn(1), ?'q': x.m.?c} == {'k': 1}",
        "x.m.?a.optMap(v, v + 1).value() == 2 && !x.m.?c.optMap(v, v + 1).hasValue()",
        "x.m.?a.optFlatMap(v, optional.none()) == optional.none()",
        "optional.ofNonZeroValue('') == optional.none() && optional.of(1).or(optional.of(2)).value() == 1",
        "optional.unwrap([optional.of(1), optional.none()]) == [1] && [optional.of(2)].unwrapOpt() == [2]",
    ]);
    all_fail(&[
        ("x.nope", "no such key: nope"),
        ("x.m['c']", "no such key: c"),
        ("x.l[5]", "index out of bounds: 5"),
        ("x.l[-1]", "index out of bounds: -1"),
        ("x.n.y", "no such key: y"),
        ("optional.none().value()", "optional.none() dereference"),
    ]);
}

#[test]
fn errors_are_absorbed_by_what_decides() {
    all_true(&[
        "true || 1 / x.z == 1",
        "1 / x.z == 1 || true",
        "!(false && 1 / x.z == 1) && !(1 / x.z == 1 && false)",
        "x.l.exists(i, 6 / (i - 1) == 3)",
        "!x.l.all(i, 6 / (i - 1) == 3 )",
        "true ? true : 1 / x.z == 1",
    ]);
    all_fail(&[
        ("false || 1 / x.z == 1", "division by zero"),
        ("x.n || true == false", "no such overload"),
        ("x.n ? 1 : 2", "no such overload"),
        ("x.l.exists_one(i, 6 / (i - 1) == 3)", "division by zero"),
        ("x.l.map(i, 1 / (i - 1))", "division by zero"),
    ]);
}

#[test]
fn loops() {
    all_true(&[
        "x.l.all(i, i > 0) && x.l.exists(i, i == 2) && x.l.exists_one(i, i == 2) && !x.l.exists_one(i, i > 1)",
        "x.l.map(i, i * 2) == [6, 2, 4] && x.l.map(i, i > 1, i * 2) == [6, 4] && x.l.filter(i, i > 1) == [3, 2]",
        "x.m.all(k, k in ['a', 'b']) && x.m.map(k, x.m[k]) == [1, 2]",
        "x.l.all(i, v, x.l[i] == v) && x.m.exists(k, v, k == 'b' && v == 2) && x.m.existsOne(k, v, v == 1)",
        "x.l.transformList(i, v, i + v) == [3, 2, 4] && x.l.transformList(i, v, v > 1, i) == [0, 2]",
        "x.m.transformMap(k, v, v + 1) == {'a': 2, 'b': 3} && x.m.transformMap(k, v, v > 1, v) == {'b': 2}",
        "x.words.transformMapEntry(i, v, {v: i}) == {'b': 0, 'a': 1}",
        "[[1, 2], [3]].map(r, r.map(v, v + 1)) == [[2, 3], [4]] && x.l.map(i, x.l.filter(j, j < i).size()) == [2, 0, 1]",
        "[].all(i, false) && ![].exists(i, true)",
    ]);
    all_fail(&[
        ("x.n.all(i, true)", "got 'int', expected iterable type"),
        ("x.o.all(e, e.v == 1)", "no such key: v"),
        ("['a', 'a'].transformMapEntry(i, v, {v: i})", "insert failed: key a already exists"),
    ]);
}

#[test]
fn conversions_and_time() {
    all_true(&[
        "int('12') == 12 && int(3.9) == 3 && int(5u) == 5 && uint(5) == 5u && double('1.5') == 1.5 && double(2) == 2.0",
        "string(1) == '1' && string(2.0) == '2' && string(true) == 'true' && string(b'a') == 'a' && string(1e6) == '1e+06'",
        "bool('true') && !bool('f') && bytes('é') == b'\\303\\251' && dyn(1) == 1",
        "duration('1h') == duration('60m') && duration('1.5s').getMilliseconds() == 1500 && string(duration('1h')) == '3600s'",
        "timestamp('2024-02-29T12:00:00Z') + duration('24h') == timestamp('2024-03-01T12:00:00Z')",
        "timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-29T00:00:00Z') == duration('24h')",
        "timestamp('2024-02-29T23:30:00Z').getDate() == 29 && timestamp('2024-02-29T23:30:00Z').getDate('+01:00') == 1",
        "timestamp('2024-02-29T23:30:00Z').getMonth() == 1 && timestamp('2024-02-29T23:30:00Z').getDayOfWeek() == 4",
        "timestamp('2024-12-31T23:30:00Z').getFullYear('Asia/Tokyo') == 2025",
        "int(timestamp('1970-01-01T00:01:00Z')) == 60 && timestamp(60) == timestamp('1970-01-01T00:01:00Z')",
    ]);
    all_fail(&[
        ("int(x.s)", "type conversion error from 'string' to 'int'"),
        ("int(1e30)", "integer overflow"),
        ("uint(x.z - 1)", "unsigned integer overflow"),
        ("duration(x.s)", "type conversion error from 'string' to 'google.protobuf.Duration'"),
        ("timestamp(x.s)", "type conversion error from 'string' to 'google.protobuf.Timestamp'"),
        ("bool(x.s)", "type conversion error from 'string' to 'bool'"),
    ]);
}

#[test]
fn strings() {
    all_true(&[
        "x.s.size() == 5 && size('é') == 1 && x.s.startsWith('he') && x.s.endsWith('lo') && x.s.contains('ell')",
        "x.s.matches('^h.*o$') && matches(x.s, 'l+') && !x.s.matches('^l')",
        "'aébc'.charAt(1) == 'é' && 'abc'.charAt(3) == '' && 'abcb'.indexOf('b') == 1 && 'abcb'.indexOf('b', 2) == 3",
        "'abcb'.lastIndexOf('b') == 3 && 'abcb'.lastIndexOf('b', 2) == 1 && 'abc'.indexOf('') == 0 && 'abc'.lastIndexOf('x') == -1",
        "'ABC'.lowerAscii() == 'abc' && 'é'.upperAscii() == 'é' && ' a\\t'.trim() == 'a'",
        "'aaa'.replace('a', 'b') == 'bbb' && 'aaa'.replace('a', 'b', 2) == 'bba' && 'aaa'.replace('a', 'b', 0) == 'aaa'",
        "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'abc'.split('') == ['a', 'b', 'c']",
        "'abc'.split(',', 0) == [] && 'hello'.substring(1, 3) == 'el' && 'hello'.substring(2) == 'llo'",
        "['a', 'b'].join('-') == 'a-b' && ['a', 'b'].join() == 'ab' && strings.quote('a\"b') == '\"a\\\\\"b\"'",
        "'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && 'a1b22'.findAll('[0-9]+', 1) == ['1']",
        "'%s %d %.2f %b %x %X %o %%'.format(['a', 1, 1.5, 5, 255, 'hi', 8]) == 'a 1 1.50 101 ff 6869 10 %'",
        "'%s'.format([[1, 'a', {'k': true}]]) == '[1, \"a\", {\"k\":true}]' && '%f'.format([1234.5]) == '1,234.500000'",
    ]);
    all_fail(&[
        ("'abc'.charAt(4)", "index out of range: 4"),
        ("x.s.substring(50)", "index out of range: 50"),
        ("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1"),
        ("x.s.matches(x.s + '(')", "error parsing regexp: missing closing ): `hello(`"),
        ("x.s.find(x.s + '(')", "Illegal regex: error parsing regexp: missing closing ): `hello(`"),
        (
            "x.s.format([1, x.n]) + '%d'.format([x.s])",
            "error during formatting: decimal clause can only be used on integers, was given string",
        ),
    ]);
}

#[test]
fn lists_and_sets() {
    all_true(&[
        "[1, 2].isSorted() && !x.l.isSorted() && x.l.sum() == 6 && [1.5, 2.0].sum() == 3.5 && [].sum() == 0",
        "x.l.min() == 1 && x.l.max() == 3 && x.l.indexOf(2) == 2 && x.l.lastIndexOf(9) == -1",
        "x.l.sort() == [1, 2, 3] && x.o.sortBy(e, has(e.v) ? 0 : 1)[0].v == 1 && x.words.sortBy(w, w) == ['a', 'b']",
        "x.l.slice(1, 3) == [1, 2] && [[1], [2, 3]].flatten() == [1, 2, 3] && [[[1]], [[2, 3]]].flatten(2) == [1, 2, 3]",
        "[1, 2, 1].distinct() == [1, 2] && x.l.reverse() == [2, 1, 3] && lists.range(3) == [0, 1, 2]",
        "x.l.first().value() == 3 && x.l.last().value() == 2 && !x.e.first().hasValue()",
        "sets.contains(x.l, [1, 2]) && sets.intersects(x.l, [9, 1]) && sets.equivalent([1, 1, 2], [2, 1])",
    ]);
    all_fail(&[
        ("x.e.min()", "min called on empty list"),
        ("x.l.slice(2, 1)", "cannot slice(2, 1), start index must be less than or equal to end index"),
        ("x.l.slice(0, 9)", "cannot slice(0, 9), list is length 3"),
        ("x.l.flatten(-1)", "level must be non-negative"),
    ]);
}

#[test]
fn kubernetes_libraries() {
    all_true(&[
        "quantity('1Gi').isGreaterThan(quantity('500Mi')) && quantity('1k') == quantity('1000') && isQuantity('100m')",
        "quantity('1').add(quantity('500m')).compareTo(quantity('1500m')) == 0 && quantity('5').sub(2).asInteger() == 3",
        "quantity('1500m').asApproximateFloat() == 1.5 && !quantity('1500m').isInteger() && sign(quantity('-1')) == -1",
        "url('https://u@a.com:80/p/q?k=v&k=w#f').getHost() == 'a.com:80' && url('https://[::1]:80/').getHostname() == '::1'",
        "url('https://a.com/p%20q?k=v').getEscapedPath() == '/p%20q' && url('https://a.com/?k=v&k=w').getQuery()['k'] == ['v', 'w']",
        "isURL('https://a.com') && !isURL('a b') && url('https://a.com:80').getPort() == '80' && url('https://a').getScheme() == 'https'",
        "ip('10.0.0.1').family() == 4 && ip('::1').isLoopback() && isIP('1.2.3.4') && !isIP('1.2.3') && string(ip('::1')) == '::1'",
        "ip.isCanonical('::1') && !ip.isCanonical('::FFFF') && ip('8.8.8.8').isGlobalUnicast() && ip('fe80::1').isLinkLocalUnicast()",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1')) && isCIDR('::/0')",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "cidr('10.0.0.0/8').prefixLength() == 8 && cidr('10.1.0.0/16').ip() == ip('10.1.0.0')",
        "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.2.3-a').compareTo(semver('1.2.3')) == -1 && semver('v1', true).major() == 1",
        "isSemver('1.2.3') && !isSemver('v1.0') && semver('1.2.3').patch() == 3",
        "!format.dns1123Label().validate('ok').hasValue() && format.uuid().validate('x').value() == ['does not match the UUID format']",
        "format.named('uri').value().validate('https://a').hasValue() == false && format.named('nope') == optional.none()",
        "jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'",
    ]);
    all_fail(&[
        (
            "url('not a url')",
            "URL parse error during conversion from string: parse \"not a url\": invalid URI for request",
        ),
        (
            "ip('1.2.3')",
            "IP Address \"1.2.3\" parse error during conversion from string: ParseAddr(\"1.2.3\"): IPv4 address too short",
        ),
        ("semver('1.0')", "No Major.Minor.Patch elements found"),
        ("quantity('0.1').asInteger()", "cannot convert value to integer"),
    ]);
}

#[test]
fn constants_are_evaluated_before_anything_else() {
    let env = Env::kubernetes();
    for (source, want) in
        [("uint('-3') == 3u", "type conversion error from 'string' to 'uint'"), ("int(1e30) == 1", "integer overflow")]
    {
        let ast = env.compile(source).expect(source);
        assert_eq!(Program::new(&ast).map(|_| ()).map_err(|error| error.to_string()), Err(want.to_owned()), "{source}");
    }
}

#[test]
fn evaluation_costs_and_ends_at_its_limit() {
    let env = Env::kubernetes().with_shape("x", &Shape::untyped());
    let data = data();
    let variables = BTreeMap::from([("x", Value::untyped(&data))]);
    let cases = [
        ("true", 0),
        ("x.n == 3", 3),
        ("has(x.n)", 1),
        ("x.s.startsWith('he')", 3),
        ("x.l.all(i, i > 0)", 18),
        ("[1, 2]", 0),
        ("[x.n]", 12),
    ];
    for (source, want) in cases {
        let program = Program::new(&env.compile(source).expect(source)).expect(source);
        assert_eq!(program.eval(&variables, LIMIT).cost, want, "{source}");
    }
    let program = Program::new(&env.compile("true || x.l.all(i, x.l.all(j, i + j > 0)) || true").expect("compiles"))
        .expect("plans");
    assert!(program.eval(&variables, 10).result.is_ok());
    let program =
        Program::new(&env.compile("x.l.all(i, x.l.all(j, i + j > 0)) || true").expect("compiles")).expect("plans");
    let evaluation = program.eval(&variables, 10);
    assert_eq!(
        evaluation.result.map(|value| value.to_string()).map_err(|error| error.to_string()),
        Err("operation cancelled: actual cost limit exceeded".to_owned())
    );
}
