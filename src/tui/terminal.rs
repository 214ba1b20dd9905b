//! The terminal while the dashboard has it: entered, left, left for a while, and given back whatever happens.
//! What else is printed meanwhile, to standard output or error, is kept apart and said afterwards.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, Once};

use anyhow::Context;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, getpgid, getsid, kill_current_process_group};

use super::backend::Sparing;
use super::images::{Images, Painter};
use super::mouse::Mouse;
use super::text::clean;
use super::widget::raster::Raster;

/// Wheel and buttons, not every motion: over a slow line each of those would cost.
const MOUSE_ON: &str = "\u{1b}[?1000h\u{1b}[?1006h";
const MOUSE_OFF: &str = "\u{1b}[?1006l\u{1b}[?1000l";
/// A picture goes out in one piece, with what is said after its cells.
const FRAME_BYTES: usize = 64 << 10;
/// Of what others printed meanwhile, this much is shown afterwards.
const STRAY_BYTES: u64 = 4 << 10;

/// What has to be given back; `None` while the terminal is the shell's. A panic gives it back too.
static HELD: Mutex<Option<Held>> = Mutex::new(None);

struct Held {
    mouse: Mouse,
    strays: Option<Strays>,
}

/// Standard output and error, led past the picture.
struct Strays {
    output: OwnedFd,
    /// `None` where standard error is no terminal, and stays what it is.
    errors: Option<OwnedFd>,
    file: File,
}

/// A picture and its place on the screen.
type Image = Option<(Raster, Rect)>;

/// The terminal; dropping it gives it back.
pub struct Tty {
    terminal: Terminal<Sparing<BufWriter<File>>>,
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
        // Its own way to the terminal: standard output is led away.
        let screen = rustix::io::dup(io::stdout()).map(File::from);
        let terminal = screen.map_err(io::Error::from).and_then(|screen| {
            enter(mouse)?;
            Terminal::new(Sparing::new(BufWriter::with_capacity(FRAME_BYTES, screen)))
        });
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

    /// Columns and rows, if they are not `known`; a terminal that hangs up has none.
    pub fn other_size(&self, known: (u16, u16)) -> Option<(u16, u16)> {
        self.size().ok().filter(|size| *size != known)
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
        let out = self.terminal.backend_mut();
        out.write_all(code.as_bytes())?;
        Write::flush(out)
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
        *held = Some(Held { mouse, strays: None });
    }
    // A program that was killed may have left its picture there.
    execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All))?;
    if mouse == Mouse::On {
        io::stdout().write_all(MOUSE_ON.as_bytes())?;
        io::stdout().flush()?;
    }
    if let Some(held) = HELD.lock().ok().as_mut().and_then(|held| held.as_mut()) {
        held.strays = Strays::lead_away();
    }
    Ok(())
}

/// Gives the terminal back, once. Where it is gone, there is nothing to give back, and nobody to tell.
fn leave() {
    let Some(held) = HELD.try_lock().ok().and_then(|mut held| held.take()) else { return };
    let strays = held.strays.map(Strays::lead_back);
    if held.mouse == Mouse::On {
        let _ = io::stdout().write_all(MOUSE_OFF.as_bytes());
    }
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
    for line in strays.iter().flat_map(|text| text.lines()) {
        let _ = writeln!(io::stderr(), "{}", clean(line));
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

impl Strays {
    /// To a file without a name; where there can be none, both stay as they are.
    fn lead_away() -> Option<Self> {
        let path = std::env::temp_dir().join(format!("seglab-{}.stray", std::process::id()));
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&path).ok()?;
        let _ = std::fs::remove_file(&path);
        let (output, errors) = (rustix::io::dup(io::stdout()).ok()?, rustix::io::dup(io::stderr()).ok()?);
        let errors = io::stderr().is_terminal().then_some(errors);
        rustix::stdio::dup2_stdout(&file).ok()?;
        let led = Self { output, errors, file };
        if led.errors.is_some() {
            let _ = rustix::stdio::dup2_stderr(&led.file);
        }
        Some(led)
    }

    /// What was printed meanwhile, its end where it is much.
    fn lead_back(mut self) -> String {
        let _ = rustix::stdio::dup2_stdout(&self.output);
        if let Some(errors) = &self.errors {
            let _ = rustix::stdio::dup2_stderr(errors);
        }
        let length = self.file.seek(SeekFrom::End(0)).unwrap_or(0);
        let _ = self.file.seek(SeekFrom::Start(length.saturating_sub(STRAY_BYTES)));
        let mut bytes = Vec::new();
        let _ = self.file.take(STRAY_BYTES).read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
