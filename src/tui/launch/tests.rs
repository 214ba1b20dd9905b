//! Keys to effects, drafts to specs, and both screens as text.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::field::Field;
use super::shelf::{Offer, Shelf};
use super::*;
use crate::dataset::{DataRoots, Dataset};
use crate::device::DeviceName;
use crate::plan::plan;
use crate::run::State;
use crate::spec::BUILT_IN;
use crate::store::Store;
use crate::tui::app::{Access, App, Effect, Memory, Msg, Screen, Setup};
use crate::tui::keys::{Action, message};
use crate::tui::row::Row;
use crate::tui::theme::{Colour, Glyphs, Theme};
use crate::tui::view;

const SIZES: [(u16, u16); 3] = [(60, 20), (80, 24), (160, 45)];

fn offer(name: &str, path: Option<&str>, text: &str) -> Offer {
    let spec = Spec::parse(text, name).map_err(|error| error.to_string());
    Offer { name: name.to_owned(), path: path.map(PathBuf::from), text: text.to_owned(), spec }
}

fn demo(name: &str) -> String {
    BUILT_IN[0].1.replacen("name = \"demo\"", &format!("name = \"{name}\""), 1)
}

fn shelf() -> Shelf {
    let wrong = demo("wrong").replacen("epochs =", "epoch =", 1);
    let elsewhere = demo("elsewhere").replacen("breast-us", "no-such-data", 1);
    Shelf {
        offers: vec![
            offer("demo", None, BUILT_IN[0].1),
            offer("mine", Some("baselines/mine.toml"), &demo("mine")),
            offer("wrong", Some("baselines/wrong.toml"), &wrong),
            offer("elsewhere", Some("baselines/elsewhere.toml"), &elsewhere),
        ],
        datasets: vec![("breast-us".into(), "here".into()), ("busi".into(), "not here".into())],
        folder: PathBuf::from("baselines"),
    }
}

fn open(setup: Setup) -> App {
    let mut app = App::new(setup);
    app.update(Msg::Resized(80, 24));
    app.update(Msg::Act(Action::Show(Screen::Launch)));
    tell(&mut app, News::Shelf(shelf()));
    app
}

fn app() -> App {
    open(Setup { slots: Some(2), ..Setup::default() })
}

fn tell(app: &mut App, news: News) -> Option<Effect> {
    app.update(Msg::Launch(Box::new(news)))
}

fn press(app: &mut App, code: KeyCode) -> Option<Effect> {
    let msg = message(app, &KeyEvent::from(code))?;
    app.update(msg)
}

fn keys(app: &mut App, text: &str) -> Option<Effect> {
    text.chars().fold(None, |_, c| press(app, KeyCode::Char(c)))
}

/// Puts the form's cursor on `field`.
fn to(app: &mut App, field: Field) {
    let place = app.launch().form.as_ref().and_then(|form| form.draft.fields().iter().position(|f| *f == field));
    keys(app, "g");
    (0..place.expect("the form has the line")).for_each(|_| _ = keys(app, "j"));
}

/// Types a number of epochs.
fn change(app: &mut App) {
    to(app, Field::Epochs);
    keys(app, "7");
    press(app, KeyCode::Enter);
}

fn draft(app: &App) -> &Draft {
    &app.launch().form.as_ref().expect("a form").draft
}

fn drawn(app: &App, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| view(app, frame)).expect("draws");
    let cells = terminal.backend().buffer().content.chunks(usize::from(width));
    cells.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
}

fn planned(app: &mut App, text: &str) {
    let dir = tempfile::tempdir().expect("tempdir");
    let roots = DataRoots::new(Some(dir.path().to_owned()));
    let outlook = outlook::outlook(text, &roots, &Store::new(dir.path()));
    tell(app, News::Outlook(text.to_owned(), outlook));
}

