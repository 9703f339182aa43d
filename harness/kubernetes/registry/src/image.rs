//! References to container images.

/// The pull policy of an image for which none is given: `Always` for the tag `latest`, named or implied.
pub(crate) fn pull_policy(image: &str) -> &'static str {
    if tag(image) == Some("latest") { "Always" } else { "IfNotPresent" }
}

/// The tag of a reference: `latest` where neither a tag nor a digest is given, none where the text is no reference.
fn tag(image: &str) -> Option<&str> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    // A colon behind the last slash begins the tag; before it, a port.
    let at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    let (name, tag) = at.map_or((name, None), |at| (&name[..at], Some(&name[at + 1..])));
    if !is_name(name) || tag.is_some_and(|t| !is_tag(t)) || digest.is_some_and(|d| !d.contains(':')) {
        return None;
    }
    tag.or(if digest.is_some() { Some("") } else { Some("latest") })
}

/// Lower-case path components, the first of which may be a registry with a port.
fn is_name(name: &str) -> bool {
    let mut parts = name.split('/');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let registry = !rest.is_empty() && (first.contains(['.', ':']) || first == "localhost");
    let host = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
    let component = |s: &str| {
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        edge(s.bytes().next()) && edge(s.bytes().last()) && s.bytes().all(inner)
    };
    (if registry { host(first) } else { component(first) }) && rest.iter().all(|part| component(part))
}

fn is_tag(tag: &str) -> bool {
    let first = tag.bytes().next();
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    first.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') && tag.len() <= 128 && tag.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::pull_policy;

    #[test]
    fn latest_is_always_pulled() {
        for image in ["nginx", "nginx:latest", "localhost:5000/a/b", "quay.io/x/y:latest", "x:latest@sha256:ab"] {
            assert_eq!(pull_policy(image), "Always", "{image}");
        }
        for image in ["nginx:1.2", "localhost:5000/a:v1", "x@sha256:ab", "", " nginx", "Upper", "a:b:c"] {
            assert_eq!(pull_policy(image), "IfNotPresent", "{image}");
        }
    }
}
