//! What the papers print of the models and losses that a comparison has, with the auditor's verdicts. A block of its own:
//! printed numbers never stand in a row with measured ones.

use super::{ArmRow, Comparison};
use crate::audit::{Aggregation, Certainty, Finding, Part, Protocol, Published, Table, Unit};
use crate::dataset::is_drawn;
use crate::loss::LossConfig;

/// Rows of one printed table.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintedTable {
    /// Paper and number.
    pub source: String,
    /// The caption, shortened.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows that an arm corresponds to.
    pub rows: Vec<PrintedRow>,
    /// Why they are no measure of the arms.
    pub apart: Vec<String>,
    /// What the auditor says of the table, and the remarks on it.
    pub caveats: Vec<(Certainty, String)>,
}

/// One printed row.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintedRow {
    /// As printed.
    pub name: String,
    /// Numbers with all their digits.
    pub cells: Vec<String>,
    /// Arms that it is a row about.
    pub arms: Vec<String>,
    /// What the auditor says of it, the worst first.
    pub verdicts: Vec<(Certainty, String)>,
}

/// Tables of `published` with a row that an arm of `comparison` corresponds to.
pub fn printed(comparison: &Comparison, published: &Published, findings: &[Finding]) -> Vec<PrintedTable> {
    published.tables.iter().filter_map(|table| of_table(comparison, (published, table), findings)).collect()
}

fn of_table(
    comparison: &Comparison,
    (published, table): (&Published, &Table),
    findings: &[Finding],
) -> Option<PrintedTable> {
    let protocol = published.protocol_of(&table.paper);
    let row = |row: &crate::audit::Row| {
        let arms = arms_of(comparison, (table, protocol), About::of(table, &row.name));
        let arms: Vec<String> = arms.iter().map(|arm| arm.arm.clone()).collect();
        let of_row = |finding: &&Finding| {
            finding.table.as_deref() == Some(&table.id) && finding.row.as_deref() == Some(&row.name)
        };
        (!arms.is_empty()).then(|| PrintedRow {
            name: row.name.clone(),
            cells: (0..table.columns.len()).map(|i| row.printed(i)).collect(),
            arms,
            verdicts: verdicts(findings.iter().filter(of_row)),
        })
    };
    let rows: Vec<PrintedRow> = table.rows.iter().filter_map(row).collect();
    let of_table = |finding: &&Finding| match &finding.table {
        Some(id) => *id == table.id && finding.row.is_none(),
        None => is_on(&finding.source, &table.source, &table.paper),
    };
    (!rows.is_empty()).then(|| PrintedTable {
        source: table.source.clone(),
        title: table.title.clone(),
        columns: table.columns.iter().map(|column| column.name.clone()).collect(),
        apart: apart(comparison, protocol, (table, &rows)),
        rows,
        caveats: verdicts(findings.iter().filter(of_table)),
    })
}

/// The arms that `row` is about. Of those of a model, the ones with the loss that the paper trained it with; all of them
/// if there is none.
fn arms_of<'a>(
    comparison: &'a Comparison,
    (table, protocol): (&Table, Option<&Protocol>),
    about: About,
) -> Vec<&'a ArmRow> {
    let folds = if let About::Folds(_) = about { comparison.folds() } else { None };
    let mut arms: Vec<&ArmRow> = comparison.arms.iter().filter(|arm| about.is(table, arm, folds)).collect();
    let trained = |arm: &&ArmRow| protocol.and_then(|protocol| protocol.loss.as_ref()) == Some(&arm.loss);
    if !matches!(about, About::Loss(..)) && arms.iter().any(trained) {
        arms.retain(trained);
    }
    arms
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq)]
enum About<'a> {
    /// Its model.
    Model(&'a str),
    /// A loss, with all of the row's name: one with numbers, such as `tversky(0.5,0.5)`, is the arm of that name, since
    /// a table of arms has no more of them.
    Loss(&'a str, &'a str),
    /// The table's model in so many folds.
    Folds(usize),
    /// The table's model over all patients.
    Mean,
}

impl<'a> About<'a> {
    fn of(table: &Table, row: &'a str) -> Self {
        match (loss_of(row), row.strip_suffix("-fold").and_then(|folds| folds.parse().ok())) {
            _ if table.mean_row.as_deref() == Some(row) => Self::Mean,
            (Some(loss), _) => Self::Loss(loss, row),
            (None, Some(folds)) => Self::Folds(folds),
            (None, None) => Self::Model(row),
        }
    }

    fn is(self, table: &Table, arm: &ArmRow, folds: Option<usize>) -> bool {
        let of_its_model = || table.title.to_lowercase().contains(&arm.model);
        match self {
            Self::Model(row) => row == arm.model || row == arm.arm,
            Self::Loss(loss, row) => of_its_model() && loss == arm.loss && (row == loss || row == arm.arm),
            Self::Folds(own) => of_its_model() && folds == Some(own),
            Self::Mean => of_its_model(),
        }
    }
}

