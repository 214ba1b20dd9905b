//! Files that lie: mutated images, volumes, annotations and manifests give an answer or an error, never a panic, and take
//! no more memory than the limits that the errors name.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use seglab::dataset::{Dataset, DatasetError, Decoder, Manifest, Origin};
use tempfile::TempDir;

const HEAD: &str = "name = \"fuzz\"\ntitle = \"fuzz\"\norigin = \"drawn\"\nlicence = \"as seglab\"\n\
    classes = [\"benign\", \"malignant\", \"normal\", \"unknown\"]\n[layout]\n";
const PAIRS: &str = "kind = \"pairs\"\nimages = [\"i/{case}.png\", \"i/{case}.bmp\", \"i/{case}.jpg\"]\nmasks = \"m/{case}.png\"\nclass = \"benign\"\n";
const NIFTI: &str = "kind = \"nifti\"\nimages = [\"{subject}/t1.nii\", \"{subject}/t1.nii.gz\"]\n\
    masks = \"{subject}/mask.nii.gz\"\nclass = \"benign\"\nslices = \"all\"\nvolume = 0\n";
const DICOM: &str = "kind = \"dicom\"\nimages = \"{subject}/{series}/*.dcm\"\nmasks = \"{subject}/{series}.nii.gz\"\nclass = \"unknown\"\n";
const COCO: &str = "kind = \"coco\"\nannotations = \"annotations.json\"\nimages = \"pictures\"\n\
    pattern = \"{subject}_{case}.png\"\nlabels = { fibroadenoma = \"benign\" }\n";

/// Mutations of each file; all together take about ten seconds.
const MUTATIONS: usize = 120;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sources").join(name)
}

fn manifest(layout: &str) -> Manifest {
    Manifest::parse(&format!("{HEAD}{layout}"), "fuzz.toml").expect("a valid manifest")
}

fn open(folder: &Path, layout: &str) -> Result<Dataset, DatasetError> {
    Dataset::at(Origin { manifest: manifest(layout), folder: Some(folder.to_owned()) })
}

/// Opens and decodes everything; the largest side that was decoded.
fn read(folder: &Path, layout: &str) -> Result<u32, DatasetError> {
    let dataset = open(folder, layout)?;
    let decoder = Decoder::default();
    let mut largest = 0;
    for case in &dataset.cases {
        let pixels = decoder.pixels(case)?;
        assert_eq!(pixels.reference.size(), (pixels.image.width() as usize, pixels.image.height() as usize));
        largest = largest.max(pixels.image.width()).max(pixels.image.height());
    }
    Ok(largest)
}

fn copied(from: &Path, files: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("temporary folder");
    for name in files {
        write(&folder, name, std::fs::read(from.join(name)).expect(name));
    }
    folder
}

fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().expect("in a folder")).expect("temporary folder");
    std::fs::write(path, content).expect("temporary file");
}

/// Bits flipped, cut short, numbers made extreme (half of them where headers are), pieces repeated.
fn mutated(whole: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let below = |n: usize, random: &mut ChaCha8Rng| random.next_u64() as usize % n.max(1);
    match below(4, random) {
        0 => (0..=below(8, random)).for_each(|_| bytes[below(whole.len(), random)] ^= 1 << below(8, random)),
        1 => bytes.truncate(below(whole.len(), random)),
        2 => {
            let reach = if below(2, random) == 0 { whole.len().min(400) } else { whole.len() };
            let at = below(reach, random);
            let extremes: [&[u8]; 8] = [
                &[0xff; 2],
                &[0; 2],
                &[0xff, 0x7f],
                &[0xff; 4],
                &[0; 4],
                &[0, 0, 0xc0, 0x7f],
                &[0xff, 0xff, 0xff, 0x7f],
                &[0xff; 8],
            ];
            let extreme = extremes[below(extremes.len(), random)];
            bytes.iter_mut().skip(at).zip(extreme).for_each(|(byte, extreme)| *byte = *extreme);
        }
        _ => {
            let (at, length) = (below(whole.len(), random), below(64, random));
            let piece: Vec<u8> = whole.iter().skip(below(whole.len(), random)).take(length).copied().collect();
            drop(bytes.splice(at..at, piece));
        }
    }
    bytes
}

