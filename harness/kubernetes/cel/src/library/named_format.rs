//! Named formats: `format.dns1123Label().validate(name)`, which is optional: there is a list of complaints, or nothing.

use proofmark_text::{Format, Url, content};

use super::mismatch;
use crate::types::Functions;
use crate::value::{Evaluated, Opaque, Value};

/// A format that Kubernetes gives to expressions.
#[derive(Debug)]
pub struct NamedFormat {
    /// The name within `format.`.
    pub name: &'static str,
    /// Complaints about a text.
    validate: fn(&str) -> Vec<String>,
    /// The length of the pattern that the cost of validation is reckoned with.
    pub(crate) pattern_size: u64,
}

const fn named(name: &'static str, validate: fn(&str) -> Vec<String>, pattern_size: u64) -> NamedFormat {
    NamedFormat { name, validate, pattern_size }
}

/// All of them.
static FORMATS: [NamedFormat; 13] = [
    named("dns1123Label", content::dns_label, 30),
    named("dns1123Subdomain", content::dns_subdomain, 60),
    named("dns1035Label", content::dns_1035_label, 30),
    named("qualifiedName", content::qualified_name, 60),
    named("dns1123LabelPrefix", |text| content::dns_label(&masked(text)), 30),
    named("dns1123SubdomainPrefix", |text| content::dns_subdomain(&masked(text)), 60),
    named("dns1035LabelPrefix", |text| content::dns_1035_label(&masked(text)), 30),
    named("labelValue", content::label_value, 40),
    named("uri", |text| Url::parse_request(text).err().into_iter().collect(), 1000),
    named("uuid", |text| check(Format::Uuid(None), text, "does not match the UUID format"), 70),
    named("byte", |text| check(Format::Byte, text, "invalid base64"), 70),
    named("date", |text| check(Format::Date, text, "invalid date"), 90),
    named("datetime", |text| check(Format::DateTime, text, "invalid datetime"), 90),
];

/// The prefix of a generated name may end with a dash.
fn masked(text: &str) -> String {
    text.strip_suffix('-').filter(|_| text.len() > 1).map_or_else(|| text.to_owned(), |rest| format!("{rest}a"))
}

fn check(format: Format, text: &str, complaint: &str) -> Vec<String> {
    if format.accepts(text) { Vec::new() } else { vec![complaint.to_owned()] }
}

fn of<'v>(format: &'static NamedFormat) -> Value<'v> {
    Value::Opaque(Opaque::Format(format))
}

pub(super) fn declare(functions: &mut Functions) {
    macro_rules! formats {
        ($($index:literal $name:literal)*) => { $(
            functions.global(concat!("format.", $name), concat!("format.", $name), "-> kubernetes.NamedFormat", |_| {
                FORMATS.get($index).map(of).map_or_else(mismatch, Ok)
            });
        )* };
    }
    formats!(0 "dns1123Label" 1 "dns1123Subdomain" 2 "dns1035Label" 3 "qualifiedName" 4 "dns1123LabelPrefix"
        5 "dns1123SubdomainPrefix" 6 "dns1035LabelPrefix" 7 "labelValue" 8 "uri" 9 "uuid" 10 "byte" 11 "date" 12 "datetime");
    functions.global("format.named", "format-named", "string -> optional(kubernetes.NamedFormat)", |args| match args {
        [Value::String(name)] => Ok(Value::optional(FORMATS.iter().find(|format| format.name == &**name).map(of))),
        _ => mismatch(),
    });
    let signature = "kubernetes.NamedFormat, string -> optional(list(string))";
    functions.method("validate", "format-validate", signature, validate);
}

fn validate<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Format(format)), Value::String(text)] = args else { return mismatch() };
    let complaints = (format.validate)(text);
    if complaints.is_empty() {
        return Ok(Value::Optional(None));
    }
    Ok(Value::optional(Some(Value::list(complaints.into_iter().map(Value::string).collect()))))
}
