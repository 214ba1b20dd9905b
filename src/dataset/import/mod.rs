//! Guesses how a folder is laid out. A guess is a manifest, tried on the folder before it is shown, with a note for each
//! key that someone should look at. Knows names and tables; pixels only of a few masks.

mod name;
mod part;
mod table;
mod together;
mod unused;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::name::{Kind, Listing, Parts, Role};
use super::layout::{Coco, Layout, Pairs, Patterns, Slices, Table, Volumes};
use super::read::{MaskRule, mask_from_file};
use super::{Align, Class, Dataset, DatasetError, Manifest, Origin};

/// What was understood of a folder.
#[derive(Clone, Debug)]
pub struct Import {
    /// The folder read by the manifest.
    pub dataset: Dataset,
    /// What is not sure, with the key to edit.
    pub notes: Vec<String>,
}

impl Import {
    /// The manifest as a file's text, the notes as comments above it.
    pub fn to_toml(&self) -> Result<String, DatasetError> {
        let manifest = &self.dataset.origin.manifest;
        let text = toml::to_string(manifest)
            .map_err(|error| DatasetError::Manifest { place: manifest.name.clone(), message: error.to_string() })?;
        let notes: String = self.notes.iter().map(|note| format!("# unsure: {note}\n")).collect();
        Ok(notes + &text)
    }
}

/// What no folder says.
const UNKNOWN: &str = "origin = \"not given: where it comes from\"\nlicence = \"not given\"\n";

/// So few folders may be sources rather than patients.
const FEW: usize = 10;

/// A layout to try, and what is not sure about it.
#[derive(Clone)]
struct Guess {
    layout: Layout,
    classes: Vec<Class>,
    notes: Vec<String>,
}

/// The layout that makes the most cases of `folder`, as a manifest called `name`.
///
/// An error says why the most likely layout does not fit, or that nothing looks like images with masks.
pub fn import(folder: &Path, name: &str) -> Result<Import, DatasetError> {
    let listing = Listing::of(folder)?;
    let mut best: Option<Import> = None;
    // a JSON file need not be annotations: why it is none matters only if nothing else looks like a set
    let (mut refused, mut no_coco) = (None, None);
    for guess in guesses(folder, &listing) {
        let refused = if matches!(guess.layout, Layout::Coco(_)) { &mut no_coco } else { &mut refused };
        match tried(folder, name, guess.clone()).or_else(|error| first_volume(folder, name, guess).ok_or(error)) {
            Ok(found) if best.as_ref().is_none_or(|best| found.dataset.cases.len() > best.dataset.cases.len()) => {
                best = Some(found);
            }
            Ok(_) => {}
            Err(error) => drop(refused.get_or_insert(error)),
        }
    }
    let nothing = || DatasetError::Empty {
        place: folder.display().to_string(),
        expected:
            "pictures, NIfTI or DICOM files with masks whose folder or name says mask, label, seg or gt, or a COCO \
                   JSON file; write datasets/NAME.toml by hand for anything else (datasets/README.md)"
                .to_owned(),
    };
    let mut best = best.ok_or_else(|| refused.or(no_coco).unwrap_or_else(nothing))?;
    best.notes.extend(unused::notes(folder, &listing, &best.dataset));
    Ok(best)
}

/// The guess for files of several volumes: the first of them.
fn first_volume(folder: &Path, name: &str, mut guess: Guess) -> Option<Import> {
    let Layout::Nifti(volumes) = &mut guess.layout else { return None };
    volumes.volume = Some(0);
    guess.notes.push("layout.volume: files hold several volumes, of which the first is taken".to_owned());
    tried(folder, name, guess).ok()
}