/// Source: PNG specification, annex D.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    })
}

/// A PNG file whose chunks have the checksums of their content, as far as chunks can be told apart: without it every
/// mutation would end there. Anything else stays as it is.
fn with_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut at = 8;
    while bytes.starts_with(b"\x89PNG\r\n\x1a\n") && at + 12 <= bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
        let Some(end) = at.checked_add(8 + length).filter(|end| end + 4 <= bytes.len()) else { break };
        let crc = crc32(&bytes[at + 4..end]);
        bytes[end..end + 4].copy_from_slice(&crc.to_be_bytes());
        at = end + 4;
    }
    bytes
}

/// Each of `victims` mutated in turn, the others whole; at least one reading of the mutations must fail, and the whole
/// folder must be readable.
fn fuzz(folder: &TempDir, layout: &str, victims: &[&str], seed: u64) {
    read(folder.path(), layout).expect("whole");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut refused = 0;
    for victim in victims {
        let whole = std::fs::read(folder.path().join(victim)).expect("whole");
        for _ in 0..MUTATIONS {
            write(folder, victim, with_checksums(mutated(&whole, &mut random)));
            match read(folder.path(), layout) {
                Ok(side) => assert!(side <= 16_384, "{victim}: {side}"),
                Err(error) => {
                    assert!(!error.to_string().contains(|c: char| c.is_control()), "{error:?}");
                    refused += 1;
                }
            }
        }
        write(folder, victim, whole);
    }
    assert!(refused > 0, "no mutation of {victims:?} was refused");
}

#[test]
fn mutated_pictures_give_an_answer_or_an_error() {
    let folder = TempDir::new().expect("temporary folder");
    let picture = image::RgbImage::from_fn(19, 13, |x, y| image::Rgb([(x * 13) as u8, (y * 19) as u8, 7]));
    let mask = image::GrayImage::from_fn(19, 13, |x, y| image::Luma([if x + y < 9 { 255 } else { 0 }]));
    for (ending, name) in [("png", "a"), ("bmp", "b"), ("jpg", "c")] {
        write(&folder, &format!("i/{name}.{ending}"), []);
        write(&folder, &format!("m/{name}.png"), []);
        picture.save(folder.path().join(format!("i/{name}.{ending}"))).expect("temporary image");
        mask.save(folder.path().join(format!("m/{name}.png"))).expect("temporary image");
    }
    fuzz(&folder, PAIRS, &["i/a.png", "i/b.bmp", "i/c.jpg", "m/a.png"], 1);
}

#[test]
fn mutated_volumes_give_an_answer_or_an_error() {
    let files =
        ["i2le/t1.nii", "i2le/mask.nii.gz", "f4be/t1.nii", "f4be/mask.nii.gz", "u2le/t1.nii.gz", "u2le/mask.nii.gz"];
    let folder = copied(&golden("nifti"), &files);
    fuzz(&folder, NIFTI, &["i2le/t1.nii", "f4be/t1.nii", "f4be/mask.nii.gz", "u2le/t1.nii.gz"], 2);
}

#[test]
fn mutated_series_give_an_answer_or_an_error() {
    let names: Vec<String> = ["explicit", "implicit", "big"]
        .iter()
        .flat_map(|s| (0..5).map(move |n| format!("{s}/t1/IM{n}.dcm")).chain([format!("{s}/t1.nii.gz")]))
        .collect();
    let folder = copied(&golden("dicom"), &names.iter().map(String::as_str).collect::<Vec<_>>());
    fuzz(&folder, DICOM, &["explicit/t1/IM0.dcm", "implicit/t1/IM1.dcm", "big/t1/IM2.dcm"], 3);
}

#[test]
fn mutated_annotations_give_an_answer_or_an_error() {
    let pictures: Vec<String> = (0..24).map(|n| format!("pictures/P{}_{n:02}.png", n % 5)).collect();
    let mut files: Vec<&str> = pictures.iter().map(String::as_str).collect();
    files.push("annotations.json");
    fuzz(&copied(&golden("coco"), &files), COCO, &["annotations.json"], 4);
}

