//! Weights, optimiser and schedule on disk: a folder per kept epoch, made beside and renamed, so that it is whole or
//! not there. The newest is where a resume starts; the best is what is scored.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Learner, Schedule, TrainError};
use crate::dataset::hex;
use crate::model::Network;
use crate::store::{RunDir, StoreError, sync_dir};

const STATE: &str = "state.json";
const MODEL: &str = "model.bpk";
const OPTIMIZER: &str = "optimizer.bpk";
const SMOOTHNESS: &str = "smoothness.bpk";
const DISCRIMINATOR: &str = "discriminator.bpk";

/// Everything of a checkpoint but the tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Completed epochs.
    pub epoch: u32,
    /// Steps so far.
    pub step: u64,
    /// Learning rate, best epoch, patience.
    pub schedule: Schedule,
    /// SHA-256 of the weights' file.
    pub model_sha256: String,
    /// SHA-256 of the optimiser's file.
    pub optimizer_sha256: String,
    /// SHA-256 of the file of the loss's own weights, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothness_sha256: Option<String>,
    /// SHA-256 of the file of the discriminator's weights, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discriminator_sha256: Option<String>,
}

/// A run's checkpoints.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    dir: PathBuf,
}

impl Checkpoints {
    /// Those of `run`.
    pub fn of(run: &RunDir) -> Self {
        Self { dir: run.checkpoint_path() }
    }

    /// Saves the end of an epoch, then removes all but this and the best.
    pub fn save(&self, (epoch, step): (u32, u64), schedule: &Schedule, learner: &Learner) -> Result<(), TrainError> {
        // Batch-norm keeps its last update pending; this puts it into the running statistics that are saved.
        let _ = learner.model.valid();
        let model = self.bytes(MODEL, learner.model.clone().into_record().into_bytes())?;
        let optimizer = self.bytes(OPTIMIZER, learner.optimizer.into_bytes())?;
        let smoothness = learner.objective.smoothness.clone().map(|weights| weights.into_record().into_bytes());
        let smoothness = smoothness.map(|bytes| self.bytes(SMOOTHNESS, bytes)).transpose()?;
        let discriminator = learner.adversary.as_ref().map(|adversary| {
            let _ = adversary.discriminator.valid();
            adversary.discriminator.clone().into_record().into_bytes()
        });
        let discriminator = discriminator.map(|bytes| self.bytes(DISCRIMINATOR, bytes)).transpose()?;
        let state = Checkpoint {
            epoch,
            step,
            schedule: schedule.clone(),
            model_sha256: sha256(&model),
            optimizer_sha256: sha256(&optimizer),
            smoothness_sha256: smoothness.as_deref().map(sha256),
            discriminator_sha256: discriminator.as_deref().map(sha256),
        };
        let state = serde_json::to_vec(&state).map_err(|error| StoreError::new(&self.dir, error))?;
        let mut files: Vec<(&str, &[u8])> = vec![(MODEL, &model), (OPTIMIZER, &optimizer), (STATE, &state)];
        files.extend(smoothness.as_deref().map(|bytes| (SMOOTHNESS, bytes)));
        files.extend(discriminator.as_deref().map(|bytes| (DISCRIMINATOR, bytes)));
        self.write(epoch, &files)
            .map_err(|error| StoreError::new(&self.dir, format!("{error}; free some space, then \"seglab resume\"")))?;
        self.prune(epoch, schedule.best.map(|(_, best)| best));
        Ok(())
    }

    fn bytes(&self, name: &str, bytes: Result<Bytes, RecordError>) -> Result<Vec<u8>, StoreError> {
        bytes.map(|bytes| bytes.to_vec()).map_err(|error| self.record_error(name, &error))
    }

    /// The newest one; `None` before the first. One that is damaged is an error: a run never silently starts again.
    pub fn newest(&self) -> Result<Option<Checkpoint>, TrainError> {
        let Some(epoch) = self.epochs()?.into_iter().max() else { return Ok(None) };
        self.state(epoch).map(Some)
    }

    /// What is known of the checkpoint of `epoch`.
    pub fn state(&self, epoch: u32) -> Result<Checkpoint, TrainError> {
        let path = self.folder(epoch).join(STATE);
        let bytes = fs::read(&path).map_err(|error| StoreError::new(&path, error))?;
        let state = serde_json::from_slice(&bytes).map_err(|error| StoreError::new(&path, error))?;
        Ok(state)
    }

