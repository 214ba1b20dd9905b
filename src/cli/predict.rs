//! `seglab predict`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};

use super::trained::finished;
use super::{Context, print, printable};
use crate::dataset::Unmarked;
use crate::executor::places;
use crate::predict::{Depth, Prediction};
use crate::store::RunDir;
use crate::train::{ChosenDevice, Ensemble, Views, choose};

/// Which networks, on which images.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// Finished runs, <spec>/<run> or <spec>/<arm> (all its folds and seeds), which predict by their mean probability;
    /// then images: files (PNG, JPEG, BMP, NIfTI, DICOM) and folders of them.
    #[arg(required = true, num_args = 2.., value_name = "RUN… IMAGES")]
    runs_and_images: Vec<String>,
    /// Folder for masks, probabilities, overlays, shapes.csv and predict.json; made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Predict other views of each image too, and average.
    #[arg(long, value_enum)]
    tta: Option<Tta>,
    /// Bits of the written probabilities.
    #[arg(long, value_parser = ["8", "16"], default_value = "16")]
    bits: String,
}

/// Views of an image.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tta {
    /// Mirrored left and right.
    Flip,
}

pub(super) fn predict(context: &Context, args: &PredictArgs) -> anyhow::Result<ExitCode> {
    let device = device_of(context)?;
    let (runs, images) = apart(context, &args.runs_and_images)?;
    let images = Unmarked::find(&images)?;
    let ensemble = Ensemble::open(&runs, &device.device)?;
    let names: Vec<String> = runs.iter().map(RunDir::name).collect();
    let prediction = Prediction {
        ensemble: &ensemble,
        runs: &names,
        views: if args.tta.is_some() { Views::Flipped } else { Views::AsIs },
        depth: if args.bits == "8" { Depth::Eight } else { Depth::Sixteen },
    };
    for path in &images.skipped {
        eprintln!("seglab: {}: no image to segment, left out", printable(&path.display().to_string()));
    }
    let total = images.cases.len();
    print(&format!("{} on {total} images, {}\n", networks(&names), device.label))?;
    let mut count = 0;
    let unread = prediction.write(&images, &args.out, |images| {
        count += images;
        // progress is for whoever reads
        let _ = print(&format!("{count} of {total}\n"));
    })?;
    print(&format!(
        "written: {}; research software, not a medical device\n",
        printable(&args.out.display().to_string())
    ))?;
    for error in &unread {
        eprintln!("seglab: left out: {}", printable(&error.to_string()));
    }
    if unread.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("seglab: {} of {total} images could not be read", unread.len());
    Ok(ExitCode::FAILURE)
}

/// The first device that is asked for, if this program has it; else the worker that has it goes on in this one's place.
fn device_of(context: &Context) -> anyhow::Result<ChosenDevice> {
    let places = places(&context.settings.device.value).map_err(anyhow::Error::msg)?;
    let place = places.first().ok_or_else(|| anyhow::anyhow!("no device to compute on"))?;
    if std::env::current_exe().is_ok_and(|own| own == place.program) {
        return choose(place.device).map_err(anyhow::Error::msg);
    }
    let error = Command::new(&place.program).args(std::env::args_os().skip(1)).exec();
    anyhow::bail!("{}: {error}", place.program.display())
}

fn networks(names: &[String]) -> String {
    match names {
        [one] => printable(one),
        several => format!("the mean of {} networks", several.len()),
    }
}

/// What is a file or a folder that holds no run is an image; the rest are runs, each once.
fn apart(context: &Context, given: &[String]) -> anyhow::Result<(Vec<RunDir>, Vec<PathBuf>)> {
    let is_image = |text: &&String| Path::new(text).exists() && !Path::new(text).join("plan.toml").is_file();
    let (images, names): (Vec<&String>, Vec<&String>) = given.iter().partition(is_image);
    let mut runs: Vec<RunDir> = Vec::new();
    for name in names {
        let found = finished(context, name)?.into_iter().map(|view| view.dir);
        let new: Vec<RunDir> = found.filter(|dir| !runs.contains(dir)).collect();
        runs.extend(new);
    }
    match (runs.is_empty(), images.is_empty()) {
        (true, _) => {
            anyhow::bail!("no run among {}; expected <spec>/<run> or <spec>/<arm> first", printable(&given.join(" ")))
        }
        (_, true) => {
            anyhow::bail!("no image among {}; expected files or folders behind the runs", printable(&given.join(" ")))
        }
        _ => Ok((runs, images.into_iter().map(PathBuf::from).collect())),
    }
}