/// Specs, devices, the plan of the first spec, and what it takes: of one arm measured, of the others by their operations.
pub(in crate::tui) fn fill(app: &mut App) {
    tell(app, News::Shelf(shelf()));
    let names = |text: &str| text.split(',').map(|name| name.parse().expect(text)).collect::<Vec<DeviceName>>();
    tell(app, News::Devices(Devices { usable: names("flex,tch:cuda:0"), auto: names("tch:cuda:0") }));
    planned(app, BUILT_IN[0].1);
    let spec = Spec::parse(BUILT_IN[0].1, "demo").expect("built in");
    let Spec { train, protocol, arms, .. } = &spec;
    let work = Work {
        model: arms[0].model.clone(),
        input_px: protocol.input_px,
        batch: train.batch,
        epochs: 5,
        train: 100,
        valid: 20,
    };
    tell(
        app,
        News::Measured(vec![Measured {
            run: "demo/unet-f0".into(),
            work,
            device: "tch:cuda:0 (H200)".into(),
            images_per_s: 50.0,
            valid_s: 0.01,
            epoch_s: 2.2,
            started_s: 1.0,
        }]),
    );
    for (place, arm) in arms.iter().enumerate() {
        let summary = Summary {
            name: arm.model.name().to_owned(),
            params: 120_000 * (place + 1),
            input_px: protocol.input_px,
            macs: 30_000_000 * (place as u64 + 1),
            kept_mib: 12.5,
            stages: Vec::new(),
            discriminator: None,
            outputs: Vec::new(),
        };
        tell(app, News::Cost(CostKey::of(&arm.model, protocol.input_px), Ok(summary)));
    }
}

#[test]
fn a_spec_of_the_form_plans_the_same_runs_from_its_file() {
    let mut app = app();
    keys(&mut app, "n");
    to(&mut app, Field::Epochs);
    keys(&mut app, "7");
    press(&mut app, KeyCode::Enter);
    to(&mut app, Field::Seeds);
    press(&mut app, KeyCode::Enter);
    keys(&mut app, ", 2");
    press(&mut app, KeyCode::Enter);
    keys(&mut app, "a");
    press(&mut app, KeyCode::Enter);
    keys(&mut app, "/boundary-at");
    press(&mut app, KeyCode::Enter);
    let draft = draft(&app);
    let spec = draft.spec().expect("nothing is wrong").clone();
    assert_eq!((spec.train.epochs, spec.protocol.seeds.clone(), spec.arms.len()), (7, vec![1, 2], 2));
    assert_eq!(spec.arms[1].name, "boundary-attention");
    let read = Spec::parse(draft.toml(), "file").expect("what is written is read");
    assert_eq!(read, spec);
    let dataset = Dataset::open("breast-us", &DataRoots::new(None)).expect("made, not read");
    let ids = |spec: &Spec| plan(spec, &dataset).expect("plans").iter().map(|plan| plan.id()).collect::<Vec<_>>();
    assert_eq!(ids(&read), ids(&spec));
    assert_eq!(ids(&read).len(), 4);
}

#[test]
fn esc_brings_the_value_back_that_was_typed_over() {
    let mut app = app();
    keys(&mut app, "je");
    let before = draft(&app).clone();
    to(&mut app, Field::Epochs);
    keys(&mut app, "73");
    assert_eq!(draft(&app).value(Field::Epochs), "73");
    press(&mut app, KeyCode::Esc);
    assert_eq!(*draft(&app), before, "its text and that it is not changed, too");
    to(&mut app, Field::Seeds);
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Backspace);
    keys(&mut app, "x");
    press(&mut app, KeyCode::Esc);
    assert_eq!(*draft(&app), before);
}

#[test]
fn every_built_in_spec_is_the_same_after_the_form_touched_it() {
    for (name, text) in BUILT_IN {
        let mut draft = Draft::parse(text);
        assert_eq!(draft.toml(), *text, "{name}: verbatim until it is changed");
        let before = draft.spec().expect("built in").clone();
        let value = draft.value(Field::Epochs);
        draft.set(Field::Epochs, &value);
        assert_eq!(draft.spec(), Some(&before), "{name}");
        assert_eq!(Spec::parse(draft.toml(), name).ok().as_ref(), Some(&before), "{name}");
    }
}