/// Key of the loss that a row names.
fn loss_of(row: &str) -> Option<&str> {
    let name = row.split('(').next()?;
    LossConfig::NAMES.contains(&name).then_some(name)
}

/// Whether a remark on `place` of a paper concerns the table `source`: one of its sections (§) concerns all tables.
fn is_on(place: &str, source: &str, paper: &str) -> bool {
    let number = source.rsplit(' ').next().unwrap_or_default();
    let tables = place.split_once("Table").map(|(_, rest)| rest);
    let named = |rest: &str| rest.split(|c: char| !c.is_alphanumeric()).any(|word| word == number);
    place == source || place.split_whitespace().next() == Some(paper) && tables.map_or(place.contains('§'), named)
}

fn verdicts<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(Certainty, String)> {
    let mut found: Vec<_> = findings.map(|finding| (finding.certainty, finding.message.clone())).collect();
    found.sort_by_key(|(certainty, _)| *certainty);
    found
}

/// The worst first: what is smaller here, what was no patient's image, then how the paper measured.
fn apart(comparison: &Comparison, protocol: Option<&Protocol>, (table, rows): (&Table, &[PrintedRow])) -> Vec<String> {
    let mut reasons: Vec<String> = comparison.reduced().into_iter().collect();
    if is_drawn(&comparison.dataset) {
        reasons.push(format!("these arms saw drawn phantoms ({}), the paper's patients", comparison.dataset));
    }
    if let Some(protocol) = protocol {
        let paper = &protocol.paper;
        match &protocol.dataset {
            Some(dataset) if *dataset != comparison.dataset => {
                reasons.push(format!("{paper} measured {dataset}, these arms {}", comparison.dataset));
            }
            Some(_) => {}
            None => reasons.push(format!("{paper}'s images are not published; these arms saw {}", comparison.dataset)),
        }
        reasons.push(format!("{paper}: {}", protocol.text));
        if comparison.task.is_segmentation() && table.unit == Unit::Pixel {
            reasons.extend(other_losses(comparison, protocol, rows));
        }
    }
    if table.each_best {
        let ours = if table.columns.iter().any(|column| column.part == Part::Test) {
            "; ours of test are means over all test cases, of one epoch"
        } else {
            ""
        };
        reasons.push(format!("{} prints each number as the best of its images or epochs{ours}", table.source));
    }
    reasons.extend(one_of_several(rows));
    if table.aggregation.len() > 1 && table.aggregation.contains(&Aggregation::Mean) {
        reasons.push(format!("{} does not say how many images became one number", table.source));
    }
    reasons
}

/// Arms beside rows of models that have another loss than the paper's.
fn other_losses(comparison: &Comparison, protocol: &Protocol, rows: &[PrintedRow]) -> Option<String> {
    let loss = protocol.loss.as_ref()?;
    let of_models = || rows.iter().filter(|row| loss_of(&row.name).is_none());
    let shown = |arm: &&ArmRow| of_models().any(|row| row.arms.contains(&arm.arm));
    let other = |arm: &&ArmRow| !arm.loss.is_empty() && arm.loss != *loss;
    let arms = comparison.arms.iter().filter(shown).filter(other);
    let arms: Vec<String> = arms.map(|arm| format!("{} ({})", arm.arm, arm.loss)).collect();
    (!arms.is_empty())
        .then(|| format!("{}'s own network has the loss {loss}, not so: {}", protocol.paper, arms.join(", ")))
}

