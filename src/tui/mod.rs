//! The dashboard: a function of the store, drawn at most when something changed, that can be left and opened again at
//! any time. State changes in [`App::update`], pixels in [`view`], files in [`feed`], keys in one table.
//! Knows ratatui; not burn, not how runs are trained.
//! Weak spot: it polls; an event is up to half a second late.

pub mod album;
pub mod app;
pub mod arms;
pub mod audit;
mod auditor;
mod backend;
pub mod cases;
mod copy;
mod date;
mod dense;
pub mod detail;
mod editor;
mod evidence;
mod exporter;
mod feed;
pub mod field;
pub mod film;
mod finding;
pub mod found;
mod gallery;
pub mod ground;
pub mod images;
mod job;
mod keeper;
mod keymap;
pub mod keys;
pub mod launch;
pub mod list;
mod listen;
pub mod log;
pub mod models;
mod monitor;
pub mod mouse;
pub mod notify;
mod osc;
pub mod overlay;
pub mod pace;
pub mod palette;
pub mod panel;
pub mod plot;
pub mod point;
mod printed;
mod prose;
mod query;
pub mod remembered;
pub mod row;
pub mod screen;
pub mod series;
pub mod sight;
mod signals;
mod standing;
mod summaries;
pub mod system;
mod terminal;
mod tester;
pub mod text;
pub mod theme;
mod typing;
pub mod verdict;
pub mod versus;
pub mod widget;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use ratatui::crossterm::event::Event;

pub use app::{Access, App, Banner, Effect, Memory, Msg, Setup};
pub use ground::{Ground, Shades};
pub use images::Images;
pub use mouse::Mouse;
pub use notify::Notify;
pub use screen::view;
pub use theme::{Colour, Glyphs, Theme};

use crate::dataset::DataRoots;
use crate::executor::Launch;
use crate::run::State;
use crate::store::Watch;
use feed::Feed;
use keeper::Keeper;
use launch::{Desk, Errand, News};
use listen::Keys;
use osc::Multiplexer;
use remembered::Remembered;
use screen::image;
use signals::Signals;
use terminal::{Suspended, Tty};

/// How long a look at the store may be old.
const TICK: Duration = Duration::from_millis(250);
/// How long it takes at most until what a key asked for, and a thread has read, is on the screen.
const SOON: Duration = Duration::from_millis(10);
/// Keys that are taken before the next picture, so that a pasted text cannot hold it up.
const BURST: usize = 64;

/// How the dashboard is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Characters of this terminal.
    pub glyphs: Glyphs,
    /// Colours of this terminal; see [`Colour::from_env`].
    pub colour: Colour,
    /// What they stand on.
    pub ground: Ground,
    /// How this terminal shows pictures.
    pub images: Images,
    /// Whether keys may change the store.
    pub access: Access,
    /// Whether the end of all runs is news.
    pub banner: Banner,
    /// How the end of a run is announced.
    pub notify: Notify,
    /// Whether the terminal tells of the mouse.
    pub mouse: Mouse,
    /// Where it is kept how the dashboard was left; `None` keeps and takes up nothing.
    pub memory: Option<PathBuf>,
    /// Folder of the data sets, if one was named.
    pub data: Option<PathBuf>,
    /// Folder of specs, if one was named.
    pub specs: Option<PathBuf>,
}

/// Shows `watch` until the user leaves or the terminal goes away. Runs go on in either case.
pub fn run(watch: Watch, launch: &Launch, options: Options) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("the dashboard needs a terminal; \"seglab --help\" lists the commands that do without one");
    }
    let mut app = App::new(Setup {
        theme: Theme { glyphs: options.glyphs, colour: options.colour, ground: options.ground },
        images: options.images,
        access: options.access,
        banner: options.banner,
        memory: if options.memory.is_some() { Memory::On } else { Memory::Off },
        slots: launch.slots,
        device: launch.device.clone(),
        place: text::clean(&watch.store().root().display().to_string()),
    });
    let desk = Desk::new(DataRoots::new(options.data.clone()), options.specs.clone());
    let mut feed = Feed::new(watch, launch).with_desk(desk);
    let signals = Signals::watch()?;
    let mut tty = Tty::open(options.mouse, options.images)?;
    let outcome = show(&mut tty, &mut app, &mut feed, (&options, &signals));
    drop(tty);
    if let Some(memory) = &options.memory {
        let left = app.remembered();
        if let (Err(error), Some(draft)) = (left.save(memory), &left.draft) {
            // The terminal may be gone; `eprintln!` would panic.
            let _ = writeln!(io::stderr(), "the draft \"{}\" is lost: {}: {error}", draft.name, memory.display());
        }
    }
    if !signals.end.load(Ordering::Relaxed) {
        outcome?;
    }
    say_what_goes_on(&app);
    Ok(())
}

