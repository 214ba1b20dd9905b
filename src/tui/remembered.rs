//! How the dashboard was left: screen, filter, order, groups, chosen run, the spec that was being written; one small
//! file per store in the user's state folder. A file that cannot be read is as good as none.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::app::Screen;
use super::plot::{Axis, Scale, Smoothing};
use super::row::Name;
use crate::store::write_atomic;

/// A larger draft is not kept.
pub const DRAFT_BYTES: usize = 256 << 10;
/// A larger file is not ours: a draft's characters may take six times their room as escapes.
const LIMIT_BYTES: u64 = 6 * DRAFT_BYTES as u64 + (16 << 10);
/// Stores that are remembered; of more, the longest not opened are forgotten.
const STORES: usize = 100;

/// How the dashboard was left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Folder of the runs, for people who look into the file.
    pub store: String,
    /// The screen.
    pub screen: Screen,
    /// As typed.
    pub filter: String,
    /// Name of the sorted field, with `-` before it if the most comes first; empty for the order of the queue.
    pub sort: String,
    /// Name of the grouping; empty for none.
    pub group: String,
    /// The run under the cursor.
    pub run: Name,
    /// What a run's curves run over, once someone has chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub axis: Option<Axis>,
    /// How their values are spread.
    pub scale: Scale,
    /// How their lines are smoothed.
    pub smoothing: Smoothing,
    /// The spec that was being written and not saved.
    pub draft: Option<Unsaved>,
}

/// A spec that was being written, whether it can be parsed or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unsaved {
    /// What it is called.
    pub name: String,
    /// All of it.
    pub text: String,
    /// The file of that name that it was opened from; empty for none.
    pub path: String,
}

/// The file for the store in `root`, in the state folder `state`.
pub fn file(state: &Path, root: &Path) -> PathBuf {
    let root = fs::canonicalize(root).or_else(|_| of_absent(root)).unwrap_or_else(|_| root.to_owned());
    let digest = crate::dataset::hex(&Sha256::digest(root.as_os_str().as_encoded_bytes()));
    state.join("seglab").join("views").join(format!("{}.toml", &digest[..16]))
}

/// What `root` will be called once it is there.
fn of_absent(root: &Path) -> io::Result<PathBuf> {
    let root = std::path::absolute(root)?;
    match (root.parent().map(fs::canonicalize), root.file_name()) {
        (Some(Ok(parent)), Some(name)) => Ok(parent.join(name)),
        _ => Ok(root),
    }
}

impl Remembered {
    /// What `file` says, if it is one of ours.
    pub fn load(file: &Path) -> Option<Self> {
        let mut text = String::new();
        File::open(file).ok()?.take(LIMIT_BYTES + 1).read_to_string(&mut text).ok()?;
        (text.len() as u64 <= LIMIT_BYTES).then(|| toml::from_str(&text).ok()).flatten()
    }

    /// Replaces `file`; nothing is lost but a convenience if that fails, and a draft if there is one.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        if text.len() as u64 > LIMIT_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
        fs::create_dir_all(folder)?;
        write_atomic(file, text.as_bytes())?;
        forget(folder);
        Ok(())
    }
}

/// Removes the files that were not written for the longest time.
fn forget(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let ours = files.filter(|path| path.extension().is_some_and(|e| e == "toml"));
    let mut dated: Vec<_> = ours.filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path))).collect();
    dated.sort();
    for (_, path) in dated.iter().take(dated.len().saturating_sub(STORES)) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_loaded_and_rubbish_is_not() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = file(dir.path(), Path::new("results"));
        assert_eq!(Remembered::load(&path), None);
        let left = Remembered { screen: Screen::Compare, filter: "dsc>0.8 \"".into(), ..Remembered::default() };
        left.save(&path).expect("saved");
        assert_eq!(Remembered::load(&path), Some(left));
        let too_large = "#".repeat(LIMIT_BYTES as usize + 1);
        for rubbish in ["screen = \"kitchen\"", "\u{0}", "draft = 1", &too_large] {
            fs::write(&path, rubbish).expect("written");
            assert_eq!(Remembered::load(&path), None);
        }
        fs::write(&path, [0xff, 0xfe]).expect("written");
        assert_eq!(Remembered::load(&path), None);
    }

    #[test]
    fn a_draft_of_any_text_is_kept_up_to_its_limit() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = file(dir.path(), Path::new("results"));
        for text in ["name = \"\n[[ \"\"\" ''' # torn\r\n".to_owned(), "\u{1}".repeat(DRAFT_BYTES)] {
            let draft = Unsaved { name: "mine".into(), text, path: "baselines/mine.toml".into() };
            let left = Remembered { draft: Some(draft), ..Remembered::default() };
            left.save(&path).expect("saved");
            assert_eq!(Remembered::load(&path), Some(left));
        }
    }

    #[test]
    fn each_store_has_a_file_and_only_so_many_are_kept() {
        let dir = tempfile::tempdir().expect("tempdir");
        let paths: Vec<PathBuf> = (0..STORES + 5).map(|i| file(dir.path(), Path::new(&format!("store-{i}")))).collect();
        paths.iter().for_each(|path| Remembered::default().save(path).expect("saved"));
        let kept = fs::read_dir(paths[0].parent().expect("a folder")).expect("read").count();
        assert_eq!(kept, STORES);
    }
}
