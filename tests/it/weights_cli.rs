//! `seglab weights` as its users meet it.

use std::fs::File;

use seglab::weights::write_safetensors;
use serde_json::Value;

use crate::lab::{Lab, stderr, stdout};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/weights");

fn json(lab: &Lab, arguments: &[&str]) -> Value {
    let output = lab.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn a_file_is_inspected_imported_and_what_was_written_is_whole() {
    let lab = Lab::new();
    let layer = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec(), vec![0.5; shape.iter().product()]);
    let layers = [layer("features.0.weight", &[64, 3, 3, 3]), layer("features.2.weight", &[64, 64, 3, 3])];
    write_safetensors(&mut File::create(lab.path().join("vgg.safetensors")).expect("a file"), &layers)
        .expect("written");

    let seen = json(&lab, &["weights", "inspect", "vgg.safetensors", "--json"]);
    assert_eq!((&seen["architecture"], &seen["format"]), (&"VGG16".into(), &"safetensors".into()));
    assert_eq!(seen["tensors"][1]["shape"], serde_json::json!([64, 64, 3, 3]));
    assert_eq!(seen["sha256"].as_str().map(str::len), Some(64));

    let whole = ["weights", "import", "vgg.safetensors", "--model", "fgfeu-net", "--json", "--out", "own.safetensors"];
    let refused = lab.run(&whole);
    assert!(!refused.status.success() && !lab.path().join("own.safetensors").exists());
    let text = stderr(&refused);
    assert!(text.contains("18 not in the file") && text.contains("--partial"), "{text}");
    let import = [&whole[..], &["--partial"]].concat();
    let imported = json(&lab, &import);
    assert_eq!(imported["headline"], "VGG16: 2 of 20 tensors into encoder; the rest random");
    assert_eq!(imported["missing"].as_array().map(Vec::len), Some(18));
    let own = json(&lab, &["weights", "import", "own.safetensors", "--model", "fgfeu-net", "--json"]);
    assert_eq!((&own["missing"], &own["mismatched"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert!(own["headline"].as_str().is_some_and(|text| text.starts_with("own names: ")), "{own}");

    let again = lab.run(&import);
    assert!(!again.status.success());
    assert!(stderr(&again).contains("own.safetensors"), "{}", stderr(&again));
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_is_written() {
    let lab = Lab::new();
    for (file, expected) in [
        ("hostile.pth", "posix.system"),
        ("deflated.pth", "compress"),
        ("beyond.pth", "elements"),
        ("none.pth", "none.pth"),
    ] {
        let path = format!("{GOLDEN}/{file}");
        for arguments in [
            &["weights", "inspect", &path][..],
            &["weights", "import", &path, "--model", "fgfeu-net", "--out", "own.safetensors"],
        ] {
            let output = lab.run(arguments);
            assert!(!output.status.success(), "{arguments:?}");
            assert!(stderr(&output).contains(expected), "{file}: {}", stderr(&output));
        }
    }
    assert!(!lab.path().join("own.safetensors").exists());
}

#[test]
fn reasons_are_told_once_and_names_of_keras_ask_for_their_input() {
    let lab = Lab::new();
    let layer = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec(), vec![0.5; shape.iter().product()]);
    let write = |file: &str, layers: &[(String, Vec<usize>, Vec<f32>)]| {
        let mut file = File::create(lab.path().join(file)).expect("a file");
        write_safetensors(&mut file, layers).expect("written");
    };
    write(
        "vgg.safetensors",
        &[
            layer("features.0.weight", &[64, 3, 3, 3]),
            layer("features.2.weight", &[64, 64, 3, 3]),
            layer("features.24.bias", &[512]),
            layer("features.26.bias", &[512]),
        ],
    );
    let output = lab.run(&["weights", "import", "vgg.safetensors", "--model", "fgfeu-net"]);
    let text = stdout(&output);
    assert!(text.contains("the network has no such tensor: 2: features.24.bias, features.26.bias"), "{text}");

    write("keras.safetensors", &[layer("conv1_1.weight", &[64, 3, 3, 3]), layer("conv1_2.weight", &[64, 64, 3, 3])]);
    let import = ["weights", "import", "keras.safetensors", "--model", "fgfeu-net"];
    let silent = lab.run(&import);
    assert!(!silent.status.success());
    assert!(stderr(&silent).contains("--caffe or --imagenet"), "{}", stderr(&silent));
    for said in ["--caffe", "--imagenet"] {
        let output = lab.run(&[&import[..], &[said]].concat());
        // Caffe's shift needs the first bias, which this file lacks; either way it gets a number of the network's
        assert!(output.status.success(), "{said}: {}", stderr(&output));
    }
}
