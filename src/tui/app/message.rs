//! What can happen, and what is then to be done outside.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Prompt;
use crate::metric::{CaseScore, Task};
use crate::model::Summary;
use crate::report::Comparison;
use crate::store::Move;
use crate::tui::detail::Detail;
use crate::tui::exporter::Exported;
use crate::tui::film::Film;
use crate::tui::found::Found;
use crate::tui::keys::{Action, Direction};
use crate::tui::launch::{Errand, Input, News};
use crate::tui::overlay::Overlaid;
use crate::tui::remembered::Remembered;
use crate::tui::row::{Name, Row};
use crate::tui::sight::Sight;
use crate::tui::system::Sample;
use crate::tui::widget::picture::Picture;

/// What is on the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Screen {
    /// All runs.
    #[default]
    Runs,
    /// The chosen run.
    Run,
    /// Arms × metrics of a spec.
    Compare,
    /// The registry of models.
    Models,
    /// Curves of several runs together.
    Overlay,
    /// The chosen run's scored cases.
    Cases,
    /// The machine.
    System,
    /// What is wrong with data, split and printed tables.
    Audit,
    /// Two plans side by side.
    Difference,
    /// The specs, what they come to, and what they take.
    Launch,
    /// One that is being written.
    Form,
    /// Keys.
    Help,
}

/// Which part of a run's screen has all the room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// None of them.
    #[default]
    All,
    /// The log.
    Log,
    /// The picture.
    Picture,
    /// The curves.
    Curves,
}

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key of the table.
    Act(Action),
    /// A character of the filter, of a search, of a folder, or of what the palette is asked for.
    Typed(char),
    /// The last character goes.
    Erased,
    /// All of it goes.
    Cleared,
    /// The text is complete.
    Entered,
    /// Another line of the palette.
    Picked(Direction),
    /// The palette, or what is typed of a folder, is not wanted any more.
    Dismissed,
    /// What was asked is to be done.
    Confirmed,
    /// What was asked is not to be done.
    Declined,
    /// The mouse chose a line of the list.
    Pointed(usize),
    /// The mouse's wheel.
    Rolled(Direction),
    /// How the dashboard was left.
    Restored(Box<Remembered>),
    /// The terminal's columns and rows.
    Resized(u16, u16),
    /// Unix time.
    Clock(f64),
    /// All runs, in any order.
    Rows(Vec<Row>),
    /// Runs that are found but not yet read.
    Unread(usize),
    /// Run folders that cannot be read, with the reason.
    Broken(Vec<String>),
    /// The chosen run.
    Detail(Box<Detail>),
    /// The chosen run's newest log lines.
    Log(String),
    /// The chosen run's picture.
    Picture(Option<Box<Picture>>),
    /// The shown spec's arms, or why there are none.
    Compared(Result<Box<Comparison>, String>),
    /// Curves of several runs.
    Overlaid(Box<Overlaid>),
    /// What was computed of a model, or why not.
    Summarised(String, Result<Box<Summary>, String>),
    /// The scores of a run's test cases, or why there are none.
    Scores(Name, Task, Result<Vec<CaseScore>, String>),
    /// A run's validation case by epoch, or why there is none.
    Filmed(Name, Result<Arc<Film>, String>),
    /// A case's planes.
    Seen(Box<Sight>),
    /// What the machine does.
    Sampled(Box<Sample>),
    /// What a thread has found.
    Found(Found),
    /// A key while a value of a spec is typed or chosen.
    Entering(Input),
    /// What the launch screens asked for.
    Launch(Box<News>),
    /// What was exported, or why not.
    Exported(Exported),
    /// The folder that was typed is refused, and why.
    Refused(Prompt, String),
    /// Something to say.
    Notice(String),
}

impl Msg {
    /// Whether it is a key or the mouse.
    pub(super) fn is_users(&self) -> bool {
        use Msg::{
            Act, Cleared, Confirmed, Declined, Dismissed, Entered, Entering, Erased, Picked, Pointed, Rolled, Typed,
        };
        matches!(
            self,
            Act(_)
                | Typed(_)
                | Erased
                | Cleared
                | Entered
                | Picked(_)
                | Dismissed
                | Confirmed
                | Declined
                | Pointed(_)
                | Rolled(_)
                | Entering(_)
        )
    }
}

/// Something to do outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Ask a worker to end.
    Stop(Name),
    /// Take a run out of the queue.
    Dequeue(Name),
    /// Put a run into the queue.
    Enqueue(Name),
    /// Change a run's place in the queue.
    Shift(Name, Move),
    /// Audit the data set of a run.
    Audit(Name),
    /// Write a spec's tables into a folder.
    Export(String, String),
    /// What the launch screens ask for.
    Launch(Errand),
    /// One after the other.
    All(Vec<Effect>),
    /// Put a text on the terminal's clipboard.
    Copy(String),
    /// Tell someone who looks elsewhere.
    Announce(String),
    /// Back to the shell until it continues this process.
    Suspend,
    /// Draw every cell again.
    Redraw,
}
