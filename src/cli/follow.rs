//! Headless watching: a line per event worth one, a table at the end.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Context, on_one_line, printable};
pub(super) use crate::report::duration;
use crate::report::{Comparison, Format, by_task};
use crate::run::{LastWord, State};
use crate::store::{RunDir, RunView, Watch};

const TICK: Duration = Duration::from_millis(250);
/// Exit code of a shell command ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Prints progress until every one of `runs` has settled. The exit code says whether all of them finished.
/// Ctrl-C asks the runs to stop; losing the connection leaves them running.
pub(super) fn follow(context: &Context, spec: &str, runs: &[RunDir], slots: Option<u8>) -> anyhow::Result<ExitCode> {
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_shutdown(
        signal_hook::consts::SIGINT,
        INTERRUPTED.into(),
        interrupted.clone(),
    )?;
    signal_hook::flag::register(signal_hook::consts::SIGINT, interrupted.clone())?;
    let mut watch = Watch::new(context.store.clone(), Some(spec));
    let mut printed = BTreeMap::new();
    let mut asked = false;
    loop {
        watch.catch_up()?;
        let own: Vec<&RunView> = watch.runs().filter(|view| runs.contains(&view.dir)).collect();
        for view in &own {
            let said: &mut Said = printed.entry(view.dir.name()).or_default();
            said.catch_up(view);
        }
        if interrupted.load(Ordering::Relaxed) && !asked {
            asked = true;
            print("stopping after the current step; press Ctrl-C again to leave at once\n");
            super::control::stop_all(own.iter().copied())?;
        }
        let broken = runs.iter().filter(|run| watch.broken.contains_key(&run.name())).count();
        if own.len() + broken == runs.len() && own.iter().all(|view| view.state.is_settled()) {
            return conclude(spec, &watch, &own, (runs.len(), asked));
        }
        if own.iter().any(|view| view.state == State::Queued) {
            context.launch(slots).ensure(&context.store)?;
        }
        std::thread::sleep(TICK);
    }
}

/// Progress is for whoever still reads: a closed pipe does not end the watch, whose exit code somebody may wait for.
fn print(text: &str) {
    let _ = super::print(text);
}

/// How much of a run has been printed.
#[derive(Debug, Default)]
struct Said {
    state: Option<State>,
    epoch: u32,
}

impl Said {
    fn catch_up(&mut self, view: &RunView) {
        // What ended a run is said after what it did before.
        if view.state.is_settled() {
            self.epochs(view);
            self.state(view);
        } else {
            self.state(view);
            self.epochs(view);
        }
    }

    fn state(&mut self, view: &RunView) {
        if self.state == Some(view.state) {
            return;
        }
        self.state = Some(view.state);
        let said = match (view.state, &view.record.last_word) {
            (State::Failed, Some(LastWord::Failed(reason))) => format!("failed: {}", printable(reason)),
            (State::Lost, _) => {
                let epoch = view.record.saved_epoch.unwrap_or(0);
                format!("lost: its worker vanished; \"seglab resume\" continues after epoch {epoch}")
            }
            (state, _) => state.name().to_owned(),
        };
        print(&format!("{}: {said}\n", name(view)));
    }

    fn epochs(&mut self, view: &RunView) {
        let record = &view.record;
        let value = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"));
        let eta = record.eta_s().map_or_else(String::new, |s| format!(", ETA {}", duration(s)));
        // A resumed run starts again behind what was printed.
        let printed = self.epoch.min(record.epoch());
        for point in record.curve.iter().filter(|point| point.epoch > printed) {
            let losses = match (point.train_loss, point.valid_loss) {
                (None, None) => String::new(),
                (train, valid) => format!("loss {} valid {}, lr {:.2e}, ", value(train), value(valid), point.lr),
            };
            let [main, _] = view.plan.task.main();
            let score = value(point.valid.get(main.name).flatten());
            let (epochs, pace) = (record.epochs, point.images_per_s);
            let run = name(view);
            print(&format!(
                "{run}: epoch {}/{epochs}: {losses}valid {} {score}, {pace:.0} images/s{eta}\n",
                point.epoch, main.label
            ));
        }
        self.epoch = record.epoch();
    }
}

fn name(view: &RunView) -> String {
    printable(view.dir.id().as_str())
}

/// The last words: the table, and the exit code.
fn conclude(spec: &str, watch: &Watch, own: &[&RunView], (wanted, asked): (usize, bool)) -> anyhow::Result<ExitCode> {
    for (name, reason) in &watch.broken {
        eprintln!("{}: {}", on_one_line(name), on_one_line(reason));
    }
    let all: Vec<&RunView> = watch.runs().filter(|view| own.iter().any(|o| o.dir == view.dir)).collect();
    let finished = own.iter().filter(|view| view.state == State::Finished).count();
    if finished > 0 {
        for (_, runs) in by_task(&all) {
            print(&format!("\n{}", Comparison::of(spec, &runs).and_unreadable(&watch.broken).render(Format::Text)));
        }
    }
    if finished == wanted {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "seglab: {finished} of {wanted} runs finished; \"seglab status\" says which, \"seglab resume\" continues"
    );
    Ok(if asked { ExitCode::from(INTERRUPTED) } else { ExitCode::FAILURE })
}
