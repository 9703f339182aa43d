//! Entries of `managedFields` that are as this field manager writes them, and so need not be read to stay as they are.
//!
//! Most writes change little, and most managers lose nothing by them. A list is *plain* if every entry is spelled canonically and fits today's type:
//! reading and writing it would change nothing. Of a plain list only those entries are read that a write touches. Spellings that are merely unusual
//! (escapes, several items that are named by numbers) do not count as plain; such a list is read as a whole.

use proofmark_json::{Map, Value};

use super::entries::Operation;
use crate::fieldset::{FieldSet, PathElement};
use crate::typed::Typed;

/// The members of an entry, in the order in which they are written.
const MEMBERS: [&str; 7] = ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"];

/// What an entry says of itself, and the key by which entries are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'e> {
    pub(super) name: &'e str,
    pub(super) operation: Operation,
    pub(super) subresource: &'e str,
    pub(super) time: &'e str,
}

impl<'e> Head<'e> {
    /// Reads an entry of a plain list.
    pub(super) fn of(entry: &'e Value) -> Option<Self> {
        let text = |member: &str| entry.get(member).map_or(Some(""), Value::as_str);
        let operation = match text("operation")? {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        Some(Self { name: text("manager")?, operation, subresource: text("subresource")?, time: text("time")? })
    }

    /// Whether two entries of one version are of the same manager.
    pub(super) fn is_manager(self, name: &str, operation: Operation, subresource: &str) -> bool {
        (self.name, self.operation, self.subresource) == (name, operation, subresource)
    }
}

/// Whether a list of entries is plain: all of them at this version, whose type is given.
pub(super) fn is_plain(list: &[Value], api_version: &str, typed: Typed<'_>) -> bool {
    let mut heads: Vec<Head<'_>> = Vec::with_capacity(list.len());
    for entry in list {
        let Some(head) = plain_head(entry, api_version) else { return false };
        let Some(Value::Object(fields)) = entry.get("fieldsV1") else { return false };
        // What owns nothing goes, and the root is no member.
        let own = fields.keys().next().is_some_and(|first| first != ".");
        let repeated = heads.iter().any(|other| other.is_manager(head.name, head.operation, head.subresource));
        if !own || repeated || !is_canonical(fields, Some(typed)) {
            return false;
        }
        heads.push(head);
    }
    !list.is_empty()
}

fn plain_head<'e>(entry: &'e Value, api_version: &str) -> Option<Head<'e>> {
    let members = entry.as_object()?;
    let mut expected = MEMBERS.iter();
    let in_order = members.keys().all(|name| expected.any(|member| member == name));
    let text = |member: &str| members.get(member).and_then(Value::as_str);
    let said =
        |member: &str| members.get(member).is_none_or(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let whole = in_order
        && text("apiVersion") == Some(api_version)
        && text("fieldsType") == Some("FieldsV1")
        && ["manager", "time", "subresource"].into_iter().all(said);
    whole.then(|| Head::of(entry)).flatten()
}

/// Whether a node is spelled as it would be written, and is in line with its type.
fn is_canonical(node: &Map, ty: Option<Typed<'_>>) -> bool {
    if node.is_empty() {
        return true;
    }
    let Ok(ty) = ty.map_or(Ok(None), inside) else { return false };
    let mut siblings = Siblings::default();
    for (at, (key, below)) in node.iter().enumerate() {
        let Value::Object(below) = below else { return false };
        if key == "." {
            if at > 0 || node.len() == 1 || !below.is_empty() {
                return false;
            }
            continue;
        }
        if !siblings.add(key) || !is_canonical(below, ty.and_then(|ty| child(ty, key))) {
            return false;
        }
    }
    true
}

/// The type by which the elements of a node are told, if anything is known of them; an error if the node must be owned as a whole.
fn inside(ty: Typed<'_>) -> Result<Option<Typed<'_>>, ()> {
    if ty.is_owned_whole() { Err(()) } else { Ok((!ty.is_untyped()).then_some(ty)) }
}

fn child<'t>(ty: Typed<'t>, key: &str) -> Option<Typed<'t>> {
    ty.below(key.strip_prefix("f:"))
}

/// The elements of one node so far.
#[derive(Default)]
struct Siblings<'k> {
    last: Option<&'k str>,
    /// What the last one is named by, if it is an item of a list map.
    named: Option<Named>,
}

/// What names an item: how many keys, and whether numbers are among their values.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Named {
    keys: usize,
    numbers: bool,
}

impl<'k> Siblings<'k> {
    /// Whether an element comes where it is written, in the only spelling that it has.
    fn add(&mut self, key: &'k str) -> bool {
        let rank = |key: &str| match key.get(..2) {
            Some("f:") => Some(0),
            Some("k:") => Some(1),
            Some("v:") => Some(2),
            _ => None,
        };
        let Some(own) = rank(key) else { return false };
        let named = match own {
            1 => match items_name(key) {
                Some(named) => Some(named),
                None => return false,
            },
            2 if !key.get(2..).is_some_and(is_plain_text) => return false,
            _ => None,
        };
        if let Some(last) = self.last {
            let alike = match (self.named, named) {
                // Numbers are not ordered as their texts are.
                (Some(last), Some(next)) => last == next && !next.numbers,
                _ => true,
            };
            let ordered = match rank(last) {
                Some(before) if before == own => last < key && alike,
                Some(before) => before < own,
                None => false,
            };
            if !ordered {
                return false;
            }
        }
        (self.last, self.named) = (Some(key), named);
        true
    }
}

/// Reads `k:{"name":"x","port":80}`, if nothing in it could be spelled in another way and the order of such texts is that of their values.
fn items_name(key: &str) -> Option<Named> {
    let mut rest = key.strip_prefix("k:{")?.strip_suffix('}')?;
    let (mut named, mut last) = (Named { keys: 0, numbers: false }, "");
    loop {
        let (name, after) = rest.strip_prefix('"')?.split_once("\":")?;
        if name <= last || !name.bytes().all(is_plain_byte) {
            return None;
        }
        let end = after.find(',').unwrap_or(after.len());
        let (value, more) = after.split_at_checked(end)?;
        if !is_plain_text(value) {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || (value.starts_with('0') && value.len() > 1) || value.len() > 15 {
                return None;
            }
            named.numbers = true;
        }
        named.keys += 1;
        last = name;
        match more.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some(named),
        }
    }
}

/// Whether this is a text in quotes of which no character is ever escaped, nor stands before a quote in the order of characters.
fn is_plain_text(quoted: &str) -> bool {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(is_plain_byte))
}

fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b'#'..=b'~') && !matches!(byte, b'\\' | b'<' | b'>' | b'&' | b',')
}

/// Whether a node of a plain list has members of a set.
pub(super) fn touches(node: &Map, set: &FieldSet) -> bool {
    set.children.iter().any(|(element, theirs)| {
        if spelled_otherwise(element) {
            return true;
        }
        let Some(Value::Object(below)) = node.get(element.to_fields_v1()) else { return false };
        let is_member = below.is_empty() || below.contains_key(".");
        (is_member && theirs.member) || touches(below, theirs)
    })
}

/// Whether an element may be equal to one of another spelling: a whole number may have a point.
fn spelled_otherwise(element: &PathElement) -> bool {
    match element {
        PathElement::Field(_) | PathElement::Index(_) => false,
        PathElement::Key(fields) => fields.iter().any(|(_, value)| value.is_f64()),
        PathElement::Value(value) => !value.is_string(),
    }
}
