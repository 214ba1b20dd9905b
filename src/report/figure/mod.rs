//! Figures of a document: drawn once, as SVG and PNG.
//! Knows documents, curves and kept masks; not pages, not folders.
//! Weak spot: an SVG's text is set in the reader's own sans-serif, whose widths may differ from those that were planned.

mod agreement;
mod axes;
mod bar;
mod canvas;
mod curve;
mod lineup;
mod prediction;
mod rank;
mod roc;
mod strip;
mod style;
mod tile;

use std::collections::BTreeSet;

use super::{ArmRow, Document, current};
use crate::metric::Task;
use crate::run::State;
use crate::store::RunView;
use canvas::{Draw, figure};
use curve::Quantity;

/// More cannot be told apart.
const MOST_ARMS: usize = 60;
/// Arms with pictures of their predictions.
const MOST_ALBUMS: usize = 12;

/// A picture with its caption.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// Pixels across, as it was drawn.
    pub width: u32,
    /// As a drawing; `None` for pictures of pixels.
    pub svg: Option<String>,
    /// As pixels.
    pub png: Vec<u8>,
}

/// How often [`figures`] of these runs calls `step_done`.
pub(super) fn steps(runs: &[&RunView]) -> usize {
    let (runs, _) = current(runs);
    let arms: BTreeSet<&str> = runs.iter().map(|run| run.plan.arm.as_str()).collect();
    let is_mask = runs.first().is_some_and(|run| run.plan.task == Task::Segmentation);
    1 + if is_mask && arms.len() <= MOST_ARMS { arms.len().min(MOST_ALBUMS) } else { 0 }
}

/// All figures of `document`, whose runs are `runs`, and why others are missing. Calls `step_done` after the charts and
/// after each arm with pictures.
pub(super) fn figures(document: &Document, runs: &[&RunView], step_done: &dyn Fn()) -> (Vec<Figure>, Vec<String>) {
    let arms = document.comparison.arms.len();
    if arms > MOST_ARMS {
        return (Vec::new(), vec![format!("{}: {arms} arms, figures have room for {MOST_ARMS}", document.spec)]);
    }
    let (runs, _) = current(runs);
    let of = |arm: &ArmRow| {
        let own = runs.iter().copied().filter(|run| run.plan.arm == arm.arm && run.state == State::Finished);
        (arm.label(), own.collect::<Vec<_>>())
    };
    let arms: Vec<(String, Vec<&RunView>)> = document.comparison.arms.iter().map(of).collect();
    let mut sketch = Sketch::default();
    bars(document, &mut sketch);
    curves(document, &arms, &mut sketch);
    cases(document, &mut sketch);
    step_done();
    if document.task == Task::Segmentation {
        albums(document, &arms, (&mut sketch, step_done));
    }
    (sketch.figures, sketch.undrawn.into_iter().map(|reason| format!("{}: {reason}", document.spec)).collect())
}

/// What has been drawn so far.
#[derive(Default)]
struct Sketch {
    figures: Vec<Figure>,
    undrawn: Vec<String>,
}

impl Sketch {
    fn draw(&mut self, name: &str, caption: String, drawing: Option<impl Draw>) {
        if let Some(drawing) = drawing {
            self.add(figure(name, caption, &drawing));
        }
    }

    fn add(&mut self, figure: Result<Figure, String>) {
        match figure {
            Ok(figure) => self.figures.push(figure),
            Err(reason) => self.undrawn.push(reason),
        }
    }
}

fn bars(document: &Document, sketch: &mut Sketch) {
    let level = (1e4 * document.statistics.level).round() / 100.0;
    let caption = |what: &str| format!("{what}: means over test cases with {level} % intervals over subjects.");
    sketch.draw("metrics", caption("Ratios"), bar::Bars::of(document, ""));
    sketch.draw("distances", caption("Distances"), bar::Bars::of(document, "px"));
}

