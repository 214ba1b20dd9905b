use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use image::{GrayImage, Luma};
use sha2::{Digest, Sha256};

use super::stratum::lesion_shares;
use super::*;
use crate::dataset::{Class, DataRoots, Dataset, Manifest, Origin, hex};

/// Phantoms of `subjects` patients, three images each.
fn phantoms(subjects: usize) -> Dataset {
    let text =
        include_str!("../../../datasets/breast-us.toml").replace("subjects = 80", &format!("subjects = {subjects}"));
    let manifest = Manifest::parse(&text.replace("size_px = 128", "size_px = 48"), "breast-us").expect("valid");
    Dataset::at(Origin { folder: None, manifest }).expect("built in")
}

/// A folder in BUSI's layout, one tumour image for each name, and what its manifest says besides.
fn files(names: &[&str], manifest: &str) -> (tempfile::TempDir, Dataset) {
    let folder = tempfile::tempdir().expect("a folder");
    for class in ["benign", "malignant"] {
        std::fs::create_dir_all(folder.path().join(class)).expect("a folder");
    }
    for name in names {
        for file in [format!("{name}.png"), format!("{name}_mask.png")] {
            GrayImage::from_pixel(4, 4, Luma([255])).save(folder.path().join("benign").join(file)).expect("an image");
        }
    }
    let head = "name = \"few\"\ntitle = \"\"\norigin = \"\"\nlicence = \"\"\n";
    let text = format!("{head}{manifest}\n[layout]\nkind = \"busi\"\n");
    let manifest = Manifest::parse(&text, "few").expect("valid");
    let dataset = Dataset::at(Origin { folder: Some(folder.path().to_owned()), manifest }).expect("listable");
    (folder, dataset)
}

fn division(keys: &str) -> Division {
    toml::from_str(keys).expect("valid keys")
}

fn splits(keys: &str, dataset: &Dataset, leak: Leak) -> Result<Vec<Split>, SplitError> {
    Divider::new(&division(keys), dataset)?.splits(leak)
}

fn honest(keys: &str, dataset: &Dataset) -> Vec<Split> {
    splits(keys, dataset, Leak::None).expect("enough subjects")
}

