//! `zipfile`: extract everything. Names cannot leave the destination; links are written as files that hold their targets.

use super::Failure;
use crate::exception::Exception;
use crate::files::{FileError, FileSystem, Kind};
use crate::python;
use std::io::{self, Read, Write};
use zip::result::ZipError;

fn bad(message: impl Into<String>) -> Failure {
    Failure::Invalid(Exception::new("zipfile.BadZipFile", message))
}

/// Extracts an archive.
pub(super) fn extract(files: &dyn FileSystem, path: &str, target: &str) -> Result<(), Failure> {
    let reader = io::BufReader::new(files.open(path)?);
    let mut archive = zip::ZipArchive::new(reader).map_err(|_| bad("File is not a zip file"))?;
    for number in 0..archive.len() {
        let mut member = match archive.by_index(number) {
            Ok(member) => member,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(Failure::Other(Exception::runtime(
                    "a member is encrypted, password required for extraction",
                )));
            }
            Err(ZipError::UnsupportedArchive(_)) => {
                return Err(Failure::Other(Exception::new(
                    "NotImplementedError",
                    "That compression method is not supported",
                )));
            }
            Err(error) => return Err(bad(error.to_string())),
        };
        let name = member.name().to_owned();
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let path = python::join(target, &parts.join("/"));
        let folder = python::dirname(&path);
        if files.kind(folder).is_none() {
            files.create_directories(folder)?;
        }
        if name.ends_with('/') {
            if files.kind(&path) != Some(Kind::Directory) {
                files.create_directory(&path)?;
            }
            continue;
        }
        let mut file = files.create(&path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match member.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    file.write_all(buffer.get(..n).unwrap_or_default()).map_err(|error| FileError::at(&path, &error))?
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(bad(format!("Bad CRC-32 for file {}", python::repr(&name))));
                }
                Err(_) => return Err(Failure::Other(Exception::new("EOFError", ""))),
            }
        }
    }
    Ok(())
}
