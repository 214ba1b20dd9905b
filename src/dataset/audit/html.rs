//! The report as one file: the images of each group side by side, nothing loaded from elsewhere, nothing executed.

use std::collections::HashMap;
use std::fmt::Write;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use rayon::prelude::*;

use super::text::{evidence, text};
use super::{Audit, Group, Pair, Straddle};
use crate::dataset::sheet::outlined;
use crate::dataset::{Case, Dataset};
use crate::markup;

/// Height of a picture, and its JPEG quality.
const PICTURE_PX: u32 = 220;
const QUALITY: u8 = 80;

/// The page. `whole` is the data set that was looked at; a picture that cannot be decoded any more is left out.
pub fn html(audit: &Audit, whole: &Dataset, straddles: Option<&[Straddle]>) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Audit of {name}</title>\n<style>{STYLE}</style>\n\
         <h1>Audit of {name}</h1>\n<pre>{}</pre>\n",
        markup::html(&text(audit, straddles)),
        name = markup::html(&audit.dataset),
    );
    let pictures = pictures(audit, whole);
    let sections = [
        ("Duplicates: the same frame", &audit.duplicate_groups),
        ("Neighbours: frames of one sweep", &audit.neighbour_groups),
    ];
    for (heading, groups) in sections {
        let _ = writeln!(page, "<h2>{heading}</h2>");
        groups.iter().for_each(|group| page += &section(group, audit, &pictures));
    }
    page + "</html>\n"
}

const STYLE: &str = "body{font:14px sans-serif;margin:2em;background:#fff;color:#222}section{border-top:1px solid #ccc;\
    padding:.6em 0}figure{display:inline-block;margin:0 .6em 0 0;vertical-align:top}figcaption{font-size:12px}\
    pre{max-height:30em;overflow:auto;background:#f4f4f4;padding:1em}ul{font-size:12px;margin:.3em 0}.two{background:#fff0e0}";

/// The pictures of a group, and the evidence for it.
fn section(group: &Group, audit: &Audit, pictures: &HashMap<String, String>) -> String {
    let class = if group.labels.len() > 1 { " class=\"two\"" } else { "" };
    let mut section = format!("<section{class}>\n");
    for id in &group.cases {
        let picture = pictures.get(id).map(|uri| format!("<img alt=\"\" src=\"{uri}\">")).unwrap_or_default();
        let _ = writeln!(section, "<figure>{picture}<figcaption>{}</figcaption></figure>", markup::html(id));
    }
    section += "<ul>\n";
    let inside = |pair: &&Pair| group.cases.contains(&pair.first) && group.cases.contains(&pair.other);
    for pair in audit.pairs.iter().filter(inside) {
        let line = format!("{} = {}: {}", pair.first, pair.other, evidence(pair));
        let _ = writeln!(section, "<li>{}</li>", markup::html(&line));
    }
    section + "</ul></section>\n"
}

/// Each picture once, although a case may be in two groups.
fn pictures(audit: &Audit, whole: &Dataset) -> HashMap<String, String> {
    let groups = audit.duplicate_groups.iter().chain(&audit.neighbour_groups);
    let mut cases: Vec<&Case> = groups.flat_map(|group| &group.cases).filter_map(|id| whole.case(id)).collect();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases.dedup_by(|a, b| a.id == b.id);
    cases.par_iter().filter_map(|case| Some((case.id.clone(), data_uri(&picture(case)?)?))).collect()
}

/// The image with the contour of its reference.
fn picture(case: &Case) -> Option<RgbImage> {
    let pixels = case.pixels().ok()?;
    let (width, height) = pixels.image.dimensions();
    let width = (u64::from(width) * u64::from(PICTURE_PX) / u64::from(height)).clamp(1, 4 * u64::from(PICTURE_PX));
    let small = imageops::resize(&pixels.image, width as u32, PICTURE_PX, FilterType::Triangle);
    Some(outlined(small, &pixels.reference, case.class))
}

fn data_uri(picture: &RgbImage) -> Option<String> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(picture).ok()?;
    Some(markup::data_uri("image/jpeg", &jpeg))
}
