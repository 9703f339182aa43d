//! Files of one volume whose paths get into each other's way.
//!
//! Source: `warningsForOverlappingVirtualPaths` in `pkg/api/pod/warnings.go`, release 1.35.

use proofmark_status::quote;

use crate::node::Node;

/// A file of a volume, and what it is made from where a volume has several sources.
struct File {
    path: String,
    source: String,
}

impl File {
    fn shown(&self) -> String {
        if self.source.is_empty() { quote(&self.path) } else { format!("{} ({})", quote(&self.path), self.source) }
    }

    /// Whether two files are one, or one would have to be a folder.
    fn overlaps(&self, other: &Self) -> bool {
        let inside = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
        !self.path.is_empty()
            && !other.path.is_empty()
            && (self.path == other.path || inside(&self.path, &other.path) || inside(&other.path, &self.path))
    }
}

/// Tells of overlapping files in every volume.
pub(super) fn overlaps(volumes: &Node<'_>, out: &mut Vec<String>) {
    for volume in volumes.items() {
        let name = quote(volume.get("name").text());
        let kinds = [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ];
        for (field, kind, of) in kinds {
            let source = volume.get(field);
            let told = described(kind, &source, of);
            collide(files(&source, ""), |pair| out.push(format!("volume {name} ({told}): overlapping paths: {pair}")));
        }
        let mut all = Vec::new();
        for source in volume.get("projected.sources").items() {
            if source.value.as_object().is_none_or(|members| members.values().all(proofmark_json::Value::is_null)) {
                out.push(format!("volume {name} (Projected) has no sources provided"));
            }
            all.extend(projected(&source));
        }
        collide(all, |pair| out.push(format!("volume {name} (Projected): overlapping paths: {pair}")));
    }
}

fn described(kind: &str, source: &Node<'_>, name: &str) -> String {
    if name.is_empty() { kind.to_owned() } else { format!("{kind} {}", quote(source.get(name).text())) }
}

fn files(source: &Node<'_>, shown: &str) -> Vec<File> {
    let file = |item: Node<'_>| File {
        path: item.get("path").text().trim_end_matches('/').to_owned(),
        source: shown.to_owned(),
    };
    source.get("items").items().map(file).collect()
}

/// The files of one source of a projected volume: the first of its kinds counts.
fn projected(source: &Node<'_>) -> Vec<File> {
    for (field, kind, name) in
        [("configMap", "ConfigMap", "name"), ("secret", "Secret", "name"), ("downwardAPI", "DownwardAPI", "")]
    {
        let part = source.get(field);
        if part.get("items").given() {
            return files(&part, &described(kind, &part, name));
        }
    }
    let token = source.get("serviceAccountToken");
    let path = token.get("path").text().trim_end_matches('/').to_owned();
    let file = || File { path, source: "ServiceAccountToken".to_owned() };
    token.given().then(file).into_iter().collect()
}

/// Tells every file with each of those before it that it overlaps.
fn collide(files: Vec<File>, mut tell: impl FnMut(String)) {
    let mut seen: Vec<File> = Vec::new();
    for file in files {
        for other in seen.iter().filter(|other| file.overlaps(other)) {
            tell(format!("{} with {}", file.shown(), other.shown()));
        }
        seen.push(file);
    }
}