#[test]
fn mutated_manifests_give_an_answer_or_an_error() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for layout in [PAIRS, NIFTI, DICOM, COCO] {
        let whole = format!("{HEAD}{layout}");
        for _ in 0..4 * MUTATIONS {
            let text = String::from_utf8_lossy(&mutated(whole.as_bytes(), &mut random)).into_owned();
            let folder = TempDir::new().expect("temporary folder");
            if let Ok(manifest) = Manifest::parse(&text, "fuzz.toml") {
                assert!(Dataset::at(Origin { manifest, folder: Some(folder.path().to_owned()) }).is_err(), "{text}");
            }
        }
    }
}

/// A volume of `size` voxels of 64 bits whose file ends after `data`.
fn nifti(size: [u16; 3], data: &[u8]) -> Vec<u8> {
    let mut file = std::fs::read(golden("nifti/f8le/t1.nii.gz")).map(|_| vec![0u8; 352]).expect("made by sources.py");
    file[0..4].copy_from_slice(&348i32.to_le_bytes());
    let dim = [3u16, size[0], size[1], size[2], 1, 1, 1, 1];
    dim.iter().enumerate().for_each(|(i, side)| file[40 + 2 * i..42 + 2 * i].copy_from_slice(&side.to_le_bytes()));
    file[70..72].copy_from_slice(&64i16.to_le_bytes());
    file[72..74].copy_from_slice(&64i16.to_le_bytes());
    file[108..112].copy_from_slice(&352f32.to_le_bytes());
    // millimetres, along the axes: its mask says where it lies, so it must, too
    file[254..256].copy_from_slice(&1i16.to_le_bytes());
    [280, 300, 320].iter().for_each(|&at| file[at..at + 4].copy_from_slice(&1f32.to_le_bytes()));
    file[344..348].copy_from_slice(b"n+1\0");
    file.extend_from_slice(data);
    file
}

/// The message, and that it came before anything large was read.
fn refusal(folder: &TempDir, layout: &str) -> String {
    let start = Instant::now();
    let message = read(folder.path(), layout).expect_err("refused").to_string();
    assert!(start.elapsed() < Duration::from_secs(20), "{message}");
    message
}

#[test]
fn headers_that_promise_too_much_are_refused_with_the_limit() {
    let folder = copied(&golden("nifti"), &["i2le/mask.nii.gz"]);
    write(&folder, "i2le/t1.nii", nifti([32_767, 32_767, 32_767], &[]));
    assert!(refusal(&folder, NIFTI).ends_with("expected 1 to 16384 a side and at most 134217728 in all"));
    write(&folder, "i2le/t1.nii", nifti([11, 8, 5], &[1; 800]));
    let torn = refusal(&folder, NIFTI);
    assert!(torn.ends_with("t1.nii: ends after 100 of 440 voxels"), "{torn}");
}

#[test]
fn pictures_that_are_small_as_files_and_huge_as_pixels_are_refused_with_the_limit() {
    let folder = TempDir::new().expect("temporary folder");
    for name in ["i/a.png", "m/a.png"] {
        write(&folder, name, []);
        image::GrayImage::new(3, 2).save(folder.path().join(name)).expect("temporary image");
    }
    let whole = std::fs::read(folder.path().join("i/a.png")).expect("just written");
    for (victim, side, limit) in [
        ("i/a.png", 60_000u32, "60000×60000 px, at most 16384 a side"),
        ("i/a.png", 16_000, "16000×16000 px: 256 megapixels, at most 67"),
        ("m/a.png", 16_000, "16000×16000 px: 256 megapixels, at most 67"),
    ] {
        let mut bomb = whole.clone();
        bomb[16..20].copy_from_slice(&side.to_be_bytes());
        bomb[20..24].copy_from_slice(&side.to_be_bytes());
        write(&folder, victim, with_checksums(bomb));
        let message = refusal(&folder, PAIRS);
        assert!(message.ends_with(&format!("{victim}: {limit}")), "{message}");
        write(&folder, victim, &whole);
    }
}

