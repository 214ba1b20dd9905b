//! A spec's profile from its start to its masks of new images and its weights for PyTorch.

use std::path::PathBuf;

use image::{DynamicImage, GenericImageView, Rgb, RgbImage};
use seglab::weights::open;
use serde_json::Value;

use crate::lab::{Lab, SPEC, fails, stderr, stdout};

const PROFILE: &str = "[profile.quick]\nepochs = 1\nwidth = 0.5\nsubset = 8\n";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("tiny.toml", format!("{SPEC}{PROFILE}").replace("width = 0.03125", "width = 0.0625"));
    let output = lab.run(&["run", "tiny.toml", "--profile", "quick", "--headless"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("tiny@quick: 8 of 12 subjects take part"), "{}", stdout(&output));
    lab
}

fn only_run(lab: &Lab) -> PathBuf {
    let mut runs = std::fs::read_dir(lab.path().join("results/tiny@quick")).expect("runs of the profile");
    runs.next().expect("one").expect("a run").path()
}

#[test]
fn runs_of_a_profile_have_a_name_of_their_own_and_their_table_says_so() {
    let lab = lab();
    assert!(!lab.path().join("results/tiny").exists());
    for spec in ["tiny@quick", "tiny.toml@quick"] {
        let table = stdout(&lab.run(&["compare", spec]));
        assert!(table.contains("profile quick of tiny, not its full size; 8 of 12 subjects"), "{table}");
    }
    let plan = std::fs::read_to_string(only_run(&lab).join("plan.toml")).expect("a plan");
    assert!(plan.contains("width = 0.03125") && plan.contains("subjects = 8"), "{plan}");
    fails(&lab, &["run", "tiny.toml", "--profile", "fast", "--headless"], &["no profile \"fast\"", "quick"]);
    lab.write("wrong.toml", format!("{SPEC}{PROFILE}loss = {{ name = \"dice\" }}\n"));
    let line = format!("wrong.toml:{}", SPEC.lines().count() + PROFILE.lines().count() + 1);
    fails(&lab, &["run", "wrong.toml@quick", "--headless"], &[&line, "unknown field `loss`"]);
}

#[test]
fn a_finished_run_predicts_images_at_their_own_size_and_never_over_what_is_there() {
    let lab = lab();
    let grey = |x: u32, y: u32| Rgb([((x * 7 + y * 3) % 251) as u8; 3]);
    lab.write("in/notes.txt", "no image");
    RgbImage::from_fn(50, 41, grey).save(lab.path().join("in/a.png")).expect("an image");
    RgbImage::from_fn(32, 32, grey).save(lab.path().join("in/b.png")).expect("an image");
    let predict = ["predict", "tiny@quick/net", "in", "--out", "masks", "--tta", "flip"];
    let output = lab.run(&predict);
    assert!(output.status.success() && stderr(&output).contains("notes.txt: no image"), "{}", stderr(&output));
    let picture = |folder: &str, name: &str| -> DynamicImage {
        image::open(lab.path().join("masks").join(folder).join(name)).expect("a picture")
    };
    for folder in ["masks", "probabilities", "overlays"] {
        assert_eq!(
            (picture(folder, "a.png").dimensions(), picture(folder, "b.png").dimensions()),
            ((50, 41), (32, 32))
        );
    }
    let probability = picture("probabilities", "a.png").into_luma16();
    let mask = picture("masks", "a.png").into_luma8();
    // within a step of one half, the file cannot tell
    let is_clear = |p: u16| p.abs_diff(u16::MAX / 2) > 1;
    let agree = |mask: u8, p: u16| (mask == 255) == (p > u16::MAX / 2);
    assert!(mask.pixels().zip(probability.pixels()).all(|(mask, p)| !is_clear(p.0[0]) || agree(mask.0[0], p.0[0])));
    let rows = std::fs::read_to_string(lab.path().join("masks/shapes.csv")).expect("rows");
    assert!(rows.lines().count() == 3 && rows.contains("\na,50,41,"), "{rows}");
    let text = std::fs::read_to_string(lab.path().join("masks/predict.json")).expect("JSON");
    let provenance: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&provenance["images"], &provenance["mirrored_too"]), (&2.into(), &true.into()));
    fails(&lab, &predict, &["predictions in it already", "--out"]);
    // What cannot be read keeps nothing else back.
    std::fs::create_dir(lab.path().join("mixed")).expect("a folder");
    std::fs::copy(lab.path().join("in/a.png"), lab.path().join("mixed/a.png")).expect("copied");
    lab.write("mixed/torn.png", "no image");
    let mixed = ["predict", "tiny@quick/net", "mixed", "--out", "some"];
    fails(&lab, &mixed, &["torn.png", "1 of 2 images could not be read"]);
    let rows = std::fs::read_to_string(lab.path().join("some/shapes.csv")).expect("rows");
    assert!(rows.lines().count() == 2 && rows.contains("\na,50,41,"), "{rows}");
    fails(&lab, &["predict", "tiny@quick/net", "nowhere", "--out", "x"], &["nowhere"]);
    fails(&lab, &["predict", "in", "in", "--out", "x"], &["no run among"]);
}

#[test]
fn exported_weights_have_pytorchs_names_and_a_card() {
    let lab = lab();
    let export = ["weights", "export", "tiny@quick/net", "--out", "net.safetensors"];
    let output = lab.run(&export);
    assert!(output.status.success(), "{}", stderr(&output));
    let file = open(&lab.path().join("net.safetensors")).expect("safetensors");
    let shape = |name: &str| file.tensors.iter().find(|tensor| tensor.name == name).map(|tensor| tensor.shape.clone());
    // 64 channels at a width of 1/32
    assert_eq!(shape("encoder.stages.0.blocks.0.conv.weight"), Some(vec![2, 3, 3, 3]));
    let card = std::fs::read_to_string(lab.path().join("net.md")).expect("a card");
    for words in ["Not a medical device", "Twelve small phantoms", "| DSC |", "8 of 12 subjects", "no patient's image"]
    {
        assert!(card.contains(words), "{words}: {card}");
    }
    fails(&lab, &export, &["net.md is there already"]);
    fails(&lab, &["weights", "export", "tiny@quick/nobody"], &["no run or arm tiny@quick/nobody"]);
}
