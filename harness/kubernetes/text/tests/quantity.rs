//! Quantities in their canonical form. Every line was compared with `k8s.io/apimachinery` v0.35.4.

use proofmark_text::quantity::{Quantity, QuantityError};

const CANONICAL: &[(&str, &str)] = &[
    ("0", "0"),
    ("-", "0"),
    (".", "0"),
    ("0Gi", "0"),
    ("1", "1"),
    ("100m", "100m"),
    ("1.5", "1500m"),
    ("1.500", "1.500"), // canonical enough to be kept
    ("005", "005"),
    ("+5", "+5"),
    (".5", "500m"),
    ("1.", "1."),
    ("12000k", "12M"),
    ("1000E", "1"), // there is no suffix beyond E
    ("100E", "100E"),
    ("1e3", "1e3"),
    ("10e3", "10e3"),
    ("1e4", "10e3"),
    ("1E3", "1E3"),
    ("1e-3", "1e-3"),
    ("1e1000", "10e999"),
    ("0.1n", "1n"),
    ("-0.1n", "-1n"),
    ("1e-20", "1e-9"),
    ("0.1234567891", "123456790n"),
    ("9.9999999999", "10"),
    ("123456789012345678901234567890", "123456789012345678901234567890"),
    ("1Gi", "1Gi"),
    ("1.5Gi", "1536Mi"),
    ("1024Ki", "1Mi"),
    ("1000Ki", "1000Ki"),
    ("0.5Ki", "512"),
    ("0.1Ki", "102400m"),
    ("-1.5Gi", "-1536Mi"),
    ("8Ei", "9223372036854775807"), // the largest binary amount
    ("-16Ei", "-9223372036854775807"),
];

#[test]
fn canonical_forms() {
    for (text, canonical) in CANONICAL {
        assert_eq!(Quantity::parse(text).map(|quantity| quantity.to_string()).as_deref(), Ok(*canonical), "{text}");
    }
}

#[test]
fn what_is_no_quantity() {
    for text in ["", "abc", "1.2.3", "1x", "1 Gi", "1_000", "1Gi "] {
        assert_eq!(Quantity::parse(text).err(), Some(QuantityError::Format), "{text}");
    }
    for text in ["1ee", "1e", "1Mii", "1e-", "1e99999999999999999999"] {
        assert_eq!(Quantity::parse(text).err(), Some(QuantityError::Suffix), "{text}");
    }
}

#[test]
fn amounts_are_compared_and_scaled() {
    let parse = |text: &str| Quantity::parse(text).unwrap();
    assert_eq!(parse("1Gi"), parse("1073741824"));
    assert!(
        parse("1G") < parse("1Gi") && parse("-2") < parse("-1") && parse("-1") < parse("0") && parse("0") < parse("1n")
    );
    assert_eq!(parse("1.0001").scaled(-3), Some(1001));
    assert_eq!(parse("-1.5").scaled(0), Some(-2));
    assert_eq!(parse("2k").scaled(0), Some(2000));
    assert_eq!(parse("1e100").scaled(0), None);
    assert_eq!(parse("0.0001").round_up(-3).to_string(), "1m");
    assert_eq!(parse("1.500").round_up(-3).to_string(), "1.500");
    assert_eq!((parse("-3").sign(), parse("0").sign(), parse("3").sign()), (-1, 0, 1));
}

#[test]
fn sums_and_differences() {
    let of = |text: &str| Quantity::parse(text).expect("a quantity");
    let cases = [
        ("1500m", "500m", "2", "1"),
        ("1Gi", "512Mi", "1536Mi", "512Mi"),
        ("0", "1Ki", "1Ki", "-1Ki"),
        ("100", "1m", "100001m", "99999m"),
        ("1", "2", "3", "-1"),
        ("9E", "999E", "1008E", "-990E"),
    ];
    for (a, b, sum, difference) in cases {
        assert_eq!(of(a).plus(&of(b)).to_string(), sum, "{a} + {b}");
        assert_eq!(of(a).minus(&of(b)).to_string(), difference, "{a} - {b}");
    }
}

#[test]
fn integers_are_counted_in_whole_units() {
    let of = |text: &str| Quantity::parse(text).expect("a quantity");
    for (text, want) in [
        ("2", Some(2)),
        ("1k", Some(1000)),
        ("2Gi", Some(2_147_483_648)),
        ("2000m", None),
        ("0.1", None),
        ("0", Some(0)),
    ] {
        assert_eq!(of(text).as_integer(), want, "{text}");
    }
    assert_eq!(of("1500m").plus(&of("500m")).as_integer(), None);
    assert!((of("1500m").as_float() - 1.5).abs() < f64::EPSILON);
}
