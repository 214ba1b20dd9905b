//! One run's directory: `plan.toml`, `dataset.toml`, `events.jsonl`, `checkpoint/`, `run.lock`, `queued`, `device`, `stop`, `scores.json`, `scores-raw.json`,
//! `verdicts.json`, `predictions.png`, `preview/`, `cache/`, `worker.log`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::open::open_file;
use super::{Store, StoreError, atomic, unwritable};
use crate::dataset::Origin;
use crate::device::DeviceName;
use crate::plan::RunPlan;
use crate::run::{Event, RunId};

const PLAN: &str = "plan.toml";
/// Larger files are not ours.
const LIMIT_BYTES: u64 = 64 << 20;
/// Viewers test a lock by taking it for an instant; a worker waits that out.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// A run's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
    spec: String,
    id: RunId,
}

/// Held while it lives; the system releases it when the process dies, however it dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock on `path`; `None` if another process holds it.
    pub fn try_exclusive(path: &Path) -> Result<Option<Self>, StoreError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|error| StoreError::new(path, unwritable(&error)))?;
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::Error(error)) => return Err(StoreError::new(path, error)),
            }
        }
    }

    /// Whether a process holds the lock on `path`.
    pub fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl RunDir {
    pub(super) fn new(root: &Path, spec: &str, id: RunId) -> Self {
        Self { path: root.join(spec).join(id.as_str()), spec: spec.to_owned(), id }
    }

    /// The run at `path`, `…/<spec>/<run>`.
    pub fn at(path: &Path) -> Result<Self, StoreError> {
        let path = fs::canonicalize(path).map_err(|error| StoreError::new(path, error))?;
        let name = |p: Option<&Path>| p.and_then(Path::file_name).and_then(|n| n.to_str()).map(str::to_owned);
        match (name(path.parent()), name(Some(&path))) {
            (Some(spec), Some(id)) => Ok(Self { path, spec, id: RunId::from_folder(&id) }),
            _ => Err(StoreError::new(&path, "not a run's directory; expected results/<spec>/<run>")),
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store that holds it.
    pub fn store(&self) -> Store {
        Store::new(self.path.ancestors().nth(2).unwrap_or(&self.path))
    }

    /// The spec it belongs to.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// Its name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// `<spec>/<run>`, what people type.
    pub fn name(&self) -> String {
        format!("{}/{}", self.spec, self.id)
    }

    pub(super) fn has_plan(&self) -> bool {
        holds_plan(&self.path)
    }

    pub(super) fn write_plan(&self, plan: &RunPlan) -> Result<(), StoreError> {
        self.write(&self.plan_path(), plan.to_toml().as_bytes())
    }

    /// What the run is.
    pub fn plan(&self) -> Result<RunPlan, StoreError> {
        let path = self.plan_path();
        let bytes = read_bounded(&path)?;
        let text = String::from_utf8(bytes).map_err(|error| StoreError::new(&path, error))?;
        let plan: RunPlan = toml::from_str(&text).map_err(|error| StoreError::new(&path, error.message()))?;
        if plan.schema != crate::plan::SCHEMA {
            let message = format!("schema {}, expected {}: made by another version", plan.schema, crate::plan::SCHEMA);
            return Err(StoreError::new(&path, message));
        }
        Ok(plan)
    }

    /// Says where the data are now; not part of the plan, since data may be moved.
    pub fn write_origin(&self, origin: &Origin) -> Result<(), StoreError> {
        let path = self.origin_path();
        let text = toml::to_string(origin).map_err(|error| StoreError::new(&path, error))?;
        self.write(&path, text.as_bytes())
    }

    /// Where the data are.
    pub fn origin(&self) -> Result<Origin, StoreError> {
        let path = self.origin_path();
        let text = String::from_utf8(read_bounded(&path)?).map_err(|error| StoreError::new(&path, error))?;
        toml::from_str(&text).map_err(|error| StoreError::new(&path, error.message()))
    }

    /// Takes the run's lock for as long as the worker lives; `None` if a worker is alive.
    pub fn lock(&self) -> Result<Option<Lock>, StoreError> {
        Lock::try_exclusive(&self.lock_path())
    }

    /// Whether a worker is alive.
    pub fn is_locked(&self) -> bool {
        Lock::is_held(&self.lock_path())
    }

    /// Asks the worker to end after its current step.
    pub fn request_stop(&self) -> Result<(), StoreError> {
        self.write(&self.stop_path(), b"")
    }

    /// Whether someone asked.
    pub fn stop_requested(&self) -> bool {
        self.stop_path().exists()
    }

    /// Forgets the request.
    pub fn clear_stop(&self) -> Result<(), StoreError> {
        remove(&self.stop_path())
    }

    /// One of the files that show the current prediction on the fixed validation case: pictures, and the case's id.
    pub fn write_preview(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.path.join("preview");
        fs::create_dir_all(&folder).map_err(|error| StoreError::new(&folder, unwritable(&error)))?;
        self.write(&folder.join(name), bytes)
    }

    /// Bytes of a preview file, if it is there.
    pub fn preview(&self, name: &str) -> Option<Vec<u8>> {
        read_bounded(&self.path.join("preview").join(name)).ok()
    }

    /// Puts event lines on the end.
    pub fn append_events(&self) -> Result<File, StoreError> {
        let path = self.events_path();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.map_err(|error| StoreError::new(&path, unwritable(&error)))
    }

    /// Keeps the events for which `keep` holds, and drops a torn last line; the file is replaced as a whole, so that
    /// readers notice.
    pub fn trim_events(&self, mut keep: impl FnMut(&Event) -> bool) -> Result<(), StoreError> {
        let path = self.events_path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|error| StoreError::new(&path, error))?,
        };
        let whole = &text[..text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1)];
        let kept = whole.split_inclusive(|&byte| byte == b'\n');
        // An unreadable line is kept: it is somebody's to look at, not ours to delete.
        let kept = kept.filter(|line| serde_json::from_slice(line).map_or(true, |event| keep(&event)));
        let kept: Vec<u8> = kept.flatten().copied().collect();
        if kept.len() == text.len() { Ok(()) } else { self.write(&path, &kept) }
    }

    /// The last `limit` bytes of the worker's log, whole lines.
    pub fn log_tail(&self, limit: u64) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = open_file(&self.log_path())?;
            let start = file.metadata()?.len().saturating_sub(limit);
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.take(limit).read_to_end(&mut bytes)?;
            let cut = bytes.iter().position(|&b| b == b'\n').map_or(0, |i| i + 1);
            Ok(if start > 0 { bytes.split_off(cut) } else { bytes })
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }

    /// Notes what its worker computes on.
    pub fn write_device(&self, device: DeviceName) -> Result<(), StoreError> {
        self.write(&self.device_path(), device.to_string().as_bytes())
    }

    /// What its worker, or its last one, computes on; `None` before its first.
    pub fn device(&self) -> Option<DeviceName> {
        String::from_utf8(read_bounded(&self.device_path()).ok()?).ok()?.trim().parse().ok()
    }

    /// Adds a line to the worker's log.
    pub fn log(&self, line: &str) {
        // The log is a convenience: a full disk must not end a run because of it.
        let file = OpenOptions::new().create(true).append(true).open(self.log_path());
        let _ = file.and_then(|mut file| writeln!(file, "{line}"));
    }

    /// `plan.toml`.
    pub fn plan_path(&self) -> PathBuf {
        self.path.join(PLAN)
    }

    /// `events.jsonl`.
    pub fn events_path(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// `checkpoint/`.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.path.join("checkpoint")
    }

    /// `cache/`, which lives as long as the worker.
    pub fn cache_path(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// `worker.log`.
    pub fn log_path(&self) -> PathBuf {
        self.path.join("worker.log")
    }

    pub(super) fn ticket_path(&self) -> PathBuf {
        self.path.join("queued")
    }

    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        atomic::write_atomic(path, bytes).map_err(|error| StoreError::new(path, unwritable(&error)))
    }

    fn origin_path(&self) -> PathBuf {
        self.path.join("dataset.toml")
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.path.join("run.lock")
    }

    fn device_path(&self) -> PathBuf {
        self.path.join("device")
    }

    fn stop_path(&self) -> PathBuf {
        self.path.join("stop")
    }
}

/// Removes a file; its absence is fine.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::new(path, error)),
        _ => Ok(()),
    }
}

/// Whether a run is in `folder`.
pub(super) fn holds_plan(folder: &Path) -> bool {
    folder.join(PLAN).is_file()
}

/// A whole file, refused when it is too large to be one of ours.
pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let file = open_file(path).map_err(|error| StoreError::new(path, error))?;
    file.take(LIMIT_BYTES + 1).read_to_end(&mut bytes).map_err(|error| StoreError::new(path, error))?;
    match bytes.len() as u64 > LIMIT_BYTES {
        true => Err(StoreError::new(path, format!("larger than {} MiB", LIMIT_BYTES >> 20))),
        false => Ok(bytes),
    }
}
