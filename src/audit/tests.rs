use proptest::prelude::*;

use super::search::{Answer, search};
use super::shape::Ranges;
use super::*;
use crate::metric::Confusion;

const RATIO: Interval = Interval::RATIO;

fn values(c: &Confusion) -> [Option<f64>; 7] {
    [c.dsc(), c.iou(), c.miou(), c.sensitivity(), c.precision(), c.specificity(), c.accuracy()]
}

/// What a table prints: rounded to `decimals`.
fn printed(value: f64, decimals: u32) -> Interval {
    let unit = 10f64.powi(decimals as i32);
    Interval::printed((value * unit).round() / unit, decimals)
}

/// The means of the columns in `chosen`, each over the images that define it, as printed; `None` if one is of nothing.
fn means(images: &[Confusion], chosen: u8, decimals: u32) -> Option<Ranges> {
    let mut ranges: Ranges = [RATIO; _];
    for (i, range) in ranges.iter_mut().enumerate().take(7).filter(|(i, _)| chosen & (1 << i) > 0) {
        let defined: Vec<f64> = images.iter().filter_map(|c| values(c)[i]).collect();
        let mean = (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)?;
        *range = printed(mean, decimals);
    }
    Some(ranges)
}

/// Skewed: mostly small tumours, often good, sometimes missed, sometimes all over the place.
fn image() -> impl Strategy<Value = Confusion> {
    let share = prop_oneof![4 => 0.0..0.2, 2 => Just(0.0), 1 => 0.0..1.0, 1 => Just(1.0)];
    let size = prop_oneof![3 => 1u64..4000, 1 => 1u64..60_000, 1 => Just(0)];
    (size, share.clone(), share).prop_map(|(reference, missed, extra)| {
        let fn_ = (reference as f64 * missed) as u64;
        let background = 65_536 - reference;
        let fp = ((reference.max(500) as f64 * extra) as u64).min(background);
        Confusion { tp: reference - fn_, fp, fn_, tn: background - fp }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn audit_never_objects_to_one_matrix(c in image(), chosen in 1u8..128, decimals in 2u32..5) {
        prop_assume!(c.tp + c.fn_ > 0);
        let ranges = means(&[c], chosen, decimals);
        prop_assume!(ranges.is_some());
        let answer = search(&ranges.expect("assumed"), Aggregation::Pooled, Images::Any);
        prop_assert!(answer != Answer::No, "{c:?}");
    }

    /// Leaves undefined values out, as `metric::Aggregate` does: empty references and empty predictions included.
    #[test]
    fn audit_never_objects_to_a_set_of_images(
        images in prop::collection::vec(image(), 1..9), chosen in 1u8..128, decimals in 2u32..5
    ) {
        let ranges = means(&images, chosen, decimals);
        prop_assume!(ranges.is_some());
        let answer = search(&ranges.expect("assumed"), Aggregation::Mean, Images::EmptyLeftOut);
        prop_assert!(answer != Answer::No, "{images:?}");
    }

    /// A mean DSC above the harmonic mean of mean sensitivity and precision is impossible; so is a low mean IoU.
    #[test]
    fn audit_objects_to_a_number_moved_out_of_reach(
        images in prop::collection::vec(image(), 1..9), by in 0.003..0.02f64
    ) {
        let drawn: Vec<Confusion> = images.into_iter().filter(|c| c.tp > 0).collect();
        let ranges = means(&drawn, 0b0001_1001, 4);
        prop_assume!(ranges.is_some());
        let mut ranges = ranges.expect("assumed");
        let (s, p) = (ranges[Measure::Sensitivity as usize].high, ranges[Measure::Precision as usize].high);
        let most = 2.0 * s * p / (s + p) + by;
        prop_assume!(most < 0.999);
        ranges[Measure::Dsc as usize] = Interval::printed(most, 4);
        prop_assert_eq!(search(&ranges, Aggregation::Mean, Images::EmptyLeftOut), Answer::No);

        let mut ranges = means(&drawn, 0b0000_0001, 4).expect("as before");
        let dsc = ranges[Measure::Dsc as usize].low;
        let least = dsc / (2.0 - dsc) - by;
        prop_assume!(least > 0.001);
        ranges[Measure::Iou as usize] = Interval::printed(least, 4);
        prop_assert_eq!(search(&ranges, Aggregation::Mean, Images::EmptyLeftOut), Answer::No);
    }
}

fn row(name: &str) -> Finding {
    let of_row = |f: &Finding| f.kind == Kind::Row && f.row.as_deref() == Some(name);
    findings(published()).into_iter().find(of_row).expect("a finding")
}

/// 2·0.9435·0.8194/(0.9435 + 0.8194) = 0.8771 < 0.9015, and 2·0.9690·0.9222/(0.9690 + 0.9222) = 0.9450 < 0.9501.
#[test]
fn audit_calls_two_rows_of_p1_table_2_impossible_by_their_sensitivity_and_precision() {
    for (name, most) in [("tversky(0.3,0.7)", "0.877"), ("bce", "0.945")] {
        let found = findings(published());
        let of_table = |f: &&Finding| f.table.as_deref() == Some("p1-table2") && f.row.as_deref() == Some(name);
        let found = found.iter().find(of_table).expect("a finding");
        assert_eq!(found.certainty, Certainty::Impossible, "{found:?}");
        assert!(found.message.contains(most), "{}", found.message);
    }
}

/// 0.9802/(2 − 0.9802) = 0.9612, not 0.8645; with the background, 2·0.8645 − 0.9612 = 0.7678 of it would have to be
/// right, less than of the tumour: the tumour would be larger than the background.
#[test]
fn audit_leaves_combo_one_unlikely_way_out() {
    let combo = row("combo");
    assert_eq!(combo.certainty, Certainty::Implausible);
    assert!(combo.message.contains("0.961") && combo.message.contains("not 0.8645"), "{}", combo.message);
    let open: Vec<&Tried> = combo.readings.iter().filter(|t| t.verdict != Verdict::Impossible).collect();
    assert!(open.len() == 1 && open[0].reading == "mean over images, mIoU of tumour and background", "{open:?}");
}

/// 0.712 is not between 0.724 and 0.732; 0.850 = (0.900 + 0.800)/2 is.
#[test]
fn audit_wants_accuracy_between_sensitivity_and_specificity() {
    let found = findings(published());
    let rows = found.iter().filter(|f| f.table.as_deref() == Some("p2-table4"));
    let names: Vec<&str> = rows.filter_map(|f| f.row.as_deref()).collect();
    assert_eq!(names, ["vgg16", "inception-v3", "fcnn", "alexnet-tl"]);
}

#[test]
fn audit_finds_what_lies_across_tables() {
    let found = findings(published());
    let has = |kind, part: &str| found.iter().any(|f| f.kind == kind && f.message.contains(part));
    assert!(has(Kind::Repeat, "bce: train_loss 0.0161") && has(Kind::Repeat, "dice: test_loss 0.0874"));
    assert!(has(Kind::Count, "874") && has(Kind::Count, "420") && has(Kind::Sum, "114 + 251 = 365, not 366"));
    assert!(has(Kind::Grain, "112/117") && has(Kind::Conflict, "0.9836"));
    assert!(has(Kind::Doubt, "validation set") && has(Kind::Doubt, "mostly background"));
    assert!(!found.iter().any(|f| f.kind == Kind::MeanRow));
}

#[test]
fn audit_text_fits_80_columns_and_json_is_the_contract() {
    let found = findings(published());
    let text = render(published(), &found, Format::Text);
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    let json: serde_json::Value = serde_json::from_str(&render(published(), &found, Format::Json)).expect("JSON");
    assert_eq!((&json["schema"], &json["tables"][0]["id"]), (&1.into(), &"p1-table1".into()));
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(found.len()));
    let first = &json["findings"][0];
    assert_eq!((&first["kind"], &first["certainty"]), (&"row".into(), &"implausible".into()));
    assert_eq!(first["numbers"][0]["printed"], "0.9400");
}

const ONE: &str = r#"
[[table]]
id = "t"
title = "t"
source = "P t"
columns = ["dsc", "accuracy"]
decimals = 2
rows = [
  { name = "a", values = [0.9, 0.8] },
]
"#;

fn error(text: &str) -> String {
    Published::parse(text, "x.toml").expect_err("bad input").to_string()
}

#[test]
fn audit_names_the_line_of_a_typo() {
    assert!(error(&ONE.replace("decimals", "decimal")).starts_with("x.toml:7: unknown field `decimal`"));
    assert!(error(&ONE.replace("\"dsc\"", "\"dcs\"")).contains("\"dcs\": expected dsc, f1"));
}

#[test]
fn audit_refuses_numbers_that_are_none() {
    for (value, says) in [("1.2", "1.2"), ("nan", "NaN"), ("-0.1", "-0.1"), ("inf", "inf")] {
        assert!(error(&ONE.replace("0.9,", &format!("{value},"))).contains(says), "{value}");
    }
    assert!(error(&ONE.replace("0.9, 0.8", "0.9")).contains("row \"a\": 1 values"));
}

#[test]
fn audit_refuses_too_much_and_what_terminals_obey() {
    let many = "  { name = \"a\", values = [0.9, 0.8] },\n".repeat(1_000_000);
    assert!(error(&ONE.replace("rows = [", &format!("rows = [\n{many}"))).contains("at most"));
    let many = "  { name = \"a\", values = [0.9, 0.8] },\n".repeat(600);
    assert!(error(&ONE.replace("rows = [", &format!("rows = [\n{many}"))).contains("rows = 601"));
    assert!(error(&ONE.replace("\"a\"", "\"a\\u001b[2J\"")).contains("printable"));
    assert!(error(&ONE.replace("source", "with = [\"u\"]\nsource")).contains("no table of that name"));
}

#[test]
fn audit_uses_a_test_sets_size() {
    let text = ONE.replace("\"dsc\"", "\"sensitivity\"").replace(
        "decimals = 2",
        "decimals = 3\nn = 20\nunit = \"case\"\naggregation = [\"pooled\"]\none_test_set = true",
    );
    // 0.90 of 10, 17 of 20 right: possible; 0.712 of 20 is 14.24.
    let good = Published::parse(&text.replace("0.9, 0.8", "0.9, 0.85"), "x").expect("good");
    assert_eq!(findings(&good), []);
    let odd = Published::parse(&text.replace("0.9, 0.8", "0.9, 0.712"), "x").expect("parses");
    assert!(findings(&odd).iter().any(|f| f.message.contains("No whole numbers")), "{:?}", findings(&odd));
}
