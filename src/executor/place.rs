//! Which program computes on which device. A worker is this program, or the same source built with another feature: a
//! build that links libtorch does not start where there is none, so that it is never the lab itself.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::device::{Choice, DeviceName, Offer};
use crate::train::offers;

/// Features that a worker may be built with beside the lab's own.
const FEATURES: [&str; 3] = ["tch", "cuda", "wgpu"];

/// A driver that hangs must not hang the lab; loading libtorch for a GPU takes seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program, and what it says that it can compute on.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The file that is started.
    pub program: PathBuf,
    /// Its devices, or why it cannot be started.
    pub offers: Result<Vec<Offer>, String>,
}

/// Where a run can be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who executes it.
    pub program: PathBuf,
    /// On what.
    pub device: DeviceName,
}

/// This program and the workers beside it.
pub fn workers() -> Vec<Worker> {
    let own = env::current_exe().unwrap_or_else(|_| PathBuf::from("seglab"));
    let others = FEATURES.iter().flat_map(|feature| candidates(&own, feature)).filter(|program| program.is_file());
    let mut workers: Vec<Worker> = others.map(|program| Worker { offers: ask(&program), program }).collect();
    workers.insert(0, Worker { program: own, offers: Ok(offers()) });
    workers
}

/// Where a worker built with `feature` would be: named by `SEGLAB_WORKER_TCH` and the like, beside this program as
/// `seglab-tch`, and where `just worker tch` leaves it.
pub fn candidates(own: &Path, feature: &str) -> Vec<PathBuf> {
    let named = env::var_os(format!("SEGLAB_WORKER_{}", feature.to_uppercase())).map(PathBuf::from);
    let folder = own.parent().unwrap_or(Path::new("."));
    let beside = folder.join(format!("seglab-{feature}"));
    let built = folder.with_file_name(format!("worker-{feature}")).join("release/seglab");
    named.into_iter().chain([beside, built]).collect()
}

/// The places that `choice` names; an error says why there is none, and what helps.
pub fn places(choice: &Choice) -> Result<Vec<Place>, String> {
    places_of(choice, &workers())
}

/// How many different GPUs are among `places`.
pub(super) fn gpus(places: &[Place]) -> usize {
    places.iter().map(|place| place.device).filter(|device| device.is_gpu()).collect::<BTreeSet<_>>().len()
}

/// The places among `workers` that `choice` names.
pub(super) fn places_of(choice: &Choice, workers: &[Worker]) -> Result<Vec<Place>, String> {
    match choice {
        Choice::Named(names) => names.iter().map(|name| place(*name, workers)).collect(),
        Choice::Auto => {
            let usable = usable(workers, |offer| !offer.emulated);
            let first = |wanted: fn(DeviceName) -> bool| -> Vec<Place> {
                let mut found: Vec<Place> = usable.iter().filter(|place| wanted(place.device)).cloned().collect();
                found.sort_by_key(|place| place.device);
                found.dedup_by_key(|place| place.device);
                found
            };
            let ranks: [fn(DeviceName) -> bool; 5] = [
                |device| matches!(device, DeviceName::TorchCuda(_)),
                |device| matches!(device, DeviceName::Cuda(_)),
                |device| matches!(device, DeviceName::Wgpu(_)),
                |device| device == DeviceName::Flex,
                |_| true,
            ];
            let found = ranks.into_iter().map(first).find(|places| !places.is_empty());
            found.ok_or_else(|| "no worker can compute on anything; \"seglab doctor\" says why".to_owned())
        }
    }
}

/// What runs can be executed on here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// All that a worker can use.
    pub usable: Vec<DeviceName>,
    /// Those that [`Choice::Auto`] takes.
    pub auto: Vec<DeviceName>,
}

/// Asks every worker; where one loads libtorch for a GPU that takes seconds.
pub fn devices() -> Devices {
    let workers = workers();
    let usable: BTreeSet<DeviceName> = usable(&workers, |_| true).iter().map(|place| place.device).collect();
    let auto = places_of(&Choice::Auto, &workers).unwrap_or_default();
    Devices { usable: usable.into_iter().collect(), auto: auto.iter().map(|place| place.device).collect() }
}

fn usable(workers: &[Worker], wanted: fn(&Offer) -> bool) -> Vec<Place> {
    let offered = |worker: &Worker| {
        let offers = worker.offers.clone().unwrap_or_default().into_iter();
        let offers = offers.filter(|offer| offer.refusal.is_none() && wanted(offer));
        let program = worker.program.clone();
        offers.map(move |offer| Place { program: program.clone(), device: offer.device }).collect::<Vec<_>>()
    };
    workers.iter().flat_map(offered).collect()
}

