//! Names that a container runtime gives: images in full, ids.

use ring::digest;

/// An image's name in full, as containerd reports it: `docker.io/library/nginx:latest` for `nginx`.
pub(super) fn image(name: &str) -> String {
    let full = match name.split_once('/') {
        Some((registry, _)) if registry.contains(['.', ':']) || registry == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    };
    let tagged = full.contains('@') || crate::process::repository(&full) != full;
    if tagged { full } else { format!("{full}:latest") }
}

/// The name of an image by its content. The content of simulated images is their name.
pub(super) fn image_id(name: &str) -> String {
    let full = image(name);
    match full.split_once('@') {
        Some(_) => full,
        None => format!("{}@sha256:{}", crate::process::repository(&full), digest(&[&full])),
    }
}

/// The id of a run of a container.
pub(super) fn container_id(pod_uid: &str, container: &str, run: u32) -> String {
    format!("containerd://{}", digest(&[pod_uid, container, &run.to_string()]))
}

/// Whether an image's name can be understood, and what is wrong with it otherwise (`github.com/distribution/reference`).
pub(super) fn check_image(name: &str) -> Result<(), &'static str> {
    let (rest, digest) = match name.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (name, None),
    };
    let repository = crate::process::repository(rest);
    let tag = rest[repository.len()..].strip_prefix(':');
    let first = repository.split('/').next().unwrap_or_default();
    let has_registry = repository.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let path = if has_registry { &repository[first.len() + 1..] } else { repository };
    let part = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        end(part.chars().next()) && end(part.chars().next_back()) && part.chars().all(inner)
    };
    let word = |text: &str| {
        !text.is_empty() && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if path.split('/').all(|p| part(&p.to_ascii_lowercase())) && path.chars().any(|c| c.is_ascii_uppercase()) {
        return Err("repository name must be lowercase");
    }
    let digest_fits =
        digest.is_none_or(|d| d.split_once(':').is_some_and(|(kind, hex)| word(kind) && hex.len() >= 32 && word(hex)));
    if !path.split('/').all(part) || !tag.is_none_or(word) || !digest_fits {
        return Err("invalid reference format");
    }
    Ok(())
}

fn digest(parts: &[&str]) -> String {
    hex::encode(digest::digest(&digest::SHA256, parts.join("/").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_full() {
        for (name, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("kserve/agent:v1", "docker.io/kserve/agent:v1"),
            ("ghcr.io/a/b", "ghcr.io/a/b:latest"),
            ("localhost:5000/b", "localhost:5000/b:latest"),
            ("a/b@sha256:00", "docker.io/a/b@sha256:00"),
        ] {
            assert_eq!(image(name), full);
        }
        assert!(image_id("nginx").starts_with("docker.io/library/nginx@sha256:"));
    }

    #[test]
    fn names_that_cannot_be_understood() {
        let lower = Err("repository name must be lowercase");
        let format = Err("invalid reference format");
        for (name, want) in [
            ("nginx:1.25", Ok(())),
            ("localhost:5000/a/b_c:T", Ok(())),
            ("EXAMPLE.com/a", Ok(())),
            ("Nginx", lower),
            ("a/B:1", lower),
            ("a b", format),
            ("nginx:", format),
            ("a//b", format),
            ("a@sha256:zz", format),
        ] {
            assert_eq!(check_image(name), want, "{name}");
        }
    }
}
