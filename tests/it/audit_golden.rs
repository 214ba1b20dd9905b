//! The auditor against sets of confusion matrices found by linear programming; `tests/golden/audit.py` made them.

use std::collections::BTreeMap;

use seglab::audit::{Interval, Kind, Measure, Row, Table, Unit, Verdict, findings, published};
use seglab::metric::Confusion;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    rows: Vec<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    table: String,
    row: String,
    reading: String,
    verdict: String,
    /// How far outside of the intervals the best set found is.
    distance: Option<f64>,
    /// A witness: times, tp, fp, fn, tn.
    #[serde(default)]
    images: Vec<[u64; 5]>,
}

fn golden() -> Vec<Judged> {
    let golden: Golden = serde_json::from_str(include_str!("../golden/audit.json")).expect("the golden file parses");
    golden.rows
}

/// Verdict of every reading that some finding mentions; the others are possible.
fn judged() -> BTreeMap<(String, String, String), Verdict> {
    let found = findings(published());
    let rows = found.iter().filter(|f| f.kind == Kind::Row);
    let tried = rows.flat_map(|f| f.readings.iter().map(move |tried| (f, tried)));
    let key = |f: &seglab::audit::Finding, reading: &str| {
        (f.table.clone().unwrap_or_default(), f.row.clone().unwrap_or_default(), reading.to_owned())
    };
    tried.map(|(f, tried)| (key(f, &tried.reading), tried.verdict)).collect()
}

fn table(id: &str) -> Table {
    let tables = &published().tables;
    tables.iter().find(|table| table.id == id).expect("a table").joined(tables)
}

/// Mean over images, as `seglab::metric` computes them.
fn mean(images: &[[u64; 5]], of: impl Fn(&Confusion) -> Option<f64>) -> f64 {
    let value = |[times, tp, fp, fn_, tn]: &[u64; 5]| {
        let counts = Confusion { tp: *tp, fp: *fp, fn_: *fn_, tn: *tn };
        *times as f64 * of(&counts).unwrap_or(0.0)
    };
    let times: u64 = images.iter().map(|image| image[0]).sum();
    images.iter().map(value).sum::<f64>() / times as f64
}

fn check(judged: &Judged, table: &Table, row: &Row) {
    for (i, column) in table.columns.iter().enumerate() {
        let is_tumour = judged.reading.contains("mIoU of the tumour");
        let of = match column.measure {
            Measure::Dsc => Confusion::dsc,
            Measure::F1 if judged.reading.contains("positive class") => Confusion::dsc,
            Measure::Miou if is_tumour => Confusion::iou,
            Measure::Miou => Confusion::miou,
            Measure::Iou => Confusion::iou,
            Measure::Sensitivity => Confusion::sensitivity,
            Measure::Precision => Confusion::precision,
            Measure::Specificity => Confusion::specificity,
            Measure::Accuracy => Confusion::accuracy,
            _ => continue,
        };
        if column.part == seglab::audit::Part::Train {
            continue;
        }
        let (value, Interval { low, high }) = (mean(&judged.images, of), row.interval(i));
        let (name, row) = (&column.name, &row.name);
        assert!((low - 1e-9..=high + 1e-9).contains(&value), "{row}, {}: {name} {value}", judged.reading);
    }
}

#[test]
fn audit_golden_verdicts_agree_and_witnesses_hold() {
    let ours = judged();
    let golden = golden();
    assert!(golden.len() > 80, "{}", golden.len());
    for judged in &golden {
        let table = table(&judged.table);
        let row = table.rows.iter().find(|row| row.name == judged.row).expect("a row");
        let key = (judged.table.clone(), judged.row.clone(), judged.reading.clone());
        let verdict = ours.get(&key).copied().unwrap_or(Verdict::Possible);
        let expected = match judged.verdict.as_str() {
            "possible" => Verdict::Possible,
            "implausible" => Verdict::Implausible,
            _ => Verdict::Impossible,
        };
        assert_eq!(verdict, expected, "{key:?}");
        if verdict == Verdict::Impossible {
            assert!(judged.distance > Some(0.0), "{key:?}");
            continue;
        }
        check(judged, &table, row);
        let is_small = judged.images.iter().all(|[_, tp, fp, fn_, tn]| tp + fn_ <= fp + tn);
        assert!(is_small || verdict == Verdict::Implausible || table.unit == Unit::Case, "{key:?}");
    }
}