fn place(device: DeviceName, workers: &[Worker]) -> Result<Place, String> {
    if let Some(place) = usable(workers, |_| true).into_iter().find(|place| place.device == device) {
        return Ok(place);
    }
    let offers = workers.iter().filter_map(|worker| worker.offers.as_ref().ok()).flatten();
    let refusal = offers.filter(|offer| offer.device == device).find_map(|offer| offer.refusal.clone());
    let dead = workers.iter().find_map(|worker| Some((&worker.program, worker.offers.as_ref().err()?)));
    let reason = match (refusal, dead) {
        (Some(refusal), _) => refusal,
        (None, Some((program, reason))) => format!("{}: {reason}", program.display()),
        (None, None) => format!("no worker has it; \"just worker {}\" makes one", device.feature()),
    };
    Err(format!("device {device}: {reason}; \"seglab doctor\" shows what there is"))
}

/// What the program at `path` says of its devices.
fn ask(path: &Path) -> Result<Vec<Offer>, String> {
    let mut command = Command::new(path);
    command.arg("devices").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let began = Instant::now();
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("no answer to \"devices\" within {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("no word").trim().to_owned();
        return Err(format!("{last} ({})", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("another version? {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(program: &str, devices: &[(&str, Option<&str>)]) -> Worker {
        let offer = |(name, refusal): &(&str, Option<&str>)| Offer {
            device: name.parse().expect(name),
            refusal: refusal.map(str::to_owned),
            emulated: false,
        };
        Worker { program: program.into(), offers: Ok(devices.iter().map(offer).collect()) }
    }

    fn found(choice: &str, workers: &[Worker]) -> Result<Vec<String>, String> {
        let places = places_of(&choice.parse().expect(choice), workers)?;
        Ok(places.iter().map(|place| format!("{} {}", place.program.display(), place.device)).collect())
    }

    #[test]
    fn auto_takes_every_gpu_of_the_best_kind_and_without_one_the_lab_itself() {
        let lab = worker("lab", &[("flex", None)]);
        assert_eq!(found("auto", std::slice::from_ref(&lab)), Ok(vec!["lab flex".to_owned()]));
        let dead = Worker { program: "torch".into(), offers: Err("libtorch_cpu.so: cannot open".to_owned()) };
        assert_eq!(found("auto", &[lab.clone(), dead]), Ok(vec!["lab flex".to_owned()]));
        let cpu = worker("torch", &[("flex", None), ("tch:cpu", None), ("tch:cuda:0", Some("no driver"))]);
        assert_eq!(found("auto", &[lab.clone(), cpu]), Ok(vec!["lab flex".to_owned()]));
        let gpus = worker("torch", &[("tch:cpu", None), ("tch:cuda:1", None), ("tch:cuda:0", None)]);
        let other = worker("wgpu", &[("wgpu:0", None)]);
        let mut software = other.clone();
        software.offers.iter_mut().flatten().for_each(|offer| offer.emulated = true);
        assert_eq!(found("auto", &[lab.clone(), software.clone()]), Ok(vec!["lab flex".to_owned()]));
        assert_eq!(found("wgpu:0", &[software]), Ok(vec!["wgpu wgpu:0".to_owned()]));
        let both = vec!["torch tch:cuda:0".to_owned(), "torch tch:cuda:1".to_owned()];
        assert_eq!(found("auto", &[lab, other, gpus]), Ok(both));
    }

    #[test]
    fn a_device_that_is_named_is_used_or_refused_with_the_reason() {
        let lab = worker("lab", &[("flex", None)]);
        let torch = worker("torch", &[("tch:cpu", None), ("tch:cuda:0", Some("no driver"))]);
        let workers = [lab.clone(), torch];
        assert_eq!(found("tch:cpu,flex", &workers), Ok(vec!["torch tch:cpu".to_owned(), "lab flex".to_owned()]));
        let error = found("tch:cuda:0", &workers).expect_err("refused");
        assert!(error.starts_with("device tch:cuda:0: no driver;"), "{error}");
        let error = found("wgpu:0", &workers).expect_err("nobody has it");
        assert!(error.contains("\"just worker wgpu\" makes one"), "{error}");
        let dead = Worker { program: "torch".into(), offers: Err("cannot open libtorch".to_owned()) };
        let error = found("tch:cpu", &[lab, dead]).expect_err("it does not start");
        assert!(error.contains("torch: cannot open libtorch"), "{error}");
    }

    #[test]
    fn a_worker_is_looked_for_beside_the_program_and_beside_its_target_folder() {
        let found = candidates(Path::new("/lab/target/release/seglab"), "tch");
        let expected = ["/lab/target/release/seglab-tch", "/lab/target/worker-tch/release/seglab"];
        assert_eq!(found[found.len() - 2..], expected.map(PathBuf::from));
    }
}
