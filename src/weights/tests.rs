//! Files that PyTorch and safetensors wrote (`tests/golden/weights.py`), hostile ones, and damaged ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Expected {
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights").join(name)
}

fn refusal(name: &str) -> String {
    open(&golden(name)).expect_err(name).to_string()
}

#[test]
fn every_format_gives_the_numbers_that_torch_reads() {
    let text = std::fs::read_to_string(golden("expected.json")).expect("expected.json");
    let files: BTreeMap<String, BTreeMap<String, Expected>> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(files.len(), 9);
    for (name, expected) in files {
        let file = open(&golden(&name)).expect(&name);
        assert_eq!(file.tensors.len(), expected.len(), "{name}");
        for tensor in &file.tensors {
            let expected = &expected[&tensor.name];
            assert_eq!(tensor.shape, expected.shape, "{name} {}", tensor.name);
            match tensor.dtype.is_real() {
                true => assert_eq!(tensor.read().expect(&name), expected.numbers, "{name} {}", tensor.name),
                false => assert_eq!(tensor.read(), Err("int64 are no real numbers".to_owned())),
            }
        }
    }
}

#[test]
fn a_training_scripts_dictionary_is_opened_and_the_rest_named() {
    let file = open(&golden("nested.pth")).expect("nested");
    assert_eq!(file.inside.as_deref(), Some("state_dict.module"));
    assert_eq!(file.outside, ["optimizer.state.0"]);
    let names: Vec<&str> = file.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names[..2], ["features.0.bias", "features.0.weight"]);
    assert_eq!(names[4], "features.10.weight");
}

#[test]
fn what_comes_before_a_known_networks_names_is_taken_off_if_there_is_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file.safetensors");
    let opened = |names: &[(&str, &[usize])]| {
        let tensor = |(name, shape): &(&str, &[usize])| {
            ((*name).to_owned(), shape.to_vec(), vec![0.5; shape.iter().product::<usize>()])
        };
        let tensors: Vec<_> = names.iter().map(tensor).collect();
        write_safetensors(&mut std::fs::File::create(&path).expect("a file"), &tensors).expect("written");
        open(&path).expect("readable")
    };
    let (first, second): (&[usize], &[usize]) = (&[64, 3, 3, 3], &[64, 64, 3, 3]);
    for prefix in ["backbone.", "encoder.", "net.features_extractor.", "module.a.b."] {
        let names = ["features.0.weight", "features.2.weight"].map(|name| format!("{prefix}{name}"));
        let file = opened(&[(&names[0], first), (&names[1], second), ("head.weight", &[2])]);
        assert_eq!(file.inside.as_deref(), Some(prefix.trim_end_matches('.')));
        let found: Vec<&str> = file.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!((found, file.outside), (vec!["features.0.weight", "features.2.weight"], vec!["head.weight".into()]));
    }
    let two = opened(&[
        ("a.features.0.weight", first),
        ("a.features.2.weight", second),
        ("b.features.0.weight", first),
        ("b.features.2.weight", second),
    ]);
    assert_eq!((two.inside, two.tensors.len()), (None, 4));
}

#[test]
fn hostile_files_are_refused_by_name_and_nothing_runs() {
    for name in ["hostile.pth", "hostile_legacy.pth"] {
        let error = refusal(name);
        assert!(error.contains("posix.system") && error.contains("nothing was run"), "{error}");
    }
    assert!(!PathBuf::from("hostile.txt").exists());
    assert!(refusal("deflated.pth").contains("is compressed"));
    // 10^12 numbers: of a stretched view of four, and of a storage that has four
    assert!(refusal("stretched.pth").contains("1000000000000"), "{}", refusal("stretched.pth"));
    assert!(refusal("beyond.pth").contains("needs 1000000000000 elements"), "{}", refusal("beyond.pth"));
}

/// What is checked is what is read: no second table of contents, no name that an extra field changes.
#[test]
fn a_zip_that_can_be_read_in_two_ways_is_refused() {
    for (name, reason) in [
        ("two_tables.pth", "there may be a second table"),
        ("two_beginnings.pth", "may begin at"),
        ("renamed.pth", "an extra field that renames or moves it"),
    ] {
        assert!(refusal(name).contains(reason), "{}", refusal(name));
    }
    let zip = std::fs::read(golden("zip.pth")).expect("a file");
    let last = zip.len() - 22;
    let changed = |at: usize, bytes: &[u8]| {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("file");
        let mut zip = zip.clone();
        zip[at..at + bytes.len()].copy_from_slice(bytes);
        std::fs::write(&path, zip).expect("written");
        open(&path).expect_err("changed").message
    };
    // counts of all ones, a comment, another disk; zip64's record with another number, its locator with another place
    for (at, bytes, reason) in [
        (last + 8, &[0xff; 4][..], "zip64"),
        (last + 12, &[0xff; 4], "zip64"),
        (last + 16, &[0xff; 4], "zip64"),
        (last + 20, &[1], "with a comment"),
        (last + 4, &[1], "several parts"),
        (last - 76 + 32, &[9], "there may be a second table"),
        (last - 20 + 8, &[0], "there may be a second table"),
    ] {
        assert!(changed(at, bytes).contains(reason), "{at}: {}", changed(at, bytes));
    }
}

