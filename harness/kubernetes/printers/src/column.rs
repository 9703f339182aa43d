//! Column definitions, and those of the built-in kinds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

/// A column of a Table (`meta.k8s.io/v1` TableColumnDefinition).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The title, for example `Ready`; kubectl shows it in capitals.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The OpenAPI format; `name` marks the column that names the object.
    pub format: String,
    /// What the column tells.
    pub description: String,
    /// 0 is always shown; kubectl shows more only with `-o wide`.
    pub priority: i32,
}

/// `{name}` and `{created}` in the data: what the API says of `metadata.name` and `metadata.creationTimestamp`.
pub(crate) const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
pub(crate) const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// What kube-apiserver 1.35 answered for every listable kind that has columns of its own. A line that starts with `=` names the kinds
/// (`Kind.group`) of the columns after it; a column's tab-separated fields are name, type, format, priority and description.
const DATA: &str = include_str!("../data/columns.tsv");

static BUILTIN: LazyLock<BTreeMap<&'static str, Vec<Column>>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for block in DATA.split("\n=").map(|block| block.trim_start_matches('=')) {
        let mut lines = block.lines();
        let kinds = lines.next().unwrap_or_default();
        let columns: Vec<Column> = lines.filter_map(column).collect();
        for kind in kinds.split_whitespace() {
            all.insert(kind, columns.clone());
        }
    }
    all
});

/// The columns of a built-in kind (`Kind.group`, or `Kind` in the core group) that has its own.
pub(crate) fn builtin(group_kind: &str) -> Option<&'static [Column]> {
    BUILTIN.get(group_kind).map(Vec::as_slice)
}

/// The kinds that have columns of their own.
#[cfg(test)]
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    BUILTIN.keys().copied()
}

/// The columns of kinds without their own.
pub(crate) static DEFAULT: LazyLock<Vec<Column>> =
    LazyLock::new(|| vec![named("Name", "string", "name", NAME), named("Created At", "date", "", CREATED)]);

pub(crate) fn named(name: &str, kind: &str, format: &str, description: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: format.to_owned(),
        description: description.to_owned(),
        priority: 0,
    }
}

fn column(line: &str) -> Option<Column> {
    let mut fields = line.split('\t');
    let (name, kind, format, priority) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let description = match fields.next()? {
        "{name}" => NAME.to_owned(),
        "{created}" => CREATED.to_owned(),
        text => text.replace("\\n", "\n"),
    };
    Some(Column { priority: priority.parse().ok()?, ..named(name, kind, format, &description) })
}
