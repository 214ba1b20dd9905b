//! Masks meet their slices: pictures and NIfTI masks of DICOM series whose names, positions and gaps differ.

use std::path::Path;

use image::GrayImage;
use seglab::dataset::{Dataset, DatasetError, Decoder, Manifest, Origin};
use tempfile::TempDir;

/// Columns and rows of a slice.
const SIDE: usize = 8;

const PICTURES: &str =
    "kind = \"dicom\"\nimages = \"{subject}/IM{slice}.dcm\"\nmasks = \"{subject}/m/{slice}.png\"\nclass = \"benign\"\n";
const UNNAMED: &str =
    "kind = \"dicom\"\nimages = \"{subject}/*.dcm\"\nmasks = \"{subject}/m/{slice}.png\"\nclass = \"benign\"\n";
const VOLUME: &str =
    "kind = \"dicom\"\nimages = \"{subject}/*.dcm\"\nmasks = \"{subject}/mask.nii\"\nclass = \"benign\"\n";
const BY_INDEX: &str = "align = \"index\"\n";

fn element(group: u16, number: u16, kind: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let padding = value.len() % 2;
    let length = value.len() + padding;
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend_from_slice(kind);
    if kind == b"OB" {
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&(length as u32).to_le_bytes());
    } else {
        bytes.extend_from_slice(&(length as u16).to_le_bytes());
    }
    bytes.extend_from_slice(value);
    bytes.extend(vec![b' '; padding]);
    bytes
}

/// Bright in column `bright` of each frame.
fn frame(bright: usize) -> Vec<u8> {
    (0..SIDE * SIDE).map(|i| if i % SIDE == bright { 200 } else { 0 }).collect()
}

/// A file whose frames are bright in the columns `bright`, at height `z_mm`.
fn dicom(bright: &[usize], z_mm: f64) -> Vec<u8> {
    let short = |number: u16| number.to_le_bytes();
    let side = short(SIDE as u16);
    let mut file = [vec![0; 128], b"DICM".to_vec(), element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")].concat();
    for element in [
        element(0x18, 0x50, b"DS", b"5"),
        element(0x20, 0x0e, b"UI", b"1.2.3\0"),
        element(0x20, 0x32, b"DS", format!("0\\0\\{z_mm}").as_bytes()),
        element(0x20, 0x37, b"DS", b"1\\0\\0\\0\\1\\0"),
        element(0x28, 0x04, b"CS", b"MONOCHROME2"),
        element(0x28, 0x08, b"IS", bright.len().to_string().as_bytes()),
        element(0x28, 0x10, b"US", &side),
        element(0x28, 0x11, b"US", &side),
        element(0x28, 0x30, b"DS", b"1\\1"),
        element(0x28, 0x100, b"US", &short(8)),
        element(0x28, 0x101, b"US", &short(8)),
        element(0x28, 0x102, b"US", &short(7)),
        element(0x28, 0x103, b"US", &short(0)),
        element(0x7fe0, 0x10, b"OB", &bright.iter().flat_map(|column| frame(*column)).collect::<Vec<_>>()),
    ] {
        file.extend(element);
    }
    file
}

/// A placed volume of bytes, slices 5 mm apart from 0; `volumes` of `depth` slices.
fn nifti(depth: usize, volumes: usize, values: &[u8]) -> Vec<u8> {
    let mut file = vec![0u8; 352];
    file[0..4].copy_from_slice(&348i32.to_le_bytes());
    let dim = [4, SIDE, SIDE, depth, volumes, 1, 1, 1].map(|side| side as u16);
    dim.iter().enumerate().for_each(|(i, side)| file[40 + 2 * i..42 + 2 * i].copy_from_slice(&side.to_le_bytes()));
    file[70..72].copy_from_slice(&2i16.to_le_bytes());
    file[72..74].copy_from_slice(&8i16.to_le_bytes());
    file[108..112].copy_from_slice(&352f32.to_le_bytes());
    file[254..256].copy_from_slice(&1i16.to_le_bytes());
    let rows = [[-1f32, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 5.0, 0.0]];
    for (i, value) in rows.as_flattened().iter().enumerate() {
        file[280 + 4 * i..284 + 4 * i].copy_from_slice(&value.to_le_bytes());
    }
    file[344..348].copy_from_slice(b"n+1\0");
    file.extend_from_slice(values);
    file
}

fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().expect("in a folder")).expect("temporary folder");
    std::fs::write(path, content).expect("temporary file");
}

/// File `k` at `heights_mm[k]`, bright in column `k`.
fn series(heights_mm: &[f64]) -> TempDir {
    let folder = TempDir::new().expect("temporary folder");
    for (k, z_mm) in heights_mm.iter().enumerate() {
        write(&folder, &format!("P1/IM{k:03}.dcm"), dicom(&[k], *z_mm));
    }
    folder
}

/// Picture `k` set in column `k`.
fn with_pictures(folder: TempDir, n: usize) -> TempDir {
    std::fs::create_dir_all(folder.path().join("P1/m")).expect("temporary folder");
    for k in 0..n {
        let bytes = frame(k).into_iter().map(|value| if value > 0 { 255 } else { 0 }).collect();
        let picture = GrayImage::from_raw(SIDE as u32, SIDE as u32, bytes).expect("a byte a pixel");
        picture.save(folder.path().join(format!("P1/m/{k}.png"))).expect("temporary image");
    }
    folder
}

