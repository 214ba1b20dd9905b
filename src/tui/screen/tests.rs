//! Every screen at every size with few and many runs: no panic, no control character, and what matters is readable.

pub(super) mod audit;
mod honest;
pub(super) mod plans;
pub(super) mod versus;

use std::io::Cursor;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::metric::{Aggregate, CaseScore, Task};
use crate::plane::{Mask, Plane};
use crate::report::{ArmRow, Comparison};
use crate::run::State;
use crate::tui::app::{Access, Banner, Msg, Screen, Setup};
use crate::tui::detail::{Detail, LOST};
use crate::tui::film::{Film, tests::filmed};
use crate::tui::images::Images;
use crate::tui::keys::{Direction, Motion};
use crate::tui::overlay::{ArmCurve, Mean, Overlaid};
use crate::tui::panel::Panel;
use crate::tui::plot::{Axis, Ground, Plot, Scale, Smoothing, Turn};
use crate::tui::point::Point;
use crate::tui::row::{Part, Row, Score};
use crate::tui::series::{Quantity, Series};
use crate::tui::sight::Sight;
use crate::tui::system::{Gpu, Gpus, Machine, Pace, Process, Sample, Worker};
use crate::tui::text::clean;
use crate::tui::theme::{Colour, Glyphs, Theme};
use crate::tui::widget::pen::Span;
use crate::tui::widget::picture::Picture;

const SIZES: [(u16, u16); 4] = [(80, 24), (160, 45), (60, 20), (20, 5)];
pub(super) const SCREENS: [Screen; 12] = [
    Screen::Runs,
    Screen::Run,
    Screen::Compare,
    Screen::Models,
    Screen::Overlay,
    Screen::Cases,
    Screen::System,
    Screen::Audit,
    Screen::Difference,
    Screen::Launch,
    Screen::Form,
    Screen::Help,
];
pub(super) const HOSTILE: &str =
    "網膜の腫瘍\u{1b}[2J\u{202e}unet-with-a-very-long-name-that-goes-on-and-on-and-on-and-on";

fn score(value: f64) -> Score {
    Score { task: Task::Segmentation, value }
}

pub(super) fn row(index: usize) -> Row {
    const STATES: [State; 7] =
        [State::Running, State::Queued, State::Finished, State::Failed, State::Lost, State::Stopped, State::Planned];
    Row {
        name: format!("demo/run-{index:04}"),
        spec: "demo".into(),
        arm: if index == 2 { clean(HOSTILE) } else { format!("unet-{index}") },
        fold: index % 5,
        seed: 1,
        state: Some(STATES[index % 7]),
        ticket: (index % 7 == 1).then_some(index as u64),
        epoch: 5,
        epochs: 12,
        progress: 0.42,
        left_s: Some(95.0),
        spent_s: 70.0,
        score: Some(score(if index % 7 == 2 { 0.712 } else { 0.698 })),
        part: Some(if index % 7 == 2 { Part::Test } else { Part::Valid }),
        device: "flex (2 threads)".into(),
        ..Row::default()
    }
}

fn detail(row: &Row) -> Detail {
    let point = |i: u32| Point { x: f64::from(i), y: (i != 4).then(|| 1.0 / f64::from(i)) };
    let points: Vec<Point> = (1..=12).map(point).collect();
    let places = points.iter().map(|p| p.x).collect();
    let score = |name: &str| Quantity::score(Task::Segmentation.metric(name).expect("a row"));
    let plot = Plot { smoothing: Smoothing::Strong, ..Plot::default() };
    let series = |q: &Quantity| Series::of(*q, points.iter().copied(), &plot);
    let panel = |title, quantities: &[Quantity]| Panel { title, series: quantities.iter().map(series).collect() };
    Detail {
        name: row.name.clone(),
        row: row.clone(),
        unread: None,
        reason: match row.state.expect("known") {
            State::Failed => Some("the loss is not finite at step 40;\n".to_owned() + &"lower train.lr ".repeat(20)),
            State::Lost => Some(LOST.to_owned()),
            _ => None,
        },
        facts: vec![("step", "390".into()), ("loss", "0.2310".into()), ("device", clean(HOSTILE))],
        started_s: Some(1.0),
        ground: Ground { axis: Axis::Epoch, extent: Some((1.0, 12.0)), places, best: Some(11.0) },
        groups: vec![
            vec![panel("loss", &[Quantity::TrainLoss, Quantity::ValidLoss]), panel("validation", &[score("dsc")])],
            vec![panel("distances", &[score("hd95_px"), score("assd_px")])],
        ],
        best_epoch: Some(11),
        test: (row.state == Some(State::Finished))
            .then(|| "DSC 0.712  IoU 0.581  HD95 12.3  (mean over 40 test cases)".into()),
        has_steps: true,
    }
}

