//! Which patterns of a folder belong together.

use super::name::stem;
use crate::dataset::fold::Part;

/// Patterns that differ only in their ending, together.
pub(super) fn without_endings(patterns: Vec<String>) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    for pattern in patterns {
        match groups.iter_mut().find(|group| stem(&group[0]) == stem(&pattern)) {
            Some(group) => group.push(pattern),
            None => groups.push(vec![pattern]),
        }
    }
    groups
}

/// Patterns of masks that share a placeholder with `images` and are not of another part, those of one folder together.
pub(super) fn by_folder(images: &[String], masks: &[String]) -> Vec<Vec<String>> {
    let ties = |mask: &String| {
        ["{case}", "{subject}", "{slice}"]
            .iter()
            .any(|key| images.iter().all(|image| image.contains(key)) && mask.contains(key))
    };
    let part = |pattern: &String| pattern.split('/').find_map(Part::of);
    let elsewhere =
        |mask: &String| part(mask).is_some_and(|own| images.iter().filter_map(part).any(|part| part != own));
    let folder = |pattern: &str| pattern.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let mut folders: Vec<Vec<String>> = Vec::new();
    for mask in masks.iter().filter(|mask| ties(mask) && !elsewhere(mask)) {
        match folders.iter_mut().find(|group| folder(&group[0]) == folder(mask)) {
            Some(group) => group.push(mask.clone()),
            None => folders.push(vec![mask.clone()]),
        }
    }
    folders
}

/// The patterns with one placeholder for the whole name, as a table may list it.
pub(super) fn with_whole_case(patterns: &[String]) -> Vec<String> {
    let whole = |text: &String| text.replace("{subject}_{case}", "{case}").replace("{class}_{case}", "{case}");
    patterns.iter().map(whole).collect()
}