#[test]
fn every_wrong_value_is_said_beside_its_line() {
    for (field, typed, words) in [
        (Field::Name, "../x", "expected 1 to 64"),
        (Field::Name, "audits", "the store uses it"),
        (Field::InputPx, "100", "not a multiple of 16"),
        (Field::Folds, "1", "folds ≥ 2"),
        (Field::Run, "9", "run ≤ folds"),
        (Field::Valid, "2", "0 < valid < 1"),
        (Field::Seeds, "1, 1", "has 1 twice"),
        (Field::Seeds, "", "empty"),
        (Field::Epochs, "many", "invalid type"),
        (Field::Epochs, "", "missing field"),
        (Field::Batch, "0", "train.batch = 0"),
        (Field::Lr, "-1", "train.lr"),
        (Field::Width(0), "9", "model.width"),
        (Field::Width(0), "wide", "invalid type"),
    ] {
        let mut draft = Draft::fresh("mine");
        draft.set(field, typed);
        let said: Vec<_> = draft.faults().iter().map(|fault| (fault.field, fault.text.contains(words))).collect();
        assert_eq!(said, [(Some(field), true)], "{field:?} = {typed:?}: {:?}", draft.faults());
    }
    let mut draft = Draft::fresh("mine");
    for (field, text) in [(Field::Epochs, "0"), (Field::Lr, "x"), (Field::Name, "a b")] {
        draft.set(field, text);
    }
    let mut fields: Vec<_> = draft.faults().iter().filter_map(|fault| fault.field).map(Field::label).collect();
    fields.sort();
    assert_eq!(fields, ["epochs", "learning rate", "name"], "{:?}", draft.faults());
}

#[test]
fn a_spec_is_started_by_its_text_once_and_then_its_runs_are_shown() {
    let mut app = app();
    let effect = keys(&mut app, "s");
    assert_eq!(effect, Some(Effect::Launch(Errand::Start { text: BUILT_IN[0].1.to_owned(), device: Choice::Auto })));
    assert_eq!(keys(&mut app, "s"), None, "it is being started");
    let started = Started { spec: "demo".into(), runs: 4, waiting: 3, warnings: vec!["x: protocol leaks".into()] };
    tell(&mut app, News::Started(Ok(started)));
    assert_eq!((app.screen(), app.filter()), (Screen::Runs, "spec=demo"));
    assert!(app.notice().is_some_and(|notice| notice.contains("3 of 4") && notice.contains("leaks")));
    assert_eq!(app.remembered().filter, "", "nobody typed it");
    keys(&mut app, "/");
    assert!(app.is_selected(), "what is typed takes its place");
    keys(&mut app, "lr=1");
    assert_eq!(app.remembered().filter, "lr=1");
}

#[test]
fn who_has_gone_on_to_something_else_stays_there_when_runs_begin() {
    let mut app = app();
    keys(&mut app, "s4");
    tell(&mut app, News::Started(Ok(Started { spec: "demo".into(), runs: 4, waiting: 4, warnings: Vec::new() })));
    assert_eq!((app.screen(), app.filter()), (Screen::Models, ""));
    assert!(app.notice().is_some_and(|notice| notice.contains("4 of 4 runs")));
}

#[test]
fn a_spec_that_cannot_be_read_is_not_said_to_lack_profiles() {
    let mut app = app();
    let text = demo("torn").replacen("epochs =", "epoch =", 1) + "[profile.small]\nepochs = 2\n";
    tell(&mut app, News::Shelf(Shelf { offers: vec![offer("torn", None, &text)], ..shelf() }));
    keys(&mut app, "P");
    assert!(app.notice().is_some_and(|notice| notice.contains("cannot be read")), "{:?}", app.notice());
}

#[test]
fn the_profile_that_is_chosen_is_planned_and_started_and_the_file_stays_as_it_is() {
    let mut app = app();
    assert_eq!(keys(&mut app, "P"), None);
    assert_eq!(app.notice(), Some("demo has no profile"));
    let text = demo("small") + "[profile.quick]\nepochs = 2\n[profile.tiny]\nepochs = 1\n";
    tell(&mut app, News::Shelf(Shelf { offers: vec![offer("small", None, &text)], ..shelf() }));
    assert!(drawn(&app, (100, 30)).contains("profile: quick, tiny"));
    keys(&mut app, "P");
    let chosen = app.launch().offer(app.rows()).expect("the spec").clone();
    assert_eq!((chosen.name.as_str(), chosen.spec.as_ref().map(|spec| spec.train.epochs)), ("small@quick", Ok(2)));
    assert_eq!(Spec::parse_sized(&chosen.text, "x").expect("its text"), chosen.spec.expect("a spec"));
    planned(&mut app, &chosen.text);
    let Some(Ok(outlook)) = app.launch().outlook(&chosen.text) else { panic!("planned") };
    assert!(outlook.runs.iter().all(|run| run.name.starts_with("small@quick/")));
    assert!(drawn(&app, (100, 30)).contains("2 epochs at most"));
    keys(&mut app, "P");
    assert_eq!(app.launch().offer(app.rows()).map(|offer| offer.name.clone()), Some("small@tiny".to_owned()));
    keys(&mut app, "P");
    assert_eq!(app.launch().offer(app.rows()).map(|offer| offer.text.clone()), Some(text.clone()), "full size again");
    let Some(Effect::Launch(Errand::Start { text: started, .. })) = keys(&mut app, "Ps") else { panic!("started") };
    assert_eq!(started, chosen.text);
    keys(&mut app, "e");
    assert_eq!(draft(&app).name(), "small-2", "a form is of the spec itself");
}

