//! A case: where its image and masks lie, how they are decoded, and what its digest covers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::RgbImage;
use sha2::{Digest, Sha256};

use super::shape::Shape;
use super::volume::{Scan, Stacks};
use super::{Class, Crop, DatasetError, phantom, read};
use crate::plane::Mask;

/// One image with its reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Unique within the data set, e.g. `benign (12)`.
    pub id: String,
    /// Patient; where a set has none, the case itself.
    pub subject: String,
    /// What it shows.
    pub class: Class,
    pub(super) source: Source,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Files {
        image: PathBuf,
        masks: Vec<PathBuf>,
        rule: read::MaskRule,
    },
    Phantom(phantom::Phantom),
    /// Shapes on an image of `size`: columns, rows.
    Drawn {
        image: PathBuf,
        size: (u32, u32),
        shapes: Vec<Shape>,
    },
    /// A slice of a volume.
    Slice {
        scan: Arc<Scan>,
        index: usize,
    },
    /// The part of another source that [`Crop`] keeps.
    Cropped(Crop, Box<Source>),
}

/// What an image comes from, without its masks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Picture<'a> {
    /// Its file, or those of the volume that it is a slice of.
    Files(Vec<&'a Path>),
    /// A phantom, by everything that it follows from.
    Phantom(String),
}

/// A decoded case: image and reference have the same size.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Three channels, also where the image is grey.
    pub image: RgbImage,
    /// Union of the case's masks; empty for a normal case without a mask file.
    pub reference: Mask,
}

impl Case {
    /// Decodes image and masks; an error names the file. For many cases, see [`Decoder`].
    pub fn pixels(&self) -> Result<Pixels, DatasetError> {
        Decoder::default().pixels(self)
    }

    /// The image's file, or the files of the volume that it is a slice of, then those of its masks; none for a phantom.
    pub fn files(&self) -> Vec<&Path> {
        self.source.files()
    }

    /// What tells its image from others, in whatever data set it is listed.
    pub(crate) fn picture(&self) -> Picture<'_> {
        self.source.picture()
    }

    pub(super) fn digest(&self, volumes: &BTreeMap<&PathBuf, [u8; 32]>) -> Result<[u8; 32], DatasetError> {
        let mut hash = Sha256::new();
        hash.update(format!("{}\0{}\0{}\0", self.id, self.subject, self.class.name()));
        self.source.digest(&mut hash, volumes)?;
        Ok(hash.finalize().into())
    }
}

/// Decodes cases; of volumes, each once for its slices, as far as memory (512 MiB) allows.
#[derive(Default)]
pub struct Decoder(Stacks);

impl Decoder {
    /// Image and reference of `case`; an error names the file.
    pub fn pixels(&self, case: &Case) -> Result<Pixels, DatasetError> {
        case.source.pixels(&case.id, &self.0)
    }
}

impl Source {
    fn pixels(&self, case: &str, stacks: &Stacks) -> Result<Pixels, DatasetError> {
        match self {
            Source::Files { image, masks, rule } => read::pixels(case, image, masks, *rule),
            Source::Phantom(phantom) => Ok(phantom.draw()),
            Source::Drawn { image, size, shapes } => read::drawn(image, *size, shapes),
            Source::Slice { scan, index } => stacks.slice(scan, *index),
            Source::Cropped(crop, whole) => crop.of(case, whole.pixels(case, stacks)?),
        }
    }

    fn files(&self) -> Vec<&Path> {
        match self {
            Source::Files { image, masks, .. } => std::iter::once(image).chain(masks).map(PathBuf::as_path).collect(),
            Source::Drawn { image, .. } => vec![image],
            Source::Slice { scan, .. } => scan.files().map(PathBuf::as_path).collect(),
            Source::Cropped(_, whole) => whole.files(),
            Source::Phantom(_) => vec![],
        }
    }

    fn picture(&self) -> Picture<'_> {
        match self {
            Source::Files { image, .. } | Source::Drawn { image, .. } => Picture::Files(vec![image]),
            Source::Slice { scan, .. } => Picture::Files(scan.images.iter().map(PathBuf::as_path).collect()),
            Source::Cropped(_, whole) => whole.picture(),
            Source::Phantom(phantom) => Picture::Phantom(format!("{phantom:?}")),
        }
    }

    /// The files of the volume that this is a slice of.
    pub(super) fn volumes(&self) -> Vec<&PathBuf> {
        match self {
            Source::Slice { scan, .. } => scan.files().collect(),
            Source::Cropped(_, whole) => whole.volumes(),
            Source::Files { .. } | Source::Drawn { .. } | Source::Phantom(_) => vec![],
        }
    }

    fn digest(&self, hash: &mut Sha256, volumes: &BTreeMap<&PathBuf, [u8; 32]>) -> Result<(), DatasetError> {
        match self {
            Source::Files { image, masks, rule } => {
                for file in std::iter::once(image).chain(masks) {
                    hash.update(Sha256::digest(read::bytes(file)?));
                }
                // the default adds nothing, so that digests of before are what they were
                if !rule.is_default() {
                    hash.update(format!("{rule:?}"));
                }
            }
            Source::Drawn { image, shapes, .. } => {
                hash.update(Sha256::digest(read::bytes(image)?));
                shapes.iter().for_each(|shape| shape.digest(hash));
            }
            Source::Slice { scan, index } => {
                hash.update(format!("{:?}\0{index}\0", scan.reading));
                scan.files().filter_map(|file| volumes.get(file)).for_each(|file| hash.update(file));
            }
            Source::Phantom(phantom) => hash.update(format!("{phantom:?} drawing {}", phantom::DRAWING)),
            Source::Cropped(crop, whole) => {
                hash.update(format!("{crop:?}\0"));
                whole.digest(hash, volumes)?;
            }
        }
        Ok(())
    }
}
