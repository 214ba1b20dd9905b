//! Reports of data audits: `audits/<data set>.json`, one for each data set, the newest.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::run_dir::read_bounded;
use super::{Store, StoreError, unwritable, write_atomic};
use crate::dataset::audit::{Audit, SCHEMA};

/// A report as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAudit {
    /// What it says.
    pub audit: Audit,
    /// When it was written.
    pub written: SystemTime,
}

impl Store {
    /// The report on `dataset`; `None` if none was kept.
    pub fn audit(&self, dataset: &str) -> Result<Option<KeptAudit>, StoreError> {
        let path = self.audit_path(dataset)?;
        if !path.exists() {
            return Ok(None);
        }
        let fail = |error: &dyn std::fmt::Display| {
            StoreError::new(&path, format!("{error}; run \"seglab dataset audit {dataset} --keep\" again"))
        };
        let audit: Audit = serde_json::from_slice(&read_bounded(&path)?).map_err(|error| fail(&error))?;
        if audit.schema != SCHEMA {
            return Err(fail(&format!("schema {}, expected {SCHEMA}", audit.schema)));
        }
        let written = fs::metadata(&path).and_then(|meta| meta.modified()).map_err(|error| fail(&error))?;
        Ok(Some(KeptAudit { audit, written }))
    }

    /// Keeps `audit` instead of the one before; returns its file.
    pub fn keep_audit(&self, audit: &Audit) -> Result<PathBuf, StoreError> {
        let path = self.audit_path(&audit.dataset)?;
        let json = serde_json::to_vec_pretty(audit).map_err(|error| StoreError::new(&path, error))?;
        let folder = path.parent().unwrap_or(self.root());
        let written = fs::create_dir_all(folder).and_then(|()| write_atomic(&path, &json));
        written.map_err(|error| StoreError::new(&path, unwritable(&error)))?;
        Ok(path)
    }

    /// A plan may come from anywhere: its data set's name is a file name only if it is a plain one.
    fn audit_path(&self, dataset: &str) -> Result<PathBuf, StoreError> {
        let folder = self.root().join(super::AUDITS);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        match !dataset.is_empty() && !dataset.starts_with('.') && dataset.chars().all(plain) {
            true => Ok(folder.join(format!("{dataset}.json"))),
            false => Err(StoreError::new(&folder, format!("{dataset:?} is no data set's name"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn audit(dataset: &str) -> Audit {
        Audit {
            schema: SCHEMA,
            dataset: dataset.to_owned(),
            digest: Some("ab".to_owned()),
            cases: BTreeMap::new(),
            left_out: BTreeMap::new(),
            duplicate_groups: Vec::new(),
            neighbour_groups: Vec::new(),
            issues: Vec::new(),
            pairs: Vec::new(),
        }
    }

    #[test]
    fn a_kept_report_is_read_back_and_is_no_run() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path());
        assert_eq!(store.audit("busi").expect("none yet"), None);
        store.keep_audit(&audit("busi")).expect("kept");
        assert_eq!(store.audit("busi").expect("read").expect("kept").audit, audit("busi"));
        assert!(store.runs().expect("listed").is_empty());
    }

    #[test]
    fn a_damaged_report_and_an_odd_name_say_what_helps() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path());
        let path = store.keep_audit(&audit("busi")).expect("kept");
        fs::write(&path, "{\"schema\": 1").expect("written");
        let error = store.audit("busi").expect_err("damaged").to_string();
        assert!(error.contains("busi.json") && error.contains("--keep"), "{error}");
        for name in ["../busi", "", ".hidden", "a/b", "a\u{1b}"] {
            assert!(store.audit(name).is_err(), "{name:?}");
            assert!(store.keep_audit(&audit(name)).is_err(), "{name:?}");
        }
    }
}
