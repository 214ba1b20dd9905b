//! COCO annotations: one JSON file with polygons or run lengths. File names and numbers in it are untrusted.
//! Source: https://cocodataset.org/#format-data.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Listed;
use super::identity::{Identity, Table};
use super::pattern::{Names, Pattern};
use super::tree::{Root, printable};
use crate::dataset::shape::Shape;
use crate::dataset::{Case, Class, DatasetError, Source, read};

/// Where the annotations are, and what they mean.
///
/// An image without an annotation is of class normal. Of an image with several, the class is malignant if any is, then
/// benign; their shapes are united.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coco {
    /// The JSON file, below the data set's folder.
    pub annotations: String,
    /// The folder that file names are relative to; the data set's folder if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<String>,
    /// What file names mean, e.g. `{subject}_{case}.png`.
    pub pattern: Pattern,
    /// Of every annotated image, whatever its categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// What categories (and words in `table`) mean, besides the classes' own names in any case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Class>,
    /// Categories that are no tumour; their annotations are passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Subjects that a CSV file knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
}

#[derive(Deserialize)]
struct File {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Image {
    id: u64,
    file_name: String,
    width: u32,
    height: u32,
}

#[derive(Deserialize)]
struct Annotation {
    image_id: u64,
    #[serde(default)]
    category_id: Option<u64>,
    segmentation: Shape,
}

#[derive(Deserialize)]
struct Category {
    id: u64,
    name: String,
}

/// What the annotations of an image come to.
#[derive(Default)]
struct Marked {
    shapes: Vec<Shape>,
    class: Option<Class>,
}

impl Coco {
    pub(super) fn check(&self) -> Result<(), String> {
        // the class comes from the annotations
        Identity { class: Some(Class::Normal), ..self.identity() }.check(&self.pattern.keys())
    }

    fn identity(&self) -> Identity<'_> {
        Identity { class: self.class, labels: &self.labels, table: self.table.as_ref() }
    }

    pub(super) fn cases(&self, folder: &Path) -> Result<Listed, DatasetError> {
        let root = Root::new(folder)?;
        let path = root.file(&self.annotations)?;
        let fail = |message: String| DatasetError::file(&path, message);
        let file: File = serde_json::from_slice(&read::bytes(&path)?).map_err(|error| fail(error.to_string()))?;
        let mut register = Identity { class: Some(Class::Normal), ..self.identity() }.open(&root)?;
        let mut marked = self.marked(&file.images, file.annotations, &file.categories).map_err(fail)?;
        let mut cases: BTreeMap<String, Case> = BTreeMap::new();
        let mut faults = Vec::new();
        for image in file.images {
            let names = self.names(&image.file_name).map_err(fail)?;
            let relative = self.images.iter().chain([&image.file_name]).cloned().collect::<Vec<_>>().join("/");
            let at = match root.file(&relative) {
                Ok(at) => at,
                Err(missing) => {
                    faults.push(missing);
                    continue;
                }
            };
            let Some(person) = register.person(&names).map_err(fail)? else { continue };
            let Marked { shapes, class } = marked.remove(&image.id).unwrap_or_default();
            let class = class.unwrap_or(person.class);
            let source = Source::Drawn { image: at, size: (image.width, image.height), shapes };
            let case = Case { id: person.id, subject: person.subject, class, source };
            if let Some(first) = cases.insert(case.id.clone(), case) {
                return Err(fail(format!("\"{}\" is the name of two images", first.id)));
            }
        }
        Ok(Listed { cases: cases.into_values().collect(), faults })
    }

    fn names(&self, file_name: &str) -> Result<Names, String> {
        let names = printable(file_name).then(|| self.pattern.fit(file_name)).flatten();
        names.ok_or_else(|| format!("file_name {file_name:?} is not of the form \"{}\"", self.pattern))
    }

    fn marked(
        &self,
        images: &[Image],
        annotations: Vec<Annotation>,
        categories: &[Category],
    ) -> Result<BTreeMap<u64, Marked>, String> {
        let mut marked: BTreeMap<u64, Marked> = images.iter().map(|image| (image.id, Marked::default())).collect();
        if marked.len() != images.len() {
            return Err("two images have one id".to_owned());
        }
        let names: BTreeMap<u64, &str> = categories.iter().map(|c| (c.id, c.name.as_str())).collect();
        for annotation in annotations {
            let name = annotation.category_id.and_then(|id| names.get(&id).copied()).unwrap_or_default();
            if self.ignore.iter().any(|ignored| ignored == name) {
                continue;
            }
            let class = match self.class {
                Some(class) => class,
                None => self.identity().class_of(name)?,
            };
            let image = marked.get_mut(&annotation.image_id);
            let image =
                image.ok_or_else(|| format!("an annotation of image {}, which is not there", annotation.image_id))?;
            image.class = Some(image.class.map_or(class, |other| graver(other, class)));
            image.shapes.push(annotation.segmentation);
        }
        Ok(marked)
    }
}

fn graver(a: Class, b: Class) -> Class {
    [Class::Malignant, Class::Benign, Class::Unknown].into_iter().find(|class| [a, b].contains(class)).unwrap_or(a)
}
