//! Contents of objects and files, as recordings describe them.

use proofmark_json::Value;
use std::io::Write;

/// Builds a content; `name` is what a number repeats.
pub(crate) fn build(description: &Value, name: &str) -> Vec<u8> {
    match description {
        Value::Number(size) => {
            let size = usize::try_from(size.as_u64().unwrap()).unwrap();
            let line = format!("{name}\n");
            let mut bytes = line.repeat(size.div_ceil(line.len())).into_bytes();
            bytes.truncate(size);
            bytes
        }
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(kinds) => {
            let (kind, inner) = kinds.iter().find(|(kind, _)| *kind != "to").unwrap();
            match kind.as_str() {
                "tar" => tar(inner),
                "tar.gz" => gzip(&tar(inner)),
                "tar.bz2" => {
                    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
                    encoder.write_all(&tar(inner)).unwrap();
                    encoder.finish().unwrap()
                }
                "zip" => zip(inner),
                "gz" => gzip(inner.as_str().unwrap().as_bytes()),
                "cut" => {
                    let mut bytes = build(inner, name);
                    bytes.truncate(usize::try_from(kinds["to"].as_u64().unwrap()).unwrap());
                    bytes
                }
                other => panic!("no content is of kind {other}"),
            }
        }
        other => panic!("no content is described by {other}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(members: &Value) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members.as_object().unwrap() {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_device_major(0).unwrap();
        header.set_device_minor(0).unwrap();
        // The name is written as it is: the library would refuse names that leave the destination.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        match content {
            Value::String(text) => {
                header.set_size(text.len() as u64);
                header.set_cksum();
                builder.append(&header, text.as_bytes()).unwrap();
            }
            other => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                header.set_link_name(other["symlink"].as_str().unwrap()).unwrap();
                header.set_cksum();
                builder.append(&header, std::io::empty()).unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

fn zip(members: &Value) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members.as_object().unwrap() {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_str().unwrap().as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