#[test]
fn lengths_and_depths_of_dicom_elements_are_bounded_by_the_file() {
    let file = |tail: &[u8]| {
        let mut file = std::fs::read(golden("dicom/explicit/t1/IM0.dcm")).expect("made by sources.py");
        let at = file.windows(4).position(|w| w == [0x08, 0, 0x16, 0]).expect("SOPClassUID");
        file.truncate(at);
        file.extend_from_slice(tail);
        file
    };
    let folder = copied(&golden("dicom"), &["explicit/t1.nii.gz"]);
    // an OB value of 4 GiB, and a million sequences in each other
    write(&folder, "explicit/t1/IM0.dcm", file(&[0x08, 0, 0x17, 0, b'O', b'B', 0, 0, 0xfe, 0xff, 0xff, 0xff]));
    assert!(refusal(&folder, DICOM).contains("ends within 4294967294 bytes"));
    write(
        &folder,
        "explicit/t1/IM0.dcm",
        file(&[0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff].repeat(1 << 20)),
    );
    assert!(refusal(&folder, DICOM).contains("ends within"));
}

#[test]
fn annotations_neither_leave_the_folder_nor_draw_without_end() {
    let image = |name: &str, segmentation: &str| {
        format!(
            r#"{{"images": [{{"id": 1, "file_name": "{name}", "width": 8, "height": 8}}], "categories": [{{"id": 1, "name": "benign"}}],
            "annotations": [{{"image_id": 1, "category_id": 1, "segmentation": {segmentation}}}]}}"#
        )
    };
    let folder = TempDir::new().expect("temporary folder");
    write(&folder, "pictures/P_1.png", []);
    image::GrayImage::new(8, 8).save(folder.path().join("pictures/P_1.png")).expect("temporary image");
    let refused = |name: &str, segmentation: &str| {
        write(&folder, "annotations.json", image(name, segmentation));
        refusal(&folder, COCO)
    };
    assert!(refused("P_../../../etc/passwd.png", "[]").contains("is not of the form"));
    assert!(refused("P_1.png", "[[0, 0, 1e308, 0, 0, 1]]").contains("coordinate 1"));
    assert!(refused("P_1.png", "[[0, 0, 1]]").contains("a polygon of 3 numbers"));
    let far = format!("[[{}]]", ["-99999, 0, 99999, 1"; 9].join(", "));
    assert!(refused("P_1.png", &far).contains("a boundary of more than"));
    assert!(refused("P_1.png", r#"{"size": [8, 8], "counts": [18446744073709551615, 65]}"#).contains("add up"));
    assert!(refused("P_1.png", r#"{"size": [8, 8], "counts": "~~~~"}"#).contains("make no sense"));
    assert!(refused("P_1.png", r#"{"size": [9, 8], "counts": [72]}"#).contains("run lengths of 8×9 px"));
    assert!(refused("P_1.png", &"[".repeat(100_000)).contains("invalid type: sequence"));
}

#[cfg(unix)]
#[test]
fn nothing_outside_the_folder_is_read() {
    use std::os::unix::fs::symlink;
    let outside = TempDir::new().expect("temporary folder");
    write(&outside, "secret.csv", "id\n1\n");
    let folder = TempDir::new().expect("temporary folder");
    write(&folder, "i/1.png", []);
    write(&folder, "m/1.png", []);
    let table = |file: &str| format!("{PAIRS}[layout.table]\nfile = \"{file}\"\nkey = \"id\"\n");
    for file in ["../secret.csv", "/etc/passwd", "i/../../x", "C:/x", "a\\\\b"] {
        assert!(refusal(&folder, &table(file)).contains("is not a plain path below the folder"), "{file}");
    }
    symlink(outside.path().join("secret.csv"), folder.path().join("link.csv")).expect("link");
    assert!(refusal(&folder, &table("link.csv")).contains("a link out of"));
    symlink(outside.path(), folder.path().join("i2")).expect("link");
    let through = PAIRS.replace("i/{case}.png", "i2/{case}.csv");
    assert!(refusal(&folder, &through).contains("a link out of"));
    // a link to its own parent ends at the pattern's depth
    symlink(folder.path(), folder.path().join("i/round")).expect("link");
    assert!(open(folder.path(), PAIRS).is_ok());
}
