//! The dashboard: a function of the store, drawn at most when something changed, that can be left and opened again at
//! any time. State changes in [`App::update`], pixels in [`view`], files in [`feed`], keys in one table.
//! Knows ratatui; not burn, not how runs are trained.
//! Weak spot: it polls; an event is up to a quarter of a second late.

pub mod app;
pub mod arms;
pub mod detail;
mod feed;
pub mod keys;
pub mod log;
pub mod models;
pub mod overlay;
pub mod panel;
pub mod plot;
pub mod point;
pub mod row;
pub mod screen;
pub mod series;
mod summaries;
pub mod text;
pub mod theme;
pub mod widget;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

pub use app::{Access, App, Banner, Effect, Msg, Setup};
pub use screen::view;
pub use theme::{Colour, Glyphs, Theme};

use crate::executor::Launch;
use crate::run::State;
use crate::store::Watch;
use feed::Feed;

/// How long a look at the store may be old.
const TICK: Duration = Duration::from_millis(250);
/// Keys that are taken before the next picture, so that a pasted text cannot hold it up.
const BURST: usize = 64;

/// How the dashboard is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Characters of this terminal.
    pub glyphs: Glyphs,
    /// Colours of this terminal; see [`Colour::from_env`].
    pub colour: Colour,
    /// Whether keys may change the store.
    pub access: Access,
    /// Whether the end of all runs is news.
    pub banner: Banner,
}

/// Shows `watch` until the user leaves or the terminal goes away. Runs go on in either case.
pub fn run(watch: Watch, launch: &Launch, options: Options) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("the dashboard needs a terminal; \"seglab --help\" lists the commands that do without one");
    }
    let mut app = App::new(Setup {
        theme: Theme { glyphs: options.glyphs, colour: options.colour },
        access: options.access,
        banner: options.banner,
        slots: launch.slots,
        place: text::clean(&watch.store().root().display().to_string()),
    });
    let mut feed = Feed::new(watch, launch);
    let ended = end_signals()?;
    let mut terminal = ratatui::try_init().context("the terminal cannot be set up")?;
    let outcome = show(&mut terminal, &mut app, &mut feed, &ended);
    // Where the terminal is gone, it cannot be restored either.
    let _ = ratatui::try_restore();
    if !ended.load(Ordering::Relaxed) {
        outcome?;
    }
    say_what_goes_on(&app);
    Ok(())
}

/// Set when the system asks the process to end; a signal handler must do no more.
fn end_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&ended)).context("signals cannot be watched")?;
    }
    Ok(ended)
}

fn show(terminal: &mut DefaultTerminal, app: &mut App, feed: &mut Feed, ended: &AtomicBool) -> anyhow::Result<()> {
    let size = terminal.size()?;
    app.update(Msg::Resized(size.width, size.height));
    let events = listen();
    let mut drawn = None;
    while !ended.load(Ordering::Relaxed) && io::stdin().is_terminal() {
        app.update(Msg::Clock(now_s()));
        feed.poll(app);
        if drawn != Some(app.revision()) {
            terminal.draw(|frame| view(app, frame))?;
            drawn = Some(app.revision());
        }
        let wait = if feed.is_behind() { Duration::ZERO } else { TICK };
        let first = match events.recv_timeout(wait) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        for event in first.into_iter().chain(events.try_iter().take(BURST)) {
            match message(app, &event).and_then(|msg| app.update(msg)) {
                Some(Effect::Quit) => return Ok(()),
                Some(effect) => feed.carry_out(&effect, app),
                None => {}
            }
        }
    }
    Ok(())
}

/// Keys and sizes of the terminal, read by a thread of their own: crossterm 0.29 never returns from a terminal that has
/// hung up, and the dashboard must still leave.
fn listen() -> Receiver<Event> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

fn message(app: &App, event: &Event) -> Option<Msg> {
    match event {
        Event::Key(key) => keys::message(app, key),
        Event::Resize(width, height) => Some(Msg::Resized(*width, *height)),
        _ => None,
    }
}

fn say_what_goes_on(app: &App) {
    let alive = app.count(State::Running) + app.count(State::Queued);
    if alive > 0 {
        let runs = if alive == 1 {
            "1 run goes on; `seglab` shows it again, `seglab stop` ends it".to_owned()
        } else {
            format!("{alive} runs go on; `seglab` shows them again, `seglab stop` ends them")
        };
        // Nobody is left to read it if the terminal is gone; `println!` would panic.
        let _ = writeln!(io::stdout(), "{runs}");
    }
}

fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