fn tried(folder: &Path, name: &str, guess: Guess) -> Result<Import, DatasetError> {
    let Guess { layout, classes, mut notes } = guess;
    let below = folder.file_name().and_then(|name| name.to_str()).unwrap_or(name);
    let head = format!("name = {name:?}\ntitle = {name:?}\n{UNKNOWN}[layout]\nkind = \"busi\"\n");
    let mut manifest = Manifest::parse(&head, name)?;
    manifest.folder = (below != name).then(|| below.to_owned());
    manifest.classes = classes;
    manifest.layout = layout;
    // what will be written must read back
    let manifest = Manifest::parse(&toml::to_string(&manifest).unwrap_or_default(), name)?;
    let mut dataset = Dataset::at(Origin { manifest, folder: Some(folder.to_owned()) })?;
    let subjects: BTreeSet<&str> = dataset.cases.iter().map(|case| case.subject.as_str()).collect();
    if subjects.len() == dataset.cases.len() && dataset.cases.len() > 1 {
        notes.push(
            "layout.images: every image is its own subject; name {subject} there, or layout.table.subject, else \
            images of one patient may be in training and test"
                .to_owned(),
        );
    }
    let by_folder = dataset.origin.manifest.layout.expectation().contains("{subject}/");
    if by_folder && subjects.len() <= FEW && dataset.cases.len() > subjects.len() {
        let names = subjects.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        notes.push(format!(
            "layout.images: {} folders ({names}{}) are taken for subjects; if they are sources or hospitals, write \
             {{series}} for {{subject}} in images and masks",
            subjects.len(),
            if subjects.len() > 3 { ", …" } else { "" }
        ));
    }
    let manifest = &mut dataset.origin.manifest;
    for case in &dataset.cases {
        *manifest.expected.entry(case.class).or_default() += 1;
    }
    manifest.expected_subjects = Some(subjects.len());
    manifest.partition = part::partition(&manifest.layout, &dataset.cases);
    notes.push("origin, licence, citation: not given".to_owned());
    Ok(Import { dataset, notes })
}

fn guesses(folder: &Path, listing: &Listing) -> Vec<Guess> {
    let mut guesses = coco(listing);
    for kind in [Kind::Nifti, Kind::Dicom, Kind::Picture] {
        let whole = patterns(listing, kind, Parts::Together);
        let apart = patterns(listing, kind, Parts::Apart);
        // of images in several parts, a mask must name the part too: each part may count from 1
        let in_parts = |image: &String| image.contains("{series}") && !apart.0.contains(image);
        let pairs = paired(&whole).into_iter().filter(|(images, masks)| {
            !images.iter().any(in_parts) || masks.iter().all(|mask| mask.contains("{series}"))
        });
        // where only some parts have masks, each part is looked at alone
        let alone = if apart == whole { vec![] } else { paired(&apart) };
        for (images, masks) in pairs.chain(alone) {
            guesses.extend(described(folder, listing, kind, (&images, &masks)));
        }
    }
    guesses
}

/// The likeliest images, each with the likeliest masks.
fn paired((images, masks): &(Vec<String>, Vec<String>)) -> Vec<(Vec<String>, Vec<String>)> {
    let images = together::without_endings(images.clone()).into_iter().take(4);
    // several masks of one image lie in one folder; another folder holds another version of them
    let with_masks = |images: Vec<String>| {
        let masks = together::by_folder(&images, masks).into_iter().take(4);
        masks.map(|masks| (images.clone(), masks)).collect::<Vec<_>>()
    };
    images.flat_map(with_masks).collect()
}

/// Of images, and of what may be their masks.
fn patterns(listing: &Listing, kind: Kind, parts: Parts) -> (Vec<String>, Vec<String>) {
    let masks = match kind {
        // beside a series, any volume or picture is a mask, whatever it is called
        Kind::Dicom => [Kind::Nifti, Kind::Picture]
            .into_iter()
            .flat_map(|kind| [Role::Mask, Role::Image].map(|role| listing.patterns(kind, role, parts)))
            .collect::<Vec<_>>()
            .concat(),
        kind => listing.patterns(kind, Role::Mask, parts),
    };
    (listing.patterns(kind, Role::Image, parts), masks)
}

/// Classes and subjects for images and masks: by a table if one says them, else by names, else unknown.
fn described(folder: &Path, listing: &Listing, kind: Kind, patterns: (&[String], &[String])) -> Option<Guess> {
    let whole = (together::with_whole_case(patterns.0), together::with_whole_case(patterns.1));
    let found = table::find(folder, listing, &whole.0);
    let note = found.as_ref().and_then(|found| found.note.clone());
    let mut guess = match found.and_then(|found| Some((found.table?, found.labels))) {
        Some(table) => guess(folder, kind, (&whole.0, &whole.1), Some(table)),
        None => guess(folder, kind, patterns, None),
    }?;
    guess.notes.extend(note);
    Some(guess)
}

