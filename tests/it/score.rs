//! Two folders of mask files in, scores out.

use std::fs;
use std::path::PathBuf;

use image::{GrayImage, Luma};
use seglab::postprocess::PostProcess;
use seglab::score::{Predicted, ScoreError, ScoreOptions, Scores, score_folders};
use tempfile::TempDir;

/// Two empty folders, `predictions` and `references`.
struct Folders(TempDir);

impl Folders {
    fn new() -> Self {
        let folders = Self(tempfile::tempdir().expect("a temporary folder"));
        for name in ["predictions", "references"] {
            fs::create_dir(folders.path(name)).expect("a new folder");
        }
        folders
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An 8-pixel row of which the first `tumour_px` are white.
    fn mask(&self, name: &str, tumour_px: u32) {
        self.row(name, |x| if x < tumour_px { 255 } else { 0 });
    }

    fn row(&self, name: &str, luma: impl Fn(u32) -> u8) {
        let image = GrayImage::from_fn(8, 1, |x, _| Luma([luma(x)]));
        image.save(self.path(name)).expect("the mask is written");
    }

    fn score(&self) -> Result<Scores, ScoreError> {
        score_folders(&self.path("predictions"), &self.path("references"), &ScoreOptions::default())
    }

    #[track_caller]
    fn error(&self) -> String {
        self.score().expect_err("must not be scored").to_string()
    }
}

#[track_caller]
fn assert_mentions(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "\"{word}\" is not in: {text}");
    }
}

#[test]
fn files_pair_by_name_whatever_their_extension() {
    let folders = Folders::new();
    folders.mask("predictions/benign (2).png", 4);
    folders.mask("predictions/a.b.PNG", 0);
    folders.mask("references/a.b.Jpg", 0);
    folders.mask("references/benign (2).jpeg", 4);
    fs::write(folders.path("predictions/about.txt"), "written by a tool").expect("a file");
    fs::write(folders.path("references/.DS_Store"), "").expect("a file");
    let scores = folders.score().expect("two pairs");
    let dsc: Vec<_> = scores.cases.iter().map(|case| (case.case.as_str(), case.counts.dsc())).collect();
    assert_eq!(dsc, [("a.b", None), ("benign (2)", Some(1.0))]);
}

#[test]
fn tumour_is_where_luma_is_above_127() {
    let folders = Folders::new();
    folders.row("predictions/a.png", |x| if x < 3 { 128 } else { 127 });
    folders.mask("references/a.png", 3);
    assert_eq!(folders.score().expect("one pair").cases[0].counts.dsc(), Some(1.0));
}

#[test]
fn json_is_the_contract() {
    let folders = Folders::new();
    folders.mask("predictions/a.png", 2);
    folders.mask("references/a.png", 4);
    folders.mask("predictions/b.png", 0);
    folders.mask("references/b.png", 0);
    let json = serde_json::to_value(folders.score().expect("two pairs")).expect("serialises");
    let expected = serde_json::json!({
        "schema": 1,
        "cases": [
            {"case": "a", "dsc": 4.0 / 6.0, "iou": 0.5, "miou": (0.5 + 4.0 / 6.0) / 2.0, "sensitivity": 0.5,
             "specificity": 1.0, "precision": 1.0, "accuracy": 0.75, "hd_px": 2.0, "hd95_px": 1.75, "assd_px": 0.5,
             "balanced_accuracy": 0.75, "f1": 4.0 / 6.0, "auc": null, "nsd": 1.0, "boundary_iou": 0.5,
             "boundary_dice": 4.0 / 6.0, "ece": null, "brier": null},
            {"case": "b", "dsc": null, "iou": null, "miou": null, "sensitivity": null,
             "specificity": 1.0, "precision": null, "accuracy": 1.0, "hd_px": null, "hd95_px": null, "assd_px": null,
             "balanced_accuracy": null, "f1": null, "auc": null, "nsd": null, "boundary_iou": null,
             "boundary_dice": null, "ece": null, "brier": null},
        ],
        "mean": {
            "dsc": {"mean": 4.0 / 6.0, "n": 1, "undefined": 1}, "iou": {"mean": 0.5, "n": 1, "undefined": 1},
            "miou": {"mean": (0.5 + 4.0 / 6.0) / 2.0, "n": 1, "undefined": 1},
            "sensitivity": {"mean": 0.5, "n": 1, "undefined": 1}, "specificity": {"mean": 1.0, "n": 2, "undefined": 0},
            "precision": {"mean": 1.0, "n": 1, "undefined": 1}, "accuracy": {"mean": 0.875, "n": 2, "undefined": 0},
            "hd_px": {"mean": 2.0, "n": 1, "undefined": 1}, "hd95_px": {"mean": 1.75, "n": 1, "undefined": 1},
            "assd_px": {"mean": 0.5, "n": 1, "undefined": 1},
            "balanced_accuracy": {"mean": 0.75, "n": 1, "undefined": 1},
            "f1": {"mean": 4.0 / 6.0, "n": 1, "undefined": 1}, "auc": {"mean": null, "n": 0, "undefined": 2},
            "nsd": {"mean": 1.0, "n": 1, "undefined": 1}, "boundary_iou": {"mean": 0.5, "n": 1, "undefined": 1},
            "boundary_dice": {"mean": 4.0 / 6.0, "n": 1, "undefined": 1},
            "ece": {"mean": null, "n": 0, "undefined": 2}, "brier": {"mean": null, "n": 0, "undefined": 2},
        },
    });
    assert_eq!(json, expected);
}

