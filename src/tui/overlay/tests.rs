//! Means, ranges and what they stand on.

use super::*;
use crate::dataset::Dataset;
use crate::run::{EpochScores, Event, RunRecord, State};
use crate::spec::Spec;
use crate::store::Store;
use crate::tui::plot::Smoothing;

/// Runs of the demo's first arm, a run a list: its DSC, epoch by epoch.
fn runs(dir: &tempfile::TempDir, scores: &[&[Option<f64>]]) -> Vec<RunView> {
    let spec = Spec::built_in("demo").expect("built in").expect("valid");
    let dataset = Dataset::open(&spec.dataset, &crate::dataset::DataRoots::new(None)).expect("built in");
    let plan = crate::plan::plan(&spec, &dataset).expect("a plan").swap_remove(0);
    let view = |(fold, scores): (usize, &&[Option<f64>])| {
        let plan = crate::plan::RunPlan { fold, ..plan.clone() };
        let mut record = RunRecord::default();
        for (epoch, dsc) in (1..).zip(scores.iter()) {
            record.apply(&Event::Epoch {
                epoch,
                step: u64::from(epoch) * 10,
                lr: 0.1,
                train_loss: Some(1.0),
                valid_loss: Some(1.0),
                train: Default::default(),
                valid: EpochScores::from([("dsc".to_owned(), *dsc)]),
                elapsed_s: 1.0 + fold as f64,
                images_per_s: 1.0,
                waited_s: None,
            });
        }
        let dir = Store::new(dir.path()).create(&plan).expect("a run");
        RunView { dir, plan, record, state: State::Running, read: true, ticket: None, revision: 0 }
    };
    scores.iter().enumerate().map(view).collect()
}

fn overlaid(scores: &[&[Option<f64>]], plot: Plot) -> Overlaid {
    let dir = tempfile::tempdir().expect("tempdir");
    let runs = runs(&dir, scores);
    Overlaid::of(&runs.iter().collect::<Vec<_>>(), (By::Arm, None), &plot)
}

#[test]
fn an_arm_is_the_mean_of_its_runs_with_their_range() {
    let overlaid = overlaid(&[&[Some(0.25), Some(0.5)], &[Some(0.75), Some(1.0)], &[]], Plot::default());
    let [arm] = &overlaid.arms[..] else { panic!("one arm: {:?}", overlaid.arms) };
    assert_eq!((arm.runs, overlaid.runs, overlaid.common), (2, (2, 3), Some(2)));
    assert_eq!(arm.at(1).expect("epoch 1").value, Some((0.5, 0.25, 0.75)));
    assert_eq!(arm.points, [Point { x: 1.0, y: Some(0.5) }, Point { x: 2.0, y: Some(0.75) }]);
    assert_eq!(arm.band[1], Span { x: 2.0, low: 0.5, high: 1.0 });
}

#[test]
fn a_run_that_is_not_read_yet_is_no_run_without_an_epoch() {
    let dir = tempfile::tempdir().expect("tempdir");
    let mut runs = runs(&dir, &[&[Some(0.25)], &[]]);
    let counted =
        |runs: &[RunView]| Overlaid::of(&runs.iter().collect::<Vec<_>>(), (By::Arm, None), &Plot::default()).runs;
    assert_eq!(counted(&runs), (1, 2));
    runs[1].read = false;
    assert_eq!(counted(&runs), (1, 1));
}

#[test]
fn a_zoom_into_where_nothing_is_shows_all() {
    let scores: [&[Option<f64>]; 1] = [&[Some(0.25), Some(0.5), Some(0.5), Some(0.75)]];
    let of = |window| overlaid(&scores, Plot { window, ..Plot::default() }).arms.swap_remove(0).points;
    assert_eq!(of(Some((7.0, 9.0))), of(None));
    assert_ne!(of(Some((3.5, 4.0))), of(None));
}

