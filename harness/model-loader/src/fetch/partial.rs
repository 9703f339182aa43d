//! A file that is not there yet: its bytes so far, and a journal of the parts that are complete.
//!
//! For the target `a/model.bin` they are `a/.model.bin.partial` and `a/.model.bin.partial.json`. A part is written to the journal once the operating system
//! has its bytes: they outlive this process, but not the machine, so a journal counts during the boot in which it was written. (Where boots have no name,
//! bytes are on disk before the journal tells of them.) Journals of another source, size or part size are started over.
//!
//! The journal has the checksums of parts, too, where the source's checksum of the whole can be put together from them; otherwise the file is read back.

use super::FetchError;
use super::checksum::{PartSum, Sum};
use super::plan::{Item, Parts};
use bytes::Bytes;
use proofmark_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where Linux tells the boots of a machine apart.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// A file that is not there yet.
pub(super) struct Partial {
    target: PathBuf,
    path: PathBuf,
    journal: PathBuf,
    /// What the journal is about.
    about: Value,
    size: u64,
    part: u64,
    file: File,
    /// Who writes to the file. The operating system lets one in at a time, too, but the others would spin meanwhile.
    writing: Mutex<()>,
    /// Whether the journal outlives the machine.
    durable: bool,
    done: Mutex<Done>,
}

/// Where the parts begin that are complete, each with its checksum, if it has one.
type Done = BTreeMap<u64, Option<u64>>;

impl Partial {
    /// Opens what an earlier load left, or begins.
    pub(super) fn open(directory: &Path, item: &Item, part: u64) -> Result<Self, FetchError> {
        let (target, path) = places(directory, item)?;
        let mut journal = path.clone().into_os_string();
        journal.push(".json");
        let journal = PathBuf::from(journal);
        let boot = fs::read_to_string(BOOT).ok();
        let about = json!({"place": item.place, "size": item.size, "part": part, "tag": item.tag, "boot": boot});
        // Without a tag nobody knows whether the content is still the same.
        let done = if item.tag.is_some() && item.ranges { earlier(&journal, &about) } else { None };
        let fits = fs::metadata(&path).is_ok_and(|metadata| metadata.len() == item.size);
        let done = done.filter(|_| fits).unwrap_or_default();
        let mut open = OpenOptions::new();
        open.write(true).create(true).truncate(done.is_empty());
        let file = open.open(&path).map_err(|why| FetchError::disk(&path, why))?;
        file.set_len(item.size).map_err(|why| FetchError::disk(&path, why))?;
        let (durable, done) = (boot.is_none(), Mutex::new(done));
        let writing = Mutex::default();
        Ok(Self { target, path, journal, about, size: item.size, part, file, writing, durable, done })
    }

    /// The parts that are not there yet.
    pub(super) fn missing(&self) -> Vec<(u64, u64)> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        Parts::new(self.size, self.part).filter(|(start, _)| !done.contains_key(start)).collect()
    }

    /// Writes pieces, one behind the other, from a place on.
    pub(super) fn write(&self, mut at: u64, pieces: &[Bytes]) -> Result<(), FetchError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        for bytes in pieces {
            self.file.write_all_at(bytes, at).map_err(|why| FetchError::disk(&self.path, why))?;
            at += bytes.len() as u64;
        }
        Ok(())
    }

    /// An error of the disk.
    pub(super) fn failed(&self, why: io::Error) -> FetchError {
        FetchError::disk(&self.path, why)
    }

    /// Notes that the part that begins there is complete.
    pub(super) fn done(&self, start: u64, sum: Option<PartSum>) -> Result<(), FetchError> {
        if self.durable {
            self.file.sync_data().map_err(|why| FetchError::disk(&self.path, why))?;
        }
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.insert(start, sum.map(PartSum::finish));
        let mut journal = self.about.clone();
        if let Some(members) = journal.as_object_mut() {
            members.insert("done", json!(*done));
        }
        let fresh = self.journal.with_extension("json.new");
        let written = fs::write(&fresh, journal.to_string()).and_then(|()| fs::rename(&fresh, &self.journal));
        written.map_err(|why| FetchError::disk(&self.journal, why))
    }

    /// Holds the content against its checksum and puts it in its place. Wrong content is thrown away.
    pub(super) fn finish(&self, sum: Option<Sum>) -> Result<(), FetchError> {
        let checked = || -> io::Result<Result<(), _>> {
            if self.durable {
                self.file.sync_all()?;
            }
            match (sum, self.sums()) {
                (None, _) => Ok(Ok(())),
                (Some(sum), Some(parts)) => Ok(sum.check_parts(parts)),
                (Some(sum), None) => sum.check(File::open(&self.path)?),
            }
        };
        match checked().map_err(|why| FetchError::disk(&self.path, why))? {
            Ok(()) => {
                fs::rename(&self.path, &self.target).map_err(|why| FetchError::disk(&self.target, why))?;
                self.forget(&self.journal)
            }
            Err(mismatch) => {
                self.forget(&self.path)?;
                self.forget(&self.journal)?;
                Err(FetchError::checksum(&self.target, mismatch))
            }
        }
    }

    /// The checksums of all parts, each with its length, if all have one.
    fn sums(&self) -> Option<Vec<(u64, u64)>> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        Parts::new(self.size, self.part).map(|(start, end)| Some(((*done.get(&start)?)?, end - start))).collect()
    }

    fn forget(&self, path: &Path) -> Result<(), FetchError> {
        match fs::remove_file(path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(FetchError::disk(path, why)),
            _ => Ok(()),
        }
    }
}

/// Where a file belongs, and where its bytes are until it is complete. The folder is made.
pub(super) fn places(directory: &Path, item: &Item) -> Result<(PathBuf, PathBuf), FetchError> {
    let target = directory.join(&item.path);
    let folder = target.parent().unwrap_or(directory);
    fs::create_dir_all(folder).map_err(|why| FetchError::disk(folder, why))?;
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = folder.join(format!(".{name}.partial"));
    Ok((target, path))
}

/// The parts that an earlier load completed, if it was about the same.
fn earlier(journal: &Path, about: &Value) -> Option<Done> {
    let mut journal: Value = proofmark_json::from_slice(&fs::read(journal).ok()?).ok()?;
    let done = journal.as_object_mut()?.remove("done")?;
    (journal == *about).then(|| proofmark_json::from_value(done).ok()).flatten()
}