fn picture() -> Picture {
    let png = |of: fn(u32, u32) -> u8| {
        let mut bytes = Cursor::new(Vec::new());
        let image = image::GrayImage::from_fn(64, 64, |x, y| image::Luma([of(x, y)]));
        image.write_to(&mut bytes, image::ImageFormat::Png).expect("encode");
        bytes.into_inner()
    };
    let disc = |x: u32, y: u32| if x.abs_diff(30).pow(2) + y.abs_diff(30).pow(2) < 200 { 255 } else { 0 };
    Picture::decode(&png(|x, y| (x * 2 + y) as u8), [Some(&png(disc)), None], vec![]).expect("decodes")
}

fn comparison(arms: usize) -> Comparison {
    let arm = |i: usize| ArmRow {
        arm: if i == 1 { HOSTILE.into() } else { format!("arm-{i}") },
        model: "unet".into(),
        loss: "combo".into(),
        runs: 5,
        finished: 5 - i % 2,
        params: 31_000_000,
        metrics: crate::metric::METRICS
            .iter()
            .map(|m| (m.name.to_owned(), Aggregate { mean: Some(0.5 + i as f64 / 100.0), n: 40, undefined: i % 3 }))
            .collect(),
        leak: None,
        unscored: Vec::new(),
    };
    Comparison {
        task: Task::Segmentation,
        schema: 1,
        subset: None,
        unreadable: Vec::new(),
        left_out: 0,
        spec: "demo".into(),
        dataset: "breast-us".into(),
        input_px: 64,
        arms: (0..arms).map(arm).collect(),
    }
}

/// A case that is missed, one that is found but for an edge, and one where there is nothing to find.
fn scores() -> Vec<CaseScore> {
    let tumour = |from: usize| Mask::from_fn(16, 16, |x, y| (from..12).contains(&x) && (4..12).contains(&y));
    let score = |case: &str, prediction, reference| CaseScore::of(case, "patient 7", prediction, reference);
    let empty = Mask::filled(16, 16, false);
    let scores = [
        score("benign (2)", &tumour(6), &tumour(4)),
        score(HOSTILE, &empty, &empty),
        score("malignant (12)", &empty, &tumour(4)),
    ];
    scores.into_iter().map(|score| score.expect("same size")).collect()
}

fn sight(name: String, index: usize) -> Sight {
    let tumour = |from: usize| Mask::from_fn(16, 16, |x, y| (from..12).contains(&x) && (4..12).contains(&y));
    let image = Plane::from_fn(16, 16, |x, y| (x * 9 + y * 5) as u8);
    Sight { name, index, image: Ok((image, tumour(4))), prediction: Ok(tumour(6)) }
}

/// The validation case of a run in three epochs, each better than the one before.
pub(super) fn film() -> Film {
    let dir = tempfile::tempdir().expect("tempdir");
    let tumour = |from: usize| Mask::from_fn(16, 16, |x, y| (from..12).contains(&x) && (4..12).contains(&y));
    let run = filmed(&dir, &tumour(4), &[tumour(12), tumour(9), tumour(5)]);
    run.write_preview("case.txt", HOSTILE.as_bytes()).expect("written");
    Film::read(&run, None).expect("three epochs")
}

fn sample(run: &str, at_s: f64) -> Sample {
    let gpu = Gpu {
        name: clean(HOSTILE),
        busy: Some(0.93),
        memory_mib: Some((4096.0, 81_920.0)),
        celsius: Some(54),
        watts: Some((312.0, Some(700.0))),
        processes: vec![(42, Some(4000.0)), (43, None)],
    };
    let pace = Pace { epoch: 5, images_per_s: 31.5, trained_s: 20.0, waited_s: Some(9.0) };
    let process = Process { pid: 42, cores: Some(1.5), memory_mib: 612.0, page_ins_per_s: Some(0.0) };
    let worker = Worker {
        name: run.to_owned(),
        label: clean(HOSTILE),
        device: "cuda 0".into(),
        pace: Some(pace),
        process: Some(process),
    };
    let machine = Machine {
        cores: 8,
        busy: Some(0.4),
        load: Some([3.7, 2.6, 2.2]),
        memory_mib: Some((9000.0, 24_000.0)),
        swap_mib: None,
        disk_mib: Some((900.0, 100_000.0)),
    };
    Sample { at_s, machine, gpus: Gpus::Present(vec![gpu; 2]), workers: vec![worker; 3] }
}

fn overlaid(arms: usize) -> Overlaid {
    let mean = |i: usize| {
        move |epoch: u32| {
            let middle = 0.5 + i as f64 / 100.0;
            let value = (epoch != 4).then_some((middle, middle - 0.1, middle + 0.1));
            Mean { epoch, x: f64::from(epoch), value, n: if epoch > 9 { 2 } else { 5 }, gaps: usize::from(epoch == 4) }
        }
    };
    let arm = |i: usize| {
        let means: Vec<Mean> = (1..=12).map(mean(i)).collect();
        let point = |m: &Mean| Point { x: m.x, y: m.value.map(|(mean, ..)| mean) };
        let span = |m: &Mean| m.value.map(|(_, low, high)| Span { x: m.x, low, high });
        ArmCurve {
            label: if i == 1 { clean(HOSTILE) } else { format!("arm-{i}") },
            runs: 5,
            points: means.iter().take(9).map(point).collect(),
            faint: means.iter().map(point).collect(),
            band: means.iter().filter_map(span).collect(),
            gaps: 1,
            means,
        }
    };
    Overlaid {
        quantity: Quantity::TrainLoss,
        quantities: Quantity::all(Task::Segmentation).collect(),
        ground: Ground {
            axis: Axis::Epoch,
            extent: Some((1.0, 12.0)),
            places: (1..=12).map(f64::from).collect(),
            best: None,
        },
        arms: (0..arms).map(arm).collect(),
        common: Some(9),
        runs: (arms * 5, arms * 5 + 1),
        left_out: 0,
    }
}

