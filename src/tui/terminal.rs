//! The terminal while the dashboard has it: entered, left, left for a while, and given back whatever happens.
//! Weak spot: a thread that writes to standard output draws over the picture until it is drawn again (Ctrl-L).

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, Once};

use anyhow::Context;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::layout::Rect;
use ratatui::{DefaultTerminal, Frame, Terminal};
use rustix::process::{Signal, getpgid, getsid, kill_current_process_group};

use super::images::{Images, Painter};
use super::mouse::Mouse;
use super::text::clean;
use super::widget::raster::Raster;

/// Wheel and buttons, not every motion: over a slow line each of those would cost.
const MOUSE_ON: &str = "\u{1b}[?1000h\u{1b}[?1006h";
const MOUSE_OFF: &str = "\u{1b}[?1006l\u{1b}[?1000l";
/// Of what others printed meanwhile, this much is shown afterwards.
const STRAY_BYTES: u64 = 4 << 10;

/// What has to be given back; `None` while the terminal is the shell's. A panic gives it back too.
static HELD: Mutex<Option<Held>> = Mutex::new(None);

struct Held {
    mouse: Mouse,
    errors: Option<Errors>,
}

/// Standard error, led past the picture.
struct Errors {
    shell: OwnedFd,
    stray: File,
}

/// A picture and its place on the screen.
type Image = Option<(Raster, Rect)>;

/// The terminal; dropping it gives it back.
pub struct Tty {
    terminal: DefaultTerminal,
    painter: Painter,
    mouse: Mouse,
}

/// Whether a shell had the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspended {
    Done,
    /// There is no shell to go back to.
    Refused,
}

impl Tty {
    /// Takes the terminal over.
    pub fn open(mouse: Mouse, images: Images) -> anyhow::Result<Self> {
        give_back_in_a_panic();
        let terminal = enter(mouse).and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, painter: Painter::new(images), mouse }),
            Err(error) => {
                leave();
                Err(error).context("the terminal cannot be set up")
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Draws what has changed: characters, and the image beside them where it is drawn in pixels.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame), image: impl FnOnce(Rect) -> Image) -> io::Result<()> {
        let (width, height) = self.size()?;
        let area = Rect::new(0, 0, width, height);
        let image = if self.painter.in_pixels() { image(area) } else { None };
        self.painter.clear(image.as_ref(), area, self.terminal.backend_mut())?;
        self.terminal.draw(view)?;
        self.painter.paint(image.as_ref(), area, self.terminal.backend_mut())
    }

    /// Sends a code that changes no cell.
    pub fn send(&mut self, code: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(code.as_bytes())?;
        out.flush()
    }

    /// Stops, until a shell continues us; whoever does so sends a signal, upon which the terminal is to be taken again.
    /// Does nothing where no shell would.
    pub fn suspend(&mut self) -> io::Result<Suspended> {
        // Without job control we are in the group of the session's leader, or are it: nobody could call us back.
        if getpgid(None)? == getsid(None)? {
            return Ok(Suspended::Refused);
        }
        leave();
        // The whole job, as the terminal's own Ctrl-Z does: a script that called us stops too.
        kill_current_process_group(Signal::STOP)?;
        Ok(Suspended::Done)
    }

    /// Takes the terminal again after someone else had it; the next picture is drawn in full.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        leave();
        enter(self.mouse)?;
        Ok(self.clear()?)
    }

    /// Gives the terminal to someone else for as long as `other` takes.
    pub fn lend<T>(&mut self, other: impl FnOnce() -> T) -> anyhow::Result<T> {
        leave();
        let done = other();
        self.resume()?;
        Ok(done)
    }

    /// The next picture is drawn in full.
    pub fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal for the cursor's place, and the thread that reads keys gets the answer.
        let (width, height) = self.size()?;
        self.painter.forget(self.terminal.backend_mut())?;
        self.terminal.resize(Rect::new(0, 0, width, height))
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        leave();
    }
}

fn enter(mouse: Mouse) -> io::Result<()> {
    enable_raw_mode()?;
    // Raw mode is ours from here on, so that whatever fails below is undone.
    if let Ok(mut held) = HELD.lock() {
        *held = Some(Held { mouse, errors: None });
    }
    execute!(io::stdout(), EnterAlternateScreen)?;
    if mouse == Mouse::On {
        io::stdout().write_all(MOUSE_ON.as_bytes())?;
        io::stdout().flush()?;
    }
    if let Some(held) = HELD.lock().ok().as_mut().and_then(|held| held.as_mut()) {
        held.errors = Errors::lead_away();
    }
    Ok(())
}

/// Gives the terminal back, once. Where it is gone, there is nothing to give back, and nobody to tell.
fn leave() {
    let Some(held) = HELD.try_lock().ok().and_then(|mut held| held.take()) else { return };
    if held.mouse == Mouse::On {
        let _ = io::stdout().write_all(MOUSE_OFF.as_bytes());
    }
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
    if let Some(errors) = held.errors {
        errors.lead_back();
    }
}

/// A panic of the thread that draws gives the terminal back before its message; one of another thread only says its own,
/// past the picture.
fn give_back_in_a_panic() {
    static ONCE: Once = Once::new();
    let drawing = std::thread::current().id();
    ONCE.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() == drawing {
                leave();
            }
            hook(info);
        }));
    });
}

impl Errors {
    /// To a file without a name; where there can be none, or standard error is no terminal, it stays as it is.
    fn lead_away() -> Option<Self> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let path = std::env::temp_dir().join(format!("seglab-{}.stderr", std::process::id()));
        let stray = OpenOptions::new().read(true).append(true).create_new(true).open(&path).ok()?;
        let _ = std::fs::remove_file(&path);
        let shell = rustix::io::dup(io::stderr()).ok()?;
        rustix::stdio::dup2_stderr(&stray).ok()?;
        Some(Self { shell, stray })
    }

    /// Says what was printed meanwhile, its end first where it is much.
    fn lead_back(mut self) {
        if rustix::stdio::dup2_stderr(&self.shell).is_err() {
            return;
        }
        let length = self.stray.seek(SeekFrom::End(0)).unwrap_or(0);
        let _ = self.stray.seek(SeekFrom::Start(length.saturating_sub(STRAY_BYTES)));
        let mut bytes = Vec::new();
        let _ = self.stray.take(STRAY_BYTES).read_to_end(&mut bytes);
        for line in String::from_utf8_lossy(&bytes).lines() {
            let _ = writeln!(io::stderr(), "{}", clean(line));
        }
    }
}
