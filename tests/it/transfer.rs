//! Pretrain, then fine-tune; and what must not begin.

use seglab::dataset::{Dataset, Manifest, Origin};
use seglab::model::values;
use seglab::plan::{RunPlan, plan};
use seglab::run::Event;
use seglab::store::{RunDir, Store};
use seglab::train::Sources;
use seglab::weights::WeightsRoot;

use crate::lab::{Lab, MANIFEST, SPEC, events, stderr, stdout};

/// As [`SPEC`], under another name, with `keys` in its arm.
fn tuned(keys: &str) -> String {
    SPEC.replacen("name = \"tiny\"", "name = \"tuned\"", 1).replace("loss =", &format!("{keys}\nloss ="))
}

fn only_run(lab: &Lab, spec: &str) -> RunDir {
    let runs = Store::new(lab.path().join("results")).runs_of(spec).expect("a store");
    assert_eq!(runs.len(), 1);
    runs[0].clone()
}

fn first_loss(run: &RunDir) -> f64 {
    let first = |event| if let Event::Step { step: 1, loss } = event { loss } else { None };
    events(run.path()).into_iter().find_map(first).expect("a first step")
}

fn sources(lab: &Lab) -> Sources {
    Sources { store: Store::new(lab.path().join("results")), root: WeightsRoot::new(lab.path().join("weights")) }
}

fn dataset(manifest: &str) -> Dataset {
    let manifest = Manifest::parse(manifest, "tiny.toml").expect("the manifest");
    Dataset::at(Origin { folder: None, manifest }).expect("the data")
}

fn plans(spec: &str, dataset: &Dataset) -> Vec<RunPlan> {
    plan(&seglab::spec::Spec::parse(spec, "tuned.toml").expect("a spec"), dataset).expect("a plan")
}

fn refusal(lab: &Lab, spec: &str) -> String {
    refusal_on(lab, spec, MANIFEST)
}

fn refusal_on(lab: &Lab, spec: &str, manifest: &str) -> String {
    let dataset = dataset(manifest);
    sources(lab).pin(plans(spec, &dataset), &dataset).expect_err("refused").to_string()
}

#[test]
fn a_run_begins_with_the_best_weights_of_another_bit_for_bit() {
    let lab = Lab::new();
    let output = lab.run(&["run", "tiny.toml", "--headless"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let spec = tuned("weights = { run = \"tiny/net\" }\nfreeze = [{ stage = \"encoder.stages.0\", until_epoch = 1 }]");
    lab.write("tuned.toml", &spec);
    let output = lab.run(&["run", "tuned.toml", "--headless"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let (before, after) = (only_run(&lab, "tiny"), only_run(&lab, "tuned"));
    assert!(first_loss(&after) < first_loss(&before), "{} {}", first_loss(&after), first_loss(&before));
    let weights = after.plan().expect("a plan").transfer.weights.expect("weights");
    assert_eq!(weights.run.as_deref(), Some(before.name().as_str()));
    assert_eq!(after.log_tail(4096).lines().filter(|line| line.contains("tensors into network")).count(), 1);

    let device = burn::tensor::Device::flex();
    let plan = after.plan().expect("a plan");
    let (network, _) = sources(&lab).begin(plan.model.build(&device).expect("a network"), &plan).expect("weights");
    let checkpoints = seglab::train::Checkpoints::of(&before);
    let best = checkpoints.newest().expect("readable").expect("one").schedule.best.expect("an epoch").1;
    let state = checkpoints.state(best).expect("readable");
    assert_eq!(weights.sha256.as_deref(), Some(state.model_sha256.as_str()));
    let best = checkpoints.load_model(&state, plan.model.build(&device).expect("a network")).expect("weights");
    assert_eq!(values(&network), values(&best));

    let again = sources(&lab).pin(plans(&spec, &dataset(MANIFEST)), &dataset(MANIFEST)).expect("the same plan");
    assert_eq!(again[0].id(), plan.id());
    let other = spec.replace("folds = 4", "folds = 3");
    assert!(refusal(&lab, &other).contains("a test subject of net (fold 0)"), "{}", refusal(&lab, &other));
    // thirteen subjects, of which the run was trained on nine and at most four are new: a test part of six has known ones
    let more = MANIFEST.replacen("name = \"tiny\"", "name = \"more\"", 1).replace("subjects = 12", "subjects = 13");
    let other = spec.replacen("dataset = \"tiny\"", "dataset = \"more\"", 1).replace("folds = 4", "folds = 2");
    let error = refusal_on(&lab, &other, &more);
    assert!(error.contains("of tiny, whose image is that of") && error.contains("a test case of net"), "{error}");
    let wide = spec.replace("width = 0.03125", "width = 0.0625");
    assert!(refusal(&lab, &wide).contains("of another shape"), "{}", refusal(&lab, &wide));
}

#[test]
fn weights_that_are_not_there_end_it_before_anything_begins() {
    let lab = Lab::new();
    lab.write("tuned.toml", tuned("weights = { file = \"vgg16-397923af.pth\" }"));
    let output = lab.run(&["run", "tuned.toml", "--headless"]);
    let text = stderr(&output);
    assert!(!output.status.success());
    assert!(text.contains("https://download.pytorch.org/models/vgg16-397923af.pth"), "{text}");
    assert!(text.contains("drop the arm's \"weights\" key"), "{text}");
    assert!(!lab.path().join("results/tuned").exists());
    assert!(refusal(&lab, &tuned("weights = { run = \"tiny/net\" }")).contains("no finished run of that name"));
    lab.write("weights/a.pth", "not weights");
    let error = refusal(&lab, &tuned("weights = { file = \"a.pth\" }"));
    assert!(error.contains("neither a PyTorch file"), "{error}");
    let error = refusal(&lab, &tuned(&format!("weights = {{ file = \"a.pth\", sha256 = \"{}\" }}", "0".repeat(64))));
    assert!(error.contains("other weights than planned"), "{error}");
}

#[test]
fn a_spec_without_transfer_plans_as_before() {
    let text = plans(SPEC, &dataset(MANIFEST))[0].to_toml();
    assert!(!text.contains("transfer") && !text.contains("normalise"), "{text}");
}