fn show(tty: &mut Tty, app: &mut App, feed: &mut Feed, (options, signals): (&Options, &Signals)) -> anyhow::Result<()> {
    let (width, height) = tty.size()?;
    app.update(Msg::Resized(width, height));
    feed.poll(app);
    if let Some(left) = options.memory.as_deref().and_then(Remembered::load) {
        app.update(Msg::Restored(Box::new(left)));
    }
    let keys = Keys::listen();
    let around = (options, &keys, &*signals.stop);
    let (mut drawn, mut keeper) = (None, Keeper::default());
    while !signals.end.load(Ordering::Relaxed) && io::stdin().is_terminal() {
        if obey(signals, tty, app)? == Terminal::Unknown {
            drawn = None;
        }
        app.update(Msg::Clock(now_s()));
        // A change before crossterm listens, or while it does not, is told by nobody.
        if let Some((width, height)) = tty.other_size(app.size()) {
            app.update(Msg::Resized(width, height));
        }
        if let Some(effect) = feed.poll(app) {
            carry_out(&effect, (&mut *tty, &mut *app, &mut *feed), around)?;
        }
        keeper.keep(app, options);
        if drawn != Some(app.revision()) {
            tty.draw(|frame| view(app, frame), |area| image(app, area))?;
            drawn = Some(app.revision());
        }
        let Some(events) = pressed(&keys, feed) else { return Ok(()) };
        for event in events {
            match message(app, &event).and_then(|msg| app.update(msg)) {
                Some(Effect::Quit) => return Ok(()),
                Some(effect) => {
                    carry_out(&effect, (&mut *tty, &mut *app, &mut *feed), around)?;
                }
                None => {}
            }
        }
    }
    Ok(())
}

/// What is on the terminal.
#[derive(PartialEq)]
enum Terminal {
    /// What was drawn last.
    Known,
    /// Whoever stopped us may have left anything.
    Unknown,
}

/// Stops and goes on as the system asks.
fn obey(signals: &Signals, tty: &mut Tty, app: &mut App) -> anyhow::Result<Terminal> {
    if signals.stop.swap(false, Ordering::Relaxed) {
        suspend(tty, app)?;
    }
    if signals.continued.swap(false, Ordering::Relaxed) {
        tty.resume()?;
        return Ok(Terminal::Unknown);
    }
    Ok(Terminal::Known)
}

/// What happened at the terminal since, after a while without; `None` once nobody listens to it any more.
fn pressed<'a>(keys: &'a Keys, feed: &Feed) -> Option<impl Iterator<Item = Event> + use<'a>> {
    let wait = match (feed.is_behind(), feed.is_reading()) {
        (true, _) => Duration::ZERO,
        (_, true) => SOON,
        _ => TICK,
    };
    let first = match keys.events.recv_timeout(wait) {
        Ok(event) => Some(event),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => return None,
    };
    Some(first.into_iter().chain(keys.events.try_iter().take(BURST)))
}

/// What is the terminal's is done here, the rest by the feed.
fn carry_out(
    effect: &Effect,
    (tty, app, feed): (&mut Tty, &mut App, &mut Feed),
    (options, keys, stop): (&Options, &Keys, &AtomicBool),
) -> anyhow::Result<()> {
    let multiplexer = Multiplexer::from_env();
    match effect {
        Effect::Copy(text) => tty.send(&osc::clipboard(text, multiplexer))?,
        Effect::Announce(text) => tty.send(&options.notify.code(text, multiplexer))?,
        Effect::Suspend => suspend(tty, app)?,
        Effect::Redraw => tty.clear()?,
        Effect::Launch(Errand::Edit(text)) => match editor::command() {
            Some(command) => {
                let edited = keys.paused(|| tty.lend(|| editor::edit(text, &command, stop)))?;
                app.update(Msg::Launch(Box::new(News::Edited(edited))));
            }
            None => _ = app.update(Msg::Notice("no editor: set EDITOR to its command".to_owned())),
        },
        effect => feed.carry_out(effect, app),
    }
    Ok(())
}

fn suspend(tty: &mut Tty, app: &mut App) -> anyhow::Result<()> {
    if tty.suspend()? == Suspended::Refused {
        app.update(Msg::Notice("no shell to go back to; q leaves, runs go on".to_owned()));
    }
    Ok(())
}

fn message(app: &App, event: &Event) -> Option<Msg> {
    match event {
        Event::Key(key) => keys::message(app, key),
        Event::Mouse(event) => mouse::message(app, event),
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