    /// Puts all that `checkpoint` holds into `learner`.
    pub fn load(&self, checkpoint: &Checkpoint, mut learner: Learner) -> Result<Learner, TrainError> {
        learner.model = self.load_model(checkpoint, learner.model)?;
        let bytes = self.read(checkpoint.epoch, OPTIMIZER, &checkpoint.optimizer_sha256)?;
        let optimizer = learner.optimizer.from_bytes(bytes);
        learner.optimizer = optimizer.map_err(|error| self.record_error(OPTIMIZER, &error))?;
        if let Some(smoothness) = learner.objective.smoothness {
            let sha256 = checkpoint.smoothness_sha256.as_deref().unwrap_or_default();
            let bytes = self.read(checkpoint.epoch, SMOOTHNESS, sha256)?;
            learner.objective.smoothness = Some(self.filled(SMOOTHNESS, smoothness, bytes)?);
        }
        if let Some(adversary) = &mut learner.adversary {
            let sha256 = checkpoint.discriminator_sha256.as_deref().unwrap_or_default();
            let bytes = self.read(checkpoint.epoch, DISCRIMINATOR, sha256)?;
            adversary.discriminator = self.filled(DISCRIMINATOR, adversary.discriminator.clone(), bytes)?;
        }
        Ok(learner)
    }

    /// Puts the weights of `checkpoint` into `model`.
    pub fn load_model(&self, checkpoint: &Checkpoint, model: Network) -> Result<Network, TrainError> {
        let bytes = self.read(checkpoint.epoch, MODEL, &checkpoint.model_sha256)?;
        Ok(self.filled(MODEL, model, bytes)?)
    }

    fn filled<M: Module>(&self, name: &str, module: M, bytes: Bytes) -> Result<M, StoreError> {
        let loaded = ModuleRecord::from_bytes(bytes).and_then(|record| module.try_load_record(record));
        loaded.map_err(|error| self.record_error(name, &error))
    }

    fn read(&self, epoch: u32, name: &str, sha256_expected: &str) -> Result<Bytes, StoreError> {
        let path = self.folder(epoch).join(name);
        let bytes = fs::read(&path).map_err(|error| StoreError::new(&path, error))?;
        match sha256(&bytes) == sha256_expected {
            true => Ok(Bytes::from_bytes_vec(bytes)),
            false => Err(StoreError::new(
                &path,
                "damaged (its SHA-256 is not the one in state.json); delete the run's folder to train it anew",
            )),
        }
    }

    /// Writes beside, syncs, renames.
    fn write(&self, epoch: u32, files: &[(&str, &[u8])]) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let beside = self.dir.join("unfinished.tmp");
        let _ = fs::remove_dir_all(&beside);
        let written = write_all(&beside, files).and_then(|()| {
            let target = self.folder(epoch);
            if target.exists() {
                fs::remove_dir_all(&target)?;
            }
            fs::rename(&beside, &target)
        });
        if written.is_err() {
            // A full disk must not be filled further by leftovers.
            let _ = fs::remove_dir_all(&beside);
        }
        written?;
        sync_dir(&self.dir)
    }

    /// Failing to remove an old checkpoint costs space, not results.
    fn prune(&self, newest: u32, best: Option<u32>) {
        for epoch in self.epochs().unwrap_or_default() {
            if epoch != newest && Some(epoch) != best {
                let _ = fs::remove_dir_all(self.folder(epoch));
            }
        }
    }

    /// A folder that cannot be listed is an error: it is not an empty one, from which a run would start again.
    fn epochs(&self) -> Result<Vec<u32>, StoreError> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| StoreError::new(&self.dir, error))?,
        };
        let epoch = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_prefix("epoch-")?.parse().ok();
        Ok(entries.flatten().filter_map(epoch).collect())
    }

    fn folder(&self, epoch: u32) -> PathBuf {
        self.dir.join(format!("epoch-{epoch:05}"))
    }

    fn record_error(&self, name: &str, error: &RecordError) -> StoreError {
        StoreError::new(&self.dir.join(name), error)
    }
}

fn write_all(dir: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (name, bytes) in files {
        let mut file = fs::File::create(dir.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    sync_dir(dir)
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