fn curves(document: &Document, arms: &[(String, Vec<&RunView>)], sketch: &mut Sketch) {
    let panels: &[(&str, &[Quantity])] = match document.task {
        Task::Segmentation => &[
            ("curves-loss-accuracy", &[Quantity::Loss, Quantity::Metric("accuracy")]),
            ("curves-loss-dsc", &[Quantity::Loss, Quantity::Metric("dsc")]),
            (
                "curves-miou-sensitivity-precision",
                &[Quantity::Metric("miou"), Quantity::Metric("sensitivity"), Quantity::Metric("precision")],
            ),
        ],
        Task::Classification => &[
            ("curves-loss-accuracy", &[Quantity::Loss, Quantity::Metric("accuracy")]),
            ("curves-auc-sensitivity", &[Quantity::Metric("auc"), Quantity::Metric("sensitivity")]),
        ],
    };
    let caption = "Learning curves: mean over an arm's finished runs as far as all of them go; band: lowest to highest \
                   run. Losses of different kinds do not compare.";
    for (name, quantities) in panels {
        sketch.draw(name, caption.to_owned(), curve::Curves::of(arms, document.task, quantities));
    }
}

fn cases(document: &Document, sketch: &mut Sketch) {
    let names: &[&str] = if document.task == Task::Segmentation { &["dsc", "hd95_px"] } else { &["brier"] };
    for metric in names.iter().filter_map(|name| document.task.metric(name)) {
        let caption = format!("{} of each test case; box: quartiles, thick line: median, mark: mean.", metric.label);
        sketch.draw(&format!("cases-{}", metric.name), caption, strip::Strips::of(document, metric));
    }
    let caption = "Areas of each test case; thick line: bias, dashed: limits of agreement (bias ± 1.96 SD).";
    sketch.draw("areas", caption.to_owned(), agreement::Agreement::of(document));
    sketch.draw("roc", roc_caption(document), roc::Curves::of(document));
    let [main, _] = document.task.main();
    let level = (1e4 * document.statistics.level).round() / 100.0;
    let caption = format!(
        "Would the order hold on other cases? Mark: mean rank, line: {level} % of the ranks. Arms that leak are not ranked."
    );
    sketch.draw("ranks", caption, rank::Ranks::of(document, main));
}

fn roc_caption(document: &Document) -> String {
    if document.task == Task::Classification {
        return "ROC of the test cases; a line a seed, the folds of a seed together. Behind the arm: the area under the \
                curve, as the table of means has it."
            .to_owned();
    }
    let without: Vec<String> = document
        .pixel_roc
        .iter()
        .filter(|roc| roc.points.is_empty())
        .map(|roc| {
            document.comparison.arms.iter().find(|arm| arm.arm == roc.arm).map_or_else(String::new, ArmRow::label)
        })
        .collect();
    let kept = if without.is_empty() { String::new() } else { format!(" Not kept by: {}.", without.join(", ")) };
    format!(
        "ROC of all pixels of the test cases, folds and seeds together, logits in bins of 1/8. Behind the arm: the \
         area under the curve, the pooled AUC of the tables.{kept}"
    )
}

fn albums(document: &Document, arms: &[(String, Vec<&RunView>)], (sketch, step_done): (&mut Sketch, &dyn Fn())) {
    let mut album = prediction::Album::default();
    let finished: Vec<_> = arms.iter().filter(|(_, runs)| !runs.is_empty()).take(MOST_ALBUMS).cloned().collect();
    if finished.len() > 1 {
        sketch
            .add(lineup::lineup(&mut album, &finished).map_err(|reason| format!("predictions side by side: {reason}")));
    }
    for ((label, runs), arm) in arms.iter().zip(&document.comparison.arms).take(MOST_ALBUMS) {
        if !runs.is_empty() {
            match album.figures((label, &arm.arm), runs) {
                Ok(figures) => sketch.figures.extend(figures),
                Err(reason) => sketch.undrawn.push(format!("predictions of {}: {reason}", arm.arm)),
            }
        }
        step_done();
    }
    if arms.len() > MOST_ALBUMS {
        sketch.undrawn.push(format!("predictions of arms beyond the first {MOST_ALBUMS}"));
    }
}