#[test]
fn what_is_added_up_once_is_zoomed_and_smoothed_as_if_it_were_added_up_again() {
    let scores: [&[Option<f64>]; 2] = [&[Some(0.35), None, Some(0.5)], &[Some(0.75), Some(1.0), Some(0.5), Some(0.4)]];
    let near = Plot { window: Some((1.5, 3.0)), ..Plot::default() };
    let smooth = Plot { smoothing: Smoothing::Strong, ..Plot::default() };
    let again = |from: Plot, to: Plot| {
        let (known, fresh) = (overlaid(&scores, from).through(&to), overlaid(&scores, to));
        assert_eq!(known, fresh);
        fresh
    };
    assert_ne!(again(near, smooth), again(smooth, near));
    again(smooth, Plot::default());
}

#[test]
fn each_keeps_its_order_whatever_the_number() {
    for n in 0..40 {
        assert_eq!(each((0..n).collect(), |i: u32| i * i), (0..n).map(|i| i * i).collect::<Vec<_>>());
    }
}

#[test]
fn a_run_of_another_version_is_in_no_mean_and_marked_runs_are_not_averaged() {
    let dir = tempfile::tempdir().expect("tempdir");
    let mut runs = runs(&dir, &[&[Some(0.25)], &[Some(0.75)]]);
    let of = |runs: &[RunView], by| Overlaid::of(&runs.iter().collect::<Vec<_>>(), (by, None), &Plot::default());
    let each = of(&runs, By::Run);
    assert_eq!(each.arms.iter().map(|arm| arm.runs).collect::<Vec<_>>(), [1, 1]);
    assert!(each.arms[1].label.ends_with("f1 s1") && each.arms[1].band.is_empty(), "{:?}", each.arms[1]);
    (runs[0].plan.train.lr, runs[0].record.first_started_s, runs[1].record.first_started_s) =
        (0.5, Some(1.0), Some(2.0));
    let together = of(&runs, By::Arm);
    assert_eq!((together.left_out, together.runs), (1, (1, 1)));
    assert_eq!(together.arms[0].at(1).expect("epoch 1").value, Some((0.75, 0.75, 0.75)));
}

#[test]
fn a_mean_over_fewer_runs_is_only_faint() {
    let overlaid = overlaid(&[&[Some(0.25), Some(0.5), Some(0.5)], &[Some(0.75)]], Plot::default());
    let arm = &overlaid.arms[0];
    assert_eq!(arm.points.iter().map(|p| p.x).collect::<Vec<_>>(), [1.0]);
    assert_eq!(arm.faint.iter().map(|p| p.x).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
    assert_eq!((overlaid.common, arm.at(3).expect("epoch 3").n), (Some(1), 1));
}

#[test]
fn an_undefined_run_is_a_gap_of_the_line_and_never_a_zero() {
    let overlaid = overlaid(&[&[Some(0.25), None], &[Some(0.75), Some(1.0)]], Plot::default());
    let arm = &overlaid.arms[0];
    assert_eq!((arm.points[1].y, arm.faint[1].y, arm.gaps), (None, Some(1.0), 1));
}

#[test]
fn over_time_an_epoch_is_at_the_mean_of_its_runs() {
    let plot = Plot { axis: Some(Axis::Time), smoothing: Smoothing::Light, ..Plot::default() };
    let overlaid = overlaid(&[&[Some(0.5), Some(0.5)], &[Some(0.5), Some(0.5)]], plot);
    assert_eq!(overlaid.arms[0].means.iter().map(|mean| mean.x).collect::<Vec<_>>(), [1.5, 3.0]);
    assert_eq!(overlaid.ground.extent, Some((1.5, 3.0)));
}

#[test]
fn choosing_walks_through_the_quantities_and_stops_at_both_ends() {
    let mut overlay = Overlay::default();
    overlay.choose(Direction::Forward);
    assert_eq!(overlay.quantity(), None);
    overlay.set(Box::new(overlaid(&[&[Some(0.5)]], Plot::default())));
    overlay.choose(Direction::Backward);
    assert_eq!(overlay.quantity(), Some(Quantity::ValidLoss));
    (0..99).for_each(|_| overlay.choose(Direction::Forward));
    assert_eq!(overlay.quantity(), Some(Quantity::Throughput));
    (0..99).for_each(|_| overlay.choose(Direction::Backward));
    assert_eq!(overlay.quantity(), Some(Quantity::TrainLoss));
}