#[test]
fn probabilities_are_ranked_and_calibrated() {
    let folders = Folders::new();
    // tumour p = 1, .8, .2 and background .4 (5 px): all but five of fifteen pairs are won
    folders.row("predictions/a.png", |x| [255, 204, 51, 102, 102, 102, 102, 102][x as usize]);
    folders.mask("references/a.png", 3);
    let options = ScoreOptions { predicted: Predicted::Probability, ..ScoreOptions::default() };
    let scores = score_folders(&folders.path("predictions"), &folders.path("references"), &options);
    let case = &scores.expect("one pair").cases[0];
    let probabilities = case.probabilities.as_ref().expect("asked for");
    assert_eq!(probabilities.auc, Some(10.0 / 15.0));
    let squares: f64 = 0.2_f64.powi(2) + 0.8_f64.powi(2) + 5.0 * 0.4_f64.powi(2);
    assert!((probabilities.brier().expect("pixels") - squares / 8.0).abs() < 1e-6);
    assert_eq!(case.counts.sensitivity(), Some(2.0 / 3.0), "tumour is where p > ½");
}

#[test]
fn post_processing_shows_what_it_did() {
    let folders = Folders::new();
    folders.row("predictions/a.png", |x| if x < 3 || x == 6 { 255 } else { 0 });
    folders.mask("references/a.png", 3);
    let postprocess = PostProcess { largest_island: true, ..PostProcess::default() };
    let options = ScoreOptions { postprocess, ..ScoreOptions::default() };
    let scores = score_folders(&folders.path("predictions"), &folders.path("references"), &options).expect("one pair");
    let json = serde_json::to_value(&scores).expect("serialises");
    assert_eq!((&json["mean"]["dsc"]["mean"], &json["before"]["dsc"]["mean"]), (&1.0.into(), &(6.0 / 7.0).into()));
    assert!(scores.text().contains("before"), "{}", scores.text());
}

#[test]
fn a_file_without_a_partner_is_named() {
    let folders = Folders::new();
    folders.mask("predictions/both.png", 1);
    folders.mask("references/both.png", 1);
    folders.mask("predictions/spare.png", 1);
    for number in 1..=7 {
        folders.mask(&format!("references/missing {number}.png"), 1);
    }
    let error = folders.error();
    assert_mentions(&error, &["7 references without a prediction", "missing 1.png", "missing 5.png, …"]);
    assert_mentions(&error, &["1 predictions without a reference", "(spare.png)"]);
    assert!(!error.contains("missing 6"), "{error}");
}

#[test]
fn masks_of_different_size_are_an_error_with_both_sizes() {
    let folders = Folders::new();
    folders.mask("predictions/a.png", 1);
    GrayImage::new(4, 2).save(folders.path("references/a.png")).expect("the mask is written");
    assert_mentions(&folders.error(), &["a: ", "prediction is 8×1", "reference 4×2"]);
}

#[test]
fn a_file_that_does_not_decode_is_named() {
    let folders = Folders::new();
    folders.mask("references/a.png", 1);
    fs::write(folders.path("predictions/a.png"), "no image").expect("a file");
    assert_mentions(&folders.error(), &["predictions/a.png: "]);
}

#[test]
fn an_image_too_large_to_be_a_mask_is_refused() {
    let folders = Folders::new();
    folders.mask("references/a.png", 1);
    GrayImage::new(16_385, 1).save(folders.path("predictions/a.png")).expect("the mask is written");
    assert_mentions(&folders.error(), &["predictions/a.png: "]);
    let large = fs::File::create(folders.path("predictions/a.png")).expect("a file");
    large.set_len((64 << 20) + 1).expect("a sparse file");
    assert_mentions(&folders.error(), &["predictions/a.png: larger than 64 MiB"]);
}

#[test]
fn nothing_is_left_out_unsaid() {
    let folders = Folders::new();
    assert_mentions(&folders.error(), &["predictions: no mask found"]);
    folders.mask("predictions/a.png", 1);
    folders.mask("references/a.png", 1);
    fs::write(folders.path("references/b.tif"), "").expect("a file");
    assert_mentions(&folders.error(), &["references/b.tif: not read"]);
    fs::remove_file(folders.path("references/b.tif")).expect("it exists");
    folders.mask("predictions/a.jpg", 1);
    assert_mentions(&folders.error(), &["\"a\" has two files, a.jpg and a.png"]);
    let nowhere = score_folders(&folders.path("nowhere"), &folders.path("references"), &ScoreOptions::default())
        .expect_err("no such folder");
    assert_mentions(&nowhere.to_string(), &["nowhere: cannot list"]);
}