fn message(keys: &str, dataset: &Dataset, leak: Leak) -> String {
    splits(keys, dataset, leak).expect_err("refused").to_string()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

#[test]
fn splits_are_those_of_the_first_version() {
    let dataset = Dataset::open("breast-us", &DataRoots::new(None)).expect("built in");
    for (keys, digest) in
        [("folds = 5\nvalid = 0.15", "2fe413cc4e2c1aac"), ("folds = 4\nvalid = 0.25\nseed = 3", "4525c4f3a25b960f")]
    {
        let text: String =
            honest(keys, &dataset).iter().map(|split| toml::to_string(split).expect("strings")).collect();
        assert_eq!(hex(&Sha256::digest(text))[..16], *digest, "{keys}");
    }
}

#[test]
fn every_case_is_tested_exactly_once() {
    let dataset = phantoms(20);
    for keys in ["folds = 3\nvalid = 0.2", "folds = 6\nvalid = 0.2", "folds = 9\nvalid = 0.2"] {
        let splits = honest(keys, &dataset);
        let mut tested: Vec<&str> = splits.iter().flat_map(Split::test).collect();
        tested.sort_unstable();
        let mut all: Vec<&str> = dataset.cases.iter().map(|c| c.id.as_str()).collect();
        all.sort_unstable();
        assert_eq!(tested, all);
    }
}

#[test]
fn the_parts_cover_all_cases_and_share_no_subject() {
    let dataset = phantoms(20);
    for split in honest("folds = 4\nvalid = 0.2\nseed = 7", &dataset) {
        let ids: BTreeSet<&str> = split.train().chain(split.valid()).chain(split.test()).collect();
        assert_eq!(ids.len(), dataset.cases.len());
        assert_eq!(split.train().len() + split.valid().len() + split.test().len(), dataset.cases.len());
        assert!(split.in_training().is_empty() && split.warning().is_none());
    }
}

#[test]
fn classes_are_spread_over_the_folds() {
    let dataset = phantoms(40);
    for split in honest("folds = 5\nvalid = 0.2\nseed = 7", &dataset) {
        let malignant = split.test().filter(|id| dataset.case(id).expect("a case").class == Class::Malignant);
        assert_eq!((malignant.count(), split.test().len()), (12, 24));
    }
}

#[test]
fn a_part_held_out_is_the_same_share_of_each_class() {
    let dataset = phantoms(40);
    let [split] = &honest("holdout = 0.2\nvalid = 0.25", &dataset)[..] else { panic!("one split") };
    // 20 subjects a class: 4 tested, 4 of the other 16 validate, three images each
    let of = |class, ids: &mut dyn Iterator<Item = &str>| {
        ids.filter(|id| dataset.case(id).expect("a case").class == class).count()
    };
    for class in [Class::Benign, Class::Malignant] {
        assert_eq!((of(class, &mut split.test()), of(class, &mut split.valid())), (12, 12));
    }
    assert_ne!(honest("holdout = 0.2\nvalid = 0.25\nseed = 1", &dataset)[0], *split);
}

#[test]
fn strata_of_size_have_their_share_of_every_fold() {
    let dataset = phantoms(36);
    let shares = lesion_shares(&dataset.cases).expect("phantoms draw");
    let mut sizes: BTreeMap<(Class, &str), Vec<f64>> = BTreeMap::new();
    for (case, share) in dataset.cases.iter().zip(shares) {
        sizes.entry((case.class, &case.subject)).or_default().push(share);
    }
    let mut third_of: BTreeMap<&str, (Class, usize)> = BTreeMap::new();
    for class in [Class::Benign, Class::Malignant] {
        let mut subjects: Vec<(f64, &str)> = Vec::new();
        for ((_, subject), shares) in sizes.iter_mut().filter(|((own, _), _)| *own == class) {
            shares.sort_by(f64::total_cmp);
            subjects.push((shares[1], subject)); // the median of three
        }
        subjects.sort_by(|a, b| a.0.total_cmp(&b.0));
        third_of.extend(subjects.iter().enumerate().map(|(rank, (_, subject))| (*subject, (class, rank / 6))));
    }
    let counts = |ids: &mut dyn Iterator<Item = &str>| {
        let mut counts: BTreeMap<(Class, usize), usize> = BTreeMap::new();
        ids.for_each(|id| *counts.entry(third_of[&*dataset.case(id).expect("a case").subject]).or_default() += 1);
        counts.into_values().collect::<Vec<_>>()
    };
    // 18 subjects a class, 6 a third: each of three folds tests two of them, and one of the other four validates
    for split in honest("folds = 3\nvalid = 0.25\nstratify = \"class+size\"", &dataset) {
        assert_eq!((counts(&mut split.test()), counts(&mut split.valid())), (vec![6; 6], vec![3; 6]));
    }
    let by_class = honest("folds = 3\nvalid = 0.25", &dataset);
    assert!(by_class.iter().any(|split| counts(&mut split.test()) != vec![6; 6]));
}

#[test]
fn a_subject_in_two_parts_is_refused_also_from_a_plan() {
    let cases = phantoms(2).cases;
    let (one, same) = (&cases[0], &cases[1]);
    assert_eq!(one.subject, same.subject);
    let leak = Split::new(&[one], &[], &[same]).expect_err("same subject");
    assert!(matches!(leak, SplitError::Leak(found) if found[0].first == "train" && found[0].second == "test"));
    let text = "train = [[\"a\", \"p\"]]\nvalid = []\ntest = [[\"b\", \"p\"]]\n";
    let error = toml::from_str::<Split>(text).expect_err("same subject").to_string();
    assert!(error.contains("subject \"p\" is in train and in test"), "{error}");
    let marked: Split = toml::from_str(&format!("leak = \"images\"\n{text}")).expect("it says that it leaks");
    assert_eq!(marked.in_training(), BTreeSet::from(["b"]));
    let warning = "protocol leaks (split by image): 1 of 1 test images are of subjects also in training";
    assert_eq!(marked.warning().as_deref(), Some(warning));
    let twice = "leak = \"doubled\"\ntrain = [[\"a\", \"p\"]]\nvalid = []\ntest = [[\"a\", \"p\"]]\n";
    assert!(toml::from_str::<Split>(twice).is_err(), "one name in two parts");
}

#[test]
fn too_few_subjects_name_the_empty_part() {
    let error = message("folds = 5\nvalid = 0.2", &phantoms(3), Leak::None);
    assert!(error.contains("part of fold") && error.contains("is empty"), "{error}");
}

#[test]
fn keys_that_make_no_split_are_refused() {
    for (keys, says) in [
        ("folds = 1\nvalid = 0.2", "folds = 1, run = 1: expected folds ≥ 2"),
        ("folds = 3\nrun = 4\nvalid = 0.2", "run = 4"),
        ("folds = 3", "missing valid"),
        ("holdout = 1.0\nvalid = 0.2", "holdout = 1: expected 0 < holdout < 1"),
        ("holdout = 0.2\nvalid = nan", "valid = NaN"),
        ("holdout = 0.2\nrun = 1\nvalid = 0.2", "holdout is one split"),
        ("holdout = 0.2\nfolds = 5\nvalid = 0.2", "expected one of folds, holdout, file"),
        ("valid = 0.2", "expected one of folds, holdout, file"),
        ("published = false", "expected one of folds, holdout, file"),
        ("folds = 3\nvalid = 0.2\nstratify = \"size\"", "class+size"),
        ("folds = 3\nvalid = 0.2\nshuffle = true", "unknown field `shuffle`"),
    ] {
        let error = toml::from_str::<Division>(keys).expect_err(keys).to_string();
        assert!(error.contains(says), "{keys}: {error}");
    }
    for keys in
        ["folds = 5\nrun = 1\nvalid = 0.15\nseed = 0\n", "published = true\nseed = 0\nstratify = \"class+size\"\n"]
    {
        assert_eq!(toml::to_string(&division(keys)).expect("as it was written"), keys);
    }
}

#[test]
fn nn_unets_val_is_the_test_part() {
    let (folder, dataset) = files(&["a", "b", "c", "d", "e", "f"], "");
    let text = r#"[{"train": ["f", "a", "c", "d"], "val": ["b"]}, {"train": ["a", "b", "c"], "val": ["f", "d"]}]"#;
    let path = write(folder.path(), "splits_final.json", text);
    let splits = honest(&format!("file = {path:?}\nvalid = 0.25"), &dataset);
    let tested: Vec<Vec<&str>> = splits.iter().map(|split| split.test().collect()).collect();
    assert_eq!(tested, [vec!["b"], vec!["d", "f"]]);
    assert_eq!((splits[0].train().len(), splits[0].valid().len()), (3, 1));
    assert_eq!(honest(&format!("file = {path:?}\nrun = 1\nvalid = 0.25"), &dataset).len(), 1);
    assert!(message(&format!("file = {path:?}"), &dataset, Leak::None).contains("no case validates"));
    assert!(message(&format!("file = {path:?}\nvalid = 0.25\nrun = 3"), &dataset, Leak::None).contains("2 splits"));
}

#[test]
fn a_file_that_parts_a_subject_is_refused_unless_it_is_said_to_leak() {
    let dataset = phantoms(4);
    let ids: Vec<&str> = dataset.cases.iter().map(|case| case.id.as_str()).collect();
    let (test, train): (Vec<_>, Vec<_>) = ids.iter().enumerate().partition(|(i, _)| i % 3 == 0);
    let names = |part: Vec<(usize, &&str)>| part.into_iter().map(|(_, id)| id.to_string()).collect::<Vec<_>>();
    let text = serde_json::json!([{ "train": names(train), "val": names(test) }]).to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let keys = format!("file = {:?}\nvalid = 0.25", write(folder.path(), "leaky.json", &text));
    let error = message(&keys, &dataset, Leak::None);
    for subject in dataset.cases.iter().map(|case| &case.subject) {
        assert!(error.contains(&format!("subject \"{subject}\" is in train and in test")), "{error}");
    }
    assert!(error.contains("leaky.json: split 0"), "{error}");
    let marked = &splits(&keys, &dataset, Leak::Images).expect("it says that it leaks")[0];
    assert_eq!((marked.leak(), marked.in_training().len()), (Leak::Images, 4));
    assert!(message(&keys, &dataset, Leak::Doubled).contains("folds or holdout"));
}

#[test]
fn splits_survive_both_formats() {
    let dataset = phantoms(20);
    let folder = tempfile::tempdir().expect("a folder");
    let drawn = "folds = 4\nvalid = 0.2\nseed = 9\nstratify = \"class+size\"";
    let made = honest(drawn, &dataset);
    let file = SplitsFile::of("breast-us", division(drawn).describe(), &made);
    let whole = write(folder.path(), "splits.json", &file.to_json(Exchange::Seglab));
    assert_eq!(honest(&format!("file = {whole:?}"), &dataset), made);
    assert!(message(&format!("file = {whole:?}\nvalid = 0.2"), &dataset, Leak::None).contains("leave valid"));
    let two = write(folder.path(), "splits_final.json", &file.to_json(Exchange::NnUnet));
    let again = format!("file = {two:?}\nvalid = 0.2\nseed = 9\nstratify = \"class+size\"");
    assert_eq!(honest(&again, &dataset), made, "the same share validates");
}

#[test]
fn files_that_do_not_fit_say_why() {
    let (folder, dataset) = files(&["a", "b", "c"], "");
    for (text, says) in [
        (r#"[{"train": ["a", "x"], "val": ["b"]}]"#, "the data set few has no case \"x\""),
        (r#"[{"train": ["a", "b"], "val": ["b"]}]"#, "case \"b\" is in train and again in test"),
        (r#"[{"train": ["a", "c"], "val": []}]"#, "the test part of fold 0 is empty"),
        (r#"[{"train": ["a"], "val": ["b"], "test": ["c"]}]"#, "unknown field `test`"),
        ("[]", "no splits"),
        (r#"{"schema": 2, "splits": [{"train": [], "test": []}]}"#, "schema 2, expected 1"),
        ("nonsense", "line 1 column"),
    ] {
        let path = write(folder.path(), "s.json", text);
        let error = message(&format!("file = {path:?}\nvalid = 0.5"), &dataset, Leak::None);
        assert!(error.contains(says) && error.contains("s.json"), "{text}: {error}");
    }
    assert!(message("file = \"no/such.json\"\nvalid = 0.5", &dataset, Leak::None).contains("no/such.json"));
}

#[test]
fn a_published_partition_is_taken_as_it_is() {
    let partition = "partition = { file = \"parts.csv\" }";
    let (folder, dataset) = files(&["a", "b", "c", "d"], partition);
    write(folder.path(), "parts.csv", "case,part\nd,Test\na,train\nb,train\nc,validation\nleft out,train\n");
    let [split] = &honest("published = true", &dataset)[..] else { panic!("one split") };
    let parts = [split.train().collect::<Vec<_>>(), split.valid().collect(), split.test().collect()];
    assert_eq!(parts, [vec!["a", "b"], vec!["c"], vec!["d"]]);
    for (text, says) in [
        ("case,part\na,train\nb,train\nc,test\n", "no row of case \"d\""),
        ("case,part\na,train\nb,train\nc,test\nd,3\n", "case \"d\": part \"3\""),
        ("case,part\na,train\nb,train\nc,test\nd,test\nd,train\n", "case \"d\" is in test and in train"),
        ("id,part\na,train\n", "no column \"case\"; columns: id, part"),
    ] {
        write(folder.path(), "parts.csv", text);
        let error = message("published = true", &dataset, Leak::None);
        assert!(error.contains(says) && error.contains("parts.csv"), "{error}");
    }
    let (_folder, outside) = files(&["a"], "partition = { file = \"../parts.csv\" }");
    assert!(message("published = true", &outside, Leak::None).contains("inside this folder"));
    let (_folder, none) = files(&["a"], "");
    assert!(message("published = true", &none, Leak::None).contains("published without a partition"));
}

#[test]
fn the_parts_may_be_in_the_ids() {
    let partition = "partition = { ids = \"{series}_{case}\" }";
    let (_folder, dataset) = files(&["Train_1", "train_2", "val_1", "test_1"], partition);
    let [split] = &honest("published = true", &dataset)[..] else { panic!("one split") };
    let parts = [split.train().count(), split.valid().count(), split.test().count()];
    assert_eq!(parts, [2, 1, 1]);
    let (_folder, other) = files(&["train_1", "extra_1"], partition);
    assert!(message("published = true", &other, Leak::None).contains("\"extra_1\": part \"extra\", expected train"));
    let (_folder, unfit) = files(&["train_1", "x"], partition);
    assert!(message("published = true", &unfit, Leak::None).contains("\"x\" is not of the form"));
}

#[test]
fn published_folds_are_tested_in_turn() {
    let partition =
        "partition = { file = \"5-fold-cv.csv\", case = \"ID\", part = \"kFold\", pattern = \"bus_{case}\" }";
    let (folder, dataset) = files(&["a", "b", "c", "d", "e", "f"], partition);
    write(
        folder.path(),
        "5-fold-cv.csv",
        "\u{feff}ID,Side,kFold\nbus_a,left,10\nbus_b,left,2\nbus_c,right,2\nbus_d,left,9\nbus_e,left,9\nbus_f,left,10\n",
    );
    let splits = honest("published = true\nvalid = 0.25", &dataset);
    let tested: Vec<Vec<&str>> = splits.iter().map(|split| split.test().collect()).collect();
    assert_eq!(tested, [["b", "c"], ["d", "e"], ["a", "f"]]);
    assert_eq!(honest("published = true\nrun = 2\nvalid = 0.25", &dataset)[..], splits[..2]);
}

#[test]
fn images_dealt_one_by_one_leak_their_subjects() {
    let dataset = phantoms(30);
    for split in splits("folds = 5\nvalid = 0.15", &dataset, Leak::Images).expect("90 images") {
        assert_eq!(split.leak(), Leak::Images);
        let subject = |id: &str| &dataset.case(id).expect("a case").subject;
        let known = split.test().filter(|id| split.train().any(|other| subject(other) == subject(id)));
        assert_eq!(split.in_training(), known.collect());
        // the two others of a test image are in training but for a chance of 1 − (1 − 0.68)² each
        assert!(split.test().len() == 18 && split.in_training().len() >= 12, "{}", split.in_training().len());
    }
}

#[test]
fn a_doubled_image_is_there_twice_under_two_names() {
    let dataset = phantoms(30);
    let splits = splits("folds = 5\nvalid = 0.15", &dataset, Leak::Doubled).expect("180 images");
    let tested: BTreeSet<&str> = splits.iter().flat_map(Split::test).collect();
    assert_eq!(tested.len(), 180);
    for name in tested {
        assert!(dataset.case(original(name, Leak::Doubled)).is_some(), "{name}");
    }
    assert_eq!(original("a #2", Leak::Images), "a #2");
    assert!(splits.iter().all(|split| split.in_training().len() > 30), "of 36");
    let (_folder, taken) = files(&["a", "a #2"], "");
    assert!(message("folds = 2\nvalid = 0.5", &taken, Leak::Doubled).contains("already has a case \"a #2\""));
}

#[test]
fn a_subset_keeps_the_classes_share_and_whole_subjects_and_grows_without_dropping_any() {
    let chosen = |count: usize, seed: u64| {
        let mut dataset = phantoms(20);
        dataset.cases.retain(|case| case.class == Class::Malignant || case.subject.as_str() < "us-010");
        let subset = Subset::take(count, seed, &mut dataset);
        let subjects: BTreeMap<String, (Class, usize)> = dataset.cases.iter().fold(BTreeMap::new(), |mut map, case| {
            map.entry(case.subject.clone()).or_insert((case.class, 0)).1 += 1;
            map
        });
        (subset, subjects)
    };
    let (subset, six) = chosen(6, 1);
    // 5 benign and 10 malignant subjects: of six, two and four
    assert_eq!(subset.map(|s| s.to_string()).as_deref(), Some("6 of 15 subjects"));
    assert_eq!(six.values().filter(|(class, _)| *class == Class::Benign).count(), 2);
    assert!(six.len() == 6 && six.values().all(|(_, images)| *images == 3));
    let (_, nine) = chosen(9, 1);
    assert!(nine.len() == 9 && six.keys().all(|subject| nine.contains_key(subject)));
    assert_ne!(chosen(6, 2).1, six);
    assert_eq!((chosen(15, 1).0, chosen(15, 1).1.len()), (None, 15));
}