#[test]
fn what_cannot_be_started_is_refused_with_the_reason() {
    let mut app = app();
    keys(&mut app, "jj");
    assert_eq!(keys(&mut app, "s"), None);
    assert!(app.notice().is_some_and(|notice| notice.contains("unknown field `epoch`")), "{:?}", app.notice());
    keys(&mut app, "j");
    let text = app.launch().offer(app.rows()).expect("elsewhere").text.clone();
    planned(&mut app, &text);
    assert_eq!(keys(&mut app, "s"), None);
    assert!(app.notice().is_some_and(|notice| notice.contains("no data set \"no-such-data\"")), "{:?}", app.notice());
}

#[test]
fn a_draft_is_saved_before_it_is_started_and_a_file_is_replaced_only_after_a_yes() {
    let mut app = app();
    keys(&mut app, "je");
    assert_eq!((app.screen(), draft(&app).name()), (Screen::Form, "mine".to_owned()));
    to(&mut app, Field::Batch);
    keys(&mut app, "4");
    press(&mut app, KeyCode::Enter);
    let Some(Effect::Launch(Errand::Save { text, path, replace: false })) = keys(&mut app, "s") else {
        panic!("not saved first")
    };
    assert!(Spec::parse(&text, "x").is_ok_and(|spec| spec.train.batch == 4));
    let file = path.expect("where it came from");
    assert_eq!(file, PathBuf::from("baselines/mine.toml"));
    tell(&mut app, News::Saved(Err(Unsaved::Exists(file.clone()))));
    assert!(app.question().is_some_and(|question| question.contains("baselines/mine.toml is there")));
    let replaced = keys(&mut app, "y");
    assert!(matches!(replaced, Some(Effect::Launch(Errand::Save { replace: true, .. }))), "{replaced:?}");
    assert_eq!(
        tell(&mut app, News::Saved(Ok(file))),
        Some(Effect::Launch(Errand::Start { text, device: Choice::Auto }))
    );
}

#[test]
fn the_form_keeps_every_line_of_a_file_that_it_does_not_change() {
    for (name, text) in BUILT_IN {
        let commented = format!("# why\n{text}# the last word\n");
        let mut draft = Draft::parse(&commented);
        // Typed key by key, with nothing on the line in between.
        ["", "7", "77"].iter().for_each(|typed| draft.set(Field::Epochs, typed));
        assert_eq!(draft.spec().map(|spec| spec.train.epochs), Some(77), "{name}");
        let before: Vec<&str> = commented.lines().collect();
        let other: Vec<&str> = draft.toml().lines().filter(|line| !before.contains(line)).collect();
        assert_eq!((other, draft.toml().lines().count()), (vec!["epochs = 77"], before.len()), "{name}");
        draft.set(Field::Epochs, &Draft::parse(text).value(Field::Epochs));
        assert_eq!(draft.toml(), commented, "{name}");
    }
}

#[test]
fn an_arm_takes_its_comments_with_it_and_leaves_the_others_theirs() {
    let arm = |name: &str, model: &str| {
        let loss = "loss = { name = \"combo\" }";
        format!("\n# of {name}\n[[arm]]\nname = \"{name}\" # {name}\n{loss}\nmodel = {{ name = \"{model}\" }} # so\n")
    };
    let head = demo("mine");
    let head = head.split("[[arm]]").next().expect("a head");
    let mut draft = Draft::parse(&format!("{head}{}{}{}", arm("a", "unet"), arm("b", "unet"), arm("c", "unet")));
    assert!(draft.spec().is_some(), "{:?}", draft.faults());
    draft.remove_arm(0);
    draft.set(Field::Model(1), "cnn");
    draft.add_arm(0);
    let text = draft.toml();
    assert!(!text.contains("# of a") && text.contains(&(arm("b", "unet") + &arm("c", "cnn"))), "{text}");
    let added = "\n\n[[arm]]\nname = \"unet\"\nloss = { name = \"combo\" }\nmodel = { name = \"unet\" }\n";
    assert!(text.ends_with(added), "{text}");
    assert_eq!(draft.spec().map(|spec| spec.arms.len()), Some(3));
}

