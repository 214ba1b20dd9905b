//! Two plans beside each other, as they are read.

use super::versus::{READABLE, says, shown};
use super::*;
use crate::report::Difference;
use crate::tui::found::Found;

pub fn differences() -> Vec<Difference> {
    let difference =
        |key: &str, left: &str, right: &str| Difference { key: key.into(), left: left.into(), right: right.into() };
    let long = "x".repeat(70);
    vec![
        difference("split.train", "438 cases", "517 cases, 312 in common"),
        difference("train.lr", "0.001", "0.0001"),
        difference("arm", HOSTILE, &long),
    ]
}

#[test]
fn two_plans_show_only_what_differs() {
    let mut app = acted(app(3, Screen::Runs, unicode()), &[Action::Mark, Action::Mark, Action::Differ]);
    says(&app, (80, 24), &["reading plans …"]);
    app.update(Msg::Found(Found::Differences(Ok(differences()))));
    for size in READABLE {
        says(&app, size, &["3 keys differ", "split.train │ 438 cases", "train.lr │ 0.001", "│ 0.0001"]);
        says(&app, size, &["split.train: 438 cases │ 517 cases, 312 in common"]);
        let text = shown(&app, size);
        assert!(!text.contains(['\u{202e}', '\u{1b}']));
    }
    app.update(Msg::Found(Found::Differences(Ok(Vec::new()))));
    says(&app, (160, 45), &["the plans do not differ"]);
    app.update(Msg::Act(Action::Back));
    assert_eq!(app.screen(), Screen::Runs);
}