/// Rows of one model beside arms that differ in more than it.
fn one_of_several(rows: &[PrintedRow]) -> impl Iterator<Item = String> {
    let several = rows.iter().filter(|row| row.arms.len() > 1);
    several.map(|row| {
        format!(
            "{} stands beside {} arms, which differ in more than it says: {}",
            row.name,
            row.arms.len(),
            row.arms.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{findings, published};
    use crate::metric::Task;

    fn arm(arm: &str, model: &str, loss: &str) -> ArmRow {
        ArmRow {
            arm: arm.into(),
            model: model.into(),
            loss: loss.into(),
            runs: 1,
            finished: 1,
            params: 1,
            metrics: Default::default(),
            leak: None,
            unscored: Vec::new(),
        }
    }

    fn comparison(arms: Vec<ArmRow>) -> Comparison {
        Comparison {
            schema: 1,
            spec: "s".into(),
            dataset: "busi".into(),
            task: Task::Segmentation,
            input_px: 64,
            subset: None,
            unreadable: Vec::new(),
            left_out: 0,
            arms,
        }
    }

    #[test]
    fn arms_meet_the_rows_of_their_model_and_of_their_loss() {
        let arms = vec![arm("a", "fgfeu-net", "combo"), arm("b", "unet", "bce")];
        let tables = printed(&comparison(arms), published(), findings(published()).as_slice());
        let rows: Vec<(&str, Vec<&str>)> =
            tables.iter().map(|t| (&*t.source, t.rows.iter().map(|r| &*r.name).collect())).collect();
        let expected: [(&str, Vec<&str>); 7] = [
            ("P1 Table 1", vec!["combo"]),
            ("P1 Table 2", vec!["combo"]),
            ("P1 Table 3", vec!["unet", "fgfeu-net"]),
            ("P2 Table 3", vec!["unet"]),
            ("P1 §4.5 on Fig. 10", vec!["combo"]),
            ("P1 §4.5 on Figs. 5 and 9", vec!["combo"]),
            ("P1 abstract, conclusion", vec!["fgfeu-net"]),
        ];
        assert_eq!(rows, expected);
        assert_eq!(tables[1].rows[0].cells, ["0.9802", "0.8645", "0.9935", "0.9683"]);
        assert_eq!(tables[1].rows[0].verdicts[0].0, Certainty::Implausible);
        assert_eq!(tables[2].rows[0].arms, ["b"]);
    }

    #[test]
    fn a_row_goes_with_the_arm_of_the_same_numbers_and_a_model_with_the_papers_loss() {
        let tversky = ["tversky(0.5,0.5)", "tversky(0.4,0.6)"].map(|name| arm(name, "fgfeu-net", "tversky"));
        let others = [arm("bce", "fgfeu-net", "bce"), arm("combo", "fgfeu-net", "combo")];
        let all = comparison(tversky.into_iter().chain(others).collect());
        let tables = printed(&all, published(), &[]);
        let of = |source: &str| tables.iter().find(|table| table.source == source).expect("a table");
        assert!(of("P1 Table 2").rows.iter().all(|row| row.arms == [row.name.clone()]), "{:?}", of("P1 Table 2").rows);
        assert_eq!(of("P1 Table 2").rows.len(), 4);
        assert_eq!(of("P1 Table 3").rows[0].arms, ["combo"]);
        assert!(of("P1 Table 3").apart.iter().all(|reason| !reason.contains("own network")));
        let without = comparison(all.arms.into_iter().filter(|arm| arm.loss != "combo").collect());
        let tables = printed(&without, published(), &[]);
        let models = tables.iter().find(|table| table.source == "P1 Table 3").expect("a table");
        assert_eq!(models.rows[0].arms.len(), 3);
        let says = |text: &str| models.apart.iter().any(|reason| reason.contains(text));
        assert!(says("combo, not so: tversky(0.5,0.5) (tversky)") && says("beside 3 arms"), "{:?}", models.apart);
    }

    #[test]
    fn smaller_sizes_and_phantoms_come_first() {
        let mut own = comparison(vec![arm("unet", "unet", "combo")]);
        (own.spec, own.dataset) = ("p1-table3@quick".into(), "breast-us".into());
        let tables = printed(&own, published(), &[]);
        for table in &tables {
            assert!(table.apart[0].contains("profile quick of p1-table3") && table.apart[0].contains("64 px"));
            assert!(table.apart[1].contains("phantoms (breast-us)"), "{:?}", table.apart);
        }
    }

    #[test]
    fn why_protocols_are_apart_is_said_with_every_table() {
        let tables = printed(&comparison(vec![arm("a", "unet", "bce")]), published(), &[]);
        for table in &tables {
            assert!(!table.apart.is_empty(), "{}", table.source);
        }
        let p2 = tables.iter().find(|table| table.source.starts_with("P2")).expect("a table of P2");
        assert!(p2.apart[0].contains("not published") && p2.apart[0].contains("busi"), "{:?}", p2.apart);
        let p1 = tables.iter().find(|table| table.source == "P1 Table 3").expect("a table of P1");
        assert!(p1.apart[0].starts_with("P1: 1294 images"), "{:?}", p1.apart);
    }

    #[test]
    fn folds_and_means_of_patients_are_rows_of_the_tables_model() {
        let of = |spec: &str, source: &str| {
            let arms = [("by-patient", "focal-boundary-dice"), ("other", "bce-iou")];
            let arms = arms.map(|(name, loss)| arm(name, "boundary-attention", loss)).to_vec();
            let tables = printed(&Comparison { spec: spec.into(), ..comparison(arms) }, published(), &[]);
            let first = tables.into_iter().find(|table| table.source == source);
            let rows = first.into_iter().flat_map(|table| table.rows);
            rows.map(|row| (row.name, row.arms.join(" "))).collect::<Vec<_>>()
        };
        let row = |name: &str| vec![(name.to_owned(), "by-patient".to_owned())];
        assert_eq!(of("p2-fig15@quick", "P2 text on Figs. 14-16"), row("6-fold"));
        assert!(of("p2-table2", "P2 text on Figs. 14-16").is_empty());
        assert_eq!(of("p2-table2", "P2 Table 2"), row("mean"));
    }

    #[test]
    fn remarks_are_on_the_tables_that_they_name() {
        assert!(is_on("P1 Tables 1 and 2", "P1 Table 2", "P1"));
        assert!(!is_on("P1 Tables 1 and 2", "P1 Table 3", "P1"));
        assert!(is_on("P1 §4.1; BUSI", "P1 Table 3", "P1"));
        assert!(!is_on("P2 Figs. 7 and 8", "P2 Table 3", "P2"));
        assert!(!is_on("P1 §5", "P2 Table 3", "P2"));
    }
}