pub(super) fn setup(theme: Theme) -> Setup {
    Setup { theme, slots: Some(1), place: "results".into(), ..Setup::default() }
}

pub(super) fn app(runs: usize, screen: Screen, theme: Theme) -> App {
    let mut app = App::new(setup(theme));
    fill(&mut app, runs, screen);
    app
}

fn fill(app: &mut App, runs: usize, screen: Screen) {
    fill_with(app, (0..runs).map(row).collect(), screen);
}

pub(super) fn fill_with(app: &mut App, rows: Vec<Row>, screen: Screen) {
    let runs = rows.len();
    app.update(Msg::Resized(80, 24));
    app.update(Msg::Rows(rows));
    app.update(Msg::Act(Action::Show(screen)));
    if let Some(chosen) = app.chosen().cloned() {
        app.update(Msg::Detail(Box::new(detail(&chosen))));
        app.update(Msg::Picture(Some(Box::new(picture()))));
        app.update(Msg::Log(format!("epoch 1\n{HOSTILE}\n")));
        app.update(Msg::Scores(chosen.name.clone(), Task::Segmentation, Ok(scores())));
        if screen == Screen::Cases {
            // Past the case where there is nothing to find, to the one that is missed.
            app.update(Msg::Act(Action::Go(Motion::Line(Direction::Forward))));
        }
        if let Some((name, index)) = app.cases().wanted() {
            let sight = sight(name.clone(), index);
            app.update(Msg::Seen(Box::new(sight)));
        }
        app.update(Msg::Sampled(Box::new(sample(&chosen.name, 1.0))));
        app.update(Msg::Sampled(Box::new(sample(&chosen.name, 2.0))));
    }
    app.update(Msg::Compared(Ok(Box::new(comparison(runs.min(30))))));
    app.update(Msg::Overlaid(Box::new(overlaid(runs.min(40)))));
}

pub(super) fn drawn(app: &App, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| view(app, frame)).expect("draws");
    let buffer = terminal.backend().buffer();
    buffer.content.chunks(usize::from(width)).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
}

pub(super) fn unicode() -> Theme {
    Theme { glyphs: Glyphs::Unicode, colour: Colour::True, ..Theme::default() }
}

#[test]
fn every_screen_at_every_size_draws_no_control_character() {
    for runs in [0, 1, 3, 1000] {
        for screen in SCREENS {
            let app = app(runs, screen, unicode());
            for size in SIZES {
                let text = drawn(&app, size).concat();
                assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{screen:?} {size:?} {runs}");
            }
        }
    }
}

#[test]
fn every_size_from_nothing_to_large_is_no_panic() {
    for screen in SCREENS {
        let app = app(9, screen, unicode());
        for width in (1..170).step_by(7) {
            for height in (1..50).step_by(3) {
                drawn(&app, (width, height));
            }
        }
    }
}

#[test]
fn ascii_means_seven_bits() {
    let theme = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ..Theme::default() };
    for screen in SCREENS {
        for size in SIZES {
            let text = drawn(&app(3, screen, theme), size).concat();
            assert!(text.is_ascii(), "{screen:?} {size:?}: {text}");
        }
    }
}

