//! `images` and `replicas`.

use proofmark_json::Value;
use regex::Regex;

use super::build::Accumulator;
use super::entries::{Image, Replicas};
use super::fieldspec::Leaf;
use super::metadata::Failed;

/// Rewrites the images of containers, wherever a mapping has `containers` or `initContainers`, and of the fields that
/// `configurations` add. Definitions of resources are left alone: their `containers` are schemas.
pub(super) fn set_image(set: &mut Accumulator, image: &Image) -> Result<(), Failed> {
    // The name is a pattern, as in kustomize: `.` stands for any character there.
    let pattern = format!("^(?:{})(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$", image.name);
    let Ok(pattern) = Regex::new(&pattern) else {
        return Ok(());
    };
    let rules = set.rules.images.clone();
    for (index, resource) in set.resources.iter_mut().enumerate() {
        let gvk = resource.gvk();
        if gvk.kind == "CustomResourceDefinition" {
            continue;
        }
        in_containers(&mut resource.object.value, &mut |field| rewrite(field, image, &pattern));
        for rule in rules.iter().filter(|rule| rule.is_for(&gvk)) {
            rule.apply(&mut resource.object.value, Leaf::Never, &mut |field| {
                rewrite(field, image, &pattern);
                Ok(())
            })
            .map_err(|reason| Failed { index, reason })?;
        }
    }
    Ok(())
}

fn in_containers(value: &mut Value, set: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| in_containers(item, set)),
        Value::Object(map) => {
            for (name, field) in map.iter_mut() {
                match field {
                    Value::Array(items) if ["containers", "initContainers"].contains(&name.as_str()) => {
                        items.iter_mut().filter_map(|item| item.get_mut("image")).for_each(&mut *set);
                    }
                    _ => {}
                }
                in_containers(field, set);
            }
        }
        _ => {}
    }
}

fn rewrite(field: &mut Value, image: &Image, pattern: &Regex) {
    let Value::String(reference) = field else { return };
    if !pattern.is_match(reference) {
        return;
    }
    let (name, mut tag, mut digest) = split(reference);
    let mut written = if image.new_name.is_empty() { name.to_owned() } else { image.new_name.clone() };
    match (image.new_tag.as_str(), image.digest.as_str()) {
        ("", "") => {}
        (new_tag, new_digest) => (tag, digest) = (new_tag, new_digest),
    }
    let suffixed = format!("{tag}{}", image.tag_suffix);
    if !image.tag_suffix.is_empty() {
        (tag, digest) = (&suffixed, "");
    }
    for (sign, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            written.push(sign);
            written.push_str(part);
        }
    }
    *reference = written;
}

/// Name, tag and digest of an image. The port of a registry is no tag.
fn split(reference: &str) -> (&str, &str, &str) {
    let (rest, digest) = reference.split_once('@').unwrap_or((reference, ""));
    let path = rest.find('/').unwrap_or(0);
    match rest[path..].find(':') {
        Some(colon) => (&rest[..path + colon], &rest[path + colon + 1..], digest),
        None => (rest, "", digest),
    }
}

/// Sets the number of replicas of the workloads of a name; whether there were any.
pub(super) fn set_replicas(set: &mut Accumulator, replicas: &Replicas) -> Result<bool, Failed> {
    let rules = set.rules.replicas.clone();
    let mut found = false;
    for (index, resource) in set.resources.iter_mut().enumerate() {
        let gvk = resource.gvk();
        if !resource.all_ids().iter().any(|id| id.name == replicas.name) {
            continue;
        }
        for rule in rules.iter().filter(|rule| rule.is_for(&gvk)) {
            found = true;
            rule.apply(&mut resource.object.value, Leaf::Scalar, &mut |field| {
                *field = replicas.count.into();
                Ok(())
            })
            .map_err(|reason| Failed { index, reason })?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_images_are_split() {
        for (reference, name, tag, digest) in [
            ("nginx", "nginx", "", ""),
            ("nginx:1.2", "nginx", "1.2", ""),
            ("nginx@sha256:abc", "nginx", "", "sha256:abc"),
            ("nginx:1.2@sha256:abc", "nginx", "1.2", "sha256:abc"),
            ("host:5000/nginx", "host:5000/nginx", "", ""),
            ("host:5000/a/nginx:1", "host:5000/a/nginx", "1", ""),
        ] {
            assert_eq!(split(reference), (name, tag, digest), "{reference}");
        }
    }
}
