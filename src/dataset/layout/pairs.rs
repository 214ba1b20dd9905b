//! Images with their masks in files of their own: most public sets. Reads folder listings, no pixels.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Listed;
use super::identity::{Identity, Register, Table};
use super::pattern::{Key, Names};
use super::patterns::Patterns;
use super::tree::{Found, Root};
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

    pub(super) fn cases(&self, folder: &Path) -> Result<Listed, DatasetError> {
        let root = Root::new(folder)?;
        let mut register = self.identity().open(&root)?;
        let shared = shared_keys(&self.images, &self.masks).map_err(|message| DatasetError::file(folder, message))?;
        let mut masks: BTreeMap<Names, Vec<PathBuf>> = BTreeMap::new();
        for mask in root.files(&self.masks)? {
            masks.entry(mask.names.only(&shared)).or_default().push(mask.path);
        }
        let mut images = root.files(&self.images)?;
        let is_mask: BTreeSet<&PathBuf> = masks.values().flatten().collect();
        images.retain(|image| !is_mask.contains(&image.path));
        let known: BTreeSet<Names> = images.iter().map(|image| image.names.only(&shared)).collect();
        let alone = masks.iter().filter(|(names, _)| !known.contains(*names));
        let alone =
            alone.map(|(_, files)| DatasetError::file(&files[0], format!("a mask without its image {}", self.images)));
        let mut faults: Vec<DatasetError> = alone.collect();
        let mut cases: BTreeMap<String, (Case, PathBuf)> = BTreeMap::new();
        for image in images {
            let masks = masks.get(&image.names.only(&shared)).cloned().unwrap_or_default();
            let fail = |message: String| DatasetError::file(&image.path, message);
            match self.case(&image, masks, &mut register) {
                Ok(None) => {}
                Err(message) => faults.push(fail(message)),
                Ok(Some(case)) => match cases.get(&case.id) {
                    Some((first, path)) => faults.push(fail(format!("\"{}\" is also {}", first.id, path.display()))),
                    None => drop(cases.insert(case.id.clone(), (case, image.path.clone()))),
                },
            }
        }
        faults.extend(register.unseen().map(|message| DatasetError::file(folder, message)));
        Ok(Listed { cases: cases.into_values().map(|(case, _)| case).collect(), faults })
    }

    /// `None` if a table leaves the image out.
    fn case(&self, image: &Found, masks: Vec<PathBuf>, register: &mut Register) -> Result<Option<Case>, String> {
        let Some(person) = register.person(&image.names)? else { return Ok(None) };
        if masks.is_empty() && person.class != Class::Normal {
            return Err(format!("no mask; expected {} for it", self.masks));
        }
        let source = Source::Files { image: image.path.clone(), masks, rule: self.mask_values };
        Ok(Some(Case { id: person.id, subject: person.subject, class: person.class, source }))
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
