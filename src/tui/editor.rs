//! The user's editor on a text, while it has the terminal.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Signal, kill_current_process_group};

use super::launch::read_bounded;

/// How often it is looked whether the editor has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The command of the user's editor: `VISUAL`, else `EDITOR`.
pub fn command() -> Option<String> {
    let named = |name| std::env::var(name).ok().filter(|command| !command.trim().is_empty());
    named("VISUAL").or_else(|| named("EDITOR"))
}

/// What `command` leaves of `text`. `stop` says that the terminal's Ctrl-Z was pressed: then the whole job stops, as the
/// editor has.
pub fn edit(text: &str, command: &str, stop: &AtomicBool) -> Result<String, String> {
    let path = std::env::temp_dir().join(format!("seglab-{}-spec.toml", std::process::id()));
    let edited = write(&path, text).and_then(|()| wait(command, &path, stop));
    let left = edited.map_err(|error| format!("{command}: {error}")).and_then(|is_success| match is_success {
        true => read_bounded(&path).ok_or_else(|| format!("{}: cannot be read as a spec", path.display())),
        false => Err(format!("{command} ended with an error: the spec is as it was")),
    });
    let _ = fs::remove_file(&path);
    left
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // One that is left of an earlier process with this number; a link there is not followed.
    let _ = fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

fn wait(command: &str, path: &Path, stop: &AtomicBool) -> std::io::Result<bool> {
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
        assert!(edit("x", "no-such-editor-anywhere", &stop).is_err());
    }
}