fn guess(
    folder: &Path,
    kind: Kind,
    patterns: (&[String], &[String]),
    table: Option<(Table, BTreeMap<String, Class>)>,
) -> Option<Guess> {
    let image = patterns.0.first()?;
    let (table, labels) = table.map(|(table, labels)| (Some(table), labels)).unwrap_or_default();
    let by_table = table.as_ref().is_some_and(|table: &Table| table.class.is_some());
    let class = (!image.contains("{class}") && !by_table).then_some(Class::Unknown);
    let images = Patterns::try_from_texts(patterns.0).ok()?;
    let masks = Patterns::try_from_texts(patterns.1).ok()?;
    let mask_values = mask_values(folder, kind, &masks);
    let sure = [
        (
            class.is_none(),
            "layout.class: names and tables say no class; give \"benign\" or \"malignant\" (and edit classes)",
        ),
        (
            !image.contains("{subject}") || image.contains("{subject}/"),
            "layout.images: what comes before the first _ is taken for the subject",
        ),
        (
            table.as_ref().is_none_or(|table| table.subject.is_some()) || image.contains("{subject}"),
            "layout.table.subject: no column that looks like a patient",
        ),
        (
            mask_values == MaskRule::Half,
            "layout.mask_values: a mask has no bright value, so that all but black is the tumour",
        ),
    ];
    let notes = sure.into_iter().filter(|(sure, _)| !sure).map(|(_, note)| note.to_owned()).collect();
    let pairs = Pairs { images, masks, mask_values, class, labels, table };
    let layout = match kind {
        Kind::Nifti => Layout::Nifti(volumes(pairs)),
        Kind::Dicom => Layout::Dicom(volumes(pairs)),
        Kind::Picture | Kind::Table | Kind::Json => Layout::Pairs(pairs),
    };
    Some(Guess { layout, classes: classes(class), notes })
}

fn volumes(Pairs { images, masks, class, labels, table, .. }: Pairs) -> Volumes {
    let (slices, align) = (Slices::default(), Align::default());
    Volumes {
        images,
        masks,
        slices,
        volume: None,
        window: [1.0, 99.0],
        mask_labels: vec![],
        align,
        class,
        labels,
        table,
    }
}

fn classes(class: Option<Class>) -> Vec<Class> {
    match class {
        Some(class) => vec![class, Class::Normal],
        None => vec![Class::Benign, Class::Malignant, Class::Normal],
    }
}

/// Whether one of the first masks that are not black lacks bright values.
fn mask_values(folder: &Path, kind: Kind, masks: &Patterns) -> MaskRule {
    if kind != Kind::Picture {
        return MaskRule::Half;
    }
    let files = super::layout::Root::new(folder).and_then(|root| root.files(masks)).unwrap_or_default();
    let dim = files
        .iter()
        .take(20)
        .any(|file| mask_from_file(&file.path).is_err_and(|e| e.to_string().contains("no value above")));
    if dim { MaskRule::Nonzero } else { MaskRule::Half }
}

fn coco(listing: &Listing) -> Vec<Guess> {
    let folders: Vec<Option<String>> =
        std::iter::once(None).chain(listing.picture_folders().into_iter().map(Some)).collect();
    let layouts = listing.json_files().into_iter().take(8).flat_map(|file| {
        folders.iter().flat_map(move |images| {
            let file = file.clone();
            [None, Some(Class::Unknown)].map(move |class| (file.clone(), images.clone(), class))
        })
    });
    let guess = |(annotations, images, class): (String, Option<String>, Option<Class>)| {
        let pattern = Patterns::try_from_texts(&["{case}".to_owned()]).ok()?.first()?;
        let (labels, ignore) = (BTreeMap::new(), Vec::new());
        let mut notes =
            vec!["layout.pattern: name {subject} there if file names say it, e.g. \"{subject}_{case}.png\"".to_owned()];
        if class.is_some() {
            notes.push(
                "layout.class: no category is called benign or malignant; give layout.labels instead of it".to_owned(),
            );
        }
        let classes = classes(class);
        let layout = Layout::Coco(Coco { annotations, images, pattern, class, labels, ignore, table: None });
        Some(Guess { layout, classes, notes })
    };
    layouts.filter_map(guess).collect()
}

#[cfg(test)]
mod tests;