#[test]
fn an_arm_is_removed_only_after_a_yes() {
    let mut app = app();
    keys(&mut app, "na");
    let arms = |app: &App| draft(app).spec().map_or(0, |spec| spec.arms.len());
    assert_eq!(arms(&app), 2);
    keys(&mut app, "x");
    assert_eq!(app.question(), Some("remove the arm \"unet-combo\"?"));
    keys(&mut app, "n");
    assert_eq!(arms(&app), 2);
    keys(&mut app, "xy");
    assert_eq!((arms(&app), app.question()), (1, None));
    to(&mut app, Field::Name);
    keys(&mut app, "x");
    assert_eq!((app.question(), app.notice()), (None, Some("no arm under the cursor")));
}

#[test]
fn a_no_changes_nothing() {
    let mut app = app();
    keys(&mut app, "n");
    keys(&mut app, "s");
    tell(&mut app, News::Saved(Err(Unsaved::Exists(PathBuf::from("x.toml")))));
    assert_eq!(keys(&mut app, "n"), None);
    assert_eq!((app.question(), app.launch().then_start), (None, false));
}

#[test]
fn a_built_in_spec_is_copied_under_a_free_name() {
    let mut app = app();
    app.update(Msg::Rows(vec![Row { name: "demo-2/a".into(), spec: "demo-2".into(), ..Row::default() }]));
    press(&mut app, KeyCode::Enter);
    assert_eq!(draft(&app).name(), "demo-3");
    assert!(!draft(&app).is_changed() && draft(&app).file().is_none());
}

#[test]
fn a_changed_draft_is_not_lost_unasked() {
    let mut app = app();
    keys(&mut app, "dqn");
    assert_eq!((app.question(), draft(&app).name().as_str()), (None, "new"), "nobody has changed the copy");
    keys(&mut app, "qd");
    change(&mut app);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.screen(), Screen::Launch);
    keys(&mut app, "n");
    assert!(app.question().is_some_and(|question| question.contains("\"demo-2\"")));
    keys(&mut app, "n");
    keys(&mut app, "f");
    assert_eq!((app.screen(), draft(&app).name().as_str()), (Screen::Form, "demo-2"));
}

#[test]
fn a_draft_is_there_again_after_leaving_even_if_it_cannot_be_parsed() {
    for text in [demo("mine").replacen("epochs =", "epochs = 7 #", 1), "name = [".to_owned()] {
        let mut left = open(Setup { memory: Memory::On, ..Setup::default() });
        keys(&mut left, "je");
        tell(&mut left, News::Edited(Ok(text.clone())));
        assert_eq!(left.update(Msg::Act(Action::Quit)), Some(Effect::Quit), "it is kept: nothing to ask");
        let mut again = app();
        again.update(Msg::Restored(Box::new(left.remembered())));
        assert!(again.notice().is_some_and(|notice| notice.starts_with("mine is not saved")), "{:?}", again.notice());
        keys(&mut again, "f");
        assert_eq!((again.screen(), draft(&again).toml()), (Screen::Form, text.as_str()));
        assert!(draft(&again).is_changed());
        assert_eq!(draft(&again).file(), Some(std::path::Path::new("baselines/mine.toml")));
    }
    let mut saved = app();
    keys(&mut saved, "je");
    assert_eq!(saved.remembered().draft, None, "a draft that has not changed is its file");
}

#[test]
fn a_draft_that_nothing_keeps_is_not_left_unasked() {
    let mut app = app();
    keys(&mut app, "d");
    change(&mut app);
    let quit = |app: &mut App| app.update(Msg::Act(Action::Quit));
    assert_eq!(quit(&mut app), None);
    assert_eq!(app.question(), Some("leave without saving demo-2?"));
    assert_eq!(quit(&mut app), Some(Effect::Quit), "who asks twice means it");
    keys(&mut app, "n");
    assert_eq!((app.question(), draft(&app).name().as_str()), (None, "demo-2"));
    quit(&mut app);
    assert_eq!(keys(&mut app, "y"), Some(Effect::Quit));
}

