//! A laboratory in a temporary folder: a tiny data set, a tiny spec, the built program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use seglab::run::Event;

pub const MANIFEST: &str = r#"
name = "tiny"
title = "Twelve small phantoms"
origin = "built in"
licence = "as seglab"
[layout]
kind = "phantom"
phantom = "breast-us"
seed = 5
subjects = 12
images_per_subject = 2
size_px = 32
"#;

pub const SPEC: &str = r#"
name = "tiny"
dataset = "tiny"
[protocol]
input_px = 32
seeds = [1]
split = { folds = 4, run = 1, valid = 0.25 }
[train]
epochs = 4
batch = 4
lr = 1e-3
augment = { flip_horizontal = true, shift = 0.1 }
[[arm]]
name = "net"
model = { name = "fgfeu-net", width = 0.03125 }
loss = { name = "combo" }
"#;

pub struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    pub fn new() -> Self {
        let lab = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        lab.write("datasets/tiny.toml", MANIFEST);
        lab.write("tiny.toml", SPEC);
        lab
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("written");
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seglab"));
        command.current_dir(self.path()).args(arguments);
        command.env_remove("SEGLAB_DATA").env_remove("SEGLAB_RESULTS").env_remove("SEGLAB_WEIGHTS");
        command.env_remove("SEGLAB_NOTIFY").env_remove("SEGLAB_MOUSE").env_remove("SEGLAB_SPECS");
        command.env("XDG_CONFIG_HOME", self.path().join("config")).env("XDG_STATE_HOME", self.path().join("state"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Plans [`SPEC`] without executing: the run's folder.
    pub fn plan(&self) -> PathBuf {
        self.plan_of(SPEC)
    }

    /// Plans `spec` without executing: the first run's folder.
    pub fn plan_of(&self, spec: &str) -> PathBuf {
        use seglab::dataset::{Dataset, Manifest, Origin};
        let spec = seglab::spec::Spec::parse(spec, "tiny.toml").expect("the spec");
        let manifest = Manifest::parse(MANIFEST, "tiny.toml").expect("the manifest");
        let dataset = Dataset::at(Origin { folder: None, manifest }).expect("the data");
        let plans = seglab::plan::plan(&spec, &dataset).expect("a plan");
        let store = seglab::store::Store::new(self.path().join("results"));
        let run = store.create(&plans[0]).expect("a run");
        run.write_origin(&dataset.origin).expect("written");
        run.path().to_owned()
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The command fails, and says all of `expected`.
pub fn fails(lab: &Lab, arguments: &[&str], expected: &[&str]) {
    let output = lab.run(arguments);
    let said = stderr(&output);
    assert!(!output.status.success(), "{arguments:?} succeeded: {}", stdout(&output));
    for part in expected {
        assert!(said.contains(part), "{arguments:?}: {part:?} is not in: {said}");
    }
}

/// Every complete line of a run's events; a line that cannot be read fails the test.
pub fn events(run: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}
