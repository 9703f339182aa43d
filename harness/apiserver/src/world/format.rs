//! A world as a file.
//!
//! Eight bytes that say what it is, four (big-endian) that say in which format, and the rest compressed with gzip, whose checksum tells broken
//! files. Format 1 holds lines of JSON: a head with the moment, then `[resource, place, object]` for each object, in order.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use proofmark_json::Value;
use serde::{Deserialize, Serialize};

use super::World;
use crate::store::Snapshot;

/// With what every such file begins.
const MAGIC: [u8; 8] = *b"PMWORLD\n";
/// The format that is written, and the only one that is read.
const FORMAT: u32 = 1;

/// A file that holds no world that can be read.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// It is something else.
    #[error("this is no saved world")]
    Foreign,
    /// It was written by a later release.
    #[error("the world is saved in format {0}; this release reads format {FORMAT} only")]
    Format(u32),
    /// It is cut off or damaged.
    #[error("the saved world is damaged: {0}")]
    Damaged(String),
    /// It cannot be read.
    #[error("failed to read the saved world")]
    Read(#[source] io::Error),
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    revision: u64,
    time: Timestamp,
    random: u64,
    /// How many lines follow.
    objects: u64,
}

impl World {
    /// Writes it in a form that [`World::read`] reads.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(&MAGIC)?;
        to.write_all(&FORMAT.to_be_bytes())?;
        let mut lines = GzEncoder::new(to, Compression::fast());
        let objects = u64::try_from(self.objects.len()).map_err(io::Error::other)?;
        let head = Head { revision: self.objects.revision(), time: self.time, random: self.random, objects };
        line(&mut lines, &head)?;
        for (resource, place, object) in self.objects.all() {
            line(&mut lines, &(resource, place, &*object.value))?;
        }
        lines.finish()?.flush()
    }

    /// Reads what [`World::write`] wrote.
    ///
    /// # Errors
    /// When it is something else, or damaged.
    pub fn read(mut from: impl Read) -> Result<Self, WorldError> {
        let (mut magic, mut format) = ([0; MAGIC.len()], [0; 4]);
        from.read_exact(&mut magic).map_err(|error| cut_off(error, || WorldError::Foreign))?;
        if magic != MAGIC {
            return Err(WorldError::Foreign);
        }
        let damaged = || WorldError::Damaged("it ends early".to_owned());
        from.read_exact(&mut format).map_err(|error| cut_off(error, damaged))?;
        match u32::from_be_bytes(format) {
            FORMAT => read_lines(BufReader::new(GzDecoder::new(from))),
            other => Err(WorldError::Format(other)),
        }
    }
}

fn line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    proofmark_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}

fn cut_off(error: io::Error, otherwise: impl FnOnce() -> WorldError) -> WorldError {
    if error.kind() == io::ErrorKind::UnexpectedEof { otherwise() } else { WorldError::Read(error) }
}

fn read_lines(lines: impl BufRead) -> Result<World, WorldError> {
    let damaged = |why: String| WorldError::Damaged(why);
    let mut lines = lines.split(b'\n').map(|line| {
        line.map_err(|error| match error.kind() {
            // What gzip says of itself.
            io::ErrorKind::UnexpectedEof => damaged("it ends early".to_owned()),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => damaged(error.to_string()),
            _ => WorldError::Read(error),
        })
    });
    let head = lines.next().ok_or_else(|| damaged("it is empty".to_owned()))??;
    let head: Head = proofmark_json::from_slice(&head).map_err(|error| damaged(error.to_string()))?;
    let mut objects = Vec::new();
    for line in lines {
        let (resource, place, object): (String, String, Value) =
            proofmark_json::from_slice(&line?).map_err(|error| damaged(error.to_string()))?;
        objects.push((resource.into(), place, object));
    }
    if u64::try_from(objects.len()).ok() != Some(head.objects) {
        return Err(damaged(format!("{} objects instead of {}", objects.len(), head.objects)));
    }
    let objects = Snapshot::restored(head.revision, objects).map_err(damaged)?;
    let custom = Arc::default();
    Ok(World {
        objects: Arc::new(objects),
        random: head.random,
        time: head.time,
        custom,
        access: crate::authz::Access::default(),
    })
}