#[test]
fn a_read_only_dashboard_writes_and_starts_nothing() {
    let mut app = open(Setup { access: Access::ReadOnly, ..Setup::default() });
    for text in ["s", "n", "e", "s"] {
        assert_eq!(keys(&mut app, text), None);
        assert!(app.notice().is_some_and(|notice| notice.starts_with("read-only")), "{text}: {:?}", app.notice());
    }
}

#[test]
fn an_editor_gets_the_text_and_gives_it_back() {
    let mut app = app();
    let Some(Effect::Launch(Errand::Edit(text))) = keys(&mut app, "jE") else { panic!("no editor") };
    assert_eq!(text, demo("mine"));
    tell(&mut app, News::Edited(Ok(text.replacen("epochs =", "epoch =", 1))));
    assert!(app.notice().is_some_and(|notice| notice.contains("line ") && notice.contains("`epoch`")));
    tell(&mut app, News::Edited(Ok("name = ".into())));
    assert!(draft(&app).spec().is_none() && !draft(&app).faults().is_empty() && draft(&app).fields().is_empty());
    let Some(Effect::Launch(Errand::Edit(again))) = keys(&mut app, "E") else { panic!("no editor") };
    assert_eq!(again, "name = ");
    let commented = format!("# ours\n{text}");
    tell(&mut app, News::Edited(Ok(commented.clone())));
    assert_eq!(draft(&app).toml(), commented, "comments stay");
}

