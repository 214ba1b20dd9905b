//! Who computes: the lab itself, or a worker that was built with another backend.

use std::os::unix::fs::PermissionsExt;

use seglab::device::Offer;
use seglab::run::Event;

use crate::lab::{Lab, events, stderr, stdout};

/// A program that offers libtorch's CPU, writes down what it was asked, and lets the lab itself do the work.
const WORKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/asked"
if [ "$1" = devices ]; then
    echo '[{"device": "tch:cpu", "refusal": null}, {"device": "tch:cuda:0", "refusal": "no driver"}]'
else
    exec "$SEGLAB" "$1" "$2" "$5" "$6"
fi
"#;

fn worker(lab: &Lab, text: &str) -> std::path::PathBuf {
    lab.write("worker.sh", text);
    let path = lab.path().join("worker.sh");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

fn run(lab: &Lab, text: &str, arguments: &[&str]) -> std::process::Output {
    let mut command = lab.command(arguments);
    command.env("SEGLAB_WORKER_TCH", worker(lab, text)).env("SEGLAB", env!("CARGO_BIN_EXE_seglab"));
    command.env_remove("SEGLAB_DEVICE").output().expect("the program starts")
}

#[test]
fn this_build_offers_what_it_can_compute_on() {
    let offers: Vec<Offer> = serde_json::from_str(&stdout(&Lab::new().run(&["devices"]))).expect("JSON");
    let flex = offers.iter().find(|offer| offer.device.to_string() == "flex").expect("the default backend");
    assert_eq!(flex.refusal, None);
}

#[test]
fn a_run_is_executed_by_the_worker_that_has_its_device() {
    let lab = Lab::new();
    let output = run(&lab, WORKER, &["--device", "tch:cpu", "run", "tiny.toml", "--headless"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let asked = std::fs::read_to_string(lab.path().join("asked")).expect("asked");
    let trained = asked.lines().filter(|line| line.contains("--device tch:cpu worker ")).count();
    assert_eq!(trained, 1, "{asked}");
}

#[test]
fn a_device_that_nobody_has_is_refused_before_anything_is_queued() {
    let lab = Lab::new();
    for (device, expected) in [
        ("tch:cuda:0", "device tch:cuda:0: no driver; \"seglab doctor\" shows what there is"),
        ("wgpu:0", "device wgpu:0: no worker has it; \"just worker wgpu\" makes one"),
        ("gpu", "no device is called \"gpu\"; expected auto, flex, tch:cpu"),
    ] {
        let output = run(&lab, WORKER, &["--device", device, "run", "tiny.toml", "--headless"]);
        assert!(!output.status.success() && stderr(&output).contains(expected), "{}", stderr(&output));
    }
    assert!(!lab.path().join("results/tiny").exists());
}

#[test]
fn doctor_lists_devices_by_worker_and_why_one_does_not_start() {
    let lab = Lab::new();
    let said = stdout(&run(&lab, WORKER, &["doctor"]));
    assert!(said.contains("ok   device    flex by "), "{said}");
    assert!(said.contains("–    device    tch:cuda:0 by ") && said.contains(": no driver"), "{said}");
    let broken = "#!/bin/sh\necho 'libtorch_cpu.so: cannot open shared object file' >&2\nexit 127\n";
    let said = stdout(&run(&lab, broken, &["doctor"]));
    assert!(said.contains("worker.sh: libtorch_cpu.so: cannot open shared object file"), "{said}");
}

#[test]
fn a_worker_whose_device_is_not_there_fails_its_run_with_the_reason() {
    let lab = Lab::new();
    let path = lab.plan();
    let output = lab.run(&["--device", "wgpu:7", "worker", path.to_str().expect("UTF-8")]);
    assert!(!output.status.success());
    let last = events(&path).pop().expect("a last word");
    assert!(matches!(&last, Event::Failed { reason, .. } if reason.contains("device wgpu:7")), "{last:?}");
}

#[test]
fn half_precision_is_refused_before_anything_is_queued_where_the_device_has_none() {
    let lab = Lab::new();
    lab.write("half.toml", crate::lab::SPEC.replace("[train]", "[train]\nprecision = \"bf16\""));
    let output = run(&lab, WORKER, &["run", "half.toml", "--headless"]);
    let expected = "train.precision = \"bf16\": device flex has f32 alone; expected --device tch:cpu";
    assert!(!output.status.success() && stderr(&output).contains(expected), "{}", stderr(&output));
    assert!(stdout(&lab.run(&["status", "--json"])).contains("\"planned\""), "it waits for nothing");
}

#[test]
fn images_are_predicted_by_the_worker_that_has_the_device() {
    let lab = Lab::new();
    let output = run(&lab, WORKER, &["--device", "tch:cpu", "predict", "tiny/net", "images", "--out", "masks"]);
    let asked = std::fs::read_to_string(lab.path().join("asked")).expect("asked");
    assert!(asked.lines().any(|line| line.contains("predict tiny/net images --out masks")), "{asked}{output:?}");
}
