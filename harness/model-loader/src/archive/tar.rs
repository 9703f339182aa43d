//! `tarfile`: open with whatever compression fits, extract everything.
//!
//! Without the filter a member goes where its name says, also out of the destination. That is what older releases do; nothing but a simulation should
//! ask for it. Owners, times and modes are not restored. xz is refused.

use super::Failure;
use crate::exception::Exception;
use crate::files::{FileError, FileSystem, Readable, clean};
use crate::python;
use std::io::{self, Read, Write};

/// The size of a block, and so of a header.
const BLOCK: usize = 512;

fn read_error(message: impl Into<String>) -> Exception {
    Exception::new("tarfile.ReadError", message)
}

/// A compression that is tried, and what Python says when it does not fit.
struct Method {
    name: &'static str,
    misfit: &'static str,
    magic: &'static [u8],
    decode: fn(Box<dyn Readable>) -> Box<dyn Read>,
}

const METHODS: [Method; 3] = [
    Method {
        name: "gz",
        misfit: "not a gzip file",
        magic: b"\x1f\x8b",
        decode: |file| Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::new(file))),
    },
    Method {
        name: "bz2",
        misfit: "not a bzip2 file",
        magic: b"BZh",
        decode: |file| Box::new(bzip2::read::MultiBzDecoder::new(io::BufReader::new(file))),
    },
    Method { name: "tar", misfit: "", magic: b"", decode: |file| Box::new(io::BufReader::new(file)) },
];

/// Extracts an archive.
pub(super) fn extract(files: &dyn FileSystem, path: &str, target: &str, filter: bool) -> Result<(), Failure> {
    let mut reader = open(files, path)?;
    let mut archive = tar::Archive::new(&mut *reader);
    let entries = archive.entries().map_err(|error| Failure::Invalid(read_error(error.to_string())))?;
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(broken_off()),
            // A header that makes no sense ends the archive.
            Err(_) => return Ok(()),
        };
        member(files, &mut entry, target, filter)?;
    }
    Ok(())
}

fn broken_off() -> Failure {
    Failure::Other(Exception::new("EOFError", "Compressed file ended before the end-of-stream marker was reached"))
}

/// Finds the compression that fits.
fn open(files: &dyn FileSystem, path: &str) -> Result<Box<dyn Read>, Failure> {
    let mut complaints = Vec::new();
    for method in METHODS {
        let mut magic = vec![0; method.magic.len()];
        let fits = files.open(path)?.read_exact(&mut magic).is_ok() && magic == method.magic;
        if fits {
            match first_header(&mut *(method.decode)(files.open(path)?)) {
                Ok(None) => return Ok((method.decode)(files.open(path)?)),
                Ok(Some(why)) => complaints.push(format!("- method {}: ReadError('{why}')", method.name)),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(broken_off()),
                Err(_) => complaints.push(format!("- method {}: ReadError('{}')", method.name, method.misfit)),
            }
        } else {
            // An empty file is a gzip file without members.
            let empty = method.name == "gz" && files.open(path)?.read(&mut [0]).is_ok_and(|n| n == 0);
            let why = if empty { "empty file" } else { method.misfit };
            complaints.push(format!("- method {}: ReadError('{why}')", method.name));
        }
        if method.name == "bz2" {
            complaints.push("- method xz: ReadError('not an lzma file')".to_owned());
        }
    }
    let message = format!("file could not be opened successfully:\n{}", complaints.join("\n"));
    Err(Failure::Invalid(read_error(message)))
}

/// What is wrong with the first header, if anything is.
fn first_header(reader: &mut dyn Read) -> io::Result<Option<&'static str>> {
    let mut block = Vec::with_capacity(BLOCK);
    reader.take(BLOCK as u64).read_to_end(&mut block)?;
    Ok(match block.len() {
        0 => Some("empty file"),
        BLOCK => {
            let sum: u32 = block
                .iter()
                .enumerate()
                .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
                .sum();
            let stored = block.get(148..156).unwrap_or_default();
            let text = String::from_utf8_lossy(stored);
            let digits = text.trim_matches(['\0', ' ']);
            match u32::from_str_radix(digits, 8) {
                _ if block.iter().all(|byte| *byte == 0) => None,
                Ok(stored) if stored == sum => None,
                Ok(_) => Some("bad checksum"),
                Err(_) if digits.is_empty() => Some("bad checksum"),
                Err(_) => Some("invalid header"),
            }
        }
        _ => Some("truncated header"),
    })
}

fn member(
    files: &dyn FileSystem,
    entry: &mut tar::Entry<'_, impl Read>,
    target: &str,
    filter: bool,
) -> Result<(), Failure> {
    let name = String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned();
    let link = entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
    let kind = entry.header().entry_type();
    let special = kind.is_character_special() || kind.is_block_special() || kind.is_fifo();
    let stored = if filter { name.trim_start_matches('/') } else { &name };
    if filter {
        refuse_escape(stored, &name, link.as_deref(), kind, special, target).map_err(Failure::Invalid)?;
    }
    let path = python::join(target, stored).trim_end_matches('/').to_owned();
    let folder = python::dirname(&path);
    if !folder.is_empty() && files.kind(folder).is_none() {
        files.create_directories(folder)?;
    }
    match (kind, link) {
        (tar::EntryType::Directory, _) => match files.create_directory(&path) {
            Err(FileError { errno: 17, .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        },
        (tar::EntryType::Symlink, Some(link)) => {
            // What stands there gives way; a directory does not, and the link then fails.
            let _ = files.remove(&path);
            Ok(files.symlink(&link, &path)?)
        }
        (tar::EntryType::Link, Some(link)) => {
            let bytes = files.read(&python::join(target, &link))?;
            write(&mut *files.create(&path)?, &mut bytes.as_slice(), &path)
        }
        _ if special => Ok(()),
        _ => write(&mut *files.create(&path)?, entry, &path),
    }
}

fn write(file: &mut dyn Write, from: &mut dyn Read, path: &str) -> Result<(), Failure> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                let chunk = buffer.get(..n).unwrap_or_default();
                file.write_all(chunk).map_err(|error| FileError::at(path, &error))?;
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(broken_off()),
            Err(_) => return Err(Failure::Invalid(read_error("unexpected end of data"))),
        }
    }
}

/// The `data` filter: what would leave the destination is refused.
fn refuse_escape(
    stored: &str,
    name: &str,
    link: Option<&str>,
    kind: tar::EntryType,
    special: bool,
    target: &str,
) -> Result<(), Exception> {
    let inside = |path: &str| path == target || path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'));
    let shown = python::repr(name);
    let path = clean(&python::join(target, stored));
    if !inside(&path) {
        let message =
            format!("{shown} would be extracted to {}, which is outside the destination", python::repr(&path));
        return Err(Exception::new("tarfile.OutsideDestinationError", message));
    }
    if special {
        return Err(Exception::new("tarfile.SpecialFileError", format!("{shown} is a special file")));
    }
    let Some(link) = link.filter(|_| kind.is_symlink() || kind.is_hard_link()) else { return Ok(()) };
    if link.starts_with('/') {
        return Err(Exception::new("tarfile.AbsoluteLinkError", format!("{shown} is a link to an absolute path")));
    }
    let from = if kind.is_symlink() { python::dirname(&path) } else { target };
    let leads = clean(&python::join(from, link));
    if !inside(&leads) {
        let message = format!("{shown} would link to {}, which is outside the destination", python::repr(&leads));
        return Err(Exception::new("tarfile.LinkOutsideDestinationError", message));
    }
    Ok(())
}