#[test]
fn the_plan_says_data_runs_and_that_no_run_tells_the_time() {
    for size in SIZES {
        let mut app = app();
        assert!(drawn(&app, size).contains("planning"), "{}", drawn(&app, size));
        planned(&mut app, BUILT_IN[0].1);
        let text = drawn(&app, size);
        for words in ["4 runs", "4 arms: 4", "breast-us", "fgfeu-net"] {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
        if size.1 > 20 {
            assert!(text.contains("unknown until one epoch has run"), "{text}");
        }
    }
}

#[test]
fn runs_of_the_store_are_counted_and_those_of_another_version_told_apart() {
    let mut app = app();
    planned(&mut app, BUILT_IN[0].1);
    let Some(Ok(outlook)) = app.launch().outlook(BUILT_IN[0].1) else { panic!("demo plans") };
    let row = |name: &str, state| Row { name: name.into(), spec: "demo".into(), state: Some(state), ..Row::default() };
    let rows = vec![
        row(&outlook.runs[0].name, State::Finished),
        row(&outlook.runs[1].name, State::Failed),
        row("demo/old", State::Finished),
    ];
    app.update(Msg::Rows(rows));
    let text = drawn(&app, (160, 45));
    assert!(text.contains("3 to do, 1 finished; 1 more in the store"), "{text}");
}

#[test]
fn a_start_is_offered_while_something_is_left_to_do_and_time_is_that_of_its_own_runs() {
    let mut app = app();
    planned(&mut app, BUILT_IN[0].1);
    let Some(Ok(outlook)) = app.launch().outlook(BUILT_IN[0].1) else { panic!("demo plans") };
    let runs = outlook.runs.clone();
    let row = |run: &Planned, state| Row {
        name: run.name.clone(),
        arm: run.arm.clone(),
        spec: "demo".into(),
        state: Some(state),
        ..Row::default()
    };
    let rows = |state| runs.iter().map(|run| row(run, state)).collect::<Vec<_>>();
    app.update(Msg::Rows(rows(State::Stopped)));
    let foot = |app: &App| drawn(app, (160, 45)).lines().last().unwrap_or_default().to_owned();
    assert!(foot(&app).contains("s start"), "{}", foot(&app));
    app.update(Msg::Rows(rows(State::Finished)));
    assert!(!foot(&app).contains("s start"), "{}", foot(&app));
    // An arm whose epochs took ten seconds each, and no other run to go by.
    let spec = app.launch().offer(app.rows()).and_then(|offer| offer.spec.as_ref().ok()).expect("demo").clone();
    let Some(Ok(outlook)) = app.launch().outlook(BUILT_IN[0].1).cloned() else { panic!("demo plans") };
    let mut known = vec![Row { epoch: 4, spent_s: 40.0, ..row(&runs[0], State::Stopped) }];
    known.extend(runs[1..].iter().map(|run| row(run, State::Finished)));
    let left = total(app.launch(), (&spec, &outlook), (&known, 1));
    assert_eq!(left, Total { left_s: 10.0 * f64::from(spec.train.epochs), unknown: vec![] });
}

#[test]
fn no_spec_a_wrong_one_and_missing_data_are_said_at_every_size() {
    for size in SIZES {
        let mut empty = App::new(Setup::default());
        empty.update(Msg::Act(Action::Show(Screen::Launch)));
        assert!(drawn(&empty, size).contains("reading the specs"));
        tell(&mut empty, News::Shelf(Shelf::default()));
        assert!(drawn(&empty, size).contains("no spec; n begins one"));
        let mut app = app();
        keys(&mut app, "jj");
        assert!(drawn(&app, size).contains("unknown field"), "{}", drawn(&app, size));
        keys(&mut app, "j");
        let text = app.launch().offer(app.rows()).expect("elsewhere").text.clone();
        planned(&mut app, &text);
        assert!(drawn(&app, size).contains("no data set \"no-such-data\""), "{}", drawn(&app, size));
        keys(&mut app, "e");
        assert!(drawn(&app, size).contains("✗ no data set"), "{}", drawn(&app, size));
    }
}

#[test]
fn the_form_shows_values_choices_and_what_is_wrong() {
    for size in SIZES {
        let mut app = app();
        keys(&mut app, "n");
        to(&mut app, Field::Epochs);
        keys(&mut app, "0");
        let text = drawn(&app, size);
        assert!(text.contains("0█") && text.contains("✗ train.epochs = 0"), "{text}");
        keys(&mut app, "5");
        assert!(drawn(&app, size).contains("05█"));
        press(&mut app, KeyCode::Esc);
        to(&mut app, Field::Dataset);
        press(&mut app, KeyCode::Enter);
        assert!(drawn(&app, size).contains("not here") && drawn(&app, size).contains("/█"), "{}", drawn(&app, size));
    }
}

#[test]
fn hostile_text_and_ascii_reach_the_screen_clean() {
    let theme = Theme { glyphs: Glyphs::Ascii, colour: Colour::None, ..Theme::default() };
    let mut app = open(Setup { theme, ..Setup::default() });
    let hostile = demo("mine").replacen("Ultrasound", "\u{202e}腫\\u001b[2J", 1);
    tell(&mut app, News::Shelf(Shelf { offers: vec![offer("mine", Some("a\u{1b}.toml"), &hostile)], ..shelf() }));
    for key in ["", "e", "E"] {
        keys(&mut app, key);
        for size in [(160, 45), (80, 24), (60, 20), (41, 11)] {
            let text = drawn(&app, size).replace('\n', "");
            assert!(text.is_ascii() && !text.contains(|c: char| c.is_control()), "{text}");
        }
    }
}

#[test]
fn news_of_nothing_new_draws_nothing() {
    let mut app = app();
    let before = app.revision();
    app.update(Msg::Clock(1.0));
    app.update(Msg::Rows(Vec::new()));
    assert_eq!(app.revision(), before);
}

#[test]
fn what_is_started_goes_to_the_device_that_was_chosen() {
    let mut app = app();
    let names = |text: &str| text.split(',').map(|name| name.parse().expect(text)).collect::<Vec<DeviceName>>();
    tell(
        &mut app,
        News::Devices(Devices { usable: names("flex,tch:cuda:0,tch:cuda:1"), auto: names("tch:cuda:0,tch:cuda:1") }),
    );
    assert!(drawn(&app, (160, 45)).contains("auto: tch:cuda:0,tch:cuda:1"));
    assert_eq!(app.launch().target.gpus(), 2);
    let chosen: Vec<String> = (0..4)
        .map(|_| {
            keys(&mut app, "D");
            app.launch().target.on()
        })
        .collect();
    assert_eq!(chosen, ["flex", "tch:cuda:0", "tch:cuda:1", "auto: tch:cuda:0,tch:cuda:1"]);
    keys(&mut app, "DD");
    let Some(Effect::Launch(Errand::Start { device, .. })) = keys(&mut app, "s") else { panic!("started") };
    assert_eq!(device.to_string(), "tch:cuda:0");
}