#[test]
fn what_matters_is_on_the_smallest_common_terminal() {
    let shown = |screen| drawn(&app(3, screen, unicode()), (80, 24)).join("\n");
    for (screen, words) in [
        (Screen::Runs, vec!["1 running", "● running", "unet-0", "0.698", "5/12", "95s left", "s stop", "? help"]),
        (Screen::Run, vec!["unet-0", "epoch 5/12", "about 95s left", "loss", "best 11", "reference", "log"]),
        (Screen::Compare, vec!["breast-us", "DSC", "HD95", "5/5", "preliminary", "0.520*"]),
        (
            Screen::Cases,
            vec![
                "worst DSC first",
                "malignant (12)",
                "benign (2)",
                "HD95 px",
                "0.857",
                "TP 0  FP 0  FN 64 px",
                "overlay ■ TP ■ FP ■ FN",
                "the prediction is empty",
                "t look",
            ],
        ),
        (
            Screen::System,
            vec![
                "40 %  of 8",
                "load 3.7 2.6 2.2",
                "8.8 GiB of 23.4 GiB",
                "nearly full",
                "93 %",
                "312 of 700 W",
                "42 (3.9 GiB), 43",
                "31.5 images/s",
                "bound by data: steps waited 9.0 of 20.0 s (45 %)",
            ],
        ),
        (Screen::Help, vec!["Everywhere", "earlier in the queue"]),
    ] {
        let text = shown(screen);
        words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{text}"));
    }
    let mut failed = App::new(setup(unicode()));
    fill_with(&mut failed, vec![row(3)], Screen::Run);
    let text = drawn(&failed, (80, 24)).join("\n");
    for word in ["✗ failed", "not finite at step 40", "best 11", "log"] {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
    let help = drawn(&app(3, Screen::Help, unicode()), (160, 45)).join("\n");
    for word in ["Everywhere", "earlier in the queue", "Ctrl-c"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    assert!(drawn(&app(3, Screen::Runs, unicode()), (20, 5)).concat().contains("too small"));
}

const LOOKS: [Turn; 5] = [
    Turn::Cross(crate::tui::keys::Direction::Forward),
    Turn::Smoothing,
    Turn::Scale,
    Turn::Zoom(crate::tui::keys::Direction::Forward),
    Turn::Axis,
];

#[test]
fn curves_looked_at_in_every_way_fit_every_size() {
    for screen in [Screen::Run, Screen::Overlay] {
        for runs in [0, 1, 30] {
            let mut app = app(runs, screen, unicode());
            for turn in LOOKS {
                app.update(Msg::Act(Action::Turn(turn)));
                for action in [Action::Panels(crate::tui::keys::Direction::Forward), Action::Curves] {
                    app.update(Msg::Act(action));
                    for size in SIZES.into_iter().chain([(41, 11), (100, 12), (59, 40)]) {
                        let text = drawn(&app, size).concat();
                        assert!(!text.contains(|c: char| c.is_control()), "{turn:?} {size:?} {runs}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_crosshair_reads_every_curve_and_the_title_says_what_was_done() {
    let mut app = app(1, Screen::Run, unicode());
    app.update(Msg::Act(Action::Curves));
    for turn in &LOOKS[..2] {
        app.update(Msg::Act(Action::Turn(*turn)));
    }
    let text = drawn(&app, (80, 24)).join("\n");
    for words in ["loss (EMA 0.6, 2 not finite)", "train 0.0909", "DSC 0.0909", "epoch 11"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert_eq!((app.plot().smoothing, app.plot().scale), (Smoothing::Light, Scale::Linear));
    app.update(Msg::Act(Action::Back));
    assert_eq!((app.plot().cross, app.screen()), (None, Screen::Run));
}

#[test]
fn the_overlay_says_what_its_curves_stand_on() {
    let text = drawn(&app(3, Screen::Overlay, unicode()), (80, 24)).join("\n");
    for words in ["all runs; 1 of 16 without an epoch", "band min–max", "train loss (3 not finite)", "at epoch 9"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(text.contains("arm-0") && text.contains("0.5000 [0.4000–0.6000]"), "{text}");
}

#[test]
fn more_arms_than_hues_are_drawn_by_letters() {
    let app = app(40, Screen::Overlay, unicode());
    let text = drawn(&app, (160, 45)).join("\n");
    assert!(text.contains("─ arm-7") && text.contains("i arm-8") && text.contains("z arm-25"), "{text}");
    assert!(text.contains("  arm-26"), "{text}");
}

#[test]
fn a_match_in_the_log_is_on_the_screen() {
    let mut app = app(1, Screen::Run, unicode());
    let lines: Vec<String> = (0..500).map(|i| format!("line {i}")).collect();
    app.update(Msg::Log(lines.join("\n")));
    app.update(Msg::Act(Action::Search));
    "line 77".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    assert!(drawn(&app, (80, 24)).join("\n").contains("/line 77█  type to search"));
    app.update(Msg::Entered);
    let seen = |app: &App| drawn(app, (80, 24)).iter().any(|line| line.trim_end() == "line 77");
    assert!(seen(&app));
    app.update(Msg::Log([&lines[..], &["a new line".to_owned()]].concat().join("\n")));
    assert!(seen(&app) && drawn(&app, (80, 24)).join("\n").contains("match 1 of 1"));
}

#[test]
fn every_line_of_help_is_reached_on_a_small_terminal() {
    let mut app = app(3, Screen::Help, unicode());
    let mut seen = drawn(&app, (80, 24)).join("\n");
    for _ in KEYS {
        app.update(Msg::Act(Action::Go(Motion::Line(Direction::Forward))));
        seen += &drawn(&app, (80, 24)).join("\n");
    }
    for key in KEYS {
        assert!(seen.contains(key.help), "{} is not in\n{seen}", key.help);
    }
    let last = drawn(&app, (80, 24));
    app.update(Msg::Act(Action::Go(Motion::End(Direction::Backward))));
    app.update(Msg::Act(Action::Go(Motion::End(Direction::Forward))));
    assert_eq!(drawn(&app, (80, 24)), last);
}

#[test]
fn an_arm_that_leaks_is_marked_and_never_the_best() {
    use crate::dataset::fold::Leak;
    let mut compared = comparison(3);
    compared.arms[2].leak = Some(crate::report::LeakCount { protocol: Leak::Doubled, test: 40, in_training: 27 });
    let mut app = app(3, Screen::Compare, unicode());
    app.update(Msg::Compared(Ok(Box::new(compared))));
    let text = drawn(&app, (80, 24)).join("\n");
    for words in ["[leaks] arm-2", "0.510*", "27 of 40 test"] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(!text.contains("0.520*"), "{text}");
}

#[test]
fn an_empty_store_says_what_to_do() {
    let text = drawn(&app(0, Screen::Runs, unicode()), (80, 24)).join("\n");
    for words in ["seglab demo", "No runs in results yet", "9 "] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(!text.contains("Enter open") && text.contains("? help"), "{text}");
}

#[test]
fn the_cursor_is_on_the_screen_wherever_it_is_among_a_thousand_runs() {
    let mut app = app(1000, Screen::Runs, unicode());
    for _ in 0..70 {
        let chosen = app.chosen().expect("there are runs").arm.clone();
        let lines = drawn(&app, (80, 24));
        let line = lines.iter().find(|line| line.starts_with('›')).expect("the cursor is drawn");
        let known: String = chosen.chars().take(1).collect();
        assert!(line.contains(&known), "{chosen} is not in {line}");
        app.update(Msg::Act(Action::Go(crate::tui::keys::Motion::Page(crate::tui::keys::Direction::Forward))));
    }
}

#[test]
fn pages_of_help_leave_out_nothing_and_end_with_the_last_line() {
    for size in [(60, 20), (80, 24), (120, 30)] {
        let mut app = acted(app(3, Screen::Runs, unicode()), &[Action::Show(Screen::Help)]);
        app.update(Msg::Resized(size.0, size.1));
        let mut seen = String::new();
        for _ in 0..KEYS.len() {
            let page = drawn(&app, size).concat();
            let is_last = !page.contains("lines below");
            seen.push_str(&page);
            if is_last {
                break;
            }
            app.update(Msg::Act(Action::Go(Motion::Page(Direction::Forward))));
        }
        let start = |help: &'static str| help.chars().take(8).collect::<String>();
        let missing: Vec<&str> = KEYS.iter().map(|key| key.help).filter(|help| !seen.contains(&start(help))).collect();
        assert!(missing.is_empty(), "{size:?}: {missing:?}");
        let last = drawn(&app, size);
        app.update(Msg::Act(Action::Go(Motion::Page(Direction::Forward))));
        assert_eq!(drawn(&app, size), last);
        app.update(Msg::Act(Action::Go(Motion::Line(Direction::Backward))));
        assert_ne!(drawn(&app, size), last, "one line up from the end is seen");
    }
}

#[test]
fn a_reader_is_not_told_when_a_queue_that_nobody_serves_ends() {
    for (access, says) in [(Access::ReadWrite, true), (Access::ReadOnly, false)] {
        let mut app = App::new(Setup { access, ..setup(unicode()) });
        let waits = Row { state: Some(State::Queued), spent_s: 10.0, epoch: 1, epochs: 3, progress: 0.3, ..row(0) };
        app.update(Msg::Rows(vec![waits]));
        let text = drawn(&app, (80, 24)).concat();
        assert_eq!(text.contains("to go"), says, "{text}");
    }
}

#[test]
fn the_end_of_all_runs_is_announced_where_it_is_news() {
    let mut app = App::new(Setup { banner: Banner::WhenSettled, ..setup(unicode()) });
    app.update(Msg::Rows(vec![row(2), row(3)]));
    assert!(drawn(&app, (80, 24)).concat().contains("all 2 runs ended — q to leave"));
    app.update(Msg::Rows(vec![row(2), row(0)]));
    assert!(!drawn(&app, (80, 24)).concat().contains("ended"));
}

#[test]
fn the_footer_ends_with_help_and_the_way_out_at_every_width() {
    for width in [60, 80, 160] {
        let lines = drawn(&app(3, Screen::Runs, unicode()), (width, 24));
        assert!(lines.last().expect("lines").trim_end().ends_with("? help  q quit"), "{lines:#?}");
    }
}

fn acted(mut app: App, actions: &[Action]) -> App {
    actions.iter().for_each(|action| _ = app.update(Msg::Act(*action)));
    app
}

fn typed(mut app: App, text: &str) -> App {
    text.chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    app
}

#[test]
fn order_groups_and_marks_are_on_the_screen() {
    use crate::tui::keys::{Arrange, Direction, Motion};
    let sort = Action::Arrange(Arrange::Sort);
    let sorted = acted(app(9, Screen::Runs, unicode()), &[sort, sort]);
    assert!(drawn(&sorted, (80, 24))[2].contains("arm▲"), "{:#?}", drawn(&sorted, (80, 24)));
    let turned = acted(sorted, &[Action::Arrange(Arrange::Turn)]);
    assert!(drawn(&turned, (80, 24))[2].contains("arm▼"));
    let group = Action::Arrange(Arrange::Group);
    let top = Action::Go(Motion::End(Direction::Backward));
    let grouped = acted(app(9, Screen::Runs, unicode()), &[group, top, Action::Mark]);
    let text = drawn(&grouped, (80, 24)).join("\n");
    for words in ["▼ demo  9 runs", "9 marked", "● 2 running", "■ "] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let folded = acted(grouped, &[top, Action::Open]);
    let text = drawn(&folded, (80, 24)).join("\n");
    assert!(text.contains("▶ demo") && !text.contains("unet-0"), "{text}");
}

#[test]
fn a_column_that_runs_are_sorted_by_is_shown() {
    let mut app = acted(app(9, Screen::Runs, unicode()), &[Action::Palette]);
    "sort spent".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    app.update(Msg::Entered);
    for size in [(60, 20), (80, 24), (160, 45)] {
        let lines = drawn(&app, size);
        assert!(lines[2].contains("spent▼") && lines[3].contains("70.0000"), "{lines:#?}");
    }
}

#[test]
fn what_a_filter_does_not_understand_is_in_the_footer() {
    let app = typed(acted(app(9, Screen::Runs, unicode()), &[Action::Filter]), "state=failed foo=1");
    for width in [60, 80] {
        let lines = drawn(&app, (width, 24));
        let foot = lines.last().expect("lines");
        assert!(foot.contains("foo=1█") && foot.contains("foo=1: no col"), "{foot}");
    }
    let long = typed(app, &"x".repeat(600));
    assert!(drawn(&long, (60, 20)).last().expect("lines").contains("xx█"));
}

#[test]
fn the_palette_is_readable_on_every_screen() {
    for screen in SCREENS {
        let app = typed(acted(app(3, screen, unicode()), &[Action::Palette]), "find any");
        drawn(&app, (20, 5));
        let app = typed(acted(super::tests::app(3, screen, unicode()), &[Action::Palette]), "comparison");
        for size in [(60, 20), (80, 24)] {
            let text = drawn(&app, size).join("\n");
            assert!(text.contains(":comparison█") && text.contains("comparison of arms"), "{screen:?}\n{text}");
        }
        let ascii = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ..Theme::default() };
        let app = acted(super::tests::app(3, screen, ascii), &[Action::Palette]);
        assert!(drawn(&app, (80, 24)).concat().is_ascii());
    }
}

#[test]
fn a_question_is_in_the_footer_with_its_answers() {
    let app = acted(app(9, Screen::Runs, unicode()), &[Action::Mark, Action::Stop]);
    for width in [60, 80] {
        let lines = drawn(&app, (width, 24));
        let foot = lines.last().expect("lines");
        assert!(foot.contains("stop 1 of 1 marked run?") && foot.contains("y yes   n no"), "{foot}");
    }
}

#[test]
fn footers_offer_only_what_does_something() {
    let foot = |app: &App| drawn(app, (160, 24)).pop().expect("a footer");
    let offers = |app: &App, words: &[&str]| words.iter().map(|word| foot(app).contains(word)).collect::<Vec<_>>();
    let words = ["Enter against", "i intervals", "o sort"];
    let arms = app(3, Screen::Compare, unicode());
    assert_eq!(offers(&arms, &words), [true, true, true], "{}", foot(&arms));
    let mut printed = acted(arms, &[Action::Section(Direction::Forward)]);
    assert_eq!(offers(&printed, &words), [false; 3], "nothing to sort yet: {}", foot(&printed));
    printed.update(Msg::Found(crate::tui::found::Found::Verdicts(Default::default())));
    assert_eq!(offers(&printed, &words), [false, false, true], "{}", foot(&printed));
    let column = printed.arms().column();
    printed = acted(printed, &[Action::Column(Direction::Forward), Action::Hold]);
    assert_eq!(printed.arms().column(), column, "the hidden table stays as it is");
    assert!(printed.notice().is_some_and(|notice| notice.contains("Tab")));
    let run = app(3, Screen::Run, unicode());
    assert_eq!(offers(&run, &["Tab curves", "+ zoom"]), [true, true], "{}", foot(&run));
    let log = acted(run, &[Action::Log]);
    assert_eq!(offers(&log, &["Tab curves", "+ zoom"]), [false, false], "{}", foot(&log));
    let mut none = typed(acted(app(3, Screen::Runs, unicode()), &[Action::Filter]), "no such run");
    none.update(Msg::Entered);
    let words = ["Enter open", "Space mark", "E export", "/ filter", "Esc all"];
    assert_eq!(offers(&none, &words), [false, false, false, true, true], "{}", foot(&none));
}

#[test]
fn an_empty_store_has_no_columns_curves_or_data_to_go_through() {
    let footer = |runs, screen| drawn(&app(runs, screen, unicode()), (80, 24)).pop().unwrap_or_default();
    for (screen, keys) in [
        (Screen::Compare, ["→ column", "o sort", "n next spec"]),
        (Screen::Overlay, ["→ metric", "+ zoom", "n next spec"]),
        (Screen::Audit, ["r audit", "Enter open", "n next spec"]),
    ] {
        let empty = footer(0, screen);
        keys.iter().for_each(|key| assert!(!empty.contains(key), "{key} is in {empty}"));
    }
    assert!(footer(3, Screen::Compare).contains("→ column"), "{}", footer(3, Screen::Compare));
}

#[test]
fn a_folder_is_asked_for_in_the_footer() {
    let mut app = acted(app(3, Screen::Compare, unicode()), &[Action::Export]);
    for width in [60, 80] {
        let lines = drawn(&app, (width, 24));
        assert!(lines.last().is_some_and(|foot| foot.starts_with("export demo to: demo-export█  Enter write")));
    }
    app.update(Msg::Entered);
    let prompt = Prompt { spec: "demo".into(), text: "/a/rather/long/path/to/a/folder/that/has/been/typed".into() };
    let why = format!("{} is there already; choose another folder", prompt.text);
    app.update(Msg::Refused(prompt, why));
    for width in [60, 80] {
        let lines = drawn(&app, (width, 24)).join("\n");
        assert!(lines.contains("not exported: ") && lines.contains("choose another folder"), "{lines}");
        assert!(lines.contains("been/typed█"), "{lines}");
    }
    app.update(Msg::Dismissed);
    assert!(app.prompt().is_none());
}

#[test]
fn values_at_the_crosshair_are_not_cut() {
    let turn = Action::Turn(Turn::Cross(Direction::Backward));
    let app = acted(app(3, Screen::Run, unicode()), &[turn, Action::Curves]);
    let cut = |lines: Vec<String>| lines.iter().any(|line| line.contains('─') && line.contains('…'));
    for size in [(80, 24), (60, 20)] {
        assert!(!cut(drawn(&app, size)), "{}", drawn(&app, size).join("\n"));
    }
}

#[test]
fn runs_of_two_specs_do_not_look_alike_and_each_name_is_whole_where_there_is_room() {
    let of = |(index, spec): (usize, &str)| Row { spec: spec.into(), ..row(index * 7) };
    let mut app = App::new(setup(unicode()));
    let specs = ["tiny", "tiny@small", "p1-table3-segmentation@quick"];
    app.update(Msg::Rows(specs.into_iter().enumerate().map(of).collect()));
    for (size, names) in [
        ((60, 20), ["tiny ", "@small", "@quick"]),
        ((80, 24), ["tiny ", "tiny@small", "@quick"]),
        ((160, 45), ["tiny ", "tiny@small", "p1-table3-segmentation@quick"]),
    ] {
        let text = drawn(&app, size).join("\n");
        names.iter().for_each(|name| assert!(text.contains(name), "{name} is not in\n{text}"));
    }
}

#[test]
fn the_head_of_the_list_counts_what_is_listed_and_keeps_the_time_left() {
    let mut app = app(700, Screen::Runs, unicode());
    for size in [(60, 20), (80, 24), (160, 45)] {
        let head = drawn(&app, size).swap_remove(1);
        assert!(head.contains("100") && head.trim_end().ends_with("to go") && !head.contains('…'), "{head}");
    }
    app = typed(acted(app, &[Action::Filter]), "state=planned");
    let head = drawn(&app, (160, 45)).swap_remove(1);
    assert!(head.contains("100 of 700 with state=planned") && head.contains("100 planned"), "{head}");
    assert!(!head.contains("running"), "{head}");
}

#[test]
fn a_click_meets_the_line_that_is_drawn_there() {
    use crate::tui::keys::{Direction, Motion};
    for runs in [3, 40] {
        let mut app = acted(app(runs, Screen::Runs, unicode()), &[Action::Go(Motion::Line(Direction::Forward))]);
        for size in [(80, 24), (60, 20), (160, 45)] {
            app.update(Msg::Resized(size.0, size.1));
            let lines = drawn(&app, size);
            let cursor = lines.iter().position(|line| line.starts_with('›')).expect("the cursor is drawn");
            assert_eq!(hit(&app, 5, cursor as u16), Some(Hit::Line(app.cursor())));
            assert_eq!(hit(&app, 5, cursor as u16 - 1), Some(Hit::Line(app.cursor() - 1)));
            assert_eq!(hit(&app, 10, 0), Some(Hit::Tab(Screen::Runs)));
            assert_eq!((hit(&app, 5, 1), hit(&app, 5, size.1 - 1)), (None, None));
        }
    }
}

#[test]
fn the_essentials_of_cases_and_system_are_on_a_small_terminal() {
    for (screen, words) in [
        (Screen::Cases, vec!["benign (2)", "DSC", "0.857", "FN 64 px", "? help"]),
        (Screen::System, vec!["processors", "memory", "93 %", "bound by data"]),
    ] {
        let text = drawn(&app(3, screen, unicode()), (60, 20)).join("\n");
        words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{text}"));
    }
}

/// Cells with the ground of a picture, as `(first, last)` columns and rows.
fn pictured(app: &App, (width, height): (u16, u16)) -> Option<Rect> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| view(app, frame)).expect("draws");
    let buffer = terminal.backend().buffer();
    let cells = buffer.area.positions().filter(|at| buffer[*at].symbol() == "▀");
    cells.map(|at| Rect::new(at.x, at.y, 1, 1)).reduce(Rect::union)
}

#[test]
fn a_picture_in_pixels_takes_exactly_the_place_of_one_in_characters() {
    for size in [(80, 24), (160, 45), (60, 20), (203, 31)] {
        let mut app = app(3, Screen::Cases, unicode());
        let blocks = pictured(&app, size);
        let (_, place) = image(&app, Rect::new(0, 0, size.0, size.1)).expect("a picture");
        assert_eq!(blocks, Some(place), "{size:?}");
        app = App::new(Setup { images: Images::Kitty, ..setup(unicode()) });
        fill(&mut app, 3, Screen::Cases);
        assert_eq!(pictured(&app, size), None, "{size:?}");
        assert_eq!(image(&app, Rect::new(0, 0, size.0, size.1)).map(|(_, place)| place), blocks, "{size:?}");
        app.update(Msg::Act(Action::Show(Screen::Runs)));
        assert_eq!(image(&app, Rect::new(0, 0, size.0, size.1)), None);
    }
}

#[test]
fn looks_take_turns_and_say_what_they_show() {
    let mut app = app(3, Screen::Cases, unicode());
    for words in ["overlay ■ TP", "image 16×16 px", "reference ■ outline", "prediction ■ outline", "overlay ■ TP"]
    {
        let text = drawn(&app, (80, 24)).join("\n");
        assert!(text.contains(words), "{words} is not in\n{text}");
        app.update(Msg::Act(Action::Look));
    }
    app.update(Msg::Act(Action::Go(Motion::Line(Direction::Forward))));
    assert!(drawn(&app, (80, 24)).join("\n").contains("reading …"));
}

#[test]
fn the_epochs_of_the_validation_case_are_said_to_be_such() {
    let mut app = app(3, Screen::Cases, unicode());
    app.update(Msg::Act(Action::Epoch(Direction::Backward)));
    assert!(drawn(&app, (80, 24)).join("\n").contains("reading the epochs of the validation case"));
    let name = app.chosen().expect("a run").name.clone();
    app.update(Msg::Filmed(name.clone(), Ok(std::sync::Arc::new(film()))));
    app.update(Msg::Act(Action::Epoch(Direction::Backward)));
    for size in [(60, 20), (80, 24), (160, 45)] {
        let text = drawn(&app, size).join("\n");
        // 2·24 / (2·24 + 40): three of eight columns are found.
        for words in ["valid 網", "epoch 2 of 12", "› epoch 2", "0.545", "TP 24  FP 0  FN 40 px"] {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
        assert!(!text.contains("test case"), "{text}");
    }
    assert!(image(&app, Rect::new(0, 0, 80, 24)).is_some());
    app.update(Msg::Filmed(name, Err("no masks of its epochs are kept".into())));
    assert!(drawn(&app, (80, 24)).join("\n").contains("no masks of its epochs are kept"));
    app.update(Msg::Act(Action::Back));
    assert!(drawn(&app, (80, 24)).join("\n").contains("test case") && app.screen() == Screen::Cases);
}

#[test]
fn a_star_is_explained_only_where_there_is_one() {
    for (arms, starred) in [(3, true), (1, false)] {
        let text = drawn(&app(arms, Screen::Compare, unicode()), (160, 45)).join("\n");
        assert!(text.contains("Distances in px"), "{text}");
        assert_eq!(text.contains("* best mean"), starred, "{text}");
    }
}

#[test]
fn cases_are_found_by_their_ids() {
    let mut app = app(3, Screen::Cases, unicode());
    app.update(Msg::Act(Action::Filter));
    "benign".chars().for_each(|c| _ = app.update(Msg::Typed(c)));
    let text = drawn(&app, (120, 24)).join("\n");
    assert!(text.contains("/benign█") && text.contains("1 of 3 with benign") && !text.contains("malignant"), "{text}");
    app.update(Msg::Typed('x'));
    app.update(Msg::Entered);
    assert!(drawn(&app, (120, 24)).join("\n").contains("no id of a case contains this"));
    app.update(Msg::Act(Action::Back));
    let text = drawn(&app, (120, 24)).join("\n");
    assert_eq!(app.screen(), Screen::Cases);
    assert!(text.contains("of 3,") && text.contains("malignant"), "{text}");
}

#[test]
fn a_run_without_scores_or_masks_says_so() {
    let mut app = app(3, Screen::Cases, unicode());
    let name = app.cases().name().to_owned();
    let gone = "no predicted mask is kept of this case".to_owned();
    let (_, index) = app.cases().wanted().expect("a case");
    let bare = Sight { prediction: Err(gone.clone()), ..sight(name.clone(), index) };
    app.update(Msg::Seen(Box::new(bare)));
    let text = drawn(&app, (160, 45)).join("\n");
    assert!(text.contains(&gone) && text.contains("reference only ■ outline"), "{text}");
    assert!(!text.contains("■ FN"), "{text}");
    app.update(Msg::Scores(name, Task::Segmentation, Err("no scores yet".into())));
    assert!(drawn(&app, (80, 24)).join("\n").contains("no scores yet"));
}
