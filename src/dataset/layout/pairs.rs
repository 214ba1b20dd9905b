//! Images with their masks in files of their own: most public sets. Reads folder listings, no pixels.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::identity::{Identity, Table};
use super::pattern::{Key, Names};
use super::patterns::Patterns;
use super::tree::Root;
use crate::dataset::read::MaskRule;
use crate::dataset::{Case, Class, DatasetError, Source};

/// Which files are images, which are masks, and what their names mean.
///
/// A mask belongs to the images that agree with it in all placeholders both patterns have; several masks of one image
/// are united. A file that fits `masks` is no image. Only a normal image may lack a mask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// E.g. `images/{case}.png`.
    pub images: Patterns,
    /// E.g. `masks/{case}.png`.
    pub masks: Patterns,
    /// Which values of a mask are the tumour.
    #[serde(default, skip_serializing_if = "MaskRule::is_default")]
    pub mask_values: MaskRule,
    /// Of every case, where neither names nor a table say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// What words mean, besides the classes' own names in any case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Class>,
    /// Subjects and classes that a CSV file knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
}

impl Pairs {
    /// The layout of BUSI; it names no patients.
    pub(super) fn busi() -> Self {
        Self {
            images: Patterns::built_in(&["{class}/{case}.png"]),
            masks: Patterns::built_in(&["{class}/{case}_mask.png", "{class}/{case}_mask_{n}.png"]),
            mask_values: MaskRule::default(),
            class: None,
            labels: BTreeMap::new(),
            table: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        shared_keys(&self.images, &self.masks)?;
        self.identity().check(&self.images.keys())
    }

    fn identity(&self) -> Identity<'_> {
        Identity { class: self.class, labels: &self.labels, table: self.table.as_ref() }
    }

    pub(super) fn cases(&self, folder: &Path) -> Result<Vec<Case>, DatasetError> {
        let root = Root::new(folder)?;
        let mut register = self.identity().open(&root)?;
        let shared = shared_keys(&self.images, &self.masks).map_err(|message| DatasetError::file(folder, message))?;
        let mut masks: BTreeMap<Names, Vec<PathBuf>> = BTreeMap::new();
        for mask in root.files(&self.masks)? {
            masks.entry(mask.names.only(&shared)).or_default().push(mask.path);
        }
        let mut images = root.files(&self.images)?;
        let is_mask: std::collections::BTreeSet<&PathBuf> = masks.values().flatten().collect();
        images.retain(|image| !is_mask.contains(&image.path));
        let known: std::collections::BTreeSet<Names> = images.iter().map(|image| image.names.only(&shared)).collect();
        if let Some((_, files)) = masks.iter().find(|(names, _)| !known.contains(*names)) {
            return Err(DatasetError::file(&files[0], format!("a mask without its image {}", self.images)));
        }
        let mut cases: BTreeMap<String, (Case, PathBuf)> = BTreeMap::new();
        for image in images {
            let fail = |message: String| DatasetError::file(&image.path, message);
            let Some(person) = register.person(&image.names).map_err(fail)? else { continue };
            let masks = masks.get(&image.names.only(&shared)).cloned().unwrap_or_default();
            if masks.is_empty() && person.class != Class::Normal {
                return Err(fail(format!("no mask; expected {} for it", self.masks)));
            }
            let source = Source::Files { image: image.path.clone(), masks, rule: self.mask_values };
            let case = Case { id: person.id, subject: person.subject, class: person.class, source };
            if let Some((first, path)) = cases.insert(case.id.clone(), (case, image.path.clone())) {
                return Err(fail(format!("\"{}\" is also {}", first.id, path.display())));
            }
        }
        match register.unseen() {
            Some(message) => Err(DatasetError::file(folder, message)),
            None => Ok(cases.into_values().map(|(case, _)| case).collect()),
        }
    }
}

/// What a mask and its image must agree in.
pub(super) fn shared_keys(images: &Patterns, masks: &Patterns) -> Result<Vec<Key>, String> {
    let mut shared = images.keys();
    shared.retain(|key| *key != Key::Number && masks.keys().contains(key));
    if shared.is_empty() {
        return Err(format!("images = \"{images}\" and masks = \"{masks}\" share no placeholder such as {{case}}"));
    }
    Ok(shared)
}