fn safetensors_of(table: &str, numbers: usize) -> Result<WeightsFile, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    let mut bytes = (table.len() as u64).to_le_bytes().to_vec();
    bytes.extend(table.as_bytes());
    bytes.extend(vec![0; numbers]);
    std::fs::write(&path, bytes).expect("written");
    open(&path).map_err(|error| error.message)
}

#[test]
fn windows_of_safetensors_lie_side_by_side_in_the_file() {
    let one = |shape: &str, from: u64, to: u64| {
        format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[{from},{to}]}}}}")
    };
    assert!(safetensors_of(&one("[2]", 0, 8), 8).is_ok());
    assert!(safetensors_of(&one("[2]", 0, 8), 4).expect_err("short").contains("bytes 0 to 8"));
    assert!(safetensors_of(&one("[2]", 0, 8), 12).expect_err("long").contains("12 bytes of numbers"));
    assert!(safetensors_of(&one("[3]", 0, 8), 8).expect_err("shape").contains("does not take 8 bytes"));
    assert!(safetensors_of(&one("[2]", 4, 12), 12).expect_err("a gap").contains("expected to begin at 0"));
    assert!(safetensors_of(&one("[1000000000000]", 0, 8), 8).expect_err("10^12").contains("more than"));
    assert!(safetensors_of(&one("[4294967296,4294967296]", 0, 8), 8).expect_err("2^64").contains("more than"));
    let overlap = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\
                   \"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}";
    assert!(safetensors_of(overlap, 6).expect_err("overlap").contains("bytes 2 to 6; expected to begin at 4"));
    let strange = one("[2]", 0, 8).replace("F32", "F8_E4M3");
    assert!(safetensors_of(&strange, 8).expect_err("float8").contains("\"F8_E4M3\""));
}

#[test]
fn a_table_of_2_to_the_60_bytes_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    let mut bytes = (1u64 << 60).to_le_bytes().to_vec();
    bytes.extend(b"{}");
    std::fs::write(&path, bytes).expect("written");
    assert!(open(&path).expect_err("2^60").to_string().contains("a table of 1152921504606846976 bytes"));
}

#[test]
fn what_is_written_is_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file.safetensors");
    let tensors = [("b".to_owned(), vec![2, 1], vec![1.5, -0.0]), ("a".to_owned(), vec![], vec![3.0])];
    write_safetensors(&mut std::fs::File::create(&path).expect("a file"), &tensors).expect("written");
    let file = open(&path).expect("readable");
    let read = |i: usize| (file.tensors[i].name.as_str(), file.tensors[i].read().expect("numbers"));
    assert_eq!((read(0), read(1)), (("a", vec![3.0]), ("b", vec![1.5, -0.0])));
}

#[test]
fn numbers_that_are_not_finite_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file.safetensors");
    let tensors = [("a".to_owned(), vec![2], vec![1.0, f32::NAN])];
    write_safetensors(&mut std::fs::File::create(&path).expect("a file"), &tensors).expect("written");
    let error = open(&path).expect("a table").tensors[0].read().expect_err("NaN");
    assert_eq!(error, "tensor \"a\": number 1 is NaN; expected finite numbers");
}

/// Whatever happens to a file, it is read or refused: no panic, no allocation that its length does not justify.
#[test]
fn damaged_files_are_read_or_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("file");
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut refused = 0;
    let names = ["zip.pth", "legacy.pth", "tar.pth", "nested.pth", "plain.safetensors"];
    for round in 0..1500 {
        let mut bytes = std::fs::read(golden(names[round % names.len()])).expect("a file");
        let at = rng.next_u64() as usize % bytes.len();
        match round % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (rng.next_u64() % 8),
            _ => {
                let end = bytes.len().min(at + 8);
                rng.fill_bytes(&mut bytes[at..end]);
            }
        }
        std::fs::write(&path, &bytes).expect("written");
        match open(&path) {
            Err(_) => refused += 1,
            Ok(file) => file.tensors.iter().for_each(|tensor| drop(tensor.read())),
        }
    }
    assert!((400..1500).contains(&refused), "{refused}");
}

#[test]
fn a_name_never_leads_out_of_the_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = WeightsRoot::new(dir.path().join("weights"));
    std::fs::create_dir(dir.path().join("weights")).expect("made");
    std::fs::write(dir.path().join("secret"), "x").expect("written");
    for name in ["../secret", "/etc/passwd", "", "a/../../secret"] {
        assert!(root.file(name).expect_err(name).message.contains("inside of the weights' folder"), "{name}");
    }
    std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("weights/link")).expect("linked");
    assert!(root.file("link").expect_err("a link").message.contains("leads out of"));
    let error = root.file("vgg16-397923af.pth").expect_err("missing").message;
    assert!(error.contains("https://download.pytorch.org/models/vgg16-397923af.pth"), "{error}");
    assert!(error.contains("begins with 397923af") && error.contains("drop the arm's \"weights\" key"), "{error}");
}
