//! The user's editor on a text, while it has the terminal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Signal, kill_current_process_group};

use super::launch::read_bounded;

/// How often it is looked whether the editor has ended.
const LOOK: Duration = Duration::from_millis(50);
/// Names that are tried for the editor's file.
const FILES: u32 = 100;

/// The command of the user's editor: `VISUAL`, else `EDITOR`.
pub fn command() -> Option<String> {
    let named = |name| std::env::var(name).ok().filter(|command| !command.trim().is_empty());
    named("VISUAL").or_else(|| named("EDITOR"))
}

/// What `command` leaves of `text`. `stop` says that the terminal's Ctrl-Z was pressed: then the whole job stops, as the
/// editor has.
pub fn edit(text: &str, command: &str, stop: &AtomicBool) -> Result<String, String> {
    let (path, mut file) = create().map_err(|error| format!("{}: {error}", std::env::temp_dir().display()))?;
    let edited = file.write_all(text.as_bytes()).and_then(|()| wait(command, &path, stop));
    let left = match edited {
        Ok(true) => match read_bounded(&path) {
            Ok(left) => Ok(left),
            Err(_) if !path.exists() => Err(format!("{command} left no file: the spec is as it was")),
            // What was written there may be all that there is of it.
            Err(error) => return Err(format!("{}: cannot be read ({error}); it is kept there", path.display())),
        },
        Ok(false) => Err(format!("{command} ended with an error: the spec is as it was")),
        Err(error) => Err(format!("{command}: {error}")),
    };
    let _ = fs::remove_file(&path);
    left
}

/// A file that was not there: an earlier one may have been kept, and a link is not followed.
fn create() -> io::Result<(PathBuf, File)> {
    let name = |number| format!("seglab-{}-spec-{number}.toml", std::process::id());
    let paths = (1..=FILES).map(|number| std::env::temp_dir().join(name(number)));
    for path in paths {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn wait(command: &str, path: &Path, stop: &AtomicBool) -> io::Result<bool> {
    // The variable may hold arguments, as in "code --wait".
    let mut editor = Command::new("sh").arg("-c").arg(format!("{command} \"$1\"")).arg("sh").arg(path).spawn()?;
    loop {
        if let Some(status) = editor.try_wait()? {
            return Ok(status.success());
        }
        if stop.swap(false, Ordering::Relaxed) {
            kill_current_process_group(Signal::STOP)?;
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_editor_leaves_is_read_and_a_failure_changes_nothing() {
        let stop = AtomicBool::new(false);
        assert_eq!(edit("name = 1\n", "printf 'lr = 2\\n' >>", &stop), Ok("name = 1\nlr = 2\n".to_owned()));
        assert!(edit("x", "false", &stop).is_err_and(|error| error.contains("as it was")));
        assert!(edit("x", "rm", &stop).is_err_and(|error| error.contains("left no file")));
        assert!(edit("x", "no-such-editor-anywhere", &stop).is_err());
    }

    #[test]
    fn a_file_that_cannot_be_read_back_is_kept_and_named() {
        let stop = AtomicBool::new(false);
        let error = edit("name = 1\n", "printf '\\377' >>", &stop).expect_err("no UTF-8");
        let path = Path::new(error.split_once(": cannot be read").expect("it names the file").0);
        assert_eq!(fs::read(path).expect("it is there"), b"name = 1\n\xff");
        assert_eq!(edit("lr = 2\n", "true", &stop), Ok("lr = 2\n".to_owned()), "another file is taken");
        assert!(path.exists());
        fs::remove_file(path).expect("removed");
    }
}