/// The bright columns of an image, the set ones of its mask.
type Columns = (Vec<u32>, Vec<u32>);

/// Of each slice in its order.
fn slices(folder: &Path, layout: &str) -> Result<Vec<Columns>, DatasetError> {
    let head = "name = \"v\"\ntitle = \"v\"\norigin = \"drawn\"\nlicence = \"as seglab\"\n[layout]\n";
    let manifest = Manifest::parse(&format!("{head}{layout}slices = \"all\"\n"), "v.toml")?;
    let dataset = Dataset::at(Origin { manifest, folder: Some(folder.to_owned()) })?;
    let decoder = Decoder::default();
    let columns = |case| {
        let pixels = decoder.pixels(case)?;
        let bright = (0..SIDE as u32).filter(|x| pixels.image.get_pixel(*x, 0).0[0] > 127).collect();
        let set = (0..SIDE as u32).filter(|x| pixels.reference.get(*x as usize, 0) == Some(&true)).collect();
        Ok((bright, set))
    };
    dataset.cases.iter().map(columns).collect()
}

fn message(folder: &TempDir, layout: &str) -> String {
    slices(folder.path(), layout).expect_err("refused").to_string()
}

#[test]
fn a_picture_stays_with_its_file_when_positions_turn_the_order_round() {
    // the first file lies on top, as axial series are numbered
    let folder = with_pictures(series(&[15.0, 10.0, 5.0, 0.0]), 4);
    let expected: Vec<Columns> = [3, 2, 1, 0].map(|k| (vec![k], vec![k])).to_vec();
    assert_eq!(slices(folder.path(), PICTURES).expect("paired by {slice}"), expected);

    let refused = message(&folder, UNNAMED);
    assert!(refused.contains("IM003.dcm: lies before ") && refused.contains("IM002.dcm, but"), "{refused}");
    assert!(refused.contains("put {slice} into images and masks"), "{refused}");
    let by_index = slices(folder.path(), &format!("{UNNAMED}{BY_INDEX}")).expect("as asked for");
    assert_eq!(by_index[0], (vec![3], vec![0]));
}

#[test]
fn pictures_in_the_order_of_positions_need_no_number() {
    let folder = with_pictures(series(&[0.0, 5.0, 10.0]), 3);
    let expected: Vec<Columns> = [0, 1, 2].map(|k| (vec![k], vec![k])).to_vec();
    assert_eq!(slices(folder.path(), UNNAMED).expect("one order"), expected);
    assert_eq!(slices(folder.path(), PICTURES).expect("one order"), expected);
}

#[test]
fn a_file_without_its_picture_and_a_picture_without_its_file_are_named() {
    let folder = with_pictures(series(&[0.0, 5.0, 10.0]), 2);
    assert!(message(&folder, PICTURES).contains("IM002.dcm: no mask picture with its {slice}"));
    let folder = with_pictures(series(&[0.0, 5.0]), 3);
    assert!(message(&folder, PICTURES).contains("2.png: a mask picture without a file"));
}

#[test]
fn a_series_with_a_gap_has_no_places_for_a_mask() {
    let folder = series(&[0.0, 5.0, 10.0, 20.0, 25.0]);
    write(&folder, "P1/mask.nii", nifti(5, 1, &(0..5).flat_map(frame).collect::<Vec<_>>()));
    let refused = message(&folder, VOLUME);
    assert!(refused.contains("IM003.dcm: lies 10.00 mm from ") && refused.contains("IM002.dcm"), "{refused}");
    assert!(refused.contains("expected 5.00") && refused.contains("align = \"index\""), "{refused}");
    let by_index = slices(folder.path(), &format!("{VOLUME}{BY_INDEX}")).expect("as asked for");
    assert_eq!(by_index[4], (vec![4], vec![4]));
    // positions are written with few digits
    let even = series(&[0.0, 5.04, 9.97, 15.0, 20.0]);
    write(&even, "P1/mask.nii", nifti(5, 1, &(0..5).flat_map(frame).collect::<Vec<_>>()));
    assert_eq!(slices(even.path(), VOLUME).expect("within 0.1 mm")[3], (vec![3], vec![3]));
}

#[test]
fn frames_without_places_meet_a_placed_mask_only_if_asked_to() {
    let folder = TempDir::new().expect("temporary folder");
    write(&folder, "P1/multi.dcm", dicom(&[0, 1, 2], 0.0));
    write(&folder, "P1/mask.nii", nifti(3, 1, &[frame(0), frame(1), frame(2)].concat()));
    let refused = message(&folder, VOLUME);
    assert!(
        refused.contains("mask.nii: the mask says where it lies") && refused.contains("align = \"index\""),
        "{refused}"
    );
    let by_index = slices(folder.path(), &format!("{VOLUME}{BY_INDEX}")).expect("as asked for");
    assert_eq!(by_index[2], (vec![2], vec![2]));
}

#[test]
fn the_chosen_volume_of_a_mask_is_taken_too() {
    let folder = series(&[0.0, 5.0]);
    write(&folder, "P1/mask.nii", nifti(2, 2, &[frame(7), frame(7), frame(0), frame(1)].concat()));
    assert!(message(&folder, VOLUME).contains("holds 2 volumes; choose one, e.g. layout.volume = 0"));
    let second = slices(folder.path(), &format!("{VOLUME}volume = 1\n")).expect("the second of two");
    assert_eq!(second, [(vec![0], vec![0]), (vec![1], vec![1])]);
}
